"""Published tables of a flux, as the KISS and CRDB data bases write them."""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole._files import TEXT_MOST_BYTES, read_bounded
from amsdipole.errors import DataError, RangeError, ShapeError

__all__ = ["FluxTable", "read_flux_table"]


@dataclass(frozen=True, eq=False)
class FluxTable:
    """Hold the points of a measured flux.

    Parameters
    ----------
    energy_gev : array_like of float, shape (n,)
        Rising energies [GeV]; for electrons and positrons equal to the rigidity [GV].
    flux : array_like of float, shape (n,)
        Flux at each [1/(m^2 sr s GeV)].
    error : array_like of float, shape (n,)
        Total error of each, statistical and systematic in quadrature; above 0.

    Raises
    ------
    ShapeError
        The columns differ in length.
    RangeError
        A value is not finite, or an energy or an error not above 0.
    DataError
        The energies do not rise.

    Examples
    --------
    >>> FluxTable([1.0, 10.0], [2.0, 0.02], [0.1, 0.001]).above(5.0).flux
    array([0.02])
    """

    energy_gev: NDArray[np.float64]
    flux: NDArray[np.float64]
    error: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the points."""
        for name in ("energy_gev", "flux", "error"):
            object.__setattr__(self, name, finite_floats(name, getattr(self, name), (None,)))
        n = len(self.energy_gev)
        for name in ("flux", "error"):
            if len(getattr(self, name)) != n:
                raise ShapeError(f"{name} has {len(getattr(self, name))} points and energy_gev {n}")
        for name in ("energy_gev", "error"):
            value = getattr(self, name)
            if n and value.min() <= 0.0:
                i = int(np.argmin(value))
                raise RangeError(f"{name}[{i}] = {value[i]} is outside (0, inf)")
        falls = np.flatnonzero(np.diff(self.energy_gev) <= 0.0)
        if len(falls):
            raise DataError(f"energy_gev[{int(falls[0]) + 1}] = {self.energy_gev[falls[0] + 1]} does not rise")

    def __len__(self) -> int:
        """Count the points."""
        return len(self.energy_gev)

    def above(self, energy_gev: float) -> "FluxTable":
        """Take the points above an energy [GeV]."""
        keep = self.energy_gev > number("energy_gev", energy_gev, low=0.0)
        return FluxTable(self.energy_gev[keep], self.flux[keep], self.error[keep])


def read_flux_table(path: str | os.PathLike[str]) -> FluxTable:
    r"""Read a flux against rigidity or energy from a text table.

    Parameters
    ----------
    path : path-like
        Text with comments after ``#`` and six columns: energy [GeV] or rigidity [GV], flux, statistical error down and
        up, systematic error down and up.

    Returns
    -------
    FluxTable
        The points; the error of each is the root of the squared larger of the two statistical and of the two
        systematic errors.

    Raises
    ------
    DataError
        The file cannot be read, or a line has not six numbers.
    RangeError
        A value is not finite, an energy is not above 0, or both errors are 0.

    Notes
    -----
    This is the layout of https://lpsc.in2p3.fr/crdb exports in the KISS data base.

    References
    ----------
    .. [1] Maurin et al. 2020, Universe 6, 102, https://doi.org/10.3390/universe6080102

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "flux.txt"
    ...     _ = path.write_text("#Columns: x, y, stat, syst\n1.0 2.0 0.3 0.3 0.4 0.4\n")
    ...     read_flux_table(path).error
    array([0.5])
    """
    try:
        lines = read_bounded(path, most=TEXT_MOST_BYTES).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    rows = []
    for i, line in enumerate(lines, start=1):
        text = line.split("#", 1)[0].split()
        if not text:
            continue
        try:
            row = [float(part) for part in text]
        except ValueError:
            raise DataError(f"{path}, line {i}: {line!r} is no row of numbers") from None
        if len(row) != 6:
            raise DataError(f"{path}, line {i}: {len(row)} numbers; six are wanted")
        rows.append(row)
    if not rows:
        raise DataError(f"{path}: the table has no points")
    table = np.array(rows)
    error_of = np.hypot(table[:, 2:4].max(axis=1), table[:, 4:6].max(axis=1))
    return FluxTable(table[:, 0], table[:, 1], error_of)
