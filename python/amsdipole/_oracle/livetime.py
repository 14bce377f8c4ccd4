"""Twins of `livetime.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    STEP_MAX_S,
    Floats,
    all_finite,
    all_good,
    all_indices,
    all_unit,
    all_within,
    at_least,
    check_nside,
    check_sum,
    rising,
    same_length,
    to_units,
    within,
)
from amsdipole._oracle.healpix import pixel_to_vector, vector_to_pixel


def carried(vector: Floats, rate: Floats, time_s: Floats) -> Floats:
    """Turn vectors about angular velocities by Rodrigues' formula."""
    w = rate * np.asarray(time_s)[..., None]
    angle = np.linalg.norm(w, axis=-1, keepdims=True)
    axis = w / np.where(angle > 0.0, angle, 1.0)
    along = (axis * vector).sum(axis=-1, keepdims=True)
    return np.asarray(
        vector * np.cos(angle) + np.cross(axis, vector) * np.sin(angle) + axis * along * (1.0 - np.cos(angle))
    )


class AxisLivetime:
    def __init__(self, nside: int, n_class: int) -> None:
        check_nside(nside)
        within("n_class", n_class, 1, 255)
        self.nside, self.n_class = nside, n_class
        self._units = np.zeros((12 * nside**2, n_class), dtype=np.int64)
        self._n_row = 0

    def add(
        self,
        rotation: Floats,
        rate: Floats,
        offset_s: float,
        livetime_s: Floats,
        cutoff_class: NDArray[np.uint8],
    ) -> None:
        same_length("rate", len(rate), len(rotation))
        same_length("livetime_s", len(livetime_s), len(rotation))
        same_length("cutoff_class", len(cutoff_class), len(rotation))
        within("offset_s", offset_s, 0.0, STEP_MAX_S)
        all_finite("rotation", rotation)
        all_finite("rate", rate)
        all_within("livetime_s", livetime_s, 0.0, STEP_MAX_S)
        all_indices("cutoff_class", cutoff_class, self.n_class)
        live = livetime_s > 0.0
        axis = carried(rotation[live, :, 2], rate[live], np.full(int(live.sum()), offset_s))
        pixel = vector_to_pixel(axis, self.nside)
        np.add.at(self._units, (pixel, cutoff_class[live]), to_units(livetime_s[live]))

    def units(self) -> NDArray[np.int64]:
        return self._units.copy()


def livetime_cube(axis: Floats, units: NDArray[np.int64], nside: int, cos_edge: Floats) -> NDArray[np.int64]:
    check_nside(nside)
    within("n_class", units.shape[1], 1, 255)
    same_length("units", len(units), len(axis))
    all_unit("axis", axis)
    at_least("cos_edge", len(cos_edge), 2)
    all_within("cos_edge", cos_edge, -1.0, 1.0)
    rising("cos_edge", cos_edge)
    flat = units.ravel()
    all_good("units", flat, flat >= 0, "negative")
    check_sum("units", [int(u) for u in flat])
    npix, n_zenith = 12 * nside**2, len(cos_edge) - 1
    center = pixel_to_vector(np.arange(npix), nside)
    cube = np.zeros((npix, n_zenith, units.shape[1]), dtype=np.int64)
    for a, u in zip(axis, units, strict=True):
        cosine = a[0] * center[:, 0] + a[1] * center[:, 1] + a[2] * center[:, 2]
        if cos_edge[-1] >= 1.0:
            cosine = np.minimum(cosine, 1.0)
        zenith = np.searchsorted(cos_edge, cosine, side="right") - 1
        zenith[cosine == cos_edge[-1]] = n_zenith - 1
        seen = (zenith >= 0) & (zenith < n_zenith)
        cube[np.nonzero(seen)[0], zenith[seen]] += u
    return cube
