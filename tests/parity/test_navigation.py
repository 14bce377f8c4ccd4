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


def field(rng: np.random.Generator, table: dict[str, object], k: int) -> dict[str, object]:
    """A cone and an eccentric dipole over the times of the rows."""
    knots = table["knot_time_s"]
    return {
        "half_angle_rad": float(rng.uniform(0.0, np.pi)),
        "charge_sign": int(rng.choice([-1, 1])),
        "dipole_time_s": np.linspace(knots[0], knots[-1], k),
        "dipole_k_gv": rng.uniform(50.0, 65.0, k),
        "dipole_center_km": rng.uniform(-600.0, 600.0, (k, 3)),
        "dipole_pole": s.unit_vectors(rng, k),
    }


@given(s.rngs(), s.sizes, st.integers(2, 40))
def test_navigation_has_the_bits_of_the_kernels_that_it_puts_together(rng, n, k):
    table = rows(rng, n, k)
    shield = field(rng, table, k)
    rotation, rate, cutoff = _core.navigation(*table.values(), *shield.values())
    time_s, position, knots = table["time_s"], table["position_km"], (table["knot_time_s"], table["knot_matrix"])
    attitude = _core.detector_attitude(position, *(table[x] for x in ("velocity_km_s", "angle_rad", "mounting")))
    for ours, theirs in zip((rotation, rate), _core.attitude_in_frame(time_s, *attitude, *knots), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    up = np.ascontiguousarray(attitude[0][:, :, 2])
    place, axis = (_core.teme_to_earth_fixed(time_s, vector) for vector in (position, up))
    np.testing.assert_array_equal(cutoff, _core.stormer_cutoff(time_s, place, axis, *shield.values()))


@given(s.rngs(), s.sizes, st.integers(2, 40))
def test_navigation_agrees(rng, n, k):
    table = rows(rng, n, k)
    ours, theirs = both("navigation", *table.values(), *field(rng, table, k).values())
    for a, b in zip(ours[:2], theirs[:2], strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        # Products of six matrices of 1.
        np.testing.assert_allclose(a, b, rtol=0, atol=4e-15)
    # Places differ by 3e-13; where 1 - cos(g) cos^3 L vanishes the cutoff moves by twice the root of that.
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1.2e-6, atol=1e-12)


def test_bad_shields_are_refused_alike():
    rng = np.random.default_rng(3)
    table = rows(rng, 3000, 5)
    good = table | field(rng, table, 4)
    near = good["position_km"].copy()
    near[1234] *= 0.9
    faults = {
        "position_km": [s.spoiled(good["position_km"], np.nan, 0.4), near],
        "half_angle_rad": [-0.1, 3.2, np.nan],
        "charge_sign": [0, 2],
        "dipole_time_s": [good["dipole_time_s"][::-1].copy(), good["dipole_time_s"] + 1e3],
        "dipole_k_gv": [s.spoiled(good["dipole_k_gv"], bad, 0.5) for bad in (np.nan, -1.0)],
        "dipole_center_km": [good["dipole_center_km"] * 100.0],
        "dipole_pole": [good["dipole_pole"] * 1.1],
    }
    for _, arguments in refusals(good, faults):
        assert both("navigation", *arguments) is None


def test_bad_rows_are_refused_alike():
    rng = np.random.default_rng(2)
    table = rows(rng, 5000, 5)
    good = table | field(rng, table, 3)
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
