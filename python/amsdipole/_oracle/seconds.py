"""Twin of `seconds.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import Floats, all_finite, at_least, same_length


def inside_polygon(
    longitude_deg: Floats, latitude_deg: Floats, corner_longitude_deg: Floats, corner_latitude_deg: Floats
) -> NDArray[np.bool_]:
    same_length("latitude_deg", len(latitude_deg), len(longitude_deg))
    at_least("corner_longitude_deg", len(corner_longitude_deg), 3)
    same_length("corner_latitude_deg", len(corner_latitude_deg), len(corner_longitude_deg))
    all_finite("longitude_deg", longitude_deg)
    all_finite("latitude_deg", latitude_deg)
    all_finite("corner_longitude_deg", corner_longitude_deg)
    all_finite("corner_latitude_deg", corner_latitude_deg)
    inside = np.zeros(len(longitude_deg), dtype=bool)
    corners = list(zip(corner_longitude_deg, corner_latitude_deg, strict=True))
    for (x1, y1), (x0, y0) in zip(corners, corners[-1:] + corners[:-1], strict=True):
        if y1 != y0:
            straddled = (y1 > latitude_deg) != (y0 > latitude_deg)
            inside ^= straddled & (longitude_deg < x1 + (latitude_deg - y1) * (x0 - x1) / (y0 - y1))
    return inside
