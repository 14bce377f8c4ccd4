"""A production: plan of a configuration, and work of one shard. Composition only."""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from amsdipole._files import replacing
from amsdipole.analysis import Progress, mission_files
from amsdipole.config import Config
from amsdipole.errors import ConfigError, DataError
from amsdipole.events import WeightTables, open_table
from amsdipole.exposure import LivetimeAxes, livetime_axes
from amsdipole.instrument import Instrument, instrument
from amsdipole.production import (
    InputFile,
    Plan,
    Shard,
    ShardFailure,
    ShardSums,
    axes_sums,
    check_stopped,
    check_unchanged,
    counts_sums,
    input_file,
    read_plan,
    shard_name,
    write_shard,
)
from amsdipole.threads import set_threads
from amsdipole.weighting import config_weights, part_maps

__all__ = [
    "EVENTS_PER_SHARD",
    "SECONDS_PER_SHARD",
    "kernel_version",
    "make_plan",
    "note_failure",
    "prepared",
    "work_file",
    "work_shard",
]

# Some minutes of one core at the speeds that production_farm, production_scaling and exposure_speed print.
EVENTS_PER_SHARD = 500_000_000
SECONDS_PER_SHARD = 500_000_000


def kernel_version() -> str:
    """Name what the sums of a shard depend on besides configuration and inputs."""
    from amsdipole import __version__

    return f"amsdipole {__version__}, units of 2^-32"


def make_plan(
    config: Config, *, events_per_shard: int = EVENTS_PER_SHARD, seconds_per_shard: int = SECONDS_PER_SHARD
) -> Plan:
    """Divide an analysis into shards; of event files only headers and footers are read.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    events_per_shard : int
        Greatest number of events of a shard, but for a row group of Parquet that has more.
    seconds_per_shard : int
        Greatest number of rows of the seconds of a shard.

    Returns
    -------
    Plan
        The same for the same configuration and files.

    Raises
    ------
    ConfigError
        There is no orbit, weights are still to be fitted, or directions are to be traced back.
    DataError
        A file is missing, unreadable, or does not tell how many rows it has.
    """
    if config.seconds is None:
        raise ConfigError("[seconds] is missing; only missions in orbit are divided into shards")
    if config.weights is not None and config.weights.file is None:
        raise ConfigError(
            "[weights] has no file: their fits need all events at once; make it by `amsdipole templates` and name it"
        )
    if config.fit.directions == "back_traced":
        raise ConfigError("fit.directions = 'back_traced' is not divided into shards; trace back by `amsdipole run`")
    files = [input_file(path) for path in dict.fromkeys([*sorted(config.events.files), *_common_files(config)])]
    parts = prepared(config, files).instrument
    shards: list[Shard] = []
    for path in sorted(config.events.files):
        table = open_table(path)
        if table.n_row is None:
            raise DataError(f"{path}: the file does not tell how many rows it has; convert it to Parquet")
        ends = table.group_end or (*range(events_per_shard, table.n_row, events_per_shard), table.n_row)
        shards += [Shard("events", path, first, stop) for first, stop in _cut(ends, events_per_shard)]
    n_row = parts.seconds.n_row
    ends = (*range(seconds_per_shard, n_row, seconds_per_shard), n_row)
    shards += [Shard("seconds", "", first, stop) for first, stop in _cut(ends, seconds_per_shard)]
    return Plan(config.model_dump(mode="json"), kernel_version(), tuple(files), tuple(shards))


@dataclass(frozen=True)
class Prepared:
    """What every shard of a plan needs, and takes some seconds to make.

    Attributes
    ----------
    instrument : Instrument
        Seconds, detector and spectrum.
    tables : WeightTables, optional
        Weights of ``[weights] file``.
    """

    instrument: Instrument
    tables: WeightTables | None


_kept: list[tuple[object, Prepared]] = []
_keeping = threading.Lock()


def prepared(config: Config, inputs: Iterable[InputFile]) -> Prepared:
    """Give what every shard needs; that of the last configuration is kept, as long as its files are the same.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``, whose weights, if any, have a file.
    inputs : iterable of InputFile
        Its files, as they are now.

    Returns
    -------
    Prepared
        What every shard needs.
    """
    common = set(_common_files(config))
    key = (config.model_dump_json(), tuple(file for file in inputs if file.path in common))
    with _keeping:
        if not _kept or _kept[0][0] != key:
            parts = instrument(config)
            _kept[:] = [(key, Prepared(parts, config_weights(config, parts)))]
        return _kept[0][1]


