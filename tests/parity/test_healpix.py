import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both

from amsdipole import _core


@given(s.rngs(), s.sizes, s.nsides)
def test_pixels_agree_except_within_rounding_of_a_border(rng, n, nside):
    vector = s.unit_vectors(rng, n) * rng.uniform(0.5, 2.0, (n, 1))
    ours, theirs = both("vector_to_pixel", vector, nside)
    different = np.nonzero(ours != theirs)[0]
    # A direction may fall on either side only if a nudge of a few roundings moves it between the two pixels.
    for i in different:
        nudged = vector[i] + rng.normal(scale=3e-15, size=(400, 3))
        assert {int(ours[i]), int(theirs[i])} <= set(_core.vector_to_pixel(nudged, nside).tolist()) | {int(ours[i])}
    assert len(different) <= 0.12 * n + 1  # only the special directions can lie on borders


@given(s.rngs(), s.sizes, s.nsides)
def test_centers_agree_to_rounding(rng, n, nside):
    pixel = rng.integers(0, 12 * nside**2, n)
    ours, theirs = both("pixel_to_vector", pixel, nside)
    # Near a pole the twin takes sqrt(drop) of a rounded drop: 2e-16 relative.
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-15)


@pytest.mark.parametrize("nside", [0, -1, 3, 6, 16384])
def test_a_bad_nside_is_refused_alike(nside):
    assert both("vector_to_pixel", np.zeros((0, 3)), nside) is None
    assert both("pixel_to_vector", np.zeros(0, dtype=np.int64), nside) is None


@given(s.rngs(), st.integers(1, 5000), st.sampled_from([*s.BAD_FLOATS, 1e200]), st.floats(0, 0.999))
def test_a_bad_vector_is_refused_alike(rng, n, bad, at):
    assert both("vector_to_pixel", s.spoiled(s.unit_vectors(rng, n), bad, at), 8) is None


@given(s.rngs(), st.integers(1, 5000), st.floats(0, 0.999))
def test_a_zero_vector_is_refused_alike(rng, n, at):
    vector = s.unit_vectors(rng, n)
    vector[int(at * n)] = 0.0
    assert both("vector_to_pixel", vector, 8) is None


@given(s.rngs(), st.integers(1, 5000), st.sampled_from([-1, 768, 2**40]), st.floats(0, 0.999))
def test_a_bad_pixel_is_refused_alike(rng, n, bad, at):
    pixel = rng.integers(0, 768, n)
    pixel[int(at * n)] = bad
    assert both("pixel_to_vector", pixel, 8) is None
