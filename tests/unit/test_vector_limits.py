"""Limits with any covariance: the isotropic ones as a special case, direct toys, refusals."""

import functools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import simpson
from scipy.stats import norm

from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.statistics import (
    LIMIT_METHODS,
    UpperLimit,
    amplitude_cdf,
    amplitude_pdf,
    delta_cdf,
    delta_pdf,
    expected_vector_limit,
    isotropy_p_value,
    pattern_strength,
    posterior_tail,
    significance,
    upper_limit,
    vector_limit,
    vector_limits,
)
from amsdipole.statistics.amplitude_law import node_numbers, posterior_tails

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


def chance_below(x, mean, width):
    """Chance of an amplitude below x for errors along the axes: x, then y, then z within the ball, by 100 points."""
    node, weight = np.polynomial.legendre.leggauss(100)
    angle, weight = 0.5 * np.pi * node, 0.5 * np.pi * weight
    first = x * np.sin(angle)
    rest = x * np.cos(angle)
    second, height = rest[:, None] * np.sin(angle), rest[:, None] * np.cos(angle)
    of_first = norm.pdf(first, mean[0], width[0]) * x * np.cos(angle) * weight
    of_second = norm.pdf(second, mean[1], width[1]) * height * weight
    of_third = norm.cdf(height, mean[2], width[2]) - norm.cdf(-height, mean[2], width[2])
    return of_first @ (of_second * of_third).sum(axis=1)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
@pytest.mark.parametrize("x", [0.2, 1.0, 2.5, 4.5])
@pytest.mark.parametrize("mean", [np.zeros(3), TRUTH, np.array([0.0, 3.0, 0.0])])
def test_the_law_of_the_amplitude_is_its_integral_over_the_ball(x, mean, scale):
    covariance = np.diag([3.0, 1.0, 0.2])
    found = amplitude_cdf([scale * x], [scale * mean], scale**2 * covariance)[0]
    assert found == pytest.approx(chance_below(x, mean, np.sqrt(np.diag(covariance))), abs=1e-10)


@pytest.mark.parametrize("mean", [np.zeros(3), TRUTH, np.array([0.0, 3.0, 0.0])])
def test_the_density_of_the_amplitude_is_the_slope_of_its_law(mean):
    covariance, step = np.diag([3.0, 1.0, 0.2]), 1e-3
    x = np.array([0.3, 1.0, 2.5, 4.5])
    means = np.tile(mean, (len(x), 1))
    law = [amplitude_cdf(x + shift, means, covariance) for shift in (-2 * step, -step, step, 2 * step)]
    # Five points err by step**4 / 30 of the fifth derivative, and by the rounding of the law over the step.
    slope = (law[0] - 8 * law[1] + 8 * law[2] - law[3]) / (12 * step)
    np.testing.assert_allclose(amplitude_pdf(x, means, covariance), slope, atol=1e-9)


@pytest.mark.parametrize("power", [0, 1, 2])
@pytest.mark.parametrize("mean", [np.zeros(3), np.array([0.6, -1.0, 0.3])])
def test_the_posterior_is_its_integral_over_amplitude_and_direction(power, mean):
    covariance = np.diag([3.0, 1.0, 0.2])
    inverse = np.linalg.inv(covariance)
    r = np.linspace(0.0, 14.0, 1401)
    cosine, weight = np.polynomial.legendre.leggauss(60)
    azimuth = (np.arange(120) + 0.5) * np.pi / 60
    sine = np.sqrt(1.0 - cosine**2)[:, None]
    unit = np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), np.broadcast_to(cosine[:, None], (60, 120))])
    density = (
        np.array(
            [
                (weight @ np.exp(-0.5 * np.einsum("ijk,il,ljk->jk", d, inverse, d))).sum()
                for d in (mean[:, None, None] - amplitude * unit for amplitude in r)
            ]
        )
        * r**power
    )
    for i in (0, 100, 250, 400):
        wanted = simpson(density[i:], x=r[i:]) / simpson(density, x=r)
        found = posterior_tail([r[i]], [mean], covariance, power=power)[0]
        # Simpson's rule over steps of 0.01, of which one side may have an odd number.
        assert found == pytest.approx(wanted, abs=1e-7)


def test_several_posteriors_are_each_that_of_its_prior():
    t, rho = np.array([0.5, 1.5, 3.0]), np.stack([TRUTH, -TRUTH, np.zeros(3)])
    found = posterior_tails(rho, COVARIANCE, powers=(2, 0, 1))(t)
    for row, power in zip(found, (2, 0, 1), strict=True):
        np.testing.assert_allclose(row, posterior_tail(t, rho, COVARIANCE, power=power), rtol=1e-12)


