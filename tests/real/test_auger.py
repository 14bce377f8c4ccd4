"""The dipole of 8 EeV cosmic rays from the public events of the Pierre Auger Observatory.

Pierre Auger Collaboration 2017, Science 357, 1266, https://doi.org/10.1126/science.aan4338. Published there: first
harmonic 4.7 (+0.8 -0.7) %, phase 100 +- 10 deg, P = 2.6e-8; d = 6.5 (+1.3 -0.9) %, dec = -24 (+12 -13) deg,
(l, b) = (233, -13) deg.
The other numbers were recomputed from the file by an independent calculation and stand in the README beside it.
"""

from pathlib import Path

import numpy as np
import pytest

from amsdipole.exposure.ground import ground_exposure
from amsdipole.sky import icrs_to_galactic
from amsdipole.statistics import DipoleFit, GroundDipole, Weighting, fit_dipole, ground_dipole

LATITUDE_RAD, ZENITH_MAX_RAD = float(np.radians(-35.2)), float(np.radians(80.0))
SUBDIVIDE = 4  # each pixel's exposure is the mean over 4 x 4 smaller ones


@pytest.fixture(scope="module")
def events(shared: Path) -> np.ndarray:
    path = shared / "auger2017_8EeV" / "Arrival_directions_8EeV_Science_2017.dat"
    if not path.is_file():
        pytest.skip(f"the Auger events are absent: {path}")
    return np.loadtxt(path)


@pytest.fixture(scope="module")
def rayleigh(events: np.ndarray) -> GroundDipole:
    declination, right_ascension, azimuth = np.radians(events[:, 2:5]).T
    return ground_dipole(
        right_ascension,
        declination,
        azimuth,
        latitude_rad=LATITUDE_RAD,
        zenith_max_rad=ZENITH_MAX_RAD,
        weight=events[:, 5],
    )


def sky_fit(events: np.ndarray, nside: int, weighting: Weighting = "signal") -> DipoleFit:
    """Fit the galactic map. The weights correct the exposure: they estimate the signal and are no purities."""
    healpy = pytest.importorskip("healpy")
    declination, right_ascension = np.radians(events[:, 2:4]).T
    weight = events[:, 5]
    radial = np.cos(declination)
    equatorial = np.stack([radial * np.cos(right_ascension), radial * np.sin(right_ascension), np.sin(declination)])
    npix = 12 * nside**2
    pixel = healpy.vec2pix(nside, *(icrs_to_galactic() @ equatorial))
    fine = np.array(healpy.pix2vec(nside * SUBDIVIDE, np.arange(npix * SUBDIVIDE**2), nest=True)).T
    exposure = ground_exposure(fine @ icrs_to_galactic(), latitude_rad=LATITUDE_RAD, zenith_max_rad=ZENITH_MAX_RAD)
    reference = exposure.reshape(npix, SUBDIVIDE**2).mean(axis=1)[healpy.ring2nest(nside, np.arange(npix))]
    return fit_dipole(
        np.bincount(pixel, weight, npix),
        reference,
        np.array(healpy.pix2vec(nside, np.arange(npix))).T,
        sum_weight2=np.bincount(pixel, weight**2, npix),
        weighting=weighting,
    )


@pytest.fixture(scope="module")
def likelihood(events: np.ndarray) -> DipoleFit:
    return sky_fit(events, 64)


def test_all_events_are_read(events: np.ndarray) -> None:
    assert len(events) == 32_187


def test_first_harmonic_in_right_ascension_is_as_published(rayleigh: GroundDipole) -> None:
    assert round(100 * rayleigh.right_ascension.amplitude, 1) == 4.7


def test_phase_is_as_published(rayleigh: GroundDipole) -> None:
    assert round(float(np.degrees(rayleigh.right_ascension.phase_rad))) == 100


def test_chance_probability_is_as_published(rayleigh: GroundDipole) -> None:
    assert rayleigh.right_ascension.p_value == pytest.approx(2.58e-8, rel=2e-3)  # published as 2.6e-8


