"""Twin of `counts.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.axis_livetime import carried
from amsdipole._oracle.check import (
    STEP_MAX_S,
    Floats,
    all_finite,
    all_indices,
    all_unit,
    all_within,
    check_edges,
    check_nside,
    check_sum,
    rising,
    same_length,
    to_units,
    within,
)
from amsdipole._oracle.healpix import vector_to_pixel
from amsdipole.errors import DataError

WEIGHT_MAX = 512.0


class Counts:
    def __init__(self, nside: int, energy_edge_gev: Floats, cos_least: float) -> None:
        check_nside(nside)
        check_edges(energy_edge_gev)
        within("cos_least", cos_least, -1.0, 1.0)
        self.nside, self.edge, self.cos_least = nside, energy_edge_gev, cos_least
        self._units = np.zeros((2, len(energy_edge_gev) - 1, 12 * nside**2), dtype=np.int64)
        self._cut_flow = np.zeros(6, dtype=np.int64)

    def add(
        self,
        time_s: Floats,
        direction: Floats,
        energy_gev: Floats,
        weight: Floats,
        second_time_s: Floats,
        step_s: float,
        rotation: Floats,
        rate: Floats,
        livetime_s: Floats,
        cutoff_class: NDArray[np.uint8],
    ) -> None:
        n_bin = len(self.edge) - 1
        _check_events(time_s, direction, energy_gev, weight)
        _check_seconds(second_time_s, step_s, rotation, rate, livetime_s, cutoff_class, n_bin)
        row = _locate(time_s, second_time_s, step_s)
        units = np.stack([to_units(weight), to_units(weight * weight)])
        for which, name in enumerate(["weight", "squared weight"]):
            check_sum(name, [int(np.abs(self._units[which]).max()), *np.abs(units[which]).tolist()])
        sky = carried(np.einsum("nij,nj->ni", rotation[row], direction), rate[row], time_s - second_time_s[row])
        pixel = vector_to_pixel(sky, self.nside)
        energy_bin = np.searchsorted(self.edge, energy_gev, side="right") - 1
        cut = np.select(
            [
                energy_bin < 0,
                energy_bin >= n_bin,
                direction[:, 2] < self.cos_least,
                livetime_s[row] <= 0.0,
                energy_bin < cutoff_class[row],
            ],
            [0, 1, 2, 3, 4],
            default=5,
        )
        self._cut_flow += np.bincount(cut, minlength=6)
        kept = cut == 5
        for which in (0, 1):
            np.add.at(self._units[which], (energy_bin[kept], pixel[kept]), units[which, kept])

    def units(self, which: int) -> NDArray[np.int64]:
        units: NDArray[np.int64] = self._units[min(which, 1)].copy()
        return units

    def cut_flow(self) -> NDArray[np.int64]:
        return self._cut_flow.copy()


def _check_events(time_s: Floats, direction: Floats, energy_gev: Floats, weight: Floats) -> None:
    same_length("direction", len(direction), len(time_s))
    same_length("energy_gev", len(energy_gev), len(time_s))
    same_length("weight", len(weight), len(time_s))
    all_finite("time_s", time_s)
    all_unit("direction", direction)
    all_within("energy_gev", energy_gev, np.finfo(float).tiny, np.finfo(float).max)
    all_within("weight", weight, -WEIGHT_MAX, WEIGHT_MAX)


def _check_seconds(
    time_s: Floats,
    step_s: float,
    rotation: Floats,
    rate: Floats,
    livetime_s: Floats,
    cutoff_class: NDArray[np.uint8],
    n_bin: int,
) -> None:
    same_length("rotation", len(rotation), len(time_s))
    same_length("rate", len(rate), len(time_s))
    same_length("livetime_s", len(livetime_s), len(time_s))
    same_length("cutoff_class", len(cutoff_class), len(time_s))
    within("step_s", step_s, 1e-3, STEP_MAX_S)
    rising("second_time_s", time_s)
    early = np.diff(time_s) < 0.99 * step_s
    if early.any():
        i = int(early.argmax()) + 1
        raise DataError(f"second_time_s[{i}] = {time_s[i]} starts before the end of the one before")
    all_finite("rotation", rotation)
    all_finite("rate", rate)
    all_within("livetime_s", livetime_s, 0.0, STEP_MAX_S)
    all_indices("cutoff_class", cutoff_class, n_bin + 1)


def _locate(time_s: Floats, second_time_s: Floats, step_s: float) -> NDArray[np.int64]:
    if not len(second_time_s):
        if len(time_s):
            raise DataError(f"time_s[0] = {time_s[0]} lies in no second")
        return np.zeros(0, dtype=np.int64)
    row = np.maximum(np.searchsorted(second_time_s, time_s, side="right") - 1, 0)
    inside = (time_s >= second_time_s[row]) & (time_s < second_time_s[row] + step_s)
    if not inside.all():
        i = int(np.argmin(inside))
        raise DataError(f"time_s[{i}] = {time_s[i]} lies in no second")
    return row
