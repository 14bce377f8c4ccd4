"""Sums of disjoint stretches of one mission, joined exactly."""

from dataclasses import replace
from typing import Any

import numpy as np

from amsdipole.errors import DataError, OverflowedError
from amsdipole.exposure.axes import LivetimeAxes, LivetimeBudget, joined_cells

__all__ = ["merged_axes"]

_CELLS = ("pixel", "sector", "cutoff_class", "units", "moment", "side_moment")
_OVERLAP_S = 1e-3  # rows may be rounded to a millisecond where two halves meet


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
        for name in ("frame", "nside", "n_sector", "identity"):
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
    names = [name for name in _CELLS if getattr(first, name) is not None]
    cells: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    whole = joined_cells(replace(first, **cells))
    budgets = [part.budget for part in parts]
    budget = LivetimeBudget(
        sum(b.n_row for b in budgets),
        sum(b.total_s for b in budgets),
        int(whole.units.sum(dtype=object)) / 2**32,
        tuple(map(sum, zip(*(b.n_by_cause for b in budgets), strict=True))),
        tuple(map(sum, zip(*(b.livetime_units_by_cause for b in budgets), strict=True))),
        sum(b.gap_s for b in budgets),
    )
    return replace(whole, budget=budget, span_s=tuple(joined))
