"""Every example runs as its first lines say, on a mission of some days."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# Fewer events over fewer days: what the first lines ask for, cut to seconds.
STOPS = {
    "ams_electrons": "2011-05-29T00:00:00Z",
    "ams_positrons": "2011-05-29T00:00:00Z",
    "zenith_calorimeter": "2018-01-03T00:00:00Z",
}


def commands(text: str) -> list[list[str]]:
    """Commands that the comment at the top of an example shows."""
    return [shlex.split(line) for line in re.findall(r"^#   (amsdipole .*)$", text, re.M)]


@pytest.mark.parametrize("name", sorted(STOPS))
def test_an_example_runs_as_it_says(name: str, tmp_path: Path) -> None:
    text = (EXAMPLES / f"{name}.toml").read_text()
    short = re.sub(r'stop = "[^"]+"', f'stop = "{STOPS[name]}"', text)
    short = re.sub(r"step_s = [0-9.]+", "step_s = 30.0", short)
    assert short != text
    (tmp_path / f"{name}.toml").write_text(short)
    if 'elements = "satellite.tle"' in text:
        shutil.copy(EXAMPLES / "satellite.tle", tmp_path)
    asked = commands(text)
    assert asked[-1] == ["amsdipole", "run", f"{name}.toml"]
    for command in asked:
        # Templates want more events than candidates do, and take no part in what is fitted.
        size = "3e5" if "simulated.parquet" in command else "3e4"
        words = [re.sub(r"^[0-9.]+e6$", size, word) for word in command[1:]]
        more = ["--json"] if words[0] == "run" else []
        done = subprocess.run(
            [sys.executable, "-m", "amsdipole", *words, "--quiet", *more],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stderr)
    first = json.loads(done.stdout)["ranges"][0]
    assert first["p_value"] > 1e-4  # isotropic, by a fixed seed
    assert first["n_eff"] > 500


def test_the_example_of_public_data_runs(shared: Path, tmp_path: Path) -> None:
    data = shared / "auger2017_8EeV" / "Arrival_directions_8EeV_Science_2017.dat"
    text = (EXAMPLES / "auger_2017.toml").read_text()
    text = re.sub(r"files = \[.*\]", f'files = ["{data}"]', re.sub(r'folder = ".*"', 'folder = "out"', text))
    (tmp_path / "auger.toml").write_text(text)
    command = [sys.executable, "-m", "amsdipole", "run", str(tmp_path / "auger.toml"), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    # The README of the data: recomputed there from the same file by an independent calculation.
    assert found["harmonics"]["right_ascension"]["r"] == pytest.approx(0.0466, abs=5e-5)


def test_every_example_is_run_somewhere() -> None:
    elsewhere = {"auger_2017", "fermi_like"}  # above, and in tests/unit/test_seconds_formats.py
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == elsewhere | set(STOPS)
