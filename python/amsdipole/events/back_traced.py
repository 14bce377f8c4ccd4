"""Events counted where they came from far from the Earth, in place of where they arrived."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.events.counts import CUTS, Counts, CountsMaps, counts_maps
from amsdipole.events.files import EventBatch, EventFiles, EventStream
from amsdipole.events.lookup import PurityLookup
from amsdipole.events.selection import Selection
from amsdipole.geomagnetism import GaussCoefficients, TracingLimits
from amsdipole.orbit import Navigation, Navigator, SecondsSource, asymptotic_directions

__all__ = ["BackTracedCounts", "accepted_by_bin", "count_back_traced"]


@dataclass(frozen=True)
class BackTracedCounts:
    """Weighted counts by energy bin and asymptotic pixel.

    Attributes
    ----------
    maps : CountsMaps
        Of the events whose trajectories leave the Earth's field; the cut flow holds no others.
    n_shut : numpy.ndarray of int64, shape (n_bin,)
        Events that pass every cut but whose trajectories do not, by energy bin.
    """

    maps: CountsMaps
    n_shut: NDArray[np.int64]


def count_back_traced(
    events: EventFiles | EventStream,
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    coefficients: GaussCoefficients,
    nside: int,
    cos_least: float,
    selection: Selection | None = None,
    purity: PurityLookup | None = None,
    limits: TracingLimits | None = None,
    progress: Callable[[int], None] | None = None,
) -> BackTracedCounts:
    """Count events of an orbiting detector by their asymptotic directions.

    Parameters
    ----------
    events, seconds, navigator, nside, cos_least, selection, progress
        As in `amsdipole.events.count_events`.
    coefficients : GaussCoefficients
        Field of the Earth against time.
    purity : PurityLookup, optional
        Turns responses into weights, by energy bins alone: the region of an event is not looked up where it came from.
    limits : TracingLimits, optional
        As for `amsdipole.geomagnetism.trace`.

    Returns
    -------
    BackTracedCounts
        The same bits for any number of threads, any batches and any order of events.

    Raises
    ------
    DataError
        An event lies in no second, or a table is at fault.
    RangeError
        A time outside the field, or a choice out of range.
    OverflowedError
        A sum would exceed 2^63 units.

    Notes
    -----
    The rigidity of an event is its energy with the sign of the cutoff rule: charge one is meant. Only events that pass
    the cuts are traced; the counting kernel then makes all cuts again but that of the field of view.
    """
    cuts = selection or Selection()
    edge = navigator.energy_edge_gev
    total = Counts(nside, edge, -1.0)
    n_shut = np.zeros(len(edge) - 1, dtype=np.int64)
    done = 0
    for batch in events.batches():
        rows = seconds.covering(batch.time_s)
        found = navigator(rows)
        of_row = np.searchsorted(rows.time_s, batch.time_s, side="right") - 1
        chosen = np.flatnonzero(_passes(batch, found, of_row, edge, cos_least, cuts))
        sky, allowed = asymptotic_directions(
            rows,
            of_row[chosen],
            batch.time_s[chosen],
            batch.direction[chosen],
            np.asarray(navigator.rule.charge_sign * batch.energy_gev[chosen], dtype=np.float64),
            navigator=navigator,
            coefficients=coefficients,
            limits=limits,
        )
        energy = batch.energy_gev[chosen]
        n_shut += np.bincount(np.searchsorted(edge, energy[~allowed], side="right") - 1, minlength=len(n_shut))
        kept = chosen[allowed]
        n_row = len(found.time_s)
        axes = np.ascontiguousarray(sky[allowed].T)
        total.add(
            batch.time_s[kept],
            (axes[0], axes[1], axes[2]),
            batch.energy_gev[kept],
            batch.weights[kept],
            found.time_s,
            found.step_s,
            np.tile(np.eye(3), (n_row, 1, 1)),  # the directions are those of the sky already
            np.zeros((n_row, 3)),
            found.livetime_s,
            found.cutoff_class,
            None,
            None if purity is None else purity.response(batch)[kept],
            None if purity is None else purity.table,
        )
        done += len(batch.time_s)
        if progress is not None:
            progress(done)
    return BackTracedCounts(counts_maps(total, edge, ()), n_shut)


def _passes(
    batch: EventBatch,
    found: Navigation,
    of_row: NDArray[np.int64],
    edge: NDArray[np.float64],
    cos_least: float,
    cuts: Selection,
) -> NDArray[np.bool_]:
    """Which events the kernel would accept: what it makes of them is compared with this afterwards."""
    above = np.searchsorted(edge, batch.energy_gev, side="right")
    passes = (above >= 1) & (above < len(edge)) & (batch.direction[:, 2] >= cos_least)
    passes &= (found.livetime_s[of_row] > 0.0) & (above > found.cutoff_class[of_row])
    if cuts.names:
        passes &= cuts.failed({"energy_gev": batch.energy_gev, **batch.extra}) == 0
    return np.asarray(passes)


def accepted_by_bin(maps: CountsMaps) -> NDArray[np.int64]:
    """Events of each energy bin that passed all cuts."""
    return np.asarray(maps.cut_flow_by_bin[1:-1, CUTS.index("accepted")])
