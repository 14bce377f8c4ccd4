"""Limits with any covariance: the isotropic ones as a special case, direct toys, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.statistics import (
    LIMIT_METHODS,
    amplitude_cdf,
    amplitude_pdf,
    delta_cdf,
    delta_pdf,
    expected_limit,
    expected_vector_limit,
    posterior_tail,
    significance,
    upper_limit,
    vector_limit,
    vector_limits,
)

METHODS = list(LIMIT_METHODS)
QUICK = [method for method in METHODS if method != "feldman_cousins"]
COVARIANCE = np.array([[1.5, 0.3, 0.0], [0.3, 1.0, -0.2], [0.0, -0.2, 0.7]])
TRUTH = np.array([1.0, -1.5, 0.5])
N_TOY = 200_000


@pytest.fixture(scope="module")
def measured() -> np.ndarray:
    return np.linalg.norm(np.random.default_rng(5).multivariate_normal(TRUTH, COVARIANCE, N_TOY), axis=1)


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("x", [0.0, 0.7, 2.0, 5.0])
def test_a_round_covariance_gives_the_isotropic_limit(method, x):
    vector = 0.3 * x * np.array([1.0, 2.0, 2.0]) / 3.0
    found = vector_limit(vector, 0.09 * np.eye(3), method=method)
    assert found == pytest.approx(0.3 * upper_limit(x, 1.0, method=method), abs=1e-5)


@pytest.mark.parametrize("x", [0.5, 1.7, 3.0])
def test_a_round_covariance_gives_the_isotropic_unified_limit(x):
    found = vector_limit([0.0, 0.0, x], np.eye(3), method="feldman_cousins")
    assert found == pytest.approx(upper_limit(x, 1.0, method="feldman_cousins"), abs=1e-3)


@given(x=st.floats(0.0, 8.0), t=st.floats(0.0, 8.0))
def test_the_law_of_the_amplitude_is_the_noncentral_chi_for_a_round_covariance(x, t):
    rho = np.array([[2.0, -1.0, 2.0]]) / 3.0 * t
    assert amplitude_cdf([x], rho, np.eye(3))[0] == pytest.approx(delta_cdf(x, delta=t, sigma=1.0), abs=1e-10)
    assert amplitude_pdf([x], rho, np.eye(3))[0] == pytest.approx(delta_pdf(x, delta=t, sigma=1.0), abs=1e-10)


@pytest.mark.parametrize("x", [0.5, 1.5, 2.5, 4.0])
def test_the_law_of_the_amplitude_is_that_of_toys(measured, x):
    chance = amplitude_cdf([x], TRUTH[None], COVARIANCE)[0]
    assert (measured <= x).mean() == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / N_TOY))


def test_the_density_is_the_derivative_of_the_law():
    x = np.linspace(0.0, 14.0, 2001)
    density = amplitude_pdf(x, np.tile(TRUTH, (len(x), 1)), COVARIANCE)
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("power", [0, 1, 2])
def test_the_posterior_is_that_of_weighted_draws(power):
    # Flat in rho is a Gaussian about the measurement; a prior delta**power in the amplitude weights it by
    # delta**(power - 2).
    drawn = np.linalg.norm(np.random.default_rng(6).multivariate_normal(TRUTH, COVARIANCE, N_TOY), axis=1)
    weight = drawn ** (power - 2.0)
    for t in (1.0, 2.5, 4.0):
        wanted = weight[drawn > t].sum() / weight.sum()
        error = np.sqrt((weight**2).sum()) / weight.sum()
        assert posterior_tail([t], TRUTH[None], COVARIANCE, power=power)[0] == pytest.approx(wanted, abs=3 * error)


def test_many_covariances_are_treated_as_one_after_the_other():
    matrices = np.stack([COVARIANCE, np.eye(3), 0.5 * COVARIANCE])
    rho = np.stack([TRUTH, -TRUTH, 2 * TRUTH])
    together = amplitude_cdf([2.0, 2.0, 2.0], rho, matrices)
    alone = [amplitude_cdf([2.0], rho[i : i + 1], matrices[i])[0] for i in range(3)]
    np.testing.assert_allclose(together, alone, atol=1e-10)


@pytest.mark.parametrize("method", ["cls", "neyman"])
def test_the_weakest_direction_gives_no_lower_limit(method):
    fitted = vector_limit([0.0, 0.0, 2.0], COVARIANCE, method=method)
    assert vector_limit([0.0, 0.0, 2.0], COVARIANCE, method=method, direction="weakest") > fitted


def test_systematics_widen_the_limit():
    plain = vector_limit(TRUTH, np.eye(3), method="flat_delta")
    assert vector_limit(TRUTH, np.eye(3) + np.outer([0.5, 0, 0], [0.5, 0, 0]), method="flat_delta") > plain


def quantiles(expected) -> np.ndarray:
    (low68, high68), (low95, high95) = expected.band68, expected.band95
    return np.array([low95, low68, expected.median, high68, high95])


@pytest.mark.parametrize("method", ["flat_delta", "proportional_delta", "flat_rho", "cls", "neyman"])
def test_expected_bands_of_equal_errors_are_those_of_the_isotropic_limit(method):
    found = expected_vector_limit(4.0 * np.eye(3), method=method)
    # 1e-3 of sigma is what the docstring says: interpolation over ten amplitudes.
    np.testing.assert_allclose(quantiles(found), quantiles(expected_limit(2.0, method=method)), atol=2e-3)


@pytest.mark.parametrize("method", ["flat_delta", "cls"])
def test_expected_bands_of_any_covariance_are_those_of_toys(method):
    drawn = np.random.default_rng(5).multivariate_normal(np.zeros(3), COVARIANCE, 400)
    limit = np.sort([vector_limit(rho, COVARIANCE, method=method) for rho in drawn])
    found = quantiles(expected_vector_limit(COVARIANCE, method=method))
    share = np.searchsorted(limit, found) / len(limit)
    wanted = np.array([0.025, 0.16, 0.5, 0.84, 0.975])
    # 4 binomial errors of 400 toys.
    assert (np.abs(share - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / len(limit))).all()


def test_expected_bands_do_not_depend_on_the_axes():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    found = quantiles(expected_vector_limit(turn @ COVARIANCE @ turn.T, method="flat_delta"))
    np.testing.assert_allclose(found, quantiles(expected_vector_limit(COVARIANCE, method="flat_delta")), atol=1e-6)


def test_several_limits_carry_their_names():
    found = vector_limits([1.0, 0.0, 0.0], np.eye(3), methods=("neyman", "flat_rho"))
    assert [(u.method, u.sigma) for u in found] == [("neyman", 1.0), ("flat_rho", 1.0)]


def test_significance_is_one_sided():
    assert significance(0.5) == pytest.approx(0.0, abs=1e-12)
    assert significance(1.349898e-3) == pytest.approx(3.0, abs=1e-5)  # PDG 2024, table 40.1


def test_bad_arguments_are_refused():
    for arguments, options, error, message in (
        (([0.0, 0.0], np.eye(3)), {"method": "cls"}, ShapeError, "rho"),
        (([0.0] * 3, np.zeros((3, 3))), {"method": "cls"}, FitError, "eigenvalue"),
        (([0.0] * 3, np.eye(3)), {"method": "best"}, RangeError, "method"),
        (([0.0] * 3, np.eye(3)), {"method": "cls", "direction": "up"}, RangeError, "direction"),
        (([0.0] * 3, np.eye(3)), {"method": "cls", "confidence": 1.0}, RangeError, "confidence"),
        (([0.0, 0.0, 500.0], np.eye(3)), {"method": "flat_delta"}, RangeError, "nothing is left to limit"),
        (([np.nan, 0.0, 0.0], np.eye(3)), {"method": "cls"}, RangeError, "finite"),
    ):
        with pytest.raises(error, match=message):
            vector_limit(*arguments, **options)
    with pytest.raises(RangeError, match="power"):
        posterior_tail([1.0], [[0.0] * 3], np.eye(3), power=3)
    with pytest.raises(RangeError, match="outside"):
        amplitude_cdf([-1.0], [[0.0] * 3], np.eye(3))
