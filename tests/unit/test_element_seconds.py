import numpy as np
import pytest

from amsdipole.errors import DataError, RangeError
from amsdipole.orbit import (
    SAA_LATITUDE_DEG,
    SAA_LONGITUDE_DEG,
    ElementSeconds,
    builtin_iss_elements,
    inside_polygon,
    interpolated_states,
    state_knots,
)
from amsdipole.orbit.seconds import BLOCK
from amsdipole.sky import geodetic, teme_to_earth_fixed

ISS = builtin_iss_elements()
START_S = 1_437_869_812.0
COLUMNS = ("time_s", "livetime_fraction", "position_km", "velocity_km_s", "angle_rad")


def mission(length_s: float = 86_400.0, **choices: float) -> ElementSeconds:
    return ElementSeconds(ISS, START_S, START_S + length_s, **choices)


def test_rows_start_a_step_apart_from_the_start():
    rows = next(mission(600.0, step_s=5.0).blocks())
    np.testing.assert_array_equal(rows.time_s, START_S + 5.0 * np.arange(120))


def test_a_span_that_is_no_whole_number_of_rows_ends_early():
    assert mission(100.0, step_s=60.0).n_row == 1
    assert mission(120.0, step_s=60.0).n_row == 2


def test_a_span_of_tenths_keeps_its_last_row():
    assert mission(0.3, step_s=0.1).n_row == 3  # 0.3 / 0.1 is below 3 in doubles


def test_positions_are_those_of_sgp4():
    # Hermite polynomials between knots a minute apart err by 0.37 m; knots a second apart are SGP4's own numbers.
    rows = next(mission(600.0).blocks())
    exact = state_knots(ISS, START_S, START_S + 599.0, step_s=1.0)
    position, velocity = interpolated_states(exact, rows.time_s)
    assert np.linalg.norm(rows.position_km - position, axis=1).max() < 1e-3
    assert np.linalg.norm(rows.velocity_km_s - velocity, axis=1).max() < 1e-4


def test_blocks_and_covering_give_the_same_rows():
    source = mission(3 * BLOCK / 2.0)
    blocks = list(source.blocks())
    found = source.covering(START_S + np.arange(source.n_row) + 0.5)
    for name in COLUMNS:
        together = np.concatenate([getattr(block, name) for block in blocks])
        np.testing.assert_array_equal(getattr(found, name), together, err_msg=name)


def test_covering_few_times_gives_the_same_rows_as_blocks():
    source = mission()
    whole = next(source.blocks())
    time_s = START_S + np.random.default_rng(1).uniform(0.0, 86_400.0, 30)
    found = source.covering(time_s)
    assert len(found) <= 30
    at = np.searchsorted(whole.time_s, found.time_s)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[at], err_msg=name)


def test_rows_do_not_depend_on_the_span_of_the_mission():
    inside = ElementSeconds(ISS, START_S + 3000.0, START_S + 4000.0)
    whole, part = next(mission().blocks()), next(inside.blocks())
    for name in COLUMNS:
        # The share of a minute that has passed since a knot is counted from the first knot: some roundings of 7000 km.
        np.testing.assert_allclose(
            getattr(part, name), getattr(whole, name)[3000:4000], rtol=0, atol=2e-11, err_msg=name
        )


@pytest.mark.parametrize("step_s", [1.0, 0.1, 0.7, 60.0])
def test_a_row_holds_its_start_and_not_its_end(step_s):
    source = mission(600.0, step_s=step_s)
    start = START_S + np.arange(source.n_row) * step_s
    rows = source.covering(start)
    np.testing.assert_array_equal(rows.time_s, start)
    with pytest.raises(DataError, match="lies in no second"):
        source.covering(np.array([source.stop_s]))


def test_the_station_is_live_outside_the_south_atlantic_only():
    rows = next(mission(livetime_fraction=0.9).blocks())
    lon, lat, _ = geodetic(teme_to_earth_fixed(rows.time_s, rows.position_km)).T
    inside = inside_polygon(lon, lat, corner_longitude_deg=SAA_LONGITUDE_DEG, corner_latitude_deg=SAA_LATITUDE_DEG)
    np.testing.assert_array_equal(rows.livetime_fraction, np.where(inside, 0.0, 0.9))
    # The polygon takes up some 9 % of an orbit of 51.6 deg: area on the sphere weighted by time at each latitude.
    assert 0.05 < inside.mean() < 0.15


def test_the_orbit_is_that_of_the_station():
    rows = next(mission().blocks())
    lon_lat_altitude = geodetic(teme_to_earth_fixed(rows.time_s, rows.position_km))
    assert np.abs(lon_lat_altitude[:, 1]).max() == pytest.approx(51.8, abs=0.2)  # inclination 51.6, geodetic
    assert 380.0 < lon_lat_altitude[:, 2].min() < lon_lat_altitude[:, 2].max() < 440.0  # method, section 3.1


def test_angles_are_those_that_were_chosen():
    rows = next(mission(60.0, angle_rad=(0.1, -0.2, 0.3)).blocks())
    np.testing.assert_array_equal(rows.angle_rad, np.tile([0.1, -0.2, 0.3], (60, 1)))


@pytest.mark.parametrize("outside", [-0.001, 86_400.0, 1e9, np.nan])
def test_a_time_outside_the_mission_is_refused(outside):
    with pytest.raises(DataError, match=r"time_s\[1\] = .* lies in no second of the mission made from element sets"):
        mission().covering(np.array([START_S + 5.0, START_S + outside]))


def test_a_date_without_element_sets_is_refused_with_the_set_that_is_too_old():
    with pytest.raises(
        DataError, match=r"element set 2021-12-31T.* is the nearest to 2030-03-18T.*at most 4\.0 days are allowed"
    ):
        ElementSeconds(ISS, 1_900_000_000.0, 1_900_086_400.0)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"step_s": 0.0}, r"step_s = 0\.0 is outside \[0\.001, 60\.0\]"),
        ({"step_s": 61.0}, r"step_s = 61\.0 is outside \[0\.001, 60\.0\]"),
        ({"livetime_fraction": 1.1}, r"livetime_fraction = 1\.1 is outside \[0\.0, 1\.0\]"),
        ({"livetime_fraction": np.nan}, r"livetime_fraction = nan is outside"),
        ({"angle_rad": (-4.0, 0.0, 0.0)}, r"yaw_rad = -4\.0 is outside \[-3\.14"),  # degrees in place of radians
        ({"angle_rad": (0.0, 0.0, np.nan)}, r"roll_rad = nan is outside"),
    ],
)
def test_a_choice_out_of_range_is_refused_with_what_is_allowed(choices, message):
    with pytest.raises(RangeError, match=message):
        mission(600.0, **choices)


@pytest.mark.parametrize("length_s", [0.0, -10.0, 0.5, np.nan])
def test_a_mission_shorter_than_a_row_is_refused(length_s):
    with pytest.raises(RangeError, match=r"stop_s = .* is not a row of 1\.0 s after start_s = "):
        mission(length_s)


@pytest.mark.parametrize("earlier_s", [60.0, 12_345.0, 10 * 86_400.0])
def test_rows_have_the_same_bits_whatever_the_span(earlier_s):
    # Shards of a mission ask for spans of their own.
    time_s = START_S + np.arange(0.0, 86_400.0, 7.3)
    alone = ElementSeconds(ISS, START_S, START_S + 86_400.0)
    within = ElementSeconds(ISS, START_S - earlier_s, START_S + 3 * 86_400.0)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(alone.covering(time_s), name), getattr(within.covering(time_s), name))
