"""The table of seconds: where the detector was, how it was turned, and for how long it was live."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import DataError, RangeError, ShapeError

__all__ = ["STEP_MAX_S", "Seconds", "SecondsSource", "TableSeconds", "joined_seconds"]

STEP_MAX_S = 60.0  # a low orbit turns by 4 degrees in a minute; longer rows would blur the sky
BLOCK = 131_072  # rows that travel together through the kernels: about 30 MB


_COLUMNS = ("time_s", "livetime_fraction", "position_km", "velocity_km_s", "angle_rad", "rate_rad_s", "flags")


@dataclass(frozen=True)
class Seconds:
    """Rows of a mission, each standing for `step_s` from its time on.

    Attributes
    ----------
    time_s : numpy.ndarray of float64, shape (n,)
        Unix time of the start of each row [s]; rows do not overlap.
    step_s : float
        Length of every row [s], at most 60.
    livetime_fraction : numpy.ndarray of float64, shape (n,)
        Share of each row in which the detector could record events, in [0, 1]; 0 closes the row.
    position_km : numpy.ndarray of float64, shape (n, 3)
        Position in TEME at the start of each row [km].
    velocity_km_s : numpy.ndarray of float64, shape (n, 3)
        Inertial velocity in TEME [km/s].
    angle_rad : numpy.ndarray of float64, shape (n, 3)
        Yaw, pitch, roll of the body against the local vertical [rad].
    source : str
        What messages call this table.
    rate_rad_s : numpy.ndarray of float64, shape (n, 3), optional
        Angular velocity of the body in TEME [rad/s]; none if it turns with the local vertical.
    flags : numpy.ndarray of int64, shape (n,), optional
        Quality flags of each row, one a bit.

    Raises
    ------
    ShapeError
        Columns differ in length.
    RangeError
        A value is not finite or outside its range.
    DataError
        Times are not in order, repeat or overlap.
    """

    time_s: NDArray[np.float64]
    step_s: float
    livetime_fraction: NDArray[np.float64]
    position_km: NDArray[np.float64]
    velocity_km_s: NDArray[np.float64]
    angle_rad: NDArray[np.float64]
    source: str = "seconds"
    rate_rad_s: NDArray[np.float64] | None = None
    flags: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Check every column."""
        n = len(self.time_s)
        if self.flags is not None and len(self.flags) != n:
            raise ShapeError(f"flags has {len(self.flags)} rows; time_s has {n} ({self.source})")
        number("step_s", self.step_s, low=0.001, high=STEP_MAX_S)
        for name, width in (
            ("time_s", ()),
            ("livetime_fraction", ()),
            ("position_km", (3,)),
            ("velocity_km_s", (3,)),
            ("angle_rad", (3,)),
            ("rate_rad_s", (3,)),
        ):
            values = getattr(self, name)
            if values is None and name == "rate_rad_s":
                continue
            if len(values) != n:
                raise ShapeError(f"{name} has {len(values)} rows; time_s has {n} ({self.source})")
            try:
                object.__setattr__(self, name, finite_floats(name, values, (None, *width)))
            except RangeError as error:
                raise RangeError(f"{error} ({self.source})") from None
        self._check_livetime()
        self._check_order()

    def _check_livetime(self) -> None:
        bad = (self.livetime_fraction < 0.0) | (self.livetime_fraction > 1.0)
        if bad.any():
            i = int(bad.argmax())
            raise RangeError(
                f"livetime_fraction[{i}] = {self.livetime_fraction[i]} is outside [0, 1] ({self.source}, row {i})"
            )

    def _check_order(self) -> None:
        gap = np.diff(self.time_s)
        # A hundredth of a step allows for times that were rounded on their way.
        early = gap < 0.99 * self.step_s
        if early.any():
            i = int(early.argmax()) + 1
            fault = "repeats" if gap[i - 1] == 0 else "lies before" if gap[i - 1] < 0 else "overlaps"
            raise DataError(
                f"time_s[{i}] = {self.time_s[i]} {fault} time_s[{i - 1}] = {self.time_s[i - 1]}; rows that rise by at "
                f"least {self.step_s} s are wanted ({self.source}, row {i})"
            )

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.time_s)

    def rows(self, which: "slice | NDArray[np.int64]") -> "Seconds":
        """Return some of the rows."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        chosen: dict[str, Any] = {name: None if v is None else v[which] for name, v in columns.items()}
        if not isinstance(which, slice) or which.step not in {None, 1}:
            return replace(self, **chosen)
        # A stretch of a table that was checked needs no second look.
        part = copy(self)
        for name, values in chosen.items():
            object.__setattr__(part, name, values)
        return part

    def with_livetime(self, livetime_fraction: NDArray[np.float64]) -> "Seconds":
        """Return the rows with another live share."""
        return replace(self, livetime_fraction=livetime_fraction)


def joined_seconds(parts: "list[Seconds]", step_s: float) -> Seconds:
    """Put tables of one kind one after the other; none makes an empty table."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Seconds(np.zeros(0), step_s, np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        values = [getattr(part, name) for part in parts]
        if any(v is None for v in values) and not all(v is None for v in values):
            raise DataError(f"{name} is given by some of the files only: {', '.join(p.source for p in parts)}")
        columns[name] = None if values[0] is None else np.concatenate(values)
    return Seconds(step_s=step_s, source=parts[0].source, **columns)


