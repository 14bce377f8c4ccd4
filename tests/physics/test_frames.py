"""The chain from the detector to the galaxy: an AMS run, astropy and erfa."""

import warnings

import astropy.units as u
import erfa
import numpy as np
import pytest
from astropy.coordinates import GCRS, ICRS, ITRS, TEME, CartesianRepresentation, EarthLocation, Galactic
from astropy.time import Time
from astropy.utils import iers
from numpy.typing import NDArray

from amsdipole.orbit import ams_mounting, detector_attitude
from amsdipole.sky import (
    FrameKnots,
    attitude_in_frame,
    earth_fixed_to_teme,
    galactic_to_icrs,
    geodetic,
    icrs_to_galactic,
    teme_to_earth_fixed,
    teme_to_galactic,
    teme_to_gcrs,
    vector_in_frame,
)

Floats = NDArray[np.float64]

ARCSEC = np.degrees(1.0) * 3600.0
START_2011_S, STOP_2031_S = 1293840000.0, 1924992000.0  # new year, date -u +%s

# A real AMS run: method, section 3.2, from Aachen's coordinates.py. Row 4 was taken at a slightly different position.
RUN_TIME_S = 1437869812.0
RUN_ANGLE_RAD = (-0.0707434, -0.0324442, 0.0148007)
RUN_VELOCITY_KM_S = (4.53558, -1.44619, 6.01593)
RUN_POSITION_KM = (-2211.35, -6407.54, 120.215)
GOLDEN = [
    (RUN_POSITION_KM, (-0.386768, -0.463778, 0.797070), 46.9148, 10.3666),
    (RUN_POSITION_KM, (-0.671738, 0.00632774, 0.740762), 17.3114, -2.31388),
    (RUN_POSITION_KM, (-0.233405, -0.643377, 0.729100), 60.8875, 13.9448),
    ((-2211.25, -6407.57, 120.335), (0.240717, -0.687376, 0.685251), 80.8720, 34.9455),
]


def angle_between(a: Floats, b: Floats) -> Floats:
    """Angle between vectors [rad], good to rounding where they are close."""
    apart = np.linalg.norm(np.cross(a, b), axis=-1)
    return np.asarray(np.arctan2(apart, (a * b).sum(axis=-1)))


def golden_error_deg(row: tuple[tuple[float, ...], tuple[float, ...], float, float]) -> float:
    """Distance of one golden direction from what the package makes of it [deg]."""
    position, direction, glon, glat = row
    rotation, rate = detector_attitude([position], [RUN_VELOCITY_KM_S], [RUN_ANGLE_RAD], mounting=ams_mounting())
    rotation, _ = attitude_in_frame([RUN_TIME_S], rotation, rate, teme_to_galactic(RUN_TIME_S, RUN_TIME_S))
    lon, lat = np.radians([glon, glat])
    wanted = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return float(np.degrees(angle_between(rotation[0] @ direction, wanted)))


