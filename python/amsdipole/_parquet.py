"""Columns of Parquet files, refused with file, row group, row and column where they are not what they should be."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from amsdipole.errors import DataError

__all__ = ["check_columns", "float_column", "number_column", "open_parquet", "read_columns"]


def open_parquet(path: str) -> pq.ParquetFile:
    """Open a Parquet file, or refuse one that is missing, unreadable or truncated."""
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: no readable Parquet file ({_first_line(error)})") from error


def read_columns(
    file: pq.ParquetFile, path: str, group: int, names: Sequence[str], columns: Mapping[str, str]
) -> list[NDArray[np.float64]]:
    """Read columns of one row group as float64; `columns` gives the file's name of a column where it differs."""
    theirs = [columns.get(name, name) for name in names]
    check_columns(file, path, theirs)
    try:
        table = file.read_row_group(group, columns=theirs)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}, row group {group}: cannot be read ({_first_line(error)})") from error
    where = f"{path}, row group {group}"
    return [float_column(table.column(name), name, where, 0) for name in theirs]


def check_columns(file: pq.ParquetFile, path: str, names: Sequence[str]) -> None:
    """Refuse a file that lacks a column."""
    present = file.schema_arrow.names
    for name in names:
        if name not in present:
            raise DataError(f"{path}: column {name!r} is missing; the file has {', '.join(map(repr, present))}")


def float_column(column: "pa.ChunkedArray | pa.Array", name: str, where: str, first: int) -> NDArray[np.float64]:
    """Convert a column to float64; `first` is the number of its first row, for messages."""
    return np.asarray(number_column(column, name, where, first), dtype=np.float64)


def number_column(column: "pa.ChunkedArray | pa.Array", name: str, where: str, first: int) -> NDArray[np.floating[Any]]:
    """Give a column as it is where it is float32 or float64, and convert it to float64 otherwise."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise DataError(f"{where}: column {name!r} has type {column.type}; numbers are wanted")
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise DataError(f"{where}, row {first + row}: column {name!r} is null; every value must be given")
    values = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
    single = values.dtype == np.float32
    return np.ascontiguousarray(values, dtype=np.float32 if single else np.float64)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
