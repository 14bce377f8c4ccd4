"""Productions without some of their shards, and runs that were killed: what is said, and what is kept."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from productions import SHORT, amsdipole, divided_mission

from amsdipole import resuming
from amsdipole.analysis import run
from amsdipole.config import read_config
from amsdipole.errors import DataError
from amsdipole.events import open_table
from amsdipole.production import read_plan, shard_name
from amsdipole.report.html_report import report_page
from amsdipole.resuming import run_resumed, shards_folder
from amsdipole.sky import read_map


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A plan with all of its shards done."""
    folder = divided_mission(tmp_path_factory.mktemp("incomplete"), more=SHORT)
    plan = folder / "plan.json"
    amsdipole("plan", folder / "config.toml", plan, "--events-per-shard", 700, "--seconds-per-shard", 9_000)
    amsdipole("work", plan, "--quiet")
    return folder


@pytest.fixture
def production(worked, tmp_path):
    """A copy of it, whose configuration is at the first place."""
    shutil.copytree(worked / "plan-shards", tmp_path / "shards")
    shutil.rmtree(worked / "results", ignore_errors=True)
    return worked, worked / "plan.json", tmp_path / "shards"


def test_what_is_left_out_is_stamped_on_everything(production):
    folder, plan, shards = production
    listed = read_plan(plan).shards
    lost = [1, len(listed) - 1]
    assert [listed[i].kind for i in lost] == ["events", "seconds"]
    (shards / shard_name(lost[0])).unlink()
    damaged = shards / shard_name(lost[1])
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert "2 of" in amsdipole("merge", plan, "--folder", shards, "--quiet", code=4).stderr
    said = amsdipole("merge", plan, "--folder", shards, "--quiet", "--allow-missing").stdout
    assert "INCOMPLETE: 2 of" in said

    document = json.loads((folder / "results" / "result.json").read_text())
    missing = document["missing"]
    n_event = sum(s.n_row for s in listed if s.kind == "events")
    assert missing["n_event"] == listed[1].n_row
    assert missing["n_event_planned"] == n_event == open_table(str(folder / "events.parquet")).n_row
    assert sum(document["cut_flow"].values()) == n_event - missing["n_event"]
    assert missing["total_s"] == 10.0 * listed[lost[1]].n_row
    assert document["livetime"]["total_s"] == missing["total_s_planned"] - missing["total_s"] == 10.0 * 18_000
    share = document["livetime"]["live_s"] / document["livetime"]["total_s"]
    assert missing["live_s_at_the_mean_share"] == pytest.approx(share * missing["total_s"], rel=1e-12)
    assert [(s["shard"], s["state"]) for s in missing["shards"]] == [(lost[0], "missing"), (lost[1], "damaged")]

    for file in (folder / "results").glob("*.fits"):
        header = read_map(file).header
        assert (header["MISSHARD"], header["MISEVENT"], header["MISSEC"]) == (2, missing["n_event"], missing["total_s"])
        assert header["MISLIVE"] == missing["live_s_at_the_mean_share"]
    assert "INCOMPLETE: 2 of" in report_page([folder / "results"]).html


def test_a_whole_production_says_that_nothing_is_missing(production):
    folder, plan, shards = production
    said = amsdipole("merge", plan, "--folder", shards, "--quiet", "--allow-missing").stdout
    assert "INCOMPLETE" not in said
    assert json.loads((folder / "results" / "result.json").read_text())["missing"] is None
    assert not any(
        key.startswith(("MISS", "MISE", "MISL"))
        for file in (folder / "results").glob("*.fits")
        for key in read_map(file).header
    )


def test_foreign_shards_and_nothing_at_all_are_refused_all_the_same(production):
    _, plan, shards = production
    listed = read_plan(plan).shards
    shutil.copy(shards / shard_name(0), shards / shard_name(1))
    said = amsdipole("merge", plan, "--folder", shards, "--quiet", "--allow-missing", code=4).stderr
    assert "shard 1 is foreign" in said
    (shards / shard_name(1)).unlink()
    for i, shard in enumerate(listed):
        if shard.kind == "seconds":
            (shards / shard_name(i)).unlink()
    said = amsdipole("merge", plan, "--folder", shards, "--quiet", "--allow-missing", code=4).stderr
    assert "no shard of seconds is done" in said


@pytest.fixture
def divided(monkeypatch, tmp_path):
    """A configuration whose run has several shards."""
    monkeypatch.setattr(resuming, "EVENTS_PER_SHARD", 700)
    monkeypatch.setattr(resuming, "SECONDS_PER_SHARD", 5_000)
    (tmp_path / "m").mkdir()
    return read_config(divided_mission(tmp_path / "m", days=1, more=SHORT) / "config.toml")


def counted(monkeypatch, stop_after=None):
    """Note the shards that a run works on, and end it as a signal would."""
    seen = []

    def work(plan, index, folder, **options):
        if stop_after is not None and len(seen) == stop_after:
            raise KeyboardInterrupt
        seen.append(index)
        return work_shard(plan, index, folder, **options)

    work_shard = resuming.work_shard
    monkeypatch.setattr(resuming, "work_shard", work)
    return seen


def test_a_run_that_was_ended_goes_on_and_gives_the_bits_of_one_pass(monkeypatch, divided):
    with monkeypatch.context() as patch:
        first = counted(patch, stop_after=3)
        with pytest.raises(KeyboardInterrupt):
            run_resumed(divided)
    assert len(first) == 3
    assert not Path(divided.output.folder).exists()
    with monkeypatch.context() as patch:
        second = counted(patch)
        reports = []
        result = run_resumed(divided, progress=lambda *report: reports.append(report))
    assert not set(first) & set(second)
    assert sorted({*first, *second}) == list(range(len(first) + len(second)))
    assert not shards_folder(divided).exists()
    for stage in ("events", "exposure"):
        done = [(n, total) for name, n, total in reports if name == stage]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]
    shutil.rmtree(divided.output.folder)
    once = run(divided)
    assert result.document() == once.document()
    for a, b in zip(result.ranges, once.ranges, strict=True):
        np.testing.assert_array_equal(a.counts_map, b.counts_map)
        np.testing.assert_array_equal(a.reference_map, b.reference_map)


def test_what_another_plan_left_is_not_used(monkeypatch, divided):
    with monkeypatch.context() as patch:
        _ = counted(patch, stop_after=3)
        with pytest.raises(KeyboardInterrupt):
            run_resumed(divided)
    other = divided.model_copy(update={"name": "Another"})
    with monkeypatch.context() as patch:
        assert 0 in counted_run(patch, other)


def counted_run(patch, config):
    seen = counted(patch)
    _ = run_resumed(config)
    return seen


def test_a_run_that_fails_leaves_nothing(divided):
    bad = divided.model_copy(update={"events": divided.events.model_copy(update={"columns": {"time_s": "nowhere"}})})
    with pytest.raises(DataError, match="nowhere"):
        run_resumed(bad)
    folder = Path(divided.events.files[0]).parent
    assert sorted(p.name for p in folder.iterdir()) == ["config.toml", "events.parquet"]
