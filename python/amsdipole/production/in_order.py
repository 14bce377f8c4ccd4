"""Work of threads that run a few items ahead, in the order of the items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from amsdipole.threads import threads

__all__ = ["in_order"]

Item = TypeVar("Item")
Made = TypeVar("Made")


def in_order(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Make something of each item by as many threads as kernels have; reading and hashing let go of the interpreter.

    Parameters
    ----------
    make : callable
        Makes it; its errors come out in their turn.
    items : iterable
        What it is made of.

    Yields
    ------
    object
        What was made of each item, in order; no more are held than there are threads, and one.
    """
    n_thread = threads()
    if n_thread == 1:
        yield from map(make, items)
        return
    pool, waiting = ThreadPoolExecutor(n_thread), deque[Future[Made]]()
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > n_thread:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
