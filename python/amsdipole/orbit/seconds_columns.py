"""Tables of seconds by named columns, in Parquet, CSV or FITS."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from amsdipole._parquet import float_column, open_parquet, read_columns
from amsdipole.errors import DataError

__all__ = ["ColumnFile", "column_names", "fits_table", "open_columns"]


class ColumnFile(Protocol):
    """A file of named columns, in one or more groups of rows."""

    @property
    def n_group(self) -> int:
        """Number of groups."""

    def where(self, group: int) -> str:
        """Name a group in messages."""

    def columns(self, group: int, names: Sequence[str]) -> list[NDArray[np.float64]]:
        """Read columns of one group as float64."""


def open_columns(path: str, columns: Mapping[str, str]) -> ColumnFile:
    """Open a table by its suffix: ``.csv``, ``.fits`` (also ``.fit``, ``.fits.gz``), else Parquet."""
    name = path.lower()
    if name.endswith(".csv"):
        return _CsvFile(path, columns)
    if name.endswith((".fits", ".fit", ".fits.gz")):
        return _FitsFile(path, columns)
    return _ParquetColumns(path, columns)


def column_names(path: str) -> tuple[str, ...]:
    """Give the columns that a file has."""
    name = path.lower()
    if name.endswith(".csv"):
        return tuple(_csv(path).column_names)
    if name.endswith((".fits", ".fit", ".fits.gz")):
        return tuple(fits_table(path, None)[0])
    return tuple(open_parquet(path).schema_arrow.names)


@dataclass(frozen=True)
class _ParquetColumns:
    path: str
    names: Mapping[str, str]

    @property
    def n_group(self) -> int:
        return int(open_parquet(self.path).metadata.num_row_groups)

    def where(self, group: int) -> str:
        return f"{self.path}, row group {group}"

    def columns(self, group: int, names: Sequence[str]) -> list[NDArray[np.float64]]:
        return read_columns(open_parquet(self.path), self.path, group, names, self.names)


@dataclass(frozen=True)
class _WholeFile:
    """A file that is read in one piece."""

    path: str
    names: Mapping[str, str]

    @property
    def n_group(self) -> int:
        return 1

    def where(self, group: int) -> str:
        return self.path


class _CsvFile(_WholeFile):
    def columns(self, group: int, names: Sequence[str]) -> list[NDArray[np.float64]]:
        table = _csv(self.path)
        theirs = [self.names.get(name, name) for name in names]
        for name in theirs:
            if name not in table.column_names:
                present = ", ".join(map(repr, table.column_names))
                raise DataError(f"{self.path}: column {name!r} is missing; the file has {present}")
        return [float_column(table.column(name), name, self.path, 0) for name in theirs]


def _csv(path: str) -> pa.Table:
    from pyarrow import csv

    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    try:
        return csv.read_csv(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: no readable CSV file ({str(error).splitlines()[0]})") from error


class _FitsFile(_WholeFile):
    def columns(self, group: int, names: Sequence[str]) -> list[NDArray[np.float64]]:
        theirs = [self.names.get(name, name) for name in names]
        found = fits_table(self.path, theirs)[1]
        for name in theirs:
            if found[name].ndim != 1:
                raise DataError(f"{self.path}: column {name!r} has {found[name].shape[1:]} values a row; one is wanted")
        return [found[name] for name in theirs]


def fits_table(
    path: str, names: Sequence[str] | None, *, extension: str | None = None
) -> tuple[list[str], dict[str, NDArray[np.float64]], dict[str, object]]:
    """Read a FITS table: names of its columns, those that are asked for as float64, and its header.

    The table is the extension of the name given, else the first that is a table. Columns are found whatever the case of
    their letters, as FITS asks; a null is refused.
    """
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", AstropyWarning)  # a truncated file is only warned of
            with fits.open(path, memmap=False) as file:
                tables = [hdu for hdu in file if isinstance(hdu, fits.BinTableHDU)]
                if extension is not None:
                    tables = [hdu for hdu in tables if hdu.name == extension]
                if not tables:
                    raise DataError(f"{path}: no table" + (f" {extension!r}" if extension else ""))
                hdu = tables[0]
                present = list(hdu.columns.names)
                by_upper = {name.upper(): name for name in present}
                found = {}
                for name in names or ():
                    if name.upper() not in by_upper:
                        raise DataError(
                            f"{path}: column {name!r} is missing; the file has {', '.join(map(repr, present))}"
                        )
                    column = hdu.columns[by_upper[name.upper()]]
                    values = np.asarray(hdu.data[column.name])
                    if values.dtype.kind not in "fiu":
                        raise DataError(f"{path}: column {name!r} has format {column.format}; numbers are wanted")
                    if column.null is not None and (values == column.null).any():
                        row = int(np.argmax(values == column.null))
                        raise DataError(f"{path}, row {row}: column {name!r} is null; every value must be given")
                    found[name] = np.ascontiguousarray(values, dtype=np.float64)
                return present, found, dict(hdu.header)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AstropyWarning) as error:
        if isinstance(error, DataError):
            raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: no readable FITS table ({first})") from error
