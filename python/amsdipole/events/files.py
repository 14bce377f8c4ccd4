"""Event tables in files, streamed in batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from amsdipole._arrays import whole_number
from amsdipole._parquet import number_column
from amsdipole.errors import DataError
from amsdipole.events._tables import Table, arrow_table, open_table, read_ahead, real_path

__all__ = ["EVENT_COLUMNS", "REQUIRED_COLUMNS", "EventBatch", "EventFiles", "EventStream"]

Column = NDArray[np.float64] | NDArray[np.float32]
REQUIRED_COLUMNS = ("time_s", "direction_x", "direction_y", "direction_z", "energy_gev")
EVENT_COLUMNS = (*REQUIRED_COLUMNS, "rigidity_gv", "trd_lambda", "ecal_estimator", "weight")
_FIXED = (*REQUIRED_COLUMNS, "weight")
_UNIT_TOLERANCE = 1e-6  # directions stored in single precision miss by 2e-7 in the squared norm


@dataclass(frozen=True)
class EventBatch:
    """Some events as columns; float32 only where the table has that and the values are still to be checked.

    Attributes
    ----------
    time_s : numpy.ndarray of float64, shape (n,)
        Unix time [s].
    axes : tuple of numpy.ndarray of float64 or float32, shape (n,)
        Components of the unit vector in the detector to where the particle came from, +z the zenith side.
    energy_gev : numpy.ndarray of float64 or float32, shape (n,)
        Energy [GeV].
    weight : numpy.ndarray of float64 or float32, shape (n,), or None
        Weight: the purity; None where the table has none, which means 1.
    extra : Mapping of str to numpy.ndarray of float64 or float32, shape (n,)
        Further columns that were asked for; finite.
    table : Table
        Where the events come from.
    first : int
        Number of the first event in the table.
    names : tuple of str
        What the table calls the time, the direction, the energy, the weight and the further columns.
    """

    time_s: NDArray[np.float64]
    axes: tuple[Column, Column, Column]
    energy_gev: Column
    weight: Column | None
    extra: Mapping[str, Column]
    table: Table
    first: int
    names: tuple[str, ...]

    @cached_property
    def direction(self) -> NDArray[np.float64]:
        """Directions as vectors, shape (n, 3)."""
        return np.column_stack(self.axes).astype(np.float64, copy=False)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each event, 1 where the table has none."""
        return np.ones(len(self.time_s)) if self.weight is None else _double(self.weight)

    def doubles(self) -> "EventBatch":
        """Give the same in float64, with a weight for each event."""
        x, y, z = (_double(axis) for axis in self.axes)
        more = {name: _double(values) for name, values in self.extra.items()}
        return replace(self, axes=(x, y, z), energy_gev=_double(self.energy_gev), weight=self.weights, extra=more)

    @property
    def source(self) -> str:
        """File and rows, for messages."""
        return f"{self.table.path}, rows {self.first} to {self.first + len(self.time_s) - 1}"

    def part(self, which: slice) -> "EventBatch":
        """Give the events from one to another."""
        start, stop, _ = which.indices(len(self.time_s))
        rows = slice(start, stop)
        x, y, z = (axis[rows] for axis in self.axes)
        return replace(
            self,
            time_s=self.time_s[rows],
            axes=(x, y, z),
            energy_gev=self.energy_gev[rows],
            weight=None if self.weight is None else self.weight[rows],
            extra={name: values[rows] for name, values in self.extra.items()},
            first=self.first + start,
        )

    def check_limits(self, limits: Mapping[str, tuple[float, float]]) -> None:
        """Refuse the first value of a column that lies outside its interval."""
        fixed: dict[str, Column] = {"time_s": self.time_s, "energy_gev": self.energy_gev, "weight": self.weights}
        fixed |= {f"direction_{axis}": values for axis, values in zip("xyz", self.axes, strict=True)}
        for name, (low, high) in limits.items():
            values = self.extra[name] if name in self.extra else fixed[name]
            # NaN compares with nothing: it fails here too.
            if len(values) and not (float(values.min()) >= low and float(values.max()) <= high):
                exact = _double(values)
                i = int(np.argmin((exact >= low) & (exact <= high)))
                place = f"{self.table.place(self.first + i)}, row {self.first + i}"
                raise DataError(f"{name}[{self.first + i}] = {float(values[i])} is outside [{low}, {high}] ({place})")

    def check(self) -> "EventBatch":
        """Return the batch, or refuse the first value that is out of range by file, row and column."""
        whole = self.doubles()
        norm2 = np.einsum("ij,ij->i", whole.direction, whole.direction)
        energy = whole.energy_gev
        rules = [
            (whole.time_s, np.isfinite(whole.time_s), "a finite time"),
            (whole.direction, np.abs(norm2 - 1.0) <= _UNIT_TOLERANCE, "a unit vector"),
            (energy, (energy > 0) & np.isfinite(energy), "a finite energy above zero"),
            (whole.weights, np.abs(whole.weights) <= 512.0, "a weight in [-512, 512]"),
            *((values, np.isfinite(values), "a finite value") for values in whole.extra.values()),
        ]
        for name, (values, good, wanted) in zip(self.names, rules, strict=True):
            if not good.all():
                i = int(np.argmin(good))
                place = f"{self.table.place(self.first + i)}, row {self.first + i}"
                raise DataError(f"{name}[{self.first + i}] = {values[i].tolist()}: {wanted} is wanted ({place})")
        return whole


