"""Seconds in files, read by row group so that nine years need not fit in memory."""

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from amsdipole._files import replacing
from amsdipole.constants import EARTH_ROTATION_RAD_S
from amsdipole.errors import DataError, FrameError
from amsdipole.orbit.orientation import angles_of, orbital_rate, rotation_of_quaternions, turning_rate
from amsdipole.orbit.seconds import BLOCK, Seconds, joined_seconds, refuse_unheld, row_set
from amsdipole.orbit.seconds_columns import open_columns
from amsdipole.orbit.spacecraft_file import SPACECRAFT_GROUP, rotation_in_teme, spacecraft_seconds, spacecraft_spans
from amsdipole.sky import FrameKnots, earth_fixed_to_teme, teme_to_gcrs, vector_in_frame

__all__ = ["POSITION_FRAMES", "QUATERNION_COLUMNS", "SECONDS_COLUMNS", "FileSeconds", "write_seconds"]

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
QUATERNION_COLUMNS = ("quaternion_x", "quaternion_y", "quaternion_z", "quaternion_w")
_RADIUS_KM = (6350.0, 100_000.0)  # outside it a position is in another unit
_SPEED_KM_S = (0.1, 15.0)  # outside it an inertial velocity is in another unit


@dataclass(frozen=True)
class FileSeconds:
    """Seconds of one or more files, in time order.

    Attributes
    ----------
    paths : tuple of str
        The files: Parquet, CSV (``.csv``) or FITS (``.fits``); rows rise in time within each and from each to the next.
    step_s : float
        Length of a row [s].
    frame : str
        Frame of positions and velocities: "teme", "gcrs" (J2000) or "earth_fixed" (its velocity relative to the
        turning Earth).
    columns : Mapping of str to str
        The file's name of each of `SECONDS_COLUMNS` that it calls otherwise.
    orientation : str
        "angles" (yaw, pitch, roll against the local vertical), or "quaternion" (`QUATERNION_COLUMNS`, from the
        spacecraft's axes to those of `frame`; the body turns as consecutive rows say).
    layout : str
        "columns", or "ft2" (spacecraft file of the Fermi-LAT; see `amsdipole.orbit.spacecraft_file`).
    flags : str, optional
        The file's column of quality flags.

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
    orientation: Literal["angles", "quaternion"] = "angles"
    layout: Literal["columns", "ft2"] = "columns"
    flags: str | None = None
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
                    f"{after.where}: time_s = {after.first_s} does not come after {before.last_s} ({before.where})"
                )
        object.__setattr__(self, "_groups", tuple(groups))

    def _spans(self, path: str) -> "Iterator[_Group]":
        if self.layout == "ft2":
            for index, (n_row, first_s, last_s) in enumerate(spacecraft_spans(path, self.step_s)):
                yield _Group(path, f"{path}, rows from {index * SPACECRAFT_GROUP}", index, n_row, first_s, last_s)
            return
        file = open_columns(path, self.columns)
        for index in range(file.n_group):
            time_s = file.columns(index, ["time_s"])[0]
            if len(time_s):
                yield _Group(path, file.where(index), index, len(time_s), float(time_s[0]), float(time_s[-1]))

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
            time_s = self._times(group)
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
        return joined_seconds(parts, self.step_s)

    def _times(self, group: "_Group") -> NDArray[np.float64]:
        if self.layout == "ft2":
            return spacecraft_seconds(group.path, self.step_s, group.index).time_s
        return open_columns(group.path, self.columns).columns(group.index, ["time_s"])[0]

    def _read(self, group: "_Group") -> Seconds:
        if self.layout == "ft2":
            return spacecraft_seconds(group.path, self.step_s, group.index)
        turned = self.orientation == "quaternion"
        names = [*SECONDS_COLUMNS[:8], *(QUATERNION_COLUMNS if turned else SECONDS_COLUMNS[8:])]
        flags = [] if self.flags is None else [self.flags]
        column = open_columns(group.path, self.columns).columns(group.index, names + flags)
        flag = whole_flags(column.pop(), group.where) if flags else None
        position, velocity = np.column_stack(column[2:5]), np.column_stack(column[5:8])
        _check_units(position, velocity, group.where)
        position, velocity = _in_teme(self.frame, column[0], position, velocity)
        if not turned:
            angle = np.column_stack(column[8:11])
            return Seconds(column[0], self.step_s, column[1], position, velocity, angle, group.where, None, flag)
        rotation = rotation_of_quaternions(np.column_stack(column[8:12]), source=group.where)
        # Checks of time and place come before what is worked out from them.
        level = Seconds(column[0], self.step_s, column[1], position, velocity, 0.0 * position, group.where)
        rotation = rotation_in_teme(self.frame, column[0], rotation)
        rate = turning_rate(
            level.time_s, rotation, apart_most_s=1.5 * self.step_s, otherwise=orbital_rate(position, velocity)
        )
        angle = angles_of(rotation, position, velocity)
        return Seconds(column[0], self.step_s, column[1], position, velocity, angle, group.where, rate, flag)


@dataclass(frozen=True)
class _Group:
    path: str
    where: str
    index: int
    n_row: int
    first_s: float
    last_s: float


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


def whole_flags(values: NDArray[np.float64], source: str) -> NDArray[np.int64]:
    """Refuse quality flags that are no whole numbers."""
    bad = ~((values >= 0) & (values < 2**53) & (values == np.floor(values)))
    if bad.any():
        i = int(bad.argmax())
        raise DataError(f"flags[{i}] = {values[i]} is no whole number of 0 or more ({source}, row {i})")
    return values.astype(np.int64)


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
