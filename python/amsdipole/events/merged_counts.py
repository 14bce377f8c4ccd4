"""Exact merge of counts."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, OverflowedError
from amsdipole.events.counts import CountsMaps

__all__ = ["merged_counts"]


def merged_counts(parts: Iterable[CountsMaps]) -> CountsMaps:
    """Add up the counts of disjoint sets of events.

    Parameters
    ----------
    parts : iterable of CountsMaps
        One or more, in any order; one at a time is held.

    Returns
    -------
    CountsMaps
        What counting all events at once gives, bit for bit.

    Raises
    ------
    DataError
        There is none, or two were not made alike.
    OverflowedError
        A sum leaves the range of 64 bits.
    """
    total: CountsMaps | None = None
    for part in parts:
        if total is None:
            total = part
            continue
        for name in ("energy_edge_gev", "weight_units"):
            ours, theirs = getattr(total, name), getattr(part, name)
            if ours.shape != theirs.shape or (name == "energy_edge_gev" and not np.array_equal(ours, theirs)):
                raise DataError(
                    f"{name} of two parts differ: {ours.shape} and {theirs.shape} elements, or their values"
                )
        if list(total.cut_flow) != list(part.cut_flow):
            raise DataError(f"the cuts of two parts differ: {list(total.cut_flow)} and {list(part.cut_flow)}")
        total = CountsMaps(
            _added("weight_units", total.weight_units, part.weight_units),
            _added("weight2_units", total.weight2_units, part.weight2_units),
            total.energy_edge_gev,
            {name: n + part.cut_flow[name] for name, n in total.cut_flow.items()},
            _added("cut_flow_by_bin", total.cut_flow_by_bin, part.cut_flow_by_bin),
        )
    if total is None:
        raise DataError("no counts to merge")
    return total


def _added(name: str, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.asarray(a + b)
    # A sum of two numbers of one sign that has the other left 64 bits.
    if ((a ^ out) & (b ^ out) < 0).any():
        raise OverflowedError(f"{name}: a sum of the parts leaves 64 bits")
    return out
