from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from amsdipole.constants import EARTH_ROTATION_RAD_S
from amsdipole.errors import DataError, FrameError, RangeError
from amsdipole.orbit import ElementSeconds, FileSeconds, Seconds, builtin_iss_elements, write_seconds
from amsdipole.orbit.seconds_file import SECONDS_COLUMNS
from amsdipole.sky import FrameKnots, teme_to_earth_fixed, teme_to_gcrs, vector_in_frame

START_S = 1_437_869_812.0
COLUMNS = ("time_s", "livetime_fraction", "position_km", "velocity_km_s", "angle_rad")


@pytest.fixture(scope="module")
def rows() -> Seconds:
    source = ElementSeconds(builtin_iss_elements(), START_S, START_S + 300.0, angle_rad=(-0.07, -0.03, 0.01))
    return next(source.blocks())


def columns(rows: Seconds) -> dict[str, np.ndarray]:
    values = [rows.time_s, rows.livetime_fraction, *rows.position_km.T, *rows.velocity_km_s.T, *rows.angle_rad.T]
    return dict(zip(SECONDS_COLUMNS, values, strict=True))


def parquet(path: Path, values: dict[str, np.ndarray], **options: object) -> str:
    pq.write_table(pa.table(values), path, **options)
    return str(path)


def all_rows(source: FileSeconds) -> dict[str, np.ndarray]:
    blocks = list(source.blocks())
    return {name: np.concatenate([getattr(block, name) for block in blocks]) for name in COLUMNS}


def assert_same_rows(found: dict[str, np.ndarray], rows: Seconds) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(found[name], getattr(rows, name), err_msg=name)


def test_rows_come_back_as_they_were_written(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows])
    assert_same_rows(all_rows(FileSeconds((str(tmp_path / "s.parquet"),))), rows)


def test_rows_come_back_from_several_row_groups(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows.rows(slice(0, 100)), rows.rows(slice(100, 300))])
    source = FileSeconds((str(tmp_path / "s.parquet"),))
    assert source.n_row == 300
    assert_same_rows(all_rows(source), rows)


def test_rows_come_back_from_several_files(tmp_path, rows):
    for name, part in (("a", slice(0, 170)), ("b", slice(170, 300))):
        write_seconds(tmp_path / f"{name}.parquet", [rows.rows(part)])
    source = FileSeconds((str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")))
    assert (source.start_s, source.stop_s, source.n_row) == (START_S, START_S + 300.0, 300)
    assert_same_rows(all_rows(source), rows)


def test_covering_gives_the_rows_that_blocks_give(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows.rows(slice(0, 100)), rows.rows(slice(100, 300))])
    found = FileSeconds((str(tmp_path / "s.parquet"),)).covering(rows.time_s + 0.5)
    assert_same_rows({name: getattr(found, name) for name in COLUMNS}, rows)


def test_covering_reads_only_the_rows_that_are_asked_for(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows.rows(slice(0, 100)), rows.rows(slice(100, 300))])
    found = FileSeconds((str(tmp_path / "s.parquet"),)).covering(START_S + np.array([250.5, 3.5]))
    assert found.time_s.tolist() == [START_S + 3.0, START_S + 250.0]


def test_row_starts_are_the_times_of_the_rows(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows.rows(slice(0, 100)), rows.rows(slice(100, 300))])
    which = np.array([299, 0, 99, 100])
    np.testing.assert_array_equal(FileSeconds((str(tmp_path / "s.parquet"),)).row_start_s(which), rows.time_s[which])


def test_an_event_between_row_groups_is_refused_with_the_files_named(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows.rows(slice(0, 100)), rows.rows(slice(200, 300))])
    with pytest.raises(DataError, match=r"time_s\[1\] = .* lies in no second of .*s\.parquet"):
        FileSeconds((str(tmp_path / "s.parquet"),)).covering(START_S + np.array([50.0, 150.0]))


def test_a_file_in_gcrs_gives_the_rows_of_teme(tmp_path, rows):
    knots = teme_to_gcrs(START_S, START_S + 300.0)
    values = columns(rows)
    for name, vectors in (("position", rows.position_km), ("velocity", rows.velocity_km_s)):
        unit = "km" if name == "position" else "km_s"
        for axis, column in zip("xyz", vector_in_frame(rows.time_s, vectors, knots).T, strict=True):
            values[f"{name}_{axis}_{unit}"] = column
    found = all_rows(FileSeconds((parquet(tmp_path / "g.parquet", values),), frame="gcrs"))
    # A matrix read linearly between knots is a rotation to (360 x 1.5e-8)^2: there and back is the same to rounding.
    np.testing.assert_allclose(found["position_km"], rows.position_km, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found["velocity_km_s"], rows.velocity_km_s, rtol=0, atol=1e-11)


