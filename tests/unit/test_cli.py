"""The command line as a user meets it, in a process of its own."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from missions import small_mission

SMALL = {"n_event": 3000, "stop": "2011-05-22T00:00:00Z", "step_s": 10.0}


def amsdipole(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "amsdipole", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def mission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Config and events of three days, without results."""
    folder = tmp_path_factory.mktemp("mission")
    small_mission(folder, **SMALL)
    shutil.rmtree(folder / "results")
    return folder


@pytest.fixture
def copy(mission: Path, tmp_path: Path) -> Path:
    shutil.copytree(mission, tmp_path / "m")
    return tmp_path / "m"


def refused(folder: Path, *words: str, code: int) -> None:
    """`run` ends with the code and one line that has all the words, and leaves nothing behind."""
    before = sorted(p.name for p in folder.iterdir())
    done = amsdipole("run", folder / "config.toml", "--quiet")
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr, done.stderr
    assert sorted(p.name for p in folder.iterdir()) == before


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "config.toml").read_text()
    assert old in text
    (folder / "config.toml").write_text(text.replace(old, new))


def spoil(folder: Path, column: str, row: int, value: float) -> None:
    table = pq.read_table(folder / "events.parquet")
    values = table.column(column).to_numpy().copy()
    values[row] = value
    pq.write_table(
        table.set_column(table.schema.get_field_index(column), column, pa.array(values)), folder / "events.parquet"
    )


def test_run_writes_result_maps_and_figure(copy: Path) -> None:
    done = amsdipole("run", copy / "config.toml", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document == json.loads((copy / "results" / "result.json").read_text())
    names = {p.name for p in (copy / "results").iterdir()}
    assert {"counts_above_16_gev.fits", "reference_above_16_gev.fits", "rho_against_energy.png"} <= names
    assert sum(document["cut_flow"].values()) == pq.read_metadata(copy / "events.parquet").num_rows
    assert document["ranges"][0]["n_eff"] == 3000


def test_two_runs_write_the_same_bytes(copy: Path) -> None:
    first = {}
    for threads in (1, 2):
        edit(copy, *{1: ("name =", "threads = 1\nname ="), 2: ("threads = 1", "threads = 2")}[threads])
        assert amsdipole("run", copy / "config.toml", "--quiet").returncode == 0
        maps = {p.name: p.read_bytes() for p in (copy / "results").glob("*.fits")}
        first = first or maps
        assert maps == first


def test_a_table_of_seconds_gives_the_counts_of_the_elements_that_made_it(copy: Path) -> None:
    from amsdipole.config import read_config
    from amsdipole.mission_seconds import seconds_source
    from amsdipole.orbit import write_seconds

    whole = json.loads(amsdipole("run", copy / "config.toml", "--json", "--quiet").stdout)
    config = read_config(copy / "config.toml")
    assert config.seconds is not None
    write_seconds(copy / "seconds.parquet", seconds_source(config.seconds).blocks())
    text = (copy / "config.toml").read_text()
    start, rest = text.split("[seconds]")[0], text.split("[events]")[1]
    table = '[seconds]\nsource = "files"\nfiles = ["seconds.parquet"]\nstep_s = 10.0\n\n[events]'
    (copy / "config.toml").write_text(start + table + rest)
    again = json.loads(amsdipole("run", copy / "config.toml", "--json", "--quiet").stdout)
    assert again["ranges"] == whole["ranges"]
    assert again["livetime"] == whole["livetime"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("time_s", np.nan, ["time_s[17] = nan", "events.parquet, row group 0, row 17"]),
        ("time_s", 1e9, ["time_s[17] = 1000000000.0 lies in no second", "events.parquet"]),
        ("direction_x", 2.0, ["direction_x/direction_y/direction_z[17]", "unit vector", "row 17"]),
        ("energy_gev", -20.0, ["energy_gev[17] = -20.0", "above zero", "row 17"]),
        ("energy_gev", np.inf, ["energy_gev[17] = inf", "row 17"]),
    ],
)
def test_a_bad_event_is_refused_with_file_and_row(copy: Path, column: str, value: float, words: list[str]) -> None:
    spoil(copy, column, 17, value)
    refused(copy, *words, code=4)


def test_a_truncated_event_file_is_refused(copy: Path) -> None:
    data = (copy / "events.parquet").read_bytes()
    (copy / "events.parquet").write_bytes(data[: len(data) // 2])
    refused(copy, "events.parquet: no readable Parquet file", code=4)


def test_a_missing_event_file_is_refused(copy: Path) -> None:
    (copy / "events.parquet").unlink()
    refused(copy, "events.parquet: no such file", code=4)


def test_a_missing_column_is_refused(copy: Path) -> None:
    table = pq.read_table(copy / "events.parquet").drop_columns(["energy_gev"])
    pq.write_table(table, copy / "events.parquet")
    refused(copy, "column 'energy_gev' is missing", "'time_s'", code=4)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[output]", "[output]\nfoldre = 1", ["output.foldre is an unknown key"]),
        ("[output]", "[map]\nnside = 48\n[output]", ["nside = 48 is no power of two"]),
        ("[output]", "[energy]\nranges_gev = [16.0, 26.0]\n[output]", ["ranges_gev[1] = 26.0 is no lower edge"]),
        ("step_s = 10.0", "step_s = 100.0", ["seconds.step_s = 100.0"]),
        ("step_s = 10.0", "step_s = 10.0\nlivetime_fraction = 1.2", ["seconds.livetime_fraction = 1.2"]),
        ('stop = "2011-05-22', 'stop = "2010-05-22', ["is not after start"]),
        ("[seconds]", "[secnods]", ["secnods is an unknown key"]),
        ('name = "', 'name = "\n', ["no readable TOML"]),
    ],
)
def test_a_bad_configuration_is_refused_with_the_key(copy: Path, old: str, new: str, words: list[str]) -> None:
    edit(copy, old, new)
    refused(copy, *words, code=3)