def test_many_amplitudes_are_treated_as_one_after_the_other(monkeypatch):
    monkeypatch.setattr("amsdipole.statistics.amplitude_law.CHUNK", 30_000)  # a few rows at a time
    x = np.linspace(0.0, 5.0, 60)
    rho = np.random.default_rng(3).normal(size=(60, 3))
    matrices = COVARIANCE * np.linspace(0.5, 2.0, 60)[:, None, None]
    for law in (amplitude_cdf, amplitude_pdf, functools.partial(posterior_tail, power=1)):
        one = np.tile(COVARIANCE, (60, 1, 1))
        np.testing.assert_allclose(law(x, rho, COVARIANCE), law(x, rho, one), rtol=1e-12, strict=True)
        assert len(law(x, rho, matrices)) == 60
    for some in (np.arange(0, 60, 7), np.array([59])):
        for law in (amplitude_cdf, amplitude_pdf):
            alone = [law([x[i]], rho[i : i + 1], matrices[i])[0] for i in some]
            # A batch takes the nodes that its sharpest row needs.
            np.testing.assert_allclose(law(x, rho, matrices)[some], alone, atol=1e-10)
        alone = [posterior_tail([x[i]], rho[i : i + 1], matrices[i], power=1)[0] for i in some]
        np.testing.assert_allclose(posterior_tail(x, rho, matrices, power=1)[some], alone, atol=1e-10)
    assert len(posterior_tail([], np.zeros((0, 3)), COVARIANCE, power=1)) == 0


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


def test_several_limits_carry_their_names():
    found = vector_limits([1.0, 0.0, 0.0], np.eye(3), methods=("neyman", "flat_rho"))
    assert [(u.method, u.sigma) for u in found] == [("neyman", 1.0), ("flat_rho", 1.0)]


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("direction", ["fitted", "weakest"])
def test_a_record_tells_all_that_its_limit_was_made_of(method, direction):
    (found,) = vector_limits(TRUTH, COVARIANCE, methods=[method], confidence=0.9, direction=direction)
    wanted = vector_limit(TRUTH, COVARIANCE, method=method, confidence=0.9, direction=direction)
    sigma = (COVARIANCE.trace() / 3) ** 0.5
    assert found == UpperLimit(method, 0.9, pytest.approx(3.5**0.5), pytest.approx(sigma), wanted)


@pytest.mark.parametrize(("method", "power"), [("flat_delta", 0), ("proportional_delta", 1), ("flat_rho", 2)])
def test_a_credible_limit_leaves_its_share_of_the_posterior(method, power):
    limit = vector_limit(TRUTH, COVARIANCE, method=method, confidence=0.9)
    # To the 1e-8 sigma of the root.
    assert posterior_tail([limit], TRUTH[None], COVARIANCE, power=power)[0] == pytest.approx(0.1, abs=1e-7)


@pytest.mark.parametrize("direction", ["fitted", "weakest"])
def test_frequentist_limits_solve_their_equations_along_the_direction(direction):
    weakest = np.linalg.eigh(COVARIANCE)[1][:, -1]
    along = TRUTH / np.linalg.norm(TRUTH) if direction == "fitted" else weakest
    x = [np.linalg.norm(TRUTH)]
    at_zero = amplitude_cdf(x, np.zeros((1, 3)), COVARIANCE)[0]
    for method, wanted in (("neyman", 0.1), ("cls", 0.1 * at_zero)):
        limit = vector_limit(TRUTH, COVARIANCE, method=method, confidence=0.9, direction=direction)
        assert amplitude_cdf(x, limit * along[None], COVARIANCE)[0] == pytest.approx(wanted, abs=1e-7)


def test_wider_spacing_errs_as_told():
    # On a circle of 20 of the smallest standard deviations the peak is as narrow as they are.
    covariance, rho = np.diag([0.04, 1.0, 1.0]), [[0.15, 4.0, 0.2]]
    laws = (
        lambda **options: amplitude_cdf([4.0], rho, covariance, **options)[0],
        lambda **options: posterior_tails(rho, covariance, powers=(0,), **options)(np.array([4.0]))[0, 0],
    )
    for law in laws:
        assert 1e-9 < abs(law(spacing=1.5) - law()) < 3e-4
        assert abs(law(spacing=0.6) - law()) < 1e-12


