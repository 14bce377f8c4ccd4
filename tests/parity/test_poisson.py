import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson
from twins import both

from amsdipole import _core

MEANS = np.array([0.0, 1e-300, 1e-9, 0.3, 1.0, 2.0, 14.6, 195.0, 745.0, 746.0, 1e4, 1e7])


@given(s.rngs(), st.integers(0, 40), st.integers(0, 40))
def test_poisson_numbers_are_the_same(rng, n_sky, npix):
    mean = rng.choice(MEANS[:-1], npix) * rng.uniform(0.5, 1.5, npix)
    ours, theirs = both("poisson_counts", rng.random((n_sky, npix)), mean)
    # Both sum the same terms; a step within rounding of a uniform number is none of those drawn.
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("mean", MEANS)
def test_numbers_are_the_quantiles_of_scipy(mean):
    rng = np.random.default_rng(3)
    uniform = rng.random((5000, 1))
    found = _core.poisson_counts(uniform, np.array([mean]))[:, 0]
    cdf_below, cdf_at = poisson.cdf(found - 1, mean), poisson.cdf(found, mean)
    # SciPy's incomplete gamma function is good to some 1e-12 where the mean is large.
    assert (cdf_at > uniform[:, 0] - 1e-11).all()
    assert (cdf_below <= uniform[:, 0] + 1e-11).all()


@given(
    s.rngs(), st.integers(1, 9), st.integers(1, 20), st.sampled_from([*s.BAD_FLOATS, -1e-9, 1.0]), st.floats(0, 0.999)
)
def test_bad_uniform_numbers_are_refused_alike(rng, n_sky, npix, bad, at):
    assert both("poisson_counts", s.spoiled(rng.random((n_sky, npix)), bad, at), np.ones(npix)) is None


@given(s.rngs(), st.integers(1, 20), st.sampled_from([*s.BAD_FLOATS, -1e-9, 1.1e7]), st.floats(0, 0.999))
def test_bad_means_are_refused_alike(rng, npix, bad, at):
    assert both("poisson_counts", rng.random((2, npix)), s.spoiled(np.ones(npix), bad, at)) is None


def test_rows_of_another_length_are_refused_alike():
    assert both("poisson_counts", np.zeros((2, 3)), np.ones(2)) is None
    assert both("poisson_counts", np.zeros((0, 3)), np.ones(2)) is None
