"""Seconds in CSV and FITS, with quaternions, flags, and in the layout of the Fermi-LAT's spacecraft files."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.time import Time

from amsdipole.errors import DataError, RangeError
from amsdipole.orbit import ElementSeconds, FileSeconds, Seconds, builtin_iss_elements, detector_attitude
from amsdipole.orbit.seconds_file import QUATERNION_COLUMNS, SECONDS_COLUMNS
from amsdipole.sky import teme_to_gcrs, vector_in_frame

START_S = 1_437_869_812.0  # one element set serves the half hour that follows
EXAMPLES = Path(__file__).parents[2] / "examples"
COLUMNS = ("time_s", "livetime_fraction", "position_km", "velocity_km_s", "angle_rad")


@pytest.fixture(scope="module")
def rows() -> Seconds:
    source = ElementSeconds(builtin_iss_elements(), START_S, START_S + 300.0, angle_rad=(-0.07, -0.03, 0.01))
    return next(source.blocks())


def columns(rows: Seconds) -> dict[str, np.ndarray]:
    values = [rows.time_s, rows.livetime_fraction, *rows.position_km.T, *rows.velocity_km_s.T, *rows.angle_rad.T]
    return dict(zip(SECONDS_COLUMNS, values, strict=True))


def written(path, values) -> str:
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(pa.table(values), path)
    elif path.suffix == ".fits":
        table = [fits.Column(name.upper(), "D", array=column) for name, column in values.items()]
        fits.BinTableHDU.from_columns(table).writeto(path)
    else:
        pq.write_table(pa.table(values), path)
    return str(path)


@pytest.mark.parametrize("name", ["s.csv", "s.fits"])
def test_rows_come_back_from_other_formats(tmp_path, rows, name):
    found = next(FileSeconds((written(tmp_path / name, columns(rows)),)).blocks())
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(found, column), getattr(rows, column), err_msg=column)


@pytest.mark.parametrize("name", ["s.csv", "s.fits"])
def test_a_column_that_is_missing_is_refused_in_other_formats(tmp_path, rows, name):
    values = columns(rows)
    del values["yaw_rad"]
    source = FileSeconds((written(tmp_path / name, values),))
    with pytest.raises(DataError, match=rf"{name}: column 'yaw_rad' is missing; the file has "):
        next(source.blocks())


@pytest.mark.parametrize("name", ["s.csv", "s.fits"])
def test_a_file_of_something_else_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00\x01 not a table")
    with pytest.raises(DataError, match=name):
        FileSeconds((str(tmp_path / name),))


def test_an_empty_cell_of_a_csv_is_refused_by_row(tmp_path, rows):
    path = tmp_path / "s.csv"
    written(path, columns(rows))
    lines = path.read_text().splitlines()
    cells = lines[6].split(",")
    lines[6] = ",".join([*cells[:-1], ""])
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"s\.csv, row 5: column 'roll_rad' is null"):
        next(FileSeconds((str(path),)).blocks())


def quaternions(rows: Seconds, frame: str) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    rotation, _ = detector_attitude(rows.position_km, rows.velocity_km_s, rows.angle_rad, mounting=np.eye(3))
    if frame == "gcrs":
        knots = teme_to_gcrs(START_S, START_S + 300.0)
        rotation = np.stack(
            [vector_in_frame(rows.time_s, np.ascontiguousarray(rotation[:, :, k]), knots) for k in range(3)], axis=2
        )
    return Rotation.from_matrix(rotation).as_quat()


@pytest.mark.parametrize("frame", ["teme", "gcrs"])
def test_quaternions_give_the_angles_that_they_were_made_from(tmp_path, rows, frame):
    values = columns(rows)
    for name in SECONDS_COLUMNS[8:]:
        del values[name]
    if frame == "gcrs":
        knots = teme_to_gcrs(START_S, START_S + 300.0)
        for kind, unit, vectors in (("position", "km", rows.position_km), ("velocity", "km_s", rows.velocity_km_s)):
            for axis, column in zip("xyz", vector_in_frame(rows.time_s, vectors, knots).T, strict=True):
                values[f"{kind}_{axis}_{unit}"] = column
    values |= dict(zip(QUATERNION_COLUMNS, quaternions(rows, frame).T, strict=True))
    source = FileSeconds((written(tmp_path / "q.parquet", values),), frame=frame, orientation="quaternion")
    found = next(source.blocks())
    np.testing.assert_allclose(found.angle_rad, rows.angle_rad, atol=1e-9)
    _, rate = detector_attitude(rows.position_km, rows.velocity_km_s, rows.angle_rad, mounting=np.eye(3))
    np.testing.assert_allclose(found.rate_rad_s, rate, atol=2e-6)  # the node moves by 5 deg a day: 1e-6 rad/s


def test_a_quaternion_that_is_not_unit_is_refused_by_file_and_row(tmp_path, rows):
    values = columns(rows) | dict(zip(QUATERNION_COLUMNS, quaternions(rows, "teme").T, strict=True))
    values["quaternion_w"] = np.where(np.arange(300) == 42, 0.5, values["quaternion_w"])
    source = FileSeconds((written(tmp_path / "q.parquet", values),), orientation="quaternion")
    with pytest.raises(RangeError, match=r"quaternion\[42\] = .* has length .*q\.parquet, row group 0, row 42"):
        next(source.blocks())


def test_flags_are_read_and_those_that_are_no_whole_numbers_refused(tmp_path, rows):
    values = columns(rows) | {"status": np.arange(300) % 4}
    path = written(tmp_path / "f.parquet", values)
    np.testing.assert_array_equal(next(FileSeconds((path,), flags="status").blocks()).flags, np.arange(300) % 4)
    path = written(tmp_path / "g.parquet", values | {"status": np.full(300, 0.5)})
    with pytest.raises(DataError, match=r"flags\[0\] = 0\.5 is no whole number"):
        next(FileSeconds((path,), flags="status").blocks())


def spacecraft(path, *, step: int = 30, drop=(), velocity: bool = True, spoil=None) -> str:
    """A file in the layout of FT2 with rows of 30 s, from the ISS orbit, the axis to the zenith."""
    source = ElementSeconds(builtin_iss_elements(), START_S, START_S + 1800.0, step_s=float(step))
    rows = next(source.blocks())
    keep = np.setdiff1d(np.arange(len(rows)), drop)
    rows = rows.rows(keep)
    knots = teme_to_gcrs(START_S, START_S + 1800.0)
    # Zenith axis z, x starboard: the body turned by half a turn about the diagonal of x and y.
    mounting = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    rotation, _ = detector_attitude(rows.position_km, rows.velocity_km_s, rows.angle_rad, mounting=mounting)
    z, x = (vector_in_frame(rows.time_s, np.ascontiguousarray(rotation[:, :, k]), knots) for k in (2, 0))
    angles = {}
    for name, v in (("Z", z), ("X", x)):
        angles[f"RA_SC{name}"] = np.degrees(np.arctan2(v[:, 1], v[:, 0])) % 360.0
        angles[f"DEC_SC{name}"] = np.degrees(np.arcsin(v[:, 2]))
    # Mission time as astropy counts it: TT seconds since 2001-01-01 UTC.
    met = (Time(rows.time_s, format="unix").tt - Time(51910.00074287037, format="mjd", scale="tt")).sec
    values = {"START": met, "STOP": met + step, "LIVETIME": np.full(len(met), 0.9 * step), **angles}
    values |= spoil(values) if spoil else {}
    table = [fits.Column(name, "D", array=column) for name, column in values.items()]
    table.append(fits.Column("SC_POSITION", "3D", array=vector_in_frame(rows.time_s, rows.position_km, knots) * 1e3))
    if velocity:
        v = vector_in_frame(rows.time_s, rows.velocity_km_s, knots) * 1e3
        table.append(fits.Column("SC_VELOCITY", "3D", array=v))
    hdu = fits.BinTableHDU.from_columns(table, name="SC_DATA")
    hdu.header["MJDREFI"], hdu.header["MJDREFF"], hdu.header["TIMESYS"] = 51910, 7.428703703703703e-4, "TT"
    hdu.writeto(path)
    return str(path)


@pytest.mark.parametrize("velocity", [True, False])
def test_a_spacecraft_file_is_cut_into_seconds_along_the_orbit(tmp_path, velocity):
    source = FileSeconds((spacecraft(tmp_path / "ft2.fits", velocity=velocity),), layout="ft2")
    found = next(source.blocks())
    wanted = next(ElementSeconds(builtin_iss_elements(), START_S, START_S + 1800.0).blocks())
    assert source.n_row == len(found) == 1800
    np.testing.assert_allclose(found.time_s, wanted.time_s, atol=1e-5)  # mission times of 4.6e8 s in doubles
    np.testing.assert_allclose(found.livetime_fraction, 0.9, rtol=1e-12)
    # A circle in place of the orbit: e v 30 s = 0.3 km; slopes over 60 s in place of velocities as much again.
    assert np.linalg.norm(found.position_km - wanted.position_km, axis=1).max() < (0.5 if velocity else 1.0)
    mounting = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    true, _ = detector_attitude(wanted.position_km, wanted.velocity_km_s, wanted.angle_rad, mounting=mounting)
    rotation, _ = detector_attitude(found.position_km, found.velocity_km_s, found.angle_rad, mounting=np.eye(3))
    assert np.degrees(np.linalg.norm(rotation[:, :, 2] - true[:, :, 2], axis=1)).max() < 0.01


def test_a_gap_in_a_spacecraft_file_stays_a_gap(tmp_path):
    source = FileSeconds((spacecraft(tmp_path / "ft2.fits", drop=(10, 11, 12)),), layout="ft2")
    found = next(source.blocks())
    assert len(found) == 1800 - 90
    assert np.diff(found.time_s).max() == pytest.approx(91.0, abs=1e-5)
    with pytest.raises(DataError, match="lies in no second"):
        source.covering(np.array([START_S + 320.0]))


def test_a_livetime_beyond_its_row_is_refused_in_a_spacecraft_file(tmp_path):
    path = spacecraft(tmp_path / "ft2.fits", spoil=lambda v: {"LIVETIME": v["LIVETIME"] + 4.0})
    with pytest.raises(RangeError, match=r"livetime_fraction\[0\] = 1\.03.* is outside \[0, 1\]"):
        next(FileSeconds((path,), layout="ft2").blocks())


def test_a_row_that_is_no_whole_number_of_steps_is_refused(tmp_path):
    path = spacecraft(tmp_path / "ft2.fits", spoil=lambda v: {"STOP": v["STOP"] - 0.25})
    with pytest.raises(DataError, match=r"ft2\.fits, row 0: STOP - START = 29\.75"):
        FileSeconds((path,), layout="ft2")


def test_rows_that_overlap_or_go_back_are_refused_in_a_spacecraft_file(tmp_path):
    path = spacecraft(tmp_path / "ft2.fits", spoil=lambda v: {"STOP": v["STOP"] + 30.0})
    with pytest.raises(DataError, match=r"time_s\[60\] = .* lies before"):
        next(FileSeconds((path,), layout="ft2").blocks())


def test_leap_seconds_are_taken_off(tmp_path):
    # Unix 1483228800 is 2017-01-01, just after a leap second; astropy made the mission time.
    from amsdipole.orbit.spacecraft_file import _utc

    unix = 1_483_228_800.0 + np.array([-86_400.0, -2.0, 1.0, 86_400.0])
    tt = Time(unix, format="unix").tt
    seconds = (tt - Time(40587.0, format="mjd", scale="tt")).sec
    np.testing.assert_allclose(_utc(seconds), unix, atol=1e-4)  # 1.5e9 s as days in two doubles


def test_a_body_that_points_at_a_star_stays_there_within_a_row(rows):
    from dataclasses import replace

    from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
    from amsdipole.orbit import Navigator
    from amsdipole.sky import teme_to_galactic

    span = START_S, START_S + 300.0
    frame, dipole = teme_to_galactic(*span), eccentric_dipole_knots(igrf14(), *span)
    navigator = Navigator(np.eye(3), CutoffRule(1.2, 0.5, 1), np.array([16.0, 500.0]), frame, dipole)
    still = navigator(replace(rows, rate_rad_s=np.zeros((300, 3))))
    np.testing.assert_array_equal(still.rate, 0.0)
    turning = navigator(replace(rows, rate_rad_s=np.tile([0.0, 0.0, 1e-3], (300, 1))))
    np.testing.assert_allclose(np.linalg.norm(turning.rate, axis=1), 1e-3, rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(navigator(rows).rate, axis=1), 1.13e-3, rtol=0.01)  # 92.8 min a turn


def test_the_example_of_a_wide_telescope_makes_its_exposure(tmp_path):
    from amsdipole.config import read_config
    from amsdipole.exposure_report import exposure_report

    (tmp_path / "fermi_like.toml").write_text((EXAMPLES / "fermi_like.toml").read_text())
    spacecraft(tmp_path / "spacecraft.fits", drop=(10, 11, 12))
    cosine, energy = np.linspace(0.4, 1.0, 13), np.array([20.0, 200.0, 2000.0])
    table = {
        "energy_gev": np.repeat(energy, 13),
        "cos_zenith": np.tile(np.append(cosine[:-1], 1.0), 3),
        "area_m2": np.concatenate([scale * (cosine - 0.4) for scale in (1.0, 1.2, 0.8)]),
    }
    pyarrow.csv.write_csv(pa.table(table), tmp_path / "area.csv")
    document = exposure_report(read_config(tmp_path / "fermi_like.toml"), tmp_path / "out")
    budget = document["budget"]
    assert budget["n_row"] == 1800 - 90
    assert budget["gap_s"] == pytest.approx(90.0, abs=1e-3)
    assert sum(row["live_s"] for row in budget["causes"]) == pytest.approx(0.9 * (1800 - 90), rel=1e-9)
    assert len(list((tmp_path / "out").glob("reference_*.fits"))) == 8


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_a_good_configuration(path):
    from amsdipole.config import read_config

    assert read_config(path).name


def test_some_rows_are_the_same_by_a_stretch_and_by_their_numbers(rows):
    from dataclasses import replace

    table = replace(rows, flags=np.arange(len(rows)), rate_rad_s=np.zeros((len(rows), 3)))
    stretch, numbers = table.rows(slice(20, 50)), table.rows(np.arange(20, 50))
    for name in ("time_s", "livetime_fraction", "position_km", "velocity_km_s", "angle_rad", "rate_rad_s", "flags"):
        np.testing.assert_array_equal(getattr(stretch, name), getattr(numbers, name))
        np.testing.assert_array_equal(getattr(stretch, name), getattr(table, name)[20:50])
    assert (stretch.step_s, stretch.source) == (table.step_s, table.source)
    with pytest.raises(DataError, match="lies before"):
        table.rows(slice(None, None, -1))
