import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both, refusals

from amsdipole.geomagnetism import eccentric_dipole_knots, igrf14
from amsdipole.orbit import ams_mounting, builtin_iss_elements, state_knots
from amsdipole.sky import teme_to_galactic

START_S, STOP_S = 1.4e9, 1.4e9 + 86_400.0


@pytest.fixture(scope="module")
def good():
    knots = state_knots(builtin_iss_elements(), START_S, STOP_S)
    frame, dipole = teme_to_galactic(START_S, STOP_S), eccentric_dipole_knots(igrf14(), START_S, STOP_S)
    return {
        "time_s": np.linspace(START_S, STOP_S, 5000),
        "segment_start_s": knots.segment_start_s,
        "segment_offset": knots.segment_offset,
        "knot_start_s": knots.knot_start_s,
        "step_s": knots.step_s,
        "position_km": knots.position_km,
        "velocity_km_s": knots.velocity_km_s,
        "angle_rad": np.array([-0.07, -0.03, 0.015]),
        "mounting": ams_mounting(),
        "offset_s": 0.5,
        "knot_time_s": frame.time_s,
        "knot_matrix": frame.matrix,
        "half_angle_rad": 0.5,
        "charge_sign": 1,
        "dipole_time_s": dipole.time_s,
        "dipole_k_gv": dipole.k_gv,
        "dipole_center_km": dipole.center_km,
        "dipole_pole": dipole.pole,
    }


@given(s.rngs(), s.sizes, st.sampled_from([0.0, 0.5, 10.0]), st.sampled_from([1, -1]), st.floats(0.0, 3.0))
def test_rows_of_an_orbit_are_the_same(good, rng, n, offset_s, sign, cone):
    asked = {
        **good,
        "time_s": np.sort(rng.uniform(START_S, STOP_S, n)),
        "offset_s": offset_s,
        "charge_sign": sign,
        "half_angle_rad": cone,
        "angle_rad": rng.uniform(-3, 3, 3),
    }
    # Degrees and GV are of order 100; times near 1.4e9 s carry 2e-7 s, which is 1e-6 deg of the orbit at most.
    assert_close("orbit_axes", *asked.values(), tolerance=1e-9, scale=100.0)


def test_bad_orbits_are_refused_alike(good):
    faults = {
        "time_s": [np.array([START_S - 1.0]), np.array([np.nan])],
        "segment_start_s": [good["segment_start_s"][::-1].copy()],
        "position_km": [good["position_km"] * 1000.0, good["position_km"][1:]],
        "angle_rad": [np.zeros(2), np.array([0.0, np.nan, 0.0])],
        "mounting": [s.spoiled(good["mounting"], np.inf, 0.5)],
        "offset_s": [-1.0, 61.0],
        "half_angle_rad": [-0.1, 4.0],
        "charge_sign": [0, 2],
        "dipole_k_gv": [-good["dipole_k_gv"]],
        "dipole_pole": [good["dipole_pole"] * 2.0],
    }
    for name, arguments in refusals(good, faults):
        assert both("orbit_axes", *arguments) is None, name
