"""Commands on the statistics: what they print, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

from amsdipole.cli import app
from amsdipole.errors import ConfigError, DataError
from amsdipole.report.impact_report import read_shifts
from amsdipole.report.projection_report import projection_document
from amsdipole.sky import SkyMap, pixel_centers, read_map, write_map

CENTER = pixel_centers(8)
REFERENCE = 10.0 * (1.0 + 0.3 * CENTER[:, 0])
SHIFTS = {"shifts": [{"energy_low_gev": 16.0, "variation": "cone", "rho": {"ew": 1e-3, "ns": 0.0, "fb": 2e-3}}]}


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def document(*arguments: str) -> dict:
    return json.loads(printed(*arguments, "--json"))


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    for name, values in (
        ("reference", REFERENCE),
        ("counts", np.random.default_rng(1).poisson(REFERENCE).astype(float)),
        ("bent", REFERENCE * (1.0 + 0.01 * CENTER[:, 2])),
    ):
        write_map(tmp_path / f"{name}.fits", SkyMap(values, "galactic", ""))
    (tmp_path / "shifts.json").write_text(json.dumps(SHIFTS))
    return tmp_path


def test_coverage_counts_every_method_and_amplitude(maps):
    options = ("--reference", f"{maps}/reference.fits", "--toys", "200", "--amplitudes", "0,2", "-q")
    found = document("coverage", *options, "--methods", "cls,neyman")
    assert [(row["method"], row["delta_sigma"]) for row in found["coverage"]] == [
        ("cls", 0.0), ("cls", 2.0), ("neyman", 0.0), ("neyman", 2.0),
    ]  # fmt: skip
    assert all(abs(row["coverage"] - row["theory"]) <= 5 * row["binomial_error"] + 1e-3 for row in found["coverage"])
    assert "one-sided Neyman" in printed("coverage", *options, "--methods", "neyman")


@pytest.mark.parametrize("weights", ["unit", "purity", "sweights"])
def test_pulls_have_unit_width(maps, weights):
    options = ("--reference", f"{maps}/reference.fits", "--toys", "300", "--weights", weights, "-q")
    found = document("pulls", *options, "--inject", "0.02,0,0")
    assert [row["name"] for row in found["pulls"]] == ["fb", "ew", "ns"]
    assert all(abs(row["width"] - 1.0) < 4 * found["width_error"] for row in found["pulls"])
    assert "sandwich" in printed("pulls", *options)


def test_impacts_are_ranked_and_widen_the_limits(maps):
    options = (
        f"{maps}/counts.fits", f"{maps}/reference.fits", "--template", f"efficiency={maps}/bent.fits",
        "--shifts", f"{maps}/shifts.json", "--figure", f"{maps}/impacts.png",
    )  # fmt: skip
    found = document("impacts", *options)
    assert [row["name"] for row in found["impacts"]] == ["efficiency", "cone"]
    # More exposure in the north leaves less of a dipole to explain the same counts.
    assert found["impacts"][0]["after"]["ns"] == pytest.approx(-0.01, rel=0.01)
    assert found["impacts"][1]["after"] == pytest.approx({"fb": 2e-3, "ew": 1e-3, "ns": 0.0})
    assert found["error"]["ns"] > found["statistical_error"]["ns"]
    assert (maps / "impacts.png").stat().st_size > 1000
    assert "efficiency" in printed("impacts", *options)


def test_a_template_may_be_moved_from_a_reference_of_its_own(maps):
    for name in ("bent", "reference"):
        own = read_map(maps / f"{name}.fits")
        write_map(
            maps / f"other_{name}.fits", SkyMap(own.values * (1.0 + 0.1 * pixel_centers(own.nside)[:, 0]), own.frame)
        )
    paths = (f"{maps}/counts.fits", f"{maps}/reference.fits", "--template")
    plain = document("impacts", *paths, f"bent={maps}/bent.fits")
    moved = document("impacts", *paths, f"bent={maps}/other_bent.fits,{maps}/other_reference.fits")
    assert moved["rho"] == pytest.approx(plain["rho"], rel=1e-9)
    assert plain["significance"] == pytest.approx(norm.isf(plain["p_value"]))


def test_projection_to_2028_has_the_spread_of_the_talk(tmp_path):
    found = document("project", "--until", "2028-05-19", "--figure", str(tmp_path / "p.png"))
    last = found["rows"][-1]
    # Talk: 0.2 % by 2028; method, section 7: 0.673 sqrt(3 / N).
    assert 100 * last["delta_m_spread"] == pytest.approx(0.2, abs=0.005)
    assert last["years"] == pytest.approx(17.0, abs=0.01)
    assert (tmp_path / "p.png").stat().st_size > 1000
    assert "2028-05-19" in printed("project", "--species", "electrons", "--until", "2028-05-19")


def test_an_upgrade_adds_events_from_its_date_on():
    plain = projection_document("positrons", until="2030-05-19")
    changes = {"acceptance": ["2026-05-19:3"], "livetime": ["2028-05-19:0.5"]}
    better = projection_document("positrons", until="2030-05-19", **changes)
    before, after = ({row["date"]: row["n_eff"] for row in found["rows"]} for found in (plain, better))
    assert after["2026-05-19"] == before["2026-05-19"]
    spans = (("2026-05-19", "2028-05-19"), ("2028-05-19", "2030-05-19"))
    two = {end: before[end] - before[start] for start, end in spans}
    assert after["2028-05-19"] - after["2026-05-19"] == pytest.approx(3 * two["2028-05-19"])
    assert after["2030-05-19"] - after["2028-05-19"] == pytest.approx(1.5 * two["2030-05-19"])


def test_what_is_not_understood_is_refused(maps):
    (maps / "empty.json").write_text("{}")
    for call, error, message in (
        (lambda: projection_document("muons", until="2028-05-19"), ConfigError, "species"),
        (lambda: projection_document("positrons", until="soon"), ConfigError, "until"),
        (lambda: projection_document("positrons", until="2001-01-01"), ConfigError, "after"),
        (lambda: projection_document("positrons", until="2028-05-19", acceptance=["2026"]), ConfigError, "acceptance"),
        (lambda: projection_document("positrons", until="2028-05-19", method="best"), ConfigError, "method"),
        (lambda: read_shifts(maps / "empty.json", None), DataError, "no table of shifts"),
        (lambda: read_shifts(maps / "shifts.json", 25.0), DataError, "no shift above 25"),
    ):
        with pytest.raises(error, match=message):
            call()