def test_harmonic_amplitudes_are_those_recomputed(rayleigh: GroundDipole) -> None:
    harmonic = rayleigh.right_ascension
    found = (harmonic.a, harmonic.b, harmonic.amplitude, rayleigh.azimuth.b)
    np.testing.assert_allclose(found, (-0.0084, 0.0458, 0.0466, -0.0140), atol=5.1e-5)


def test_phase_is_that_recomputed(rayleigh: GroundDipole) -> None:
    assert np.degrees(rayleigh.right_ascension.phase_rad) == pytest.approx(100.3, abs=0.05)


def test_dipole_components_are_those_recomputed(rayleigh: GroundDipole) -> None:
    found = (rayleigh.delta_perp, rayleigh.delta_z, rayleigh.delta)
    np.testing.assert_allclose(found, (0.0596, -0.0260, 0.0650), atol=5.1e-5)


def test_dipole_points_where_it_was_published_to(rayleigh: GroundDipole) -> None:
    assert (round(rayleigh.declination_deg), round(rayleigh.glon_deg), round(rayleigh.glat_deg)) == (-24, 233, -13)


def test_dipole_points_where_it_was_recomputed_to(rayleigh: GroundDipole) -> None:
    np.testing.assert_allclose((rayleigh.glon_deg, rayleigh.glat_deg), (233.2, -12.6), atol=0.05)


def test_errors_of_the_components_are_as_published(rayleigh: GroundDipole) -> None:
    # d_perp = 0.060 (+0.011 -0.010) and d_z = -0.026 +- 0.015 in Auger 2017, table 2
    assert (round(rayleigh.sigma_perp, 3), round(rayleigh.sigma_z, 3)) == (0.010, 0.015)


@pytest.mark.parametrize("nside", [8, 16, 32, 64, 128])
def test_likelihood_components_hold_from_nside_8_on(nside: int, events: np.ndarray) -> None:
    fit = sky_fit(events, nside)
    np.testing.assert_allclose((fit.rho_fb, fit.rho_ew, fit.rho_ns), (-0.0312, -0.0588, -0.0213), atol=1e-3)


@pytest.mark.parametrize("nside", [16, 32, 64, 128])
def test_likelihood_components_hold_closely_from_nside_16_on(nside: int, events: np.ndarray) -> None:
    np.testing.assert_allclose(sky_fit(events, nside).rho, (-0.0312, -0.0588, -0.0213), atol=3e-4)


def test_likelihood_amplitude_is_that_recomputed(likelihood: DipoleFit) -> None:
    assert likelihood.delta_m == pytest.approx(0.070, abs=5e-4)


def test_likelihood_direction_is_that_recomputed(likelihood: DipoleFit) -> None:
    glon = np.degrees(np.arctan2(likelihood.rho_ew, likelihood.rho_fb)) % 360
    glat = np.degrees(np.arcsin(likelihood.rho_ns / likelihood.delta_m))
    np.testing.assert_allclose((glon, glat), (242, -18), atol=0.6)


def test_likelihood_errors_are_those_recomputed(likelihood: DipoleFit) -> None:
    turned = icrs_to_galactic().T @ likelihood.covariance @ icrs_to_galactic()
    np.testing.assert_allclose(np.sqrt(np.diag(turned)), (0.010, 0.010, 0.014), atol=5e-4)  # along the axis: the last


def test_two_routes_agree_within_their_errors(rayleigh: GroundDipole, likelihood: DipoleFit) -> None:
    difference = likelihood.rho - rayleigh.rho_galactic
    assert difference @ np.linalg.solve(likelihood.covariance, difference) < 3.0  # fully correlated data: below dof


def test_weights_this_near_to_one_give_the_same_under_either_reading(events: np.ndarray, likelihood: DipoleFit) -> None:
    # sum w**2 / sum w = 1.00003, so that taking the corrections for purities changes 3e-5 of the dipole.
    np.testing.assert_allclose(sky_fit(events, 64, "purity").rho, likelihood.rho, rtol=1e-4)


def test_map_is_fitted_well(likelihood: DipoleFit) -> None:
    assert abs(likelihood.pearson_chi2 - likelihood.pearson_dof) < 3 * likelihood.pearson_sigma
