"""Shards through any executor: retries where trying again may help, notes where it does not."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import Literal

from amsdipole.errors import AmsDipoleError

__all__ = ["ShardFailure", "attempt", "run_shards"]

TRIES = 4  # one, and three more
WAITS_S = (1.0, 5.0, 20.0)  # a file server that comes back does so within half a minute, or a person is needed

Kind = Literal["input/output", "refused"]


@dataclass(frozen=True)
class ShardFailure:
    """Say why a shard could not be done.

    Attributes
    ----------
    index : int
        Number of the shard.
    kind : {"input/output", "refused"}
        Whether reading or writing failed each time, or something is wrong that will be wrong again.
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
    for wait_s in (*waits_s, None):
        try:
            _ = task(index)
        except (AmsDipoleError, OSError) as error:
            transient = isinstance(error, OSError) or isinstance(error.__cause__, OSError)
            if not transient:
                return ShardFailure(index, "refused", str(error))
            if wait_s is None:
                return ShardFailure(index, "input/output", str(error))
            time.sleep(wait_s)
        else:
            return None
    raise AssertionError("the last wait is None")


def run_shards(
    task: Callable[[int], object],
    indices: Sequence[int],
    *,
    executor: Executor | None = None,
    done: Callable[[int], None] | None = None,
) -> list[ShardFailure]:
    """Do shards, in this thread or through an executor; one that fails does not hold up the rest.

    Parameters
    ----------
    task : callable
        Does the shard of a number; for processes and other machines it must be picklable.
    indices : sequence of int
        Numbers of the shards.
    executor : concurrent.futures.Executor, optional
        Threads, processes, or anything else that has its methods; none is this thread.
    done : callable, optional
        Called with how many are through after each.

    Returns
    -------
    list of ShardFailure
        Those that could not be done, by number.
    """
    failures: list[ShardFailure] = []

    def note(n_done: int, failure: ShardFailure | None) -> None:
        if failure is not None:
            failures.append(failure)
        if done is not None:
            done(n_done)

    if executor is None:
        for n_done, index in enumerate(indices, start=1):
            note(n_done, attempt(task, index))
    else:
        futures = [executor.submit(partial(attempt, task), index) for index in indices]
        try:
            for n_done, future in enumerate(as_completed(futures), start=1):
                note(n_done, future.result())
        except BaseException:
            for future in futures:
                _ = future.cancel()
            raise
    return sorted(failures, key=lambda failure: failure.index)