def test_a_mission_without_live_time_is_refused(copy: Path) -> None:
    edit(copy, "step_s = 10.0", "step_s = 10.0\nlivetime_fraction = 0.0")
    refused(copy, "exposure is zero", code=4)


def test_a_mission_after_the_last_element_set_is_refused_by_its_name(copy: Path) -> None:
    edit(copy, "2011-05-22", "2023-05-22")
    refused(copy, "2021-12-31", "25544", code=4)


def test_an_earlier_result_is_not_replaced_unasked(copy: Path) -> None:
    edit(copy, "overwrite = true", "overwrite = false")
    assert amsdipole("run", copy / "config.toml", "--quiet").returncode == 0
    refused(copy, "results: the folder exists already", code=4)
    assert amsdipole("run", copy / "config.toml", "--quiet", "--overwrite").returncode == 0


def test_a_folder_that_holds_something_else_is_never_replaced(copy: Path) -> None:
    (copy / "results").mkdir()
    (copy / "results" / "precious.txt").write_text("mine")
    refused(copy, "holds no earlier result", code=4)
    assert (copy / "results" / "precious.txt").read_text() == "mine"


def test_validate_opens_the_files(copy: Path) -> None:
    done = amsdipole("validate", copy / "config.toml", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["n_row"] == 3 * 8640
    (copy / "events.parquet").unlink()
    assert amsdipole("validate", copy / "config.toml").returncode == 4


def test_limit_prints_the_published_pair() -> None:
    # 1.650 % and 1.611 %: method, section 6.2, for N = 1.8e5 and delta_M = 1.09 %.
    done = amsdipole("limit", "--n-eff", "1.8e5", "--delta-m", "0.0109", "--json")
    found = {entry["method"]: entry["delta_ul"] for entry in json.loads(done.stdout)["limits"]}
    assert found["cls"] == pytest.approx(0.01650, abs=5e-6)
    assert found["flat_delta"] == pytest.approx(0.01611, abs=5e-6)


def test_limit_refuses_a_negative_amplitude() -> None:
    done = amsdipole("limit", "--n-eff", "1000", "--delta-m=-0.1")
    assert done.returncode == 2
    assert "delta_m = -0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_fit_repeats_the_fit_of_run(copy: Path) -> None:
    document = json.loads(amsdipole("run", copy / "config.toml", "--json", "--quiet").stdout)
    maps = [copy / "results" / f"{name}_above_16_gev.fits" for name in ("counts", "reference")]
    found = json.loads(amsdipole("fit", *maps, "--json").stdout)
    assert found["rho"]["y"] == pytest.approx(document["ranges"][0]["rho"]["ew"], rel=1e-12)
    assert found["delta_m"] == pytest.approx(document["ranges"][0]["delta_m"], rel=1e-12)


def test_fit_refuses_what_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "a.fits").write_bytes(b"SIMPLE  = nonsense")
    done = amsdipole("fit", tmp_path / "a.fits", tmp_path / "a.fits")
    assert done.returncode == 4
    assert "no readable HEALPix map" in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_refuses_a_dipole_that_is_no_triple(tmp_path: Path) -> None:
    done = amsdipole("demo", "--inject", "0.05", "--folder", tmp_path / "d")
    assert done.returncode == 2
    assert "three numbers" in done.stderr
    assert not (tmp_path / "d").exists()


def test_demo_refuses_a_dipole_longer_than_one(tmp_path: Path) -> None:
    done = amsdipole("demo", "--inject", "0.9,0.9,0", "--folder", tmp_path / "d")
    assert done.returncode == 2
    assert "below 1 is wanted" in done.stderr
    assert not (tmp_path / "d").exists()


def test_schema_is_a_json_schema() -> None:
    document = json.loads(amsdipole("config", "schema").stdout)
    assert "seconds" in document["properties"]
    assert document["additionalProperties"] is False


def test_an_injected_dipole_is_recovered(tmp_path: Path) -> None:
    # 3000 events: sigma near sqrt(3 / 3000) = 3.2 %; a dipole of 40 % along EW must stand out and the rest stay small.
    result = small_mission(tmp_path / "d", inject=(0.4, 0.0, 0.0), seed=5, **SMALL)
    fit = result.ranges[0].fit
    error = np.sqrt(np.diag(fit.covariance))
    np.testing.assert_array_less(np.abs(fit.rho - [0.0, 0.4, 0.0]) / error, 3.5)


def test_ctrl_c_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "config.toml").write_text(DAY)
    command = [sys.executable, "-m", "amsdipole", "simulate", "config.toml", "made.parquet", "--events", "1e10"]
    work = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120.0
    # It is at work when the file under its temporary name is there.
    while not list(tmp_path.glob(".made.parquet.*")):
        assert work.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    work.send_signal(signal.SIGINT)
    _, text = work.communicate(timeout=60)
    assert work.returncode == 130
    assert text.splitlines()[-1] == "amsdipole: stopped by Ctrl-C; nothing was left half-written"
    assert "Traceback" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


DAY = """
name = "A day"
[seconds]
start = "2014-05-13T16:53:20Z"
stop = "2014-05-14T16:53:20Z"
[events]
files = ["made.parquet"]
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0]
[output]
folder = "results"
"""
