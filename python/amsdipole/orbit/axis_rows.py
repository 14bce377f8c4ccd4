"""What the exposure needs of each row: where the axis points, how long it is live, and the cutoff's class."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.geomagnetism import cutoff_class
from amsdipole.orbit.attitude import axes_at
from amsdipole.orbit.element_seconds import ElementSeconds
from amsdipole.orbit.navigation import Navigator
from amsdipole.orbit.seconds import BLOCK, Seconds, SecondsSource
from amsdipole.orbit.selection import SecondCauses, SelectedSeconds, causes, earth_axes
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = ["AxisRows", "axis_rows"]


@dataclass(frozen=True)
class AxisRows:
    """Rows as the exposure wants them.

    Attributes
    ----------
    time_s : numpy.ndarray of float64, shape (n,)
        Start of each row [s].
    sky : numpy.ndarray of float64, shape (n, 3)
        Detector axis at the middle of each row, in the axes of the navigator's frame.
    earth : numpy.ndarray of float64, shape (n, 3)
        The same axis in earth-fixed axes.
    place : numpy.ndarray of float64, shape (n, 3)
        Longitude [deg], geodetic latitude [deg], altitude [km] at the start of each row.
    cutoff_gv : numpy.ndarray of float64, shape (n,)
        Greatest cutoff over the cone [GV].
    cutoff_class : numpy.ndarray of uint8, shape (n,)
        First open energy bin.
    livetime_s : numpy.ndarray of float64, shape (n,)
        Live time [s]; 0 where the row is not selected.
    causes : SecondCauses
        What became of each row's time.
    sky_side, earth_side : numpy.ndarray of float64, shape (n, 3), optional
        The detector's x direction beside its axis, in the same axes; where it was asked for.
    """

    time_s: NDArray[np.float64]
    sky: NDArray[np.float64]
    earth: NDArray[np.float64]
    place: NDArray[np.float64]
    cutoff_gv: NDArray[np.float64]
    cutoff_class: NDArray[np.uint8]
    livetime_s: NDArray[np.float64]
    causes: SecondCauses
    sky_side: NDArray[np.float64] | None = None
    earth_side: NDArray[np.float64] | None = None

    def axis(self, frame: str) -> NDArray[np.float64]:
        """Axis in "galactic" (the navigator's) or "earth_fixed" axes."""
        return self.sky if frame == "galactic" else self.earth

    def side(self, frame: str) -> NDArray[np.float64]:
        """Detector's x direction in such axes."""
        side = self.sky_side if frame == "galactic" else self.earth_side
        if side is None:
            raise AssertionError("the rows were asked for without their sides")
        return side


def axis_rows(
    source: SecondsSource, navigator: Navigator, *, sides: bool = False, rows: tuple[int, int] | None = None
) -> Iterator[AxisRows]:
    """Give all rows of a mission as the exposure wants them.

    Parameters
    ----------
    source : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit.
    sides : bool
        Whether the detector's x direction is wanted too.
    rows : tuple of (int, int), optional
        Only the rows from the first on and before the second.

    Yields
    ------
    AxisRows
        Blocks of rows in time order, the same bits by either way below.

    Notes
    -----
    For missions made from element sets one kernel goes from the orbit's knots to axis, place and cutoff; rows of a
    table, and all rows where cutoffs are traced ones, pass through the navigator that events use. The x direction is
    the axis of a detector that is mounted with its x along it, by the same arithmetic.
    """
    inner = source.source if isinstance(source, SelectedSeconds) else source
    if isinstance(inner, ElementSeconds) and navigator.table is None:
        start, stop = (0, inner.n_row) if rows is None else rows
        for first in range(start, stop, BLOCK):
            row = np.arange(first, min(first + BLOCK, stop))
            yield _finished(source, navigator, _from_knots(inner, navigator, inner.row_start_s(row), sides))
    else:
        for block in inner.blocks() if rows is None else _between(inner.blocks(), *rows):
            yield _finished(source, navigator, _from_table(block, navigator, sides))


def _between(blocks: Iterator[Seconds], start: int, stop: int) -> Iterator[Seconds]:
    """Give the rows from one number on and before another."""
    first = 0
    for block in blocks:
        if first >= stop:
            return
        if first + len(block) > start:
            yield block.rows(slice(max(start - first, 0), min(stop - first, len(block))))
        first += len(block)


@dataclass(frozen=True)
class _Parts:
    """Rows before the selection."""

    time_s: NDArray[np.float64]
    sky: NDArray[np.float64]
    earth: NDArray[np.float64]
    place: NDArray[np.float64]
    cutoff_gv: NDArray[np.float64]
    fraction: NDArray[np.float64]
    flags: NDArray[np.int64] | None
    side: tuple[NDArray[np.float64], NDArray[np.float64]] | tuple[None, None] = (None, None)


_X_FOR_Z = [1, 2, 0]  # columns of a rotation, turned so that x stands where the axis did


def _from_knots(source: ElementSeconds, navigator: Navigator, time_s: NDArray[np.float64], sides: bool) -> _Parts:
    knots = source.knots.covering(float(time_s[0]), float(time_s[-1]))
    dipole, frame = navigator.dipole, navigator.frame
    frame_knots = _covering(frame.time_s, frame.matrix, time_s)

    def along(mounting: NDArray[np.float64], half_angle_rad: float) -> tuple[NDArray[np.float64], ...]:
        return _core.orbit_axes(
            time_s,
            knots.segment_start_s,
            knots.segment_offset,
            knots.knot_start_s,
            knots.step_s,
            knots.position_km,
            knots.velocity_km_s,
            np.array(source.angle_rad),
            floats("mounting", mounting, (3, 3)),
            source.step_s / 2.0,
            *frame_knots,
            half_angle_rad,
            navigator.rule.charge_sign,
            dipole.time_s,
            dipole.k_gv,
            dipole.center_km,
            dipole.pole,
        )

    sky, earth, place, cutoff_gv = along(navigator.mounting, navigator.rule.half_angle_rad)
    parts = _Parts(time_s, sky, earth, place, cutoff_gv, source.livetime_at(place), None)
    if not sides:
        return parts
    sky_side, earth_side, _, _ = along(np.asarray(navigator.mounting)[:, _X_FOR_Z], 0.0)
    return replace(parts, side=(sky_side, earth_side))


def _covering(
    knot_s: NDArray[np.float64], matrix: NDArray[np.float64], time_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Knots that the times need: the kernel checks every knot that it is given."""
    first = max(int(np.searchsorted(knot_s, time_s[0], side="right")) - 1, 0)
    last = max(int(np.searchsorted(knot_s, time_s[-1], side="left")) + 1, first + 2)
    if last > len(knot_s):
        first, last = max(len(knot_s) - 2, 0) if first > len(knot_s) - 2 else first, len(knot_s)
    return knot_s[first:last], np.ascontiguousarray(matrix[first:last])


def _from_table(block: Seconds, navigator: Navigator, sides: bool) -> _Parts:
    row = navigator(block)
    half_s = row.step_s / 2.0
    sky = axes_at(row.rotation, row.rate, offset_s=half_s)
    rotation, rate = navigator.attitude(block)
    earth = earth_axes(row.time_s, rotation, rate, half_s)
    place = geodetic(teme_to_earth_fixed(row.time_s, block.position_km))
    parts = _Parts(row.time_s, sky, earth, place, row.cutoff_gv, block.livetime_fraction, block.flags)
    if not sides:
        return parts
    sky_side = axes_at(row.rotation[:, :, _X_FOR_Z], row.rate, offset_s=half_s)
    return replace(parts, side=(sky_side, earth_axes(row.time_s, rotation[:, :, _X_FOR_Z], rate, half_s)))


def _finished(source: SecondsSource, navigator: Navigator, parts: _Parts) -> AxisRows:
    rule = source.rule if isinstance(source, SelectedSeconds) else None
    found = causes(rule, parts.time_s, parts.fraction, parts.place, parts.earth, source.step_s, parts.flags)
    classes = cutoff_class(parts.cutoff_gv, navigator.energy_edge_gev, factor=navigator.rule.factor)
    return AxisRows(
        parts.time_s,
        parts.sky,
        parts.earth,
        parts.place,
        parts.cutoff_gv,
        classes,
        found.livetime_s,
        found,
        *parts.side,
    )
