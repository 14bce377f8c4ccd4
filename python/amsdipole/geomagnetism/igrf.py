"""Gauss coefficients of the International Geomagnetic Reference Field, and the decimal year they depend on."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, indices, number
from amsdipole._files import read_bounded
from amsdipole.constants import SECONDS_PER_DAY
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.geomagnetism.shc import MOST_BYTES, shc_table

__all__ = ["GaussCoefficients", "decimal_year", "igrf14", "read_shc"]


@dataclass(frozen=True, eq=False)
class GaussCoefficients:
    """Hold Schmidt semi-normalised Gauss coefficients of the geomagnetic field at several epochs.

    Parameters
    ----------
    epoch : numpy.ndarray of float64, shape (m,)
        Decimal years of the epochs; rising, at least 2.
    degree : numpy.ndarray of int64, shape (k,)
        Degree n of each coefficient, at least 1.
    order : numpy.ndarray of int64, shape (k,)
        Order of each coefficient: m from 0 to n for g(n, m), -m for h(n, m).
    value_nt : numpy.ndarray of float64, shape (m, k)
        Coefficients at the epochs [nT].
    model : str
        Name of the model.
    sha256 : str
        SHA-256 of the bytes of its file, in hexadecimal.

    Raises
    ------
    ShapeError
        Lengths differ, or there are fewer than two epochs.
    RangeError
        A value is not finite, an epoch does not rise, or a degree and order are not allowed or occur twice.

    Notes
    -----
    Arrays are made read-only. The reference sphere has a radius of 6371.2 km.

    Examples
    --------
    >>> field = igrf14()
    >>> field.model, field.value_nt.shape
    ('IGRF 14', (27, 195))
    """

    epoch: NDArray[np.float64]
    degree: NDArray[np.int64]
    order: NDArray[np.int64]
    value_nt: NDArray[np.float64]
    model: str
    sha256: str

    def __post_init__(self) -> None:
        """Check lengths and ranges, and protect the arrays."""
        epoch = finite_floats("epoch", self.epoch, (None,)).copy()
        degree = indices("degree", self.degree, (None,)).copy()
        order = indices("order", self.order, degree.shape).copy()
        value = finite_floats("value_nt", self.value_nt, (len(epoch), len(degree))).copy()
        if len(epoch) < 2:
            raise ShapeError(f"epoch has {len(epoch)} elements; at least 2 are wanted")
        falls = np.flatnonzero(np.diff(epoch) <= 0.0)
        if len(falls):
            i = int(falls[0]) + 1
            raise RangeError(f"epoch[{i}] = {epoch[i]} is not above epoch[{i - 1}] = {epoch[i - 1]}")
        wrong = np.flatnonzero((degree < 1) | (np.abs(order) > degree))
        if len(wrong):
            i = int(wrong[0])
            raise RangeError(
                f"degree[{i}] = {degree[i]} and order[{i}] = {order[i]}; |order| <= degree, from 1, is wanted"
            )
        if len(set(zip(degree.tolist(), order.tolist(), strict=True))) < len(degree):
            raise RangeError("a degree and order occur twice; one coefficient for each is allowed")
        for name, array in (("epoch", epoch), ("degree", degree), ("order", order), ("value_nt", value)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def at(self, decimal_year: float) -> NDArray[np.float64]:
        """Interpolate the coefficients to a time.

        Parameters
        ----------
        decimal_year : float
            Time as a decimal year, from the first epoch to the last, both included.

        Returns
        -------
        numpy.ndarray of float64, shape (k,)
            Coefficients [nT], in the order of `degree` and `order`.

        Raises
        ------
        RangeError
            `decimal_year` is outside the epochs or not finite.

        Notes
        -----
        Linear between epochs, which is how IAGA defines the field. The last epoch of an IGRF file, 2030 for IGRF-14,
        is the last main field plus five years of predicted secular variation.

        References
        ----------
        .. [1] Alken et al. 2021, Earth Planets Space 73, 49, https://doi.org/10.1186/s40623-020-01288-x, section 2

        Examples
        --------
        >>> igrf14().at(2015.0)[:3]
        array([-29441.46,  -1501.77,   4795.99])
        """
        year = number("decimal_year", decimal_year, low=float(self.epoch[0]), high=float(self.epoch[-1]))
        i = min(int(np.searchsorted(self.epoch, year, side="right")), len(self.epoch) - 1) - 1
        part = (year - self.epoch[i]) / (self.epoch[i + 1] - self.epoch[i])
        value: NDArray[np.float64] = (1.0 - part) * self.value_nt[i] + part * self.value_nt[i + 1]
        return value

    def index(self, degree: int, order: int) -> int:
        """Position of g(degree, order), or of h(degree, -order) for a negative order, along the coefficients."""
        found = np.flatnonzero((self.degree == degree) & (self.order == order))
        if not len(found):
            raise RangeError(f"degree = {degree}, order = {order} is not among the coefficients of {self.model}")
        return int(found[0])


def read_shc(path: str | Path) -> GaussCoefficients:
    r"""Read Gauss coefficients from a file in the SHC format.

    Parameters
    ----------
    path : str or pathlib.Path
        SHC file of a field that is piecewise linear in time (spline order 2).

    Returns
    -------
    GaussCoefficients
        All epochs of the file. The model's name is the first comment of the file.

    Raises
    ------
    DataError
        The file is unreadable, truncated, or contradicts its own header.

    Notes
    -----
    After comments that start with #: a line with the lowest and highest degree, number of epochs, spline order and
    number of steps (and, in newer files, first and last year), a line of epochs, and a line for each coefficient with
    degree, order (negative for h) and a value for each epoch [nT].

    References
    ----------
    .. [1] IAGA Division V-MOD, IGRF-14, https://doi.org/10.5281/zenodo.14012302

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "dipole.shc"
    ...     _ = path.write_text("# Dipole\n1 1 2 2 1\n2000 2005\n1 0 -3e4 -2.9e4\n1 1 0 0\n1 -1 0 0\n")
    ...     float(read_shc(path).at(2002.5)[0])
    -29500.0
    """
    try:
        raw = read_bounded(path, most=MOST_BYTES)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    return _coefficients(raw, str(path))


def igrf14() -> GaussCoefficients:
    """Read the shipped coefficients of the fourteenth generation.

    Returns
    -------
    GaussCoefficients
        IGRF-14, degrees 1 to 13, every five years from 1900 to 2030.

    Raises
    ------
    DataError
        The shipped file is damaged or absent.

    Notes
    -----
    Definitive (DGRF) from 1945 to 2020; 2025 is the main field of IGRF-14 and 2030 its prediction.

    References
    ----------
    .. [1] IAGA Division V-MOD, IGRF-14, https://doi.org/10.5281/zenodo.14012302

    Examples
    --------
    >>> field = igrf14()
    >>> float(field.at(2025.0)[field.index(1, 0)])
    -29350.0
    """
    name = "geomagnetism/data/IGRF14.shc"
    try:
        raw = files("amsdipole").joinpath(name).read_bytes()
    except OSError as error:
        raise DataError(f"the shipped file amsdipole/{name} cannot be read: {error.strerror or error}") from error
    return _coefficients(raw, f"amsdipole/{name}")


def decimal_year(time_s: ArrayLike) -> NDArray[np.float64]:
    """Convert Unix time to decimal years.

    Parameters
    ----------
    time_s : array_like of float, shape (n,)
        Unix time (UTC) [s]; in the years 1 to 9999.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Year and the part of it that is over, of its own length of 365 or 366 days.

    Raises
    ------
    ShapeError
        `time_s` is not one-dimensional.
    RangeError
        A time is not finite or outside the years 1 to 9999.

    Notes
    -----
    A float64 near 2020 resolves 7 microseconds.

    References
    ----------
    .. [1] Alken et al. 2021, Earth Planets Space 73, 49, https://doi.org/10.1186/s40623-020-01288-x

    Examples
    --------
    >>> decimal_year([0.0, 1577836800.0, 1593648000.0])  # new year 1970 and 2020, the middle of 2020
    array([1970. , 2020. , 2020.5])
    """
    time = finite_floats("time_s", time_s, (None,))
    low, high = (float(new_year_s(np.array([year]))[0]) for year in (1, 10_000))
    outside = np.flatnonzero((time < low) | (time >= high))
    if len(outside):
        i = int(outside[0])
        raise RangeError(f"time_s[{i}] = {time[i]} is outside [{low}, {high}), the years 1 to 9999")
    day = np.floor(time / SECONDS_PER_DAY).astype(np.int64).astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    start = new_year_s(year)
    part: NDArray[np.float64] = year + (time - start) / (new_year_s(year + 1) - start)
    return part


def new_year_s(year: NDArray[np.int64]) -> NDArray[np.float64]:
    """Unix time of 1 January, 00:00 UTC, of each year [s]."""
    return (year - 1970).astype("datetime64[Y]").astype("datetime64[s]").astype(np.float64)


def _coefficients(raw: bytes, source: str) -> GaussCoefficients:
    table = shc_table(raw, source)
    try:
        return GaussCoefficients(
            epoch=table.epoch,
            degree=table.degree,
            order=table.order,
            value_nt=table.value_nt,
            model=table.model,
            sha256=hashlib.sha256(raw).hexdigest(),
        )
    except (RangeError, ShapeError) as error:
        raise DataError(f"{source}: {error}") from error
