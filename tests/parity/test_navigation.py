import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, refusals

from amsdipole import _core


def rows(rng: np.random.Generator, n: int, k: int) -> dict[str, object]:
    """Seconds between knots, some of them in bursts of one attitude."""
    knots = np.cumsum(rng.uniform(1e2, 1e4, k)) + 1.4e9
    time_s = np.sort(rng.uniform(knots[0], knots[-1], n))
    time_s[: min(n, 2)] = [knots[0], knots[-1]][: min(n, 2)]
    position, velocity = s.orbit(rng, n)
    return {
        "time_s": time_s,
        "position_km": position,
        "velocity_km_s": velocity,
        "angle_rad": rng.uniform(-3.2, 3.2, (4, 3))[np.sort(rng.integers(0, 4, n))],
        "mounting": s.rotations(rng, 1)[0],
        "knot_time_s": knots,
        "knot_matrix": s.rotations(rng, k),
    }


@given(s.rngs(), s.sizes, st.integers(2, 40))
def test_navigation_agrees(rng, n, k):
    ours, theirs = both("navigation", *rows(rng, n, k).values())
    # Products of six matrices of 1; the Earth's angle is summed in seconds of time up to 1e7, as in test_earth.
    for a, b, tolerance in zip(ours, theirs, (4e-15, 4e-15, 7000.0 * 3e-13, 3e-13), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@given(s.rngs(), s.sizes, st.integers(2, 40))
def test_navigation_has_the_bits_of_the_kernels_that_it_puts_together(rng, n, k):
    table = rows(rng, n, k)
    rotation, rate, position, axis = _core.navigation(*table.values())
    time_s, knots = table["time_s"], (table["knot_time_s"], table["knot_matrix"])
    attitude = _core.detector_attitude(*(table[x] for x in ("position_km", "velocity_km_s", "angle_rad", "mounting")))
    for ours, theirs in zip((rotation, rate), _core.attitude_in_frame(time_s, *attitude, *knots), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(position, _core.teme_to_earth_fixed(time_s, table["position_km"]))
    up = np.ascontiguousarray(attitude[0][:, :, 2])
    np.testing.assert_array_equal(axis, _core.teme_to_earth_fixed(time_s, up))


def test_bad_rows_are_refused_alike():
    good = rows(np.random.default_rng(2), 5000, 5)
    along = good["velocity_km_s"].copy()
    along[4321] = good["position_km"][4321] * 1e-3
    faults = {
        "time_s": [s.spoiled(good["time_s"], bad, 0.9) for bad in (np.nan, 0.0, 1e10)] + [good["time_s"][1:]],
        "position_km": [
            s.spoiled(good["position_km"], np.nan, 0.4),
            good["position_km"] * 0.0,
            good["position_km"][1:],
        ],
        "velocity_km_s": [s.spoiled(good["velocity_km_s"], bad, 0.4) for bad in s.BAD_FLOATS] + [along, along[1:]],
        "angle_rad": [s.spoiled(good["angle_rad"], bad, 0.4) for bad in s.BAD_FLOATS] + [good["angle_rad"][1:]],
        "mounting": [s.spoiled(good["mounting"], np.nan, 0.4)],
        "knot_time_s": [good["knot_time_s"][::-1].copy(), good["knot_time_s"][1:]],
        "knot_matrix": [s.spoiled(good["knot_matrix"], np.nan, 0.4)],
    }
    for _, arguments in refusals(good, faults):
        assert both("navigation", *arguments) is None
