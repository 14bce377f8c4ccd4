"""Binned, unbinned, joint and cumulative fits: they agree where they must, and say what one alone would not."""

import numpy as np
import pytest

from amsdipole.errors import DataError, FitError, RangeError, ShapeError
from amsdipole.sky import pixel_centers, real_harmonics
from amsdipole.statistics import (
    coverage_study,
    cumulative_ranges,
    fit_bins,
    fit_dipole,
    fit_events,
    fit_skies,
    impacts,
    poisson_skies,
    pull_study,
    purity_classes,
    sweight_classes,
    with_shifts,
)

NSIDE = 8
DIRECTION = pixel_centers(NSIDE)
REFERENCE = 1.0 + 0.4 * DIRECTION[:, 0] - 0.2 * DIRECTION[:, 2]
SHAPE = REFERENCE / REFERENCE.sum()
RHO = np.array([0.1, -0.05, 0.08])


def sky(n_event: float, rho=(0.0, 0.0, 0.0), toy: int = 0, more: np.ndarray | float = 0.0) -> np.ndarray:
    expected = SHAPE * (1.0 + DIRECTION @ np.asarray(rho) + more)
    return poisson_skies(n_event * expected / expected.sum(), seed=11, toys=[toy])[0]


@pytest.mark.parametrize("l_max", [1, 2, 3])
def test_events_at_pixel_centres_give_the_binned_fit(l_max, monkeypatch):
    def at_centres(value, degree):
        return value @ real_harmonics(DIRECTION, degree) / value.sum()

    # Of events at centres the mean over centres is the expectation, and the two likelihoods are one.
    monkeypatch.setattr("amsdipole.statistics.unbinned.mean_harmonics", at_centres)
    counts = sky(20_000, RHO)
    binned = fit_dipole(counts, REFERENCE, DIRECTION, l_max=l_max)
    single = fit_events(np.repeat(DIRECTION, counts.astype(int), axis=0), REFERENCE, l_max=l_max)
    assert single.names == binned.names
    np.testing.assert_allclose(single.coefficient, binned.coefficient, atol=1e-9)
    np.testing.assert_allclose(single.coefficient_covariance, binned.coefficient_covariance, rtol=1e-6, atol=1e-12)
    assert single.pearson_chi2 == pytest.approx(binned.pearson_chi2)
    assert single.lowest_flux == pytest.approx(binned.lowest_flux, rel=1e-9)


def test_events_of_different_purity_are_fitted_without_bias():
    rng = np.random.default_rng(3)
    pulls = []
    for toy in range(60):
        purity = rng.uniform(0.3, 1.0, 20_000)
        signal = rng.random(20_000) < purity
        pixel = rng.choice(len(SHAPE), 20_000, p=SHAPE)
        lit = SHAPE * (1.0 + DIRECTION @ RHO)
        pixel[signal] = rng.choice(len(SHAPE), int(signal.sum()), p=lit / lit.sum())
        fit = fit_events(DIRECTION[pixel], REFERENCE, weight=purity)
        pulls.append((fit.rho - RHO) / np.sqrt(np.diag(fit.covariance)))
        assert toy or fit.n_eff == pytest.approx((purity**2).sum())
    assert np.abs(np.mean(pulls, axis=0)).max() < 4 / 60**0.5
    assert np.std(pulls) == pytest.approx(1.0, abs=4 / 360**0.5)


def test_a_quadrupole_biases_the_dipole_alone_and_not_the_joint_fit():
    quadrupole = 0.05 * np.sqrt(4 * np.pi / 5) * real_harmonics(DIRECTION, 2)[:, 8]
    counts = 1e6 * SHAPE * (1.0 + DIRECTION @ [0.02, 0.0, 0.0] + quadrupole)
    alone = fit_dipole(counts, REFERENCE, DIRECTION)
    joint = fit_dipole(counts, REFERENCE, DIRECTION, l_max=2)
    np.testing.assert_allclose(joint.rho, [0.02, 0.0, 0.0], atol=1e-9)
    assert np.linalg.norm(alone.rho - [0.02, 0.0, 0.0]) > 3 * alone.sigma


def test_one_call_and_many_give_the_same_coefficients():
    counts, template = sky(50_000, RHO), {"tilt": 0.02 * DIRECTION[:, 0] ** 2}
    one = fit_dipole(counts, REFERENCE, DIRECTION, l_max=2, templates=template)
    many = fit_skies([counts], REFERENCE, DIRECTION, l_max=2, templates=template)
    np.testing.assert_allclose(one.coefficient, many.coefficient[0], rtol=1e-10)
    np.testing.assert_allclose(one.coefficient_covariance, many.covariance[0], rtol=1e-8, atol=1e-16)


def test_bins_with_one_exposure_add_up_to_the_fit_of_their_sum():
    bins = np.stack([sky(n, RHO, toy) for toy, n in enumerate([20_000, 5_000, 1_000])])
    joint = fit_bins(bins, np.tile(REFERENCE, (3, 1)), DIRECTION)
    whole = fit_dipole(bins.sum(axis=0), REFERENCE, DIRECTION)
    np.testing.assert_allclose(joint.common.rho, whole.rho, atol=1e-9)
    np.testing.assert_allclose(joint.common.covariance, whole.covariance, rtol=1e-6)
    assert joint.dof == 6
    assert 0.001 < joint.agreement_p_value < 0.999


def test_bins_that_disagree_are_seen():
    bins = np.stack([sky(50_000, RHO), sky(50_000, -RHO, 1)])
    assert fit_bins(bins, np.tile(REFERENCE, (2, 1)), DIRECTION).agreement_p_value < 1e-6
    rising = fit_bins(bins, np.tile(REFERENCE, (2, 1)), DIRECTION, spectrum=[1.0, -1.0])
    assert rising.agreement_p_value > 1e-3
    np.testing.assert_allclose(rising.common.rho, RHO, atol=4 * rising.common.sigma)


