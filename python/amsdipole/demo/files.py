"""What the mission hands over: events of all particles, a control sample, and a simulation for templates."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amsdipole.counting import Progress
from amsdipole.errors import DataError
from amsdipole.events import write_events
from amsdipole.instrument import Instrument
from amsdipole.models import power_law
from amsdipole.orbit import stepped
from amsdipole.simulate import ELECTRON, CandidateSource, Mission, Species
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = ["ECAL_LEAST", "true_efficiency", "write_control", "write_mission", "write_simulated"]

Columns = dict[str, NDArray[np.float64]]

ECAL_LEAST = 0.8  # cut on the estimator, in [selection] of both analyses
_PILOT = 200_000  # candidates that tell what share of them is selected: 0.2 % of it
_SLICE = 250_000  # candidates of a slice of the mission: what memory holds
_TILES = 40  # times that each simulated electron is given responses, to find enough of confused charge


def true_efficiency(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the efficiency that the mission is simulated with.

    Parameters
    ----------
    place : numpy.ndarray of float64, shape (n, 2) or (n, 3)
        Longitude, geodetic latitude [deg].

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Between 0.88 and 1. An invented law, smooth, with a slope along the axis that a sidereal day does not average
        out; not that of a detector.
    """
    longitude, latitude = np.radians(place[:, 0]), np.radians(place[:, 1])
    return np.asarray(0.94 + 0.04 * np.sin(latitude) + 0.02 * np.cos(latitude) * np.cos(longitude - 1.0))


