"""What documents say on a terminal, and the documents of fluxes and of fits of maps."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from amsdipole.cli import app
from amsdipole.errors import ConfigError, DataError, FrameError
from amsdipole.models import AMS_ELECTRONS, AMS_POSITRONS, FluxTable, electron_flux, positron_flux
from amsdipole.report import text
from amsdipole.report.fit_report import fit_document, fit_table
from amsdipole.report.flux_report import flux_document, flux_table_text
from amsdipole.report.template_report import template_table
from amsdipole.sky import SkyMap, pixel_centers

ENERGY = np.geomspace(1.0, 900.0, 60)


def points(species: str) -> FluxTable:
    """Points of the published formula itself, with errors of 3 %."""
    flux = (positron_flux if species == "e+" else electron_flux)(ENERGY)
    return FluxTable(ENERGY, flux, 0.03 * flux)


@pytest.mark.parametrize(("species", "published"), [("e+", AMS_POSITRONS), ("e-", AMS_ELECTRONS)])
def test_points_of_the_published_formula_give_it_back(species, published):
    document = flux_document(points(species), species=species)
    values = list(vars(published).values())
    assert document["published"] == values
    np.testing.assert_allclose(document["value"], values, rtol=1e-4)  # a minimum is found to 1e-3 of an error
    assert (document["n_point"], document["dof"]) == (60, 60 - len(values))
    assert document["chi2"] == pytest.approx(0.0, abs=1e-4)
    assert document["chi2_published"] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(np.sqrt(np.diag(document["covariance"])), document["error"])
    wanted = (positron_flux if species == "e+" else electron_flux)([16.0, 100.0, 500.0])
    np.testing.assert_allclose(document["flux"], wanted, rtol=1e-4)
    json.dumps(document, allow_nan=False)
    lines = flux_table_text(document).splitlines()
    assert (
        lines[0]
        == f"{species} flux: chi squared 0.00 for 60 points and {len(values)} parameters; at the published values 0.00"
    )
    for name, value, line in zip(document["names"], values, lines[3:], strict=False):
        assert line.startswith(name)
        assert float(line.split()[-1]) == pytest.approx(value, rel=1e-4)
    assert lines[-3].startswith(f"flux at 16 GeV: {wanted[0]:.4g} ± ")
    cutoff = document["cutoff"]
    if species == "e-":
        assert cutoff is None
        assert "cutoff" not in "\n".join(lines)
    else:
        # The reciprocal of 1.23e-3 / GeV.
        assert cutoff["energy_gev"] == pytest.approx(813.0, rel=1e-3)
        assert cutoff["low_gev"] < 813.0 < (cutoff["high_gev"] or np.inf)
        assert any(line.startswith("cutoff energy 813 GeV, from ") for line in lines)


def test_an_interval_without_an_end_is_infinite_on_the_terminal():
    document = flux_document(points("e+"), species="e+")
    document["cutoff"] |= {"high_gev": None}
    assert " to inf GeV; published 810" in flux_table_text(document)


def test_the_command_fits_a_table_above_an_energy(tmp_path):
    flux = positron_flux(ENERGY)
    rows = "\n".join(f"{e} {f} {0.03 * f} {0.03 * f} 0 0" for e, f in zip(ENERGY, flux, strict=True))
    (tmp_path / "points.txt").write_text(f"{rows}\n")
    told = ["flux", str(tmp_path / "points.txt"), "--above", "2", "--species", "e+"]
    done = CliRunner().invoke(app, [*told, "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["n_point"] == int((ENERGY > 2.0).sum())
    assert "e+ flux: chi squared 0.00 for" in CliRunner().invoke(app, told, catch_exceptions=False).stdout
    with pytest.raises(ConfigError, match=re.escape("--species = 'p' is not allowed; e+ and e- are")):
        CliRunner().invoke(app, [*told[:-1], "p"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--species", "p"], "--species = 'p' is not allowed; e+ and e- are"),
        (["--injection", "slow"], "--injection = 'slow' is not allowed; burst and continuous are"),
        (["--figures", "nowhere"], "--figures nowhere: no such folder"),
    ],
)
def test_models_refuse_choices_that_they_do_not_have(arguments, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False)


def maps(frame: str = "galactic", nside: int = 4) -> tuple[SkyMap, SkyMap]:
    """Counts with a dipole of 0.3 along y over an even reference, in whole numbers."""
    expected = np.full(12 * nside**2, 100.0)
    counts = np.rint(expected * (1.0 + 0.3 * pixel_centers(nside)[:, 1]))
    return SkyMap(counts, frame, "", {}), SkyMap(expected, frame, "", {})


def test_a_fit_of_maps_is_told_in_the_axes_of_the_frame():
    counts, reference = maps()
    document = fit_document(counts, reference, weighting="purity", estimator="likelihood", confidence=0.95)
    assert document["rho"]["y"] == pytest.approx(0.3, abs=0.01)
    lines = fit_table(document).splitlines()
    assert lines[0] == "Dipole in galactic axes, likelihood estimator:"
    for line, name, axis in zip(lines[1:4], ("rho_FB", "rho_EW", "rho_NS"), "xyz", strict=True):
        assert line == f"  {name} = {100 * document['rho'][axis]:+.4f} ± {100 * document['error'][axis]:.4f} %"
    told = fit_table(document | {"frame": "earth_fixed"}).splitlines()
    assert told[0] == "Dipole in earth-fixed axes, likelihood estimator:"
    assert told[1].startswith("       x = ")


def test_maps_that_do_not_belong_together_are_not_fitted():
    counts, reference = maps()
    good = {"weighting": "purity", "estimator": "likelihood", "confidence": 0.95}
    with pytest.raises(FrameError, match="the counts are in galactic axes, another map in earth_fixed axes"):
        fit_document(counts, maps("earth_fixed")[1], **good)
    with pytest.raises(DataError, match="the counts have nside = 4, another map has 8"):
        fit_document(counts, maps(nside=8)[1], **good)
    with pytest.raises(ConfigError, match="weighting = 'mass': purity or signal is wanted"):
        fit_document(counts, reference, **(good | {"weighting": "mass"}))
    with pytest.raises(ConfigError, match="estimator = 'guess': likelihood or score is wanted"):
        fit_document(counts, reference, **(good | {"estimator": "guess"}))


def test_a_table_of_template_fits_tells_what_was_not_as_it_should_be():
    fit = {
        "energy_low_gev": 16.0,
        "region": 0,
        "fitted": True,
        "converged": True,
        "yields": {"positrons": 1234.5, "protons": 67.8},
        "errors": {"positrons": 35.1, "protons": None},
        "chi2": 41.3,
        "dof": 48,
        "p_value": 0.742,
    }
    document = {
        "components": ["positrons", "protons"],
        "fits": [fit, fit | {"region": 1, "converged": False}, fit | {"region": 2, "fitted": False}],
        "fallback": {"energy bin 0, region 2": "fewer than 20 events"},
        "nside_region": 1,
        "leak": [{"energy_low_gev": 16.0, "found": [0.01, -0.02, 0.03], "noise": [0.001, 0.002, 0.003], "gain": 1.05}],
    }
    lines = template_table(document).splitlines()
    assert lines[1].split() == ["16", "0", "1234.5", "+-", "35.1", "67.8", "+-", "none", "41.3/48", "0.742"]
    assert lines[2].endswith("0.742  NOT CONVERGED")
    assert lines[3].split(maxsplit=2)[2] == "not fitted: see below"
    assert lines[4] == "energy bin 0, region 2: fewer than 20 events"
    # From galactic axes (FB, EW, NS) to the published order.
    assert lines[-1].split() == ["16", "GeV", "-2.00", "±", "0.20", "+3.00", "±", "0.30", "+1.00", "±", "0.10", "1.050"]
    whole = template_table(document | {"nside_region": None}).splitlines()
    assert len(whole) == 5


ENTRY = {"energy_low_gev": 16.0, "energy_high_gev": 500.0}
RHO = {"ew": 0.011, "ns": -0.022, "fb": 0.033}
ERROR = {"ew": 0.001, "ns": 0.002, "fb": 0.003}


def test_dipoles_far_from_the_field_are_told_with_what_the_field_did():
    far = {"rho": RHO, "error": ERROR, "rotation_deg": -12.34, "equatorial_factor": 0.871, "axial_factor": 1.239}
    lines = text._far([ENTRY | {"far_dipole": far}, ENTRY | {"far_dipole": far | {"rho": None}}, ENTRY])
    assert len(lines) == 4
    told = "turned -12.3 deg, equatorial x0.87, axial x1.24"
    assert lines[2] == f"    16-500   +1.10 ± 0.10    -2.20 ± 0.20    +3.30 ± 0.30  {told}"
    assert lines[3] == f"    16-500 not to be told: {told}"
    assert text._far([ENTRY]) == []


@pytest.mark.parametrize(("n_shut", "told"), [(0, ""), (12_345, ", 12,345 events shut")])
def test_dipoles_of_traced_directions_are_told_with_the_events_that_the_field_shut(n_shut, told):
    found = {"rho": RHO, "error": ERROR, "p_value": 0.25, "n_event": 98_765, "n_event_shut": n_shut}
    lines = text._back_traced([ENTRY, ENTRY | {"back_traced_dipole": found}])
    assert len(lines) == 3
    assert lines[2].startswith("    16-500   +1.10 ± 0.10    -2.20 ± 0.20    +3.30 ± 0.30  p = 0.25")
    assert lines[2].endswith(f", 98,765 events{told}")
    assert text._back_traced([ENTRY]) == []


def test_first_harmonics_are_told_in_three_lines():
    entry = {
        "right_ascension": {"a": 0.0123, "b": -0.0456, "r": 0.0472, "phase_deg": 284.96, "p_value": 3.2e-5},
        "azimuth": {"b": -0.0111},
        "d_perp": 0.0605,
        "d_z": -0.0262,
        "d": 0.0659,
        "declination_deg": -23.44,
        "glon_deg": 233.4,
        "glat_deg": -12.7,
    }
    assert text._harmonics(entry)[1:] == [
        "  right ascension: a = 0.0123, b = -0.0456, r = 0.0472, phase = 285.0 deg, P = 3.2e-05",
        "  azimuth: b = -0.0111; d_perp = 0.0605, d_z = -0.0262",
        "  d = 0.0659, declination = -23.4 deg, (l, b) = (233.4, -12.7) deg",
    ]


def test_events_of_a_file_of_directions_have_no_energies():
    assert text._label({"energy_low_gev": None, "energy_high_gev": None}) == "all"
    assert text._label(ENTRY) == "16-500"
