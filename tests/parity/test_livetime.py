import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, refusals


def sides(rng: np.random.Generator, axis: s.Floats) -> s.Floats:
    side = np.cross(axis, s.unit_vectors(rng, len(axis), special=False))
    return side / np.linalg.norm(side, axis=1, keepdims=True)


@given(
    s.rngs(), st.integers(0, 40), st.sampled_from([1, 2, 4, 8]), st.integers(1, 5), st.integers(1, 9), st.booleans(),
    st.sampled_from([1, 1, 5, 12]),
)  # fmt: skip
def test_cubes_are_the_same(rng, n, nside, n_class, n_zenith, full, n_azimuth):
    axis = s.unit_vectors(rng, n, special=False)
    side = sides(rng, axis)[: n if n_azimuth > 1 else 0]
    units = rng.integers(0, 2**40, (n, n_class)) * (rng.random((n, n_class)) < 0.5)
    edges = np.sort(rng.uniform(-1, 1, n_zenith + 1))
    if full:
        edges[-1] = 1.0
    ours, theirs = both("livetime_cube", axis, side, units, nside, edges, n_azimuth)
    np.testing.assert_array_equal(ours, theirs)


def test_bad_cubes_are_refused_alike():
    rng = np.random.default_rng(6)
    axis = s.unit_vectors(rng, 9, special=False)
    side = sides(rng, axis)
    good = {
        "axis": axis,
        "side": side,
        "units": np.ones((9, 2), dtype=np.int64),
        "nside": 4,
        "cos_edge": np.array([0.7, 0.9, 1.0]),
        "n_azimuth": 4,
    }
    faults = {
        "axis": [good["axis"] * 2, s.spoiled(good["axis"], np.nan, 0.5), good["axis"][1:]],
        "side": [side * 2, s.spoiled(side, np.nan, 0.5), side[1:], axis],
        "units": [np.full((9, 2), -1), np.full((9, 2), 2**62)],
        "nside": [0, 5],
        "cos_edge": [np.array([0.5]), np.array([0.9, 0.9]), np.array([0.9, 1.1]), np.array([0.9, np.nan])],
        "n_azimuth": [0, 1, 256],
    }
    for name, arguments in refusals(good, faults):
        assert both("livetime_cube", *arguments) is None, name