@dataclass(frozen=True)
class EventFiles:
    """Events of one or more files, in any order: Parquet, or by their endings ROOT, FITS, CSV.

    Attributes
    ----------
    paths : tuple of str
        The files.
    columns : Mapping of str to str
        The file's name of each of `EVENT_COLUMNS` that it calls otherwise.
    batch_size : int
        Events that are held at a time.
    extra : tuple of str
        Further columns that are wanted: `EVENT_COLUMNS`, or others by name.
    factor : Mapping of str to float
        What a column of the file is multiplied by, where its unit differs.
    limits : Mapping of str to tuple of float
        Interval that every value of a column must lie in.
    rows : tuple of (int, int), optional
        Of a single file, only the rows from the first on and before the second.
    ahead : bool
        Whether a thread of its own reads and decodes the next batch while one is worked on.

    Raises
    ------
    DataError
        No file is named, or one is missing, unreadable, truncated, named twice, or lacks a column.
    """

    paths: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    batch_size: int = 250_000
    extra: tuple[str, ...] = ()
    factor: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rows: tuple[int, int] | None = None
    ahead: bool = True
    _n_event: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the footers."""
        whole_number("batch_size", self.batch_size, low=1, high=100_000_000)
        if not self.paths:
            raise DataError("no event file is named")
        if self.rows is not None and len(self.paths) != 1:
            raise DataError(f"rows = {self.rows} of {len(self.paths)} files; one file is wanted")
        seen: set[str] = set()
        n_event = 0
        for path in self.paths:
            real = real_path(path)
            if real in seen:
                raise DataError(f"{path}: the file is named twice; its events would count twice")
            seen.add(real)
            table = open_table(path)
            table.check_columns(_needed(self.columns, self.extra, self.limits))
            if self.rows is not None and not 0 <= self.rows[0] < self.rows[1] <= (table.n_row or 0):
                raise DataError(f"{path}: rows = {self.rows} are not among its {table.n_row or 0} rows")
            n_event += (table.n_row or 0) if self.rows is None else self.rows[1] - self.rows[0]
        object.__setattr__(self, "_n_event", n_event)

    @property
    def n_event(self) -> int:
        """Number of events in all files, but for CSV, where only reading tells."""
        return self._n_event

    def batches(self, *, checked: bool = True) -> Iterator[EventBatch]:
        """Give all events once, file by file; every value is checked, unless the caller does that at once."""
        for path in self.paths:
            table = open_table(path) if self.rows is None else open_table(path).part(*self.rows)
            yield from batches_of(
                table,
                self.columns,
                self.batch_size,
                self.extra,
                factor=self.factor,
                limits=self.limits,
                checked=checked,
                ahead=self.ahead,
            )


@dataclass(frozen=True)
class EventStream:
    """Events of any object with ``__arrow_c_stream__``: a table in memory, a query of another engine.

    Attributes
    ----------
    stream : object
        The object; one that opens only once can be counted only once.
    columns, batch_size, extra, factor, limits
        As in `EventFiles`.
    name : str
        What messages call it.

    Raises
    ------
    DataError
        The object does not speak Arrow, or lacks a column.
    """

    stream: object
    columns: Mapping[str, str] = field(default_factory=dict)
    batch_size: int = 250_000
    extra: tuple[str, ...] = ()
    factor: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    name: str = "stream"
    _table: Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the schema."""
        whole_number("batch_size", self.batch_size, low=1, high=100_000_000)
        table = arrow_table(self.stream, name=self.name)
        table.check_columns(_needed(self.columns, self.extra, self.limits))
        object.__setattr__(self, "_table", table)

    @property
    def n_event(self) -> int:
        """Number of events where the object tells it, else 0."""
        return self._table.n_row or 0

    def batches(self, *, checked: bool = True) -> Iterator[EventBatch]:
        """Give all events; every value is checked, unless the caller does that."""
        return batches_of(
            self._table, self.columns, self.batch_size, self.extra, factor=self.factor, limits=self.limits,
            checked=checked,
        )  # fmt: skip


