"""Fits of many skies: the same as one by one, multipoles, templates, refusals."""

import numpy as np
import pytest

from amsdipole.errors import DataError, FitError, RangeError, ShapeError
from amsdipole.sky import pixel_centers, real_harmonics
from amsdipole.statistics import WeightClass, fit_dipole, fit_skies, poisson_skies, sky_components, weighted_skies

DIRECTION = pixel_centers(8)
REFERENCE = 1.0 + 0.4 * DIRECTION[:, 0] - 0.2 * DIRECTION[:, 2]


def skies(n: int, flux: np.ndarray | float = 1.0, n_event: float = 20_000.0) -> np.ndarray:
    expected = REFERENCE * flux
    return poisson_skies(n_event * expected / expected.sum(), seed=4, toys=range(n))


def test_many_fits_are_the_fits_of_each() -> None:
    counts = skies(5, 1.0 + DIRECTION @ [0.1, 0.0, -0.05])
    fits = fit_skies(counts, REFERENCE, DIRECTION)
    for i, one in enumerate(counts):
        single = fit_dipole(one, REFERENCE, DIRECTION)
        np.testing.assert_allclose(fits.rho[i], single.rho, rtol=1e-12)
        np.testing.assert_allclose(fits.covariance[i], single.covariance, rtol=1e-10, atol=1e-16)
        np.testing.assert_allclose(fits.sandwich_covariance[i], single.sandwich_covariance, rtol=1e-10, atol=1e-16)
        assert fits.chi2[i] == pytest.approx(single.chi2)
        assert fits.sigma[i] == pytest.approx(single.sigma)
        assert fits.delta_m[i] == pytest.approx(single.delta_m)


@pytest.mark.parametrize("weighting", ["purity", "signal"])
def test_many_weighted_fits_are_the_fits_of_each(weighting) -> None:
    classes = [WeightClass(0.9, 9000, 1000), WeightClass(0.4, 2000, 3000), WeightClass(-0.1, 0, 500)]
    w, w2 = weighted_skies(REFERENCE, 1.0 + DIRECTION @ [0.1, 0.0, 0.0], classes, seed=2, toys=range(3))
    fits = fit_skies(w, REFERENCE, DIRECTION, sum_weight2=w2, weighting=weighting)
    for i in range(3):
        single = fit_dipole(w[i], REFERENCE, DIRECTION, sum_weight2=w2[i], weighting=weighting)
        np.testing.assert_allclose(fits.rho[i], single.rho, rtol=1e-12)
        np.testing.assert_allclose(fits.covariance[i], single.covariance, rtol=1e-10, atol=1e-16)
        np.testing.assert_allclose(fits.sandwich_covariance[i], single.sandwich_covariance, rtol=1e-10, atol=1e-16)
        assert fits.n_eff[i] == pytest.approx(single.n_eff)


def test_the_multipoles_put_in_come_out() -> None:
    harmonics = real_harmonics(DIRECTION, 2)
    flux = 1.0 + DIRECTION @ [0.05, 0.02, 0.0] + 0.1 * harmonics[:, 5]
    fits = fit_skies([1e4 * REFERENCE * flux], REFERENCE, DIRECTION, l_max=2)
    assert fits.names == ("fb", "ew", "ns", "a_2-2", "a_2-1", "a_2+0", "a_2+1", "a_2+2")
    np.testing.assert_allclose(fits.coefficient[0], [0.05, 0.02, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0], atol=1e-12)


def test_a_template_takes_its_share_of_the_error() -> None:
    # A template that is a dipole of 1 % along z adds 1 % in quadrature to the error of that component, and no more.
    counts = 10.0 * REFERENCE
    plain = fit_skies([counts], REFERENCE, DIRECTION)
    held = fit_skies([counts], REFERENCE, DIRECTION, templates={"tilt": 0.01 * DIRECTION[:, 2] ** 3 * 5 / 3})
    assert held.error[0, 3] == pytest.approx(1.0, abs=0.05)  # the data cannot tell it from a dipole
    added = held.covariance[0, 2, 2] - plain.covariance[0, 2, 2]
    assert np.sqrt(added) == pytest.approx(0.01, rel=0.05)
    np.testing.assert_allclose(held.error[0, :2], plain.error[0, :2], rtol=0.02)


