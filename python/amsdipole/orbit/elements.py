"""Two-line element sets: a satellite's published orbit, read, checked and chosen by time."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole._files import read_bounded
from amsdipole.constants import SECONDS_PER_DAY
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.orbit.two_line import MOST_BYTES, iso_time, sorted_sets

__all__ = ["MAX_AGE_DAYS", "ElementSets", "builtin_iss_elements", "read_elements"]

# The largest gap of the shipped history is 7.62 days (from 2014-05-06), so the nearest set is never older than 3.81.
MAX_AGE_DAYS: Final = 4.0


@dataclass(frozen=True, eq=False)
class ElementSets:
    """Hold the element sets of one satellite, in the order of their epochs.

    Parameters
    ----------
    epoch_s : numpy.ndarray of float64, shape (n,)
        Epoch of each set [s], Unix time (UTC, every day 86,400 s); rising.
    line1, line2 : tuple of str, length n
        The two lines of each set, 69 columns each.
    catalogue_number : str
        Number of the satellite in the catalogue, as in columns 3 to 7.
    source : str
        Where the sets were read.
    sha256 : str
        SHA-256 of the bytes of the source, in hexadecimal.

    Raises
    ------
    ShapeError
        There is no set, or the lengths differ.
    RangeError
        An epoch is not finite, or the epochs do not rise.

    Notes
    -----
    Arrays are made read-only. `read_elements` is the usual way to make one.

    Examples
    --------
    >>> sets = builtin_iss_elements()
    >>> sets.catalogue_number, len(sets.epoch_s)
    ('25544', 3854)
    >>> sets.epoch_iso(0)
    '2011-05-19T04:34:45.000Z'
    """

    epoch_s: NDArray[np.float64]
    line1: tuple[str, ...]
    line2: tuple[str, ...]
    catalogue_number: str
    source: str
    sha256: str

    def __post_init__(self) -> None:
        """Check the lengths and the order, and protect the epochs."""
        epoch = finite_floats("epoch_s", self.epoch_s, (None,)).copy()
        if not len(epoch) == len(self.line1) == len(self.line2) or not len(epoch):
            raise ShapeError(
                f"epoch_s, line1 and line2 have {len(epoch)}, {len(self.line1)} and {len(self.line2)} "
                "elements; the same number, at least 1, is wanted"
            )
        falls = np.flatnonzero(np.diff(epoch) <= 0.0)
        if len(falls):
            i = int(falls[0]) + 1
            raise RangeError(f"epoch_s[{i}] = {epoch[i]} is not above epoch_s[{i - 1}] = {epoch[i - 1]}")
        epoch.flags.writeable = False
        object.__setattr__(self, "epoch_s", epoch)

    @property
    def boundary_s(self) -> NDArray[np.float64]:
        """Times at which the nearest set changes [s], shape (n - 1,): midway between neighbouring epochs."""
        return self.epoch_s[:-1] + 0.5 * np.diff(self.epoch_s)

    def choose(self, time_s: ArrayLike) -> NDArray[np.int64]:
        """Find the set whose epoch is nearest to each time.

        Parameters
        ----------
        time_s : array_like of float, shape (n_time,)
            Unix times [s]; finite.

        Returns
        -------
        numpy.ndarray of int64, shape (n_time,)
            Index of the nearest set; the later one of two that are as near.

        Raises
        ------
        ShapeError
            `time_s` is not one-dimensional.
        RangeError
            A time is not finite.

        Notes
        -----
        The nearest set may be one of the future: a history is better read in both directions.

        Examples
        --------
        >>> sets = builtin_iss_elements()
        >>> sets.choose(sets.epoch_s[:3] + 1.0)
        array([0, 1, 2])
        """
        time = finite_floats("time_s", time_s, (None,))
        return np.searchsorted(self.boundary_s, time, side="right").astype(np.int64)

    def age_s(self, time_s: ArrayLike) -> NDArray[np.float64]:
        """Find how far each time is from the epoch of its nearest set.

        Parameters
        ----------
        time_s : array_like of float, shape (n_time,)
            Unix times [s]; finite.

        Returns
        -------
        numpy.ndarray of float64, shape (n_time,)
            Distance from the nearest epoch [s], before it or after it; not negative.

        Raises
        ------
        ShapeError
            `time_s` is not one-dimensional.
        RangeError
            A time is not finite.

        Notes
        -----
        ``|t - epoch|``, exact to the 0.4 ms with which an epoch is given.

        Examples
        --------
        >>> sets = builtin_iss_elements()
        >>> sets.age_s(sets.epoch_s[:1] - 60.0)
        array([60.])
        """
        time = finite_floats("time_s", time_s, (None,))
        age: NDArray[np.float64] = np.abs(time - self.epoch_s[self.choose(time)])
        return age

    def check_age(self, time_s: ArrayLike, *, max_age_days: float = MAX_AGE_DAYS) -> None:
        """Refuse times that no element set is near enough to.

        Parameters
        ----------
        time_s : array_like of float, shape (n_time,)
            Unix times [s]; finite.
        max_age_days : float
            Largest distance from the nearest epoch that is allowed [day]; above 0.

        Raises
        ------
        ShapeError
            `time_s` is not one-dimensional.
        RangeError
            A time is not finite, or `max_age_days` is not above 0.
        DataError
            The nearest set of a time is too old; the oldest is named.

        Notes
        -----
        The default, 4 days, lets the whole shipped history pass: its largest gap, from 2014-05-06, has 7.62 days.

        Examples
        --------
        >>> builtin_iss_elements().check_age([1.4e9])
        """
        allowed = number("max_age_days", max_age_days, low=0.0, open_low=True)
        time = finite_floats("time_s", time_s, (None,))
        if not len(time):
            return
        age_days = self.age_s(time) / SECONDS_PER_DAY
        i = int(np.argmax(age_days))
        if age_days[i] > allowed:
            raise DataError(
                f"{self.label(int(self.choose(time[i : i + 1])[0]))} is the nearest to {iso_time(float(time[i]))}, "
                f"but {age_days[i]:.3f} days away; at most {allowed} days are allowed"
            )

    def epoch_iso(self, i: int) -> str:
        """Epoch of set `i` as ISO 8601 UTC text, to the millisecond."""
        return iso_time(float(self.epoch_s[i]))

    def label(self, i: int) -> str:
        """Name set `i` in a message: catalogue number, epoch and source."""
        return f"element set {self.epoch_iso(i)} of satellite {self.catalogue_number} ({self.source})"


def read_elements(path: str | Path) -> ElementSets:
    r"""Read the element sets of one satellite from a text file.

    Parameters
    ----------
    path : str or pathlib.Path
        ASCII file with any number of two-line sets, each with or without a name line of at most 26 columns
        before it. It may be compressed by gzip, which is seen from its first bytes.

    Returns
    -------
    ElementSets
        The sets in the order of their epochs.

    Raises
    ------
    DataError
        The file is unreadable, truncated or empty; a line has the wrong length, layout or checksum; a set lacks a
        line; two sets are of different satellites or have the same epoch.

    Notes
    -----
    The checksum is the sum of the digits of columns 1 to 68, with 1 for each minus sign, modulo 10. Two-digit years
    57 to 99 are of the twentieth century. Nothing is dropped: of repeated epochs one must be chosen by the user.

    References
    ----------
    .. [1] Hoots and Roehrich 1980, Spacetrack Report No. 3; Vallado et al. 2006, AIAA 2006-6753,
       https://doi.org/10.2514/6.2006-6753

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "iss.tle"
    ...     _ = path.write_text(
    ...         "1 25544U 98067A   11139.19079861  .00035378  00000-0  23366-3 0  9995\n"
    ...         "2 25544 051.6491 309.5834 0003117 279.7127 063.8232 15.75230498716335\n"
    ...     )
    ...     read_elements(path).epoch_iso(0)
    '2011-05-19T04:34:45.000Z'
    """
    try:
        raw = read_bounded(path, most=MOST_BYTES)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    return _elements(raw, str(path))


def builtin_iss_elements() -> ElementSets:
    """Read the shipped history of the International Space Station.

    Returns
    -------
    ElementSets
        3,854 sets, the first of each UTC day, 2011-05-19 to 2021-12-31.

    Raises
    ------
    DataError
        The shipped file is damaged or absent.

    Notes
    -----
    Made by tools/make_iss_elements.py from the PyPI package astro-pi-replay; see orbit/data/NOTICE.

    References
    ----------
    .. [1] Space-Track, https://www.space-track.org, as shipped by astro-pi-replay 1.4.3

    Examples
    --------
    >>> sets = builtin_iss_elements()
    >>> sets.epoch_iso(-1)[:10], round(float(np.diff(sets.epoch_s).max()) / 86400.0, 2)
    ('2021-12-31', 7.62)
    """
    name = "orbit/data/iss_2011_2021.tle.gz"
    try:
        raw = files("amsdipole").joinpath(name).read_bytes()
    except OSError as error:
        raise DataError(f"the shipped file amsdipole/{name} cannot be read: {error.strerror or error}") from error
    return _elements(raw, f"amsdipole/{name}")


def _elements(raw: bytes, source: str) -> ElementSets:
    sets = sorted_sets(raw, source)
    return ElementSets(
        epoch_s=np.array([one.epoch_s for one in sets]),
        line1=tuple(one.line1 for one in sets),
        line2=tuple(one.line2 for one in sets),
        catalogue_number=sets[0].catalogue_number.strip(),
        source=source,
        sha256=hashlib.sha256(raw).hexdigest(),
    )
