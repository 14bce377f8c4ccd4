"""The dipole far from the Earth, from that of local directions."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from amsdipole.cli import app
from amsdipole.config import Config, config_from
from amsdipole.errors import ConfigError, RangeError
from amsdipole.far_dipole import far_dipole, range_response
from amsdipole.geomagnetism import igrf14
from amsdipole.geomagnetism.deflection_orbit import orbit_response, orbit_sample
from amsdipole.instrument import instrument
from amsdipole.sky import galactic_to_icrs, pixel_centers
from amsdipole.statistics import fit_dipole


def config(tmp_path: Path, **change: Any) -> Config:
    span = {"start": "2015-06-01T00:00:00Z", "stop": "2015-06-01T03:00:00Z", "step_s": 10.0}
    document = {"name": "far", "events": {"files": ["none"]}, "output": {"folder": "out"}, "seconds": span, **change}
    return config_from(document, folder=tmp_path, source="test")


def test_an_injected_dipole_is_folded_back(tmp_path: Path) -> None:
    """Arrivals weighted by 1 + d . a show D d locally; folding back gives d, within the sample's own noise."""
    rng = np.random.default_rng(3)
    chosen: dict[str, Any] = {"coefficients": igrf14(), "decimal_year": 2015.4}
    sample = orbit_sample(40.0, n=60_000, rng=rng, **chosen)
    turn = galactic_to_icrs()
    # Any sidereal time is as likely as any other.
    angle = rng.uniform(0.0, 2.0 * np.pi, len(sample.direction))
    spun = []
    for vector in (sample.direction, sample.asymptotic):
        x, y, z = vector.T
        spun.append(np.column_stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), z]))
    local, far = (vector @ turn for vector in spun)
    wanted = np.array([0.1, -0.2, 0.15])
    # The exact dipole of the weighted sample: the slope of the weight against the local direction.
    centred = local - local.mean(axis=0)
    rho = np.linalg.solve(centred.T @ centred, centred.T @ (far @ wanted))
    assert np.linalg.norm(rho - wanted) > 0.05  # the local dipole is another one
    center = pixel_centers(4)
    fit = fit_dipole(1e4 * (1.0 + center @ rho), np.full(len(center), 1e4), center, estimator="score")
    np.testing.assert_allclose(fit.rho, rho, atol=1e-6)
    found = far_dipole(fit, orbit_response(40.0, n=60_000, rng=np.random.default_rng(4), **chosen))
    got = np.array([found["rho"][name] for name in ("fb", "ew", "ns")])
    # 60,000 arrivals: each element of D to some 0.005.
    np.testing.assert_allclose(got, wanted, atol=0.01)
    assert found["error"]["ew"] > 0.0


def test_the_response_of_a_range_lies_between_those_of_its_ends(tmp_path: Path) -> None:
    chosen = config(tmp_path)
    found = range_response(chosen, instrument(chosen), 40.0, 500.0)
    # 22 deg and 0.88 above 40 GeV by the spectrum of AMS's positrons (method 2.7).
    assert 18.0 < -np.degrees(found.rotation_rad) < 26.0
    assert 0.83 < found.axial < 0.93


def test_electrons_turn_the_other_way(tmp_path: Path) -> None:
    chosen = config(tmp_path, cutoff={"charge_sign": -1}, spectrum={"model": "ams_electrons"})
    assert range_response(chosen, instrument(chosen), 100.0, 500.0).rotation_rad > 0.05


def test_a_mounting_without_a_known_tilt_is_refused(tmp_path: Path) -> None:
    chosen = config(tmp_path, detector={"mounting": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]})
    with pytest.raises(ConfigError, match="mounting"):
        range_response(chosen, instrument(chosen), 40.0, 500.0)


def test_rigidities_of_both_signs_are_refused() -> None:
    chosen: dict[str, Any] = {"coefficients": igrf14(), "decimal_year": 2015.0, "rng": np.random.default_rng(1), "n": 2}
    with pytest.raises(RangeError, match="one sign"):
        orbit_sample([20.0, -20.0], **chosen)
    with pytest.raises(RangeError, match=r"rigidity_gv\[1\] is not finite"):
        orbit_sample([20.0, np.nan], **chosen)


def test_the_table_and_figure_are_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["deflection", str(tmp_path / "d"), "--arrivals", "400", "--quiet"])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader((tmp_path / "d" / "deflection.csv").read_text().splitlines()))
    assert len(rows) == 26
    assert (tmp_path / "d" / "deflection.png").stat().st_size > 1000
