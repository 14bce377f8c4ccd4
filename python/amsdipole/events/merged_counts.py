"""Exact merge of counts."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, OverflowedError
from amsdipole.events.counts import CountsMaps

__all__ = ["CountsCells", "merged_counts", "merged_counts_of"]

MOST_CELLS = 1 << 29  # 4 GiB of sums


@dataclass(frozen=True)
class CountsCells:
    """Weighted counts by the cells of `CountsMaps` that hold any: what a small part of the events leaves.

    Attributes
    ----------
    shape : tuple of (int, int)
        Numbers of energy bins and of pixels.
    cell : numpy.ndarray of int64, shape (n,), or None
        Number of each cell that is listed, energy bin times number of pixels and pixel, rising; None lists them all.
    weight_units, weight2_units : numpy.ndarray of int64, shape (n,)
        Sums of weights and of squared weights of those cells in units of 2^-32.
    energy_edge_gev, cut_flow, cut_flow_by_bin
        As in `CountsMaps`.

    Raises
    ------
    DataError
        The cells do not rise, lie outside the maps, or the arrays do not fit each other.
    """

    shape: tuple[int, int]
    cell: NDArray[np.int64] | None
    weight_units: NDArray[np.int64]
    weight2_units: NDArray[np.int64]
    energy_edge_gev: NDArray[np.float64]
    cut_flow: dict[str, int]
    cut_flow_by_bin: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check what a file may hold."""
        n_cell = self.shape[0] * self.shape[1]
        if min(self.shape) < 1 or n_cell > MOST_CELLS:
            raise DataError(f"maps of {self.shape} energy bins and pixels; 1 cell to {MOST_CELLS} are wanted")
        n = n_cell if self.cell is None else len(self.cell)
        sums = (self.weight_units, self.weight2_units, *(() if self.cell is None else (self.cell,)))
        if any(values.dtype != np.int64 or values.shape != (n,) for values in sums):
            raise DataError(f"sums of {[values.shape for values in sums]} {[str(v.dtype) for v in sums]}; {n} of int64")
        flow = (self.shape[0] + 2, len(self.cut_flow))
        if self.cut_flow_by_bin.shape != flow or self.cut_flow_by_bin.dtype != np.int64:
            raise DataError(f"a cut flow of {self.cut_flow_by_bin.shape} numbers; {flow} are wanted")
        if self.energy_edge_gev.shape != (self.shape[0] + 1,):
            raise DataError(f"{self.energy_edge_gev.shape} edges of {self.shape[0]} energy bins")
        if self.cell is not None and n and not (self.cell[0] >= 0 and self.cell[-1] < n_cell):
            raise DataError(f"cells {self.cell[0]} to {self.cell[-1]} of maps of {n_cell}")
        if self.cell is not None and not (self.cell[1:] > self.cell[:-1]).all():
            raise DataError("the numbers of the cells do not rise; a cell would count twice")

    @classmethod
    def of(cls, maps: CountsMaps) -> "CountsCells":
        """List all cells of maps."""
        n_bin, npix = maps.weight_units.shape
        return cls(
            (n_bin, npix), None, maps.weight_units.ravel(), maps.weight2_units.ravel(),
            maps.energy_edge_gev, maps.cut_flow, maps.cut_flow_by_bin,
        )  # fmt: skip


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
    (total,) = merged_counts_of((CountsCells.of(part),) for part in parts)
    return total


def merged_counts_of(parts: Iterable[tuple[CountsCells, ...]]) -> tuple[CountsMaps, ...]:
    """Add up the counts of disjoint sets of events by each of several weights.

    Parameters
    ----------
    parts : iterable of tuple of CountsCells
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
            sums = [_Sums(cells) for cells in part]
        if len(part) != len(sums):
            raise DataError(f"two parts differ: {len(sums)} and {len(part)} weights")
        for total, cells in zip(sums, part, strict=True):
            total.add(cells)
    if not sums:
        raise DataError("no counts to merge")
    return tuple(total.maps() for total in sums)


_SUMMED = ("weight_units", "weight2_units", "cut_flow_by_bin")


class _Sums:
    """Sums that grow in place."""

    def __init__(self, like: CountsCells) -> None:
        self._shape, self._edge = like.shape, like.energy_edge_gev.copy()
        self._flow = dict.fromkeys(like.cut_flow, 0)
        n_cell = like.shape[0] * like.shape[1]
        shapes = (n_cell, n_cell, like.cut_flow_by_bin.shape)
        self._sum = {name: np.zeros(shape, dtype=np.int64) for name, shape in zip(_SUMMED, shapes, strict=True)}
        self._most = dict.fromkeys(_SUMMED, 0)

    def add(self, part: CountsCells) -> None:
        if part.shape != self._shape:
            raise DataError(f"weight_units of two parts differ: {self._shape} and {part.shape} elements")
        if not np.array_equal(part.energy_edge_gev, self._edge):
            raise DataError("energy_edge_gev of two parts differ")
        if list(self._flow) != list(part.cut_flow):
            raise DataError(f"the cuts of two parts differ: {list(self._flow)} and {list(part.cut_flow)}")
        self._flow = {name: n + part.cut_flow[name] for name, n in self._flow.items()}
        for name in _SUMMED:
            self._add(name, getattr(part, name), None if name == "cut_flow_by_bin" else part.cell)

    def maps(self) -> CountsMaps:
        weight, weight2, flow = (self._sum[name] for name in _SUMMED)
        return CountsMaps(weight.reshape(self._shape), weight2.reshape(self._shape), self._edge, self._flow, flow)

    def _add(self, name: str, theirs: NDArray[np.int64], cell: NDArray[np.int64] | None) -> None:
        total = self._sum[name]
        # No element exceeds the sum of the greatest ones; only where that leaves 64 bits are all looked at.
        bound = self._most[name] + _most(theirs)
        if bound >= 2**63:
            ours = total if cell is None else total[cell]
            out = ours + theirs
            # A sum of two numbers of one sign that has the other left 64 bits.
            if ((ours ^ out) & (theirs ^ out) < 0).any():
                raise OverflowedError(f"{name}: a sum of the parts leaves 64 bits")
            bound = max(_most(total), _most(out))
        if cell is None:
            total += theirs
        else:
            total[cell] += theirs  # each cell is listed once
        self._most[name] = bound


def _most(values: NDArray[np.int64]) -> int:
    """Greatest absolute value, exact where it is 2^63."""
    return max(int(values.max(initial=0)), -int(values.min(initial=0)))
