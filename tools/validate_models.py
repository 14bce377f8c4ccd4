"""What the models must hold: `validate.py models`.

The chain simulates a mission, lets a strong source shine through the field of the Earth event by event, analyses the
files like a user's, and compares with the dipole that the model folds forward.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amsdipole.analysis import run
from amsdipole.config import Config, config_from
from amsdipole.events import write_events
from amsdipole.exposure import AMS_LEPTON_ACCEPTANCE, ams_live_share
from amsdipole.geomagnetism import igrf14
from amsdipole.geomagnetism.trajectory import ALLOWED, trace
from amsdipole.instrument import instrument
from amsdipole.models import (
    NEARBY_PULSARS,
    VELA,
    Injection,
    Pulsar,
    SourceModel,
    cutoff_energy,
    deflection_table,
    fit_electron_flux,
    fit_positron_flux,
    free_limit,
    positron_flux,
    range_dipole,
    read_flux_table,
)
from amsdipole.report.flux_report import flux_document
from amsdipole.simulate import CandidateSource, Mission
from amsdipole.sky import teme_to_earth_fixed, vector_in_frame
from amsdipole.sky.frames import FrameKnots

TABLES = Path(__file__).resolve().parents[2] / "shared/data/ams_flux"
Say = Callable[[str, str, str, bool], None]


def flux(say: Say) -> None:
    """Refits of the published tables."""
    points = read_flux_table(TABLES / "AMS-02_e+_rigidity.txt")
    fit, cutoff = fit_positron_flux(points), cutoff_energy(points)
    found = f"{cutoff.energy_gev:.0f} GeV (from {cutoff.low_gev:.0f} to {cutoff.high_gev:.0f})"
    say("models, e+ cutoff energy", "630 to 1120 GeV", found, 630 < cutoff.energy_gev < 1120)
    say("models, e+ cutoff", "above 3 sigma", f"{cutoff.significance:.2f} sigma", cutoff.significance > 3)
    at_published = flux_document(points, species="e+")["chi2_published"]
    got = f"{fit.chi2:.2f} at the minimum, {at_published:.2f} at the published values, for {fit.n_point} points"
    say("models, e+ chi squared", "near 38 for 74", got, abs(at_published - 38) < 3 and abs(fit.chi2 - 38) < 3)
    points = read_flux_table(TABLES / "AMS-02_e-_rigidity.txt").above(1.0)
    electrons = fit_electron_flux(points)
    at_published = flux_document(points, species="e-")["chi2_published"]
    got = f"{at_published:.2f} for {electrons.n_point} points"
    say("models, e- chi squared at the published values", "near 40 for 72", got, abs(at_published - 40) < 2)
    got = f"{electrons.chi2:.2f}, the least for independent total errors"
    say("models, e- chi squared of the refit", "near 40 for 72", got, abs(electrons.chi2 - 40) < 2)


def pulsars(say: Say) -> None:
    """Dipoles without losses."""
    for pulsar, asked in zip(NEARBY_PULSARS, ("0.36", "1.27", "12.4"), strict=True):
        got = f"{100 * free_limit(pulsar.distance_kpc, pulsar.age_kyr):.{len(asked.split('.')[1])}f}"
        say(f"models, 3d/2cT of {pulsar.name}", f"{asked} %", f"{got} %", got == asked)


def asymptotic(parts: Mission, events: dict[str, NDArray[np.float64]], rigidity: NDArray[np.float64]) -> tuple[
    NDArray[np.float64], NDArray[np.bool_]
]:  # fmt: skip
    """Galactic directions from where the events came, and whether tracing found them open."""
    from amsdipole.simulate.mission import _to_galactic

    time_s = events["time_s"]
    rows = parts.seconds.covering(time_s)
    row = np.searchsorted(rows.time_s, time_s, side="right") - 1
    direction = np.column_stack([events[f"direction_{c}"] for c in "xyz"])
    galactic = _to_galactic(rows, row, time_s, direction, parts.navigator.mounting)
    frame = parts.navigator.frame
    back = FrameKnots(frame.time_s, np.ascontiguousarray(frame.matrix.transpose(0, 2, 1)))
    fixed = teme_to_earth_fixed(time_s, vector_in_frame(time_s, galactic, back))
    position = teme_to_earth_fixed(rows.time_s[row], rows.position_km[row])
    ends = trace(
        position, fixed / np.linalg.norm(fixed, axis=1, keepdims=True), rigidity, coefficients=igrf14(),
        decimal_year=2013.0,
    )  # fmt: skip
    open_ = ends.outcome == ALLOWED
    far = np.where(open_[:, None], ends.direction, 0.0)
    teme = earth_fixed_to_teme(time_s, far)
    return vector_in_frame(time_s, teme, frame), open_


def earth_fixed_to_teme(time_s: NDArray[np.float64], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn back by the matrices that `teme_to_earth_fixed` applies, read off unit vectors."""
    axes = [teme_to_earth_fixed(time_s, np.tile(unit, (len(time_s), 1))) for unit in np.eye(3)]
    return np.stack([(axis * vector).sum(axis=1) for axis in axes], axis=1)


