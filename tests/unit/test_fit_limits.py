from dataclasses import replace

import numpy as np
import pytest

from amsdipole.statistics import (
    DipoleFit,
    expected_fit_limits,
    expected_limit,
    expected_vector_limit,
    fit_dipole,
    fit_limits,
    limits,
    vector_limits,
)

AXES = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
METHODS = ("flat_delta", "cls")


def fit_of(rho: list[float], covariance: np.ndarray) -> DipoleFit:
    """A fit with these components and covariance."""
    fit = fit_dipole([110, 90, 100, 100, 100, 100], [1, 1, 1, 1, 1, 1], AXES)
    return replace(fit, rho=np.array(rho), covariance=covariance)


@pytest.mark.parametrize("amplitude", [0.0, 1.0, 2.5, 4.0])
def test_one_sigma_on_all_axes_gives_the_limits_of_that_sigma(amplitude):
    sigma = 0.004
    found = fit_limits(fit_of([0.0, amplitude * sigma, 0.0], sigma**2 * np.eye(3)), methods=METHODS)
    wanted = limits(amplitude * sigma, sigma, methods=METHODS)
    assert [u.method for u in found] == [u.method for u in wanted]
    # Both ends are solved to 1e-6 of sigma or better; limits are between 1.6 and 6 sigma.
    np.testing.assert_allclose([u.delta_ul for u in found], [u.delta_ul for u in wanted], rtol=1e-5)


def test_limits_do_not_hang_on_the_axes_that_hold_the_components():
    covariance = np.diag([1.0, 2.0, 3.0]) * 1e-5
    turn = np.linalg.qr(np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0], [1.5, 0.2, 1.0]]))[0]
    rho = np.array([0.004, -0.006, 0.002])
    here = fit_limits(fit_of(rho.tolist(), covariance), methods=METHODS)
    there = fit_limits(fit_of((turn @ rho).tolist(), turn @ covariance @ turn.T), methods=METHODS)
    # The quadrature over directions has fixed nodes: 1e-4 of a limit is left of where they lie.
    np.testing.assert_allclose([u.delta_ul for u in there], [u.delta_ul for u in here], rtol=1e-4)


def test_limits_go_on_smoothly_where_the_quadrature_ends():
    covariance = np.diag([1.0, 1.2, 1.1]) * 1e-6
    below, above = (
        fit_limits(fit_of([0.0, 0.0, errors * 1e-3], covariance), methods=METHODS) for errors in (49.9, 50.1)
    )
    # A step of 0.2e-3, and what the two ways differ by at 50 standard errors: less than a tenth of one.
    gap = np.array([b.delta_ul - a.delta_ul for a, b in zip(below, above, strict=True)])
    np.testing.assert_allclose(gap, 0.2e-3, atol=0.1e-3)


@pytest.mark.parametrize(("axis", "sigma"), [(0, 2e-3), (1, 1e-3), (2, 1e-3)])
def test_far_from_zero_the_error_along_the_dipole_decides(axis, sigma):
    rho = [0.0, 0.0, 0.0]
    rho[axis] = 0.04
    found = fit_limits(fit_of(rho, np.diag([4.0, 1.0, 1.0]) * 1e-6), methods=METHODS)
    # A normal law along the dipole; errors across it lengthen the dipole by up to sigma^2 / delta = 1e-4, twice in all.
    np.testing.assert_allclose([u.delta_ul - 0.04 for u in found], 1.6449 * sigma, atol=2e-4)


def test_limits_of_a_fit_are_those_of_its_vector_and_covariance():
    fit = fit_of([0.004, -0.001, 0.002], np.diag([4.0, 1.0, 2.0]) * 1e-6)
    found = fit_limits(fit, methods=["neyman", "cls"], confidence=0.9)
    assert found == vector_limits(fit.rho, fit.covariance, methods=["neyman", "cls"], confidence=0.9)
    assert fit_limits(fit) == vector_limits(fit.rho, fit.covariance, methods=["flat_delta", "cls"], confidence=0.95)


def test_far_from_zero_the_sigma_of_a_limit_is_the_one_along_the_dipole():
    (found,) = fit_limits(fit_of([0.036, 0.0, 0.048], np.diag([4.0, 1.0, 4.0]) * 1e-6), methods=["cls"], confidence=0.9)
    assert (found.method, found.confidence) == ("cls", 0.9)
    assert (found.delta_m, found.sigma) == (pytest.approx(0.06), pytest.approx(0.002))


@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_expected_limits_of_a_fit_are_those_of_its_covariance(unit):
    covariance = np.diag([1.0, 1.4, 2.0]) * unit
    fit = fit_of([0.0, 0.0, 0.0], covariance)
    found = expected_fit_limits(fit, methods=["flat_rho", "cls"], confidence=0.9)
    wanted = [expected_vector_limit(covariance, method=name, confidence=0.9) for name in ("flat_rho", "cls")]
    assert list(found) == wanted
    assert [e.confidence for e in expected_fit_limits(fit)] == [0.95, 0.95]


@pytest.mark.parametrize(("ratio", "whole"), [(13.0, True), (13.3, False)])
def test_one_sigma_is_expected_where_the_quadrature_ends(ratio, whole):
    fit = fit_of([0.0, 0.0, 0.0], np.diag([1.0, 100.0, ratio**2]) * 1e-6)
    (found,) = expected_fit_limits(fit, methods=["cls"], confidence=0.9)
    assert (found == expected_limit(fit.sigma, method="cls", confidence=0.9)) != whole
