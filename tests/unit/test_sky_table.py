import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from amsdipole.errors import ConfigError, DataError
from amsdipole.events import count_sky_events, read_sky_events
from amsdipole.sky import pixel_to_vector

GALACTIC = {"glon_deg": 1, "glat_deg": 2}
EQUATORIAL = {"ra_deg": 1, "dec_deg": 2}


def text(tmp_path, lines):
    path = tmp_path / "events.txt"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_galactic_coordinates_become_unit_vectors(tmp_path):
    events = read_sky_events(text(tmp_path, ["0 0", "90 0", "0 90", "180 -30"]), GALACTIC)
    wanted = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-np.sqrt(0.75), 0, -0.5]]
    np.testing.assert_allclose(events.direction, wanted, atol=1e-15)


def test_equatorial_coordinates_are_turned_as_astropy_does(tmp_path):
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 360, 50), np.degrees(np.arcsin(rng.uniform(-1, 1, 50)))
    events = read_sky_events(
        text(tmp_path, [f"{a!r} {d!r}" for a, d in zip(ra.tolist(), dec.tolist(), strict=True)]), EQUATORIAL
    )
    galactic = SkyCoord(ra * u.deg, dec * u.deg, frame="icrs").galactic
    wanted = galactic.cartesian.xyz.value.T
    # astropy goes by FK5, the Hipparcos matrix does not: 0.03 arcsec or 1.5e-7 rad.
    np.testing.assert_allclose(events.direction, wanted, atol=1.5e-7)


@pytest.mark.parametrize("columns", [GALACTIC, EQUATORIAL])
def test_equatorial_coordinates_of_both_kinds_of_table_agree(tmp_path, columns):
    lines = ["10 20", "200 -80", "359.9 0"]
    events = read_sky_events(text(tmp_path, lines), columns)
    given = np.array([[float(w) for w in line.split()] for line in lines])
    if columns is EQUATORIAL:
        ra, dec = given.T
    else:
        icrs = SkyCoord(given[:, 0] * u.deg, given[:, 1] * u.deg, frame="galactic").icrs
        ra, dec = icrs.ra.deg, icrs.dec.deg
    np.testing.assert_allclose(np.degrees(events.ra_rad) % 360, ra, atol=1e-4)  # 0.03 arcsec / cos(80 deg)
    np.testing.assert_allclose(np.degrees(events.dec_rad), dec, atol=1e-5)


def test_text_may_have_commas_and_remarks(tmp_path):
    path = text(tmp_path, ["# l, b, weight", "10, 20, 0.5", "30 40\t0.25  # the second"])
    events = read_sky_events(path, {**GALACTIC, "weight": 3})
    assert events.weight.tolist() == [0.5, 0.25]


def test_weights_are_one_where_there_are_none(tmp_path):
    assert read_sky_events(text(tmp_path, ["1 2", "3 4"]), GALACTIC).weight.tolist() == [1.0, 1.0]


def test_azimuths_are_read_where_they_are_named(tmp_path):
    path = text(tmp_path, ["1 2 90", "3 4 -45"])
    assert read_sky_events(path, GALACTIC).azimuth_rad is None
    azimuth = read_sky_events(path, {**GALACTIC, "azimuth_deg": 3}).azimuth_rad
    np.testing.assert_allclose(azimuth, np.radians([90.0, -45.0]))


def test_a_parquet_file_gives_the_same_as_text(tmp_path):
    pq.write_table(pa.table({"l": [10.0, 200.0], "b": [20.0, -70.0]}), tmp_path / "e.parquet")
    a = read_sky_events(tmp_path / "e.parquet", {"glon_deg": "l", "glat_deg": "b"})
    b = read_sky_events(text(tmp_path, ["10 20", "200 -70"]), GALACTIC)
    np.testing.assert_array_equal(a.direction, b.direction)