def configuration(folder: Path, charge_sign: int) -> Config:
    document = {
        "name": "A strong source behind the field",
        "seconds": {"source": "elements", "elements": "iss", "start": "2012-01-01T00:00:00Z",
                    "stop": "2014-01-01T00:00:00Z", "step_s": 10.0},
        "events": {"files": ["events.parquet"]},
        "cutoff": {"charge_sign": charge_sign},
        "spectrum": {"model": "ams_positrons"},
        "output": {"folder": "results", "overwrite": True},
    }  # fmt: skip
    return config_from(document, folder=folder, source="validation")


def chain(say: Say) -> None:
    """A known source through the field and the whole analysis, against the model's forward-folded dipole."""
    # Vela as the whole source term by bursts, and one in the north: large dipoles, so that the test is sharp.
    north = Pulsar("north", 0.5, 20.0, 100.0, 60.0, 1e36)
    for pulsar, charge in ((VELA, 1), (north, 1), (VELA, -1)):
        model = SourceModel(pulsar.name, (pulsar,), "source_term", Injection(cutoff_gev=1e4))
        with tempfile.TemporaryDirectory() as folder:
            _chain(say, Path(folder), model, charge)


def _chain(say: Say, folder: Path, model: SourceModel, charge: int) -> None:
    config = configuration(folder, charge)
    parts = instrument(config)
    mission = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    rng = np.random.default_rng([2021, charge + 1])
    drawn = [CandidateSource(mission).recorded(rng, 500_000, (0, parts.seconds.n_row)) for _ in range(2)]
    events = {name: np.concatenate([d[name] for d in drawn]) for name in drawn[0]}
    energy = events["energy_gev"]
    far, open_ = asymptotic(mission, events, charge * energy)
    dipole = model.vector(energy) / positron_flux(energy)[:, None]
    most = float(np.linalg.norm(dipole, axis=1).max())
    keep = open_ & (rng.random(len(energy)) * (1.0 + most) < 1.0 + (dipole * far).sum(axis=1))
    kept = {name: column[keep] for name, column in events.items()}
    extra = {"rigidity_gv": charge * kept["energy_gev"], "trd_lambda": np.full(keep.sum(), 0.5),
             "ecal_estimator": np.full(keep.sum(), 0.9)}  # fmt: skip
    order = np.argsort(kept["time_s"], kind="stable")
    columns = {name: column[order] for name, column in {**kept, **extra}.items()}
    _ = write_events(config.events.files[0], iter([columns]), overwrite=True)
    table = deflection_table(charge, decimal_year=2013.0)
    for entry in run(config).document()["ranges"]:
        predicted = range_dipole(
            model, entry["energy_low_gev"], entry["energy_high_gev"], total=positron_flux,
            weight=lambda e: AMS_LEPTON_ACCEPTANCE(e) * ams_live_share(e), turning=table,
        ).local[[1, 2, 0]]  # fmt: skip
        found = np.array([entry["rho"][c] for c in ("ew", "ns", "fb")])
        gap = found - predicted
        chi2 = float(gap @ np.linalg.solve(np.array(entry["covariance"]), gap))
        name = f"models, chain, {model.name}, charge {charge:+d}, E > {entry['energy_low_gev']:g} GeV"
        asked = f"(EW, NS, FB) = {_percent(predicted)} within errors (chi squared below 12.8 for 3: 0.5 %)"
        say(name, asked, f"{_percent(found)} %, chi squared {chi2:.1f}, {entry['n_eff']:.0f} events", chi2 < 12.8)


def _percent(vector: NDArray[np.float64]) -> str:
    return " ".join(f"{100 * v:+.2f}" for v in vector)


VALIDATIONS = {"models_flux": flux, "models_pulsars": pulsars, "models_chain": chain}
