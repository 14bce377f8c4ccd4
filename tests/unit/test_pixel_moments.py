"""Means of harmonics over a sky that is known by the sums over its pixels."""

import numpy as np
import pytest

from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.sky import mean_harmonics, pixel_centers, real_harmonics, summed_pixels, vector_to_pixel

FINE = 256  # its own pixels matter by (16 / 256)^2 of what is corrected at 16


def sky(seed: int) -> np.ndarray:
    """Return a flux with structure up to l = 8."""
    coefficient = np.random.default_rng(seed).normal(size=81) * 0.05
    return np.asarray(1.0 + real_harmonics(pixel_centers(FINE), 8)[:, 1:] @ coefficient[1:])


@pytest.mark.parametrize("nside", [4, 16])
def test_the_means_are_those_of_the_sky_and_not_of_pixel_centres(nside):
    flux = sky(nside)
    wanted = flux @ real_harmonics(pixel_centers(FINE), 4) / flux.sum()
    coarse = summed_pixels(flux, nside)
    naive = coarse @ real_harmonics(pixel_centers(nside), 4) / coarse.sum()
    left, before = np.abs(mean_harmonics(coarse, 4) - wanted).max(), np.abs(naive - wanted).max()
    # The fine grid's own pixels leave (nside / 256)^2 of the error, degrees above 4 some of it.
    assert left < 0.15 * before


def test_the_dipole_of_a_flux_that_is_a_dipole_is_found():
    direction = np.array([0.6, 0.0, 0.8])
    coarse = summed_pixels(1.0 + 0.5 * pixel_centers(512) @ direction, 4)
    found = mean_harmonics(coarse, 1)[[3, 1, 2]] / np.sqrt(3.0 / (4.0 * np.pi))
    # 1/3 of the amplitude; pixels of nside 4 alone would be off by 4e-3 of it, the fine grid is by 3e-7.
    np.testing.assert_allclose(found, 0.5 / 3.0 * direction, atol=2e-5)


def test_pixels_are_summed_into_those_that_hold_them():
    value = np.random.default_rng(3).random(12 * 64**2)
    found = summed_pixels(value, 8)
    wanted = np.zeros(768)
    np.add.at(wanted, vector_to_pixel(pixel_centers(64), 8), value)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    np.testing.assert_array_equal(np.bincount(vector_to_pixel(pixel_centers(64), 8)), 64)
    np.testing.assert_array_equal(summed_pixels(value, 64), value)


def test_what_is_no_map_is_refused():
    with pytest.raises(ShapeError, match="13 pixels"):
        mean_harmonics(np.ones(13), 1)
    with pytest.raises(ShapeError, match="48 pixels"):
        summed_pixels(np.ones(48), 4)
    with pytest.raises(RangeError, match="l_max"):
        mean_harmonics(np.ones(12), 5)
    with pytest.raises(FitError, match="sum of the map"):
        mean_harmonics(np.zeros(12), 1)
