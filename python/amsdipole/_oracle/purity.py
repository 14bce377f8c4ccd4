"""Twin of `purity.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import Floats, all_finite, all_indices, all_within, at_least, within
from amsdipole.errors import RangeError, ShapeError

WEIGHT_MAX = 512.0


class PurityTable:
    def __init__(self, low: float, high: float, region: NDArray[np.int64], value: Floats) -> None:
        all_finite("response_range", np.array([low, high]))
        within("n_response", value.shape[2], 3, 65_536)
        if low >= high:
            raise RangeError(f"response_range = [{low}, {high}]: a range that rises is wanted")
        at_least("region", len(region), 1)
        all_indices("region", region, 65_536)
        if value.size == 0 or value.size % ((int(region.max()) + 1) * value.shape[2]):
            raise ShapeError(f"value has length {value.size}; a multiple of the regions is wanted")
        all_within("value", value.ravel(), -WEIGHT_MAX, WEIGHT_MAX)
        self._low, self._density = low, (value.shape[2] - 2) / (high - low)
        self._region = region
        self._value = value.reshape(-1, int(region.max()) + 1, value.shape[2])

    def shape(self) -> tuple[int, int]:
        return len(self._value), len(self._region)

    def values(self, energy_bin: NDArray[np.int64], pixel: NDArray[np.int64], response: Floats) -> Floats:
        last = self._value.shape[2] - 1
        place = np.clip((response - self._low) * self._density, -1.0, last - 1.0)
        values: Floats = self._value[energy_bin, self._region[pixel], np.floor(place).astype(np.int64) + 1]
        return values
