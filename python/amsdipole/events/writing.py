"""Event tables written to Parquet files, batch by batch."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from amsdipole._files import replacing
from amsdipole.errors import DataError

__all__ = ["write_events"]


def write_events(
    path: str | os.PathLike[str], batches: Iterable[Mapping[str, NDArray[np.floating[Any]]]], *, overwrite: bool = False
) -> int:
    """Write events to a Parquet file, a row group a batch.

    Parameters
    ----------
    path : path-like
        File to make.
    batches : iterable of mapping of str to numpy.ndarray of float64 or float32
        Columns of each batch; the same names and types in all, `EVENT_COLUMNS` or others.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    int
        Number of events written.

    Raises
    ------
    DataError
        There is no batch, the file exists and `overwrite` is false, or it cannot be written.

    Notes
    -----
    zstd with byte-stream split. Times need float64; the rest may be float32, which reads faster.
    The file appears whole or not at all.
    """
    stream = iter(batches)
    head = next(stream, None)
    if head is None:
        raise DataError(f"{os.fspath(path)}: there are no events to write")
    # That no value is missing is in the schema: readers need not look for it.
    schema = pa.schema([pa.field(n, pa.from_numpy_dtype(c.dtype), nullable=False) for n, c in head.items()])
    n_event = 0
    with replacing(Path(path), overwrite=overwrite) as temporary:
        options = {"compression": "zstd", "use_dictionary": False, "use_byte_stream_split": True}
        with pq.ParquetWriter(temporary, schema, **options) as writer:
            for batch in _chained(head, stream):
                table = pa.table([pa.array(batch[name]) for name in schema.names], schema=schema)
                writer.write_table(table)
                n_event += table.num_rows
    return n_event


def _chained(
    head: Mapping[str, NDArray[np.floating[Any]]], rest: Iterator[Mapping[str, NDArray[np.floating[Any]]]]
) -> Iterator[Mapping[str, NDArray[np.floating[Any]]]]:
    yield head
    yield from rest