def test_a_template_that_is_a_dipole_widens_that_component_by_its_constraint() -> None:
    # Nothing in the data tells the two apart: the errors add in quadrature, exactly.
    counts = 10.0 * REFERENCE
    plain = fit_skies([counts], REFERENCE, DIRECTION)
    held = fit_skies([counts], REFERENCE, DIRECTION, templates={"t": 0.01 * DIRECTION[:, 0]})
    assert held.covariance[0, 0, 0] - plain.covariance[0, 0, 0] == pytest.approx(1e-4, rel=1e-6)
    assert held.error[0, 3] == pytest.approx(1.0, rel=1e-9)
    np.testing.assert_allclose(held.rho, plain.rho, atol=1e-12)


def test_bad_components_are_refused() -> None:
    half = (DIRECTION[:, 2] > 0.99).astype(float)
    ones = np.ones(len(DIRECTION))
    for arguments, error, message in (
        (({}, half), FitError, "told apart"),
        (({}, 0 * ones), FitError, "no exposure"),
        (({}, -ones), RangeError, "outside"),
        (({"templates": {"a": ones}}, ones), RangeError, "does not change"),
        (({"templates": {"fb": DIRECTION[:, 0]}}, ones), RangeError, "taken"),
        (({"templates": {"t": ones[1:]}}, ones), ShapeError, "shape"),
        (({"l_max": 0}, ones), RangeError, "l_max"),
        (({"l_max": 4, "templates": {"t": DIRECTION[:, 2] ** 9}}, ones), RangeError, "at most 24"),
    ):
        options, reference = arguments
        with pytest.raises(error, match=message):
            sky_components(reference, DIRECTION, **options)


def test_bad_skies_are_refused_with_their_place() -> None:
    seen = REFERENCE.copy()
    seen[7] = 0.0
    good = np.ones((2, len(DIRECTION)))
    bare = good.copy()
    bare[1, 3] = 0.0
    negative = good.copy()
    negative[1, 5] = -1.0
    one_pixel = np.zeros((2, len(DIRECTION)))
    one_pixel[:, 4] = 100.0
    for counts, options, reference, error, message in (
        (good, {}, seen, DataError, r"counts\[0, 7\]"),
        (good, {"sum_weight2": bare}, REFERENCE, DataError, r"counts\[1, 3\]"),
        (negative, {}, REFERENCE, RangeError, r"counts\[1, 5\]"),
        (good * 1e-3, {}, REFERENCE, FitError, "n_eff"),
        (good * 0, {}, REFERENCE, FitError, "total weight"),
        (one_pixel, {}, REFERENCE, FitError, "no maximum"),
        (good, {"weighting": "none"}, REFERENCE, RangeError, "weighting"),
        (good * np.nan, {}, REFERENCE, RangeError, "finite"),
        (good[0], {}, REFERENCE, ShapeError, "shape"),
    ):
        with pytest.raises(error, match=message):
            fit_skies(counts, reference, DIRECTION, **options)


def test_a_toy_is_the_same_in_any_batch() -> None:
    expected = 5.0 * REFERENCE
    together = poisson_skies(expected, seed=9, toys=range(20))
    parts = [poisson_skies(expected, seed=9, toys=range(i, min(i + 7, 20))) for i in range(0, 20, 7)]
    assert np.concatenate(parts).tobytes() == together.tobytes()
    assert poisson_skies(expected, seed=10, toys=[0]).tobytes() != together[0].tobytes()


def test_toys_have_the_mean_and_width_of_poisson() -> None:
    expected = 14.0 * REFERENCE
    counts = poisson_skies(expected, seed=3, toys=range(2000))
    # 768 pixels of 2000 toys: 5 standard errors of a mean and of a variance.
    assert np.abs((counts.mean(axis=0) - expected) / np.sqrt(expected / 2000)).max() < 5
    assert np.abs(counts.var(axis=0) / expected - 1).max() < 5 * np.sqrt((2 + 1 / expected.min()) / 2000)
