"""The law of the amplitude and the limits drawn from it."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import erf
from scipy.stats import chi, ncx2

from amsdipole.errors import RangeError
from amsdipole.statistics import (
    LIMIT_METHODS,
    ExpectedLimit,
    LimitMethod,
    UpperLimit,
    coverage,
    delta_cdf,
    delta_pdf,
    delta_quantile,
    expected_limit,
    feldman_cousins_interval,
    limits,
    sigma_isotropic,
    upper_limit,
)

METHODS: list[LimitMethod] = list(LIMIT_METHODS)
amplitudes = st.floats(0.0, 30.0)


@given(x=st.floats(0.05, 20.0), t=st.floats(0.0, 20.0))
def test_cdf_agrees_with_scipy_noncentral_chi_squared(x: float, t: float) -> None:
    assert delta_cdf(x, delta=t, sigma=1.0) == pytest.approx(float(ncx2.cdf(x**2, 3, t**2)), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("x", [1e-8, 1e-3, 0.5])
def test_cdf_keeps_its_relative_accuracy_at_small_amplitudes(x: float) -> None:
    # Taylor series of the integral of sqrt(2/pi) x**2 exp(-x**2/2): terms (-1/2)**k x**(2 k + 3) / (k! (2 k + 3)).
    terms = [(-0.5) ** k * x ** (2 * k + 3) / (math.factorial(k) * (2 * k + 3)) for k in range(12)]
    series = (2 / math.pi) ** 0.5 * sum(terms)
    assert delta_cdf(x, delta=0.0, sigma=1.0) == pytest.approx(series, rel=1e-9)


@pytest.mark.parametrize("t", [0.0, 1e-9, 0.3, 3.0, 12.0])
def test_cdf_is_the_integral_of_the_pdf(t: float) -> None:
    for x in (1.999, 2.001, 5.0):
        area = quad(lambda y: delta_pdf(y, delta=t, sigma=1.0), 0, x, epsabs=1e-14, epsrel=1e-12, limit=200)[0]
        assert delta_cdf(x, delta=t, sigma=1.0) == pytest.approx(area, rel=1e-9, abs=1e-15)


@given(probability=st.floats(0.001, 0.999), t=st.floats(0.0, 10.0))
def test_quantile_inverts_the_cdf(probability: float, t: float) -> None:
    x = delta_quantile(probability, sigma=0.5, delta=t)
    assert delta_cdf(x, delta=t, sigma=0.5) == pytest.approx(probability, abs=1e-9)


@pytest.mark.parametrize("delta", [0.0, 2e-8, 5e-7])
def test_the_law_does_not_depend_on_the_unit(delta: float) -> None:
    for probability in (0.0, 0.3, 0.95):
        small = delta_quantile(probability, sigma=1e-7, delta=delta)
        assert small / 1e-7 == pytest.approx(delta_quantile(probability, sigma=1.0, delta=delta / 1e-7), abs=1e-10)
    wanted = delta_pdf(1.5, delta=delta / 1e-7, sigma=1.0)
    assert 1e-7 * delta_pdf(1.5e-7, delta=delta, sigma=1e-7) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("probability", [-0.1, 1.0, 1.5, math.nan])
def test_quantiles_of_what_is_no_probability_are_refused(probability: float) -> None:
    with pytest.raises(RangeError, match=rf"^probability = {probability} is outside \[0\.0, 1\.0\)$"):
        delta_quantile(probability, sigma=1.0, delta=1.0)


@pytest.mark.parametrize("n_eff", [-1.0, 0.0, math.inf, math.nan])
def test_no_sigma_is_given_for_no_events(n_eff: float) -> None:
    with pytest.raises(RangeError, match=rf"^n_eff = {n_eff} is outside \(0\.0, inf\)$"):
        sigma_isotropic(n_eff)
    assert sigma_isotropic(0.75) == 2.0


@pytest.mark.parametrize("name", ["delta_m", "delta"])
def test_an_amplitude_beyond_a_million_sigma_is_refused(name: str) -> None:
    for value, message in (
        (1000000.5, rf"^{name} / sigma = 1000000\.5 is outside \[0\.0, 1000000\.0\]$"),
        (-1.0, rf"^{name} = -1\.0 is outside \[0\.0, inf\)$"),
    ):
        arguments = {"delta_m": 0.0, "delta": 0.0} | {name: value}
        with pytest.raises(RangeError, match=message):
            delta_cdf(**arguments, sigma=1.0)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.inf])
def test_a_sigma_that_measures_nothing_is_refused(sigma: float) -> None:
    with pytest.raises(RangeError, match=rf"^sigma = {sigma} is outside \(0\.0, inf\)$"):
        delta_cdf(1.0, delta=0.0, sigma=sigma)


def test_sigma_of_the_positrons_of_nine_years_is_as_published() -> None:
    assert sigma_isotropic(1.8e5) == pytest.approx(0.00408, abs=5e-6)  # method 5.4


@pytest.mark.parametrize("method", METHODS)
@given(x=amplitudes, scale=st.floats(1e-6, 1e3))
def test_limits_scale_with_sigma(method: LimitMethod, x: float, scale: float) -> None:
    assert upper_limit(x * scale, scale, method=method) == pytest.approx(
        scale * upper_limit(x, 1.0, method=method), rel=1e-8, abs=1e-9 * scale
    )


@pytest.mark.parametrize("method", METHODS)
@given(x=amplitudes, more=st.floats(0.0, 5.0))
def test_no_limit_falls_when_the_amplitude_rises(method: LimitMethod, x: float, more: float) -> None:
    assert upper_limit(x + more, 1.0, method=method) >= upper_limit(x, 1.0, method=method) - 1e-9


@pytest.mark.parametrize("method", METHODS)
@given(x=amplitudes, confidence=st.floats(0.6, 0.98))
def test_no_limit_falls_when_the_confidence_rises(method: LimitMethod, x: float, confidence: float) -> None:
    lower = upper_limit(x, 1.0, method=method, confidence=confidence)
    assert upper_limit(x, 1.0, method=method, confidence=confidence + 0.019) >= lower - 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_a_tiny_amplitude_has_the_limit_of_none(method: LimitMethod) -> None:
    assert upper_limit(1e-9, 1.0, method=method) == pytest.approx(upper_limit(0.0, 1.0, method=method), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_far_from_zero_limits_are_gaussian(method: LimitMethod) -> None:
    quantile = 1.959964 if method == "feldman_cousins" else 1.644854  # two- and one-sided normal quantiles
    assert upper_limit(1e4, 1.0, method=method) == pytest.approx(1e4 + quantile, abs=2e-4)


@pytest.mark.parametrize(("method", "power"), [("flat_delta", 0), ("proportional_delta", 1), ("flat_rho", 2)])
@pytest.mark.parametrize("x", [0.0, 0.7, 2.67, 6.0])
def test_credible_limits_hold_their_share_of_the_posterior(method: LimitMethod, power: int, x: float) -> None:
    def posterior(t: float) -> float:
        return t**power * np.exp(-0.5 * (t**2 + x**2)) * (np.sinh(x * t) / (x * t) if x * t > 0 else 1.0)

    limit = upper_limit(x, 1.0, method=method, confidence=0.9)
    below, above = (quad(posterior, low, high, epsabs=1e-14)[0] for low, high in ((0, limit), (limit, limit + 15)))
    assert below / (below + above) == pytest.approx(0.9, abs=1e-9)


def test_proportional_prior_has_a_closed_form() -> None:
    x, root2 = 1.3, np.sqrt(2)
    t = upper_limit(x, 1.0, method="proportional_delta")
    assert (erf((t - x) / root2) + 2 * erf(x / root2) - erf((t + x) / root2)) / (2 * erf(x / root2)) == pytest.approx(
        0.95, abs=1e-9
    )


def test_cls_solves_its_equation() -> None:
    limit = upper_limit(1.3, 1.0, method="cls")
    assert delta_cdf(1.3, delta=limit, sigma=1.0) / delta_cdf(1.3, delta=0.0, sigma=1.0) == pytest.approx(
        0.05, abs=1e-9
    )


def test_neyman_limit_is_zero_below_its_floor() -> None:
    floor = delta_quantile(0.05, sigma=1.0)
    assert upper_limit(0.999 * floor, 1.0, method="neyman") == 0.0


@pytest.mark.parametrize("t", [0.05, 0.5, 1.0, 1.7, 2.4, 3.5, 5.0, 6.787, 8.0])
def test_feldman_cousins_intervals_cover_at_their_confidence(t: float) -> None:
    # The x accepted by t form one range; its content is the coverage. Edges by bisection on the interval itself.
    def accepted(x: float) -> bool:
        low, high = feldman_cousins_interval(x, 1.0)
        return low <= t <= high

    inside = np.linspace(max(0.0, t - 4), t + 5, 60)
    flags = np.array([accepted(x) for x in inside])
    first, last = int(flags.argmax()), len(flags) - 1 - int(flags[::-1].argmax())

    def edge(out: float, into: float) -> float:
        for _ in range(30):
            middle = 0.5 * (out + into)
            out, into = (out, middle) if accepted(middle) else (middle, into)
        return into

    low = 0.0 if first == 0 else edge(inside[first - 1], inside[first])
    high = edge(inside[last + 1], inside[last])
    content = delta_cdf(high, delta=t, sigma=1.0) - delta_cdf(low, delta=t, sigma=1.0)
    assert content == pytest.approx(0.95, abs=1e-6)


def test_feldman_cousins_lower_edge_leaves_zero_at_the_95_percent_quantile() -> None:
    quantile = delta_quantile(0.95, sigma=1.0)  # at delta = 0 the ratio orders by amplitude alone
    assert feldman_cousins_interval(quantile - 1e-6, 1.0)[0] == 0.0
    assert feldman_cousins_interval(quantile + 1e-3, 1.0)[0] > 0.0


@pytest.mark.parametrize("method", METHODS)
def test_expected_median_is_the_limit_at_the_median_amplitude(method: LimitMethod) -> None:
    assert expected_limit(2.0, method=method).median == pytest.approx(2 * upper_limit(1.538172254, 1.0, method=method))


def test_coverage_agrees_with_a_simulation() -> None:
    rho = np.random.default_rng(11).normal([0, 0, 3.0], 1.0, (20_000, 3))
    edge = 3.0
    above = np.mean([upper_limit(x, 1.0, method="flat_delta") >= edge for x in np.linalg.norm(rho, axis=1)[:4000]])
    assert above == pytest.approx(coverage(edge, 1.0, method="flat_delta"), abs=4 * (0.05 * 0.95 / 4000) ** 0.5)


@pytest.mark.parametrize("method", ["cls", "neyman", "proportional_delta", "flat_rho", "feldman_cousins"])
@given(t=st.floats(0.0, 10.0))
def test_these_limits_never_cover_too_seldom(method: LimitMethod, t: float) -> None:
    assert coverage(t, 1.0, method=method) >= 0.95 - 1e-8


def test_every_limit_is_recorded_with_its_method() -> None:
    found = limits(0.0109, sigma_isotropic(1.8e5), methods=METHODS)
    assert [record.method for record in found] == METHODS


@pytest.mark.parametrize("method", METHODS)
def test_a_record_tells_all_that_its_limit_was_made_of(method: LimitMethod) -> None:
    wanted = UpperLimit(method, 0.9, 3.0, 2.0, upper_limit(3.0, 2.0, method=method, confidence=0.9))
    assert limits(3.0, 2.0, methods=[method], confidence=0.9) == (wanted,)


@pytest.mark.parametrize("method", METHODS)
def test_expected_bands_are_the_limits_at_the_quantiles_of_chi(method: LimitMethod) -> None:
    low95, low68, median, high68, high95 = (
        upper_limit(2.0 * float(chi.ppf(share, 3)), 2.0, method=method, confidence=0.9)
        for share in (0.025, 0.16, 0.5, 0.84, 0.975)
    )
    wanted = ExpectedLimit(method, 0.9, 2.0, median, (low68, high68), (low95, high95))
    assert expected_limit(2.0, method=method, confidence=0.9) == wanted


@pytest.mark.parametrize(("delta", "sigma", "confidence"), [(1.2, 1.0, 0.95), (6.0, 2.0, 0.9), (0.3, 0.1, 0.68)])
def test_a_limit_covers_as_often_as_the_law_of_the_amplitude_says(
    delta: float, sigma: float, confidence: float
) -> None:
    # CLs excludes delta where F(x | delta) <= (1 - confidence) F(x | 0): the x of equality, by bisection over SciPy's
    # noncentral chi squared, and the chance of a greater one.
    low, high, t = 0.0, 50.0, delta / sigma
    for _ in range(200):
        x = 0.5 * (low + high)
        kept = ncx2.cdf(x * x, 3, t * t) > (1.0 - confidence) * ncx2.cdf(x * x, 3, 0.0)
        low, high = (low, x) if kept else (x, high)
    found = coverage(delta, sigma, method="cls", confidence=confidence)
    assert found == pytest.approx(ncx2.sf(x * x, 3, t * t), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_limit_is_at_95_percent_unless_something_else_is_asked(method: LimitMethod) -> None:
    alone = LIMIT_METHODS[method]
    assert alone(2.0, 1.0) == alone(2.0, 1.0, confidence=0.95) == upper_limit(2.0, 1.0, method=method)
    assert limits(2.0, 1.0, methods=[method]) == limits(2.0, 1.0, methods=[method], confidence=0.95)
    assert expected_limit(1.0, method=method) == expected_limit(1.0, method=method, confidence=0.95)
    assert coverage(2.0, 1.0, method=method) == coverage(2.0, 1.0, method=method, confidence=0.95)


@pytest.mark.parametrize(("method", "share"), [("cls", 1.0), ("neyman", 0.95)])
def test_no_limit_is_below_the_least(method: LimitMethod, share: float) -> None:
    # CLs never excludes less than 2.448 sigma; Neyman's limit of 0 misses a true dipole of nearly 0 in 5 % of skies.
    assert coverage(1e-9, 1.0, method=method) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("confidence", [0.05, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("t", [0.5, 3.0, 12.0])
def test_neymans_limit_covers_exactly_as_often_as_it_says(t: float, confidence: float) -> None:
    # At low confidence the limit lies below the amplitude, far below where the confidence is 5 %.
    assert coverage(2.0 * t, 2.0, method="neyman", confidence=confidence) == pytest.approx(confidence, abs=1e-9)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("x", [0.9, 1.6, 1.8, 2.5, 4.0])
def test_feldman_cousins_edges_solve_their_equation(x: float, confidence: float) -> None:
    y, t = np.arange(0.0025, 16.0, 0.005), np.arange(0.005, 16.0, 0.01)

    def density(truth: np.ndarray | float) -> np.ndarray:
        gauss = np.exp(-0.5 * (y - truth) ** 2) - np.exp(-0.5 * (y + truth) ** 2)
        return np.asarray(y / (truth * np.sqrt(2 * np.pi)) * gauss)

    best = density(t[:, np.newaxis]).max(axis=0)
    low, high = feldman_cousins_interval(x, 1.0, confidence=confidence)
    assert high > 0.0
    for edge in (low, high):
        if edge > 0.0:
            ratio = density(edge) / best
            more = ratio > np.interp(x, y, ratio)
            # Two cells of the grid, of a density below 0.6.
            assert density(edge)[more].sum() * 0.005 == pytest.approx(confidence, abs=6e-3)


@pytest.mark.parametrize("method", METHODS)
def test_coverage_of_bad_arguments_is_refused(method: LimitMethod) -> None:
    with pytest.raises(RangeError, match=r"delta = -1\.0 is outside"):
        coverage(-1.0, 1.0, method=method)
    with pytest.raises(RangeError, match=r"sigma = 0\.0 is outside"):
        coverage(1.0, 0.0, method=method)
    with pytest.raises(RangeError, match=r"confidence = 0\.0 is outside"):
        coverage(1.0, 1.0, method=method, confidence=0.0)


def test_two_limits_are_given_side_by_side() -> None:
    assert [record.method for record in limits(1.0, 1.0)] == ["flat_delta", "cls"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"delta_m": -0.1}, "delta_m = -0.1 is outside"),
        ({"delta_m": float("nan")}, "delta_m = nan is outside"),
        ({"sigma": 0.0}, "sigma = 0.0 is outside"),
        ({"confidence": 1.0}, "confidence = 1.0 is outside"),
        ({"delta_m": 1e7}, "delta_m / sigma"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_bad_arguments_are_refused(method: LimitMethod, changes: dict[str, float], message: str) -> None:
    given_: dict[str, Any] = {"delta_m": 1.0, "sigma": 1.0} | changes
    with pytest.raises(RangeError, match=message):
        upper_limit(given_.pop("delta_m"), given_.pop("sigma"), method=method, **given_)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(RangeError, match="method = 'ams' is none of cls, "):
        upper_limit(1.0, 1.0, method="ams")  # type: ignore[arg-type]