def _further(extra: tuple[str, ...], limits: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """Give the columns that are wanted besides the fixed ones, each once."""
    return tuple(dict.fromkeys((*extra, *(c for c in limits if c not in _FIXED))))


def _needed(columns: Mapping[str, str], extra: tuple[str, ...], limits: Mapping[str, tuple[float, float]]) -> list[str]:
    """Give the table's names of the columns that it must have."""
    # A weight that the caller named must be there; without the name its absence means weight 1.
    named = [name for name in ("weight",) if name in columns]
    return [columns.get(name, name) for name in (*REQUIRED_COLUMNS, *_further(extra, limits), *named)]


def batches_of(
    table: Table,
    columns: Mapping[str, str],
    batch_size: int,
    extra: tuple[str, ...] = (),
    *,
    factor: Mapping[str, float] | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
    checked: bool = True,
    ahead: bool = True,
) -> Iterator[EventBatch]:
    """Give the events of a table, by wish read ahead by a thread, after a look at the limits of their columns."""
    scale = {columns.get(name, name): value for name, value in (factor or {}).items()}
    names = [columns.get(name, name) for name in REQUIRED_COLUMNS]
    weight = columns.get("weight", "weight") if columns.get("weight", "weight") in table.names else None
    theirs = {name: columns.get(name, name) for name in _further(extra, limits or {})}
    wanted = dict.fromkeys([*names, *([] if weight is None else [weight]), *theirs.values()])
    records = table.stream(list(wanted), batch_size)
    for record, first in read_ahead(records) if ahead else records:
        batch = _batch(record, names, weight, table, first, theirs, scale)
        batch = batch.check() if checked else batch
        batch.check_limits(limits or {})
        yield batch


def _batch(
    record: pa.RecordBatch,
    names: list[str],
    weight: str | None,
    table: Table,
    first: int,
    extra: Mapping[str, str],
    scale: Mapping[str, float],
) -> EventBatch:
    """Take the columns of a record as they are, where they are floats."""

    def read(name: str) -> Column:
        column, row = record.column(name), first
        if column.null_count:  # a batch may reach over several row groups
            row += int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        values = number_column(column, name, table.place(row), first)
        return np.multiply(values, scale[name], dtype=np.float64) if name in scale else values

    time_s, x, y, z, energy = (read(name) for name in names)
    more = {name: read(theirs) for name, theirs in extra.items()}
    shown = (names[0], "/".join(names[1:4]), names[4], weight or "weight", *extra.values())
    weights = None if weight is None else read(weight)
    return EventBatch(_double(time_s), (x, y, z), energy, weights, more, table, first, shown)


def _double(values: Column) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