def test_each_event_is_counted_in_its_pixel_with_its_weight(tmp_path):
    v = pixel_to_vector([5, 5, 700], 8)
    lon, lat = np.degrees(np.arctan2(v[:, 1], v[:, 0])), np.degrees(np.arcsin(v[:, 2]))
    path = text(
        tmp_path, [f"{a!r} {b!r} {w}" for a, b, w in zip(lon.tolist(), lat.tolist(), (1.0, 0.5, -2.0), strict=True)]
    )
    maps = count_sky_events(read_sky_events(path, {**GALACTIC, "weight": 3}), nside=8)
    found, found2 = maps.weights(), maps.weights2()
    assert (found[5], found[700], np.abs(found).sum()) == (1.5, -2.0, 3.5)
    assert (found2[5], found2[700], maps.n_event) == (1.25, 4.0, 3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("10 91", r"glat_deg\[1\] = 91\.0 is outside \[-90, 90\] \(.*events\.txt, row 1\)"),
        ("400 0", r"glon_deg\[1\] = 400\.0 is outside \[-360, 360\] \(.*events\.txt, row 1\)"),
        ("nan 0", r"events\.txt: column 1\[1\] = nan is not finite"),
        ("inf 0", r"events\.txt: column 1\[1\] = inf is not finite"),
        ("ten 0", r"events\.txt: no readable table of numbers \("),
        ("10", r"events\.txt: no readable table of numbers \("),
    ],
)
def test_a_bad_line_is_refused_with_its_row_and_file(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        read_sky_events(text(tmp_path, ["1 2", line]), GALACTIC)


@pytest.mark.parametrize("weight", [513.0, -1e9])
def test_a_weight_beyond_512_is_refused(tmp_path, weight):
    with pytest.raises(DataError, match=r"weight\[0\] = .* is outside \[-512, 512\]"):
        read_sky_events(text(tmp_path, [f"1 2 {weight}"]), {**GALACTIC, "weight": 3})


@pytest.mark.parametrize("lines", [[], ["# nothing"], [""]])
def test_an_empty_table_is_refused(tmp_path, lines):
    with pytest.raises(DataError, match=r"events\.txt: the table has no rows"):
        read_sky_events(text(tmp_path, lines), GALACTIC)


def test_a_missing_file_is_refused(tmp_path):
    for name in ("none.txt", "none.parquet"):
        with pytest.raises(DataError, match=rf"{name}: no such file"):
            read_sky_events(tmp_path / name, {"glon_deg": 1, "glat_deg": 2})


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "events.txt").write_bytes(bytes(range(128, 256)))
    with pytest.raises(DataError, match=r"events\.txt: no readable table of numbers"):
        read_sky_events(tmp_path / "events.txt", GALACTIC)


@pytest.mark.parametrize("columns", [{}, {"glon_deg": 1}, {"ra_deg": 1, "glat_deg": 2}, {**GALACTIC, **EQUATORIAL}])
def test_columns_that_give_no_one_direction_are_refused(tmp_path, columns):
    with pytest.raises(ConfigError, match=r"either ra_deg, dec_deg or glon_deg, glat_deg is wanted"):
        read_sky_events(text(tmp_path, ["1 2"]), columns)


@pytest.mark.parametrize("column", [0, -1, "l"])
def test_a_column_of_text_that_is_no_number_from_1_is_refused(tmp_path, column):
    with pytest.raises(ConfigError, match=r"column .* of a text table; a number from 1 is wanted"):
        read_sky_events(text(tmp_path, ["1 2"]), {"glon_deg": column, "glat_deg": 2})


def test_a_column_beyond_the_table_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"events\.txt: column 3 is wanted; the table has 2"):
        read_sky_events(text(tmp_path, ["1 2"]), {"glon_deg": 1, "glat_deg": 3})


def test_a_truncated_parquet_file_is_refused(tmp_path):
    path = tmp_path / "e.parquet"
    pq.write_table(pa.table({"l": np.arange(1000.0), "b": np.zeros(1000)}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"e\.parquet: no readable Parquet file"):
        read_sky_events(path, {"glon_deg": "l", "glat_deg": "b"})


def test_a_bad_nside_is_refused(tmp_path):
    events = read_sky_events(text(tmp_path, ["1 2"]), GALACTIC)
    with pytest.raises(ValueError, match=r"nside = 12: a power of two from 1 to 8192 is wanted"):
        count_sky_events(events, nside=12)
