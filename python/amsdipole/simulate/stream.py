"""Candidates of all species along a mission, written as they are made."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number
from amsdipole.errors import DataError, RangeError
from amsdipole.events import write_events
from amsdipole.instrument import Instrument
from amsdipole.simulate.mission import Mission, kept_candidates
from amsdipole.simulate.species import Species

__all__ = ["simulate_candidates"]

_SLICE = 250_000  # candidates that a slice of the mission is made to have: what memory holds
_PILOT = 200_000  # candidates over the whole mission that tell what share of them is recorded: 0.2 % at a half


def simulate_candidates(
    path: str | os.PathLike[str],
    instrument: Instrument,
    *,
    share: Mapping[Species, float],
    rho: Mapping[Species, NDArray[np.float64]],
    n_event: float,
    rng: np.random.Generator,
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
    rng : numpy.random.Generator
        Source of all randomness.
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
    The mission is cut into slices of time, and each is simulated by itself, so that memory does not depend on
    `n_event`. Columns as `EVENT_COLUMNS`, ``charge_confusion_lambda`` and ``truth``, the number of the species.
    """
    number("n_event", n_event, low=1.0, high=1e11)
    used = {kind: s for kind, s in share.items() if s > 0}
    if not used or min(share.values()) < 0 or abs(sum(share.values()) - 1.0) > 1e-9:
        raise RangeError(f"shares {[float(s) for s in share.values()]} do not add up to 1")
    n_row = instrument.seconds.n_row
    missions = {kind: _mission(instrument, kind, rho[kind]) for kind in used}
    n_candidate = {}
    for kind, mission in missions.items():
        recorded = len(kept_candidates(mission, rng, _PILOT, (0, n_row))["time_s"])
        if recorded < 20:
            raise DataError(f"of {_PILOT} candidates of {kind.name} {recorded} were recorded; is any second live?")
        n_candidate[kind] = n_event * used[kind] * _PILOT / recorded
    n_slice = int(min(n_row, max(1, np.ceil(sum(n_candidate.values()) / _SLICE))))
    edge = np.linspace(0, n_row, n_slice + 1).astype(np.int64)

    def slices() -> Iterator[dict[str, NDArray[np.float64]]]:
        done = 0
        for first, last in itertools.pairwise(edge.tolist()):
            parts = []
            for kind, mission in missions.items():
                n = int(rng.poisson(n_candidate[kind] * (last - first) / n_row))
                columns = kept_candidates(mission, rng, n, (first, last))
                parts.append({**columns, **kind.responses(columns["energy_gev"], rng)})
            joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            order = np.argsort(joined["time_s"], kind="stable")
            done += len(order)
            yield {name: column[order] for name, column in joined.items()}
            if progress is not None:
                progress(done)

    return write_events(path, slices(), overwrite=overwrite)


def _mission(instrument: Instrument, kind: Species, rho: NDArray[np.float64]) -> Mission:
    rule = replace(instrument.navigator.rule, charge_sign=kind.charge_sign)
    navigator = replace(instrument.navigator, rule=rule)
    return Mission(instrument.seconds, navigator, kind.flux, instrument.acceptance, instrument.geometry, rho)
