"""Expected limits for any covariance: the isotropic ones as a special case, toys, refusals; the ordering of Feldman and
Cousins beside its special case."""

import re

import numpy as np
import pytest

from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.sky import pixel_centers
from amsdipole.statistics import (
    LIMIT_METHODS,
    amplitude_cdf,
    amplitude_pdf,
    expected_limit,
    expected_vector_limit,
    feldman_cousins_interval,
    vector_limit,
)
from amsdipole.statistics._ordering import AmplitudeOrdering
from amsdipole.statistics.expected_limits import _octant

COVARIANCE = np.array([[1.5, 0.3, 0.0], [0.3, 1.0, -0.2], [0.0, -0.2, 0.7]])
LEVELS = np.array([0.025, 0.16, 0.5, 0.84, 0.975])


def quantiles(expected) -> np.ndarray:
    (low68, high68), (low95, high95) = expected.band68, expected.band95
    return np.array([low95, low68, expected.median, high68, high95])


@pytest.mark.parametrize("method", list(LIMIT_METHODS))
def test_expected_bands_of_equal_errors_are_those_of_the_isotropic_limit(method):
    found = expected_vector_limit(4.0 * np.eye(3), method=method, confidence=0.9)
    wanted = expected_limit(2.0, method=method, confidence=0.9)
    assert (found.method, found.confidence, found.sigma) == (method, 0.9, 2.0)
    # What the docstring says, in units of sigma: interpolation over the amplitudes.
    tolerance = 2.0 * (2e-3 if method == "feldman_cousins" else 1e-3)
    np.testing.assert_allclose(quantiles(found), quantiles(wanted), atol=tolerance)


@pytest.mark.parametrize(
    ("method", "direction"),
    [
        ("flat_delta", "fitted"),
        ("flat_rho", "fitted"),
        ("cls", "fitted"),
        ("cls", "weakest"),
        ("neyman", "fitted"),
        ("neyman", "weakest"),
    ],
)
def test_expected_bands_of_any_covariance_are_those_of_toys(method, direction):
    drawn = np.random.default_rng(5).multivariate_normal(np.zeros(3), COVARIANCE, 400)
    limit = np.sort([vector_limit(rho, COVARIANCE, method=method, direction=direction) for rho in drawn])
    found = expected_vector_limit(COVARIANCE, method=method, direction=direction)
    assert found.sigma == pytest.approx((COVARIANCE.trace() / 3) ** 0.5)
    # As many toys lie at or below each band as should: 4 binomial errors of 400.
    share = np.searchsorted(limit, quantiles(found), side="right") / len(limit)
    assert (np.abs(share - LEVELS) < 4 * np.sqrt(LEVELS * (1 - LEVELS) / len(limit))).all()


def test_a_neyman_limit_is_zero_as_often_as_it_may_err():
    for covariance in (4.0 * np.eye(3), COVARIANCE, np.diag([1.0, 1.0, 9.0]), np.diag([1.0, 9.0, 9.0])):
        found = expected_vector_limit(covariance, method="neyman")
        assert found.band95[0] == 0.0
        assert found.band68[0] > 0.0


@pytest.mark.parametrize("method", ["flat_delta", "cls", "neyman"])
def test_expected_bands_do_not_depend_on_the_axes_or_the_unit(method):
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    wanted = quantiles(expected_vector_limit(COVARIANCE, method=method))
    found = quantiles(expected_vector_limit(turn @ COVARIANCE @ turn.T, method=method))
    # What rounding makes of the axes moves nodes of quadratures: 1e-5 sigma is what a limit is solved to.
    np.testing.assert_allclose(found, wanted, atol=5e-5)
    small = quantiles(expected_vector_limit(1e-6 * COVARIANCE, method=method))
    np.testing.assert_allclose(1e3 * small, wanted, atol=1e-6)


@pytest.mark.parametrize("method", ["cls", "neyman"])
def test_few_directions_do_for_many(method, monkeypatch):
    covariance = np.diag([1.0, 2.0, 9.0])
    found = quantiles(expected_vector_limit(covariance, method=method))

    def healpix(value, *, smooth):
        even, n = np.unique(np.abs(pixel_centers(8)).round(12), axis=0, return_counts=True)
        vector = even * np.sqrt(value)
        return vector / np.linalg.norm(vector, axis=1, keepdims=True), n / n.sum()

    monkeypatch.setattr("amsdipole.statistics.expected_limits._octant", healpix)
    wanted = quantiles(expected_vector_limit(covariance, method=method))
    # Sigma is 2. From these pixels 144 nodes of the other kind differ by 0.0035 sigma, and the 36 by 0.005.
    np.testing.assert_allclose(found, wanted, atol=0.006 * 2.0)


