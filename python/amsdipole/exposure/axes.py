"""Exact live time by detector axis and cutoff class: what a pass over the seconds leaves."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole.errors import DataError, FrameError, OverflowedError
from amsdipole.exposure.efficiency import EfficiencyMap
from amsdipole.exposure.efficiency_table import EfficiencyTable, row_efficiency
from amsdipole.orbit import CAUSES, Navigator, SecondsSource, axis_rows
from amsdipole.sky import pixel_centers, vector_to_pixel

__all__ = ["AXIS_NSIDE", "UNIT_S", "LivetimeAxes", "LivetimeBudget", "livetime_axes", "livetime_axes_in", "merged_axes"]

AxisLivetime = _core.AxisLivetime
UNIT_S = 2.0**-32  # unit of every sum of live time
AXIS_NSIDE = 256  # pixels of the detector axis, 0.23 deg wide: docs/design/axis-binning.md measures what it costs
_CELLS = ("pixel", "cutoff_class", "units", "moment")
_OVERLAP_S = 1e-3  # rows may be rounded to a millisecond where two halves meet


@dataclass(frozen=True)
class LivetimeBudget:
    """Where the seconds of a mission went.

    Attributes
    ----------
    n_row : int
        Rows of the table.
    total_s : float
        Time that the rows span [s].
    live_s : float
        Live time that counts [s].
    n_by_cause : tuple of int, length 6
        Rows by what became of them, as `amsdipole.orbit.CAUSES`; they add up to `n_row`.
    livetime_units_by_cause : tuple of int, length 6
        Live time of those rows in units of 2^-32 s, before the selection.
    gap_s : float
        Time between the first row and the end of the last in which no row lies [s].
    """

    n_row: int
    total_s: float
    live_s: float
    n_by_cause: tuple[int, ...]
    livetime_units_by_cause: tuple[int, ...]
    gap_s: float


@dataclass(frozen=True)
class LivetimeAxes:
    """Exact live time by pixel of the detector's axis and cutoff class, with the mean axis of each.

    Attributes
    ----------
    frame : str
        Frame of the pixels: "galactic" or "earth_fixed".
    nside : int
        Resolution of the pixels.
    pixel : numpy.ndarray of int64, shape (n,)
        Pixel of each cell that holds live time, rising.
    cutoff_class : numpy.ndarray of uint8, shape (n,)
        Class of each cell, rising within a pixel.
    units : numpy.ndarray of int64, shape (n,)
        Live time in units of 2^-32 s.
    moment : numpy.ndarray of int64, shape (n, 3)
        Live time times axis in the same units.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Energy bins that the classes count; n_class = n_bin + 1.
    budget : LivetimeBudget
        Where the seconds went.
    span_s : tuple of (float, float)
        Time intervals that were added, rising: the same seconds are not added twice.
    identity : str
        What was asked of each second: rule, cone, factor, weights. Only sums of one identity are merged.
    """

    frame: str
    nside: int
    pixel: NDArray[np.int64]
    cutoff_class: NDArray[np.uint8]
    units: NDArray[np.int64]
    moment: NDArray[np.int64]
    energy_edge_gev: NDArray[np.float64]
    budget: LivetimeBudget
    span_s: tuple[tuple[float, float], ...]
    identity: str

    @property
    def n_class(self) -> int:
        """Number of classes: one more than there are bins."""
        return len(self.energy_edge_gev)

    def class_livetime_s(self) -> NDArray[np.float64]:
        """Live time of the mission in each class [s]."""
        total = np.zeros(self.n_class, dtype=np.int64)
        np.add.at(total, self.cutoff_class, self.units)  # livetime_axes and merged_axes keep the total below 2^63
        return np.asarray(total * UNIT_S)

    def open_livetime_s(self) -> NDArray[np.float64]:
        """Live time of the mission in which each energy bin is open, shape (n_bin,) [s]."""
        return np.cumsum(self.class_livetime_s())[:-1]

    def coarser(self, nside: int) -> "LivetimeAxes":
        """Join the pixels of axes to larger ones; sums and mean axes stay exact."""
        if nside >= self.nside:
            return self
        parent = vector_to_pixel(pixel_centers(self.nside)[self.pixel], nside)
        pixel, classes, units, moment = _joined(self.n_class, parent, self.cutoff_class, self.units, self.moment)
        return replace(self, nside=nside, pixel=pixel, cutoff_class=classes, units=units, moment=moment)

    def mean_axes(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Mean axis of each pixel over all classes, and its live time by class in units, shape (n_pixel, n_class)."""
        first = _starts(self.pixel)
        units = np.zeros((len(first), self.n_class), dtype=np.int64)
        units[np.repeat(np.arange(len(first)), np.diff(np.append(first, len(self.pixel)))), self.cutoff_class] = (
            self.units
        )
        return _direction(np.add.reduceat(self.moment, first, axis=0)), units

    def weighted_axes(self, class_weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean axis of each pixel with classes weighted, and the weighted live time [s]."""
        share = class_weight[self.cutoff_class]
        held = share > 0.0
        first, share = _starts(self.pixel[held]), share[held]
        weight = np.add.reduceat(self.units[held] * share, first) * UNIT_S
        return _direction(np.add.reduceat(self.moment[held] * share[:, None], first, axis=0)), weight


def _starts(pixel: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each pixel's cells begin."""
    return np.flatnonzero(np.diff(pixel, prepend=-1))


_Cells = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]


