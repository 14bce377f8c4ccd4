"""From control samples to weights: histograms of accepted events and template fits. Composition only."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config, SelectionConfig
from amsdipole.counting import Progress, candidate_files, selection_of
from amsdipole.errors import ConfigError, DataError
from amsdipole.events import (
    EventFiles,
    ResponseBins,
    WeightTables,
    fitted_shape,
    purity_weights,
    response_counts,
    s_weights,
)
from amsdipole.instrument import Instrument

__all__ = ["make_weights"]


def make_weights(config: Config, instrument: Instrument, *, progress: Progress | None = None) -> WeightTables:
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
    edge = instrument.navigator.energy_edge_gev
    responses = tuple(b.column for b in bins)

    def filled(stage: str, events: EventFiles, cuts: SelectionConfig, nside_region: int | None) -> NDArray[np.float64]:
        return response_counts(
            events,
            instrument.seconds,
            instrument.navigator,
            bins=bins,
            cos_least=instrument.geometry.cos_least,
            nside_region=nside_region,
            selection=selection_of(cuts),
            progress=None if progress is None else lambda done: progress(stage, done, events.n_event),
        )

    samples: list[NDArray[np.float64]] = []
    columns = {name: str(column) for name, column in config.events.columns.items()}
    for name, control in chosen.components.items():
        # A control sample is made by cuts of its own: another charge sign, another range of the estimator.
        extra = tuple(dict.fromkeys((*selection_of(control.selection).columns, *responses)))
        files = EventFiles(control.files or config.events.files, columns, config.events.batch_size, extra)
        sample = filled(f"control sample {name}", files, control.selection, None)[:, 0]
        empty = np.flatnonzero(sample.sum(axis=1) == 0)
        if len(empty):
            low = edge[empty[0]]
            raise DataError(f"control sample {name} has no event in the energy bin from {low:g} GeV; use wider bins")
        samples.append(_smooth(sample, bins[0], first=not samples) if chosen.shape == "parametric" else sample)
    counts = filled("candidates", candidate_files(config, responses), config.selection, chosen.nside_region)
    templates, names = np.stack(samples, axis=1), tuple(chosen.components)
    exact = chosen.shape == "parametric"
    purity = purity_weights(counts, templates, names=names, exact=exact)
    signal = s_weights(counts, templates, names=names, exact=exact)
    return WeightTables(bins, edge, chosen.nside_region, purity, signal, names)


def _smooth(sample: NDArray[np.float64], bins: ResponseBins, *, first: bool) -> NDArray[np.float64]:
    kind: Literal["electron", "proton"] = "electron" if first else "proton"
    return np.array([fitted_shape(row, bins.low, bins.high, kind=kind).density for row in sample])
