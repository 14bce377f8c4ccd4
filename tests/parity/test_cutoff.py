import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, refusals


def dipole(rng: np.random.Generator, k: int) -> dict[str, object]:
    pole = np.array([0.05, -0.15, 0.98]) + rng.normal(scale=0.01, size=(k, 3))
    return {
        "dipole_time_s": 1.3e9 + np.cumsum(rng.uniform(1e6, 4e7, k)),
        "dipole_k_gv": rng.uniform(56, 58, k),
        "dipole_center_km": rng.uniform(-500, 500, (k, 3)),
        "dipole_pole": pole / np.linalg.norm(pole, axis=1, keepdims=True),
    }


@given(s.rngs(), s.sizes, st.integers(2, 12), st.floats(0, 1.5), st.sampled_from([1, -1]))
def test_cutoffs_agree(rng, n, k, half_angle, sign):
    knots = dipole(rng, k)
    time = knots["dipole_time_s"]
    time_s = rng.uniform(time[0], time[-1], n)
    position, _ = s.orbit(rng, n)
    results = both("stormer_cutoff", time_s, position, s.unit_vectors(rng, n), half_angle, sign, *knots.values())
    # The twin goes through an angle: near magnetic east its cosine keeps 1e-8 of the square root of rounding, and
    # sqrt(1 - cos(g) cos^3 L) makes 1e-8 of 1e-16 where both are 1.
    np.testing.assert_allclose(*results, rtol=3e-8, atol=1e-12)


@given(s.rngs(), s.sizes, st.floats(0, 2), st.integers(2, 255))
def test_classes_are_the_same(rng, n, factor, n_edge):
    edges = np.cumsum(rng.uniform(0.1, 2.0, n_edge))
    cutoff = rng.uniform(0, 60, n)
    chosen = rng.random(n) < 0.3
    cutoff[chosen] = rng.choice(edges, int(chosen.sum())) / max(factor, 0.5)  # thresholds on the edges themselves
    ours, theirs = both("cutoff_class", cutoff, factor, edges)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype == np.uint8


def test_bad_cutoffs_are_refused_alike():
    rng = np.random.default_rng(3)
    knots = dipole(rng, 3)
    time = knots["dipole_time_s"]
    position, _ = s.orbit(rng, 5000)
    good = {
        "time_s": np.linspace(time[0], time[-1], 5000),
        "position_km": position,
        "direction": s.unit_vectors(rng, 5000),
        "half_angle_rad": 0.4,
        "charge_sign": 1,
        **knots,
    }
    faults = {
        "time_s": [np.full(5000, time[0] - 1), np.full(5000, np.nan), np.zeros(1)],
        "position_km": [position * 1e3, position * 0.5, s.spoiled(position, np.nan, 0.7), position[:9]],
        "direction": [position, s.spoiled(position / 1e9, np.nan, 0.1), position[:9]],
        "half_angle_rad": [-0.1, 3.2, np.nan],
        "charge_sign": [0, 2, -2],
        "dipole_time_s": [time[::-1].copy(), time[:1], np.full(3, np.nan)],
        "dipole_k_gv": [np.full(3, -1.0), np.full(3, np.nan), np.ones(2)],
        "dipole_center_km": [np.full((3, 3), 6000.0), np.zeros((2, 3))],
        "dipole_pole": [np.zeros((3, 3)), np.ones((2, 3))],
    }
    for name, arguments in refusals(good, faults):
        assert both("stormer_cutoff", *arguments) is None, name


def test_bad_classes_are_refused_alike():
    good = {"cutoff_gv": np.linspace(0, 20, 5000), "factor": 1.2, "energy_edge_gev": np.array([16.0, 25.0])}
    faults = {
        "cutoff_gv": [np.full(5000, -1.0), np.full(5000, np.nan), np.full(5000, 1e7)],
        "factor": [-1.0, np.nan, 101.0],
        "energy_edge_gev": [
            np.array([16.0]),
            np.array([16.0, 16.0]),
            np.array([25.0, 16.0]),
            np.array([0.0, 16.0]),
            np.array([16.0, np.inf]),
            np.linspace(1, 2, 256),
        ],
    }
    for name, arguments in refusals(good, faults):
        assert both("cutoff_class", *arguments) is None, name