def _joined(
    n_class: int,
    pixel: NDArray[np.int64],
    cutoff_class: NDArray[np.uint8],
    units: NDArray[np.int64],
    moment: NDArray[np.int64],
) -> _Cells:
    """Add up cells of the same pixel and class."""
    key, row = np.unique(pixel * n_class + cutoff_class, return_inverse=True)
    sums = np.zeros((len(key), 4), dtype=np.int64)
    np.add.at(sums, row, np.column_stack([units, moment]))
    return key // n_class, (key % n_class).astype(np.uint8), sums[:, 0].copy(), sums[:, 1:].copy()


def _direction(moment: NDArray[np.generic]) -> NDArray[np.float64]:
    out = np.asarray(moment, dtype=np.float64)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


def livetime_axes(
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    frame: str = "galactic",
    nside: int = AXIS_NSIDE,
    efficiency: "EfficiencyMap | EfficiencyTable | None" = None,
    progress: Callable[[int], None] | None = None,
) -> LivetimeAxes:
    """Add up the live time of a mission by detector axis.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit; its frame is the galactic one.
    frame : str
        "galactic" (the navigator's) or "earth_fixed".
    nside : int
        Resolution of the axis' pixels.
    efficiency : EfficiencyMap or EfficiencyTable, optional
        Efficiency by place, and by time and cutoff, which weighs the live time.
    progress : callable, optional
        Called with the number of rows done after each block.

    Returns
    -------
    LivetimeAxes
        The same bits for any number of threads and any division of the rows into blocks.

    Raises
    ------
    DataError
        No row is live with a bin open, or the table is at fault.
    FrameError
        The frame is unknown.
    RangeError
        A choice is out of range.

    Notes
    -----
    The axis is taken at the middle of each row. Live time and live time times axis are rounded to 2^-32 s and added as
    integers, so that the mean axis of a pixel is known and not taken for its centre.
    """
    made = livetime_axes_in(seconds, navigator, frames=(frame,), nside=nside, efficiency=efficiency, progress=progress)
    return made[frame]


