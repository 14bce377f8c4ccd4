"""The text of an SHC file: Gauss coefficients of a field that is piecewise linear in time."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError

__all__ = ["MOST_BYTES", "ShcTable", "shc_table"]

MOST_BYTES = 1 << 24  # IGRF-14 has 51 KB


class ShcTable(NamedTuple):
    """The numbers of an SHC file."""

    model: str
    """First comment of the file."""
    epoch: NDArray[np.float64]
    """Decimal years, shape (m,)."""
    degree: NDArray[np.int64]
    """Degrees, shape (k,)."""
    order: NDArray[np.int64]
    """Orders, negative for h, shape (k,)."""
    value_nt: NDArray[np.float64]
    """Coefficients [nT], shape (m, k)."""


def shc_table(raw: bytes, source: str) -> ShcTable:
    r"""Read the numbers of an SHC file from its bytes.

    Parameters
    ----------
    raw : bytes
        ASCII text.
    source : str
        Name of the file for messages.

    Returns
    -------
    ShcTable
        All coefficients from degree 1 to the highest, at all epochs.

    Raises
    ------
    DataError
        As in `amsdipole.geomagnetism.igrf.read_shc`.

    Notes
    -----
    The layout is described there.

    References
    ----------
    .. [1] IAGA Division V-MOD, IGRF-14, https://doi.org/10.5281/zenodo.14012302

    Examples
    --------
    >>> table = shc_table(b"# Dipole\n1 1 2 2 1\n2000 2005\n1 0 -3e4 -2.9e4\n1 1 0 0\n1 -1 0 0\n", "dipole.shc")
    >>> table.model, table.order.tolist()
    ('Dipole', [0, 1, -1])
    """
    try:
        lines = raw.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: byte {raw[error.start]:#04x} at {error.start} is not ASCII") from error
    comments = [line.lstrip("# ").rstrip() for line in lines if line.startswith("#")]
    rows = [(i, line.split()) for i, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    if len(rows) < 3:
        raise DataError(f"{source} has {len(rows)} lines that are no comments; at least 3 are wanted")
    where = f"{source}:{rows[0][0]}"
    header = _numbers(rows[0][1], where)
    if len(header) not in (5, 7) or not np.array_equal(header[:5], np.floor(header[:5])):
        raise DataError(f"{where}: header {' '.join(rows[0][1])!r}; 5 whole numbers, and 2 years or none, are wanted")
    low, high, n_epoch, spline, _ = (int(value) for value in header[:5])
    if low != 1 or high < 1 or spline != 2:
        raise DataError(
            f"{where}: degrees {low} to {high}, spline order {spline}; degrees from 1 and order 2 are wanted"
        )
    if high * (high + 2) != len(rows) - 2:
        raise _wrong_layout(source, len(rows) - 2, high)
    epoch = _row(rows[1], n_epoch, source)
    table = np.array([_row(row, n_epoch + 2, source) for row in rows[2:]])
    if not np.array_equal(table[:, :2], _layout(high)):
        raise _wrong_layout(source, len(table), high)
    return ShcTable(
        model=comments[0] if comments else Path(source).stem,
        epoch=epoch,
        degree=table[:, 0].astype(np.int64),
        order=table[:, 1].astype(np.int64),
        value_nt=np.ascontiguousarray(table[:, 2:].T),
    )


def _wrong_layout(source: str, n_found: int, high: int) -> DataError:
    return DataError(
        f"{source}: {n_found} coefficients; g(n, 0), g(n, 1), h(n, 1) ... h(n, n) for n from 1 to {high}, "
        f"{high * (high + 2)} in that order, are wanted"
    )


def _layout(n_max: int) -> NDArray[np.float64]:
    return np.array(
        [
            [n, order]
            for n in range(1, n_max + 1)
            for order in [0, *(sign * m for m in range(1, n + 1) for sign in (1, -1))]
        ],
        dtype=np.float64,
    )


def _row(row: tuple[int, list[str]], n_wanted: int, source: str) -> NDArray[np.float64]:
    n_line, words = row
    if len(words) != n_wanted:
        raise DataError(f"{source}:{n_line}: {len(words)} numbers; {n_wanted} are wanted")
    return _numbers(words, f"{source}:{n_line}")


def _numbers(words: list[str], where: str) -> NDArray[np.float64]:
    try:
        value = np.array([float(word) for word in words])
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    if not np.isfinite(value).all():
        raise DataError(f"{where}: {words[int(np.argmin(np.isfinite(value)))]!r} is not finite")
    return value
