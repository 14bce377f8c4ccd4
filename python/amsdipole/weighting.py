"""From control samples to weights: histograms of accepted events and template fits. Composition only."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config, SelectionConfig
from amsdipole.counting import FilePart, Progress, candidate_files, counted_candidates, event_files, selection_of
from amsdipole.errors import ConfigError, DataError, FitError
from amsdipole.events import (
    UNIT,
    CountsMaps,
    EventFiles,
    Method,
    PurityLookup,
    ResponseBins,
    WeightTables,
    fitted_shape,
    purity_weights,
    read_weights,
    response_counts,
    s_weights,
    weight_tables,
)
from amsdipole.instrument import Instrument
from amsdipole.sky import pixel_centers
from amsdipole.statistics import DipoleFit, Weighting, fit_dipole

__all__ = ["WeightedMaps", "config_weights", "make_weights", "named_maps", "part_maps", "weight_check", "weighted_maps"]

WARNED_BELOW = 0.01  # chance of the background's dipole below which the result warns


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
        Purities, sWeights of the signal and of the backgrounds.

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
    edge = np.array(config.energy.edges_gev if chosen.edges_gev is None else chosen.edges_gev)
    responses = tuple(b.column for b in bins)

    def filled(stage: str, events: EventFiles, cuts: SelectionConfig, nside_region: int | None) -> NDArray[np.float64]:
        return response_counts(
            events,
            instrument.seconds,
            instrument.navigator,
            bins=bins,
            cos_least=instrument.geometry.cos_least,
            energy_edge_gev=edge,
            nside_region=nside_region,
            selection=selection_of(cuts),
            progress=None if progress is None else lambda done: progress(stage, done, events.n_event),
        )

    samples: list[NDArray[np.float64]] = []
    for name, control in chosen.components.items():
        # A control sample is made by cuts of its own: another charge sign, another range of the estimator.
        files = event_files(config, control.files or config.events.files, control.selection, responses)
        sample = filled(f"control sample {name}", files, control.selection, None)[:, 0]
        empty = np.flatnonzero(sample.sum(axis=1) == 0)
        if len(empty):
            low = edge[empty[0]]
            raise DataError(f"control sample {name} has no event in the energy bin from {low:g} GeV; use wider bins")
        samples.append(_smooth(sample, bins[0], first=not samples) if chosen.shape == "parametric" else sample)
    counts = filled("candidates", candidate_files(config, responses), config.selection, chosen.nside_region)
    templates, names = np.stack(samples, axis=1), tuple(chosen.components)
    exact = chosen.shape == "parametric"
    others = tuple(range(1, len(names)))
    return weight_tables(
        bins,
        edge,
        chosen.nside_region,
        purity=purity_weights(counts, templates, names=names, exact=exact),
        sweights=s_weights(counts, templates, names=names, exact=exact),
        background=s_weights(counts, templates, names=names, exact=exact, component=others),
    )


def config_weights(config: Config, instrument: Instrument, *, progress: Progress | None = None) -> WeightTables | None:
    """Read the weights of a configuration, or make them by fits where it names no file.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    instrument : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    WeightTables or None
        None without ``[weights]``.

    Raises
    ------
    DataError
        A table or the file of weights is at fault.
    FitError
        The fit of an energy bin did not converge.
    """
    if config.weights is None:
        return None
    file = config.weights.file
    return make_weights(config, instrument, progress=progress) if file is None else read_weights(file)


@dataclass(frozen=True)
class WeightedMaps:
    """Maps of the same events by the weights of a configuration, and what checks them.

    Attributes
    ----------
    signal : CountsMaps
        By the weights that are asked for.
    weighting : {"purity", "signal"}
        What these weights mean to `amsdipole.statistics.fit_dipole`.
    tables : WeightTables, optional
        The weights; None where they are those of the event files, or 1.
    other, background : CountsMaps, optional
        By the other method, and by the sWeights of the backgrounds.
    """

    signal: CountsMaps
    weighting: Weighting
    tables: WeightTables | None = None
    other: CountsMaps | None = None
    background: CountsMaps | None = None


def weighted_maps(config: Config, instrument: Instrument, *, progress: Progress | None = None) -> WeightedMaps:
    """Count the events of a configuration with its weights, after making these if it wants that.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    instrument : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    WeightedMaps
        Maps, and the tables of weights.

    Raises
    ------
    DataError
        A table or the file of weights is at fault.
    FitError
        The fit of an energy bin did not converge.
    """
    tables = config_weights(config, instrument, progress=progress)
    return named_maps(config, tables, part_maps(config, instrument, tables, progress=progress))


def part_maps(
    config: Config,
    instrument: Instrument,
    tables: WeightTables | None,
    *,
    part: FilePart | None = None,
    progress: Progress | None = None,
) -> tuple[CountsMaps, ...]:
    """Count the events of a configuration, or a part of them, by each weight that it wants.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    instrument : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    tables : WeightTables, optional
        The weights of ``[weights]``; None without that.
    part : tuple of (str, int, int), optional
        Only the rows of one file from the first on and before the second.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    tuple of CountsMaps
        By the weights asked for, and with ``check_background`` by the other method and by those of the backgrounds.

    Raises
    ------
    DataError
        A table is at fault.
    """
    lookups: list[PurityLookup | None] = [None]
    if config.weights is not None and tables is not None:
        method = config.weights.method
        methods: list[Method] = [method]
        if config.weights.check_background:
            methods += ["sweights" if method == "purity" else "purity", "background"]
        edge = instrument.navigator.energy_edge_gev
        lookups = [tables.lookup(name, nside=config.map.nside, energy_edge_gev=edge) for name in methods]
    return counted_candidates(config, instrument, weights=lookups, part=part, progress=progress)


def named_maps(config: Config, tables: WeightTables | None, maps: tuple[CountsMaps, ...]) -> WeightedMaps:
    """Say what each map of `part_maps` is.

    Parameters
    ----------
    config : Config
        The configuration that they were made by.
    tables : WeightTables, optional
        Its weights.
    maps : tuple of CountsMaps
        The maps.

    Returns
    -------
    WeightedMaps
        The same with their names.
    """
    if config.weights is None:
        return WeightedMaps(maps[0], config.events.weighting)
    return WeightedMaps(maps[0], "purity" if config.weights.method == "purity" else "signal", tables, *maps[1:])


def weight_check(
    maps: WeightedMaps, expected: NDArray[np.float64], bins: slice, *, nside: int
) -> dict[str, Any] | None:
    """Fit the dipole by the other weights, and that of the backgrounds, which purity weights assume to have none.

    Parameters
    ----------
    maps : WeightedMaps
        The maps.
    expected : numpy.ndarray of float64, shape (n_bin, npix)
        Isotropic expectation by energy bin.
    bins : slice
        Energy bins of the range.
    nside : int
        Resolution of the maps.

    Returns
    -------
    dict or None
        As ``result.json`` holds it: ``other_weights``, ``background`` and ``background_warning``; None where nothing
        was counted for it.

    Notes
    -----
    The expectation of the backgrounds has the shape of each energy bin's exposure, and the bin's sum of background
    weights as its size; a bin in which noise makes that sum negative counts as empty.
    """
    if maps.other is None or maps.background is None:
        return None
    center = pixel_centers(nside)
    by_purity = maps.weighting == "purity"
    other = fit_dipole(
        maps.other.weights(bins),
        expected[bins].sum(axis=0),
        center,
        sum_weight2=maps.other.weights2(bins),
        weighting="signal" if by_purity else "purity",
    )
    size = np.maximum(maps.background.weight_units[bins].sum(axis=1) * UNIT, 0.0)
    reference = (size / expected[bins].sum(axis=1)) @ expected[bins]
    document = {"other_weights": {"method": "sweights" if by_purity else "purity", **_dipole(other)}}
    try:
        background = fit_dipole(
            maps.background.weights(bins),
            reference,
            center,
            sum_weight2=maps.background.weights2(bins),
            weighting="signal",
        )
    except FitError as error:  # too little background to say anything about it
        return {**document, "background": None, "background_warning": f"the dipole of the backgrounds: {error}"}
    warning = None
    if background.p_value < WARNED_BELOW:
        warning = (
            f"the backgrounds have a dipole of {100 * background.delta_m:.2f} % (p = {background.p_value:.1e}), which "
            f"purity weights assume to be none; sWeights do not assume that"
        )
    return {**document, "background": _dipole(background), "background_warning": warning}


def _dipole(fit: DipoleFit) -> dict[str, Any]:
    error = np.sqrt(np.diag(fit.covariance if fit.weighting == "purity" else fit.sandwich_covariance))
    places = {"ew": 1, "ns": 2, "fb": 0}
    return {
        "n_eff": fit.n_eff,
        "rho": {name: float(fit.rho[i]) for name, i in places.items()},
        "error": {name: float(error[i]) for name, i in places.items()},
        "delta_m": fit.delta_m,
        "p_value": fit.p_value,
    }


def _smooth(sample: NDArray[np.float64], bins: ResponseBins, *, first: bool) -> NDArray[np.float64]:
    kind: Literal["electron", "proton"] = "electron" if first else "proton"
    return np.array([fitted_shape(row, bins.low, bins.high, kind=kind).density for row in sample])