def inertial_errors_arcsec(n: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Times [s] in 2011 to 2030 and the distances from astropy [arcsec], TEME to GCRS and TEME to galactic.

    astropy turns TEME to earth-fixed and on to GCRS with its own UT1 and pole, from tables on disk. Positions are
    compared, as Cartesian vectors from the Earth's centre: these are turned and nothing else. A step from GCRS to ICRS
    would take aberration out of a direction, 20 arcsec that amsdipole leaves in on purpose, and move the origin to
    the Sun; so the GCRS vector is renamed ICRS, whose axes are the same, before astropy's turn to galactic axes.
    """
    time_s = rng.uniform(START_2011_S, STOP_2031_S, n)
    vector = rng.normal(size=(n, 3))
    vector *= 6780.0 / np.linalg.norm(vector, axis=1, keepdims=True)
    ours_gcrs = vector_in_frame(time_s, vector, teme_to_gcrs(START_2011_S, STOP_2031_S))
    ours_galactic = vector_in_frame(time_s, vector, teme_to_galactic(START_2011_S, STOP_2031_S))
    with (
        iers.conf.set_temp("auto_download", False),
        iers.conf.set_temp("auto_max_age", None),
        iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
        warnings.catch_warnings(),
    ):
        # Years beyond the table of leap seconds are "dubious"; UT1 beyond the tables of IERS is extrapolated.
        warnings.simplefilter("ignore")
        when = Time(time_s, format="unix", scale="utc")
        teme = TEME(CartesianRepresentation(vector.T * u.km), obstime=when)
        gcrs = teme.transform_to(ITRS(obstime=when)).transform_to(GCRS(obstime=when)).cartesian
    galactic = ICRS(gcrs).transform_to(Galactic()).cartesian
    return (
        time_s,
        angle_between(ours_gcrs, gcrs.xyz.to_value(u.km).T) * ARCSEC,
        angle_between(ours_galactic, galactic.xyz.to_value(u.km).T) * ARCSEC,
    )


@pytest.mark.parametrize("row", GOLDEN)
def test_directions_of_an_ams_run_are_the_golden_ones(row):
    assert golden_error_deg(row) < 0.01  # the tolerance that the method suggests; astropy itself reaches 0.004


def test_the_golden_directions_feel_a_wrong_roll():
    position, direction, glon, glat = GOLDEN[0]
    mirrored = ams_mounting() * np.array([[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]])  # leaning to starboard
    rotation, rate = detector_attitude([position], [RUN_VELOCITY_KM_S], [RUN_ANGLE_RAD], mounting=mirrored)
    rotation, _ = attitude_in_frame([RUN_TIME_S], rotation, rate, teme_to_galactic(RUN_TIME_S, RUN_TIME_S))
    lon, lat = np.radians([glon, glat])
    wanted = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    assert np.degrees(angle_between(rotation[0] @ direction, wanted)) > 10.0


def test_the_inertial_frame_agrees_with_astropy_from_2011_to_2030():
    _, gcrs, galactic = inertial_errors_arcsec(2000, np.random.default_rng(1))
    assert gcrs.max() < 0.002  # 0.0004 between knots, 1e-4 from UT1 = UTC, times rounded to 2e-7 s in both
    # What the issue asks for; the Hipparcos matrix and astropy's, which goes by FK5, differ by 0.03 arcsec.
    assert galactic.max() < 0.05


def test_reading_between_knots_costs_less_than_a_thousandth_of_an_arcsec():
    rng = np.random.default_rng(2)
    time_s = rng.uniform(START_2011_S, STOP_2031_S, 500)
    vector = rng.normal(size=(500, 3))
    found = vector_in_frame(time_s, vector, teme_to_gcrs(START_2011_S, STOP_2031_S))
    day, fraction = np.divmod(time_s, 86400.0)
    jd, fraction = 2440587.5 + day, fraction / 86400.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # years beyond the table of leap seconds
        tai = erfa.utctai(jd, fraction)
    to_celestial = erfa.c2i06a(tai[0], tai[1] + 32.184 / 86400.0)
    turn = erfa.gmst82(jd, fraction) - erfa.era00(jd, fraction)
    x, y, z = vector.T
    turned = np.stack([np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x, z], axis=1)
    wanted = np.einsum("nji,nj->ni", to_celestial, turned)
    assert (angle_between(found, wanted) * ARCSEC).max() < 0.001  # 0.0004 is what frames.py states


def test_sidereal_time_is_that_of_erfa():
    time_s = np.random.default_rng(3).uniform(-3e8, 4e9, 1000)
    x, y, _ = teme_to_earth_fixed(time_s, np.tile([[1.0, 0.0, 0.0]], (1000, 1))).T
    day, second = np.divmod(time_s, 86400.0)
    wanted = erfa.gmst82(2440587.5 + day, second / 86400.0)
    gap = (np.arctan2(-y, x) - wanted + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(gap).max() < 3e-11  # erfa sums days from J2000, kept to 4e-12 d: 2e-11 rad at 6.28 a day


def test_earth_fixed_axes_are_left_as_they_were_entered():
    rng = np.random.default_rng(4)
    time_s, vector = rng.uniform(1.3e9, 1.9e9, 100), rng.normal(size=(100, 3))
    back = earth_fixed_to_teme(time_s, teme_to_earth_fixed(time_s, vector))
    np.testing.assert_allclose(back, vector, rtol=0, atol=4e-15)  # some roundings of 4


def test_the_galactic_matrix_is_a_rotation_to_its_ten_digits():
    matrix = icrs_to_galactic()
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=3e-10)  # printed to ten digits
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=3e-10)
    np.testing.assert_array_equal(galactic_to_icrs(), matrix.T)


def test_the_galactic_matrix_is_that_of_erfa():
    # erfa.icrs2g holds the Hipparcos rotation in full digits; ours has the ten that are printed.
    rng = np.random.default_rng(5)
    ra, dec = rng.uniform(0, 2 * np.pi, 200), np.arcsin(rng.uniform(-1, 1, 200))
    lon, lat = erfa.icrs2g(ra, dec)
    equatorial, galactic = erfa.s2c(ra, dec), erfa.s2c(lon, lat)
    assert (angle_between(equatorial @ icrs_to_galactic().T, galactic) * ARCSEC).max() < 1e-4  # 3e-10 rad


def test_geodetic_coordinates_are_those_of_astropy():
    rng = np.random.default_rng(6)
    direction = rng.normal(size=(1000, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    position = direction * rng.uniform(6360.0, 8370.0, (1000, 1))
    place = EarthLocation.from_geocentric(*(position.T * u.km)).to_geodetic("WGS84")
    lon, lat, altitude = geodetic(position).T
    gap = (lon - place.lon.to_value(u.deg) + 180.0) % 360.0 - 180.0
    assert np.abs(gap).max() < 1e-10
    # Accuracy that `geodetic` states.
    assert np.abs(lat - place.lat.to_value(u.deg)).max() < 1e-9
    assert np.abs(altitude - place.height.to_value(u.km)).max() < 1e-7


@pytest.mark.parametrize(("start", "stop"), [(0.0, 1.0), (21600.0, 43200.0), (-5.0, 1e6), (86399.0, 86401.0)])
def test_knots_do_not_depend_on_the_span(start, stop):
    wide, narrow = teme_to_gcrs(-1e7, 1e7), teme_to_gcrs(start, stop)
    assert narrow.time_s[0] <= start
    assert narrow.time_s[-1] >= stop
    at = np.searchsorted(wide.time_s, narrow.time_s)
    np.testing.assert_array_equal(wide.time_s[at], narrow.time_s)
    np.testing.assert_array_equal(wide.matrix[at], narrow.matrix)


def test_directions_do_not_depend_on_the_span_of_the_knots():
    rng = np.random.default_rng(7)
    time_s, vector = rng.uniform(1.4e9, 1.4e9 + 3e4, 50), rng.normal(size=(50, 3))
    narrow = vector_in_frame(time_s, vector, teme_to_galactic(1.4e9, 1.4e9 + 3e4))
    wide = vector_in_frame(time_s, vector, teme_to_galactic(1.3e9, 1.5e9))
    np.testing.assert_array_equal(narrow, wide)


def test_a_time_outside_the_knots_is_refused_by_place_and_range():
    knots = FrameKnots(np.array([0.0, 10.0]), np.array([np.eye(3), np.eye(3)]))
    with pytest.raises(ValueError, match=r"time_s\[1\] = 10\.5 is outside \[0, 10\]"):
        vector_in_frame([5.0, 10.5], np.ones((2, 3)), knots)


@pytest.mark.parametrize("value", [np.nan, np.inf, -4e8, 5e9])
def test_a_span_outside_the_years_1960_to_2100_is_refused(value):
    with pytest.raises(ValueError, match=r"start_s = .* is outside \[-315619200\.0, 4102444800\.0\]"):
        teme_to_gcrs(value, 5e9)
