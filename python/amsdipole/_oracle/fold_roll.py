"""Twin of `fold_roll.rs`."""

import numpy as np

from amsdipole._oracle.check import Floats, all_finite, all_unit, at_least, check_nside, same_length, within
from amsdipole._oracle.healpix import pixel_to_vector
from amsdipole._oracle.roll_livetime import all_square
from amsdipole.errors import ShapeError


def folded_attitudes(
    axis: Floats, side: Floats, weight: Floats, nside: int, cos_least: float, response: Floats, pattern: Floats
) -> Floats:
    n, width = pattern.shape
    if width != n:
        raise ShapeError(f"pattern has rows of {width} elements; {n} are wanted")
    check_nside(nside)
    same_length("side", len(side), len(axis))
    same_length("weight", len(weight), len(axis))
    all_unit("axis", axis)
    all_unit("side", side)
    all_square(axis, side)
    all_finite("weight", weight)
    within("cos_least", cos_least, -0.999, 1.0 - 1e-9)
    at_least("response", len(response), 2)
    all_finite("response", response)
    at_least("pattern", n, 2)
    all_finite("pattern", pattern)
    center = pixel_to_vector(np.arange(12 * nside**2), nside)
    node = np.linspace(cos_least, 1.0, len(response))
    last = n - 1
    reach = np.sqrt(2.0 * (1.0 - cos_least))
    out = np.zeros(len(center))
    for a, u, w in zip(axis, side, weight, strict=True):
        cosine = center @ a
        seen = cosine >= cos_least
        scale = np.sqrt(2.0 / (1.0 + cosine[seen])) / reach
        across = np.column_stack([center[seen] @ u, center[seen] @ np.cross(a, u)]) * scale[:, None]
        place = np.clip((across + 1.0) * last / 2.0, 0.0, last)
        i, j = np.minimum(place.astype(np.int64), last - 1).T
        s, t = place[:, 0] - i, place[:, 1] - j
        low = pattern[j, i] * (1.0 - s) + pattern[j, i + 1] * s
        high = pattern[j + 1, i] * (1.0 - s) + pattern[j + 1, i + 1] * s
        out[seen] += w * np.interp(cosine[seen], node, response) * (low * (1.0 - t) + high * t)
    return out
