from dataclasses import fields, replace

import numpy as np
import pytest

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.orbit import Seconds, TableSeconds
from amsdipole.orbit.seconds import BLOCK

COLUMNS = ("time_s", "livetime_fraction", "position_km", "velocity_km_s", "angle_rad")


def table(n: int = 20, *, step_s: float = 1.0, start_s: float = 1.4e9) -> Seconds:
    """Rows of a circular orbit without gaps."""
    phase = 1.13e-3 * step_s * np.arange(n)
    zero = np.zeros(n)
    return Seconds(
        start_s + step_s * np.arange(n),
        step_s,
        np.full(n, 0.9),
        6780.0 * np.column_stack([np.cos(phase), np.sin(phase), zero]),
        7.66 * np.column_stack([-np.sin(phase), np.cos(phase), zero]),
        np.tile([-0.07, -0.03, 0.01], (n, 1)),
        "seconds.parquet",
    )


def spoiled(name: str, row: int, value: float) -> dict[str, np.ndarray]:
    """One column of `table` with a value replaced in a row."""
    column = getattr(table(), name).copy()
    column[row] = value
    return {name: column}


def same_rows(a: Seconds, b: Seconds) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in COLUMNS)


def test_all_columns_are_checked():
    assert {f.name for f in fields(Seconds)} == {*COLUMNS, "step_s", "source", "rate_rad_s", "flags"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_value_that_is_not_finite_is_refused_by_column_row_and_file(name, bad):
    place = r"\[17\]" if name in ("time_s", "livetime_fraction") else r"\[17, 0\]"
    with pytest.raises(RangeError, match=rf"{name}{place} = -?(nan|inf) is not finite \(seconds\.parquet"):
        replace(table(), **spoiled(name, 17, bad))


@pytest.mark.parametrize("value", [1.2, 1.0000001, -1e-9, 90.0])
def test_a_livetime_outside_0_to_1_is_refused_by_row_and_file(value):
    # The message that design.md section 5 asks for, to the letter.
    wanted = rf"^livetime_fraction\[17\] = {value} is outside \[0, 1\] \(seconds\.parquet, row 17\)$"
    with pytest.raises(RangeError, match=wanted):
        replace(table(), **spoiled("livetime_fraction", 17, value))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_livetime_of_0_or_1_is_taken(value):
    assert replace(table(), **spoiled("livetime_fraction", 17, value)).livetime_fraction[17] == value


@pytest.mark.parametrize(("shift", "word"), [(-1.0, "repeats"), (-1.5, "lies before"), (-0.5, "overlaps")])
def test_rows_out_of_order_are_refused_by_row_and_file(shift, word):
    time_s = table().time_s.copy()
    time_s[8] += shift
    with pytest.raises(
        DataError, match=rf"time_s\[8\] = .* {word} time_s\[7\] = .*1\.0 s.* \(seconds\.parquet, row 8\)"
    ):
        replace(table(), time_s=time_s)


def test_times_that_were_rounded_on_their_way_are_taken():
    rows = table()
    assert len(replace(rows, time_s=np.round(rows.time_s + 0.004 * (-1.0) ** np.arange(20), 3))) == 20


def test_gaps_between_rows_are_taken():
    rows = table()
    assert len(replace(rows, time_s=rows.time_s + 1000.0 * (np.arange(20) > 9))) == 20


@pytest.mark.parametrize("name", COLUMNS[1:])
def test_a_column_that_is_too_short_is_refused(name):
    with pytest.raises(ShapeError, match=rf"{name} has 19 rows; time_s has 20 \(seconds\.parquet\)"):
        replace(table(), **{name: getattr(table(), name)[:-1]})


def test_a_column_of_two_components_is_refused():
    with pytest.raises(ShapeError, match=r"position_km has shape \(20, 2\); \(n, 3\) is wanted"):
        replace(table(), position_km=table().position_km[:, :2])


@pytest.mark.parametrize("step_s", [0.0, -1.0, 60.001, np.nan])
def test_a_step_outside_a_minute_is_refused(step_s):
    with pytest.raises(RangeError, match=r"step_s = .* is outside \[0\.001, 60\.0\]"):
        replace(table(), step_s=step_s)


def test_a_table_without_rows_is_refused_as_a_mission():
    with pytest.raises(DataError, match=r"seconds\.parquet: the table has no rows"):
        TableSeconds(table().rows(slice(0, 0)))


def test_the_span_is_that_of_the_rows():
    source = TableSeconds(table())
    assert (source.start_s, source.stop_s, source.n_row, source.step_s) == (1.4e9, 1.4e9 + 20.0, 20, 1.0)


def test_blocks_give_every_row_once_in_order():
    rows = table(2 * BLOCK + 5)
    blocks = list(TableSeconds(rows).blocks())
    assert [len(block) for block in blocks] == [BLOCK, BLOCK, 5]
    np.testing.assert_array_equal(np.concatenate([block.time_s for block in blocks]), rows.time_s)


def test_covering_gives_the_rows_that_blocks_give():
    rows = table(50)
    found = TableSeconds(rows).covering(rows.time_s + 0.5)
    assert same_rows(found, rows)


def test_covering_holds_each_time():
    rows = table(1000)
    time_s = np.random.default_rng(1).uniform(1.4e9, 1.4e9 + 1000.0, 40)
    found = TableSeconds(rows).covering(time_s)
    row = np.searchsorted(found.time_s, time_s, side="right") - 1
    assert np.all((time_s >= found.time_s[row]) & (time_s < found.time_s[row] + 1.0))


def test_covering_sparse_times_gives_few_rows():
    assert len(TableSeconds(table(1000)).covering(np.array([1.4e9 + 999.0, 1.4e9, 1.4e9 + 999.5]))) == 2


def test_covering_no_times_gives_no_rows():
    assert len(TableSeconds(table()).covering(np.zeros(0))) == 0


def test_a_row_holds_its_start_and_not_its_end():
    source = TableSeconds(table())
    assert source.covering(np.array([1.4e9])).time_s.tolist() == [1.4e9]
    with pytest.raises(DataError, match="lies in no second"):
        source.covering(np.array([1.4e9 + 20.0]))


@pytest.mark.parametrize("outside", [1.4e9 - 0.1, 1.4e9 + 20.0, 1.4e9 + 1e6, 0.0, np.nan])
def test_a_time_outside_the_seconds_is_refused_by_place_and_file(outside):
    with pytest.raises(DataError, match=r"time_s\[1\] = .* lies in no second of seconds\.parquet"):
        TableSeconds(table()).covering(np.array([1.4e9 + 1.0, outside]))


def test_a_time_in_a_gap_is_refused():
    rows = table()
    source = TableSeconds(replace(rows, time_s=rows.time_s + 1000.0 * (np.arange(20) > 9)))
    with pytest.raises(DataError, match=r"time_s\[0\] = 1400000500\.0 lies in no second"):
        source.covering(np.array([1.4e9 + 500.0]))


def test_row_starts_are_the_times_of_the_rows():
    rows = table()
    np.testing.assert_array_equal(TableSeconds(rows).row_start_s(np.array([3, 3, 19])), rows.time_s[[3, 3, 19]])
