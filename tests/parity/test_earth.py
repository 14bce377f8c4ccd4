import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both


@pytest.mark.parametrize("name", ["teme_to_earth_fixed", "earth_fixed_to_teme"])
@given(rng=s.rngs(), n=s.sizes)
def test_earth_rotation_agrees(name, rng, n):
    # The angle is summed in seconds of time up to 1e7: a rounding is 1.9e-9 s or 1.4e-13 rad, of 7000 km.
    assert_close(name, rng.uniform(-1e9, 4e9, n), s.unit_vectors(rng, n) * 7000, tolerance=3e-13, scale=7000.0)


@given(s.rngs(), s.sizes)
def test_geodetic_coordinates_agree(rng, n):
    position = s.unit_vectors(rng, n) * rng.uniform(6360, 8378, (n, 1))
    ours, theirs = both("geodetic", position)
    # Stated accuracy of one step of Bowring's formula; on the axis the longitude has no meaning.
    np.testing.assert_allclose(ours[:, 1], theirs[:, 1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=0, atol=1e-7)
    off_axis = np.hypot(position[:, 0], position[:, 1]) > 1e-3
    gap = np.abs(ours[off_axis, 0] - theirs[off_axis, 0])
    assert np.minimum(gap, 360 - gap).max(initial=0) < 1e-10


@given(s.rngs(), st.integers(1, 300), st.sampled_from(s.BAD_FLOATS), st.floats(0, 0.999), st.booleans())
def test_values_that_are_not_finite_are_refused_alike(rng, n, bad, at, in_time):
    time_s, vector = rng.uniform(1e9, 2e9, n), s.unit_vectors(rng, n)
    if in_time:
        time_s = s.spoiled(time_s, bad, at)
    else:
        vector = s.spoiled(vector, bad, at)
    assert both("teme_to_earth_fixed", time_s, vector) is None
    if not in_time:
        assert both("geodetic", vector) is None


def test_lengths_that_differ_are_refused_alike():
    assert both("teme_to_earth_fixed", np.zeros(2), np.ones((3, 3))) is None
    assert both("earth_fixed_to_teme", np.zeros(3), np.ones((2, 3))) is None
    assert both("geodetic", np.zeros((2, 3))) is None
