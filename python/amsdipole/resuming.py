"""A run that goes on where it was after it was killed. Composition only."""

import shutil
from pathlib import Path

from amsdipole.analysis import Progress, run
from amsdipole.config import Config
from amsdipole.errors import AmsDipoleError, ConfigError, DataError
from amsdipole.merging import merge_shards
from amsdipole.producing import make_plan, work_shard
from amsdipole.production import Plan, shard_states
from amsdipole.report import Result
from amsdipole.report.folder import check_output

__all__ = ["run_resumed", "shards_folder"]

# Half a minute of one core at the speeds of `amsdipole.producing`: that much is lost at most.
EVENTS_PER_SHARD = 50_000_000
SECONDS_PER_SHARD = 50_000_000


def shards_folder(config: Config) -> Path:
    """Name the hidden folder beside the output in which a run keeps what is done until all is done."""
    output = Path(config.output.folder)
    return output.with_name(f".{output.name}.shards")


def run_resumed(config: Config, *, progress: Progress | None = None) -> Result:
    """Run an analysis as `amsdipole.analysis.run` does, but keep what is done until it is through.

    Parameters
    ----------
    config : Config
        What to do.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    Result
        The same numbers, to the last bit.

    Raises
    ------
    ConfigError, DataError, RangeError, FitError
        Something is wrong; then nothing is left behind.

    Notes
    -----
    Runs that are too short to be divided, and those that cannot be (`amsdipole.producing.make_plan`), are one pass.
    What an earlier run left is used if it is of the same plan, and made again if not.
    """
    check_output(config.output.folder, overwrite=config.output.overwrite)
    plan = _plan(config)
    if plan is None or len(plan.shards) == len({shard.kind for shard in plan.shards}):
        return run(config, progress=progress)
    folder = shards_folder(config)
    try:
        _work(plan, folder, progress)
        result = merge_shards(plan, folder, overwrite=config.output.overwrite, progress=progress)
    except AmsDipoleError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)
    return result


def _plan(config: Config) -> Plan | None:
    try:
        return make_plan(config, events_per_shard=EVENTS_PER_SHARD, seconds_per_shard=SECONDS_PER_SHARD)
    except (ConfigError, DataError):
        return None  # it is no analysis that can be divided, or it has a fault that one pass tells of as well


def _work(plan: Plan, folder: Path, progress: Progress | None) -> None:
    total = {kind: sum(s.n_row for s in plan.shards if s.kind == kind) for kind in ("events", "seconds")}
    done = dict.fromkeys(total, 0)
    for state in shard_states(plan, folder):
        shard = plan.shards[state.index]

        def report(_stage: str, n: int, _total: int, kind: str = shard.kind) -> None:
            if progress is not None:
                progress("events" if kind == "events" else "exposure", done[kind] + n, total[kind])

        if state.state != "done":
            _ = work_shard(plan, state.index, folder, progress=report)
        done[shard.kind] += shard.n_row
        report("", 0, 0)
