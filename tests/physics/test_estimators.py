"""The estimators on skies whose answer is known."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iminuit import Minuit
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from amsdipole.statistics import DipoleFit, Estimator, fit_dipole, toy_counts

ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
NPIX = 768


def spiral(npix: int) -> np.ndarray:
    """Return directions of equal areas on a Fibonacci spiral (Swinbank & Purser 2006)."""
    z = 1 - (2 * np.arange(npix) + 1) / npix
    angle = np.pi * (1 + 5**0.5) * np.arange(npix)
    return np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)


SKY = spiral(NPIX)
# Uneven as the exposure of AMS is (method 5.3: a dipole of some 10 %), with the unseen cap of method 3.1.
EXPOSURE = np.where(SKY[:, 2] < -0.93, 0.0, 1 + SKY @ [-0.2, 0.3, 0.2] + 0.4 * SKY[:, 2] ** 2)


def toy_fits(
    rho: np.ndarray, n_event: int, n_toy: int, seed: int, exposure: np.ndarray, estimator: Estimator
) -> list[DipoleFit]:
    rng = np.random.default_rng(seed)
    return [
        fit_dipole(toy_counts(exposure, SKY, rho, n_event, rng), exposure, SKY, estimator=estimator)
        for _ in range(n_toy)
    ]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_sigma_on_the_full_sky_is_the_root_of_three_over_n(estimator: Estimator) -> None:
    fits = toy_fits(np.zeros(3), 3000, 2000, 1, np.ones(NPIX), estimator)
    spread = np.std([fit.rho for fit in fits])
    assert spread == pytest.approx((3 / 3000) ** 0.5, rel=0.02)  # the error of the spread is 0.9 %


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_stated_sigma_on_the_full_sky_is_the_root_of_three_over_n(estimator: Estimator) -> None:
    fit = toy_fits(np.zeros(3), 30_000, 1, 2, np.ones(NPIX), estimator)[0]
    assert fit.sigma == pytest.approx((3 / 30_000) ** 0.5, rel=0.02)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_pulls_through_an_uneven_exposure_are_standard_normal(estimator: Estimator) -> None:
    rho = np.array([-0.03, 0.02, 0.04])
    fits = toy_fits(rho, 20_000, 1000, 3, EXPOSURE, estimator)
    truth = rho if estimator == "likelihood" else rho / (1 + rho @ fits[0].reference_dipole)
    pulls = np.array([(fit.rho - truth) / np.sqrt(np.diag(fit.covariance)) for fit in fits])
    np.testing.assert_allclose(pulls.mean(axis=0), 0.0, atol=4 / 1000**0.5)
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=4 / 2000**0.5)


@pytest.mark.parametrize("rho", [[0.0, 0.0, 0.1], [0.3, -0.2, 0.1], [-0.5, 0.5, 0.5]])
def test_likelihood_recovers_a_dipole_from_a_sky_without_noise(rho: list[float]) -> None:
    fit = fit_dipole(1e5 * EXPOSURE * (1 + SKY @ rho), EXPOSURE, SKY)
    np.testing.assert_allclose(fit.rho, rho, atol=1e-10)


def test_score_is_off_by_the_second_order_term_stated() -> None:
    rho = np.array([0.3, -0.2, 0.1])
    fit = fit_dipole(1e5 * EXPOSURE * (1 + SKY @ rho), EXPOSURE, SKY, estimator="score")
    # By hand: M^-1 (<n (1 + rho.n)> / (1 + rho.<n>) - <n>) = rho / (1 + rho.<n>).
    np.testing.assert_allclose(fit.rho, rho / (1 + rho @ fit.reference_dipole), atol=1e-12)


@pytest.mark.parametrize("size", [0.01, 0.03, 0.1])
def test_score_and_likelihood_agree_to_first_order(size: float) -> None:
    rho = size * np.array([0.6, -0.48, 0.64])
    counts = toy_counts(EXPOSURE, SKY, rho, 10**7, np.random.default_rng(4))
    likelihood, score = (fit_dipole(counts, EXPOSURE, SKY, estimator=estimator).rho for estimator in ESTIMATORS)
    # 0.01 sigma at 1e7 events is 5e-6; the difference is rho (rho.<n>) with |<n>| = 0.17.
    assert np.linalg.norm(likelihood - score) < 0.25 * size**2 + 3e-5


def test_likelihood_is_the_binned_poisson_likelihood_with_a_free_scale() -> None:
    counts = toy_counts(EXPOSURE, SKY, [0.1, 0.0, -0.1], 5000, np.random.default_rng(5))
    seen = EXPOSURE > 0

    def cost(scale: float, x: float, y: float, z: float) -> float:
        mu = scale * EXPOSURE[seen] * (1 + SKY[seen] @ [x, y, z])
        return float(np.sum(mu - counts[seen] * np.log(mu)))

    minuit = Minuit(cost, scale=5000 / EXPOSURE.sum(), x=0.0, y=0.0, z=0.0)
    minuit.errordef, minuit.tol = Minuit.LIKELIHOOD, 1e-6
    minuit.strategy = 2
    minuit.migrad()
    minuit.hesse()
    fit = fit_dipole(counts, EXPOSURE, SKY)
    np.testing.assert_allclose(np.array(minuit.values)[1:], fit.rho, atol=1e-5)
    np.testing.assert_allclose(np.array(minuit.covariance)[1:, 1:], fit.covariance, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(seed=st.integers(0, 2**32 - 1))
def test_fit_turns_with_the_sky(estimator: Estimator, seed: int) -> None:
    turn = Rotation.random(random_state=seed).as_matrix()
    counts = toy_counts(EXPOSURE, SKY, [0.1, 0.05, 0.2], 5000, np.random.default_rng(seed))
    plain = fit_dipole(counts, EXPOSURE, SKY, estimator=estimator)
    turned = fit_dipole(counts, EXPOSURE, SKY @ turn.T, estimator=estimator)
    np.testing.assert_allclose(turned.rho, turn @ plain.rho, atol=1e-10)
    np.testing.assert_allclose(turned.covariance, turn @ plain.covariance @ turn.T, atol=1e-12)
    assert turned.p_value == pytest.approx(plain.p_value, rel=1e-7)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(scale=st.floats(1e-20, 1e20))
def test_scale_of_the_reference_does_not_matter(estimator: Estimator, scale: float) -> None:
    counts = toy_counts(EXPOSURE, SKY, [0.1, 0.05, 0.2], 5000, np.random.default_rng(6))
    plain = fit_dipole(counts, EXPOSURE, SKY, estimator=estimator)
    scaled = fit_dipole(counts, scale * EXPOSURE, SKY, estimator=estimator)
    np.testing.assert_allclose(scaled.rho, plain.rho, rtol=1e-10)


def diluted_sky(rho: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return maps of the sums of p and p**2 of method 1.5: two overlapping Gaussians, the background isotropic."""
    shift = 2.174  # in widths: sum p**2 / sum p is then the 0.863 of that toy
    weight, square = np.zeros(NPIX), np.zeros(NPIX)
    for n_event, mean, dipole in ((30_000, 0.0, rho), (15_000, shift, np.zeros(3))):
        pixel = np.repeat(np.arange(NPIX), toy_counts(EXPOSURE, SKY, dipole, n_event, rng))
        response = rng.normal(mean, 1.0, n_event)
        purity = 30_000 * norm.pdf(response) / (30_000 * norm.pdf(response) + 15_000 * norm.pdf(response - shift))
        weight += np.bincount(pixel, purity, NPIX)
        square += np.bincount(pixel, purity**2, NPIX)
    return weight, square


