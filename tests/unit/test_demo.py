"""The demonstration, small: both charges from one file of events, the studies, and one report of all."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from amsdipole.config import read_config
from amsdipole.demo import SPECIES, DemoSize, run_demo
from amsdipole.demo.files import true_efficiency
from amsdipole.errors import DataError
from amsdipole.report import Result

SMALL = DemoSize(
    n_electron=2e4,
    n_positron=6e3,
    n_proton=3e3,
    n_confused=3000,
    stop="2011-07-19T00:00:00Z",
    step_s=30.0,
    study_step_s=60.0,
    control_error=0.05,
    field_step_deg=90.0,
    fit_edges_gev=(16.0, 25.0, 500.0),
    edges_gev=(16.0, 25.0, 40.0, 65.0, 100.0, 500.0),
    nside=8,
)
INJECTED = (0.3, 0.0, 0.0)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Result]]:
    """Two months with a strong dipole, analysed and reported."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, run_demo(folder, inject=INJECTED, size=SMALL, seed=7, overwrite=True)


@pytest.mark.parametrize("species", SPECIES)
def test_the_injected_dipole_is_recovered(demo, species):
    fit = demo[1][species].ranges[0].fit
    pull = (fit.rho - [0.0, INJECTED[0], 0.0]) / np.sqrt(np.diag(fit.covariance))
    assert (np.abs(pull) < 4.0).all()  # three components: 2e-4


@pytest.mark.parametrize("species", SPECIES)
def test_as_many_are_selected_as_were_wanted(demo, species):
    wanted = {"electrons": SMALL.n_electron, "positrons": SMALL.n_positron}[species]
    # Poisson about the number wanted with 0.3 % of the pilot and 1 % of the yields: five of these.
    assert demo[1][species].ranges[0].fit.sum_weight == pytest.approx(wanted, rel=0.07)


def test_the_fit_finds_the_true_positrons(demo):
    folder, found = demo
    truth = pq.read_table(folder / "events.parquet", columns=["truth", "rigidity_gv", "ecal_estimator"]).to_pydict()
    true = (np.array(truth["truth"]) == 1) & (np.array(truth["rigidity_gv"]) > 0)
    true &= np.array(truth["ecal_estimator"]) >= 0.8
    document = found["positrons"].document()
    fits = document["weights"]["fits"]
    yields = sum(fit["yields"]["positrons"] for fit in fits)
    error = sum(fit["errors"]["positrons"] ** 2 for fit in fits) ** 0.5
    passed = document["cut_flow"]["accepted"] / (document["cut_flow"]["accepted"] + document["cut_flow"]["cutoff"])
    # The cutoff rule cuts all alike: the share that passes it is that of positrons to a per cent.
    assert abs(yields - passed * true.sum()) < 4 * error + 0.02 * yields


def test_the_efficiency_that_was_measured_is_the_true_one(demo):
    folder, _ = demo
    found = json.loads((folder / "studies" / "electrons_exposure.json").read_text())["efficiency"]
    from amsdipole.sky import pixel_centers

    center = pixel_centers(found["nside"])
    place = np.degrees(np.column_stack([np.arctan2(center[:, 1], center[:, 0]), np.arcsin(center[:, 2])]))
    seen = np.abs(place[:, 1]) < 45.0
    pull = (np.array(found["value"]) - true_efficiency(place)) / (np.array(found["high"]) - np.array(found["low"]))
    assert abs(np.median(pull[seen])) < 0.2  # half widths: the intervals hold 68 % about the truth


def test_the_configurations_can_be_run_again(demo):
    folder, _ = demo
    for species in SPECIES:
        config = read_config(folder / f"{species}.toml")
        assert Path(config.output.folder) == folder / species
        assert "Simulated truth: dipole (EW, NS, FB) = (0.3, 0.0, 0.0)" in (folder / f"{species}.toml").read_text()


def test_the_report_has_every_study_and_every_figure_its_numbers(demo):
    folder, _ = demo
    html = (folder / "report.html").read_text()
    for heading in ("Summary", "Electrons systematics", "Positrons null tests", "Cutoff map", "Deflection", "Made by"):
        assert f">{heading}</h2>" in html
    assert "AMS-02 e+, published" in html
    figures = sorted((folder / "figures").glob("*.png"))
    assert len(figures) >= 40
    for figure in figures:
        with open(figure.with_suffix(".csv"), newline="") as file:
            assert len(list(csv.reader(file))) > 1
        assert json.loads(figure.with_suffix(".json").read_text())["caption"]


def test_an_earlier_demonstration_is_not_replaced_unasked(demo):
    with pytest.raises(DataError, match=r"events.parquet: it exists already"):
        run_demo(demo[0], size=SMALL)
