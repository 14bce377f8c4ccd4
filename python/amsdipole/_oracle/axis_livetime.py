"""Twins of `axis_livetime.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    STEP_MAX_S,
    Floats,
    all_finite,
    all_indices,
    all_unit,
    all_within,
    check_nside,
    same_length,
    to_units,
    within,
)
from amsdipole._oracle.healpix import vector_to_pixel


def carried(vector: Floats, rate: Floats, time_s: Floats) -> Floats:
    """Turn vectors about angular velocities by Rodrigues' formula."""
    w = rate * np.asarray(time_s)[..., None]
    angle = np.linalg.norm(w, axis=-1, keepdims=True)
    axis = w / np.where(angle > 0.0, angle, 1.0)
    along = (axis * vector).sum(axis=-1, keepdims=True)
    return np.asarray(
        vector * np.cos(angle) + np.cross(axis, vector) * np.sin(angle) + axis * along * (1.0 - np.cos(angle))
    )


def axes_at(rotation: Floats, rate: Floats, offset_s: float) -> Floats:
    same_length("rate", len(rate), len(rotation))
    within("offset_s", offset_s, 0.0, STEP_MAX_S)
    all_finite("rotation", rotation)
    all_finite("rate", rate)
    return carried(rotation[:, :, 2], rate, np.full(len(rate), offset_s))


class AxisLivetime:
    def __init__(self, nside: int, n_class: int) -> None:
        check_nside(nside)
        within("n_class", n_class, 1, 255)
        within("n_cell", 12 * nside**2 * n_class, 1, 2**28)
        self.nside, self.n_class = nside, n_class
        self._sums = np.zeros((12 * nside**2, n_class, 4), dtype=np.int64)

    def add(self, axis: Floats, livetime_s: Floats, cutoff_class: NDArray[np.uint8]) -> None:
        same_length("livetime_s", len(livetime_s), len(axis))
        same_length("cutoff_class", len(cutoff_class), len(axis))
        all_unit("axis", axis)
        all_within("livetime_s", livetime_s, 0.0, STEP_MAX_S)
        all_indices("cutoff_class", cutoff_class, self.n_class)
        pixel = vector_to_pixel(axis, self.nside)
        parts = to_units(np.column_stack([livetime_s, livetime_s[:, None] * axis]))
        parts[parts[:, 0] == 0] = 0  # a live time of less than half a unit is none
        np.add.at(self._sums, (pixel, cutoff_class), parts)

    def sums(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        pixel, held = (index.astype(np.int64) for index in np.nonzero(self._sums[:, :, 0]))
        cell = self._sums[pixel, held]
        return pixel, held.astype(np.uint8), cell[:, 0].copy(), cell[:, 1:].copy()
