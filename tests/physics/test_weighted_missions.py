"""Missions of positrons and protons whose truth is known, from candidates on the sky to the dipole."""

from dataclasses import dataclass

import numpy as np
import pytest

from amsdipole.events import (
    Counts,
    PurityWeights,
    ResponseBins,
    fit_templates,
    histogram,
    purity_weights,
    regions,
    s_weights,
    table_range,
)
from amsdipole.sky import pixel_centers
from amsdipole.statistics import fit_dipole

NSIDE = 16
CENTER = pixel_centers(NSIDE)
EDGE = np.array([16.0, 25.0, 40.0, 65.0, 500.0])
N_CANDIDATE = (40_000, 15_000, 8_000, 4_000)
PURITY = (0.70, 0.80, 0.90, 0.95)
RHO = np.array([0.03, -0.03, np.sqrt(0.05**2 - 2 * 0.03**2)])  # 5 %
# Smooth, with a mean direction of the size that the orbit of the ISS gives (method, section 5.3).
EXPOSURE = 1.0 + CENTER @ np.array([-0.2, 0.3, 0.2]) + 0.3 * (CENTER[:, 2] ** 2 - 1 / 3)
BINS = (ResponseBins("trd_lambda", 0.0, 2.0, 50),)
N_CONTROL = 100_000


@dataclass(frozen=True)
class Mission:
    """Candidates, and which of them are signal."""

    pixel: np.ndarray
    energy_bin: np.ndarray
    response: np.ndarray
    signal: np.ndarray


def responses(rng: np.random.Generator, signal: np.ndarray) -> np.ndarray:
    """Electrons near 0.5, protons near 1, with the overlap of the toy of the method, section 1.5."""
    return np.where(signal, rng.normal(0.5, 0.15, len(signal)), rng.normal(0.95, 0.2, len(signal)))


def mission(rng: np.random.Generator, background_rho: np.ndarray) -> Mission:
    """One mission: Poisson numbers, sky positions by exposure times flux."""
    columns = []
    for b, (n, purity) in enumerate(zip(N_CANDIDATE, PURITY, strict=True)):
        for is_signal, mean, rho in ((True, n * purity, RHO), (False, n * (1 - purity), background_rho)):
            density = EXPOSURE * (1.0 + CENTER @ rho)
            # The exposure is the same for both: their dipoles change numbers as well as shapes.
            count = rng.poisson(mean * density.sum() / EXPOSURE.sum())
            pixel = rng.choice(len(CENTER), count, p=density / density.sum())
            columns.append(
                (pixel, np.full(count, b), responses(rng, np.full(count, is_signal)), np.full(count, is_signal))
            )
    return Mission(*(np.concatenate(c) for c in zip(*columns, strict=True)))


def controls(rng: np.random.Generator) -> np.ndarray:
    """Control samples of signal and background, the same for all bins."""
    flags = (np.ones(N_CONTROL, dtype=bool), np.zeros(N_CONTROL, dtype=bool))
    one = np.array([histogram(BINS, (responses(rng, flag),)) for flag in flags])
    return np.tile(one, (len(PURITY), 1, 1))


def histograms(m: Mission, region_of_pixel: np.ndarray) -> np.ndarray:
    """Candidates by energy bin, region and cell."""
    n_region = int(region_of_pixel.max()) + 1
    counts = np.zeros((len(PURITY), n_region, BINS[0].n_cell))
    np.add.at(counts, (m.energy_bin, region_of_pixel[m.pixel], BINS[0].cell(m.response)), 1.0)
    return counts


