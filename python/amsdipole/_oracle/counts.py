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
from amsdipole._oracle.purity import WEIGHT_MAX, PurityTable
from amsdipole.errors import DataError, RangeError, ShapeError

Column = Floats | NDArray[np.float32]


class Counts:
    def __init__(self, nside: int, energy_edge_gev: Floats, cos_least: float, n_selection: int = 0) -> None:
        check_nside(nside)
        check_edges(energy_edge_gev)
        within("cos_least", cos_least, -1.0, 1.0)
        within("n_selection", n_selection, 0, 64)
        within("energy bins times pixels", (len(energy_edge_gev) - 1) * 12 * nside**2, 1, 2**32 - 1)
        self.nside, self.edge, self.cos_least, self.n_selection = nside, energy_edge_gev, cos_least, n_selection
        self._units = np.zeros((2, len(energy_edge_gev) - 1, 12 * nside**2), dtype=np.int64)
        self._cut_flow = np.zeros((len(energy_edge_gev) + 1, 6 + n_selection), dtype=np.int64)

    def add(
        self,
        time_s: Floats,
        direction: Floats | tuple[Column, Column, Column],
        energy_gev: Column,
        weight: Column | None,
        second_time_s: Floats,
        step_s: float,
        rotation: Floats,
        rate: Floats,
        livetime_s: Floats,
        cutoff_class: NDArray[np.uint8],
        failed: NDArray[np.uint8] | None = None,
        response: Column | None = None,
        purity: PurityTable | None = None,
    ) -> None:
        if (response is None) != (purity is None):
            raise ShapeError("response and purity go together; one of them is missing")
        n_bin = len(self.edge) - 1
        if isinstance(direction, tuple):
            for axis, column in zip("xyz", direction, strict=True):
                same_length(f"direction_{axis}", len(column), len(time_s))
            direction = np.column_stack([column.astype(np.float64) for column in direction])
        energy_gev = energy_gev.astype(np.float64)
        weight = np.ones(len(time_s)) if weight is None else weight.astype(np.float64)
        response = None if response is None else response.astype(np.float64)
        failed = np.zeros(len(time_s), dtype=np.uint8) if failed is None else failed
        _check_lengths(time_s, direction, energy_gev, weight, failed, response)
        if purity is not None and purity.shape() != (n_bin, 12 * self.nside**2):
            raise RangeError(f"purity = {purity.shape()}: a table for {n_bin} energy bins is wanted")
        _check_events(time_s, direction, energy_gev, weight, 1.0 if purity is not None else WEIGHT_MAX)
        all_indices("failed", failed, self.n_selection + 1)
        if response is not None:
            all_finite("response", response)
        _check_seconds(second_time_s, step_s, rotation, rate, livetime_s, cutoff_class, n_bin)
        row = _locate(time_s, second_time_s, step_s)
        sky = carried(np.einsum("nij,nj->ni", rotation[row], direction), rate[row], time_s - second_time_s[row])
        pixel = vector_to_pixel(sky, self.nside)
        above = np.searchsorted(self.edge, energy_gev, side="right")
        cut = np.select(
            [
                above == 0,
                above > n_bin,
                failed > 0,
                direction[:, 2] < self.cos_least,
                livetime_s[row] <= 0.0,
                above <= cutoff_class[row],
            ],
            [0, 1, 5 + failed.astype(np.int64), 2, 3, 4],
            default=5,
        )
        kept = cut == 5
        bins, pixels = above[kept] - 1, pixel[kept]
        weights = weight[kept]
        if purity is not None and response is not None:
            weights = weights * purity.values(bins, pixels, response[kept])
        for which, name in enumerate(["weight", "squared weight"]):
            added = np.abs(to_units(weights if which == 0 else weights * weights))
            check_sum(name, [int(np.abs(self._units[which]).max()), *added.tolist()])
        np.add.at(self._cut_flow, (above, cut), 1)
        for which, values in enumerate([weights, weights * weights]):
            np.add.at(self._units[which], (bins, pixels), to_units(values))

    def units(self, which: int) -> NDArray[np.int64]:
        units: NDArray[np.int64] = self._units[min(which, 1)].copy()
        return units

    def cut_flow(self) -> NDArray[np.int64]:
        return np.asarray(self._cut_flow.sum(axis=0))

    def cut_flow_by_bin(self) -> NDArray[np.int64]:
        return self._cut_flow.copy()


def _check_lengths(
    time_s: Floats,
    direction: Floats,
    energy_gev: Floats,
    weight: Floats,
    failed: NDArray[np.uint8],
    response: Floats | None,
) -> None:
    n = len(time_s)
    same_length("direction", len(direction), n)
    same_length("energy_gev", len(energy_gev), n)
    same_length("weight", len(weight), n)
    same_length("failed", len(failed), n)
    same_length("response", n if response is None else len(response), n)


def _check_events(time_s: Floats, direction: Floats, energy_gev: Floats, weight: Floats, weight_max: float) -> None:
    all_finite("time_s", time_s)
    all_unit("direction", direction)
    all_within("energy_gev", energy_gev, np.finfo(float).tiny, np.finfo(float).max)
    all_within("weight", weight, -weight_max, weight_max)


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
