"""The result of a production from the results of its shards. Composition only."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from amsdipole.analysis import Progress, concluded
from amsdipole.config import Config
from amsdipole.errors import DataError
from amsdipole.events import CountsCells, CountsMaps, merged_counts_of
from amsdipole.exposure import LivetimeAxes, LivetimeCube, merged_axes, zenith_edges
from amsdipole.producing import prepared
from amsdipole.production import (
    Plan,
    ShardState,
    ShardSums,
    axes_of,
    check_unchanged,
    counts_of,
    in_order,
    read_shard,
    shard_name,
    shard_states,
)
from amsdipole.report import Result
from amsdipole.report.folder import check_output
from amsdipole.report.result import write_result
from amsdipole.threads import set_threads
from amsdipole.weighting import named_maps

__all__ = ["merge_shards"]

_FOLDED = 64  # sums of live time that are held at a time


def merge_shards(
    plan: Plan,
    folder: str | os.PathLike[str],
    *,
    allow_missing: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Put the results of all shards together, and finish the analysis.

    Parameters
    ----------
    plan : Plan
        The plan.
    folder : path-like
        Where the results of its shards are.
    allow_missing : bool
        Whether shards that are missing, damaged or set aside may be left out; the result says which, in events and
        seconds, wherever it is shown.
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
        A shard is of another plan, or missing or damaged without `allow_missing`, or nothing would be left, or an input
        changed; then nothing is written.
    """
    config = Config.model_validate(plan.config)
    overwrite = overwrite or config.output.overwrite
    check_output(config.output.folder, overwrite=overwrite)
    absent = _absent(plan, folder, allow_missing=allow_missing)
    chosen = sorted(set(range(len(plan.shards))) - {found.index for found in absent})
    gone = _files_left_out(plan, chosen)
    inputs = [file for file in plan.inputs if file.path not in gone]
    check_unchanged(inputs)
    set_threads(config.threads)
    ready = prepared(config, inputs)
    parts = ready.instrument
    counts = _merged_counts(plan, chosen, Path(folder), progress)
    axes = _merged_axes(plan, chosen, Path(folder), progress)
    if not axes.open_livetime_s().any():
        raise DataError("the exposure is zero: no second is live with an energy bin open")
    edge = zenith_edges(parts.geometry.cos_least, config.detector.n_zenith_bin, nside=config.map.nside)
    result = concluded(
        config,
        parts,
        named_maps(config, ready.tables, counts),
        LivetimeCube(axes, config.map.nside, edge),
        missing=_stamp(plan, absent, axes, parts.seconds.step_s) if absent else None,
        files=[path for path in config.events.files if path not in gone],
    )
    write_result(config.output.folder, result, overwrite=overwrite)
    return result


def _absent(plan: Plan, folder: str | os.PathLike[str], *, allow_missing: bool) -> list[ShardState]:
    # Every byte is checked when sums are read, which is before anything is made of them; before that only where the
    # result depends on what is damaged, or a refusal tells how many are.
    bad = [found for found in shard_states(plan, folder, checked=allow_missing) if found.state != "done"]
    if bad and not allow_missing:
        bad = [found for found in shard_states(plan, folder) if found.state != "done"]
    wrong = bad if not allow_missing else [found for found in bad if found.state == "foreign"]
    if wrong:
        first = f"shard {wrong[0].index} is {wrong[0].state}" + (f" ({wrong[0].reason})" if wrong[0].reason else "")
        raise DataError(f"{len(wrong)} of {len(plan.shards)} shards are not done: {first}")
    left = {found.index for found in bad}
    for kind in ("events", "seconds"):
        if all(i in left for i, shard in enumerate(plan.shards) if shard.kind == kind):
            raise DataError(f"no shard of {kind} is done; there is nothing to merge")
    return bad


def _files_left_out(plan: Plan, chosen: Sequence[int]) -> set[str]:
    """Name event files of which nothing was used."""
    used = {plan.shards[i].source for i in chosen}
    return {shard.source for shard in plan.shards if shard.kind == "events"} - used


def _stamp(plan: Plan, absent: Sequence[ShardState], axes: LivetimeAxes, step_s: float) -> dict[str, Any]:
    """Say what is not in a result."""
    shards = [(found, plan.shards[found.index]) for found in absent]
    rows = {k: sum(s.n_row for _, s in shards if s.kind == k) for k in ("events", "seconds")}
    planned = {k: sum(s.n_row for s in plan.shards if s.kind == k) for k in ("events", "seconds")}
    share = axes.budget.live_s / axes.budget.total_s
    return {
        "n_shard": len(shards),
        "n_shard_planned": len(plan.shards),
        "n_event": rows["events"],
        "n_event_planned": planned["events"],
        "total_s": rows["seconds"] * step_s,
        "total_s_planned": planned["seconds"] * step_s,
        # Its own live time is not known, for its rows were not read.
        "live_s_at_the_mean_share": rows["seconds"] * step_s * share,
        "shards": [
            {
                "shard": found.index,
                "state": found.state,
                "kind": shard.kind,
                "source": shard.source,
                "first": shard.first,
                "stop": shard.stop,
                "reason": found.reason,
            }
            for found, shard in shards
        ],
    }


def _shards(
    plan: Plan, kind: str, among: Sequence[int], folder: Path, progress: Progress | None
) -> Iterator[ShardSums]:
    chosen = [i for i in among if plan.shards[i].kind == kind]

    def read(index: int) -> ShardSums:
        try:
            return read_shard(folder / shard_name(index))
        except DataError as error:
            raise DataError(f"shard {index} is not done: it is damaged ({error})") from error

    for done, (index, sums) in enumerate(zip(chosen, in_order(read, chosen), strict=True), start=1):
        if (sums.plan, sums.index) != (plan.identity, index):
            raise DataError(f"{folder / shard_name(index)}: it is no longer the result of shard {index} of this plan")
        yield sums
        if progress is not None:
            progress(f"merge of {kind}", done, len(chosen))


def _merged_counts(plan: Plan, among: Sequence[int], folder: Path, progress: Progress | None) -> tuple[CountsMaps, ...]:
    def parts() -> Iterator[tuple[CountsCells, ...]]:
        for sums in _shards(plan, "events", among, folder, progress):
            yield counts_of(sums.facts, sums.arrays)

    return merged_counts_of(parts())


def _merged_axes(plan: Plan, among: Sequence[int], folder: Path, progress: Progress | None) -> LivetimeAxes:
    held: list[LivetimeAxes] = []
    for sums in _shards(plan, "seconds", among, folder, progress):
        held.append(axes_of(sums.facts, sums.arrays))
        if len(held) == _FOLDED:
            held = [merged_axes(held)]
    return merged_axes(held)
