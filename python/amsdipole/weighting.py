"""From control samples to weights: histograms of accepted events and template fits. Composition only."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.analysis import Instrument, selection_of
from amsdipole.config import Config
from amsdipole.errors import ConfigError, DataError
from amsdipole.events import (
    EventBatch,
    EventFiles,
    ResponseBins,
    Selection,
    WeightTables,
    fitted_shape,
    purity_weights,
    s_weights,
)
from amsdipole.sky import vector_to_pixel

__all__ = ["make_weights"]


def make_weights(
    config: Config, instrument: Instrument, *, progress: Callable[[str, int, int], None] | None = None
) -> WeightTables:
    """Fill histograms, fit templates and make weights.

    Parameters
    ----------
    config : Config
        With ``[templates]``.
    instrument : Instrument
        Seconds, navigator and geometry.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    WeightTables
        Purities and sWeights.

    Raises
    ------
    ConfigError
        There is no ``[templates]``.
    DataError
        A file is at fault, or a control sample is empty in some energy bin.
    FitError
        The fit of an energy bin did not converge.
    """
    if config.templates is None:
        raise ConfigError("[templates] is missing; it names the control samples")
    chosen = config.templates
    bins = tuple(ResponseBins(r.column, r.low, r.high, r.n_bin) for r in chosen.responses)
    n_region = 1 if chosen.nside_region is None else 12 * chosen.nside_region**2
    report = progress or (lambda stage, done, total: None)

    def filled(name: str, files: tuple[str, ...], cuts: Selection, by_region: bool) -> NDArray[np.float64]:
        extra = tuple(dict.fromkeys((*cuts.columns, *(b.column for b in bins))))
        columns = {key: str(value) for key, value in config.events.columns.items()}
        events = EventFiles(files, columns, config.events.batch_size, extra)
        n_bin = len(instrument.navigator.energy_edge_gev) - 1
        counts = np.zeros((n_bin, n_region if by_region else 1, int(np.prod([b.n_cell for b in bins]))))
        done = 0
        for batch in events.batches():
            for place in _accepted(batch, instrument, cuts, bins, chosen.nside_region if by_region else None):
                np.add.at(counts, place, 1.0)
            done += len(batch.time_s)
            report(name, done, events.n_event)
        return counts

    samples: list[NDArray[np.float64]] = []
    for name, files in chosen.components.items():
        # A control sample is made by cuts of its own: another charge sign, another region of the estimator.
        sample = filled(f"control sample {name}", files, Selection(), by_region=False)[:, 0]
        empty = np.flatnonzero(sample.sum(axis=1) == 0)
        if len(empty):
            low = instrument.navigator.energy_edge_gev[empty[0]]
            raise DataError(f"control sample {name} has no event in the energy bin from {low:g} GeV; use wider bins")
        samples.append(_smooth(sample, bins[0], first=not samples) if chosen.shape == "parametric" else sample)
    counts = filled("candidates", config.events.files, selection_of(config), by_region=True)
    templates, names = np.stack(samples, axis=1), tuple(chosen.components)
    exact = chosen.shape == "parametric"
    purity = purity_weights(counts, templates, names=names, exact=exact)
    signal = s_weights(counts, templates, names=names, exact=exact)
    edge = instrument.navigator.energy_edge_gev
    return WeightTables(bins, edge, chosen.nside_region, purity, signal, names)


def _smooth(sample: NDArray[np.float64], bins: ResponseBins, *, first: bool) -> NDArray[np.float64]:
    kind: Any = "electron" if first else "proton"
    return np.array([fitted_shape(row, bins.low, bins.high, kind=kind).density for row in sample])


def _accepted(
    batch: EventBatch,
    instrument: Instrument,
    cuts: Selection,
    bins: tuple[ResponseBins, ...],
    nside_region: int | None,
) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Give energy bin, region and cell of the events that the counting kernel would accept."""
    navigator = instrument.navigator
    row = navigator(instrument.seconds.covering(batch.time_s))
    second = np.searchsorted(row.time_s, batch.time_s, side="right") - 1
    energy_bin = np.searchsorted(navigator.energy_edge_gev, batch.energy_gev, side="right") - 1
    keep = (energy_bin >= row.cutoff_class[second]) & (energy_bin < len(navigator.energy_edge_gev) - 1)
    keep &= (batch.direction[:, 2] >= instrument.geometry.cos_least) & (row.livetime_s[second] > 0.0)
    if cuts.names:
        keep &= cuts.failed({"energy_gev": batch.energy_gev, **batch.extra}) == 0
    if not keep.any():
        return
    cell = bins[0].cell(batch.extra[bins[0].column][keep])
    for other in bins[1:]:
        cell = cell * other.n_cell + other.cell(batch.extra[other.column][keep])
    region = np.zeros(len(cell), dtype=np.int64)
    if nside_region is not None:
        s = second[keep]
        sky = np.einsum("nij,nj->ni", row.rotation[s], batch.direction[keep])
        # First order in the turn within the second: 1e-6 beside patches of 7 degrees or more.
        sky += np.cross(row.rate[s], sky) * (batch.time_s[keep] - row.time_s[s])[:, None]
        region = vector_to_pixel(sky, nside_region)
    yield energy_bin[keep], region, cell
