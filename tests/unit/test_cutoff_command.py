"""`amsdipole cutoff` as a user meets it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from amsdipole.cli import app
from amsdipole.config import config_from
from amsdipole.cutoff_report import Places, cutoffs_of_places, orbit_cutoffs, read_stations, world_places
from amsdipole.errors import ConfigError, DataError, RangeError
from amsdipole.geomagnetism import igrf14

AT_2015 = {
    "charge_sign": 1,
    "coefficients": igrf14(),
    "decimal_year": 2015.0,
    "step_gv": 0.05,
    "penumbra_step_gv": None,
}


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["cutoff", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def table_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_place_is_answered_with_its_date() -> None:
    row = json.loads(run("place", "41.9", "12.5", "--year", "2015", "--no-fine", "--cones", "--json"))["cutoffs"][0]
    # Rome: 6.2 to 6.3 GV in 1995 to 2015 (Smart and Shea's grid; gtracr).
    assert 6.0 < row["effective_gv"] < 6.5
    assert row["lower_gv"] <= row["effective_gv"] <= row["upper_gv"]
    assert row["decimal_year"] == 2015.0
    assert row["cone_25_deg_gv"] <= row["cone_40_deg_gv"]


def test_a_users_own_field_is_taken(tmp_path: Path) -> None:
    (tmp_path / "own.shc").write_text("# Own\n1 1 2 2 1\n2000 2005\n1 0 -3e4 -3e4\n1 1 0 0\n1 -1 0 0\n")
    text = run("place", "0", "0", "--year", "2002", "--no-fine", "--field", tmp_path / "own.shc", "--json")
    row = json.loads(text)["cutoffs"][0]
    # K / 4 of a dipole of 30,000 nT on the equator at 20 km: 14.24 GV.
    assert abs(row["stormer_gv"] / 14.24 - 1.0) < 0.01
    assert abs(row["effective_gv"] / 14.24 - 1.0) < 0.02


def test_east_is_more_shielded_than_west() -> None:
    one = [np.array([v]) for v in (0.0, 100.0, 20.0)]
    east, west = (
        cutoffs_of_places(Places(["x"], *one, 45.0, azimuth), **AT_2015)[0]["effective_gv"] for azimuth in (90.0, 270.0)
    )
    assert east > 1.3 * west


def test_a_list_of_stations_becomes_a_table(tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    path.write_text("name,latitude_deg,longitude_deg,altitude_km\nOulu,65.05,25.47,20\nTsumeb,-19.2,17.58,20\n")
    out = tmp_path / "out.csv"
    assert "Tsumeb" in run("stations", path, "--year", "2020", "--no-fine", "--out", out)
    rows = table_of(out)
    assert 0.4 < float(rows[0]["effective_gv"]) < 1.0  # Oulu 0.6 to 0.8 GV, Tsumeb 9 GV (neutron monitor database)
    assert 8.5 < float(rows[1]["effective_gv"]) < 9.5
    path.write_text("name,latitude_deg,longitude_deg,altitude_km\nOulu,65.05,north,20\n")
    with pytest.raises(DataError, match=r"row 1: longitude_deg = 'north'"):
        read_stations(path)


def test_the_world_is_a_table_and_a_figure(tmp_path: Path) -> None:
    run("map", tmp_path / "world", "--year", "2015", "--step", "90", "--quiet")
    rows = table_of(tmp_path / "world" / "map.csv")
    assert len(rows) == 3 * 4
    assert (tmp_path / "world" / "map.png").stat().st_size > 1000
    with pytest.raises(ConfigError, match="does not divide"):
        world_places(7.0, 20.0)


def test_an_orbit_has_four_cones_and_both_signs(tmp_path: Path) -> None:
    span = {"start": "2015-06-01T00:00:00Z", "stop": "2015-06-01T00:04:00Z", "step_s": 60.0}
    document = {"name": "o", "events": {"files": ["none"]}, "output": {"folder": "out"}, "seconds": span}
    rows = orbit_cutoffs(config_from(document, folder=tmp_path, source="test"), coefficients=igrf14())
    assert len(rows) == 4
    for row in rows:
        for sign in ("positive", "negative"):
            values = [row[f"{sign}_{cone}_deg_gv"] for cone in (25, 30, 35, 40)]
            assert values == sorted(values)


def test_a_date_outside_the_model_is_refused() -> None:
    with pytest.raises(RangeError, match="2030"):
        run("place", "0", "0", "--year", "2031")
