"""Array jobs of batch farms: what is printed is run, task by task."""

import json
import subprocess

import pytest
from productions import amsdipole, divided_mission

from amsdipole.production import read_plan, shard_name


@pytest.fixture
def spaced(tmp_path):
    """A plan in a folder whose name asks for quotes."""
    folder = tmp_path / "a 'quoted' folder"
    folder.mkdir()
    divided_mission(folder, days=1)
    amsdipole("plan", folder / "config.toml", folder / "plan.json", "--events-per-shard", 900)
    return folder / "plan.json"


def test_the_script_for_slurm_does_the_plan(spaced):
    script = amsdipole("submit", spaced, "--slurm").stdout
    n = len(read_plan(spaced).shards)
    assert f"#SBATCH --array=0-{n - 1}\n" in script
    (spaced.parent / "bin").mkdir()
    program = spaced.parent / "bin" / "amsdipole"
    program.write_text('#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n')
    program.chmod(0o755)
    shards = spaced.parent / "plan-shards"
    for task, offset in ((0, ""), (n - 1, ""), (0, "1")):
        environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "SLURM_ARRAY_TASK_ID": str(task), "OFFSET": offset}
        done = subprocess.run(["sh"], input=script, env=environment, capture_output=True, text=True, check=True)
        words = done.stdout.splitlines()
        wanted = f"{task + int(offset or 0)}/{n}"
        assert words == [
            *("work", str(spaced), "--folder", str(shards), "--shard", wanted, "--threads", "1", "--quiet")
        ]
        amsdipole(*words)
    assert {p.name for p in shards.iterdir()} == {shard_name(0), shard_name(1), shard_name(n - 1)}


def condor_words(text):
    """Split arguments as condor_submit does: single quotes hold spaces, and two quotes of a kind are one."""
    assert text[0] == text[-1] == '"'
    words, word, quoted, i = [], "", False, 0
    text = text[1:-1].replace('""', '"')
    while i < len(text):
        if text[i] == "'" and quoted and text[i + 1 : i + 2] == "'":
            word, i = word + "'", i + 1
        elif text[i] == "'":
            quoted = not quoted
        elif text[i] == " " and not quoted:
            words, word = [*words, word], ""
        else:
            word += text[i]
        i += 1
    return [*words, word]


def test_the_description_for_htcondor_does_the_plan(spaced):
    said = json.loads(amsdipole("submit", spaced, "--htcondor", "--json").stdout)
    n = len(read_plan(spaced).shards)
    assert said["n_task"] == n
    lines = said["job"].splitlines()
    assert f"queue {n}" in lines
    arguments = next(line.split("=", 1)[1].strip() for line in lines if line.startswith("arguments"))
    program, *words = condor_words(arguments.replace("$(Process)", "1"))
    assert program == "amsdipole"
    amsdipole(*words)
    assert (spaced.parent / "plan-shards" / shard_name(1)).is_file()


def test_one_batch_system_is_wanted(spaced):
    assert "--slurm" in amsdipole("submit", spaced, code=2).stderr
    assert "--slurm" in amsdipole("submit", spaced, "--slurm", "--htcondor", code=2).stderr
