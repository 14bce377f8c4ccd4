"""Events to weighted maps, summed exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.errors import DataError, RangeError
from amsdipole.events._refusals import refuse_batch
from amsdipole.events.files import EventBatch, EventFiles, EventStream
from amsdipole.events.lookup import PurityLookup
from amsdipole.events.selection import Selection
from amsdipole.events.sky_table import SkyEvents
from amsdipole.orbit import Navigator, SecondsSource

__all__ = ["CUTS", "UNIT", "Counts", "CountsMaps", "count_events", "count_sky_events", "count_weighted"]

Counts = _core.Counts
UNIT = 2.0**-32  # unit of every sum of weights
CUTS = ("energy_below", "energy_above", "field_of_view", "dead_second", "cutoff", "accepted")


@dataclass(frozen=True)
class CountsMaps:
    """Weighted counts by energy bin and pixel.

    Attributes
    ----------
    weight_units : numpy.ndarray of int64, shape (n_bin, npix)
        Sum of weights in units of 2^-32.
    weight2_units : numpy.ndarray of int64, shape (n_bin, npix)
        Sum of squared weights in units of 2^-32.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Energy bins.
    cut_flow : dict of str to int
        Events by the first cut that they failed, in the order of the cuts; they add up to all events.
    cut_flow_by_bin : numpy.ndarray of int64, shape (n_bin + 2, n_cut)
        The same by energy bin, the first below all edges and the last above them.
    """

    weight_units: NDArray[np.int64]
    weight2_units: NDArray[np.int64]
    energy_edge_gev: NDArray[np.float64]
    cut_flow: dict[str, int]
    cut_flow_by_bin: NDArray[np.int64]

    def bins(self, low_gev: float, high_gev: float) -> slice:
        """Energy bins between two of the edges; other numbers are refused."""
        edge = self.energy_edge_gev
        first, last = (int(np.searchsorted(edge, e)) for e in (low_gev, high_gev))
        if not (first < last < len(edge) and edge[first] == low_gev and edge[last] == high_gev):
            raise RangeError(f"[{low_gev}, {high_gev}] GeV is no range between edges of bins")
        return slice(first, last)

    def range_cut_flow(self, low_gev: float, high_gev: float) -> dict[str, int]:
        """Events of a range of energy by the first cut that they failed; they add up to all of the range."""
        bins = self.bins(low_gev, high_gev)
        # Rows: below all edges, the bins, above them all.
        flow = self.cut_flow_by_bin[bins.start + 1 : bins.stop + 1].sum(axis=0)
        return {name: int(n) for name, n in zip(self.cut_flow, flow, strict=True) if not name.startswith("energy_")}

    def weights(self, bins: slice = slice(None)) -> NDArray[np.float64]:
        """Sum of weights in each pixel over some energy bins, shape (npix,)."""
        return np.asarray(self.weight_units[bins].sum(axis=0) * UNIT)

    def weights2(self, bins: slice = slice(None)) -> NDArray[np.float64]:
        """Sum of squared weights in each pixel over some energy bins, shape (npix,)."""
        return np.asarray(self.weight2_units[bins].sum(axis=0) * UNIT)

    @property
    def n_event(self) -> int:
        """All events, accepted or not."""
        return sum(self.cut_flow.values())


def count_events(
    events: EventFiles | EventStream,
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    nside: int,
    cos_least: float,
    selection: Selection | None = None,
    purity: PurityLookup | None = None,
    progress: Callable[[int], None] | None = None,
) -> CountsMaps:
    """Count events of an orbiting detector into galactic maps.

    Parameters
    ----------
    events : EventFiles or EventStream
        The events.
    seconds : SecondsSource
        The seconds of the mission; every event must lie in one.
    navigator : Navigator
        The instrument on its orbit, the same that the exposure uses.
    nside : int
        Resolution of the maps.
    cos_least : float
        Cosine of the greatest angle to the detector axis that is kept.
    selection : Selection, optional
        Cuts on charge, quality and ECAL estimator; `events` must be asked for the columns that they need.
    purity : PurityLookup, optional
        Turns the response of each event into a weight, by its energy bin and region; a weight of the table
        multiplies it and must lie in [-1, 1].
    progress : callable, optional
        Called with the number of events done after each batch.

    Returns
    -------
    CountsMaps
        The same bits for any number of threads, any batches and any order of events and files.

    Raises
    ------
    DataError
        An event lies in no second, or a table is at fault.
    RangeError
        A choice is out of range.
    OverflowedError
        A sum would exceed 2^63 units.
    """
    choices: Any = {"nside": nside, "cos_least": cos_least, "selection": selection, "progress": progress}
    return count_weighted(events, seconds, navigator, weights=(purity,), **choices)[0]


def count_weighted(
    events: EventFiles | EventStream,
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    weights: Sequence[PurityLookup | None],
    nside: int,
    cos_least: float,
    selection: Selection | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[CountsMaps, ...]:
    """Count the same events with several weights in one reading, as `count_events` does for each.

    Parameters
    ----------
    events, seconds, navigator, nside, cos_least, selection, progress
        As in `count_events`.
    weights : sequence of PurityLookup or None
        What turns responses into weights, for each of the results.

    Returns
    -------
    tuple of CountsMaps
        One for each of `weights`.

    Raises
    ------
    DataError
        An event lies in no second, or a table is at fault.
    RangeError
        A choice is out of range.
    OverflowedError
        A sum would exceed 2^63 units.
    """
    cuts = selection or Selection()
    edge = floats("energy_edge_gev", navigator.energy_edge_gev, (None,))
    sums = [Counts(nside, edge, cos_least, len(cuts.names)) for _ in weights]

    def add(batch: EventBatch, totals: Sequence[_core.Counts]) -> None:
        row = navigator(seconds.covering(batch.time_s))
        failed = cuts.failed({"energy_gev": batch.energy_gev, **batch.extra}) if cuts.names else None
        for total, lookup in zip(totals, weights, strict=True):
            total.add(
                batch.time_s,
                batch.axes,
                batch.energy_gev,
                batch.weight,
                row.time_s,
                row.step_s,
                row.rotation,
                row.rate,
                row.livetime_s,
                row.cutoff_class,
                failed,
                None if lookup is None else lookup.response(batch),
                None if lookup is None else lookup.table,
            )

    done = 0
    # The kernel checks every value; only when it refuses are columns gone through for the place to name.
    for batch in events.batches(checked=False):
        try:
            add(batch, sums)
        except (DataError, RangeError) as error:
            scratch = [Counts(nside, edge, cos_least, len(cuts.names)) for _ in weights]
            refuse_batch(batch, error, partial(add, totals=scratch))
        done += len(batch.time_s)
        if progress is not None:
            progress(done)
    return tuple(counts_maps(total, navigator.energy_edge_gev, cuts.names) for total in sums)


def count_sky_events(events: SkyEvents, *, nside: int) -> CountsMaps:
    """Count events whose sky directions are known into one map.

    Parameters
    ----------
    events : SkyEvents
        Directions in galactic axes and weights.
    nside : int
        Resolution of the map.

    Returns
    -------
    CountsMaps
        One energy bin.

    Raises
    ------
    RangeError
        `nside` is out of range.

    Notes
    -----
    The production kernel with a single second in which the detector's axes are those of the galaxy.
    """
    edge = np.array([1.0, 2.0])
    sums = Counts(nside, edge, -1.0)
    n = len(events.weight)
    sums.add(
        np.zeros(n),
        events.direction,
        np.ones(n),
        events.weight,
        np.zeros(1),
        1.0,
        np.eye(3)[None],
        np.zeros((1, 3)),
        np.ones(1),
        np.zeros(1, dtype=np.uint8),
    )
    return counts_maps(sums, edge, ())


def counts_maps(sums: _core.Counts, edge: NDArray[np.float64], selected: tuple[str, ...]) -> CountsMaps:
    """Take the sums out of the kernel, with the names of the selection's cuts."""
    # In the order in which the cuts are made: the range of energy, the selection, the seconds.
    flow = dict(zip((*CUTS, *selected), sums.cut_flow().tolist(), strict=True))
    return CountsMaps(sums.units(0), sums.units(1), edge, flow, sums.cut_flow_by_bin())
