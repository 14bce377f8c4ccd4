import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both, refusals


@given(s.rngs(), s.sizes)
def test_attitudes_agree(rng, n):
    position, velocity = s.orbit(rng, n)
    angle = rng.uniform(-3.2, 3.2, (n, 3))
    if n > 3:
        angle[1:3] = angle[0]
    # Products of six unit matrices: some ten roundings of 1.
    assert_close("detector_attitude", position, velocity, angle, s.rotations(rng, 1)[0], tolerance=4e-15)


@given(s.rngs(), s.sizes, st.integers(2, 40))
def test_attitudes_in_a_frame_agree(rng, n, k):
    knots = np.cumsum(rng.uniform(1e3, 1e5, k)) + 1.4e9
    time_s = rng.uniform(knots[0], knots[-1], n)
    time_s[: min(n, 2)] = [knots[0], knots[-1]][: min(n, 2)]
    matrices, rotation = s.rotations(rng, k), s.rotations(rng, n)
    rate = s.unit_vectors(rng, n) * 1.1e-3
    # The share of an interval of 1e3 s is rounded by 2e-7 / 1e3 where times are near 1.4e9.
    assert_close("attitude_in_frame", time_s, rotation, rate, knots, matrices, tolerance=4e-15)
    assert_close("vector_in_frame", time_s, rate * 1e3, knots, matrices, tolerance=4e-15)


def _good_attitude() -> dict[str, object]:
    rng = np.random.default_rng(1)
    position, velocity = s.orbit(rng, 5000)
    return {
        "position_km": position,
        "velocity_km_s": velocity,
        "angle_rad": np.zeros((5000, 3)),
        "mounting": np.eye(3),
    }


def test_bad_attitudes_are_refused_alike():
    good = _good_attitude()
    position = good["position_km"]
    faults = {
        "position_km": [s.spoiled(position, bad, 0.9) for bad in s.BAD_FLOATS] + [position[1:], position * 0.0],
        "velocity_km_s": [s.spoiled(position, np.nan, 0.5), position.copy(), position[1:]],
        "angle_rad": [np.full((5000, 3), np.inf), np.zeros((2, 3))],
        "mounting": [np.full((3, 3), np.nan), np.eye(2)],
    }
    for name, arguments in refusals(good, faults):
        assert both("detector_attitude", *arguments) is None, name


def test_bad_frames_are_refused_alike():
    rng = np.random.default_rng(2)
    good = {
        "time_s": np.linspace(0.0, 10.0, 7),
        "rotation": s.rotations(rng, 7),
        "rate": np.zeros((7, 3)),
        "knot_time_s": np.array([0.0, 4.0, 10.0]),
        "knot_matrix": s.rotations(rng, 3),
    }
    faults = {
        "time_s": [np.full(7, 10.1), np.full(7, -0.1), np.full(7, np.nan), np.zeros(6)],
        "rotation": [np.full((7, 3, 3), np.nan), s.rotations(rng, 6)],
        "rate": [np.full((7, 3), np.inf), np.zeros((8, 3))],
        "knot_time_s": [np.array([0.0, 4.0, 4.0]), np.array([0.0, 4.0]), np.array([0.0]), np.array([0.0, 5.0, np.nan])],
        "knot_matrix": [np.full((3, 3, 3), np.nan), s.rotations(rng, 2)],
    }
    for name, arguments in refusals(good, faults):
        assert both("attitude_in_frame", *arguments) is None, name
        if name not in ("rotation", "rate"):
            time_s, rotation, _, *knots = arguments
            assert both("vector_in_frame", time_s, np.ascontiguousarray(rotation[:, 0]), *knots) is None, name
