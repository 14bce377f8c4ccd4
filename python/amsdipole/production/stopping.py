"""A flag by which shards that are being worked on in this process end early, leaving nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Stopped", "ask_to_stop", "check_stopped", "stopping", "wait"]

_asked = threading.Event()


class Stopped(BaseException):
    """A shard ends because its process was asked to; no ordinary handler takes it for a fault."""


def ask_to_stop() -> None:
    """Let every shard of this process end at its next look at the flag."""
    _asked.set()


def check_stopped(*_: object) -> None:
    """Raise if the process was asked to stop; it takes what a report of progress takes."""
    if _asked.is_set():
        raise Stopped


def wait(time_s: float) -> None:
    """Wait, but no longer than until the process is asked to stop."""
    _ = _asked.wait(time_s)
    check_stopped()


@contextmanager
def stopping() -> Iterator[None]:
    """Ask to stop while a block that was left by an exception is cleared up, and no longer."""
    _asked.set()
    try:
        yield
    finally:
        _asked.clear()
