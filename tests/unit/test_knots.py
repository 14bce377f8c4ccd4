"""Knots of an orbit: where they lie, what they depend on and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sgp4.api import Satrec

from amsdipole.errors import DataError, RangeError
from amsdipole.orbit.elements import ElementSets, builtin_iss_elements
from amsdipole.orbit.knots import StateKnots, state_knots

ISS = builtin_iss_elements()
START = float(ISS.epoch_s[1000])
intervals = st.tuples(
    st.floats(float(ISS.epoch_s[0]), float(ISS.epoch_s[-1]) - 4e5),
    st.floats(1e-3, 4e5),
    st.sampled_from([60.0, 7.5, 0.7e3]),
)


def hermite(knots: StateKnots, segment: int, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Position at times of one segment by the cubic that has the positions and velocities of two knots."""
    rows = slice(knots.segment_offset[segment], knots.segment_offset[segment + 1])
    position, slope = knots.position_km[rows], knots.velocity_km_s[rows] * knots.step_s
    part = (time - knots.knot_start_s[segment]) / knots.step_s
    i = part.astype(int)
    u = (part - i)[:, None]
    return (
        (1 + 2 * u) * (1 - u) ** 2 * position[i]
        + u * (1 - u) ** 2 * slope[i]
        + u**2 * (3 - 2 * u) * position[i + 1]
        + u**2 * (u - 1) * slope[i + 1]
    )


@settings(deadline=None, max_examples=30)
@given(intervals)
def test_the_knots_of_every_segment_cover_it_with_none_to_spare(interval: tuple[float, float, float]) -> None:
    start, length, step = interval
    knots = state_knots(ISS, start, start + length, step_s=step)
    stop = knots.knot_start_s + (np.diff(knots.segment_offset) - 1) * step
    assert np.all((knots.knot_start_s <= knots.segment_start_s[:-1]) & (stop >= knots.segment_start_s[1:]))
    assert np.all(knots.knot_start_s > knots.segment_start_s[:-1] - 1.000001 * step)  # rounding of k * step
    assert np.all(stop < knots.segment_start_s[1:] + 1.000001 * step)


@settings(deadline=None, max_examples=30)
@given(intervals)
def test_segments_join_from_the_start_to_the_stop(interval: tuple[float, float, float]) -> None:
    start, length, step = interval
    edge = state_knots(ISS, start, start + length, step_s=step).segment_start_s
    assert (edge[0], edge[-1]) == (start, start + length)
    assert np.all(np.diff(edge) > 0)


def test_knots_do_not_depend_on_the_interval() -> None:
    whole = state_knots(ISS, START, START + 5 * 86400.0)
    part = state_knots(ISS, START + 86400.1, START + 3 * 86400.7)
    np.testing.assert_array_equal(part.segment_start_s[1:-1], whole.segment_start_s[2:-3])
    i = round((part.knot_start_s[1] - whole.knot_start_s[2]) / 60.0)
    n = part.segment_offset[2] - part.segment_offset[1]
    wanted = whole.position_km[whole.segment_offset[2] + i :][:n]
    np.testing.assert_array_equal(part.position_km[part.segment_offset[1] : part.segment_offset[2]], wanted)


def test_a_segment_ends_midway_between_two_epochs() -> None:
    knots = state_knots(ISS, float(ISS.epoch_s[7]), float(ISS.epoch_s[9]))
    wanted = [ISS.epoch_s[7], ISS.boundary_s[7], ISS.boundary_s[8], ISS.epoch_s[9]]
    np.testing.assert_array_equal(knots.segment_start_s, wanted)


def test_a_stop_on_a_boundary_needs_no_further_segment() -> None:
    knots = state_knots(ISS, float(ISS.epoch_s[7]), float(ISS.boundary_s[7]))
    assert len(knots.knot_start_s) == 1


def test_a_knot_is_the_state_of_sgp4_at_its_time() -> None:
    knots = state_knots(ISS, START, START + 600.0)
    satellite = Satrec.twoline2rv(ISS.line1[1000], ISS.line2[1000])
    minutes = (knots.knot_start_s[0] + 300.0 - START) / 60.0  # SGP4 by minutes since the epoch, another way in
    _, position, velocity = satellite.sgp4_tsince(minutes)
    np.testing.assert_allclose(knots.position_km[5], position, atol=1e-5)  # epoch_s is rounded to 2e-7 s: 2 mm
    np.testing.assert_allclose(knots.velocity_km_s[5], velocity, atol=1e-8)


def test_hermite_interpolation_errs_by_less_than_half_a_metre() -> None:
    time = START + np.arange(0.0, 20_000.0)
    knots = state_knots(ISS, START, START + 20_001.0)
    second = state_knots(ISS, START, START + 20_001.0, step_s=1.0)
    exact = hermite(second, 0, time)  # 1 s knots err 60**4 times less
    error = np.linalg.norm(hermite(knots, 0, time) - exact, axis=1).max()
    bound = 6790.0 * (1.13e-3 * 60.0) ** 4 / 384.0  # r w**4 h**4 / 384: 0.37 m
    assert 0.8 * bound < error < 1.1 * bound


def test_a_time_beyond_the_sets_is_refused() -> None:
    with pytest.raises(DataError, match=r"2021-12-31T00:09:42.000Z of satellite 25544 .* 6.000 days away; at most 4.0"):
        state_knots(ISS, START, float(ISS.epoch_s[-1]) + 6 * 86400.0)


def test_a_gap_among_the_sets_is_refused_where_less_is_allowed() -> None:
    with pytest.raises(DataError, match=r"2014-05-1.* days away; at most 3.5 days"):
        state_knots(ISS, 1.39e9, 1.41e9, max_age_days=3.5)


def test_a_set_that_sgp4_cannot_propagate_is_named() -> None:
    line1 = ISS.line1[0][:33] + " .50000000  00000-0  99999-0" + ISS.line1[0][61:]  # drag that brings it down in hours
    fallen = ElementSets(ISS.epoch_s[:1], (line1,), ISS.line2[:1], "25544", "test", "")
    with pytest.raises(DataError, match=r"2011-05-19T04:34:45.000Z of satellite 25544 .* SGP4 error"):
        state_knots(fallen, float(ISS.epoch_s[0]), float(ISS.epoch_s[0]) + 3 * 86400.0)


@pytest.mark.parametrize(
    ("start", "stop", "step", "said"),
    [
        (np.nan, START, 60.0, "start_s = nan"),
        (START, np.inf, 60.0, "stop_s = inf"),
        (START, START, 60.0, "is not below stop_s"),
        (START, START - 1.0, 60.0, "is not below stop_s"),
        (START, START + 1.0, 0.0, "step_s = 0.0 is outside"),
        (START, START + 1.0, np.nan, "step_s = nan is outside"),
    ],
)
def test_an_interval_that_makes_no_sense_is_refused(start: float, stop: float, step: float, said: str) -> None:
    with pytest.raises(RangeError, match=said):
        state_knots(ISS, start, stop, step_s=step)


def test_arrays_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        state_knots(ISS, START, START + 1.0).position_km[0] = 0.0
