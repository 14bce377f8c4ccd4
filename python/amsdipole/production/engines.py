"""Where shards are worked on: threads, processes, a cluster of dask, ranks of MPI; all behind one interface."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from amsdipole.errors import ConfigError, DataError
from amsdipole.production.stopping import ask_to_stop, stopping

__all__ = ["Engine", "EngineName", "dask_cluster", "mpi_ranks", "open_engine", "process_pool", "thread_pool"]

EngineName = Literal["threads", "processes", "dask", "mpi"]


@dataclass(frozen=True)
class Engine:
    """What shards are worked on by.

    Attributes
    ----------
    start : callable
        Gives an executor; a new one after the workers of an earlier one died.
    n_worker : int
        Shards that are worked on at a time, where a death takes all of them along; 1 where it does not.
    """

    start: Callable[[], AbstractContextManager[Executor]]
    n_worker: int = 1


@contextmanager
def open_engine(name: EngineName, *, workers: int = 1, scheduler: str | None = None) -> Iterator[Engine | None]:
    """Give what starts an engine.

    Parameters
    ----------
    name : {"threads", "processes", "dask", "mpi"}
        The engine.
    workers : int
        Shards that are worked on at a time; a cluster of dask that is there already and MPI have theirs.
    scheduler : str, optional
        Address of a scheduler of dask; without it a cluster is made on this machine.

    Yields
    ------
    Engine or None
        What `amsdipole.production.run_shards` takes; None in a rank of MPI that served another and is through.

    Raises
    ------
    ConfigError
        The package of the engine is not installed.
    DataError
        There is no scheduler at the address.
    """
    if name == "mpi":
        with mpi_ranks() as executor:
            yield None if executor is None else Engine(partial(_kept, executor))
    elif name == "dask":
        with dask_cluster(workers, scheduler) as executor:
            yield Engine(partial(_kept, executor))
    else:
        pool = thread_pool if name == "threads" else process_pool
        yield Engine(partial(pool, workers), workers)


@contextmanager
def _kept(executor: Executor) -> Iterator[Executor]:
    """Give an executor that outlives its use."""
    yield executor


@contextmanager
def thread_pool(workers: int) -> Iterator[Executor]:
    """Start threads; when the block is left by an exception, shards end at their next block of rows."""
    executor = ThreadPoolExecutor(workers)
    try:
        yield executor
    except BaseException:
        with stopping():
            executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()


@contextmanager
def process_pool(workers: int) -> Iterator[Executor]:
    """Start processes, spawned, so that nothing of this one is in them; an exception ends them, unwound."""
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_process)
    try:
        yield executor
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()


def _begin_process() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _ = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which decides
    _ = signal.signal(signal.SIGTERM, _end_process)


def _end_with_parent() -> None:
    """Leave no process behind where the parent was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(143)


def _end_process(_signal: int, _frame: object) -> None:
    """Unwind the shard, so that its temporary file goes; those that are queued here see the flag."""
    ask_to_stop()
    raise SystemExit(143)  # where no shard is worked on it ends the process without a word


@contextmanager
def dask_cluster(workers: int, scheduler: str | None) -> Iterator[Executor]:
    """Reach a cluster of dask, or make one on this machine."""
    try:
        import distributed
    except ImportError as error:
        raise ConfigError("the engine 'dask' needs dask.distributed: pip install 'amsdipole[dask]'") from error
    dask: Any = distributed
    made: AbstractContextManager[Any]
    if scheduler is None:
        # One shard a process: it has threads of its own.
        made = dask.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)
    else:
        made = nullcontext(scheduler)
    with made as address:
        try:
            client = dask.Client(address, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"scheduler = {scheduler!r}: no cluster of dask can be reached ({error})") from error
        # The same shard again is work to be done again, not a result that is remembered.
        with client, client.get_executor(pure=False) as executor:
            yield executor


@contextmanager
def mpi_ranks() -> Iterator[Executor | None]:
    """Give the first rank an executor of all others; these serve until it is through, and then get None."""
    try:
        from mpi4py import MPI, futures
    except (ImportError, RuntimeError) as error:  # RuntimeError: there is no MPI library
        raise ConfigError(
            f"the engine 'mpi' needs mpi4py and an MPI library: pip install 'amsdipole[mpi]' ({error})"
        ) from error
    ranks: Any = futures
    with ranks.MPICommExecutor(MPI.COMM_WORLD, root=0) as executor:
        yield executor