def test_a_file_in_earth_fixed_axes_gives_the_rows_of_teme(tmp_path, rows):
    values = columns(rows)
    position = teme_to_earth_fixed(rows.time_s, rows.position_km)
    velocity = teme_to_earth_fixed(rows.time_s, rows.velocity_km_s)
    velocity -= np.cross([0.0, 0.0, EARTH_ROTATION_RAD_S], position)  # relative to the turning Earth
    for i, axis in enumerate("xyz"):
        values[f"position_{axis}_km"], values[f"velocity_{axis}_km_s"] = position[:, i], velocity[:, i]
    found = all_rows(FileSeconds((parquet(tmp_path / "e.parquet", values),), frame="earth_fixed"))
    np.testing.assert_allclose(found["position_km"], rows.position_km, rtol=0, atol=1e-10)  # roundings of 6800 km
    np.testing.assert_allclose(found["velocity_km_s"], rows.velocity_km_s, rtol=0, atol=1e-13)


def test_an_earth_fixed_velocity_is_the_derivative_of_the_earth_fixed_position(rows):
    position = teme_to_earth_fixed(rows.time_s, rows.position_km)
    velocity = teme_to_earth_fixed(rows.time_s, rows.velocity_km_s)
    velocity -= np.cross([0.0, 0.0, EARTH_ROTATION_RAD_S], position)
    slope = (position[2:] - position[:-2]) / 2.0
    # A central difference over 2 s errs by r w^3 / 6 = 1.6e-6 km/s, Hermite knots by as much; turning the wrong way
    # would be 1 km/s.
    np.testing.assert_allclose(velocity[1:-1], slope, rtol=0, atol=2e-5)


def test_columns_may_have_other_names(tmp_path, rows):
    values = columns(rows)
    values["utc"], values["lf"] = values.pop("time_s"), values.pop("livetime_fraction")
    source = FileSeconds(
        (parquet(tmp_path / "s.parquet", values),), columns={"time_s": "utc", "livetime_fraction": "lf"}
    )
    assert_same_rows(all_rows(source), rows)


def test_a_missing_column_is_refused_with_those_that_are_there(tmp_path, rows):
    values = columns(rows)
    del values["yaw_rad"]
    source = FileSeconds((parquet(tmp_path / "s.parquet", values),))
    with pytest.raises(DataError, match=r"s\.parquet: column 'yaw_rad' is missing; the file has 'time_s', "):
        all_rows(source)


def test_a_column_of_text_is_refused(tmp_path, rows):
    values = columns(rows)
    values["roll_rad"] = np.array(["level"] * 300)
    with pytest.raises(DataError, match=r"s\.parquet, row group 0: column 'roll_rad' has type .*; numbers are wanted"):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


def test_a_null_is_refused_by_row(tmp_path, rows):
    values = dict(columns(rows))
    values["roll_rad"] = pa.array([None if i == 5 else 0.0 for i in range(300)])
    with pytest.raises(DataError, match=r"s\.parquet, row group 0, row 5: column 'roll_rad' is null"):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


@pytest.mark.parametrize("name", SECONDS_COLUMNS)
def test_a_value_that_is_not_finite_is_refused_by_row_group_and_row(tmp_path, rows, name):
    values = columns(rows)
    values[name] = np.where(np.arange(300) == 217, np.nan, values[name])
    path = parquet(tmp_path / "s.parquet", values, row_group_size=200)
    with pytest.raises((RangeError, DataError), match=r"\[17(, \d)?\] = .*nan.*\(.*s\.parquet, row group 1"):
        all_rows(FileSeconds((path,)))


@pytest.mark.parametrize("row", [0, 299])
def test_a_time_that_is_not_finite_at_an_end_of_the_file_is_refused(tmp_path, rows, row):
    values = columns(rows)
    values["time_s"] = np.where(np.arange(300) == row, np.nan, values["time_s"])
    with pytest.raises((RangeError, DataError), match=r"s\.parquet"):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


@pytest.mark.parametrize("row", [0, 299])
def test_a_time_that_is_not_finite_at_an_end_of_the_file_is_no_reason_to_lose_events(tmp_path, rows, row):
    values = columns(rows)
    values["time_s"] = np.where(np.arange(300) == row, np.nan, values["time_s"])
    with pytest.raises((RangeError, DataError), match=r"s\.parquet"):
        FileSeconds((parquet(tmp_path / "s.parquet", values),)).covering(START_S + np.array([100.5]))


@pytest.mark.parametrize(
    ("name", "factor", "message"),
    [
        ("position", 1000.0, r"position\[0\] = \[.*\] has the magnitude 67.*; 6350\.0 to 100000\.0 km is wanted"),
        ("position", 1 / 6371.2, r"position\[0\] = \[.*\] has the magnitude 1\.0.*; 6350\.0 to 100000\.0 km is wanted"),
        ("velocity", 1000.0, r"velocity\[0\] = \[.*\] has the magnitude 7[67].*; 0\.1 to 15\.0 km/s is wanted"),
        ("velocity", 1e-3, r"velocity\[0\] = \[.*\] has the magnitude 0\.007.*; 0\.1 to 15\.0 km/s is wanted"),
    ],
)
def test_positions_and_velocities_in_other_units_are_refused(tmp_path, rows, name, factor, message):
    values = columns(rows)
    for column in [column for column in values if column.startswith(name)]:
        values[column] = values[column] * factor
    with pytest.raises(DataError, match=message + r" \(.*s\.parquet, row group 0, row 0\)"):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


