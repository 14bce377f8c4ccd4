"""Twin of `livetime.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    Floats,
    all_good,
    all_unit,
    all_within,
    at_least,
    check_nside,
    check_sum,
    rising,
    same_length,
    within,
)
from amsdipole._oracle.healpix import pixel_to_vector
from amsdipole._oracle.roll_livetime import all_square, sector_of


def livetime_cube(
    axis: Floats, side: Floats, units: NDArray[np.int64], nside: int, cos_edge: Floats, n_azimuth: int
) -> NDArray[np.int64]:
    check_nside(nside)
    within("n_class", units.shape[1], 1, 255)
    within("n_azimuth", n_azimuth, 1, 255)
    same_length("side", len(side), len(axis) if n_azimuth > 1 else 0)
    same_length("units", len(units), len(axis))
    all_unit("axis", axis)
    all_unit("side", side)
    if n_azimuth > 1:
        all_square(axis, side)
    at_least("cos_edge", len(cos_edge), 2)
    all_within("cos_edge", cos_edge, -1.0, 1.0)
    rising("cos_edge", cos_edge)
    flat = units.ravel()
    all_good("units", flat, flat >= 0, "negative")
    check_sum("units", [int(u) for u in flat])
    npix, n_zenith = 12 * nside**2, len(cos_edge) - 1
    center = pixel_to_vector(np.arange(npix), nside)
    cube = np.zeros((npix, n_zenith, n_azimuth, units.shape[1]), dtype=np.int64)
    for i, (a, u) in enumerate(zip(axis, units, strict=True)):
        cosine = a[0] * center[:, 0] + a[1] * center[:, 1] + a[2] * center[:, 2]
        if cos_edge[-1] >= 1.0:
            cosine = np.minimum(cosine, 1.0)
        zenith = np.searchsorted(cos_edge, cosine, side="right") - 1
        zenith[cosine == cos_edge[-1]] = n_zenith - 1
        seen = (zenith >= 0) & (zenith < n_zenith)
        sector = np.zeros(npix, dtype=np.int64)
        if n_azimuth > 1:
            sector = sector_of(center @ side[i], center @ np.cross(a, side[i]), n_azimuth)
        cube[np.nonzero(seen)[0], zenith[seen], sector[seen]] += u
    return cube