def _forget() -> None:
    with _keeping:
        _kept.clear()


def work_shard(
    plan: Plan,
    index: int,
    folder: str | os.PathLike[str],
    *,
    n_thread: int | None = None,
    progress: Progress | None = None,
) -> ShardSums:
    """Do one shard of a plan and write its result.

    Parameters
    ----------
    plan : Plan
        The plan.
    index : int
        Number of the shard, from 0.
    folder : path-like
        Where results are written; made if it is not there.
    n_thread : int, optional
        Threads of the kernels, 0 for one a core; those of the configuration if not given. Sums do not depend on them.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    ShardSums
        What was written; the same bytes whenever and wherever it is done.

    Raises
    ------
    ConfigError
        The plan was made by another version.
    DataError
        There is no such shard, or an input is at fault or changed since the plan was made.

    Notes
    -----
    Two workers on one shard write the same bytes, and the last to finish renames its file over the other's.
    """
    if not 0 <= index < len(plan.shards):
        raise DataError(f"shard = {index} is none of 0 to {len(plan.shards) - 1}")
    if plan.kernel != kernel_version():
        raise ConfigError(f"the plan was made by {plan.kernel}; this is {kernel_version()}, whose sums may differ")
    config, shard = Config.model_validate(plan.config), plan.shards[index]
    needed = {*_common_files(config), *([shard.source] if shard.kind == "events" else [])}
    inputs = [file for file in plan.inputs if file.path in needed]
    check_unchanged(inputs)
    set_threads(config.threads if n_thread is None else n_thread)
    Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        facts, arrays = _sums(config, shard, prepared(config, inputs), progress)
        check_unchanged(inputs)  # an input that changed while it was read is as bad as one that changed before
    except DataError:
        _forget()
        raise
    sums = ShardSums(plan.identity, index, facts, arrays)
    path = Path(folder) / shard_name(index)
    write_shard(path, sums, overwrite=True)
    path.with_suffix(".failed").unlink(missing_ok=True)
    return sums


def work_file(plan: str, folder: str, n_thread: int | None, index: int) -> None:
    """Do one shard of the plan in a file, as another thread, process or machine does; it ends early if asked to."""
    state = Path(plan).stat() if Path(plan).exists() else None
    chosen = _read_once(plan, None if state is None else (state.st_mtime_ns, state.st_size, state.st_ino))
    _ = work_shard(chosen, index, folder, n_thread=n_thread, progress=check_stopped)


@lru_cache(maxsize=1)
def _read_once(plan: str, _state: object) -> Plan:
    """Read a plan that has not changed since it was read last once only."""
    return read_plan(plan)


def note_failure(folder: str | os.PathLike[str], failure: ShardFailure) -> None:
    """Leave the reason why a shard was set aside where `amsdipole status` finds it."""
    path = (Path(folder) / shard_name(failure.index)).with_suffix(".failed")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite=True) as temporary:
        _ = Path(temporary).write_text(failure.reason + "\n", encoding="utf-8")


def _sums(
    config: Config, shard: Shard, ready: Prepared, progress: Progress | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    if shard.kind == "events":
        part = (shard.source, shard.first, shard.stop)
        return counts_sums(part_maps(config, ready.instrument, ready.tables, part=part, progress=progress))
    return axes_sums(_axes(ready.instrument, shard, progress))


def _axes(parts: Instrument, shard: Shard, progress: Progress | None) -> LivetimeAxes:
    def report(done: int) -> None:
        if progress is not None:
            progress("exposure", done, shard.n_row)

    return livetime_axes(
        parts.seconds,
        parts.navigator,
        n_sector=parts.n_sector,
        efficiency=parts.efficiency,
        rows=(shard.first, shard.stop),
        progress=report,
    )


def _cut(ends: tuple[int, ...], most: int) -> Iterator[tuple[int, int]]:
    """Join rows that end at `ends` to stretches of at most `most` where their ends allow that."""
    if most < 1:
        raise DataError(f"{most} rows a shard; 1 or more are wanted")
    first = last = 0
    for end in ends:
        if last > first and end - first > most:
            yield first, last
            first = last
        last = end
    if last > first:
        yield first, last


def _common_files(config: Config) -> list[str]:
    """Files that every shard reads: all but the events."""
    weights = [] if config.weights is None or config.weights.file is None else [config.weights.file]
    return [os.fspath(path) for path in (*weights, *mission_files(config))]