@pytest.mark.parametrize("turns", [0.5, 1.0])
@pytest.mark.parametrize(("spacing", "least"), [(0.8, 24), (1.6, 12)])
@pytest.mark.parametrize("ratio", [0.3, 2.0, 31.0])
def test_nodes_are_as_far_apart_as_the_spacing_says(ratio, spacing, least, turns):
    width = np.array([[0.5, 1.0, 2.0], [1.0, 1.0, 1.0]])
    polar, around = node_numbers(np.array([0.5 * ratio, 0.0]), width, turns, spacing=spacing)
    assert around == least + int(2.0 * np.pi * ratio / spacing)
    # Gauss-Legendre: pi / 2 times those of an even grid along the arc.
    assert polar == least + int(np.pi / 2 * turns * np.pi * ratio / spacing)


@pytest.mark.parametrize("unit", [1e-6, 1e3])
def test_the_unified_limit_does_not_depend_on_the_unit(unit):
    found = vector_limit(unit * TRUTH, unit**2 * COVARIANCE, method="feldman_cousins")
    # The tables of both err by 1e-4 of sigma.
    assert found / unit == pytest.approx(vector_limit(TRUTH, COVARIANCE, method="feldman_cousins"), abs=2e-4)


@pytest.mark.parametrize("unit", [1e-6, 1e3])
@pytest.mark.parametrize("method", QUICK)
def test_limits_do_not_depend_on_the_unit(method, unit):
    found = vector_limit(unit * TRUTH, unit**2 * COVARIANCE, method=method)
    # Both roots are good to 1e-9 of sigma.
    assert found / unit == pytest.approx(vector_limit(TRUTH, COVARIANCE, method=method), abs=3e-9)


def test_significance_is_one_sided():
    assert significance(0.5) == pytest.approx(0.0, abs=1e-12)
    assert significance(1.349898e-3) == pytest.approx(3.0, abs=1e-5)  # PDG 2024, table 40.1


@pytest.mark.parametrize("p_value", [-0.5, 0.0, 1.0, 1.5, np.nan])
def test_a_tail_that_is_no_probability_has_no_significance(p_value):
    with pytest.raises(RangeError, match=re.escape(f"p_value = {p_value} is outside (0.0, 1.0)")):
        significance(p_value)


ROUND, ORIGIN = np.eye(3), np.zeros((1, 3))
BEYOND = "an amplitude of {} times the smallest standard deviation is beyond the 600 nodes of the quadrature"
FLAT = "has 0.0 and 1.0 as its least and greatest eigenvalues; it must be positive definite"
SKEW = "covariance[{}2, 1] = 0.0; it must be symmetric"


