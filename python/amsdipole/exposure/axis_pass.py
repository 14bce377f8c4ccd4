"""The pass over the seconds that adds up live time by detector axis."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import whole_number
from amsdipole.errors import DataError, FrameError, OverflowedError
from amsdipole.exposure.axes import AXIS_NSIDE, UNIT_S, LivetimeAxes, LivetimeBudget
from amsdipole.exposure.efficiency import EfficiencyMap
from amsdipole.exposure.efficiency_table import EfficiencyTable, row_efficiency
from amsdipole.orbit import CAUSES, AxisRows, Navigator, SecondsSource, axis_rows

__all__ = ["livetime_axes", "livetime_axes_in", "sums_identity"]

AxisLivetime = _core.AxisLivetime
RollLivetime = _core.RollLivetime


def livetime_axes(
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    frame: str = "galactic",
    nside: int = AXIS_NSIDE,
    n_sector: int = 1,
    efficiency: EfficiencyMap | EfficiencyTable | None = None,
    rows: tuple[int, int] | None = None,
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
    n_sector : int
        Sectors of the roll about the axis, 1 to 255; 1 does not resolve it and costs least.
    efficiency : EfficiencyMap or EfficiencyTable, optional
        Efficiency by place, and by time and cutoff, which weighs the live time.
    rows : tuple of (int, int), optional
        Only the rows from the first on and before the second; these may be without exposure.
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
    made = livetime_axes_in(
        seconds,
        navigator,
        frames=(frame,),
        nside=nside,
        n_sector=n_sector,
        efficiency=efficiency,
        rows=rows,
        progress=progress,
    )
    return made[frame]


def livetime_axes_in(
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    frames: tuple[str, ...] = ("galactic", "earth_fixed"),
    nside: int = AXIS_NSIDE,
    n_sector: int = 1,
    efficiency: EfficiencyMap | EfficiencyTable | None = None,
    rows: tuple[int, int] | None = None,
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
    n_sector : int
        Sectors of the roll about the axis, 1 to 255; 1 does not resolve it and costs least.
    efficiency : EfficiencyMap or EfficiencyTable, optional
        Efficiency by place, and by time and cutoff, which weighs the live time.
    rows : tuple of (int, int), optional
        Only the rows from the first on and before the second; these may be without exposure.
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
    resolved = whole_number("n_sector", n_sector, low=1, high=255) > 1
    n_class = len(navigator.energy_edge_gev)
    sums = {frame: _AxisSum(nside, n_class) if not resolved else _RollSum(nside, n_class, n_sector) for frame in frames}
    count = np.zeros(len(CAUSES), dtype=np.int64)
    lived = [0] * len(CAUSES)
    start_s = seconds.start_s if rows is None else float(seconds.row_start_s(np.array(rows[:1]))[0])
    n_row, last_s, gap_s = 0, start_s, 0.0
    for row in axis_rows(seconds, navigator, sides=resolved, rows=rows):
        livetime_s = row.livetime_s if efficiency is None else row.livetime_s * row_efficiency(efficiency, row)
        for frame, sum_ in sums.items():
            sum_.add(row, frame, livetime_s)
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
        cells = sum_.cells()
        units, classes = cells["units"], cells["cutoff_class"]
        live = int(units.sum(dtype=object)) if len(units) else 0
        if rows is None and not (classes < len(navigator.energy_edge_gev) - 1).any():
            raise DataError("the exposure is zero: no second is live with an energy bin open")
        if live >= 2**63:
            raise OverflowedError("units: the live time exceeds 2^63 units of 2^-32 s")
        budget = LivetimeBudget(
            n_row, n_row * seconds.step_s, live / 2**32, tuple(int(c) for c in count), tuple(lived), max(gap_s, 0.0)
        )
        identity = sums_identity(seconds, navigator, efficiency)
        span = ((start_s, last_s),)
        made[frame] = LivetimeAxes(
            frame=frame,
            nside=nside,
            energy_edge_gev=navigator.energy_edge_gev,
            budget=budget,
            span_s=span,
            identity=identity,
            n_sector=n_sector,
            **cells,
        )
    return made


class _AxisSum:
    """Sums that do not resolve the roll."""

    def __init__(self, nside: int, n_class: int) -> None:
        self._sums = AxisLivetime(nside, n_class)

    def add(self, row: AxisRows, frame: str, livetime_s: NDArray[np.float64]) -> None:
        self._sums.add(row.axis(frame), livetime_s, row.cutoff_class)

    def cells(self) -> dict[str, Any]:
        return dict(zip(("pixel", "cutoff_class", "units", "moment"), self._sums.sums(), strict=True))


class _RollSum:
    """Sums in sectors of the roll."""

    def __init__(self, nside: int, n_class: int, n_sector: int) -> None:
        self._sums = RollLivetime(nside, n_class, n_sector)

    def add(self, row: AxisRows, frame: str, livetime_s: NDArray[np.float64]) -> None:
        self._sums.add(row.axis(frame), row.side(frame), livetime_s, row.cutoff_class)

    def cells(self) -> dict[str, Any]:
        names = ("pixel", "sector", "cutoff_class", "units", "moment", "side_moment")
        return dict(zip(names, self._sums.sums(), strict=True))


def sums_identity(
    seconds: SecondsSource, navigator: Navigator, efficiency: EfficiencyMap | EfficiencyTable | None = None
) -> str:
    """Say what a pass asks of each second: rule, selection, mounting, weights, and the table of traced cutoffs.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit.
    efficiency : EfficiencyMap or EfficiencyTable, optional
        What weighs the live time.

    Returns
    -------
    str
        The identity of the sums that the pass makes.
    """
    rule = getattr(seconds, "rule", None)
    weighed = "none" if efficiency is None else efficiency.sha256
    traced = "" if navigator.table is None else f"; traced {navigator.table.sha256}"
    return f"{navigator.rule!r}; {rule!r}; mounting {navigator.mounting.tolist()}; efficiency {weighed}{traced}"
