import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from arrow_stream import ForeignTable
from astropy.table import Table

from amsdipole.errors import DataError
from amsdipole.events import EVENT_COLUMNS, EventFiles, EventStream, write_events
from amsdipole.events._tables import read_ahead


def columns(n: int = 300, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    energy = rng.uniform(16.0, 500.0, n)
    values = [rng.uniform(1.4e9, 1.4e9 + 1e5, n), *direction.T, energy, energy, rng.normal(size=n), rng.normal(size=n)]
    return dict(zip(EVENT_COLUMNS, [*values, rng.uniform(0, 1, n)], strict=True))


def written(folder: Path, ending: str, values: dict[str, np.ndarray]) -> str:
    """The same table in each format."""
    path = folder / f"events.{ending}"
    if ending == "parquet":
        write_events(path, [values])
    elif ending == "csv":
        pyarrow.csv.write_csv(pa.table(values), path)
    elif ending == "fits":
        Table(values).write(path)
    else:
        uproot = pytest.importorskip("uproot")
        with uproot.recreate(path) as file:
            if ending == "tree.root":
                file.mktree("events", dict.fromkeys(values, np.float64)).extend(values)
            else:
                file.mkrntuple("events", values)
    return str(path)


FORMATS = ["parquet", "csv", "fits", "tree.root", "ntuple.root"]


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_gives_the_same_events(tmp_path, ending):
    files = EventFiles((written(tmp_path, ending, columns()),), batch_size=128, extra=("trd_lambda",))
    batches = list(files.batches())
    assert files.n_event == (0 if ending == "csv" else 300)
    for name in ("time_s", "energy_gev", "weight"):
        np.testing.assert_array_equal(np.concatenate([getattr(b, name) for b in batches]), columns()[name])
    np.testing.assert_array_equal(np.concatenate([b.extra["trd_lambda"] for b in batches]), columns()["trd_lambda"])


@pytest.mark.parametrize("ending", FORMATS)
def test_a_missing_column_is_refused_in_every_format(tmp_path, ending):
    values = columns()
    del values["energy_gev"]
    with pytest.raises(DataError, match=r"column 'energy_gev' is missing; the file has '"):
        EventFiles((written(tmp_path, ending, values),))


@pytest.mark.parametrize("ending", FORMATS)
def test_a_bad_value_is_refused_by_row_in_every_format(tmp_path, ending):
    values = columns()
    values["energy_gev"][217] = 0.0
    files = EventFiles((written(tmp_path, ending, values),), batch_size=100)
    with pytest.raises(DataError, match=r"energy_gev\[217\] = 0\.0: a finite energy above zero is wanted .*row 217\)"):
        list(files.batches())


@pytest.mark.parametrize("ending", ["parquet", "tree.root", "ntuple.root", "fits"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5])
def test_a_truncated_file_is_refused_in_every_format(tmp_path, ending, share):
    path = Path(written(tmp_path, ending, columns(20_000)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"events\."):
        list(EventFiles((str(path),)).batches())


def test_any_arrow_stream_is_counted_and_one_that_opens_once_too():
    table = pa.table(columns())
    for stream in (table, pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=70))):
        batches = list(EventStream(stream, batch_size=100).batches())
        np.testing.assert_array_equal(np.concatenate([b.time_s for b in batches]), columns()["time_s"])


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_table_that_no_arrow_library_made_is_counted(kind):
    values = {name: c if name == "time_s" else c.astype(kind) for name, c in columns().items()}
    batches = list(EventStream(ForeignTable(values, 70), batch_size=50, extra=("trd_lambda",)).batches(checked=False))
    assert max(len(b.time_s) for b in batches) == 50
    np.testing.assert_array_equal(np.concatenate([b.time_s for b in batches]), values["time_s"])
    np.testing.assert_array_equal(np.concatenate([b.axes[2] for b in batches]), values["direction_z"])
    np.testing.assert_array_equal(np.concatenate([b.extra["trd_lambda"] for b in batches]), values["trd_lambda"])


def test_units_of_a_stream_are_those_that_were_named():
    values = columns() | {"energy_gev": columns()["energy_gev"] * 1000.0}
    stream = EventStream(pa.table(values), factor={"energy_gev": 1e-3}, batch_size=100)
    found = np.concatenate([b.energy_gev for b in stream.batches()])
    np.testing.assert_allclose(found, columns()["energy_gev"], rtol=1e-15)  # two roundings


def test_a_value_of_a_stream_outside_its_limits_is_refused_by_row():
    values = columns()
    values["trd_lambda"] = np.clip(values["trd_lambda"], -1.0, 1.0)
    values["trd_lambda"][217] = 5.0
    stream = EventStream(pa.table(values), limits={"trd_lambda": (-2.0, 2.0)}, name="query")
    with pytest.raises(DataError, match=r"trd_lambda\[217\] = 5\.0 is outside \[-2\.0, 2\.0\] \(query, row 217\)"):
        list(stream.batches())


def test_a_stream_without_a_weight_that_was_named_is_refused():
    values = columns()
    del values["weight"]
    assert next(EventStream(pa.table(values)).batches()).weights[0] == 1.0
    with pytest.raises(DataError, match="stream: column 'purity' is missing"):
        EventStream(pa.table(values), {"weight": "purity"})


def test_an_object_that_does_not_speak_arrow_is_refused():
    with pytest.raises(DataError, match="stream: a list has no __arrow_c_stream__"):
        EventStream([1, 2])


def test_a_tree_is_named_where_a_file_has_several(tmp_path):
    uproot = pytest.importorskip("uproot")
    path = tmp_path / "two.root"
    with uproot.recreate(path) as file:
        for name in ("electrons", "positrons"):
            file.mktree(name, dict.fromkeys(columns(), np.float64)).extend(columns())
    with pytest.raises(DataError, match="one of the trees electrons, positrons is wanted"):
        EventFiles((str(path),))
    assert EventFiles((f"{path}:positrons",)).n_event == 300


def test_a_reader_that_nobody_waits_for_ends():
    def endless():
        while True:
            yield 1

    before = threading.active_count()
    items = read_ahead(endless())
    assert next(items) == 1
    items.close()
    for _ in range(50):
        if threading.active_count() <= before:
            break
        time.sleep(0.02)  # the thread looks every 0.1 s whether it is still wanted
    assert threading.active_count() <= before
