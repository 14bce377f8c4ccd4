"""A production: plan of a configuration, work of one shard, and the result of all. Composition only."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from amsdipole._files import replacing
from amsdipole.analysis import Progress, concluded, mission_files
from amsdipole.config import Config
from amsdipole.errors import ConfigError, DataError
from amsdipole.events import CountsMaps, merged_counts, open_table
from amsdipole.exposure import LivetimeAxes, LivetimeCube, livetime_axes, merged_axes, zenith_edges
from amsdipole.instrument import Instrument, instrument
from amsdipole.production import (
    Plan,
    Shard,
    ShardFailure,
    ShardSums,
    axes_of,
    axes_sums,
    check_unchanged,
    counts_of,
    counts_sums,
    input_file,
    read_plan,
    read_shard,
    shard_name,
    shard_states,
    write_shard,
)
from amsdipole.report import Result
from amsdipole.report.folder import check_output
from amsdipole.report.result import write_result
from amsdipole.threads import set_threads
from amsdipole.weighting import config_weights, named_maps, part_maps

__all__ = [
    "EVENTS_PER_SHARD",
    "SECONDS_PER_SHARD",
    "kernel_version",
    "make_plan",
    "merge_shards",
    "note_failure",
    "process_pool",
    "work_file",
    "work_shard",
]

EVENTS_PER_SHARD = 2_000_000_000  # two minutes of one core at the speed of benches/event_kernel.py
SECONDS_PER_SHARD = 500_000_000  # two minutes of one core at that of exposure_speed
_FOLDED = 64  # sums of live time that are held at a time in a merge


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
    parts = instrument(config)
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
    files = dict.fromkeys([*sorted(config.events.files), *_common_files(config)])
    return Plan(
        config.model_dump(mode="json"), kernel_version(), tuple(input_file(path) for path in files), tuple(shards)
    )


def work_shard(
    plan: Plan, index: int, folder: str | os.PathLike[str], *, progress: Progress | None = None
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
    set_threads(config.threads)
    Path(folder).mkdir(parents=True, exist_ok=True)
    facts, arrays = _sums(config, shard, progress)
    # An input that changed while it was read is as bad as one that changed before.
    check_unchanged(inputs)
    sums = ShardSums(plan.identity, index, facts, arrays)
    path = Path(folder) / shard_name(index)
    write_shard(path, sums, overwrite=True)
    path.with_suffix(".failed").unlink(missing_ok=True)
    return sums


def work_file(plan: str, folder: str, index: int) -> None:
    """Do one shard of the plan in a file, as another process or machine does."""
    _ = work_shard(read_plan(plan), index, folder)


def process_pool(n_process: int) -> Executor:
    """Start processes for shards; they are spawned, so that nothing of this one is in them."""
    return ProcessPoolExecutor(n_process, mp_context=multiprocessing.get_context("spawn"))


def note_failure(folder: str | os.PathLike[str], failure: ShardFailure) -> None:
    """Leave the reason why a shard was set aside where `amsdipole status` finds it."""
    path = (Path(folder) / shard_name(failure.index)).with_suffix(".failed")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite=True) as temporary:
        _ = Path(temporary).write_text(failure.reason + "\n", encoding="utf-8")


def merge_shards(
    plan: Plan, folder: str | os.PathLike[str], *, overwrite: bool = False, progress: Progress | None = None
) -> Result:
    """Put the results of all shards together, and finish the analysis.

    Parameters
    ----------
    plan : Plan
        The plan.
    folder : path-like
        Where the results of its shards are.
    overwrite : bool
        Whether an earlier result in the output folder of the configuration may be replaced.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    Result
        The same numbers, to the last bit, as `amsdipole.analysis.run` gives.

    Raises
    ------
    DataError
        A shard is missing, damaged or of another plan, or an input changed; then nothing is written.
    """
    config = Config.model_validate(plan.config)
    overwrite = overwrite or config.output.overwrite
    check_output(config.output.folder, overwrite=overwrite)
    bad = [found for found in shard_states(plan, folder) if found.state != "done"]
    if bad:
        first = f"shard {bad[0].index} is {bad[0].state}" + (f" ({bad[0].reason})" if bad[0].reason else "")
        raise DataError(f"{len(bad)} of {len(plan.shards)} shards are not done: {first}")
    check_unchanged(plan.inputs)
    set_threads(config.threads)
    parts = instrument(config)
    counts = _merged_counts(plan, Path(folder), progress)
    axes = _merged_axes(plan, Path(folder), progress)
    if not axes.open_livetime_s().any():
        raise DataError("the exposure is zero: no second is live with an energy bin open")
    edge = zenith_edges(parts.geometry.cos_least, config.detector.n_zenith_bin, nside=config.map.nside)
    tables = config_weights(config, parts)
    result = concluded(config, parts, named_maps(config, tables, counts), LivetimeCube(axes, config.map.nside, edge))
    write_result(config.output.folder, result, overwrite=overwrite)
    return result


def _sums(config: Config, shard: Shard, progress: Progress | None) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = instrument(config)
    if shard.kind == "events":
        tables = config_weights(config, parts)  # the plan saw to it that a file is named
        part = (shard.source, shard.first, shard.stop)
        return counts_sums(part_maps(config, parts, tables, part=part, progress=progress))
    return axes_sums(_axes(parts, shard, progress))


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


def _shards(plan: Plan, kind: str, folder: Path, progress: Progress | None) -> Iterator[ShardSums]:
    chosen = [i for i, shard in enumerate(plan.shards) if shard.kind == kind]
    for done, index in enumerate(chosen, start=1):
        sums = read_shard(folder / shard_name(index))
        if (sums.plan, sums.index) != (plan.identity, index):
            raise DataError(f"{folder / shard_name(index)}: it is no longer the result of shard {index} of this plan")
        yield sums
        if progress is not None:
            progress(f"merge of {kind}", done, len(chosen))


def _merged_counts(plan: Plan, folder: Path, progress: Progress | None) -> tuple[CountsMaps, ...]:
    total: tuple[CountsMaps, ...] | None = None
    for sums in _shards(plan, "events", folder, progress):
        part = counts_of(sums.facts, sums.arrays)
        total = part if total is None else tuple(merged_counts(pair) for pair in zip(total, part, strict=True))
    if total is None:
        raise DataError("the plan has no events")
    return total


def _merged_axes(plan: Plan, folder: Path, progress: Progress | None) -> LivetimeAxes:
    held: list[LivetimeAxes] = []
    for sums in _shards(plan, "seconds", folder, progress):
        held.append(axes_of(sums.facts, sums.arrays))
        if len(held) == _FOLDED:
            held = [merged_axes(held)]
    return merged_axes(held)


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