def write_mission(
    path: Path,
    parts: Instrument,
    *,
    wanted: dict[Species, float],
    rho: dict[Species, NDArray[np.float64]],
    rng: np.random.Generator,
    overwrite: bool,
    progress: Progress,
) -> int:
    """Simulate what the detector records of each kind of particle, and write it in time order.

    Parameters
    ----------
    path : pathlib.Path
        Parquet file to make.
    parts : Instrument
        Seconds, navigator, acceptance and geometry; its charge sign is not used.
    wanted : dict of Species to float
        Expected events of each that the analysis of its charge selects.
    rho : dict of Species to numpy.ndarray of float64, shape (3,)
        Dipole of each in galactic axes (FB, EW, NS).
    rng : numpy.random.Generator
        Source of all randomness.
    overwrite : bool
        Whether an earlier file may be replaced.
    progress : callable
        Called with a stage's name, what is done and the total.

    Returns
    -------
    int
        Events written.

    Raises
    ------
    DataError
        Hardly any candidate of a kind is selected, or the file cannot be written.

    Notes
    -----
    Candidates are kept with the probability of `true_efficiency`, and get responses. What passes the cutoff rule, the
    charge sign and the calorimeter follows from a pilot of 2e5 candidates, so that the numbers come out Poisson about
    those wanted, with 0.3 % more.
    """
    n_row = parts.seconds.n_row
    sources = {kind: CandidateSource(_mission(parts, kind, rho[kind])) for kind in wanted}
    n_candidate = {kind: wanted[kind] / _selected_share(sources[kind], kind, rng) for kind in wanted}
    n_slice = int(min(n_row, max(1, np.ceil(sum(n_candidate.values()) / _SLICE))))
    edge = np.linspace(0, n_row, n_slice + 1).astype(np.int64).tolist()

    def slices() -> Iterator[Columns]:
        for i, (first, last) in enumerate(itertools.pairwise(edge)):
            found = []
            for kind, source in sources.items():
                n = int(rng.poisson(n_candidate[kind] * (last - first) / n_row))
                found.append(_recorded(source, kind, rng, n, (first, last)))
            joined = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
            order = np.argsort(joined["time_s"], kind="stable")
            # Times need float64; of the rest float32 is enough, and is read faster.
            yield {n: c[order] if n == "time_s" else c[order].astype(np.float32) for n, c in joined.items()}
            total = round(sum(n_candidate.values()))
            progress("simulation", total * (i + 1) // n_slice, total)

    return write_events(path, slices(), overwrite=overwrite)


def _mission(parts: Instrument, kind: Species, rho: NDArray[np.float64]) -> Mission:
    rule = replace(parts.navigator.rule, charge_sign=kind.charge_sign)
    navigator = replace(parts.navigator, rule=rule)
    return Mission(parts.seconds, navigator, kind.flux, parts.acceptance, parts.geometry, rho)


def _recorded(
    source: CandidateSource, kind: Species, rng: np.random.Generator, n: int, rows: tuple[int, int]
) -> Columns:
    found = source.recorded(rng, n, rows)
    if len(found["time_s"]):
        keep = rng.random(len(found["time_s"])) < true_efficiency(_places(source.mission, found["time_s"]))
        found = {name: column[keep] for name, column in found.items()}
    return {**found, **kind.responses(found["energy_gev"], rng)}


def _places(mission: Mission, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitude and latitude [deg] at the start of the row of each time, where the exposure takes the efficiency."""
    rows = mission.seconds.covering(time_s)
    place = geodetic(teme_to_earth_fixed(rows.time_s, rows.position_km))
    return place[np.searchsorted(rows.time_s, time_s, side="right") - 1]


def _selected_share(source: CandidateSource, kind: Species, rng: np.random.Generator) -> float:
    """Share of candidates that the analysis of their charge selects: recorded, rule, charge and calorimeter."""
    mission = source.mission
    found = _recorded(source, kind, rng, _PILOT, (0, mission.seconds.n_row))
    rows = mission.seconds.covering(found["time_s"])
    row = np.searchsorted(rows.time_s, found["time_s"], side="right") - 1
    energy_bin = np.searchsorted(mission.navigator.energy_edge_gev, found["energy_gev"], side="right") - 1
    good = energy_bin >= mission.navigator(rows).cutoff_class[row]
    good &= (found["rigidity_gv"] * kind.charge_sign > 0.0) & (found["ecal_estimator"] >= ECAL_LEAST)
    if good.sum() < 20:
        raise DataError(f"of {_PILOT} candidates of {kind.name} {good.sum()} are selected; is any second live?")
    return float(good.mean() * len(good) / _PILOT)


def write_simulated(
    path: Path, parts: Instrument, *, n_confused: int, rng: np.random.Generator, overwrite: bool
) -> int:
    """Write the simulation of electrons that an analysis takes templates from, of right and of confused charge.

    Parameters
    ----------
    path : pathlib.Path
        Parquet file to make.
    parts : Instrument
        Seconds, navigator, acceptance and geometry.
    n_confused : int
        Least number of events of confused charge.
    rng : numpy.random.Generator
        Source of all randomness.
    overwrite : bool
        Whether an earlier file may be replaced.

    Returns
    -------
    int
        Events written: all of confused charge, and a tenth of the others.

    Notes
    -----
    Confusion grows with the energy, so a spectrum of E^-2 spreads it evenly in the logarithm of energy. Each electron
    is given responses 40 times: a template wants energies and responses alone.
    """
    kind = replace(ELECTRON, flux=power_law(-2.0))
    source = CandidateSource(_mission(parts, kind, np.zeros(3)))
    found: list[Columns] = []
    n_found = 0
    while n_found < n_confused:
        events = source.recorded(rng, 20_000, (0, parts.seconds.n_row))
        events = {name: np.tile(column, _TILES) for name, column in events.items()}
        whole = {**events, **kind.responses(events["energy_gev"], rng)}
        confused = whole["rigidity_gv"] > 0.0
        n_found += int(confused.sum())
        kept = confused | (rng.random(len(confused)) < 0.1)
        found.append({name: column[kept] for name, column in whole.items()})
    joined = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    order = np.argsort(joined["time_s"], kind="stable")
    return write_events(path, [{name: column[order] for name, column in joined.items()}], overwrite=overwrite)


def write_control(path: Path, parts: Instrument, *, step_s: float, rng: np.random.Generator, overwrite: bool) -> int:
    """Write a control sample that measures the efficiency by place: an event every `step_s` where it is live.

    Parameters
    ----------
    path : pathlib.Path
        Parquet file to make.
    parts : Instrument
        Seconds of the mission.
    step_s : float
        Time between events [s].
    rng : numpy.random.Generator
        Source of all randomness.
    overwrite : bool
        Whether an earlier file may be replaced.

    Returns
    -------
    int
        Events written.
    """

    def blocks() -> Iterator[Columns]:
        for block in stepped(parts.seconds, step_s).blocks():
            live = rng.random(len(block)) < block.livetime_fraction
            place = geodetic(teme_to_earth_fixed(block.time_s, block.position_km))[live]
            passed = rng.random(len(place)) < true_efficiency(place)
            yield {"longitude_deg": place[:, 0], "latitude_deg": place[:, 1], "passed": passed.astype(np.float64)}

    return write_events(path, blocks(), overwrite=overwrite)
