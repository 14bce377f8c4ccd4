"""Twin of `roll_livetime.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    STEP_MAX_S,
    Floats,
    all_good,
    all_indices,
    all_unit,
    all_within,
    check_nside,
    same_length,
    to_units,
    within,
)
from amsdipole._oracle.healpix import pixel_to_vector, vector_to_pixel


def all_square(axis: Floats, side: Floats) -> None:
    all_good("side", side, np.asarray(np.abs((axis * side).sum(axis=1)) <= 1e-5), "not square to its axis")


def sector_of(x: Floats, y: Floats, n_sector: int) -> NDArray[np.int64]:
    """Sector of equal ones that begin at the x axis."""
    turn = np.arctan2(y, x) / (2.0 * np.pi) % 1.0
    return np.minimum((turn * n_sector).astype(np.int64), n_sector - 1)


class RollLivetime:
    def __init__(self, nside: int, n_class: int, n_sector: int) -> None:
        check_nside(nside)
        within("n_class", n_class, 1, 255)
        within("n_sector", n_sector, 1, 255)
        within("n_pixel", 12 * nside**2, 1, 2**24)
        self.nside, self.n_class, self.n_sector = nside, n_class, n_sector
        self._sums: dict[int, NDArray[np.int64]] = {}

    def add(self, axis: Floats, side: Floats, livetime_s: Floats, cutoff_class: NDArray[np.uint8]) -> None:
        same_length("side", len(side), len(axis))
        same_length("livetime_s", len(livetime_s), len(axis))
        same_length("cutoff_class", len(cutoff_class), len(axis))
        all_unit("axis", axis)
        all_unit("side", side)
        all_square(axis, side)
        all_within("livetime_s", livetime_s, 0.0, STEP_MAX_S)
        all_indices("cutoff_class", cutoff_class, self.n_class)
        pixel = vector_to_pixel(axis, self.nside)
        center = pixel_to_vector(pixel, self.nside)
        east = np.cross([0.0, 0.0, 1.0], center)  # its length does not matter for an angle if north has the same
        north = np.cross(center, east)
        sector = sector_of((side * east).sum(axis=1), (side * north).sum(axis=1), self.n_sector)
        parts = to_units(np.column_stack([livetime_s, livetime_s[:, None] * axis, livetime_s[:, None] * side]))
        key = (pixel * self.n_sector + sector) * self.n_class + cutoff_class
        for k, part in zip(key.tolist(), parts, strict=True):
            if part[0]:  # a live time of less than half a unit is none
                self._sums[k] = self._sums.get(k, 0) + part

    def sums(
        self,
    ) -> tuple[
        NDArray[np.int64],
        NDArray[np.uint8],
        NDArray[np.uint8],
        NDArray[np.int64],
        NDArray[np.int64],
        NDArray[np.int64],
    ]:
        key = np.array(sorted(self._sums), dtype=np.int64)
        cell = np.array([self._sums[k] for k in key.tolist()], dtype=np.int64).reshape(-1, 7)
        place, held = np.divmod(key, self.n_class)
        pixel, sector = np.divmod(place, self.n_sector)
        classes = held.astype(np.uint8)
        return pixel, sector.astype(np.uint8), classes, cell[:, 0].copy(), cell[:, 1:4].copy(), cell[:, 4:].copy()
