"""Tables of any format as streams of Arrow batches: Parquet, ROOT, FITS, CSV and whatever speaks Arrow's C stream."""

import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from amsdipole._parquet import open_parquet
from amsdipole.errors import DataError
from amsdipole.threads import threads

__all__ = ["Table", "arrow_table", "open_table", "read_ahead"]

_DEPTH = 2  # batches that are read ahead: one in the hand of the reader, one waiting
Item = TypeVar("Item")


@dataclass(frozen=True)
class Table:
    """A table that can be streamed once or more.

    Attributes
    ----------
    path : str
        What messages call it.
    names : tuple of str
        Its columns.
    n_row : int or None
        Number of rows; None where only reading tells.
    stream : callable
        Gives batches of some columns, each with the number of its first row.
    group_end : tuple of int
        Row after the last of each row group of a Parquet file.
    groups : callable, optional
        Gives batches of some columns of some row groups, which rise.
    """

    path: str
    names: tuple[str, ...]
    n_row: int | None
    stream: Callable[[Sequence[str], int], Iterator[tuple[pa.RecordBatch, int]]]
    group_end: tuple[int, ...] = ()
    groups: Callable[[Sequence[str], int, Sequence[int]], Iterator[tuple[pa.RecordBatch, int]]] | None = None

    def part(self, first: int, stop: int) -> "Table":
        """Give the rows from one on and before another; of a Parquet file only their row groups are read."""
        starts = (0, *self.group_end)

        def batches(names: Sequence[str], size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
            held = [g for g, end in enumerate(self.group_end) if end > first and starts[g] < stop]
            rows = self.stream(names, size) if self.groups is None else self.groups(names, size, held)
            for record, row in rows:
                low, high = max(first - row, 0), min(stop - row, record.num_rows)
                if low < high:
                    yield record.slice(low, high - low), row + low
                if row + record.num_rows >= stop:
                    return

        return replace(self, n_row=stop - first, stream=batches, groups=None)

    def place(self, row: int) -> str:
        """Name of the table and, where it has them, number of the row group of a row."""
        if not self.group_end:
            return self.path
        return f"{self.path}, row group {int(np.searchsorted(self.group_end, row, side='right'))}"

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse a table that lacks a column."""
        for name in names:
            if name not in self.names:
                present = ", ".join(map(repr, self.names))
                raise DataError(f"{self.path}: column {name!r} is missing; the file has {present}")


def open_table(path: str) -> Table:
    """Open a file by the ending of its name; ``file.root:tree`` names a tree.

    Parameters
    ----------
    path : str
        Parquet unless it ends with .root, .fits, .fit or .csv.

    Returns
    -------
    Table
        Columns and rows; nothing but the header or footer has been read.

    Raises
    ------
    DataError
        The file is missing, unreadable or truncated, or its reader is not installed.
    """
    file = path.rpartition(":")[0] if ".root:" in path else path
    if not Path(file).is_file():
        raise DataError(f"{path}: no such file")
    ending = Path(file).suffix.lower()
    opener = {".root": _root, ".fits": _fits, ".fit": _fits, ".csv": _csv}.get(ending, _parquet)
    return opener(path)


def arrow_table(stream: Any, *, name: str) -> Table:
    """Take any object with ``__arrow_c_stream__``: a pyarrow or polars table, a reader of another engine.

    Parameters
    ----------
    stream : object
        The object; one that can be streamed only once is used up by the first reading.
    name : str
        What messages call it.

    Returns
    -------
    Table
        Columns; the number of rows is known if the object tells it.

    Raises
    ------
    DataError
        The object does not speak Arrow.
    """
    if not hasattr(stream, "__arrow_c_stream__"):
        raise DataError(f"{name}: a {type(stream).__name__} has no __arrow_c_stream__")
    n_row = getattr(stream, "num_rows", None)
    reader = pa.RecordBatchReader.from_stream(stream)
    opened: list[pa.RecordBatchReader] = [reader]

    def batches(names: Sequence[str], size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        # The reader that told the schema is the first to be used: a stream may open only once.
        source = opened.pop() if opened else pa.RecordBatchReader.from_stream(stream)
        first = 0
        for record in source:
            for start in range(0, record.num_rows, size):
                yield record.select(list(names)).slice(start, size), first
                first += min(size, record.num_rows - start)

    return Table(name, tuple(reader.schema.names), n_row, batches)


def _parquet(path: str) -> Table:
    file = open_parquet(path)
    groups = range(file.metadata.num_row_groups)
    ends = tuple(int(n) for n in np.cumsum([file.metadata.row_group(i).num_rows for i in groups]))

    def batches(names: Sequence[str], size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        return in_groups(names, size, groups)

    def in_groups(names: Sequence[str], size: int, chosen: Sequence[int]) -> Iterator[tuple[pa.RecordBatch, int]]:
        again = open_parquet(path)
        first = (0, *ends)[chosen[0]] if len(chosen) else 0
        try:
            # The thread that reads ahead decodes; others help it where kernels are given more than one besides.
            for record in again.iter_batches(
                batch_size=size, columns=list(names), row_groups=list(chosen), use_threads=threads() > 2
            ):
                yield record, first
                first += record.num_rows
        except (OSError, pa.ArrowException) as error:
            group = _unreadable_group(path, names, int(np.searchsorted(ends, first, side="right")))
            first_row = max(first, (0, *ends)[group])
            raise DataError(
                f"{path}, row group {group}, after row {first_row}: cannot be read ({_line(error)})"
            ) from error

    return Table(path, tuple(file.schema_arrow.names), file.metadata.num_rows, batches, ends, in_groups)


def _unreadable_group(path: str, names: Sequence[str], first: int) -> int:
    """Find the first row group that cannot be read: a batch may reach over several."""
    again = open_parquet(path)
    for group in range(first, again.metadata.num_row_groups):
        try:
            again.read_row_group(group, columns=list(names))
        except (OSError, pa.ArrowException):
            return group
    return first


def _csv(path: str) -> Table:
    def opened() -> pa.csv.CSVStreamingReader:
        try:
            options = pa.csv.ReadOptions(block_size=1 << 24, use_threads=threads() > 1)
            return pa.csv.open_csv(path, read_options=options)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: no readable CSV file ({_line(error)})") from error

    def batches(names: Sequence[str], size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        first = 0
        try:
            for record in opened():
                for start in range(0, record.num_rows, size):
                    yield record.select(list(names)).slice(start, size), first
                    first += min(size, record.num_rows - start)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}, after row {first}: cannot be read ({_line(error)})") from error

    return Table(path, tuple(opened().schema.names), None, batches)


def _fits(path: str) -> Table:
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyUserWarning

    def table() -> Any:
        try:
            # A file that is too short is only warned of.
            with warnings.catch_warnings(action="error", category=AstropyUserWarning), fits.open(path) as units:
                found = next((unit for unit in units if isinstance(unit, fits.BinTableHDU)), None)
                if found is None:
                    raise DataError(f"{path}: no binary table is in the FITS file")
                return found.data
        except (OSError, TypeError, ValueError, AstropyUserWarning) as error:
            raise DataError(f"{path}: no readable FITS table ({_line(error)})") from error

    data = table()

    def batches(names: Sequence[str], size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        for start in range(0, len(data), size):
            columns = [_native(data[name][start : start + size]) for name in names]
            yield pa.RecordBatch.from_arrays([pa.array(c) for c in columns], names=list(names)), start

    return Table(path, tuple(data.names), len(data), batches)


def _root(path: str) -> Table:
    try:
        import uproot
    except ImportError as error:
        raise DataError(f"{path}: reading ROOT files needs uproot: pip install 'amsdipole[root]'") from error
    file, _, key = path.rpartition(":") if ".root:" in path else (path, "", "")
    # Whatever a damaged file makes of uproot's decoders is one refusal.
    try:
        content = uproot.open(file)
        trees = [k for k, kind in content.classnames(cycle=False).items() if kind in ("TTree", "ROOT::RNTuple")]
        chosen = key or (trees[0] if len(trees) == 1 else "")
        if chosen not in trees:
            raise DataError(f"{path}: one of the trees {', '.join(trees) or '(none)'} is wanted, as file.root:tree")
        tree = content[chosen]
        names, n_row = tuple(tree.keys()), int(tree.num_entries)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path}: no readable ROOT file ({_line(error)})") from error

    def batches(wanted: Sequence[str], size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        for start in range(0, n_row, size):
            try:
                # By filter, not by expression: names of columns are never evaluated.
                part = tree.arrays(
                    filter_name=list(wanted), entry_start=start, entry_stop=min(n_row, start + size), library="np"
                )
            except Exception as error:
                raise DataError(f"{path}, after row {start}: cannot be read ({_line(error)})") from error
            columns = [pa.array(_native(np.asarray(part[name]))) for name in wanted]
            yield pa.RecordBatch.from_arrays(columns, names=list(wanted)), start

    return Table(path, names, n_row, batches)


def _native(values: NDArray[Any]) -> NDArray[Any]:
    """In the byte order of the machine."""
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Let a thread draw from an iterator while the caller works on what it drew before.

    Parameters
    ----------
    items : iterator
        What to draw from; its errors come out where its items would.

    Returns
    -------
    iterator
        The same items in the same order; at most two wait.

    Notes
    -----
    The thread ends when the items do, or when the caller stops asking: an interrupt is not held up by a read.
    """
    waiting: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=_DEPTH)
    stopped = threading.Event()

    def put(kind: str, value: Any) -> bool:
        while not stopped.is_set():
            try:
                waiting.put((kind, value), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def draw() -> None:
        try:
            for item in items:
                if not put("item", item):
                    return
            put("end", None)
        except BaseException as error:
            put("error", error)

    threading.Thread(target=draw, name="amsdipole-reader", daemon=True).start()
    try:
        while True:
            kind, value = waiting.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stopped.set()


def _line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def real_path(path: str) -> str:
    """Give what two names of one table have in common."""
    file, colon, tree = path.rpartition(":") if ".root:" in path else (path, "", "")
    return os.path.realpath(file) + colon + tree
