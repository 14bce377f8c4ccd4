"""First harmonics, the dipole of a ground array and its exposure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.exposure.ground import ground_exposure
from amsdipole.sky import icrs_to_galactic
from amsdipole.statistics import FirstHarmonic, first_harmonic, ground_dipole

LATITUDE, ZENITH_MAX = np.radians(-35.2), np.radians(80.0)


def sky(declination: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(declination), 0 * declination, np.sin(declination)], axis=1)


def test_a_uniform_circle_has_no_harmonic() -> None:
    assert first_harmonic(np.linspace(0, 2 * np.pi, 360, endpoint=False)).amplitude < 1e-14


@given(phase=st.floats(0.0, 6.28), amplitude=st.floats(0.01, 0.9))
def test_a_weighted_circle_gives_its_harmonic_back(phase: float, amplitude: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    found = first_harmonic(angle, weight=1 + amplitude * np.cos(angle - phase))
    assert found.amplitude == pytest.approx(amplitude, rel=1e-10)
    assert np.cos(found.phase_rad - phase) == pytest.approx(1.0, abs=1e-12)


def test_error_of_an_amplitude_is_that_of_simulated_skies() -> None:
    rng = np.random.default_rng(2)
    spread = np.std([first_harmonic(rng.uniform(0, 2 * np.pi, 500)).a for _ in range(4000)])
    assert spread == pytest.approx(FirstHarmonic(0.0, 0.0, 500.0).sigma, rel=0.05)  # its own error is 1.1 %


def test_chance_probabilities_of_isotropic_skies_are_uniform() -> None:
    rng = np.random.default_rng(3)
    chance = [first_harmonic(rng.uniform(0, 2 * np.pi, 500)).p_value for _ in range(4000)]
    np.testing.assert_allclose(np.quantile(chance, [0.05, 0.5, 0.95]), [0.05, 0.5, 0.95], atol=0.035)


def test_an_isotropic_flux_has_the_mean_sine_of_zenith_stated() -> None:
    cosine = np.sqrt(np.random.default_rng(4).uniform(np.cos(ZENITH_MAX) ** 2, 1.0, 200_000))  # density cos z dcos z
    found = ground_dipole([0.0], [0.0], [0.0], latitude_rad=LATITUDE, zenith_max_rad=ZENITH_MAX).mean_sin_zenith
    assert found == pytest.approx(float(np.mean(np.sqrt(1 - cosine**2))), abs=0.002)  # error 0.0005


def test_ground_array_recovers_an_injected_dipole() -> None:
    rng = np.random.default_rng(5)
    n_event, rho = 400_000, np.array([0.10, -0.05, 0.08])
    cosine = np.sqrt(rng.uniform(np.cos(ZENITH_MAX) ** 2, 1.0, n_event))
    sine, azimuth, sidereal = (
        np.sqrt(1 - cosine**2),
        rng.uniform(0, 2 * np.pi, n_event),
        rng.uniform(0, 2 * np.pi, n_event),
    )
    east, north = sine * np.cos(azimuth), sine * np.sin(azimuth)
    radial = np.cos(LATITUDE) * cosine - np.sin(LATITUDE) * north
    axial = np.sin(LATITUDE) * cosine + np.cos(LATITUDE) * north
    x, y = radial * np.cos(sidereal) - east * np.sin(sidereal), radial * np.sin(sidereal) + east * np.cos(sidereal)
    kept = rng.uniform(0, 1.3, n_event) < 1 + np.stack([x, y, axial], axis=1) @ rho
    found = ground_dipole(
        np.arctan2(y, x)[kept],
        np.arcsin(axial)[kept],
        azimuth[kept],
        latitude_rad=LATITUDE,
        zenith_max_rad=ZENITH_MAX,
    )
    # The monopole is shifted by rho.<n> (5 %), which this first-order method leaves in: hence the 8 %.
    np.testing.assert_allclose(found.rho_equatorial, rho, atol=4 * found.sigma_z + 0.08 * 0.1)


def test_galactic_matrix_is_a_rotation() -> None:
    np.testing.assert_allclose(icrs_to_galactic() @ icrs_to_galactic().T, np.eye(3), atol=2e-10)


def test_galactic_centre_lies_where_the_iau_puts_it() -> None:
    centre = icrs_to_galactic().T @ [1.0, 0.0, 0.0]  # RA 17h45m37.2s, dec -28d56m10s in J2000 (Hipparcos vol. 1)
    ra, dec = np.degrees(np.arctan2(centre[1], centre[0])) % 360, np.degrees(np.arcsin(centre[2]))
    assert (ra, dec) == (pytest.approx(266.405, abs=1e-3), pytest.approx(-28.936, abs=1e-3))


def test_events_without_weight_have_no_harmonic() -> None:
    with pytest.raises(FitError, match="total weight of 0"):
        first_harmonic([1.0], weight=[0.0])


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(RangeError, match=r"weight\[1\] = -1.0 is outside \[0, inf\)"):
        first_harmonic([1.0, 2.0], weight=[1.0, -1.0])


def test_arrays_out_of_step_are_refused() -> None:
    with pytest.raises(ShapeError, match="azimuth_rad"):
        ground_dipole([0.0, 1.0], [0.0, 0.0], [0.0], latitude_rad=LATITUDE, zenith_max_rad=ZENITH_MAX)


def test_degrees_given_as_radians_are_refused() -> None:
    with pytest.raises(RangeError, match=r"declination_rad\[0\] = -35"):
        ground_dipole([0.0], [-35.0], [0.0], latitude_rad=LATITUDE, zenith_max_rad=ZENITH_MAX)


def test_events_at_a_pole_have_no_equatorial_dipole() -> None:
    with pytest.raises(FitError, match="celestial pole"):
        ground_dipole([0.0], [np.pi / 2], [0.0], latitude_rad=LATITUDE, zenith_max_rad=ZENITH_MAX)


def test_exposure_is_the_integral_over_the_hour_angle() -> None:
    declination, hour = np.radians([-85.0, -40.0, 0.0, 30.0, 44.0]), (np.arange(200_000) + 0.5) * np.pi / 200_000
    cosine = np.sin(LATITUDE) * np.sin(declination)[:, None] + np.cos(LATITUDE) * np.cos(declination)[:, None] * np.cos(
        hour
    )
    integral = np.where(cosine > np.cos(ZENITH_MAX), cosine, 0.0).mean(axis=1) * np.pi
    found = ground_exposure(sky(declination), latitude_rad=LATITUDE, zenith_max_rad=ZENITH_MAX)
    np.testing.assert_allclose(found, integral, atol=1e-5)


def test_exposure_ends_where_the_sky_does_not_rise() -> None:
    edge = np.radians(80.0 - 35.2)
    found = ground_exposure(sky(np.array([edge - 1e-3, edge + 1e-3])), latitude_rad=LATITUDE, zenith_max_rad=ZENITH_MAX)
    assert found[0] > 0.0
    assert found[1] == 0.0


@given(latitude=st.floats(-np.pi / 2, np.pi / 2), declination=st.floats(-np.pi / 2, np.pi / 2))
def test_exposure_is_mirrored_with_the_hemisphere(latitude: float, declination: float) -> None:
    north = ground_exposure(sky(np.array([declination])), latitude_rad=latitude, zenith_max_rad=1.0)
    south = ground_exposure(sky(np.array([-declination])), latitude_rad=-latitude, zenith_max_rad=1.0)
    np.testing.assert_array_equal(north, south)


def test_an_array_at_the_pole_sees_its_cap_all_day() -> None:
    found = ground_exposure(sky(np.radians([90.0, 40.0, 20.0])), latitude_rad=np.pi / 2, zenith_max_rad=np.radians(60))
    np.testing.assert_allclose(found, [np.pi, np.pi * np.sin(np.radians(40)), 0.0], atol=1e-12)


def test_a_latitude_in_degrees_is_refused() -> None:
    with pytest.raises(RangeError, match=r"latitude_rad = -35\.2"):
        ground_exposure(sky(np.array([0.0])), latitude_rad=-35.2, zenith_max_rad=ZENITH_MAX)
