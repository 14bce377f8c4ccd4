"""Candidates of all species along a mission, written as they are made."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number, whole_number
from amsdipole.errors import DataError, RangeError
from amsdipole.events import write_events
from amsdipole.events._tables import read_ahead
from amsdipole.instrument import Instrument
from amsdipole.orbit import Navigator, SecondsSource
from amsdipole.simulate.candidates import CandidateSource
from amsdipole.simulate.mission import Mission
from amsdipole.simulate.species import Species
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = ["charged_navigator", "simulate_candidates", "species_source"]

Columns = dict[str, NDArray[np.floating[Any]]]
Efficiency = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Counted = Callable[[Species, Mapping[str, NDArray[np.float64]]], NDArray[np.bool_]]

_BLOCK = 65_536  # candidates that a block of rows is made to have: part of what a seed means
_GROUP = 500_000  # events of a row group: what memory holds; they are drawn the same for any
_PILOT = 200_000  # candidates over the whole mission that tell what share of them is recorded: 0.2 % at a half
_PILOT_BLOCK = 2**63  # number of the pilot among the blocks


def simulate_candidates(
    path: str | os.PathLike[str],
    instrument: Instrument,
    *,
    share: Mapping[Species, float],
    rho: Mapping[Species, NDArray[np.float64]],
    n_event: float,
    seed: int,
    efficiency: Efficiency | None = None,
    counted: Counted | None = None,
    group_size: int = _GROUP,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Simulate recorded particles and write them to a Parquet file in time order.

    Parameters
    ----------
    path : path-like
        File to make.
    instrument : Instrument
        Seconds, navigator, acceptance and geometry.
    share : Mapping of Species to float
        Expected share of each species among the events; they add up to 1.
    rho : Mapping of Species to numpy.ndarray of float64, shape (3,)
        Dipole of each in galactic axes (FB, EW, NS).
    n_event : float
        Expected number of events, or of those `counted`.
    seed : int
        Seed of all randomness.
    efficiency : callable, optional
        Probability to record an event against longitude and geodetic latitude [deg] of the start of its row, shape
        (n, 2) to (n,); 1 everywhere without it.
    counted : callable, optional
        Which recorded events `n_event` is the number of, from the species and their columns; all without it.
    group_size : int
        Least number of events of a row group of the file; the events do not depend on it.
    overwrite : bool
        Whether an existing file may be replaced.
    progress : callable, optional
        Called with the number of events done, and with what is expected.

    Returns
    -------
    int
        Number of events written; those counted are Poisson about `n_event`, with 0.3 % more from the pilot's error.

    Raises
    ------
    RangeError
        Shares do not add up to 1, or a number is out of range.
    DataError
        Hardly any candidate of a species is recorded and counted, or the file exists.

    Notes
    -----
    The mission is cut into blocks of rows, and each species of each block has random numbers of its own, Philox's of a
    counter that starts with the numbers of both: what is drawn depends on nothing that was drawn before. Memory does
    not depend on `n_event`. All but the time is written in single precision, rounded by 6e-8. Columns as
    `EVENT_COLUMNS`, ``charge_confusion_lambda`` and ``truth``, the number of the species.
    """
    number("n_event", n_event, low=1.0, high=1e11)
    whole_number("seed", seed, low=0, high=2**64 - 1)
    whole_number("group_size", group_size, low=1, high=100_000_000)
    used = {kind: s for kind, s in share.items() if s > 0}
    if not used or min(share.values()) < 0 or abs(sum(share.values()) - 1.0) > 1e-9:
        raise RangeError(f"shares {[float(s) for s in share.values()]} do not add up to 1")
    n_row = instrument.seconds.n_row
    sources = {kind: species_source(instrument, kind, rho[kind]) for kind in used}

    def recorded(
        kind: Species, rng: np.random.Generator, n: int, rows: tuple[int, int]
    ) -> dict[str, NDArray[np.float64]]:
        columns = sources[kind].recorded(rng, n, rows)
        if efficiency is not None and len(columns["time_s"]):
            chance = efficiency(_row_places(instrument.seconds, columns["time_s"]))
            keep = rng.random(len(chance)) < chance
            columns = {name: column[keep] for name, column in columns.items()}
        return {**columns, **kind.responses(columns["energy_gev"], rng)}

    n_candidate, expected = {}, 0.0
    for kind in used:
        pilot = recorded(kind, _random(seed, kind, _PILOT_BLOCK), _PILOT, (0, n_row))
        n = n_recorded = len(pilot["time_s"])
        if counted is not None:
            n = int(counted(kind, pilot).sum())
        if n < 20:
            what = "recorded" if counted is None else "recorded and counted"
            raise DataError(f"of {_PILOT} candidates of {kind.name} {n} were {what}; is any second live?")
        n_candidate[kind] = n_event * used[kind] * _PILOT / n
        expected += n_event * used[kind] * n_recorded / n
    n_block = int(min(n_row, max(1, np.ceil(sum(n_candidate.values()) / _BLOCK))))
    edge = np.linspace(0, n_row, n_block + 1).astype(np.int64).tolist()

    def block(i: int) -> Columns:
        rows = edge[i], edge[i + 1]
        parts = []
        for kind in used:
            rng = _random(seed, kind, i)
            n = int(rng.poisson(n_candidate[kind] * (rows[1] - rows[0]) / n_row))
            parts.append(recorded(kind, rng, n, rows))
        time_s = np.concatenate([part["time_s"] for part in parts])
        order = np.argsort(time_s, kind="stable")
        rest = {name: np.concatenate([part[name] for part in parts], dtype=np.float32) for name in parts[0]}
        return {name: (time_s if name == "time_s" else column)[order] for name, column in rest.items()}

    def groups() -> Iterator[Columns]:
        waiting: list[Columns] = []
        held = 0
        for i in range(n_block):
            waiting.append(block(i))
            held += len(waiting[-1]["time_s"])
            if held >= group_size or i == n_block - 1:
                yield {name: np.concatenate([part[name] for part in waiting]) for name in waiting[0]}
                waiting, held = [], 0

    def reported(made: Iterator[Columns]) -> Iterator[Columns]:
        done = 0
        for group in made:
            yield group
            done += len(group["time_s"])
            if progress is not None:
                progress(done, round(expected))

    # A thread draws while this one compresses and writes.
    return write_events(path, reported(read_ahead(groups())), overwrite=overwrite)


