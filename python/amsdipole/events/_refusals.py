"""Which event of a batch the kernel refused."""

from collections.abc import Callable
from typing import NoReturn

from amsdipole.errors import AmsDipoleError, DataError, RangeError
from amsdipole.events.files import EventBatch

__all__ = ["refuse_batch"]


def refuse_batch(batch: EventBatch, error: DataError | RangeError, attempt: Callable[[EventBatch], object]) -> NoReturn:
    """Raise the refusal of a batch again, by file, row group, row and column.

    Parameters
    ----------
    batch : EventBatch
        What was refused.
    error : DataError or RangeError
        The refusal, which knows places in the batch alone.
    attempt : callable
        Repeats on some of the events what was refused.

    Raises
    ------
    DataError
        The first event at fault and its place; or the rows of the batch, where no single event is at fault.
    RangeError
        The same, where `error` is one.
    """
    batch.check()
    first, last = 0, len(batch.time_s)  # events before `first` are good; one before `last` is not
    while last - first > 1:
        middle = (first + last) // 2
        if _refusal(attempt, batch.part(slice(first, middle))) is None:
            first = middle
        else:
            last = middle
    alone = _refusal(attempt, batch.part(slice(first, last)))
    if alone is None:
        raise type(error)(f"{error} ({batch.source})") from None
    row = batch.first + first
    text = str(alone).replace("[0]", f"[{row}]", 1)
    raise type(error)(f"{text} ({batch.table.place(row)}, row {row})") from None


def _refusal(attempt: Callable[[EventBatch], object], part: EventBatch) -> AmsDipoleError | None:
    try:
        attempt(part)
    except (DataError, RangeError) as error:
        return error
    return None
