"""The eccentric dipole against the golden values of the method, section 2.3, and in time."""

import numpy as np
import pytest

from amsdipole.errors import RangeError
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipole, eccentric_dipole, eccentric_dipole_knots
from amsdipole.geomagnetism.igrf import GaussCoefficients, decimal_year, igrf14

DEGREE = np.array([1, 1, 1, 2, 2, 2, 2, 2])
ORDER = np.array([0, 1, -1, 0, 1, -1, 2, -2])
# IGRF-13, as printed in the method, section 2.3: g10, g11, h11, g20, g21, h21, g22, h22 [nT].
IGRF13 = GaussCoefficients(
    epoch=np.array([2005.0, 2010.0, 2015.0, 2020.0, 2025.0]),
    degree=DEGREE,
    order=ORDER,
    value_nt=np.array(
        [
            [-29554.63, -1669.05, 5077.99, -2337.24, 3047.69, -2594.50, 1657.76, -515.43],
            [-29496.57, -1586.42, 4944.26, -2396.06, 3026.34, -2708.54, 1668.17, -575.73],
            [-29441.46, -1501.77, 4795.99, -2445.88, 3012.20, -2845.41, 1676.35, -642.17],
            [-29404.8, -1450.9, 4652.5, -2499.6, 2982.0, -2991.6, 1677.0, -734.6],
            [-29376.3, -1413.9, 4523.0, -2554.6, 2947.0, -3142.6, 1666.5, -846.6],
        ]
    ),
    model="IGRF 13",
    sha256="",
)
# Method, section 2.3 (recomputed there): year, constant [GV], pole latitude and longitude [deg], centre x, y, z [km].
GOLDEN = [
    (2005.0, 57.37, 79.75, -71.81, -400.8, 317.1, 208.4),
    (2010.0, 57.21, 80.02, -72.21, -400.0, 333.1, 215.4),
    (2015.0, 57.05, 80.31, -72.61, -399.9, 351.8, 221.4),
    (2020.0, 56.93, 80.59, -72.68, -398.3, 371.8, 227.5),
    (2025.0, 56.84, 80.84, -72.64, -396.4, 392.6, 233.6),
]
FIELD = igrf14()
START_1900, START_2030 = -2208988800.0, 1893456000.0  # new year, date -u +%s


def coordinates(dipole: EccentricDipole, lat_deg: float, lon_deg: float, altitude_km: float) -> tuple[float, float]:
    """Latitude [deg] and distance [Earth radii] of a geocentric place in the frame of the dipole."""
    lat, lon = np.radians([lat_deg, lon_deg])
    place = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]) * (6371.2 + altitude_km)
    offset = place - dipole.center_km
    distance = float(np.linalg.norm(offset))
    return float(np.degrees(np.arcsin(offset @ dipole.pole / distance))), distance / 6371.2


@pytest.mark.parametrize("golden", GOLDEN)
def test_the_constant_is_the_golden_one(golden: tuple[float, ...]) -> None:
    assert eccentric_dipole(IGRF13, golden[0]).k_gv == pytest.approx(golden[1], abs=0.0051)  # two digits are printed


@pytest.mark.parametrize("golden", GOLDEN)
def test_the_pole_is_the_golden_one(golden: tuple[float, ...]) -> None:
    x, y, z = eccentric_dipole(IGRF13, golden[0]).pole
    assert np.degrees(np.arcsin(z)) == pytest.approx(golden[2], abs=0.0051)
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(golden[3], abs=0.0051)


@pytest.mark.parametrize("golden", GOLDEN)
def test_the_centre_is_the_golden_one(golden: tuple[float, ...]) -> None:
    np.testing.assert_allclose(eccentric_dipole(IGRF13, golden[0]).center_km, golden[4:], atol=0.051)


@pytest.mark.parametrize(
    ("place", "lat_deg", "distance"),
    # Method, section 2.3, golden cutoffs of 2015.0 (recomputed there).
    [
        ((0, 0, 400), 1.586, 1.1274),
        ((0, 100, 400), -11.518, 0.9995),
        ((10, 100, 0), -0.947, 0.9314),
        ((51.6, 0, 400), 50.496, 1.0783),
        ((-30, -50, 400), -20.484, 1.1519),
        ((-51.6, 120, 400), -65.656, 1.0445),
    ],
)
def test_places_have_the_golden_dipole_coordinates(
    place: tuple[float, float, float], lat_deg: float, distance: float
) -> None:
    found = coordinates(eccentric_dipole(IGRF13, 2015.0), *place)
    assert found == (pytest.approx(lat_deg, abs=0.00051), pytest.approx(distance, abs=0.000051))


