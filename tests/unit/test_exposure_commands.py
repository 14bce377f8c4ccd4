import json
import sys

import pytest

from amsdipole import cli

CONFIG = """
name = "a week"
[seconds]
source = "elements"
start = "2014-05-19T00:00:00Z"
stop = "2014-05-20T00:00:00Z"
step_s = 30.0
[events]
files = ["none.parquet"]
[output]
folder = "out"
[map]
nside = 8
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0, 25.0]
"""


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    (tmp_path / "config.toml").write_text(CONFIG)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["amsdipole", arguments[0], str(tmp_path / "config.toml"), *arguments[1:]])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, capsys.readouterr()

    return call


def test_exposure_writes_livetimes_and_references(asked, tmp_path):
    code, said = asked("exposure", "--folder", str(tmp_path / "exposure"), "--json", "-q")
    assert code == 0, said.err
    document = json.loads(said.out)
    assert sum(row["n_row"] for row in document["budget"]["causes"]) == document["budget"]["n_row"] == 2880
    assert len(list((tmp_path / "exposure").glob("*.fits"))) == 2 + 4
    code, said = asked("exposure", "--folder", str(tmp_path / "exposure"), "-q")
    assert code == 4
    assert "exists already" in said.err
    code, said = asked("exposure", "--folder", str(tmp_path / "exposure"), "--overwrite", "-q")
    assert code == 0
    assert "good" in said.out


def test_systematics_gives_a_row_for_each_range_and_variation(asked):
    code, said = asked("systematics", "--json", "-q")
    assert code == 0, said.err
    rows = json.loads(said.out)["shifts"]
    assert len(rows) == 2 * (4 + 3 + 2)
    assert all(row["delta"] >= 0.0 for row in rows)
