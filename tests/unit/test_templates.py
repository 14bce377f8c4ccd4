import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amsdipole import _oracle as oracle
from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.events import (
    ResponseBins,
    WeightTables,
    fit_templates,
    fitted_shape,
    histogram,
    novosibirsk,
    purity_weights,
    regions,
    s_weights,
)
from amsdipole.sky import pixel_to_vector

NAMES = ("positrons", "protons")


def samples(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    bins = (ResponseBins("trd_lambda", 0.0, 2.0, 50),)
    return [histogram(bins, (rng.normal(m, s, n),)) for m, s in ((0.5, 0.1), (1.0, 0.2))]


@pytest.mark.parametrize("size", [2_000, 200_000])
def test_pulls_of_the_yields_are_unit_normals_whatever_the_size_of_the_templates(size):
    pulls, gaps = [], []
    for i in range(60):
        rng = np.random.default_rng([size, i])
        bins = (ResponseBins("trd_lambda", 0.0, 2.0, 50),)
        n = rng.poisson([800, 400])
        data = histogram(bins, (np.concatenate([rng.normal(0.5, 0.1, n[0]), rng.normal(1.0, 0.2, n[1])]),))
        fit = fit_templates(data, samples(rng, size), names=NAMES)
        assert fit.valid
        pulls.append((fit.yields - (800, 400)) / fit.errors)
        expected = fit.yields @ fit.density
        full = expected > 20.0
        error = np.sqrt(expected + (fit.template_error**2).sum(axis=0))
        gaps.extend((fit.histogram - expected)[full] / error[full])
    # 60 fits: 4 sigma of mean and width.
    assert (np.abs(np.mean(pulls, axis=0)) < 0.55).all()
    assert (np.abs(np.std(pulls, axis=0, ddof=1) - 1) < 0.4).all()
    # Some 1,300 cells, 22 of each fit less its two yields: 4 sigma of the width.
    assert len(gaps) > 1000
    assert abs(np.std(gaps) / np.sqrt(1 - 2 / 22) - 1) < 0.08


def test_two_responses_tell_three_components_apart():
    rng = np.random.default_rng(4)
    bins = (ResponseBins("trd_lambda", 0.0, 2.0, 20), ResponseBins("cc", 0.0, 1.2, 12))
    shape = tuple(b.n_cell for b in bins)

    def drawn(n, trd, cc):
        return histogram(bins, (rng.normal(*trd, n), rng.normal(*cc, n))).reshape(shape)

    kinds = [((0.5, 0.1), (0.8, 0.1)), ((1.0, 0.2), (0.8, 0.1)), ((0.5, 0.1), (0.3, 0.15))]
    templates = [drawn(20_000, *kind) for kind in kinds]
    truth = np.array([3000, 1500, 300])
    data = sum(drawn(n, *kind) for n, kind in zip(truth, kinds, strict=True))
    fit = fit_templates(data, templates, names=("positrons", "protons", "confused electrons"))
    assert fit.valid
    assert (np.abs(fit.yields - truth) < 4 * fit.errors).all()
    assert fit.p_value > 1e-3


def test_a_parametric_shape_gives_the_yields_back():
    rng = np.random.default_rng(6)
    bins = ResponseBins("trd_lambda", 0.0, 2.0, 50)
    shapes = [
        fitted_shape(s, 0.0, 2.0, kind=k) for s, k in zip(samples(rng, 50_000), ("electron", "proton"), strict=True)
    ]
    assert all(s.chi2 < 2 * s.dof for s in shapes)
    data = histogram((bins,), (np.concatenate([rng.normal(0.5, 0.1, 5000), rng.normal(1.0, 0.2, 2000)]),))
    fit = fit_templates(data, [s.density for s in shapes], names=NAMES, exact=True)
    assert fit.valid
    assert (np.abs(fit.yields - (5000, 2000)) < 4 * fit.errors).all()


def test_novosibirsk_peaks_at_mu_and_keeps_its_width():
    x = np.linspace(-3, 5, 80_001)
    for tau in (-0.4, 1e-7, 0.4):
        value = novosibirsk(x, 0.5, 0.3, tau)
        assert x[value.argmax()] == pytest.approx(0.5, abs=1e-3 if abs(tau) < 0.1 else 0.3 * abs(tau))
        half = x[value > 0.5 * value.max()]
        assert half[-1] - half[0] == pytest.approx(2.3548 * 0.3, rel=0.01)


def test_a_background_that_is_not_there_is_left_out_of_the_sweights_by_name():
    signal, background = samples(np.random.default_rng(4), 100_000)
    # The second bin has no background at all, and fewer events on its side than the signal's template says.
    counts = np.array([0.05 * signal + 0.02 * background, 0.05 * np.where(background > 3.0 * signal, 0.0, signal)])
    controls = np.tile([signal, background], (2, 1, 1))
    found = [s_weights(counts[:, None], controls, names=NAMES, component=c) for c in (0, 1)]
    for weights in found:
        ((place, told),) = weights.fallback.items()
        assert place == "energy bin 1, sWeights"
        assert told.startswith("component 'protons' has a fitted yield of ")
        assert "left out" in told
    np.testing.assert_allclose(found[0].value[1][0][signal > 0], 1.0, rtol=1e-6)  # the minimum is found to 1e-7
    assert not found[1].value[1].any()
    # The sums of the weights are the yields.
    for c, weights in enumerate(found):
        (fit,) = weights.fits[0]
        np.testing.assert_allclose((weights.value[0, 0] * counts[0]).sum(), fit.yields[c], rtol=1e-6)


def test_sweights_that_cannot_be_made_are_refused_by_bin_component_and_yield():
    signal = samples(np.random.default_rng(4), 100_000)[0]
    controls = np.array([[signal, signal]])
    told = r"energy bin 0, all regions: component 'p\w+' has a fitted yield of .* or not to be told apart; join the bin"
    with pytest.raises(FitError, match=told):
        s_weights(0.05 * signal[None, None], controls, names=NAMES)


def test_a_fit_that_cannot_be_made_is_refused():
    with pytest.raises(FitError, match="the template of protons is empty"):
        fit_templates([1.0, 2.0], [[1.0, 1.0], [0.0, 0.0]], names=NAMES)
    with pytest.raises(FitError, match="the histogram is empty"):
        fit_templates([0.0, 0.0], [[1.0, 1.0], [2.0, 0.0]], names=NAMES)
    with pytest.raises(FitError, match=r"5 of 13 events lie where no template has any \(the first in cell 2\)"):
        fit_templates([4, 4, 5], [[1, 2, 0], [2, 1, 0]], names=NAMES)
    with pytest.raises(ShapeError):
        fit_templates([1.0, 2.0], [[1.0, 1.0]], names=NAMES)
    with pytest.raises(RangeError):
        fit_templates([-1.0, 2.0], [[1.0, 1.0], [2.0, 0.0]], names=NAMES)
    with pytest.raises(ShapeError):
        purity_weights(np.ones((2, 1, 4)), np.ones((1, 2, 4)), names=NAMES)


def test_a_fit_whose_templates_hold_too_few_events_for_an_error_is_named_and_not_valid():
    # A signal template of 15 events: its statistics, N^2 / 15, are more than the likelihood gives N as variance.
    signal = [0, 0, 0, 0, 0, 1, 2, 1, 3, 5, 3]
    background = [78, 164, 239, 290, 313, 198, 118, 57, 17, 9, 1]
    data = [11, 29, 76, 146, 380, 806, 1431, 1833, 1916, 1666, 998]
    fit = fit_templates(data, [signal, background], names=("signal", "background"))
    assert fit.covariance[0, 0] < 0.0
    assert not fit.valid
    assert np.isnan(fit.errors[0])  # and no warning, which the tests take as an error
    with pytest.raises(FitError, match="energy bin 0: the template fit over all regions has no error of signal"):
        purity_weights([[data]], [[signal, background]], names=("signal", "background"))


def test_a_fit_that_cannot_be_made_is_named_by_its_energy_bin_and_region():
    samples = np.array([[[100, 200, 0], [200, 100, 0]]] * 2)
    histogram = np.array([[[40, 40, 0]], [[40, 40, 5]]])
    for weights in (purity_weights, s_weights):
        with pytest.raises(FitError, match=r"^energy bin 1: 5 of 85 events lie where no template has any"):
            weights(histogram, samples, names=NAMES)
    # Over both regions 0.6 % are no fault; in the second they are 1.2 %.
    regions = np.array([[[200, 200, 0], [200, 200, 5]]])
    with pytest.raises(FitError, match=r"^energy bin 0, region 1: 5 of 405 events lie where no template has any"):
        purity_weights(regions, samples[:1], names=NAMES)


CONFIG = """
name = "Positrons among protons"
[seconds]
start = "2011-05-19T00:00:00Z"
stop = "2011-05-23T00:00:00Z"
step_s = 10.0
[events]
files = ["candidates.parquet"]
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0, 25.0]
[map]
nside = 8
[selection]
charge_sign = 1
ecal_least = 0.7
[templates]
components = { positrons = { files = ["electrons.parquet"] }, protons = { files = ["protons.parquet"] } }
[weights]
file = "templates/weights.npz"
[output]
folder = "results"
"""


def amsdipole(folder: Path, *arguments: str) -> dict:
    command = [sys.executable, "-m", "amsdipole", *arguments, "--quiet", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_candidates_become_weights_maps_and_a_dipole_on_the_command_line(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    for name, share in (("candidates", ("0.3", "0.1")), ("electrons", ("0", "1")), ("protons", ("1", "0"))):
        options = (
            "--events",
            "20000",
            "--proton-share",
            share[0],
            "--electron-share",
            share[1],
            "--seed",
            str(len(name)),
        )
        made = amsdipole(tmp_path, "simulate", "config.toml", f"{name}.parquet", *options)
        assert abs(made["events"] - 20_000) < 1_000
    fits = amsdipole(tmp_path, "templates", "config.toml", "templates")
    assert all(fit["converged"] for fit in fits["fits"])
    assert {p.name for p in (tmp_path / "templates").iterdir()} == {
        "result.json", "weights.npz", "fits.json", "fit_bin_00_region_000.png", "fit_bin_01_region_000.png",
    }  # fmt: skip
    counts = amsdipole(tmp_path, "count", "config.toml", "counts")
    for entry in counts["ranges"]:
        first = counts["ranges"].index(entry)
        fitted = sum(fit["yields"]["positrons"] for fit in fits["fits"][first:])
        assert entry["sum_weight"] == pytest.approx(fitted, rel=0.01)
    flow = counts["cut_flow"]
    assert sum(flow.values()) == made_of(tmp_path / "candidates.parquet")
    assert sum(counts["ranges"][0]["cut_flow"].values()) == sum(flow.values())  # all energies lie in the first range
    result = amsdipole(tmp_path, "run", "config.toml")
    assert result["cut_flow"] == flow
    assert [entry["cut_flow"] for entry in result["ranges"]] == [entry["cut_flow"] for entry in counts["ranges"]]
    check = result["ranges"][0]["weights_check"]
    assert check["other_weights"]["method"] == "sweights"
    assert check["background_warning"] is None
    # Made by the run itself, the weights are those of the file.
    text = (tmp_path / "config.toml").read_text()
    (tmp_path / "alone.toml").write_text(text.replace('file = "templates/weights.npz"', "").replace("results", "alone"))
    alone = amsdipole(tmp_path, "run", "alone.toml")
    assert [entry["rho"] for entry in alone["ranges"]] == [entry["rho"] for entry in result["ranges"]]
    assert alone["weights"] == result["weights"]
    made = {p.name for p in (tmp_path / "alone" / "templates").iterdir()}
    assert made == {p.name for p in (tmp_path / "templates").iterdir()} - {"result.json"}
    assert result["ranges"][0]["sum_weight"] == pytest.approx(counts["ranges"][0]["sum_weight"])


def made_of(path: Path) -> int:
    import pyarrow.parquet as pq

    return pq.read_metadata(path).num_rows


def test_a_gate_by_the_event_keeps_more_events_and_more_exposure_alike(tmp_path):
    text = CONFIG.split("[templates]")[0].replace("ecal_least = 0.7", "") + '[output]\nfolder = "results"\n'
    (tmp_path / "bin.toml").write_text(text)
    (tmp_path / "event.toml").write_text(text.replace('"results"', '"finer"') + '[cutoff]\ngate = "event"\n')
    options = ("--events", "20000", "--proton-share", "0", "--seed", "3")
    amsdipole(tmp_path, "simulate", "bin.toml", "candidates.parquet", *options)
    coarse, fine = (amsdipole(tmp_path, "run", name)["ranges"][0] for name in ("bin.toml", "event.toml"))
    gain = fine["sum_weight"] / coarse["sum_weight"]
    assert gain > 1.05
    # What is expected grows by as much as what is found: 5 sigma of the events that are gained.
    error = 5 * np.sqrt(fine["sum_weight"] - coarse["sum_weight"]) / coarse["sum_weight"]
    assert fine["expected_counts"] / coarse["expected_counts"] == pytest.approx(gain, abs=error)


def test_weights_of_single_events_are_those_of_the_counting_kernel():
    rng, edge = np.random.default_rng(8), np.array([16.0, 25.0, 40.0, 500.0])
    bins = ResponseBins("trd_lambda", 0.0, 2.0, 6)
    value = {"purity": rng.random((3, 48, bins.n_cell))}
    tables = WeightTables((bins,), edge, 2, value, {})
    energy, response = rng.uniform(16.0, 500.0, 500), rng.uniform(-0.5, 2.5, 500)
    pixel = rng.integers(0, 12 * 16**2, 500)
    found = tables.weights(
        "purity", energy_gev=energy, direction=pixel_to_vector(pixel, 16), responses={"trd_lambda": response}
    )
    table = oracle.PurityTable(0.0, 2.0, regions(16, 2), value["purity"])
    np.testing.assert_array_equal(found, table.values(np.searchsorted(edge, energy) - 1, pixel, response))
    with pytest.raises(RangeError, match=r"energy_gev\[0\] = 15"):
        tables.weights("purity", energy_gev=[15.0], direction=[[0, 0, 1.0]], responses={"trd_lambda": [1.0]})
    with pytest.raises(ShapeError, match="trd_lambda"):
        tables.weights("purity", energy_gev=[17.0], direction=[[0, 0, 1.0]], responses={})
