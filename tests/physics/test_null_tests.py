"""Null tests: uniform where nothing is wrong, and small where a fault is planted."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest
from typer.testing import CliRunner

from amsdipole.cli import app
from amsdipole.config import config_from
from amsdipole.errors import ConfigError, DataError, FitError, RangeError
from amsdipole.events import ResponseBins, WeightTables, write_weights
from amsdipole.instrument import instrument
from amsdipole.nulls import MissionNulls, mission_nulls, run_nulls
from amsdipole.simulate import Mission, simulate_events
from amsdipole.statistics import (
    NULL_TESTS,
    ClassMoments,
    ExposureMoments,
    NullSample,
    RowTable,
    drawn_sample,
    null_tests,
)
from amsdipole.weighting import weighted_maps

N_EVENT = 20_000


def document(folder: Path) -> dict:
    return {
        "name": "nulls",
        "seconds": {
            "source": "elements", "elements": "iss", "step_s": 60.0,
            "start": "2013-10-01T00:00:00Z", "stop": "2014-04-01T00:00:00Z",
        },
        "events": {"files": [str(folder / "events.parquet")]},
        "output": {"folder": str(folder / "results")},
    }  # fmt: skip


@pytest.fixture(scope="module")
def mission() -> MissionNulls:
    return mission_nulls(instrument(config_from(document(Path("/nowhere")), folder=Path(), source="test")), 16.0)


@pytest.fixture(scope="module")
def seconds(mission) -> tuple[RowTable, np.ndarray, ExposureMoments]:
    rows, weight, _ = mission.toy_rows(60_000)
    return rows, weight, ExposureMoments.of(mission.view, [(rows, weight)])


def p_values(mission, moments, sample, seed=1) -> dict[str, float]:
    return {r.name: r.p_value for r in null_tests(sample, moments, pole=mission.pole, seed=seed)}


def draw(mission, rows, weight, seed, n_event=N_EVENT) -> NullSample:
    rng = np.random.default_rng(seed)
    return drawn_sample(rows, weight, mission.cosine, mission.acceptance, n_event, rng, purity=(0.5, 1.0))


def test_p_values_of_isotropic_skies_are_uniform(mission, seconds):
    rows, weight, moments = seconds
    found = [p_values(mission, moments, draw(mission, rows, weight, seed, 5000), seed) for seed in range(150)]
    for name in NULL_TESTS:
        assert kstest([p[name] for p in found], "uniform").pvalue > 0.01, name


def test_the_moments_are_those_of_drawn_events(mission, seconds):
    rows, weight, moments = seconds
    sample = draw(mission, rows, weight, 2, 400_000)
    error = 0.6 / 400_000**0.5
    np.testing.assert_allclose(sample.galactic().mean(axis=0), moments.mean_galactic(), atol=5 * error)
    earth = sample.earth()
    np.testing.assert_allclose(earth.mean(axis=0), moments.mean_earth(), atol=5 * error)
    np.testing.assert_allclose(earth.T @ earth / len(earth), moments.square_earth(), atol=5 * error)
    port = sample.direction[:, 0] > 0
    np.testing.assert_allclose(sample.galactic()[port].mean(axis=0), moments.mean_galactic(half=0), atol=8 * error)


@pytest.mark.parametrize(
    ("fault", "catcher"),
    [("longitude", "earth_fixed"), ("latitude", "geomagnetic"), ("sign", "ra_shift"), ("purity", "random_weights"),
     ("port", "port_starboard"), ("year", "years")],
)  # fmt: skip
def test_each_test_can_fail(mission, seconds, fault, catcher):
    rows, weight, moments = seconds
    place = rows.earth[:, :, 2]
    if fault == "longitude":
        weight = weight * (1.0 + 0.2 * place[:, 0])
    if fault == "latitude":
        weight = weight * (1.0 + 0.5 * place[:, 2] ** 2)
    sample = draw(mission, rows, weight, 5)
    if fault in ("sign", "year"):
        wrong = rows.rotation * np.array([1.0, -1.0, 1.0])[:, None]
        part = np.ones(len(rows.year), dtype=bool) if fault == "sign" else rows.year == 2014
        table = RowTable(np.where(part[:, None, None], wrong, rows.rotation), rows.earth, rows.year)
        sample = NullSample(table, sample.row, sample.direction, sample.weight)
    if fault == "purity":
        sample = NullSample(rows, sample.row, sample.direction, 0.5 + 0.1 * place[sample.row][:, 2])
    if fault == "port":
        # One half of the detector loses events while it looks to the north.
        blind = (sample.direction[:, 0] > 0.0) & (sample.galactic()[:, 2] > 0.0)
        kept = ~blind | (np.random.default_rng(9).random(N_EVENT) > 0.2)
        sample = NullSample(rows, sample.row[kept], sample.direction[kept], sample.weight[kept])
    assert p_values(mission, moments, sample)[catcher] < 1e-4


def test_a_dipole_of_the_sky_leaves_the_earth_fixed_frame_alone(mission, seconds):
    rows, weight, moments = seconds
    sample = draw(mission, rows, weight, 6, 60_000)
    kept = np.random.default_rng(7).random(60_000) * 1.2 < 1.0 + sample.galactic() @ [0.0, 0.1, 0.1]
    lit = NullSample(rows, sample.row[kept], sample.direction[kept], sample.weight[kept])
    found = p_values(mission, moments, lit)
    assert found["time_scramble"] < 0.9  # it follows the rates, which the dipole moves
    assert min(found[name] for name in ("earth_fixed", "port_starboard", "years", "random_weights")) > 1e-3


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_strong_dipole_of_the_sky_leaves_the_earth_and_its_field_alone(mission, seconds, axis):
    # 5 % in 3e5 events would add 15 to 35 to the chi-squared of the geomagnetic test without what is taken off.
    rows, weight, moments = seconds
    sample = draw(mission, rows, weight, 40 + axis, 400_000)
    kept = np.random.default_rng(axis).random(400_000) * 1.05 < 1.0 + 0.05 * sample.galactic()[:, axis]
    lit = NullSample(rows, sample.row[kept], sample.direction[kept], sample.weight[kept])
    found = p_values(mission, moments, lit)
    assert min(found["earth_fixed"], found["geomagnetic"]) > 1e-3


def test_what_does_not_apply_says_why(mission, seconds):
    rows, weight, moments = seconds
    sample = draw(mission, rows, weight, 8)
    same = NullSample(rows, sample.row, sample.direction, np.ones(N_EVENT))
    found = {r.name: r for r in null_tests(same, moments, pole=mission.pole)}
    assert found["random_weights"].p_value is None
    assert "same" in found["random_weights"].reason
    few = NullSample(rows, sample.row[:50], sample.direction[:50], sample.weight[:50])
    with pytest.raises(FitError, match="too few"):
        null_tests(few, moments, pole=mission.pole)
    with pytest.raises(RangeError, match="pole"):
        null_tests(sample, moments, pole=[0, 0, 2])
    with pytest.raises(RangeError, match="weight"):
        NullSample(rows, sample.row, sample.direction, -sample.weight)
    with pytest.raises(ConfigError, match="low_gev"):
        mission_nulls(mission.parts, 17.5)


def test_the_command_finds_nothing_in_a_simulated_mission(mission, tmp_path):
    parts = mission.parts
    flown = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    simulate_events(tmp_path / "events.parquet", flown, n_event=20_000, rng=np.random.default_rng(4))
    found = run_nulls(config_from(document(tmp_path), folder=tmp_path, source="test"))
    assert found["n_event"] >= 19_000
    assert all(row["p_value"] is None or row["p_value"] > 1e-3 for row in found["tests"])
    text = json.dumps(document(tmp_path))
    lines = ['name = "nulls"', "[seconds]"]
    lines += [f"{k} = {json.dumps(v)}" for k, v in json.loads(text)["seconds"].items()]
    lines += ["[events]", f'files = ["{tmp_path}/events.parquet"]', "[output]", f'folder = "{tmp_path}/results"']
    (tmp_path / "config.toml").write_text("\n".join(lines))
    shown = CliRunner().invoke(app, ["nulls", str(tmp_path / "config.toml"), "--toys", "3", "-q"])
    assert shown.exit_code == 0, shown.output
    assert "port starboard" in shown.stdout
    assert "Kolmogorov-Smirnov" in shown.stdout


def test_fewer_rows_in_the_expectation_lose_no_event_and_expect_the_same(tmp_path):
    text = document(tmp_path)
    text["seconds"]["step_s"] = 20.0
    config = config_from(text, folder=tmp_path, source="test")
    parts = instrument(config)
    flown = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    simulate_events(tmp_path / "events.parquet", flown, n_event=20_000, rng=np.random.default_rng(4))
    every, third = run_nulls(config), run_nulls(config, step_s=60.0)
    assert third["n_event"] == every["n_event"]
    for a, b in zip(every["tests"], third["tests"], strict=True):
        # Expectations differ by a tenth of an error: the rows are drawn along 2,800 orbits.
        assert a["p_value"] is None or abs(np.sqrt(a["chi2"]) - np.sqrt(b["chi2"])) < 0.1, a["name"]
    # Longer rows for the events too begin where the detector is dead, and lose what fell into them later.
    text["seconds"]["step_s"] = 60.0
    assert run_nulls(config_from(text, folder=tmp_path, source="test"))["n_event"] < every["n_event"]


def weights_file(path: Path, edge: list[float]) -> None:
    """Write purities that fall from 0.95 to 0.3 with energy and differ by response."""
    bins, n = ResponseBins("trd_lambda", 0.0, 2.0, 8), len(edge) - 1
    value = np.linspace(0.95, 0.3, n)[:, None, None] * np.random.default_rng(3).uniform(0.8, 1.0, (n, 1, bins.n_cell))
    document = {
        "energy_edge_gev": edge, "nside_region": None,
        "responses": [{"column": "trd_lambda", "low": 0.0, "high": 2.0, "n_bin": 8}],
    }  # fmt: skip
    values = {"purity": value, "sweights": value, "background": 1.0 - value}
    write_weights(path, WeightTables((bins,), np.array(edge), None, values, document))


def test_purities_by_table_are_those_of_the_counts_and_no_fault(mission, tmp_path):
    parts = mission.parts
    edge = [16.0, 18.0, 20.0, 25.0, 40.0, 500.0]
    text = document(tmp_path) | {"energy": {"edges_gev": edge, "ranges_gev": [16.0]}, "map": {"nside": 8}}
    text["weights"] = {"file": str(tmp_path / "weights.npz"), "method": "purity", "check_background": False}
    weights_file(tmp_path / "weights.npz", edge)
    flown = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    simulate_events(tmp_path / "events.parquet", flown, n_event=40_000, rng=np.random.default_rng(6))
    config = config_from(text, folder=tmp_path, source="test")
    found = run_nulls(config)
    counted = weighted_maps(config, instrument(config)).signal
    assert found["n_eff"] == pytest.approx(float(counted.weights2(slice(None)).sum()), rel=1e-6)
    # The purity goes with energy, and so with where the cutoff lets the events in: no test may call that a fault.
    assert all(row["p_value"] > 1e-3 for row in found["tests"] if row["p_value"] is not None)
    text["weights"]["method"] = "sweights"
    with pytest.raises(ConfigError, match="purity"):
        run_nulls(config_from(text, folder=tmp_path, source="test"))


def test_moments_by_class_are_those_of_the_seconds(mission):
    rows, weight, navigation = mission.toy_rows(20_000)
    classes = ClassMoments.of(mission.view, [(rows, navigation.livetime_s, navigation.cutoff_class)])
    rate = -np.diff(mission.bin_weight)
    live = np.bincount(navigation.cutoff_class, weights=navigation.livetime_s, minlength=len(rate) + 1)
    found = classes.opened(rate * np.cumsum(live)[:-1])
    direct = ExposureMoments.of(mission.view, [(rows, weight)])
    for name in ("weight", "rotation", "earth", "product"):
        np.testing.assert_allclose(getattr(found, name), getattr(direct, name), rtol=1e-9, atol=1e-9 * weight.sum())
    with pytest.raises(DataError, match="open in no second"):
        ClassMoments({5: direct}).opened(np.ones(10))
    with pytest.raises(RangeError, match="sum_weight"):
        classes.opened(-rate)
