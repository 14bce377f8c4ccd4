"""Exact merge of counts."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, OverflowedError
from amsdipole.events.counts import CountsMaps

__all__ = ["merged_counts", "merged_counts_of"]


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
    (total,) = merged_counts_of((part,) for part in parts)
    return total


def merged_counts_of(parts: Iterable[tuple[CountsMaps, ...]]) -> tuple[CountsMaps, ...]:
    """Add up the counts of disjoint sets of events by each of several weights.

    Parameters
    ----------
    parts : iterable of tuple of CountsMaps
        One or more tuples of one length, in any order; one at a time is held.

    Returns
    -------
    tuple of CountsMaps
        The sums for each weight.

    Raises
    ------
    DataError
        There is none, or two were not made alike.
    OverflowedError
        A sum leaves the range of 64 bits.
    """
    sums: list[_Sums] = []
    for part in parts:
        if not sums:
            sums = [_Sums(maps) for maps in part]
        elif len(part) != len(sums):
            raise DataError(f"two parts differ: {len(sums)} and {len(part)} weights")
        else:
            for total, maps in zip(sums, part, strict=True):
                total.add(maps)
    if not sums:
        raise DataError("no counts to merge")
    return tuple(total.total for total in sums)


_SUMMED = ("weight_units", "weight2_units", "cut_flow_by_bin")


class _Sums:
    """Sums that grow in place."""

    def __init__(self, first: CountsMaps) -> None:
        self.total = replace(first, **{name: getattr(first, name).copy() for name in _SUMMED})
        self._most = {name: _most(getattr(first, name)) for name in _SUMMED}

    def add(self, part: CountsMaps) -> None:
        total = self.total
        for name in ("energy_edge_gev", "weight_units"):
            ours, theirs = getattr(total, name), getattr(part, name)
            if ours.shape != theirs.shape or (name == "energy_edge_gev" and not np.array_equal(ours, theirs)):
                raise DataError(
                    f"{name} of two parts differ: {ours.shape} and {theirs.shape} elements, or their values"
                )
        if list(total.cut_flow) != list(part.cut_flow):
            raise DataError(f"the cuts of two parts differ: {list(total.cut_flow)} and {list(part.cut_flow)}")
        for name in _SUMMED:
            self._add(name, getattr(total, name), getattr(part, name))
        flow = {name: n + part.cut_flow[name] for name, n in total.cut_flow.items()}
        self.total = replace(total, cut_flow=flow)

    def _add(self, name: str, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> None:
        # No element exceeds the sum of the greatest ones; only where that leaves 64 bits are all looked at.
        bound = self._most[name] + _most(theirs)
        if bound >= 2**63:
            out = ours + theirs
            # A sum of two numbers of one sign that has the other left 64 bits.
            if ((ours ^ out) & (theirs ^ out) < 0).any():
                raise OverflowedError(f"{name}: a sum of the parts leaves 64 bits")
            bound = _most(out)
        ours += theirs
        self._most[name] = bound


def _most(values: NDArray[np.int64]) -> int:
    """Greatest absolute value, exact where it is 2^63."""
    return max(int(values.max(initial=0)), -int(values.min(initial=0)))
