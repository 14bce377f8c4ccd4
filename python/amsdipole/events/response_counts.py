"""Histograms of responses by energy bin and region: what template fits are made from."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, RangeError
from amsdipole.events._refusals import refuse_batch
from amsdipole.events.counts import CUTS, Counts
from amsdipole.events.files import EventBatch, EventFiles, EventStream
from amsdipole.events.responses import ResponseBins
from amsdipole.events.selection import Selection
from amsdipole.orbit import Navigation, Navigator, SecondsSource
from amsdipole.sky import vector_to_pixel

__all__ = ["response_counts"]


def response_counts(
    events: EventFiles | EventStream,
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    bins: tuple[ResponseBins, ...],
    cos_least: float,
    energy_edge_gev: NDArray[np.float64] | None = None,
    nside_region: int | None = None,
    selection: Selection | None = None,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.float64]:
    """Fill the histograms of the events that `count_events` would accept.

    Parameters
    ----------
    events : EventFiles or EventStream
        The events, with the columns of the responses and of the selection.
    seconds, navigator, cos_least, selection, progress
        As in `count_events`.
    bins : tuple of ResponseBins
        One response or two.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,), optional
        Bins of the histograms, each made of bins of the navigator; without it these.
    nside_region : int, optional
        HEALPix patches; without it the whole sky is one region.

    Returns
    -------
    numpy.ndarray of float64, shape (n_bin, n_region, n_cell)
        Events; cells of two responses are laid out in a row.

    Raises
    ------
    DataError
        A table is at fault, or an event lies in no second.

    Notes
    -----
    Each batch goes through the counting kernel too, and its number of accepted events must agree in every energy bin:
    purities are made for the events that are counted, and for no others.
    """
    cuts = selection or Selection()
    fine = navigator.energy_edge_gev
    edge = fine if energy_edge_gev is None else energy_edge_gev
    # Bin of the histograms that each bin of the navigator belongs to.
    coarse = np.searchsorted(edge, fine[:-1], side="right") - 1
    if not np.isin(edge, fine).all() or coarse.min() < 0 or coarse.max() > len(edge) - 2:
        raise RangeError("energy_edge_gev: some of the edges of the navigator, the outermost among them, are wanted")
    n_bin = len(edge) - 1
    n_region = 1 if nside_region is None else 12 * nside_region**2
    counts = np.zeros((n_bin, n_region, int(np.prod([b.n_cell for b in bins]))))

    def counted(batch: EventBatch) -> tuple[Navigation, NDArray[np.uint8], NDArray[np.int64]]:
        row = navigator(seconds.covering(batch.time_s))
        failed = cuts.failed({"energy_gev": batch.energy_gev, **batch.extra})
        return row, failed, _kernel_counts(batch, row, failed, fine, cos_least, len(cuts.names))

    done = 0
    for batch in events.batches():
        try:
            row, failed, wanted = counted(batch)
        except (DataError, RangeError) as error:
            refuse_batch(batch, error, counted)
        place = _places(batch, row, failed == 0, fine, cos_least, bins, nside_region)
        found = np.bincount(place[0], minlength=len(fine) - 1)
        if not np.array_equal(found, wanted):
            raise AssertionError(f"histogram {found} and counting kernel {wanted} disagree ({batch.source})")
        flat = np.ravel_multi_index((coarse[place[0]], *place[1:]), counts.shape)
        counts += np.bincount(flat, minlength=counts.size).reshape(counts.shape)
        done += len(batch.time_s)
        if progress is not None:
            progress(done)
    return counts


def _kernel_counts(
    batch: EventBatch,
    row: Navigation,
    failed: NDArray[np.uint8],
    edge: NDArray[np.float64],
    cos_least: float,
    n_selection: int,
) -> NDArray[np.int64]:
    """Count the accepted events of each energy bin with the kernel."""
    sums = Counts(1, np.ascontiguousarray(edge, dtype=np.float64), cos_least, n_selection)
    sums.add(
        batch.time_s,
        batch.axes,
        batch.energy_gev,
        None,
        row.time_s,
        row.step_s,
        row.rotation,
        row.rate,
        row.livetime_s,
        row.cutoff_class,
        failed if n_selection else None,
    )
    return sums.cut_flow_by_bin()[1:-1, CUTS.index("accepted")]


def _places(
    batch: EventBatch,
    row: Navigation,
    passed: NDArray[np.bool_],
    edge: NDArray[np.float64],
    cos_least: float,
    bins: tuple[ResponseBins, ...],
    nside_region: int | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Energy bin, region and cell of each accepted event."""
    second = np.searchsorted(row.time_s, batch.time_s, side="right") - 1
    energy_bin = np.searchsorted(edge, batch.energy_gev, side="right") - 1
    keep = passed & (energy_bin >= row.cutoff_class[second]) & (energy_bin < len(edge) - 1)
    keep &= (batch.direction[:, 2] >= cos_least) & (row.livetime_s[second] > 0.0)
    cell = bins[0].cell(batch.extra[bins[0].column][keep])
    for other in bins[1:]:
        cell = cell * other.n_cell + other.cell(batch.extra[other.column][keep])
    region = np.zeros(len(cell), dtype=np.int64)
    if nside_region is not None and len(cell):
        s = second[keep]
        sky = np.einsum("nij,nj->ni", row.rotation[s], batch.direction[keep])
        # First order in the turn within the second: 1e-6 beside patches of 7 degrees or more.
        sky += np.cross(row.rate[s], sky) * (batch.time_s[keep] - row.time_s[s])[:, None]
        region = vector_to_pixel(sky, nside_region)
    return energy_bin[keep].astype(np.int64), region, cell
