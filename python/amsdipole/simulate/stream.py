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
from amsdipole.simulate.candidates import CandidateSource
from amsdipole.simulate.mission import Mission
from amsdipole.simulate.species import Species

__all__ = ["simulate_candidates"]

Columns = dict[str, NDArray[np.floating[Any]]]

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
    group_size: int = _GROUP,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
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
        Expected number of events.
    seed : int
        Seed of all randomness.
    group_size : int
        Least number of events of a row group of the file; the events do not depend on it.
    overwrite : bool
        Whether an existing file may be replaced.
    progress : callable, optional
        Called with the number of events done.

    Returns
    -------
    int
        Number of events written: Poisson about `n_event`, with 0.3 % more from the pilot's error.

    Raises
    ------
    RangeError
        Shares do not add up to 1, or a number is out of range.
    DataError
        Hardly any candidate of a species is recorded, or the file exists.

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
    sources = {kind: CandidateSource(_mission(instrument, kind, rho[kind])) for kind in used}
    n_candidate = {}
    for kind, source in sources.items():
        recorded = len(source.recorded(_random(seed, kind, _PILOT_BLOCK), _PILOT, (0, n_row))["time_s"])
        if recorded < 20:
            raise DataError(f"of {_PILOT} candidates of {kind.name} {recorded} were recorded; is any second live?")
        n_candidate[kind] = n_event * used[kind] * _PILOT / recorded
    n_block = int(min(n_row, max(1, np.ceil(sum(n_candidate.values()) / _BLOCK))))
    edge = np.linspace(0, n_row, n_block + 1).astype(np.int64).tolist()

    def block(i: int) -> Columns:
        parts, rows = [], (edge[i], edge[i + 1])
        for kind, source in sources.items():
            rng = _random(seed, kind, i)
            n = int(rng.poisson(n_candidate[kind] * (rows[1] - rows[0]) / n_row))
            columns = source.recorded(rng, n, rows)
            parts.append({**columns, **kind.responses(columns["energy_gev"], rng)})
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
                progress(done)

    # A thread draws while this one compresses and writes.
    return write_events(path, reported(read_ahead(groups())), overwrite=overwrite)


def _random(seed: int, kind: Species, block: int) -> np.random.Generator:
    """Random numbers of a species in a block; 2^128 of them, before those of the next begin."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, kind.number, block]))


def _mission(instrument: Instrument, kind: Species, rho: NDArray[np.float64]) -> Mission:
    rule = replace(instrument.navigator.rule, charge_sign=kind.charge_sign)
    navigator = replace(instrument.navigator, rule=rule)
    return Mission(instrument.seconds, navigator, kind.flux, instrument.acceptance, instrument.geometry, rho)