@pytest.mark.parametrize("year", [2005.0, 2010.0, 2015.0])
def test_the_fourteenth_generation_has_the_dipole_of_the_thirteenth_until_2015(year: float) -> None:
    new, old = eccentric_dipole(FIELD, year), eccentric_dipole(IGRF13, year)
    assert new.k_gv == pytest.approx(old.k_gv, rel=1e-12)
    np.testing.assert_allclose(new.center_km, old.center_km, rtol=1e-9)


def test_the_pole_is_a_unit_vector_in_the_north() -> None:
    pole = eccentric_dipole(FIELD, 2020.3).pole
    assert np.linalg.norm(pole) == pytest.approx(1.0, abs=1e-15)
    assert pole[2] > 0.9


def test_a_pure_dipole_on_the_axis_is_centred() -> None:
    value = np.zeros((2, 8))
    value[:, 0] = -30000.0
    dipole = eccentric_dipole(GaussCoefficients(np.array([0.0, 1.0]), DEGREE, ORDER, value, "axial", ""), 0.5)
    np.testing.assert_array_equal(dipole.center_km, 0.0)
    np.testing.assert_array_equal(dipole.pole, [0.0, 0.0, 1.0])


def test_a_dipole_moved_along_its_axis_is_found_where_it_is() -> None:
    # A dipole g10 moved by d along z has g20 = 2 g10 d / R to first order, by the expansion of its potential.
    value = np.zeros((2, 8))
    value[:, 0] = -30000.0
    value[:, 3] = 2.0 * -30000.0 * 0.01
    dipole = eccentric_dipole(GaussCoefficients(np.array([0.0, 1.0]), DEGREE, ORDER, value, "moved", ""), 0.5)
    np.testing.assert_allclose(dipole.center_km, [0.0, 0.0, 63.712], rtol=1e-12, atol=1e-12)


def test_a_field_without_a_dipole_is_refused() -> None:
    field = GaussCoefficients(np.array([0.0, 1.0]), DEGREE, ORDER, np.zeros((2, 8)), "none", "")
    with pytest.raises(RangeError, match="none has no dipole"):
        eccentric_dipole(field, 0.5)


def test_a_field_without_degree_two_is_refused() -> None:
    field = GaussCoefficients(np.array([0.0, 1.0]), DEGREE[:3], ORDER[:3], np.ones((2, 3)), "short", "")
    with pytest.raises(RangeError, match="degree = 2, order = 0 is not among the coefficients of short"):
        eccentric_dipole(field, 0.5)


def test_knots_are_the_new_years_around_the_interval() -> None:
    knots = eccentric_dipole_knots(FIELD, 1305763200.0, 1577836801.0)  # 2011-05-19 to a second after new year 2020
    np.testing.assert_array_equal(decimal_year(knots.time_s), np.arange(2011.0, 2022.0))


def test_knots_do_not_depend_on_the_interval() -> None:
    whole = eccentric_dipole_knots(FIELD, START_1900, START_2030)
    part = eccentric_dipole_knots(FIELD, 1.35e9, 1.36e9)
    rows = np.searchsorted(whole.time_s, part.time_s)
    for name in ("time_s", "k_gv", "center_km", "pole"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows])


@pytest.mark.parametrize("time", [START_1900, 1.4e9, 1577836800.0, START_2030])
def test_a_single_time_has_a_knot_on_each_side(time: float) -> None:
    knots = eccentric_dipole_knots(FIELD, time, time)
    assert knots.time_s[0] <= time <= knots.time_s[-1]
    assert len(knots.time_s) == 2


def test_linear_interpolation_is_as_good_as_it_is_said_to_be() -> None:
    knots = eccentric_dipole_knots(FIELD, START_1900, START_2030)
    time = np.linspace(START_1900, START_2030, 2600)
    exact = [eccentric_dipole(FIELD, float(year)) for year in decimal_year(time)]

    def linear(values):
        return np.array([np.interp(time, knots.time_s, column) for column in np.atleast_2d(values.T)]).T

    assert np.abs(linear(knots.k_gv)[:, 0] - [one.k_gv for one in exact]).max() < 1e-5
    assert np.abs(linear(knots.center_km) - [one.center_km for one in exact]).max() < 1e-3
    assert np.abs(linear(knots.pole) - [one.pole for one in exact]).max() < 2e-7
    assert np.abs(np.linalg.norm(linear(knots.pole), axis=1) - 1.0).max() < 1e-6


@pytest.mark.parametrize(
    ("start", "stop", "said"),
    [
        (START_1900 - 1.0, 0.0, "start_s"),
        (0.0, START_2030 + 1.0, "stop_s"),
        (np.nan, 0.0, "start_s = nan"),
        (0.0, np.inf, "stop_s = inf"),
        (1.0, 0.0, "start_s = 1.0 is above stop_s = 0.0"),
    ],
)
def test_an_interval_outside_the_field_is_refused(start: float, stop: float, said: str) -> None:
    with pytest.raises(RangeError, match=said):
        eccentric_dipole_knots(FIELD, start, stop)