RHO_DILUTED = np.array([0.10, -0.05, 0.08])


@pytest.fixture(scope="module")
def diluted() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(7)
    return [diluted_sky(RHO_DILUTED, rng) for _ in range(300)]


def along(fits: list[DipoleFit]) -> float:
    """Return the mean recovered fraction of the injected dipole; its error over 300 skies is 0.0047."""
    return float(np.mean([fit.rho @ RHO_DILUTED for fit in fits]) / (RHO_DILUTED @ RHO_DILUTED))


def test_purity_toy_has_the_dilution_of_method_1_5(diluted: list[tuple[np.ndarray, np.ndarray]]) -> None:
    weight, square = diluted[0]
    assert square.sum() / weight.sum() == pytest.approx(0.863, abs=0.003)


def test_naive_weighted_likelihood_is_diluted(diluted: list[tuple[np.ndarray, np.ndarray]]) -> None:
    fits = [fit_dipole(weight, EXPOSURE, SKY, sum_weight2=square, weighting="signal") for weight, square in diluted]
    assert along(fits) == pytest.approx(0.863, abs=0.02)  # method 1.5: 0.86, the mean purity of the purities


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_purity_weighted_fit_is_unbiased(estimator: Estimator, diluted: list[tuple[np.ndarray, np.ndarray]]) -> None:
    fits = [fit_dipole(weight, EXPOSURE, SKY, sum_weight2=square, estimator=estimator) for weight, square in diluted]
    assert along(fits) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_purity_weighted_pulls_have_unit_width(
    estimator: Estimator, diluted: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    fits = [fit_dipole(weight, EXPOSURE, SKY, sum_weight2=square, estimator=estimator) for weight, square in diluted]
    pulls = np.array([(fit.rho - RHO_DILUTED) / np.sqrt(np.diag(fit.covariance)) for fit in fits])
    assert pulls.std() == pytest.approx(1.0, abs=4 / 1800**0.5)


def test_sandwich_and_fisher_errors_of_purities_agree(diluted: list[tuple[np.ndarray, np.ndarray]]) -> None:
    weight, square = diluted[0]
    fit = fit_dipole(weight, EXPOSURE, SKY, sum_weight2=square)
    np.testing.assert_allclose(np.diag(fit.sandwich_covariance), np.diag(fit.covariance), rtol=0.03)  # of order rho**2


@pytest.fixture(scope="module")
def isotropic() -> np.ndarray:
    fits = toy_fits(np.zeros(3), 10_000, 4000, 8, np.ones(NPIX), "score")
    return np.array([[fit.delta_m / fit.sigma, fit.p_value] for fit in fits])


@pytest.mark.parametrize(
    ("probability", "wanted", "error"), [(0.16, 0.916, 0.015), (0.5, 1.538, 0.014), (0.84, 2.273, 0.017)]
)
def test_amplitude_under_isotropy_follows_chi_three(
    probability: float, wanted: float, error: float, isotropic: np.ndarray
) -> None:
    # Quantiles of method 6.1; the error is sqrt(q (1 - q) / 4000) over the density there.
    assert np.quantile(isotropic[:, 0], probability) == pytest.approx(wanted, abs=4 * error)


def test_p_values_under_isotropy_are_uniform(isotropic: np.ndarray) -> None:
    np.testing.assert_allclose(np.quantile(isotropic[:, 1], [0.05, 0.5, 0.95]), [0.05, 0.5, 0.95], atol=0.032)


@pytest.mark.parametrize("n_event", [300, 30_000])
def test_goodness_of_fit_of_a_right_model_is_standard_normal_however_few_the_counts(n_event: int) -> None:
    fits = toy_fits(np.array([0.2, 0.0, 0.1]), n_event, 400, 9, EXPOSURE, "score")
    z = [(fit.pearson_chi2 - fit.pearson_dof) / fit.pearson_sigma for fit in fits]
    assert (np.mean(z), np.std(z)) == (pytest.approx(0.0, abs=0.25), pytest.approx(1.0, abs=0.15))


def test_goodness_of_fit_of_a_quadrupole_is_bad() -> None:
    fit = fit_dipole(
        toy_counts(EXPOSURE * (1 + 0.3 * SKY[:, 0] ** 2), SKY, [0, 0, 0], 10**6, np.random.default_rng(10)),
        EXPOSURE,
        SKY,
    )
    assert (fit.pearson_chi2 - fit.pearson_dof) / fit.pearson_sigma > 10
