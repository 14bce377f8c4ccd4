import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both, refusals


@given(s.rngs(), st.integers(0, 40), st.sampled_from([1, 2, 8, 16]), st.floats(-1.0, 0.99), st.integers(2, 50))
def test_folds_are_the_same(rng, n, nside, cos_least, n_response):
    axis, weight = s.unit_vectors(rng, n, special=False), rng.uniform(0, 5, n)
    response = rng.uniform(0, 1, n_response)
    response[0] = 0.0  # at the rim rounding decides whether a centre is seen
    assert_close("folded_axes", axis, weight, nside, cos_least, response, tolerance=1e-10, scale=5.0 * max(n, 1))


def test_an_axis_at_a_pole_or_on_the_dateline_is_folded_alike():
    axis, response = s.SPECIAL / np.linalg.norm(s.SPECIAL, axis=1, keepdims=True), np.linspace(0.0, 1.0, 9)
    assert_close("folded_axes", axis, np.ones(len(axis)), 16, 0.7, response, tolerance=1e-11)


def test_bad_folds_are_refused_alike():
    good = {
        "axis": s.unit_vectors(np.random.default_rng(6), 9),
        "weight": np.ones(9),
        "nside": 4,
        "cos_least": 0.5,
        "response": np.array([0.0, 0.5, 1.0]),
    }
    faults = {
        "axis": [good["axis"] * 2, s.spoiled(good["axis"], np.nan, 0.5), good["axis"][1:]],
        "weight": [s.spoiled(good["weight"], np.inf, 0.5)],
        "nside": [0, 5],
        "cos_least": [-1.1, 1.0, np.nan],
        "response": [np.array([1.0]), np.array([0.0, np.nan])],
    }
    for name, arguments in refusals(good, faults):
        assert both("folded_axes", *arguments) is None, name