def _random(seed: int, kind: Species, block: int) -> np.random.Generator:
    """Random numbers of a species in a block; 2^128 of them, before those of the next begin."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, kind.number, block]))


def species_source(instrument: Instrument, kind: Species, rho: NDArray[np.float64]) -> CandidateSource:
    """Make the source of a species that an instrument sees; its rule judges the charge of the species.

    Parameters
    ----------
    instrument : Instrument
        Seconds, navigator, acceptance and geometry.
    kind : Species
        What is simulated.
    rho : numpy.ndarray of float64, shape (3,)
        Dipole in galactic axes (FB, EW, NS).

    Returns
    -------
    CandidateSource
        Draws candidates of the species.
    """
    navigator = charged_navigator(instrument, kind.charge_sign)
    parts = instrument.seconds, navigator, kind.flux, instrument.acceptance, instrument.geometry
    return CandidateSource(Mission(*parts, rho))


def charged_navigator(instrument: Instrument, charge_sign: int) -> Navigator:
    """Give an instrument's navigator with the cutoff rule of a charge.

    Parameters
    ----------
    instrument : Instrument
        Has the navigator.
    charge_sign : int
        1 or -1.

    Returns
    -------
    Navigator
        The same but for the sign.
    """
    return replace(instrument.navigator, rule=replace(instrument.navigator.rule, charge_sign=charge_sign))


def _row_places(seconds: SecondsSource, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitude and latitude [deg] at the start of the row of each time, where the exposure takes the efficiency."""
    rows = seconds.covering(time_s)
    place = geodetic(teme_to_earth_fixed(rows.time_s, rows.position_km))
    return place[np.searchsorted(rows.time_s, time_s, side="right") - 1, :2]
