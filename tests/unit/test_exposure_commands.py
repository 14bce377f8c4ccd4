import json
import sys

import numpy as np
import pytest

from amsdipole import cli
from amsdipole.exposure import read_axes

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

    def merge(files, target):
        monkeypatch.setattr(sys, "argv", ["amsdipole", "exposure-merge", *files, "--out", str(target)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, capsys.readouterr()

    call.merge = merge
    return call


def test_exposure_writes_livetimes_and_references(asked, tmp_path):
    code, said = asked("exposure", "--folder", str(tmp_path / "exposure"), "--json", "-q")
    assert code == 0, said.err
    document = json.loads(said.out)
    assert sum(row["n_row"] for row in document["budget"]["causes"]) == document["budget"]["n_row"] == 2880
    assert len(list((tmp_path / "exposure").glob("*.fits"))) == 2 + 2 * 4
    for name in ("reference_above_16_gev", "reference_above_25_gev", "live_time_against_energy", "budget"):
        for ending in ("png", "csv", "json"):
            assert f"{name}.{ending}" in document["figures"]
            assert (tmp_path / "exposure" / f"{name}.{ending}").stat().st_size > 0
    numbers = json.loads((tmp_path / "exposure" / "live_time_against_energy.json").read_text())["columns"]
    assert numbers["open_s"] == [row["open_s"] for row in document["open_s"]]
    assert {row["frame"] for row in document["references"]} == {"galactic", "icrs", "earth_fixed", "geomagnetic"}
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
    assert len(rows) == 2 * (4 + 3 + 2 + 2)  # factors, cones, halves of the view, resolutions; two ranges
    shift = {(row["energy_low_gev"], row["variation"]): row["rho"] for row in rows}
    assert all(row["delta"] >= 0.0 for row in rows)
    # The halves make up the whole: their shifts point against each other.
    port, starboard = (np.array([*shift[16.0, f"{s} half of the view"].values()]) for s in ("port", "starboard"))
    assert port @ starboard < -0.9 * np.linalg.norm(port) * np.linalg.norm(starboard)


def test_a_study_that_is_kept_is_the_same_and_makes_no_pass(asked, tmp_path):
    folder = str(tmp_path / "study")
    first, second = (asked("systematics", "--store", folder, "--json", "-q") for _ in range(2))
    assert first[0] == second[0] == 0, second[1].err
    made, read = (json.loads(said.out) for _, said in (first, second))
    assert not made["nominal"]["stored"]
    assert read["nominal"]["stored"]
    assert sum(row["passes"] for row in made["shifts"]) == 3  # cones, once for both ranges
    assert not any(row["passes"] for row in read["shifts"])
    assert [row["rho"] for row in made["shifts"]] == [row["rho"] for row in read["shifts"]]
    (tmp_path / "config.toml").write_text(CONFIG.replace("2014-05-20", "2014-05-21"))
    code, said = asked("systematics", "--store", folder, "-q")
    assert code == 4
    assert "made with another seconds" in said.err


def test_a_shape_that_changes_with_energy_is_varied_by_bin(asked, tmp_path):
    """A wide view below 25 GeV and a narrow one above: a mean shape would give both ranges the same shifts."""
    import pyarrow as pa
    import pyarrow.csv

    energy, cosine = np.array([10.0, 24.9, 25.0, 1000.0]), np.array([0.9, 0.95, 0.9999, 1.0])
    area = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    e, c = np.meshgrid(energy, cosine, indexing="ij")
    rows = {"energy_gev": e.ravel(), "cos_zenith": c.ravel(), "area_m2": area.ravel()}
    pyarrow.csv.write_csv(pa.table(rows), tmp_path / "area.csv")
    narrow = {"energy_gev": e[2:].ravel(), "cos_zenith": c[2:].ravel(), "area_m2": area[2:].ravel()}
    narrow["energy_gev"] = np.repeat([10.0, 1000.0], 4)
    pyarrow.csv.write_csv(pa.table(narrow), tmp_path / "narrow.csv")
    found = {}
    for name in ("area", "narrow"):
        (tmp_path / "config.toml").write_text(CONFIG + f'[detector]\nacceptance_file = "{name}.csv"\n')
        code, said = asked("systematics", "--json", "-q")
        assert code == 0, said.err
        shifts = json.loads(said.out)["shifts"]
        found[name] = {(r["energy_low_gev"], r["variation"]): np.array([*r["rho"].values()]) for r in shifts}
    key = (25.0, "cutoff factor 1.4")
    # Above 25 GeV only the narrow view counts, whatever the table holds below.
    np.testing.assert_allclose(found["area"][key], found["narrow"][key], atol=1e-6)
    key = (16.0, "port half of the view")
    assert np.linalg.norm(found["area"][key] - found["narrow"][key]) > 0.01


def test_traced_cutoffs_are_a_variation(asked, tmp_path):
    from amsdipole.constants import AMS_MOUNTING_DEG
    from amsdipole.geomagnetism import CutoffTable, igrf14, write_cutoff_table

    share = np.full((2, 2, 4), 1.0)
    tilt = float(np.radians(AMS_MOUNTING_DEG))
    grid = (np.array([-60.0, 60.0]), np.array([0.0, 90.0, 180.0, 270.0]))
    for name, scale in (("same", 1.0), ("higher", 1.4 / 1.2)):
        made = CutoffTable(*grid, share * scale, np.radians(30.0), 1, tilt, 0.9, 400.0, 2014.4, igrf14().model)
        write_cutoff_table(tmp_path / f"{name}.npz", made)
    rows = {}
    for name in ("same", "higher"):
        code, said = asked("systematics", "--traced", str(tmp_path / f"{name}.npz"), "--json", "-q")
        assert code == 0, said.err
        found = json.loads(said.out)["shifts"]
        rows[name] = {r["variation"]: np.array([*r["rho"].values()]) for r in found if r["energy_low_gev"] == 16.0}
    # Cutoffs that are traced to be the same shift nothing; those higher by a factor are the factor's variation.
    np.testing.assert_allclose(rows["same"]["traced cutoffs"], 0.0, atol=1e-9)
    np.testing.assert_allclose(rows["higher"]["traced cutoffs"], rows["higher"]["cutoff factor 1.4"], atol=1e-9)


def test_a_factor_from_the_sums_is_that_of_a_mission_with_the_factor(asked, tmp_path):
    from amsdipole.config import read_config
    from amsdipole.exposure import dipole_shift
    from amsdipole.sky import read_map

    maps = {}
    for factor in (1.2, 1.4):
        (tmp_path / "config.toml").write_text(CONFIG + f"[cutoff]\nfactor = {factor}\n")
        assert asked("exposure", "--folder", str(tmp_path / f"{factor}"), "-q")[0] == 0
        maps[factor] = read_map(tmp_path / f"{factor}" / "reference_galactic_above_16_gev.fits").values
    (tmp_path / "config.toml").write_text(CONFIG)
    code, said = asked("systematics", "--json", "-q")
    assert code == 0
    assert read_config(tmp_path / "config.toml").cutoff.factor == 1.2
    rows = json.loads(said.out)["shifts"]
    found = next(r["rho"] for r in rows if r["variation"] == "cutoff factor 1.4" and r["energy_low_gev"] == 16.0)
    fb, ew, ns = dipole_shift(maps[1.2], maps[1.4])
    # Cells of 0.46 deg in place of 0.23 deg.
    np.testing.assert_allclose([found["fb"], found["ew"], found["ns"]], [fb, ew, ns], atol=2e-4)


def test_halves_of_a_mission_are_merged_and_the_same_half_twice_is_refused(asked, tmp_path):
    for name, start, stop in (("a", "19T00", "19T12"), ("b", "19T12", "20T00"), ("c", "19T00", "20T00")):
        text = CONFIG.replace("2014-05-19T00", f"2014-05-{start}").replace("2014-05-20T00", f"2014-05-{stop}")
        (tmp_path / "config.toml").write_text(text)
        assert asked("exposure", "--folder", str(tmp_path / name), "-q")[0] == 0
    a, b, c = (str(tmp_path / name / "livetime_galactic.fits") for name in "abc")
    assert asked.merge([b, a], tmp_path / "ab.fits")[0] == 0
    whole, merged = read_axes(c), read_axes(tmp_path / "ab.fits")
    for name in ("pixel", "cutoff_class", "units", "moment"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))
    assert merged.budget == whole.budget
    code, said = asked.merge([a, str(tmp_path / "ab.fits")], tmp_path / "twice.fits")
    assert code == 4
    assert "would be counted twice" in said.err
    assert not (tmp_path / "twice.fits").exists()


def test_cubes_of_four_frames_hold_the_same_live_time(asked, tmp_path):
    from astropy.io import fits

    assert asked("exposure", "--folder", str(tmp_path / "out"), "--cubes", "-q")[0] == 0
    for frame in ("galactic", "icrs", "earth_fixed", "geomagnetic"):
        with fits.open(tmp_path / "out" / f"cube_{frame}.fits") as file:
            assert file["CUBE"].header["FRAME"] == frame
            assert file["CUBE"].data.shape == (768, 40, 3)
            assert file["CUBE"].data.sum() > 0


def test_good_seconds_are_chosen_and_the_budget_says_what_they_cost(asked, tmp_path):
    good = """
[seconds.good]
south_atlantic = true
zenith_most_deg = 40.0
livetime_least = 0.5
intervals = [["2014-05-19T06:00:00Z", "2014-05-19T18:00:00Z"]]
"""
    (tmp_path / "config.toml").write_text(CONFIG + good)
    code, said = asked("exposure", "--folder", str(tmp_path / "good"), "--json", "-q")
    assert code == 0, said.err
    rows = {row["cause"]: row["n_row"] for row in json.loads(said.out)["budget"]["causes"]}
    assert rows["interval"] == 1440
    assert rows["region"] > 20
    assert sum(rows.values()) == 2880
    (tmp_path / "config.toml").write_text(CONFIG + good.replace("40.0", "1.0"))
    code, said = asked("exposure", "--folder", str(tmp_path / "none"), "-q")
    assert code == 4
    assert "the exposure is zero" in said.err
