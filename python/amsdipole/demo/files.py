"""What the mission hands over: events of all particles, a control sample, and a simulation for templates."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amsdipole.counting import Progress
from amsdipole.events import write_events
from amsdipole.instrument import Instrument
from amsdipole.models import power_law
from amsdipole.orbit import stepped
from amsdipole.simulate import ELECTRON, Species, charged_navigator, simulate_candidates, species_source
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = ["ECAL_LEAST", "true_efficiency", "write_control", "write_mission", "write_simulated"]

Columns = dict[str, NDArray[np.float64]]

ECAL_LEAST = 0.8  # cut on the estimator, in [selection] of both analyses
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
    seed: int,
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
        Expected events of each that the analysis of its charge selects: by the cutoff rule, the charge and the
        calorimeter.
    rho : dict of Species to numpy.ndarray of float64, shape (3,)
        Dipole of each in galactic axes (FB, EW, NS).
    seed : int
        Seed of all randomness.
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
    By `amsdipole.simulate.simulate_candidates` with `true_efficiency`.
    """
    navigator = {kind: charged_navigator(parts, kind.charge_sign) for kind in wanted}

    def selected(kind: Species, events: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        rows = parts.seconds.covering(events["time_s"])
        row = np.searchsorted(rows.time_s, events["time_s"], side="right") - 1
        energy_bin = np.searchsorted(navigator[kind].energy_edge_gev, events["energy_gev"], side="right") - 1
        good = energy_bin >= navigator[kind](rows).cutoff_class[row]
        good &= (events["rigidity_gv"] * kind.charge_sign > 0.0) & (events["ecal_estimator"] >= ECAL_LEAST)
        return np.asarray(good)

    total = sum(wanted.values())
    return simulate_candidates(
        path,
        parts,
        share={kind: n / total for kind, n in wanted.items()},
        rho=rho,
        n_event=total,
        seed=seed,
        efficiency=true_efficiency,
        counted=selected,
        overwrite=overwrite,
        progress=lambda done, expected: progress("simulation", done, expected),
    )


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
    source = species_source(parts, kind, np.zeros(3))
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
