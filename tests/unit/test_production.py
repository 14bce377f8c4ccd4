"""A production in shards: the bits of one pass, and a defined outcome for whatever goes wrong."""

import errno
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from productions import amsdipole, bytes_of, divided_mission

from amsdipole.analysis import run
from amsdipole.config import read_config
from amsdipole.errors import ConfigError, DataError
from amsdipole.events import CountsMaps, merged_counts
from amsdipole.production import InputFile, Plan, Shard, read_plan, run_shards, shard_name, write_plan


@pytest.fixture(autouse=True)
def handlers():
    """Leave the handling of signals as it was."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def mission(tmp_path_factory):
    """Config and events of three days in several row groups, and the result of one pass."""
    folder = divided_mission(tmp_path_factory.mktemp("mission"))
    result = run(read_config(folder / "config.toml")).document()
    shutil.move(folder / "results", folder / "one_pass")
    return folder, result


@pytest.fixture
def copy(mission, tmp_path):
    shutil.copytree(mission[0], tmp_path / "m")
    return tmp_path / "m"


def numbers(document):
    """All of a result but the names of its files."""
    return {**document, "inputs": [], "config": {}}


@pytest.mark.parametrize(("events", "seconds"), [(10**9, 10**9), (700, 9_000), (1, 2_500)])
def test_shards_give_the_bits_of_one_pass(mission, copy, events, seconds):
    plan = copy / "plan.json"
    made = json.loads(
        amsdipole(
            "plan", copy / "config.toml", plan, "--events-per-shard", events, "--seconds-per-shard", seconds, "--json"
        ).stdout
    )
    assert made["rows"] == {"events": sum(mission[1]["cut_flow"].values()), "seconds": 25_920}
    amsdipole("work", plan, "--quiet", "--workers", 2 if events == 700 else 1)
    status = json.loads(amsdipole("status", plan, "--json").stdout)
    assert status["count"] == {"done": made["n_shard"], "missing": 0, "failed": 0, "damaged": 0, "foreign": 0}
    document = json.loads(amsdipole("merge", plan, "--quiet", "--json").stdout)
    assert numbers(document) == numbers(mission[1])
    for name in (p.name for p in (mission[0] / "one_pass").glob("*.fits")):
        assert (copy / "results" / name).read_bytes() == (mission[0] / "one_pass" / name).read_bytes()


def test_a_shard_is_the_same_bytes_whenever_it_is_done(copy):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan, "--events-per-shard", 700, "--seconds-per-shard", 9_000)
    n = len(read_plan(plan).shards)
    for i in reversed(range(n)):
        amsdipole("work", plan, "--shard", f"{i}/{n}", "--quiet")
    once = bytes_of(copy / "plan-shards")
    amsdipole("work", plan, "--quiet", "--folder", copy / "again")
    assert bytes_of(copy / "again") == once


def results(copy):
    """Names of the result files, hidden ones too."""
    folder = copy / "plan-shards"
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_killed_workers_lose_nothing(copy):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan, "--events-per-shard", 1, "--seconds-per-shard", 2_500)
    amsdipole("work", plan, "--quiet", "--folder", copy / "whole")
    rng = np.random.default_rng(3)
    for _ in range(20):
        worker = subprocess.Popen([sys.executable, "-m", "amsdipole", "work", str(plan), "--quiet"])
        time.sleep(rng.uniform(0.3, 2.0))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    amsdipole("work", plan, "--quiet")
    assert bytes_of(copy / "plan-shards") == bytes_of(copy / "whole")


def test_a_terminated_worker_leaves_nothing_partial(copy):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan, "--events-per-shard", 1, "--seconds-per-shard", 500)
    worker = subprocess.Popen([sys.executable, "-m", "amsdipole", "work", str(plan), "--quiet"])
    end = time.monotonic() + 120.0
    while not any(name.endswith(".amsd") and name[0] != "." for name in results(copy)):
        assert worker.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    worker.terminate()
    assert worker.wait(timeout=60) == 143
    left = results(copy)
    assert 0 < len(left) < len(read_plan(plan).shards)  # in the middle of its work
    assert all(name.endswith(".amsd") and name[0] != "." for name in left)
    states = json.loads(amsdipole("status", plan, "--json").stdout)["count"]
    assert states["done"] == len(left)
    assert states["damaged"] == 0


def test_the_commands_of_the_documentation_run(copy, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "production.md").read_text()
    lines = [line.split("#")[0].split() for line in page.splitlines() if line.startswith("    amsdipole ")]
    assert [words[1] for words in lines] == ["plan", "work", "status", "merge"]
    monkeypatch.chdir(copy)
    for words in lines:
        if words[1] == "work":
            n = len(read_plan("plan.json").shards)
            for i in range(n):
                amsdipole(*words[1:-1], f"{i}/{n}", "--quiet")
        else:
            amsdipole(*words[1:])
    assert (copy / "results" / "result.json").is_file()


def worked(copy):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan, "--events-per-shard", 700, "--seconds-per-shard", 9_000)
    amsdipole("work", plan, "--quiet")
    return plan


def test_merge_refuses_what_is_missing_damaged_or_foreign(copy):
    plan = worked(copy)
    shard = copy / "plan-shards" / shard_name(1)
    good = shard.read_bytes()
    shard.unlink()
    assert "shard 1 is missing" in amsdipole("merge", plan, "--quiet", code=4).stderr
    shard.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert "damaged" in amsdipole("merge", plan, "--quiet", code=4).stderr
    shutil.copy(copy / "plan-shards" / shard_name(0), shard)
    assert "it holds shard 0" in amsdipole("merge", plan, "--quiet", code=4).stderr
    other = copy / "other.json"
    amsdipole("plan", copy / "config.toml", other, "--events-per-shard", 900, "--seconds-per-shard", 9_000)
    assert "belongs to the plan" in amsdipole("status", other, "--folder", copy / "plan-shards").stdout
    assert not (copy / "results").exists()
    shard.write_bytes(good)
    amsdipole("merge", plan, "--quiet")
    assert "already" in amsdipole("merge", plan, "--quiet", code=4).stderr


def test_changed_and_vanished_inputs_are_refused_and_noted(copy):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan, "--events-per-shard", 700, "--seconds-per-shard", 9_000)
    events = copy / "events.parquet"
    good = events.read_bytes()
    events.write_bytes(good + b"x")
    done = amsdipole("work", plan, "--quiet", code=6)
    assert "when the plan was made" in done.stdout
    assert json.loads(amsdipole("status", plan, "--json").stdout)["count"]["failed"] > 0
    events.unlink()
    assert "no such file" in amsdipole("work", plan, "--quiet", code=6).stdout
    events.write_bytes(good)
    amsdipole("work", plan, "--quiet")
    assert json.loads(amsdipole("status", plan, "--json").stdout)["count"]["failed"] == 0


def test_a_plan_that_was_edited_or_is_of_another_version_is_refused(copy):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan)
    text = plan.read_text()
    plan.write_text(text.replace('"nside": 32', '"nside": 16'))
    assert plan.read_text() != text
    assert "was changed after it was made" in amsdipole("work", plan, "--quiet", code=4).stderr
    plan.write_text(text)
    whole = read_plan(plan)
    write_plan(plan, Plan(whole.config, "amsdipole 0.0.0", whole.inputs, whole.shards), overwrite=True)
    assert "made by amsdipole 0.0.0" in amsdipole("work", plan, "--quiet", code=6).stdout


@pytest.mark.parametrize("text", ["x", "1", "3/2", "0/99", "-1/2"])
def test_a_shard_that_is_none_is_refused(copy, text):
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan)
    assert "--shard" in amsdipole("work", plan, f"--shard={text}", "--quiet", code=2).stderr


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d | {"format": "x"},
        lambda d: d | {"format_version": 2},
        lambda d: {k: v for k, v in d.items() if k != "shards"},
        lambda d: d | {"shards": [["events", "x", 3, 3]]},
        lambda d: d | {"shards": [["other", "x", 0, 3]]},
        lambda d: d | {"identity": "0" * 64},
        lambda _: [],
    ],
    ids=["format", "version", "no shards", "empty shard", "kind", "identity", "list"],
)
def test_a_document_that_is_no_plan_is_refused(tmp_path, spoil):
    plan = Plan({"a": 1}, "k", (InputFile("x", 3, "0"),), (Shard("events", "x", 0, 3),))
    path = tmp_path / "plan.json"
    write_plan(path, plan)
    assert read_plan(path) == plan
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(DataError):
        read_plan(path)


def test_input_output_errors_are_tried_again_and_others_are_not(monkeypatch):
    monkeypatch.setattr("amsdipole.production.engine.wait", lambda _: None)
    tries = []

    def task(index):
        tries.append(index)
        if index == 1 and tries.count(1) < 3:
            raise DataError("busy") from OSError("stale handle")
        if index == 2:
            raise ConfigError("wrong for ever")
        if index == 3:
            raise OSError("gone")

    failures = run_shards(task, range(4))
    assert [(f.index, f.kind) for f in failures] == [(2, "refused"), (3, "input/output")]
    assert [tries.count(i) for i in range(4)] == [1, 3, 1, 4]


def test_a_full_disk_and_a_folder_that_takes_nothing_are_input_output_errors(copy, monkeypatch):
    monkeypatch.setattr("amsdipole.production.engine.wait", lambda _: None)
    plan = copy / "plan.json"
    amsdipole("plan", copy / "config.toml", plan)
    n = len(read_plan(plan).shards)
    said = json.loads(amsdipole("work", plan, "-q", "--json", "--folder", "/proc/none", code=7).stdout)
    assert [f["kind"] for f in said["failed"]] == ["input/output"] * n

    def full(_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("amsdipole._files._sync", full)
        said = json.loads(amsdipole("work", plan, "-q", "--json", code=7).stdout)
    assert [f["kind"] for f in said["failed"]] == ["input/output"] * n
    assert "No space left" in said["failed"][0]["reason"]
    assert results(copy) == []
    amsdipole("work", plan, "-q")
    assert len(results(copy)) == n


def counts(value, edge=(1.0, 2.0), cuts=("accepted",)):
    units = np.array([[value]])
    return CountsMaps(units, units, np.array(edge), dict.fromkeys(cuts, 1), np.array([[0], [1], [0]]))


def test_merged_counts_are_checked():
    assert merged_counts([counts(1), counts(2), counts(-4)]).weight_units.tolist() == [[-1]]
    with pytest.raises(OverflowError, match="64 bits"):
        merged_counts([counts(2**62), counts(2**62)])
    for other in (counts(1, edge=(1.0, 3.0)), counts(1, cuts=("other",))):
        with pytest.raises(DataError, match="differ"):
            merged_counts([counts(1), other])
    with pytest.raises(DataError, match="no counts"):
        merged_counts([])