@pytest.mark.parametrize(
    ("ratio", "smooth", "n"),
    [(1.1, True, 2), (1.2, False, 3), (1.4, True, 3), (1.5, True, 4), (3.0, True, 4), (1.5, False, 6), (3.0, False, 6)],
)
def test_directions_are_as_many_as_the_variances_differ(ratio, smooth, n):
    unit, share = _octant(np.array([1.0, 1.05, ratio]), smooth=smooth)
    assert unit.shape == (n**2, 3)
    assert share.sum() == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1.0)
    again, _ = _octant(0.01 * np.array([1.0, 1.05, ratio]), smooth=smooth)
    np.testing.assert_allclose(again, unit)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"covariance": np.eye(2)}, ShapeError, "covariance has shape (2, 2); (3, 3) is wanted"),
        ({"covariance": np.diag([1.0, np.nan, 1.0])}, RangeError, "covariance[1, 1] = nan is not finite"),
        (
            {"covariance": np.diag([1.0, 1.0, -1.0])},
            FitError,
            "covariance has -1.0 and 1.0 as its least and greatest eigenvalues; it must be positive definite",
        ),
        ({"method": "best"}, RangeError, f"method = 'best' is none of {', '.join(LIMIT_METHODS)}"),
        ({"direction": "up"}, RangeError, "direction = 'up' is none of fitted, weakest"),
        ({"confidence": 0.0}, RangeError, "confidence = 0.0 is outside (0.0, 1.0)"),
        ({"confidence": 1.0}, RangeError, "confidence = 1.0 is outside (0.0, 1.0)"),
        ({"confidence": 1.5}, RangeError, "confidence = 1.5 is outside (0.0, 1.0)"),
    ],
)
def test_what_cannot_be_expected_is_refused(changes, error, message):
    arguments = {"covariance": np.eye(3), "method": "cls"} | changes
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        expected_vector_limit(**arguments)


@pytest.mark.parametrize("tail", [0.05, 0.2])
@pytest.mark.parametrize("x", [0.3, 1.5, 2.5, 4.5, 9.0])
def test_the_interval_of_equal_errors_is_that_of_feldman_and_cousins(x, tail):
    ordering = AmplitudeOrdering(0.25 * np.eye(3), np.array([0.6, 0.0, 0.8]), tail, 0.5 * x + 3.0)
    wanted = feldman_cousins_interval(0.5 * x, 0.5, confidence=1.0 - tail)
    # Splines err by 1e-4 sigma at the kink of the best likelihood, and a lower edge near 0 by more.
    np.testing.assert_allclose(ordering.interval(0.5 * x), wanted, atol=1e-3)
    assert ordering.upper_edge(0.5 * x) == ordering.interval(0.5 * x)[1]


@pytest.mark.parametrize("unit", [np.array([0.6, 0.0, 0.8]), np.array([0.0, 1.0, 0.0])])
def test_the_likeliest_amplitude_is_more_likely_than_its_neighbours(unit):
    x, place = AmplitudeOrdering(COVARIANCE, unit, 0.1, 8.0)._place
    assert place[0] == 0.0 < place[-1]
    there = amplitude_pdf(x, place[:, None] * unit, COVARIANCE)
    for step in (-0.02, 0.02):
        beside = amplitude_pdf(x, np.maximum(place + step, 0.0)[:, None] * unit, COVARIANCE)
        # The ordering's own quadrature leaves 2e-7 of a density.
        assert (beside <= there * (1.0 + 1e-6)).all()


@pytest.mark.parametrize("t", [0.0, 0.6, 1.5, 4.0])
@pytest.mark.parametrize("unit", [np.array([0.6, 0.0, 0.8]), np.array([0.0, 1.0, 0.0])])
def test_amplitudes_are_accepted_where_their_intervals_hold_the_true_one(t, unit):
    ordering = AmplitudeOrdering(COVARIANCE, unit, 0.1, 8.0)
    low, high = ordering.acceptance(t)
    chance = amplitude_cdf([low, high], [t * unit] * 2, COVARIANCE)
    assert chance[1] - chance[0] == pytest.approx(0.9, abs=1e-6)
    # Both edges from tables of 8 points a sigma.
    if low > 0.0:
        assert ordering.interval(low)[1] == pytest.approx(t, abs=2e-3)
    if t > 0.0:
        assert ordering.interval(high)[0] == pytest.approx(t, abs=2e-3)
    else:
        assert ordering.interval(high - 0.01)[0] == 0.0 < ordering.interval(high + 0.01)[0]
