"""The dipole fit: what it returns, and what it refuses."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amsdipole.errors import AmsDipoleError, DataError, FitError, RangeError, ShapeError
from amsdipole.statistics import fit_dipole, isotropy_p_value, toy_counts

AXES = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
ONES = np.ones(6)


def some_counts() -> np.ndarray:
    return np.array([110.0, 90, 105, 95, 100, 120])


def test_components_are_named_in_the_order_of_the_axes() -> None:
    fit = fit_dipole([110, 90, 120, 80, 130, 70], ONES, AXES)
    np.testing.assert_allclose([fit.rho_fb, fit.rho_ew, fit.rho_ns], [0.1, 0.2, 0.3], atol=1e-12)  # (n+ - n-)/(n+ + n-)


def test_a_flat_map_has_no_dipole() -> None:
    assert fit_dipole(7 * ONES, ONES, AXES).delta_m < 1e-15


def test_covariance_of_the_score_is_the_inverse_fisher_matrix() -> None:
    fit = fit_dipole(some_counts(), ONES, AXES, estimator="score")
    np.testing.assert_allclose(fit.covariance, np.eye(3) * 3 / 620, rtol=1e-12, atol=1e-16)  # M = I/3, 620 events


def test_sandwich_of_the_score_follows_its_formula() -> None:
    weight2 = np.array([100.0, 80, 90, 85, 95, 110])
    fit = fit_dipole(some_counts(), ONES, AXES, sum_weight2=weight2, estimator="score")
    outer = np.diag([180.0, 175.0, 205.0])  # sum of w**2 n n^T on the six axes
    np.testing.assert_allclose(fit.sandwich_covariance, 9 * outer / 560**2, atol=1e-16)


def test_sandwich_equals_the_inverse_information_for_unit_weights_at_the_maximum() -> None:
    fit = fit_dipole(some_counts(), ONES, AXES)
    np.testing.assert_allclose(fit.sandwich_covariance, fit.covariance, rtol=1e-10, atol=1e-16)


def test_covariance_is_the_curvature_of_the_likelihood() -> None:
    counts, reference = some_counts(), np.array([1.0, 2, 3, 2, 1, 2])
    fit = fit_dipole(counts, reference, AXES)

    def log_likelihood(rho: np.ndarray) -> float:
        expected = reference * (1 + AXES @ rho)
        return float(counts @ np.log(expected / expected.sum()))

    step, eye = 1e-4, np.eye(3)
    hessian = np.array(
        [
            [
                sum(
                    s * t * log_likelihood(fit.rho + step * (s * eye[i] + t * eye[j])) for s in (1, -1) for t in (1, -1)
                )
                / (4 * step**2)
                for j in range(3)
            ]
            for i in range(3)
        ]
    )
    np.testing.assert_allclose(np.linalg.inv(-hessian), fit.covariance, rtol=1e-5, atol=1e-8)


def test_purity_weights_are_undiluted_by_the_mean_purity() -> None:
    counts = some_counts()
    purity = fit_dipole(0.8 * counts, ONES, AXES, sum_weight2=0.64 * counts)
    np.testing.assert_allclose(purity.rho, fit_dipole(counts, ONES, AXES).rho / 0.8, rtol=1e-10)


def test_n_eff_of_purities_is_the_sum_of_squares() -> None:
    assert fit_dipole(0.8 * some_counts(), ONES, AXES, sum_weight2=0.64 * some_counts()).n_eff == pytest.approx(396.8)


def test_n_eff_of_signal_weights_is_the_square_of_the_sum_over_the_sum_of_squares() -> None:
    fit = fit_dipole(2 * some_counts(), ONES, AXES, sum_weight2=5 * some_counts(), weighting="signal")
    assert fit.n_eff == pytest.approx(4 / 5 * 620)


def test_signal_weights_may_have_any_scale() -> None:
    counts = some_counts()
    plain = fit_dipole(counts, ONES, AXES, weighting="signal")
    scaled = fit_dipole(1e6 * counts, ONES, AXES, sum_weight2=1e12 * counts, weighting="signal")
    np.testing.assert_allclose(scaled.covariance, plain.covariance, rtol=1e-9, atol=1e-18)


def test_signed_weights_are_fitted() -> None:
    counts = np.array([12.0, 10, -1, 1, 11, 11])
    fit = fit_dipole(counts, ONES, AXES, sum_weight2=np.full(6, 15.0), weighting="signal", estimator="score")
    np.testing.assert_allclose(fit.rho, 3 * np.array([2.0, -2.0, 0.0]) / 44, atol=1e-15)


def test_signed_weights_have_a_likelihood_too() -> None:
    pair = np.repeat(AXES, 2, axis=0)
    counts = np.array([25.0, -3, 18, 2, 21, -1, 20, 0, 20, 1, 20, -1])
    fit = fit_dipole(counts, np.ones(12), pair, sum_weight2=np.abs(counts) + 1, weighting="signal")
    np.testing.assert_allclose(fit.rho, [1 / 21, 0, 1 / 20], atol=0.02)  # (n+ - n-)/(n+ + n-) per axis, to second order


def test_pearson_chi2_is_that_of_the_fitted_map() -> None:
    fit = fit_dipole([11, 9, 11, 9, 10, 12], ONES, AXES)
    expected = 62 / 6 * (1 + AXES @ fit.rho)
    assert fit.pearson_chi2 == pytest.approx(
        float(np.sum((np.array([11, 9, 11, 9, 10, 12]) - expected) ** 2 / expected))
    )


def test_pearson_counts_pixels_less_four() -> None:
    assert fit_dipole(some_counts(), ONES, AXES).pearson_dof == 2


def test_pixels_without_exposure_do_not_matter() -> None:
    blind = np.vstack([AXES, [[0.6, 0.8, 0.0]]])
    fit = fit_dipole(np.append(some_counts(), 0.0), np.append(ONES, 0.0), blind)
    np.testing.assert_array_equal(fit.rho, fit_dipole(some_counts(), ONES, AXES).rho)


def test_reference_dipole_is_the_mean_direction() -> None:
    fit = fit_dipole(some_counts(), [2, 1, 1, 1, 1, 1], AXES)
    np.testing.assert_allclose(fit.reference_dipole, [1 / 7, 0, 0], atol=1e-15)


def test_extreme_scales_of_the_reference_neither_overflow_nor_vanish() -> None:
    plain = fit_dipole(some_counts(), ONES, AXES).rho
    np.testing.assert_array_equal(fit_dipole(some_counts(), 1e308 * ONES, AXES).rho, plain)
    np.testing.assert_array_equal(fit_dipole(some_counts(), 1e-308 * ONES, AXES).rho, plain)


def test_a_result_cannot_be_altered() -> None:
    with pytest.raises(ValueError, match="read-only"):
        fit_dipole(some_counts(), ONES, AXES).rho[0] = 1.0


def test_steep_dipoles_are_fitted_without_leaving_the_physical_region() -> None:
    counts = [1999, 1, 1000, 1000, 1000, 1000]
    np.testing.assert_allclose(fit_dipole(counts, ONES, AXES).rho, [0.999, 0, 0], atol=1e-12)


def test_p_value_is_that_of_chi_squared_with_three_degrees() -> None:
    assert isotropy_p_value([0, 0, 7.814728**0.5], np.eye(3)) == pytest.approx(0.05, abs=1e-7)  # tables: 7.8147


def test_fit_p_value_agrees_with_its_chi2() -> None:
    fit = fit_dipole(some_counts(), ONES, AXES)
    assert fit.p_value == pytest.approx(isotropy_p_value([fit.chi2**0.5, 0, 0], np.eye(3)), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"counts": ONES[:5]}, ShapeError, "reference has shape"),
        ({"direction": AXES[:, :2]}, ShapeError, "direction has shape"),
        ({"counts": np.where(ONES.cumsum() == 3, np.nan, 9)}, RangeError, r"counts\[2\] = nan"),
        ({"counts": [9, 9, -1, 9, 9, 9]}, RangeError, r"counts\[2\] = -1.0 is outside \[0, inf\)"),
        ({"reference": [1, 1, 1, -1, 1, 1]}, RangeError, r"reference\[3\] = -1.0 is outside \[0, inf\)"),
        ({"sum_weight2": [1, 1, 1, 1, -2, 1]}, RangeError, r"sum_weight2\[4\] = -2.0 is outside \[0, inf\)"),
        ({"sum_weight2": [1, 0, 1, 1, 1, 1]}, DataError, r"sum_weight2\[1\] = 0 but counts\[1\] = 9.0"),
        ({"direction": AXES * [[1], [1], [2], [1], [1], [1]]}, RangeError, r"direction\[2\] has length 2.0"),
        ({"reference": [1, 1, 1, 1, 1, 0]}, DataError, r"counts\[5\] = 9.0 .* reference\[5\] = 0"),
        ({"reference": 0 * ONES}, FitError, "no exposure"),
        ({"counts": 0 * ONES}, FitError, "total weight is 0.0"),
        ({"counts": [2, 0, 0, 0, 0, 0]}, FitError, "n_eff = 2.0 is below 3"),
        ({"direction": AXES[[0, 1, 2, 3, 0, 1]]}, FitError, r"M = .* singular.*\(0.000, 0.000, 1.000\)"),
        ({"counts": [9, 0, 9, 9, 9, 9]}, FitError, "no maximum with a flux above 0"),
        ({"estimator": "chi2"}, RangeError, "estimator = 'chi2' is none of likelihood, score"),
        ({"weighting": "none"}, RangeError, "weighting = 'none' is none of purity, signal"),
    ],
)
def test_bad_input_is_refused_by_name(change: dict[str, Any], error: type[AmsDipoleError], message: str) -> None:
    chosen: dict[str, Any] = {"counts": 9 * ONES, "reference": ONES, "direction": AXES} | change
    with pytest.raises(error, match=message):
        fit_dipole(chosen.pop("counts"), chosen.pop("reference"), chosen.pop("direction"), **chosen)


def test_a_gradient_too_steep_for_any_dipole_is_refused() -> None:
    ring = np.radians(np.arange(0, 360, 45))
    patch = np.vstack([[np.sin(t) * np.cos(ring), np.sin(t) * np.sin(ring), np.full(8, np.cos(t))] for t in (0.2, 0.4)])
    unit = np.hstack([patch[:3], patch[3:]]).T
    with pytest.raises(FitError, match="no maximum at a finite dipole"):
        fit_dipole(np.repeat([1000, 500], 8), np.ones(16), unit)


def test_a_covariance_that_is_not_positive_is_refused() -> None:
    with pytest.raises(FitError, match="positive definite"):
        isotropy_p_value([1, 0, 0], np.diag([1.0, 1.0, 0.0]))


def test_toys_keep_the_total() -> None:
    assert toy_counts(ONES, AXES, [0.1, 0, 0], 1000, np.random.default_rng(3)).sum() == 1000


def test_toys_of_one_seed_are_the_same() -> None:
    first, second = (toy_counts(ONES, AXES, [0.1, 0, 0], 1000, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_poisson_toys_have_a_free_total_of_the_right_spread() -> None:
    rng = np.random.default_rng(4)
    total = [toy_counts(ONES, AXES, [0.1, 0, 0], 400, rng, total="poisson").sum() for _ in range(4000)]
    assert np.std(total) == pytest.approx(20, abs=1)  # sqrt(400); error 20 / sqrt(8000) = 0.22


def test_toys_without_exposure_stay_empty() -> None:
    reference = [1, 1, 1, 1, 1, 0]
    assert toy_counts(reference, AXES, [0, 0, -0.5], 10_000, np.random.default_rng(5))[5] == 0


@pytest.mark.parametrize(
    ("rho", "rng", "error"),
    [
        ([1.5, 0, 0], np.random.default_rng(1), RangeError),
        ([0, 0], np.random.default_rng(1), ShapeError),
        ([0, 0, 0], 5, ShapeError),
    ],
)
def test_impossible_toys_are_refused(rho: list[float], rng: Any, error: type[AmsDipoleError]) -> None:
    with pytest.raises(error):
        toy_counts(ONES, AXES, rho, 10, rng)


@given(seed=st.integers(0, 2**32 - 1))
def test_search_ends_where_the_likelihood_is_level_even_on_lopsided_skies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts, reference = 1000 * rng.uniform(0, 1, 6) ** 8 + 10, rng.uniform(0, 1, 6) ** 4 + 1e-4
    fit = fit_dipole(counts, reference, AXES)
    mean = fit.reference_dipole
    gradient = counts @ (AXES / (1 + AXES @ fit.rho)[:, np.newaxis]) - counts.sum() * mean / (1 + mean @ fit.rho)
    assert np.sqrt(gradient @ fit.covariance @ gradient) < 1e-6  # in errors