def test_nested_ranges_have_the_covariance_of_toys():
    found = []
    for toy in range(400):
        bins = np.stack([sky(n, toy=3 * toy + k) for k, n in enumerate([4000, 2000, 1000])])
        ranges = cumulative_ranges(bins, np.tile(REFERENCE, (3, 1)), DIRECTION)
        found.append(ranges.rho.ravel())
    correlation = np.corrcoef(np.array(found).T)
    error = np.sqrt(np.diag(ranges.covariance))
    stated = ranges.covariance / np.outer(error, error)
    assert np.abs(correlation - stated).max() < 5 / 400**0.5
    # One exposure: the covariance of two ranges is that of the wider, so that rho = sqrt(n / N).
    np.testing.assert_allclose(ranges.correlation[0], np.sqrt(np.array([7, 3, 1]) / 7), atol=0.02)


def test_the_global_p_value_respects_the_overlap():
    bins = np.stack([sky(n, toy=50 + k) for k, n in enumerate([4000, 2000, 1000])])
    ranges = cumulative_ranges(bins, np.tile(REFERENCE, (3, 1)), DIRECTION)
    whole = ranges.global_p_value(n_toy=20_000)
    assert whole.least <= whole.value <= whole.independent + 3 * whole.error
    assert ranges.global_p_value(n_toy=20_000) == whole  # the same toys for the same seed
    joint = fit_bins(bins, np.tile(REFERENCE, (3, 1)), DIRECTION)
    assert ranges.chi2 == pytest.approx(joint.isotropy_chi2, rel=0.1)  # information seen, and expected


def test_impacts_are_ranked_and_add_up():
    counts = 1e5 * SHAPE
    templates = {"small": 0.001 * DIRECTION[:, 1], "large": 0.01 * DIRECTION[:, 0] ** 3}
    # A template along a component cannot be told from it: one more of its own shape makes it a nuisance.
    templates["small"] = templates["small"] * (1.0 + 0.3 * DIRECTION[:, 2])
    fit = fit_dipole(counts, REFERENCE, DIRECTION, templates=templates)
    ranked = impacts(fit, shifts={"shift": [0.0, 0.0, 0.003]})
    assert [impact.name for impact in ranked] == ["large", "shift", "small"]
    assert all(0.0 < impact.pull_error <= 1.0 + 1e-9 for impact in ranked)
    plain = fit_dipole(counts, REFERENCE, DIRECTION)
    widened = with_shifts(fit, {"shift": [0.0, 0.0, 0.003]})
    assert widened.covariance[2, 2] - fit.covariance[2, 2] == pytest.approx(9e-6, rel=1e-9)
    added = fit.covariance[0, 0] - plain.covariance[0, 0]
    assert np.sqrt(added) == pytest.approx(abs(ranked[0].after[0]), rel=0.05)


def test_coverage_is_what_theory_says():
    rows = coverage_study(REFERENCE, DIRECTION, n_event=20_000, delta_sigma=(0.0, 3.0), n_toy=1000, seed=2)
    for row in rows:
        assert abs(row.coverage - row.theory) <= 4 * max(row.error, 1e-3), row


@pytest.mark.parametrize(
    ("classes", "weighting"), [(purity_classes(20_000), "purity"), (sweight_classes(20_000, 10_000), "signal")]
)
def test_weighted_pulls_have_unit_width(classes, weighting):
    pulls = pull_study(REFERENCE, DIRECTION, classes=classes, rho=[0.05, 0.0, 0.03], weighting=weighting, n_toy=1000)
    assert np.abs(pulls.mean).max() < 4 / 1000**0.5
    assert np.abs(pulls.width - 1.0).max() < 4 / 2000**0.5


def test_bad_input_is_refused():
    good = np.stack([sky(2000), sky(1000, toy=1)])
    both = np.tile(REFERENCE, (2, 1))
    unit = DIRECTION[:50]
    half = np.where(DIRECTION[:, 2] > 0, REFERENCE, 0.0)
    for call, error, message in (
        (lambda: fit_events(unit, REFERENCE[:100]), ShapeError, "HEALPix"),
        (lambda: fit_events(2 * unit, REFERENCE), RangeError, "unit"),
        (lambda: fit_events(unit, REFERENCE, weight=np.full(50, 1.5)), RangeError, "purities"),
        (lambda: fit_events(unit, REFERENCE, weight=-np.ones(50), weighting="signal"), FitError, "total weight"),
        (lambda: fit_events(unit[:2], REFERENCE), FitError, "n_eff"),
        (lambda: fit_events(-unit, half), DataError, "reference is 0"),
        (lambda: fit_events(np.tile(unit[:1], (50, 1)), REFERENCE), FitError, "no maximum"),
        (lambda: fit_bins(good, both, DIRECTION, spectrum=[0.0, 0.0]), RangeError, "spectrum"),
        (lambda: cumulative_ranges(good * [[1], [0]], both, DIRECTION), DataError, "empty"),
        (lambda: impacts(fit_dipole(good[0], REFERENCE, DIRECTION), shifts={"fb": [0, 0, 1]}), RangeError, "name"),
        (lambda: coverage_study(REFERENCE, DIRECTION, n_event=20, delta_sigma=[9.0]), RangeError, "amplitude"),
        (lambda: pull_study(REFERENCE, DIRECTION, classes=purity_classes(100), rho=[1, 1, 1]), RangeError, "rho"),
    ):
        with pytest.raises(error, match=message):
            call()
