"""Toy missions through the exposure of AMS: the dipole fit has no bias and honest errors."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from amsdipole.exposure import (
    AMS_LEPTON_ACCEPTANCE,
    ams_lepton_geometry,
    expected_counts,
    livetime_cube,
    zenith_edges,
)
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.models import positron_flux
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic
from amsdipole.statistics import Estimator, fit_dipole, toy_counts

Floats = NDArray[np.float64]

NINE_YEARS_S = (1305763200.0, 1589760000.0)  # 2011-05-19 to 2020-05-18, date -u +%s
N_POSITRON = 180_000  # the talk: 1.8e5 positrons above 16 GeV in nine years
INJECTED = (0.05, -0.02, 0.03)
COMPONENTS = ("FB", "EW", "NS")


@dataclass(frozen=True)
class Pulls:
    """Mean and width of the pull of each component over some toys."""

    mean: Floats
    width: Floats


def ams_reference(span_s: tuple[float, float], *, step_s: float, nside: int) -> Floats:
    """Map that isotropic positrons above 16 GeV would give on the real orbit."""
    edges = np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])
    navigator = Navigator(
        ams_mounting(),
        CutoffRule(1.2, float(np.radians(30.0)), 1),
        edges,
        teme_to_galactic(*span_s),
        eccentric_dipole_knots(igrf14(), *span_s),
    )
    geometry = ams_lepton_geometry()
    cube = livetime_cube(
        ElementSeconds(builtin_iss_elements(), *span_s, step_s=step_s),
        navigator,
        nside=nside,
        cos_edge=zenith_edges(geometry.cos_least, 20, nside=nside),
    )
    return expected_counts(cube, flux=positron_flux, acceptance=AMS_LEPTON_ACCEPTANCE, geometry=geometry).sum(axis=0)


def pulls(
    reference: Floats, rho: tuple[float, ...], n_toy: int, seed: int, *, estimator: Estimator = "likelihood"
) -> Pulls:
    """Fit toys of a dipole and return the pulls of its components."""
    rng = np.random.default_rng(seed)
    direction = pixel_centers(round((len(reference) / 12) ** 0.5))
    found = np.empty((n_toy, 3))
    for i in range(n_toy):
        fit = fit_dipole(
            toy_counts(reference, direction, rho, N_POSITRON, rng), reference, direction, estimator=estimator
        )
        found[i] = (fit.rho - rho) / np.sqrt(np.diag(fit.covariance))
    return Pulls(found.mean(axis=0), found.std(axis=0, ddof=1))


@pytest.fixture(scope="module")
def reference() -> Floats:
    return ams_reference(NINE_YEARS_S, step_s=60.0, nside=16)


@pytest.mark.parametrize("rho", [(0.0, 0.0, 0.0), INJECTED])
@pytest.mark.parametrize("estimator", ["likelihood", "score"])
def test_pulls_are_those_of_a_unit_normal(reference, rho, estimator):
    n_toy = 150
    found = pulls(reference, rho, n_toy, 20260711, estimator=estimator)
    # 4 standard errors: of a mean 1 / sqrt(n), of a width 1 / sqrt(2 n); the seed is fixed.
    assert np.abs(found.mean).max() < 4.0 / np.sqrt(n_toy)
    assert np.abs(found.width - 1.0).max() < 4.0 / np.sqrt(2 * n_toy)


def test_pulls_feel_a_reference_that_leans_by_a_percent(reference):
    # The test above can fail: a reference whose dipole is wrong by 1 % fakes 2.4 sigma.
    direction = pixel_centers(16)
    leaning = reference * (1.0 + direction @ [0.01, 0.0, 0.0])
    counts = toy_counts(leaning, direction, [0.0, 0.0, 0.0], 100 * N_POSITRON, np.random.default_rng(1))
    fit = fit_dipole(counts, reference, direction)
    assert fit.rho_fb == pytest.approx(0.01, abs=5 * np.sqrt(fit.covariance[0, 0]))
    assert fit.rho_fb > 5 * np.sqrt(fit.covariance[0, 0])


def test_errors_are_those_of_the_method(reference):
    # Method, section 5.3 (recomputed there): sigma sqrt(N / 3) = (1.03, 0.99, 1.04) at 16 GeV, (1.01, 1.03, 1.01)
    # from 25 GeV on; the range from 16 GeV mixes the two.
    direction = pixel_centers(16)
    counts = toy_counts(reference, direction, [0.0, 0.0, 0.0], N_POSITRON, np.random.default_rng(2))
    fit = fit_dipole(counts, reference, direction)
    scaled = np.sqrt(np.diag(fit.covariance) * N_POSITRON / 3.0)
    np.testing.assert_allclose(scaled, [1.02, 1.01, 1.03], atol=0.03)