def counted(m: Mission, weights: PurityWeights, region_of_pixel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of weights and squares by pixel, from the production kernel."""
    sums = Counts(NSIDE, EDGE, -1.0)
    n = len(m.pixel)
    sums.add(
        np.zeros(n), CENTER[m.pixel], EDGE[m.energy_bin] * 1.01, np.ones(n),
        np.zeros(1), 1.0, np.eye(3)[None], np.zeros((1, 3)), np.ones(1), np.zeros(1, dtype=np.uint8),
        None, m.response, weights.table(*table_range(BINS), region_of_pixel),
    )  # fmt: skip
    return sums.units(0).sum(axis=0) * 2.0**-32, sums.units(1).sum(axis=0) * 2.0**-32


def measured(rng: np.random.Generator, background_rho: np.ndarray, nside_region: int | None) -> dict[str, tuple]:
    """Dipole and its errors of one mission: by purity weights, by sWeights, and by the naive weighted likelihood."""
    m, templates = mission(rng, background_rho), controls(rng)
    region = regions(NSIDE, nside_region)
    counts = histograms(m, region)
    names = ("positrons", "protons")
    out = {}
    for way, weights in (
        ("purity", purity_weights(counts, templates, names=names)),
        ("sweights", s_weights(counts, templates, names=names)),
    ):
        w, w2 = counted(m, weights, region)
        fit = fit_dipole(w, EXPOSURE, CENTER, sum_weight2=w2, weighting=weights.weighting)
        covariance = fit.covariance if way == "purity" else fit.sandwich_covariance
        out[way] = (fit.rho, np.sqrt(np.diag(covariance)))
        if way == "purity":
            # Purities taken as if they were counts: the likelihood sum p ln(1 + rho.n).
            naive = fit_dipole(w, EXPOSURE, CENTER, sum_weight2=w2, weighting="signal")
            out["naive"] = (naive.rho, np.sqrt(np.diag(naive.sandwich_covariance)))
    w, w2 = counted(m, s_weights(counts, templates, names=names, component=1), region)
    background = fit_dipole(w, EXPOSURE, CENTER, sum_weight2=w2, weighting="signal")
    out["background"] = (background.rho, np.full(3, background.p_value))
    return out


def summary(n_mission: int, seed: int, background_rho: np.ndarray, nside_region: int | None = None) -> dict[str, dict]:
    """Means of the estimates, their errors, and means and widths of the pulls, by way of weighting."""
    found: dict[str, list[tuple]] = {}
    for i in range(n_mission):
        for way, result in measured(np.random.default_rng([seed, i]), background_rho, nside_region).items():
            found.setdefault(way, []).append(result)
    out = {}
    for way, results in found.items():
        rho, error = (np.array(column) for column in zip(*results, strict=True))
        pull = (rho - RHO) / (error if way != "background" else 1.0)
        out[way] = {
            "mean": rho.mean(axis=0),
            "mean_error": rho.std(axis=0, ddof=1) / np.sqrt(n_mission),
            "pull": pull,
            "pull_mean": pull.mean(axis=0),
            "pull_width": pull.std(axis=0, ddof=1),
            # For the background the second column is the chance of its dipole: below 1 % the report warns.
            "warned": float((error[:, 0] < 0.01).mean()) if way == "background" else 0.0,
            "gain": float((rho.mean(axis=0) @ RHO) / (RHO @ RHO)),
        }
    return out


@pytest.fixture(scope="module")
def isotropic_background() -> dict[str, dict]:
    return summary(20, 5, np.zeros(3))


@pytest.mark.parametrize("way", ["purity", "sweights"])
def test_the_injected_dipole_comes_back(isotropic_background, way):
    found = isotropic_background[way]
    # Three components of 20 missions: 4 errors of the mean leave a chance of 2e-4.
    assert (np.abs(found["mean"] - RHO) < 4 * found["mean_error"]).all()
    assert (np.abs(found["pull_width"] - 1) < 0.6).all()


def test_the_naive_weighted_fit_is_diluted(isotropic_background):
    assert isotropic_background["naive"]["gain"] < 0.97 * isotropic_background["purity"]["gain"]


def test_an_anisotropic_background_moves_the_purity_fit_and_not_the_sweights():
    found = summary(12, 6, np.array([0.0, 0.0, -0.5]))  # strong, that few missions show it
    assert abs(found["sweights"]["mean"][2] - RHO[2]) < 4 * found["sweights"]["mean_error"][2]
    assert found["purity"]["mean"][2] < RHO[2] - 4 * found["purity"]["mean_error"][2]
    assert found["background"]["warned"] == 1.0


def test_purities_add_up_to_the_true_count():
    rng = np.random.default_rng(4)
    m = mission(rng, np.zeros(3))
    region = regions(NSIDE, None)
    counts = histograms(m, region)
    weights = purity_weights(counts, controls(rng), names=("positrons", "protons"))
    w, _ = counted(m, weights, region)
    error = np.sqrt(sum(f.covariance[0, 0] for row in weights.fits for f in row if f is not None))
    assert abs(w.sum() - m.signal.sum()) < 4 * error


def test_noise_alone_gives_no_purities_by_region():
    rng = np.random.default_rng(9)
    signal, background = controls(rng)[0]
    shares = 0.8 * signal / signal.sum() + 0.2 * background / background.sum()
    counts = rng.poisson(shares * 2000, (1, 12, len(shares))).astype(float)
    weights = purity_weights(counts, np.array([[signal, background]]), names=("positrons", "protons"))
    own = np.array([f.yields[0] / f.yields.sum() for f in weights.fits[0] if f is not None])
    spread = weights.value[0, :, 18].std()
    assert weights.shrinkage[0] < 0.6
    assert spread < own.std()


def test_weights_of_a_fit_that_needs_a_region_fall_back_by_name():
    rng = np.random.default_rng(2)
    samples = controls(rng)[:1]
    counts = np.tile(samples[0].sum(axis=0) / 100, (1, 12, 1)).round()
    counts[0, 3] = 0.0
    counts[0, 3, 15] = 5.0
    weights = purity_weights(counts, samples, names=("positrons", "protons"))
    assert weights.fallback == {
        "energy bin 0, region 3": "fewer than 20 events; the yields of the energy bin over all regions"
    }


def test_sweights_agree_with_the_package():
    sweights = pytest.importorskip("sweights")
    from scipy.stats import norm

    rng = np.random.default_rng(3)
    edge = np.linspace(-1.0, 3.0, 401)
    data = np.concatenate([rng.normal(0.5, 0.15, 7000), rng.normal(0.95, 0.2, 3000)])
    shapes = [norm(0.5, 0.15).pdf, norm(0.95, 0.2).pdf]
    density = np.array([np.diff(norm(m, s).cdf(edge)) for m, s in ((0.5, 0.15), (0.95, 0.2))])
    from amsdipole.events import sweight_cells

    cells = np.concatenate([[0], np.histogram(data, edge)[0], [0]])
    fit = fit_templates(cells, np.pad(density, ((0, 0), (1, 1))), names=("a", "b"), exact=True)
    ours = sweight_cells(fit)[1:-1]
    theirs = sweights.SWeight(data, shapes, list(fit.yields), discvarranges=[(-1.0, 3.0)], checks=False)
    centre = 0.5 * (edge[1:] + edge[:-1])
    near = (centre > 0.0) & (centre < 1.6)
    # Bins of 0.01 blur densities of width 0.15 by 2e-4 of their curvature.
    np.testing.assert_allclose(ours[near], theirs.get_weight(0, centre[near]), atol=5e-3)
