import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both, refusals


def attitudes(rng: np.random.Generator, n: int, *, special: bool) -> tuple[s.Floats, s.Floats]:
    axis = s.unit_vectors(rng, n, special=special)
    side = np.cross(axis, s.unit_vectors(rng, n, special=False))
    return axis, side / np.linalg.norm(side, axis=1, keepdims=True)


@given(s.rngs(), st.integers(0, 40), st.sampled_from([1, 2, 8, 16]), st.floats(-0.99, 0.99), st.integers(2, 50))
def test_folds_of_attitudes_are_the_same(rng, n, nside, cos_least, n_point):
    axis, side = attitudes(rng, n, special=True)
    weight, response, pattern = rng.uniform(0, 5, n), rng.uniform(0, 1, n_point), rng.uniform(0, 1, (n_point, n_point))
    response[0] = 0.0  # at the rim rounding decides whether a centre is seen
    # The plane stretches rounding by the density of its points and, far from the axis, by 1 / (1 + cosine).
    assert_close(
        "folded_attitudes", axis, side, weight, nside, cos_least, response, pattern, tolerance=1e-10,
        scale=5.0 * max(n, 1),
    )  # fmt: skip


def test_bad_folds_of_attitudes_are_refused_alike():
    axis, side = attitudes(np.random.default_rng(6), 9, special=False)
    good = {
        "axis": axis,
        "side": side,
        "weight": np.ones(9),
        "nside": 4,
        "cos_least": 0.5,
        "response": np.array([0.0, 0.5, 1.0]),
        "pattern": np.ones((3, 3)),
    }
    faults = {
        "axis": [axis * 2, s.spoiled(axis, np.nan, 0.5), axis[1:]],
        "side": [side * 2, s.spoiled(side, np.nan, 0.5), side[1:], axis],
        "weight": [s.spoiled(good["weight"], np.inf, 0.5), good["weight"][1:]],
        "nside": [0, 5],
        "cos_least": [-1.0, 1.0, np.nan],
        "response": [np.array([1.0]), np.array([0.0, np.nan])],
        "pattern": [np.ones((1, 1)), np.ones((3, 4)), np.full((3, 3), np.nan)],
    }
    for name, arguments in refusals(good, faults):
        assert both("folded_attitudes", *arguments) is None, name
