"""Twin of `fold.rs`."""

import numpy as np

from amsdipole._oracle.check import Floats, all_finite, all_unit, at_least, check_nside, same_length, within
from amsdipole._oracle.healpix import pixel_to_vector


def folded_axes(axis: Floats, weight: Floats, nside: int, cos_least: float, response: Floats) -> Floats:
    check_nside(nside)
    same_length("weight", len(weight), len(axis))
    all_unit("axis", axis)
    all_finite("weight", weight)
    within("cos_least", cos_least, -1.0, 1.0 - 1e-9)
    at_least("response", len(response), 2)
    all_finite("response", response)
    center = pixel_to_vector(np.arange(12 * nside**2), nside)
    node = np.linspace(cos_least, 1.0, len(response))
    out = np.zeros(len(center))
    for a, w in zip(axis, weight, strict=True):
        out += w * np.interp(center @ a, node, response, left=0.0)
    return out
