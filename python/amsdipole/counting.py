"""From the candidates of a configuration to maps: its files, its cuts and its weights. Composition only."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from amsdipole.config import Config, SelectionConfig, unit_factor
from amsdipole.events import CountsMaps, EventFiles, PurityLookup, Selection, count_weighted
from amsdipole.instrument import Instrument
from amsdipole.threads import threads

__all__ = ["FilePart", "Progress", "candidate_files", "counted_candidates", "event_files", "selection_of"]

FilePart = tuple[str, int, int]
"""A file, its first row, and the row after the last."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def counted_candidates(
    config: Config,
    instrument: Instrument,
    *,
    weights: Sequence[PurityLookup | None] = (None,),
    part: FilePart | None = None,
    progress: Progress | None = None,
) -> tuple[CountsMaps, ...]:
    """Count the events of a configuration, with its selection, by several weights in one reading.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    instrument : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    weights : sequence of PurityLookup or None
        Weights by table; None takes those of the event files, or 1.
    part : tuple of (str, int, int), optional
        Only the rows of one file from the first on and before the second.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    tuple of CountsMaps
        Sums of weights and of their squares, and the cut flow, for each of the weights.

    Raises
    ------
    DataError
        A table is at fault.
    """
    responses = tuple(b.column for lookup in weights if lookup is not None for b in lookup.bins)
    events = candidate_files(config, responses, part)
    report = progress if progress is not None else _silent
    return count_weighted(
        events,
        instrument.seconds,
        instrument.navigator,
        weights=weights,
        nside=config.map.nside,
        cos_least=instrument.geometry.cos_least,
        selection=selection_of(config.selection),
        progress=lambda done: report("events", done, events.n_event),
    )


def candidate_files(config: Config, responses: tuple[str, ...] = (), part: FilePart | None = None) -> EventFiles:
    """Open the candidates of a configuration, with the columns that its cuts and some responses need.

    Parameters
    ----------
    config : Config
        Configuration.
    responses : tuple of str
        Further columns.
    part : tuple of (str, int, int), optional
        Only the rows of one file from the first on and before the second.

    Returns
    -------
    EventFiles
        The files.

    Raises
    ------
    DataError
        A file is missing, unreadable, or lacks a column.
    """
    if part is not None:
        return replace(event_files(config, part[:1], config.selection, responses), rows=part[1:])
    return event_files(config, config.events.files, config.selection, responses)


def event_files(
    config: Config, files: tuple[str, ...], selection: SelectionConfig, responses: tuple[str, ...] = ()
) -> EventFiles:
    """Open event files that are laid out as ``[events]`` says, with the columns that cuts and responses need.

    Parameters
    ----------
    config : Config
        Configuration.
    files : tuple of str
        The files.
    selection : SelectionConfig
        The cuts.
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
    chosen = config.events
    return EventFiles(
        files,
        {name: str(column) for name, column in chosen.columns.items()},
        chosen.batch_size,
        tuple(dict.fromkeys((*selection_of(selection).columns, *responses))),
        {name: unit_factor(name, unit) for name, unit in chosen.units.items()},
        chosen.limits,
        # Who asks for one thread has one processor to give: a worker of a farm, or one of as many as there are cores.
        ahead=threads() > 1,
    )


def selection_of(config: SelectionConfig) -> Selection:
    """Make the cuts of a section of the configuration."""
    return Selection(config.charge_sign, config.quality, config.ecal_least)


def _silent(stage: str, done: int, total: int) -> None:
    pass