def test_a_livetime_in_percent_is_refused_by_row_and_file(tmp_path, rows):
    values = columns(rows)
    values["livetime_fraction"] = np.full(300, 90.0)
    wanted = r"livetime_fraction\[0\] = 90\.0 is outside \[0, 1\] \(.*s\.parquet, row group 0, row 0\)"
    with pytest.raises(RangeError, match=wanted):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


def test_rows_out_of_order_are_refused_by_row_and_file(tmp_path, rows):
    order = np.arange(300)
    order[[7, 8]] = [8, 7]
    values = {name: column[order] for name, column in columns(rows).items()}
    with pytest.raises(DataError, match=r"time_s\[8\] = .* lies before time_s\[7\] = .*s\.parquet, row group 0, row 8"):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


def test_a_row_that_is_there_twice_is_refused_by_row_and_file(tmp_path, rows):
    order = np.sort(np.append(np.arange(300), 42))
    values = {name: column[order] for name, column in columns(rows).items()}
    with pytest.raises(DataError, match=r"time_s\[43\] = .* repeats time_s\[42\] = .*s\.parquet, row group 0, row 43"):
        all_rows(FileSeconds((parquet(tmp_path / "s.parquet", values),)))


def test_files_out_of_order_are_refused_when_they_are_named(tmp_path, rows):
    for name, part in (("a", slice(0, 170)), ("b", slice(170, 300))):
        write_seconds(tmp_path / f"{name}.parquet", [rows.rows(part)])
    paths = (str(tmp_path / "b.parquet"), str(tmp_path / "a.parquet"))
    with pytest.raises(DataError, match=r"a\.parquet, row group 0: time_s = .* does not come after .*b\.parquet"):
        FileSeconds(paths)


def test_a_file_that_is_named_twice_is_refused(tmp_path, rows):
    write_seconds(tmp_path / "s.parquet", [rows])
    with pytest.raises(DataError, match=r"s\.parquet, row group 0: time_s = .* does not come after"):
        FileSeconds((str(tmp_path / "s.parquet"),) * 2)


@pytest.mark.parametrize("paths", [(), ("empty",)])
def test_no_rows_are_refused(tmp_path, rows, paths):
    write_seconds(tmp_path / "empty", [rows.rows(slice(0, 0))])
    with pytest.raises(DataError, match="the table of seconds has no rows"):
        FileSeconds(tuple(str(tmp_path / name) for name in paths))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"none\.parquet: no such file"):
        FileSeconds((str(tmp_path / "none.parquet"),))


@pytest.mark.parametrize("keep", [0, 3, 500, 0.5, 0.99])
def test_a_truncated_file_is_refused_when_it_is_named(tmp_path, rows, keep):
    path = tmp_path / "s.parquet"
    write_seconds(path, [rows])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    with pytest.raises(DataError, match=r"s\.parquet: no readable Parquet file \("):
        FileSeconds((str(path),))


def test_a_file_that_is_no_parquet_is_refused_when_it_is_named(tmp_path):
    path = tmp_path / "s.parquet"
    path.write_text("time_s,livetime_fraction\n" * 100)
    with pytest.raises(DataError, match=r"s\.parquet: no readable Parquet file"):
        FileSeconds((str(path),))


def test_an_unknown_frame_is_refused():
    with pytest.raises(
        FrameError, match=r"frame = 'j2000' is unknown; one of \('teme', 'gcrs', 'earth_fixed'\) is wanted"
    ):
        FileSeconds(("s.parquet",), frame="j2000")


def test_an_existing_file_is_not_overwritten_unasked(tmp_path, rows):
    path = tmp_path / "s.parquet"
    path.write_text("precious")
    with pytest.raises(DataError, match=r"s\.parquet: the file exists already"):
        write_seconds(path, [rows])
    assert path.read_text() == "precious"


def test_nothing_is_left_behind_when_the_rows_fail_on_the_way(tmp_path, rows):
    def failing():
        yield rows
        raise DataError("the orbit ends here")

    with pytest.raises(DataError, match="the orbit ends here"):
        write_seconds(tmp_path / "s.parquet", failing())
    assert list(tmp_path.iterdir()) == []


def test_a_frame_turn_there_and_back_is_nothing(rows):
    knots = teme_to_gcrs(START_S, START_S + 300.0)
    back = FrameKnots(knots.time_s, np.ascontiguousarray(knots.matrix.transpose(0, 2, 1)))
    there = vector_in_frame(rows.time_s, rows.position_km, knots)
    np.testing.assert_allclose(vector_in_frame(rows.time_s, there, back), rows.position_km, rtol=0, atol=1e-8)
