import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, refusals

from amsdipole import _core
from amsdipole.sky import pixel_centers, real_harmonics


def problem(rng, n_sky, nside, n, *, mean=5.0, signed=False, penalised=False):
    direction = pixel_centers(nside)
    npix = len(direction)
    reference = rng.uniform(0.5, 1.5, npix)
    reference /= reference.sum()
    basis = real_harmonics(direction, 4)[:, 1 : n + 1]
    offset = basis - reference @ basis
    moment = (offset.T * reference) @ offset
    flux = 1.0 + offset @ (rng.normal(size=n) * 0.05)
    counts = rng.poisson(mean * npix * reference * np.maximum(flux, 0.0), (n_sky, npix)).astype(float)
    squared = counts.copy()
    if signed:
        counts = counts * rng.uniform(-0.2, 1.0, counts.shape)
        squared = squared * rng.uniform(0.1, 1.0, counts.shape)
    penalty = np.diag(rng.uniform(0, 1e3, n)) if penalised else np.zeros((n, n))
    scale = rng.uniform(0.5, 2.0, n_sky)
    return {
        "counts": counts, "squared": squared, "offset": offset, "moment": moment, "scale": scale, "penalty": penalty,
    }  # fmt: skip


@given(
    s.rngs(), st.integers(0, 6), st.sampled_from([1, 2, 4, 8]), st.integers(1, 24), st.booleans(), st.booleans(),
    st.sampled_from([0.3, 5.0, 200.0]),
)  # fmt: skip
def test_maxima_agree(rng, n_sky, nside, n, signed, penalised, mean):
    arguments = problem(
        rng, n_sky, nside, min(n, {1: 3, 2: 8}.get(nside, n)), mean=mean, signed=signed, penalised=penalised
    )
    ours, theirs = both("maximum_slopes", *arguments.values())
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
    # A search that ends at the edge or on the border of concavity may end either way by rounding.
    found = (ours[3] > 0) & (theirs[3] > 0)
    assert (np.sign(ours[3]) != np.sign(theirs[3])).sum() <= (0 if mean > 1 and not signed and nside > 2 else n_sky)
    for a, b in zip(ours[:3], theirs[:3], strict=True):
        for x, y in zip(a[found], b[found], strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-7, atol=1e-7 * max(np.abs(y).max(), 1e-3))


@given(s.rngs(), st.sampled_from([4, 8]), st.integers(1, 12))
def test_a_maximum_is_the_same_alone_or_among_others(rng, nside, n):
    arguments = problem(rng, 5, nside, n)
    together = _core.maximum_slopes(*arguments.values())
    for i in range(5):
        one = arguments | {key: arguments[key][i : i + 1].copy() for key in ("counts", "squared", "scale")}
        for a, b in zip(_core.maximum_slopes(*one.values()), together, strict=True):
            np.testing.assert_array_equal(a[0], b[i])


@pytest.mark.parametrize("n_thread", [1, 2, 7])
def test_maxima_have_the_same_bits_for_any_number_of_threads(n_thread):
    arguments = problem(np.random.default_rng(5), 50, 8, 3)
    wanted = _core.maximum_slopes(*arguments.values())
    _core.set_threads(n_thread)
    try:
        found = _core.maximum_slopes(*arguments.values())
    finally:
        _core.set_threads(0)
    for a, b in zip(found, wanted, strict=True):
        assert a.tobytes() == b.tobytes()


def test_bad_arguments_are_refused_alike():
    good = problem(np.random.default_rng(8), 3, 2, 3)
    faults = {
        "counts": [s.spoiled(good["counts"], np.nan, 0.5), good["counts"][:, 1:].copy(), good["counts"][1:].copy()],
        "squared": [s.spoiled(good["squared"], v, 0.3) for v in (np.inf, -1.0)] + [good["squared"][1:].copy()],
        "offset": [s.spoiled(good["offset"], np.nan, 0.9), np.zeros((48, 25)), np.zeros((48, 0)), good["offset"][1:]],
        "moment": [np.eye(2), np.full((3, 3), np.nan), np.ones((2, 3))],
        "scale": [np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0, np.nan]), np.ones(2)],
        "penalty": [np.eye(4), np.full((3, 3), np.inf), np.ones((4, 3))],
    }
    for name, arguments in refusals(good, faults):
        assert both("maximum_slopes", *arguments) is None, name
