"""Shards through any executor: retries where trying again may help, notes where it does not."""

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import Literal

from amsdipole.errors import AmsDipoleError
from amsdipole.production.engines import Engine
from amsdipole.production.stopping import check_stopped, wait

__all__ = ["ShardFailure", "attempt", "run_shards"]

TRIES = 4  # one, and three more
WAITS_S = (1.0, 5.0, 20.0)  # a file server that comes back does so within half a minute, or a person is needed

Kind = Literal["input/output", "refused", "died"]


@dataclass(frozen=True)
class ShardFailure:
    """Say why a shard could not be done.

    Attributes
    ----------
    index : int
        Number of the shard.
    kind : {"input/output", "refused", "died"}
        Whether reading or writing failed each time, something is wrong that will be wrong again, or each process that
        worked on it died.
    reason : str
        The message.
    """

    index: int
    kind: Kind
    reason: str


def attempt(task: Callable[[int], object], index: int, *, waits_s: Sequence[float] = WAITS_S) -> ShardFailure | None:
    """Do a shard, again after a while where reading or writing failed.

    Parameters
    ----------
    task : callable
        Does the shard of a number.
    index : int
        The number.
    waits_s : sequence of float
        How long is waited before each further try [s].

    Returns
    -------
    ShardFailure or None
        Why it could not be done.
    """
    check_stopped()
    for wait_s in (*waits_s, None):
        try:
            _ = task(index)
        except (AmsDipoleError, OSError) as error:
            transient = isinstance(error, OSError) or isinstance(error.__cause__, OSError)
            if not transient:
                return ShardFailure(index, "refused", str(error))
            if wait_s is None:
                return ShardFailure(index, "input/output", str(error))
            wait(wait_s)
        except Exception as error:  # a fault of this package, or of one below: the other shards may be without it
            return ShardFailure(index, "refused", f"{type(error).__name__}: {error}")
        else:
            return None
    raise AssertionError("the last wait is None")


def run_shards(
    task: Callable[[int], object],
    indices: Sequence[int],
    *,
    engine: Engine | None = None,
    done: Callable[[int], None] | None = None,
) -> list[ShardFailure]:
    """Do shards, in this thread or by an engine; one that fails does not hold up the rest.

    Parameters
    ----------
    task : callable
        Does the shard of a number; for processes and other machines it must be picklable.
    indices : sequence of int
        Numbers of the shards.
    engine : Engine, optional
        What does them, as `amsdipole.production.open_engine` gives it; none is this thread.
    done : callable, optional
        Called with how many are through after each.

    Returns
    -------
    list of ShardFailure
        Those that could not be done, by number.

    Notes
    -----
    A process that dies takes its pool along. The shards that were being worked on are then done one at a time, each by
    a process of its own, so that the one that kills its process is known; it is set aside after four deaths.
    """
    through: dict[int, ShardFailure | None] = {}

    def note(index: int, failure: ShardFailure | None) -> None:
        through[index] = failure
        if done is not None:
            done(len(through))

    if engine is None:
        for index in indices:
            note(index, attempt(task, index))
    else:
        left = list(indices)
        while left:
            with engine.start() as executor:
                suspects = _through(executor, engine.n_worker, task, left, note)
            for index in suspects:
                note(index, _alone(engine, task, index))
            left = [index for index in left if index not in through]
    return sorted((f for f in through.values() if f is not None), key=lambda failure: failure.index)


def _through(
    executor: Executor,
    n_worker: int,
    task: Callable[[int], object],
    indices: Sequence[int],
    note: Callable[[int, ShardFailure | None], None],
) -> list[int]:
    """Note what came of shards; give those that were being worked on when the executor broke."""
    futures = {}
    broken = False
    try:
        for index in indices:
            futures[executor.submit(partial(attempt, task), index)] = index
    except BrokenExecutor:  # it may break while it is still being filled
        broken = True
    try:
        at_work: set[int] = set()
        for future in as_completed(futures):
            index = futures[future]
            try:
                note(index, future.result())
            except BrokenExecutor:
                broken = True
                at_work.add(index)
            except Exception as error:  # a cluster gave up on the workers that it died with
                note(index, ShardFailure(index, "died", f"{type(error).__name__}: {error}"))
    except BaseException:
        for future in futures:
            _ = future.cancel()
        raise
    if not broken:
        return []
    # Shards are taken in order, so that those at work are the first that are not through; some may have been finished
    # but not yet reported.
    handed_over = set(futures.values())
    pending = [index for index in indices if index in at_work or index not in handed_over]
    return pending[: 2 * n_worker]


def _alone(engine: Engine, task: Callable[[int], object], index: int) -> ShardFailure | None:
    for _ in range(TRIES):
        try:
            with engine.start() as executor:
                return executor.submit(partial(attempt, task), index).result()
        except BrokenExecutor:
            continue
    return ShardFailure(index, "died", f"each of {TRIES} processes that worked on it died, as for want of memory")