class SecondsSource(Protocol):
    """Where the seconds of a mission come from."""

    @property
    def start_s(self) -> float:
        """Unix time at which the first row starts [s]."""

    @property
    def stop_s(self) -> float:
        """Unix time at which the last row ends [s]."""

    @property
    def n_row(self) -> int:
        """Number of rows."""

    @property
    def step_s(self) -> float:
        """Length of every row [s]."""

    def row_start_s(self, row: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the times at which rows start, by their numbers from 0 [s]."""

    def blocks(self) -> Iterator[Seconds]:
        """Give all rows once, in time order, in blocks that fit in memory."""

    def covering(self, time_s: NDArray[np.float64]) -> Seconds:
        """Give rows that hold each of the times, and perhaps others; refuse a time that lies in none."""


@dataclass(frozen=True)
class TableSeconds:
    """Seconds that are held in memory.

    Attributes
    ----------
    table : Seconds
        All rows; at least one.
    """

    table: Seconds

    def __post_init__(self) -> None:
        """Refuse an empty table."""
        if not len(self.table):
            raise DataError(f"{self.table.source}: the table has no rows")

    @property
    def start_s(self) -> float:
        """Unix time at which the first row starts [s]."""
        return float(self.table.time_s[0])

    @property
    def stop_s(self) -> float:
        """Unix time at which the last row ends [s]."""
        return float(self.table.time_s[-1] + self.table.step_s)

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return len(self.table)

    @property
    def step_s(self) -> float:
        """Length of every row [s]."""
        return self.table.step_s

    def row_start_s(self, row: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the times at which rows start [s]."""
        return self.table.time_s[row]

    def blocks(self) -> Iterator[Seconds]:
        """Give all rows once, in time order."""
        for start in range(0, len(self.table), BLOCK):
            yield self.table.rows(slice(start, start + BLOCK))

    def covering(self, time_s: NDArray[np.float64]) -> Seconds:
        """Give rows that hold each of the times."""
        row = np.searchsorted(self.table.time_s, time_s, side="right") - 1
        held = (row >= 0) & (time_s < self.table.time_s[np.maximum(row, 0)] + self.table.step_s)
        refuse_unheld(time_s, held, self.table.source)
        return self.table.rows(row_set(row))


def row_set(row: NDArray[np.int64]) -> "slice | NDArray[np.int64]":
    """Choose rows that include the given ones: a range where they are dense, else each once."""
    if not len(row):
        return slice(0, 0)
    first, last = int(row.min()), int(row.max())
    if last - first < 2 * len(row):
        return slice(first, last + 1)
    return np.unique(row)


def refuse_unheld(time_s: NDArray[np.float64], held: NDArray[np.bool_], source: str) -> None:
    """Refuse the first time that lies in no row."""
    if not held.all():
        i = int(np.argmin(held))
        raise DataError(f"time_s[{i}] = {time_s[i]} lies in no second of {source}")
