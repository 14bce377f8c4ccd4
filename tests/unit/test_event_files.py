import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from amsdipole.errors import DataError, RangeError
from amsdipole.events import EVENT_COLUMNS, EventFiles, write_events


def columns(n: int = 300, seed: int = 1) -> dict[str, np.ndarray]:
    """Events with all columns."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    energy = rng.uniform(16.0, 500.0, n)
    values = [rng.uniform(1.4e9, 1.4e9 + 1e5, n), *direction.T, energy, energy, rng.normal(size=n), rng.normal(size=n)]
    return dict(zip(EVENT_COLUMNS, [*values, rng.uniform(0, 1, n)], strict=True))


def parquet(path: Path, values: dict[str, object], **options: object) -> str:
    pq.write_table(pa.table(values), path, **options)
    return str(path)


def spoiled(name: str, row: int, value: float) -> dict[str, np.ndarray]:
    values = columns()
    values[name] = np.where(np.arange(300) == row, value, values[name])
    return values


def read(*paths: str, **choices: object) -> dict[str, np.ndarray]:
    batches = list(EventFiles(tuple(paths), **choices).batches())  # type: ignore[arg-type]
    names = ("time_s", "direction", "energy_gev", "weight")
    return {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}


def assert_same_events(found: dict[str, np.ndarray], values: dict[str, np.ndarray]) -> None:
    for name in ("time_s", "energy_gev", "weight"):
        np.testing.assert_array_equal(found[name], values[name], err_msg=name)
    wanted = np.column_stack([values[f"direction_{axis}"] for axis in "xyz"])
    np.testing.assert_array_equal(found["direction"], wanted)


def test_events_come_back_as_they_were_written(tmp_path):
    path = str(tmp_path / "e.parquet")
    assert write_events(path, [columns()]) == 300
    assert_same_events(read(path), columns())


def test_without_reading_ahead_one_thread_does_all(tmp_path):
    path = str(tmp_path / "e.parquet")
    write_events(path, [columns()])
    for ahead in (True, False):
        names = set()
        for _ in EventFiles((path,), batch_size=10, ahead=ahead).batches():
            names |= {thread.name for thread in threading.enumerate()}
        assert ("amsdipole-reader" in names) == ahead
    assert_same_events(read(path, batch_size=10, ahead=False), columns())


@pytest.mark.parametrize("batch_size", [1, 7, 100, 299, 300, 10_000])
def test_batches_of_any_size_give_the_same_events(tmp_path, batch_size):
    path = str(tmp_path / "e.parquet")
    write_events(path, [columns()])
    files = EventFiles((path,), batch_size=batch_size)
    assert max(len(batch.time_s) for batch in files.batches()) <= batch_size
    assert_same_events(read(path, batch_size=batch_size), columns())


def test_the_number_of_events_is_that_of_all_files(tmp_path):
    for seed in (1, 2):
        write_events(tmp_path / f"{seed}.parquet", [columns(100 * seed, seed)])
    assert EventFiles((str(tmp_path / "1.parquet"), str(tmp_path / "2.parquet"))).n_event == 300


def test_a_table_without_weights_has_the_weight_one(tmp_path):
    values = columns()
    del values["weight"]
    assert np.all(read(parquet(tmp_path / "e.parquet", values))["weight"] == 1.0)


def test_columns_may_have_other_names(tmp_path):
    values = columns()
    values["e"], values["purity"] = values.pop("energy_gev"), values.pop("weight")
    found = read(parquet(tmp_path / "e.parquet", values), columns={"energy_gev": "e", "weight": "purity"})
    assert_same_events(found, columns())


def test_single_precision_directions_are_taken(tmp_path):
    values: dict[str, object] = dict(columns())
    for axis in "xyz":
        values[f"direction_{axis}"] = np.asarray(values[f"direction_{axis}"], dtype=np.float32)
    assert len(read(parquet(tmp_path / "e.parquet", values))["time_s"]) == 300


def test_more_columns_than_are_needed_are_left_unread(tmp_path):
    values: dict[str, object] = {**columns(), "remark": ["good"] * 300}
    assert_same_events(read(parquet(tmp_path / "e.parquet", values)), columns())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["time_s", "direction_y", "energy_gev", "weight"])
def test_a_value_that_is_not_finite_is_refused_by_column_row_and_file(tmp_path, name, bad):
    shown = "direction_x/direction_y/direction_z" if name == "direction_y" else name
    wanted = rf"^{shown}\[217\] = .*(nan|inf).* is wanted \(.*e\.parquet, row group 0, row 217\)$"
    with pytest.raises(DataError, match=wanted):
        read(parquet(tmp_path / "e.parquet", spoiled(name, 217, bad)), batch_size=100)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("energy_gev", 0.0, "a finite energy above zero"),
        ("energy_gev", -16.0, "a finite energy above zero"),
        ("weight", 512.5, r"a weight in \[-512, 512\]"),
        ("direction_x", 5.0, "a unit vector"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_is_wanted(tmp_path, name, value, wanted):
    with pytest.raises(DataError, match=rf"\[3\] = .*{wanted} is wanted \(.*e\.parquet, row group 0, row 3\)"):
        read(parquet(tmp_path / "e.parquet", spoiled(name, 3, value)))


def test_the_last_row_is_checked(tmp_path):
    with pytest.raises(DataError, match=r"time_s\[299\] = nan"):
        read(parquet(tmp_path / "e.parquet", spoiled("time_s", 299, np.nan)), batch_size=64)


@pytest.mark.parametrize("name", ["time_s", "direction_z", "energy_gev"])
def test_a_missing_column_is_refused_when_the_file_is_named(tmp_path, name):
    values = columns()
    del values[name]
    with pytest.raises(DataError, match=rf"e\.parquet: column '{name}' is missing; the file has '"):
        EventFiles((parquet(tmp_path / "e.parquet", values),))


def test_a_weight_that_was_named_and_is_not_there_is_refused_when_the_file_is_named(tmp_path):
    values = columns()
    del values["weight"]
    with pytest.raises(DataError, match=r"e\.parquet: column 'purity' is missing"):
        EventFiles((parquet(tmp_path / "e.parquet", values),), columns={"weight": "purity"})


def test_a_column_of_text_is_refused(tmp_path):
    values: dict[str, object] = {**columns(), "energy_gev": ["high"] * 300}
    with pytest.raises(
        DataError, match=r"e\.parquet, row group 0: column 'energy_gev' has type string; numbers are wanted"
    ):
        read(parquet(tmp_path / "e.parquet", values))


def test_a_null_is_refused_by_row(tmp_path):
    values: dict[str, object] = {**columns(), "energy_gev": pa.array([None if i == 250 else 20.0 for i in range(300)])}
    with pytest.raises(DataError, match=r"e\.parquet, row group 0, row 250: column 'energy_gev' is null"):
        read(parquet(tmp_path / "e.parquet", values), batch_size=100)


def test_no_file_is_refused():
    with pytest.raises(DataError, match="no event file is named"):
        EventFiles(())


def test_a_missing_file_is_refused_when_it_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.parquet: no such file"):
        EventFiles((str(tmp_path / "none.parquet"),))


@pytest.mark.parametrize("alias", ["e.parquet", "./e.parquet", "link.parquet"])
def test_a_file_that_is_named_twice_is_refused(tmp_path, alias):
    write_events(tmp_path / "e.parquet", [columns()])
    (tmp_path / "link.parquet").symlink_to(tmp_path / "e.parquet")
    with pytest.raises(DataError, match=r"the file is named twice; its events would count twice"):
        EventFiles((str(tmp_path / "e.parquet"), f"{tmp_path}/{alias}"))


@pytest.mark.parametrize("keep", [0, 3, 500, 0.5, 0.99])
def test_a_truncated_file_is_refused_when_it_is_named(tmp_path, keep):
    path = tmp_path / "e.parquet"
    write_events(path, [columns()])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    with pytest.raises(DataError, match=r"e\.parquet: no readable Parquet file \("):
        EventFiles((str(path),))


def test_a_file_whose_pages_are_damaged_is_refused(tmp_path):
    path = tmp_path / "e.parquet"
    write_events(path, [columns(20_000)])
    whole = bytearray(path.read_bytes())
    whole[4:4000] = bytes(3996)  # the first page's header and data; the footer is whole
    path.write_bytes(bytes(whole))
    with pytest.raises(DataError, match=r"e\.parquet, row group 0, after row 0: cannot be read \("):
        read(str(path))


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, True])
def test_a_batch_size_that_is_no_number_of_events_is_refused(batch_size):
    with pytest.raises(RangeError, match=r"batch_size = .* is no whole number in \[1, 100000000\]"):
        EventFiles(("e.parquet",), batch_size=batch_size)


def test_writing_no_batches_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(DataError, match=r"e\.parquet: there are no events to write"):
        write_events(tmp_path / "e.parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind_when_a_batch_fails_on_the_way(tmp_path):
    def failing():
        yield columns()
        raise DataError("the detector is off")

    with pytest.raises(DataError, match="the detector is off"):
        write_events(tmp_path / "e.parquet", failing())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_not_overwritten_unasked(tmp_path):
    path = tmp_path / "e.parquet"
    path.write_text("precious")
    with pytest.raises(DataError, match=r"e\.parquet: the file exists already"):
        write_events(path, [columns()])
    assert path.read_text() == "precious"


def test_an_existing_file_is_replaced_if_asked(tmp_path):
    path = tmp_path / "e.parquet"
    path.write_text("old")
    write_events(path, [columns()], overwrite=True)
    assert EventFiles((str(path),)).n_event == 300
