"""Pulsars, their fluxes and dipoles, and how strongly a measured dipole allows them."""

import numpy as np
import pytest
from scipy.integrate import quad

from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.models import (
    GEMINGA,
    MONOGEM,
    NEARBY_PULSARS,
    VELA,
    FluxTable,
    Injection,
    Propagation,
    Pulsar,
    SourceModel,
    fit_positron_flux,
    free_limit,
    positron_flux,
    pulsar_dipole,
    pulsar_flux,
    range_dipole,
    read_pulsars,
    source_term,
)
from amsdipole.models.propagation import KPC_PER_KYR
from amsdipole.report.model_figure import models_against_energy
from amsdipole.report.model_report import model_document
from amsdipole.report.model_text import model_table
from amsdipole.statistics import pattern_strength


@pytest.mark.parametrize(("pulsar", "percent"), [(GEMINGA, 0.36), (MONOGEM, 1.27), (VELA, 12.4)])
def test_the_free_limit_is_that_of_the_method(pulsar: Pulsar, percent: float) -> None:
    # method, section 8.2, to the digits printed there
    assert 100 * free_limit(pulsar.distance_kpc, pulsar.age_kyr) == pytest.approx(percent, abs=0.05)


@pytest.mark.parametrize("pulsar", NEARBY_PULSARS)
def test_a_burst_far_below_the_losses_has_the_free_limit(pulsar: Pulsar) -> None:
    limit = free_limit(pulsar.distance_kpc, pulsar.age_kyr)
    assert float(pulsar_dipole(1e-3, pulsar)) == pytest.approx(limit, rel=1e-5)


def test_the_dipole_of_a_burst_is_three_d_over_c_times_its_gradient() -> None:
    step = 1e-5
    near, far = (Pulsar("x", 0.25 + s, 342.0, 0.0, 0.0, 3.2e34) for s in (-step, step))
    energy = np.array([10.0, 100.0, 500.0])
    gradient = (np.log(pulsar_flux(energy, near)) - np.log(pulsar_flux(energy, far))) / (2 * step)
    wanted = 3.0 * Propagation().diffusion(energy) / KPC_PER_KYR * gradient
    assert pulsar_dipole(energy, GEMINGA) == pytest.approx(wanted, rel=1e-6)


def test_fast_continuous_injection_is_a_burst() -> None:
    energy = np.array([10.0, 100.0])
    soon = Injection(kind="continuous", decay_kyr=1e-3)
    burst = Injection(decay_kyr=1e-3)
    assert pulsar_flux(energy, GEMINGA, injection=soon) == pytest.approx(
        pulsar_flux(energy, GEMINGA, injection=burst), rel=1e-3
    )


def test_continuous_injection_is_the_integral_of_bursts() -> None:
    injection, tau, age = Injection(kind="continuous"), 12.0, MONOGEM.age_kyr

    def burst(t: float) -> float:
        # a burst of the same pair energy at the time t after birth
        elapsed = age - t
        later = Pulsar("x", MONOGEM.distance_kpc, elapsed, 0.0, 0.0, MONOGEM.spin_down_erg_s)
        energy_ratio = injection.pair_energy_gev(MONOGEM) / injection.pair_energy_gev(later)
        share = (1.0 + age / tau) / age * (1.0 + t / tau) ** -2
        return float(pulsar_flux(100.0, later)) * energy_ratio * share

    wanted, _ = quad(burst, 0.0, age - MONOGEM.distance_kpc / KPC_PER_KYR * (1 + 1e-9), epsrel=1e-9, limit=200)
    assert float(pulsar_flux(100.0, MONOGEM, injection=injection)) == pytest.approx(wanted, rel=1e-5)


def test_pairs_of_a_burst_are_all_in_space() -> None:
    # Without losses to speak of, the flux integrated over all distances is half of the pairs' spectrum.
    slow = Propagation(loss_per_gev_s=1e-30)
    injection = Injection()

    def shell(d: float) -> float:
        one = Pulsar("x", d, 342.0, 0.0, 0.0, 3.2e34)
        return 4 * np.pi * d**2 * float(pulsar_flux(10.0, one, injection=injection, propagation=slow))

    here, _ = quad(shell, 1e-6, 8.0, epsrel=1e-8, limit=200)
    unit, _ = quad(lambda e: e ** (injection.index + 1) * np.exp(-e / 2000.0), 1.0, 40_000.0, limit=500)
    spectrum = 0.5 * injection.pair_energy_gev(GEMINGA) / unit * 10.0**injection.index * np.exp(-10.0 / 2000.0)
    metres = 3.0856775814913673e19
    assert here == pytest.approx(spectrum * 299_792_458.0 / (4 * np.pi * metres**3), rel=1e-5)