def livetime_axes_in(
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    frames: tuple[str, ...] = ("galactic", "earth_fixed"),
    nside: int = AXIS_NSIDE,
    efficiency: "EfficiencyMap | EfficiencyTable | None" = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, LivetimeAxes]:
    """Add up the live time of a mission by detector axis, in several frames in one pass.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit; its frame is the galactic one.
    frames : tuple of str
        "galactic" (the navigator's), "earth_fixed", or both.
    nside : int
        Resolution of the axis' pixels.
    efficiency : EfficiencyMap or EfficiencyTable, optional
        Efficiency by place, and by time and cutoff, which weighs the live time.
    progress : callable, optional
        Called with the number of rows done after each block.

    Returns
    -------
    dict of str to LivetimeAxes
        The sums of each frame, as `livetime_axes` gives them.

    Raises
    ------
    DataError
        No row is live with a bin open, or the table is at fault.
    FrameError
        A frame is unknown.
    RangeError
        A choice is out of range.
    """
    for frame in frames:
        if frame not in ("galactic", "earth_fixed"):
            raise FrameError(f"frame = {frame!r} is unknown; 'galactic' or 'earth_fixed' is wanted")
    sums = {frame: AxisLivetime(nside, len(navigator.energy_edge_gev)) for frame in frames}
    count = np.zeros(len(CAUSES), dtype=np.int64)
    lived = [0] * len(CAUSES)
    n_row, last_s, gap_s = 0, seconds.start_s, 0.0
    for row in axis_rows(seconds, navigator):
        livetime_s = row.livetime_s if efficiency is None else row.livetime_s * row_efficiency(efficiency, row)
        for frame, sum_ in sums.items():
            sum_.add(row.sky if frame == "galactic" else row.earth, livetime_s, row.cutoff_class)
        count += np.bincount(row.causes.cause, minlength=len(CAUSES))
        # Equal live times are many, so that sums of doubles of units below 2^53 are exact.
        units = np.rint(row.causes.live_s / UNIT_S).astype(np.int64)
        for i in range(len(CAUSES)):
            lived[i] += int(units[row.causes.cause == i].sum())
        n_row += len(row.time_s)
        gap_s += float(
            row.time_s[0] - last_s + (row.time_s[-1] - row.time_s[0]) - (len(row.time_s) - 1) * seconds.step_s
        )
        last_s = float(row.time_s[-1]) + seconds.step_s
        if progress is not None:
            progress(n_row)
    made = {}
    for frame, sum_ in sums.items():
        pixel, classes, units, moment = sum_.sums()
        live = int(units.sum(dtype=object)) if len(units) else 0
        if not (classes < len(navigator.energy_edge_gev) - 1).any():
            raise DataError("the exposure is zero: no second is live with an energy bin open")
        if live >= 2**63:
            raise OverflowedError("units: the live time exceeds 2^63 units of 2^-32 s")
        budget = LivetimeBudget(
            n_row, n_row * seconds.step_s, live / 2**32, tuple(int(c) for c in count), tuple(lived), max(gap_s, 0.0)
        )
        identity = _identity(navigator, seconds, efficiency)
        span = ((seconds.start_s, last_s),)
        edge = navigator.energy_edge_gev
        made[frame] = LivetimeAxes(frame, nside, pixel, classes, units, moment, edge, budget, span, identity)
    return made


def _identity(
    navigator: Navigator, seconds: SecondsSource, efficiency: "EfficiencyMap | EfficiencyTable | None"
) -> str:
    rule = getattr(seconds, "rule", None)
    weighed = "none" if efficiency is None else efficiency.sha256
    return f"{navigator.rule!r}; {rule!r}; mounting {navigator.mounting.tolist()}; efficiency {weighed}"


def merged_axes(parts: list[LivetimeAxes]) -> LivetimeAxes:
    """Join the sums of disjoint stretches of one mission.

    Parameters
    ----------
    parts : list of LivetimeAxes
        One or more, in any order.

    Returns
    -------
    LivetimeAxes
        What one pass over all stretches gives, bit for bit.

    Raises
    ------
    DataError
        There is none, two overlap in time, or they were not made alike.
    OverflowedError
        A sum leaves the range of 64 bits.
    """
    if not parts:
        raise DataError("no sums to merge")
    first = parts[0]
    for part in parts[1:]:
        for name in ("frame", "nside", "identity"):
            if getattr(part, name) != getattr(first, name):
                raise DataError(f"{name} = {getattr(part, name)!r} differs from {getattr(first, name)!r}")
        if not np.array_equal(part.energy_edge_gev, first.energy_edge_gev):
            raise DataError("the energy bins of the parts differ")
    span = sorted(interval for part in parts for interval in part.span_s)
    joined = [span[0]]
    for start, stop in span[1:]:
        if start < joined[-1][1] - _OVERLAP_S:
            raise DataError(f"the seconds from {start} to {min(stop, joined[-1][1])} would be counted twice")
        if start - joined[-1][1] <= _OVERLAP_S:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    if sum(int(part.units.sum(dtype=object)) for part in parts) >= 2**63:
        raise OverflowedError("units: the live time of the parts exceeds 2^63 units of 2^-32 s")
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in _CELLS)
    pixel, classes, units, moment = _joined(first.n_class, *columns)
    budgets = [part.budget for part in parts]
    budget = LivetimeBudget(
        sum(b.n_row for b in budgets),
        sum(b.total_s for b in budgets),
        int(units.sum(dtype=object)) / 2**32,
        tuple(map(sum, zip(*(b.n_by_cause for b in budgets), strict=True))),
        tuple(map(sum, zip(*(b.livetime_units_by_cause for b in budgets), strict=True))),
        sum(b.gap_s for b in budgets),
    )
    return replace(
        first, pixel=pixel, cutoff_class=classes, units=units, moment=moment, budget=budget, span_s=tuple(joined)
    )
