"""From the candidates of a configuration to maps: its files, its cuts and its weights. Composition only."""

from collections.abc import Callable

from amsdipole.config import Config, SelectionConfig
from amsdipole.events import CountsMaps, EventFiles, PurityLookup, Selection, count_events, read_weights
from amsdipole.instrument import Instrument

__all__ = ["Progress", "candidate_files", "counted_candidates", "selection_of"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def counted_candidates(
    config: Config, instrument: Instrument, *, weights: PurityLookup | None = None, progress: Progress | None = None
) -> CountsMaps:
    """Count the events of a configuration, with its selection and its weights.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    instrument : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    weights : PurityLookup, optional
        Weights by table; without them, those of the file that ``[weights]`` names, if it does.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    CountsMaps
        Sums of weights and of their squares, and the cut flow.

    Raises
    ------
    DataError
        A table or the file of weights is at fault.
    """
    edge = instrument.navigator.energy_edge_gev
    chosen, lookup = config.weights, weights
    if lookup is None and chosen is not None:
        lookup = read_weights(chosen.file, chosen.method, nside=config.map.nside, energy_edge_gev=edge)
    responses = () if lookup is None else tuple(b.column for b in lookup.bins)
    events = candidate_files(config, responses)
    report = progress if progress is not None else _silent
    return count_events(
        events,
        instrument.seconds,
        instrument.navigator,
        nside=config.map.nside,
        cos_least=instrument.geometry.cos_least,
        selection=selection_of(config.selection),
        purity=lookup,
        progress=lambda done: report("events", done, events.n_event),
    )


def candidate_files(config: Config, responses: tuple[str, ...] = ()) -> EventFiles:
    """Open the candidates of a configuration, with the columns that its cuts and some responses need.

    Parameters
    ----------
    config : Config
        Configuration.
    responses : tuple of str
        Further columns.

    Returns
    -------
    EventFiles
        The files.

    Raises
    ------
    DataError
        A file is missing, unreadable, or lacks a column.
    """
    extra = tuple(dict.fromkeys((*selection_of(config.selection).columns, *responses)))
    columns = {name: str(column) for name, column in config.events.columns.items()}
    return EventFiles(config.events.files, columns, config.events.batch_size, extra)


def selection_of(config: SelectionConfig) -> Selection:
    """Make the cuts of a section of the configuration."""
    return Selection(config.charge_sign, config.quality, config.ecal_least)


def _silent(stage: str, done: int, total: int) -> None:
    pass