def test_a_single_source_of_the_whole_term_is_diluted_by_its_share() -> None:
    model = SourceModel("x", (MONOGEM,), "source_term")
    found = range_dipole(model, 99.0, 101.0, total=positron_flux, weight=np.ones_like)
    share = float(source_term(100.0) / positron_flux(100.0))
    assert found.flux_share == pytest.approx(share, rel=1e-3)
    assert found.far == pytest.approx(share * float(pulsar_dipole(100.0, MONOGEM)) * MONOGEM.direction, rel=1e-3)


def test_a_pulsar_whose_light_has_not_arrived_is_refused() -> None:
    with pytest.raises(RangeError, match="light takes that long"):
        Pulsar("x", 1.0, 3.0, 0.0, 0.0, 1e34)


def test_losses_that_leave_nothing_cannot_make_the_source_term() -> None:
    old = Pulsar("old", 0.2, 2000.0, 0.0, 0.0, 1e33)
    with pytest.raises(FitError, match="nothing arrives"):
        SourceModel("x", (old,), "source_term").flux([300.0])
    document = model_document(pulsars=[old], turn=False)
    assert [entry["name"] for entry in document["impossible"]] == ["old, whole source term"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,distance_kpc\nX,1\n", "columns"),
        ("name,distance_kpc,age_kyr,glon_deg,glat_deg,spin_down_erg_s\nX,1,a,0,0,1e34\n", "line 2: age_kyr = 'a'"),
        ("name,distance_kpc,age_kyr,glon_deg,glat_deg,spin_down_erg_s\n", "no pulsars"),
    ],
)
def test_a_bad_table_of_pulsars_is_refused(tmp_path, text: str, message: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_pulsars(path)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(FitError, match="6 parameters"):
        fit_positron_flux(FluxTable([1.0, 2.0], [1.0, 0.5], [0.1, 0.1]))


def test_errors_of_the_flux_are_those_of_refitted_toys() -> None:
    rng = np.random.default_rng(5)
    energy = np.geomspace(0.6, 900.0, 40)
    truth = positron_flux(energy)
    toys = [
        fit_positron_flux(FluxTable(energy, truth * (1 + 0.01 * rng.normal(size=40)), 0.01 * truth)) for _ in range(60)
    ]
    spread = np.std([float(t.flux(100.0)) for t in toys], ddof=1)
    assert float(toys[0].flux_error(100.0)) == pytest.approx(spread, rel=0.3)  # 3 sigma of 60 toys


def test_a_strength_is_covered_by_its_error() -> None:
    rng = np.random.default_rng(3)
    covariance = np.diag([1e-5, 2e-5, 1.5e-5]) + 2e-6
    pattern = np.array([0.004, -0.01, 0.003])
    sky = rng.multivariate_normal(pattern, covariance, 2000)
    found = [pattern_strength(rho, covariance, pattern) for rho in sky]
    pull = np.array([(f.value - 1.0) / f.error for f in found])
    assert abs(pull.mean()) < 0.1
    assert abs(pull.std() - 1.0) < 0.07
    assert np.mean([f.upper_limit > 1.0 for f in found]) >= 0.94  # CLs covers 95 % or more


def test_a_pattern_of_zero_is_refused() -> None:
    with pytest.raises(RangeError, match="pattern is 0"):
        pattern_strength([0.0, 0.0, 0.0], np.eye(3), [0.0, 0.0, 0.0])


def test_published_positrons_exclude_vela_as_the_whole_source_term_alone() -> None:
    document = model_document(turn=False)
    excluded = {m["name"] for m in document["models"] if m["excluded_by"]}
    assert excluded == {"Vela, whole source term"}
    assert "excluded at 95 % by E > 16 GeV" in model_table(document)


def test_the_figure_of_models_carries_its_numbers() -> None:
    drawn = models_against_energy(model_document(turn=False))
    assert len(drawn.columns["model"]) == 7 * 5
    assert drawn.csv().splitlines()[0].startswith("model,energy_low_gev")