@pytest.mark.parametrize("law", [amplitude_cdf, amplitude_pdf, functools.partial(posterior_tail, power=0)])
@pytest.mark.parametrize(
    ("rho", "covariance", "error", "message"),
    [
        (np.zeros((2, 3)), ROUND, ShapeError, "rho has shape (2, 3); (1, 3) is wanted"),
        ([[0.0, np.nan, 0.0]], ROUND, RangeError, "rho[0, 1] = nan is not finite"),
        (ORIGIN, np.zeros((2, 3, 3)), ShapeError, "covariance has shape (2, 3, 3); (1, 3, 3) is wanted"),
        (ORIGIN, np.eye(2), ShapeError, "covariance has shape (2, 2); (3, 3) is wanted"),
        (ORIGIN, np.full((3, 3), np.inf), RangeError, "covariance[0, 0] = inf is not finite"),
        (ORIGIN, np.diag([1.0, 0.0, 1.0]), FitError, f"covariance {FLAT}"),
        (ORIGIN, np.diag([1.0, 0.0, 1.0])[None], FitError, f"covariance[0] {FLAT}"),
        (ORIGIN, np.zeros((3, 3)), FitError, f"covariance {FLAT.replace('1.0', '0.0')}"),
        (ORIGIN, ROUND + np.diag([0.0, 0.1], 1), RangeError, f"covariance[1, 2] = 0.1 and {SKEW.format('')}"),
        (ORIGIN, [ROUND + np.diag([0.0, 0.1], 1)], RangeError, f"covariance[0, 1, 2] = 0.1 and {SKEW.format('0, ')}"),
    ],
)
def test_the_law_of_a_vector_at_fault_is_refused(law, rho, covariance, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        law([1.0], rho, covariance)


@pytest.mark.parametrize(
    ("law", "name"),
    [
        (amplitude_cdf, "delta_m"),
        (amplitude_pdf, "delta_m"),
        (functools.partial(posterior_tail, power=1), "delta"),
    ],
)
def test_amplitudes_at_fault_are_refused(law, name):
    for amplitudes, error, message in (
        ([0.0, 0.5, -0.5], RangeError, f"{name}[2] = -0.5 is outside [0, inf)"),
        ([0.0, np.nan], RangeError, f"{name}[1] = nan is not finite"),
        ([[1.0, 1.0]], ShapeError, f"{name} has shape (1, 2); (n,) is wanted"),
    ):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            law(amplitudes, np.zeros((2, 3)), ROUND)


def test_amplitudes_that_need_too_many_nodes_are_refused():
    # 600 nodes of 0.8 sigma on the circle are 76.39 sigma; a posterior reaches 3 sigma further.
    for law in (amplitude_cdf, amplitude_pdf):
        assert np.isfinite(law([76.3], ORIGIN, ROUND)).all()
        with pytest.raises(RangeError, match=re.escape(BEYOND.format("76.5"))):
            law([0.0, 76.5], np.zeros((2, 3)), ROUND)
    # Of three Gaussian components, two add 1 / |rho| to the amplitude.
    tail = posterior_tail([73.0] * 2, [[73.3, 0.0, 0.0]] * 2, ROUND, power=2)
    assert tail == pytest.approx([norm.cdf(0.3 + 1.0 / 73.3)] * 2, abs=1e-4)
    with pytest.raises(RangeError, match=re.escape(BEYOND.format("76.5") + ": nothing is left to limit")):
        posterior_tail([0.0], [[0.0, 73.5, 0.0]], ROUND, power=2)


def test_posteriors_of_arguments_at_fault_are_refused():
    for rho, covariance, powers, error, message in (
        (np.zeros((1, 2)), ROUND, (0,), ShapeError, "rho has shape (1, 2); (n, 3) is wanted"),
        (ORIGIN, np.zeros((2, 3, 3)), (0,), ShapeError, "covariance has shape (2, 3, 3); (1, 3, 3) is wanted"),
        (ORIGIN, ROUND, (0, 3), RangeError, "power = 3 is none of 0, 1, 2"),
    ):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            posterior_tails(rho, covariance, powers=powers)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rho": [0.0, 0.0]}, ShapeError, "rho has shape (2,); (3,) is wanted"),
        ({"rho": [np.nan, 0.0, 0.0]}, RangeError, "rho[0] = nan is not finite"),
        ({"covariance": ROUND[None]}, ShapeError, "covariance has shape (1, 3, 3); (3, 3) is wanted"),
        ({"covariance": np.diag([1.0, 0.0, 1.0])}, FitError, f"covariance {FLAT}"),
        ({"method": "best"}, RangeError, f"method = 'best' is none of {', '.join(METHODS)}"),
        ({"direction": "up"}, RangeError, "direction = 'up' is none of fitted, weakest"),
        ({"confidence": 0.0}, RangeError, "confidence = 0.0 is outside (0.0, 1.0)"),
        ({"confidence": 1.0}, RangeError, "confidence = 1.0 is outside (0.0, 1.0)"),
    ],
)
def test_a_limit_of_arguments_at_fault_is_refused(changes, error, message):
    arguments = {"rho": [0.0, 0.0, 1.0], "covariance": ROUND, "method": "cls"} | changes
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        vector_limit(**arguments)
    arguments["methods"] = [arguments.pop("method")]
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        vector_limits(**arguments)


def test_no_limit_is_made_beyond_the_nodes():
    with pytest.raises(RangeError, match="nothing is left to limit"):
        vector_limit([0.0, 0.0, 500.0], ROUND, method="flat_delta")


@pytest.mark.parametrize(
    "judge",
    [
        lambda covariance: vector_limit([0.0, 0.0, 1.0], covariance, method="cls"),
        lambda covariance: expected_vector_limit(covariance, method="cls"),
        lambda covariance: isotropy_p_value([0.0, 0.0, 1.0], covariance),
        lambda covariance: pattern_strength([0.0, 0.0, 1.0], covariance, [0.0, 1.0, 0.0]),
    ],
    ids=["limit", "expected", "isotropy", "strength"],
)
def test_all_that_judges_by_a_covariance_refuses_what_is_none(judge):
    with pytest.raises(RangeError, match=re.escape(f"covariance[1, 2] = 0.1 and {SKEW.format('')}")):
        judge(ROUND + np.diag([0.0, 0.1], 1))
    with pytest.raises(FitError, match=f"^covariance {FLAT}$"):
        judge(np.diag([1.0, 0.0, 1.0]))
    with pytest.raises(ShapeError, match=re.escape("covariance has shape (9,); (3, 3) is wanted")):
        judge(np.ones(9))
