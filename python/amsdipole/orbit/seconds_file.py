"""Seconds in Parquet files, read by row group so that nine years need not fit in memory."""

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from amsdipole._files import replacing
from amsdipole._parquet import open_parquet, read_columns
from amsdipole.constants import EARTH_ROTATION_RAD_S
from amsdipole.errors import DataError, FrameError
from amsdipole.orbit.seconds import BLOCK, Seconds, refuse_unheld, row_set
from amsdipole.sky import FrameKnots, earth_fixed_to_teme, teme_to_gcrs, vector_in_frame

__all__ = ["POSITION_FRAMES", "SECONDS_COLUMNS", "FileSeconds", "write_seconds"]

POSITION_FRAMES = ("teme", "gcrs", "earth_fixed")
SECONDS_COLUMNS = (
    "time_s",
    "livetime_fraction",
    "position_x_km",
    "position_y_km",
    "position_z_km",
    "velocity_x_km_s",
    "velocity_y_km_s",
    "velocity_z_km_s",
    "yaw_rad",
    "pitch_rad",
    "roll_rad",
)
_RADIUS_KM = (6350.0, 100_000.0)  # outside it a position is in another unit
_SPEED_KM_S = (0.1, 15.0)  # outside it an inertial velocity is in another unit


@dataclass(frozen=True)
class FileSeconds:
    """Seconds of one or more Parquet files, in time order.

    Attributes
    ----------
    paths : tuple of str
        The files; rows rise in time within each and from each to the next.
    step_s : float
        Length of a row [s].
    frame : str
        Frame of positions and velocities: "teme", "gcrs" (J2000) or "earth_fixed" (its velocity relative to the
        turning Earth).
    columns : Mapping of str to str
        The file's name of each of `SECONDS_COLUMNS` that it calls otherwise.

    Raises
    ------
    DataError
        A file is missing, unreadable, truncated, lacks a column or has none but empty row groups; times are not in
        order.
    FrameError
        The frame is unknown.
    """

    paths: tuple[str, ...]
    step_s: float = 1.0
    frame: str = "teme"
    columns: Mapping[str, str] = field(default_factory=dict)
    _groups: "tuple[_Group, ...]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the footers and the span of every row group."""
        if self.frame not in POSITION_FRAMES:
            raise FrameError(f"frame = {self.frame!r} is unknown; one of {POSITION_FRAMES} is wanted")
        groups = [group for path in self.paths for group in self._spans(path)]
        if not groups:
            raise DataError(f"{', '.join(self.paths) or 'no file'}: the table of seconds has no rows")
        for before, after in itertools.pairwise(groups):
            if after.first_s < before.last_s + 0.99 * self.step_s:
                raise DataError(
                    f"{after.path}, row group {after.index}: time_s = {after.first_s} does not come after "
                    f"{before.last_s} ({before.path}, row group {before.index})"
                )
        object.__setattr__(self, "_groups", tuple(groups))

    def _spans(self, path: str) -> "Iterator[_Group]":
        file = open_parquet(path)
        for index in range(file.metadata.num_row_groups):
            time_s = read_columns(file, path, index, ["time_s"], self.columns)[0]
            if len(time_s):
                yield _Group(path, index, len(time_s), float(time_s[0]), float(time_s[-1]))

    @property
    def start_s(self) -> float:
        """Unix time at which the first row starts [s]."""
        return self._groups[0].first_s

    @property
    def stop_s(self) -> float:
        """Unix time at which the last row ends [s]."""
        return self._groups[-1].last_s + self.step_s

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return sum(group.n_row for group in self._groups)

    def row_start_s(self, row: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the times at which rows start [s]."""
        first = np.concatenate([[0], np.cumsum([group.n_row for group in self._groups])])
        out = np.empty(len(row))
        group_of = np.searchsorted(first, row, side="right") - 1
        for i in np.unique(group_of):
            group = self._groups[i]
            time_s = read_columns(open_parquet(group.path), group.path, group.index, ["time_s"], self.columns)[0]
            chosen = group_of == i
            out[chosen] = time_s[row[chosen] - first[i]]
        return out

    def blocks(self) -> Iterator[Seconds]:
        """Give all rows once, in time order."""
        for group in self._groups:
            table = self._read(group)
            for start in range(0, len(table), BLOCK):
                yield table.rows(slice(start, start + BLOCK))

    def covering(self, time_s: NDArray[np.float64]) -> Seconds:
        """Give rows that hold each of the times."""
        held = np.zeros(len(time_s), dtype=bool)
        parts = []
        for group in self._groups:
            inside = (time_s >= group.first_s) & (time_s < group.last_s + self.step_s)
            if inside.any():
                table = self._read(group)
                row = np.searchsorted(table.time_s, time_s[inside], side="right") - 1
                held[inside] = time_s[inside] < table.time_s[row] + self.step_s
                parts.append(table.rows(row_set(row)))
        refuse_unheld(time_s, held, ", ".join(self.paths))
        return _joined(parts, self.step_s)

    def _read(self, group: "_Group") -> Seconds:
        source = f"{group.path}, row group {group.index}"
        file = open_parquet(group.path)
        column = read_columns(file, group.path, group.index, list(SECONDS_COLUMNS), self.columns)
        position, velocity = np.column_stack(column[2:5]), np.column_stack(column[5:8])
        _check_units(position, velocity, source)
        position, velocity = _in_teme(self.frame, column[0], position, velocity)
        return Seconds(column[0], self.step_s, column[1], position, velocity, np.column_stack(column[8:11]), source)


@dataclass(frozen=True)
class _Group:
    path: str
    index: int
    n_row: int
    first_s: float
    last_s: float


def _joined(parts: list[Seconds], step_s: float) -> Seconds:
    if len(parts) == 1:
        return parts[0]
    empty = Seconds(np.zeros(0), step_s, np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    parts = parts or [empty]
    return Seconds(
        np.concatenate([p.time_s for p in parts]),
        step_s,
        np.concatenate([p.livetime_fraction for p in parts]),
        np.concatenate([p.position_km for p in parts]),
        np.concatenate([p.velocity_km_s for p in parts]),
        np.concatenate([p.angle_rad for p in parts]),
        parts[0].source,
    )


def _check_units(position: NDArray[np.float64], velocity: NDArray[np.float64], source: str) -> None:
    """Refuse magnitudes that no orbit has: metres in place of kilometres, radii in place of kilometres."""
    for name, values, (low, high), unit in (
        ("position", position, _RADIUS_KM, "km"),
        ("velocity", velocity, _SPEED_KM_S, "km/s"),
    ):
        size = np.linalg.norm(values, axis=1)
        bad = ~((size >= low) & (size <= high))
        if bad.any():
            i = int(bad.argmax())
            raise DataError(
                f"{name}[{i}] = {values[i].tolist()} has the magnitude {size[i]}; {low} to {high} {unit} is wanted "
                f"({source}, row {i})"
            )


def _in_teme(
    frame: str, time_s: NDArray[np.float64], position: NDArray[np.float64], velocity: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if frame == "earth_fixed":
        spin = np.array([0.0, 0.0, EARTH_ROTATION_RAD_S])
        inertial = velocity + np.cross(spin, position)
        return earth_fixed_to_teme(time_s, position), earth_fixed_to_teme(time_s, inertial)
    if frame == "gcrs" and len(time_s):
        knots = teme_to_gcrs(float(time_s.min()), float(time_s.max()))
        back = FrameKnots(knots.time_s, np.ascontiguousarray(knots.matrix.transpose(0, 2, 1)))
        return vector_in_frame(time_s, position, back), vector_in_frame(time_s, velocity, back)
    return position, velocity


def write_seconds(path: str | os.PathLike[str], blocks: Iterable[Seconds], *, overwrite: bool = False) -> None:
    """Write seconds to a Parquet file, a row group a block.

    Parameters
    ----------
    path : path-like
        File to make.
    blocks : iterable of Seconds
        Rows in time order, in TEME.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and `overwrite` is false, or it cannot be written.

    Notes
    -----
    Columns as `SECONDS_COLUMNS`, float64, zstd with byte-stream split. The file appears whole or not at all.

    Examples
    --------
    >>> import tempfile
    >>> position_km, velocity_km_s = np.array([[6780.0, 0, 0]]), np.array([[0, 7.6, 0]])
    >>> row = Seconds(np.array([1.4e9]), 1.0, np.ones(1), position_km, velocity_km_s, np.zeros((1, 3)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_seconds(f"{folder}/s.parquet", [row])
    ...     FileSeconds((f"{folder}/s.parquet",)).n_row
    1
    """
    schema = pa.schema([(name, pa.float64()) for name in SECONDS_COLUMNS])
    with replacing(Path(path), overwrite=overwrite) as temporary:
        options = {"compression": "zstd", "use_dictionary": False, "use_byte_stream_split": True}
        with pq.ParquetWriter(temporary, schema, **options) as writer:
            for block in blocks:
                columns = [
                    block.time_s,
                    block.livetime_fraction,
                    *block.position_km.T,
                    *block.velocity_km_s.T,
                    *block.angle_rad.T,
                ]
                writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))
