import warnings
from pathlib import Path

import healpy
import numpy as np
import pytest
from astropy.io import fits

from amsdipole.errors import DataError, FrameError, RangeError, ShapeError
from amsdipole.sky import FRAMES, SkyMap, read_map, write_map


def noise(nside: int) -> np.ndarray:
    """Values of all magnitudes and both signs, and zeros of both signs."""
    rng = np.random.default_rng(nside)
    values = rng.normal(size=12 * nside**2) * 10.0 ** rng.integers(-300, 300, 12 * nside**2)
    values[:3] = [0.0, -0.0, 5e-324]
    return values


def bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "map.fits")


@pytest.mark.parametrize("nside", [1, 2, 16, 64])
def test_healpy_reads_the_bits_that_were_written(path, nside):
    values = noise(nside)
    write_map(path, SkyMap(values, "galactic", "s"))
    np.testing.assert_array_equal(bits(healpy.read_map(path, dtype=np.float64)), bits(values))


@pytest.mark.parametrize("nside", [1, 2, 16, 64])
def test_bits_that_healpy_wrote_are_read(path, nside):
    values = noise(nside)
    healpy.write_map(path, values, dtype=np.float64, coord="G")
    np.testing.assert_array_equal(bits(read_map(path).values), bits(values))


def test_the_header_is_the_one_that_healpy_writes(tmp_path):
    ours, theirs = str(tmp_path / "a.fits"), str(tmp_path / "b.fits")
    values = noise(4)
    write_map(ours, SkyMap(values, "galactic", "s"), column="LIVETIME")
    healpy.write_map(theirs, values, dtype=np.float64, coord="G", column_names=["LIVETIME"], column_units="s")
    for hdu in (0, 1):
        assert fits.getheader(ours, hdu).tostring() == fits.getheader(theirs, hdu).tostring()


def test_the_header_says_order_frame_resolution_column_and_unit(path):
    write_map(path, SkyMap(np.ones(192), "galactic", "s"), column="LIVETIME")
    header = fits.getheader(path, 1)
    found = {key: header[key] for key in ("PIXTYPE", "ORDERING", "COORDSYS", "NSIDE", "TTYPE1", "TUNIT1", "TFORM1")}
    assert found.pop("TFORM1").endswith("D")  # float64
    assert found == {
        "PIXTYPE": "HEALPIX", "ORDERING": "RING", "COORDSYS": "G", "NSIDE": 4, "TTYPE1": "LIVETIME", "TUNIT1": "s",
    }  # fmt: skip


@pytest.mark.parametrize("frame", sorted(FRAMES))
def test_frame_unit_and_header_come_back(path, frame):
    header = {"UNITLOG2": -32, "SEED": 17, "SHARE": 0.625, "RANGE": "16-500 GeV"}
    write_map(path, SkyMap(np.arange(48.0), frame, "m2 sr s", header))
    back = read_map(path)
    assert (back.frame, back.unit, dict(back.header)) == (frame, "m2 sr s", header)


def test_a_map_without_unit_comes_back_without(path):
    write_map(path, SkyMap(np.arange(12.0), "icrs"))
    assert read_map(path).unit == ""


def test_a_nested_map_is_read_in_ring_order(path):
    ring = np.arange(768.0)
    healpy.write_map(path, healpy.reorder(ring, r2n=True), nest=True, dtype=np.float64, coord="G")
    np.testing.assert_array_equal(read_map(path).values, ring)


def test_single_precision_is_read_as_the_same_numbers(path):
    values = np.linspace(0, 1, 48, dtype=np.float32)
    healpy.write_map(path, values, dtype=np.float32, coord="C")
    np.testing.assert_array_equal(read_map(path).values, values.astype(np.float64))


def test_a_map_without_a_frame_is_refused(path):
    healpy.write_map(path, np.arange(12.0), dtype=np.float64)
    with pytest.raises(
        FrameError, match=r"map\.fits: COORDSYS = ''; one of \['C', 'E_FIXED', 'G', 'GEOMAG'\] is wanted"
    ):
        read_map(path)


def test_a_map_in_a_frame_that_is_not_ours_is_refused(path):
    healpy.write_map(path, np.arange(12.0), dtype=np.float64, coord="E")  # ecliptic
    with pytest.raises(FrameError, match=r"map\.fits: COORDSYS = 'E'"):
        read_map(path)


def test_a_missing_file_is_refused(path):
    with pytest.raises(DataError, match=r"map\.fits: no such file"):
        read_map(path)


@pytest.mark.parametrize("keep", [0, 100, 2880, 2900, 5800, 8000])
def test_a_truncated_file_is_refused(path, keep):
    write_map(path, SkyMap(np.arange(768.0), "galactic"))
    whole = Path(path).read_bytes()
    assert keep < len(whole)
    Path(path).write_bytes(whole[:keep])
    with pytest.raises(DataError, match=r"map\.fits: no readable HEALPix map"):
        read_map(path)


def test_a_file_that_is_no_fits_is_refused(path):
    Path(path).write_text("l b value\n" * 1000)
    with pytest.raises(DataError, match=r"map\.fits: no readable HEALPix map"):
        read_map(path)


def test_a_damaged_header_is_refused_and_not_mended(path, caplog):
    write_map(path, SkyMap(np.arange(12.0), "galactic"))
    damaged = bytearray(Path(path).read_bytes())
    damaged[damaged.index(b"TFORM1") + 79] = ord("p")  # behind the value of the card, without a slash
    _ = Path(path).write_bytes(damaged)
    with pytest.raises(DataError, match=r"no readable HEALPix map \(Unparsable card \(TFORM1\)"):
        read_map(path)
    assert caplog.records == []


def test_a_fits_file_that_holds_no_map_is_refused(path):
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(path)
    with pytest.raises(DataError, match=r"map\.fits: no readable HEALPix map"):
        read_map(path)


def test_a_table_whose_length_is_no_map_is_refused(path):
    column = fits.Column(name="VALUE", format="D", array=np.arange(13.0))
    table = fits.BinTableHDU.from_columns([column])
    table.header["PIXTYPE"], table.header["ORDERING"], table.header["COORDSYS"] = "HEALPIX", "RING", "G"
    table.writeto(path)
    with pytest.raises((DataError, ShapeError)):
        read_map(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_map_with_a_value_that_is_not_finite_is_refused_by_pixel(bad):
    with pytest.raises(RangeError, match=r"values\[7\] = .* is not finite"):
        SkyMap(np.where(np.arange(12) == 7, bad, 1.0), "galactic")


def test_a_file_with_a_value_that_is_not_finite_is_refused(path):
    healpy.write_map(path, np.where(np.arange(12) == 7, np.nan, 1.0), dtype=np.float64, coord="G")
    with pytest.raises(ValueError, match=r"map\.fits.*values\[7\] = nan is not finite"):
        read_map(path)


def test_a_file_with_an_unseen_pixel_is_not_read_as_a_map_of_huge_numbers(path):
    values = np.ones(12)
    values[3] = healpy.UNSEEN  # -1.6375e30, healpy's mark for a pixel without a value
    healpy.write_map(path, values, dtype=np.float64, coord="G")
    with pytest.raises(ValueError, match=r"map\.fits.*values\[3\]"):
        read_map(path)


@pytest.mark.parametrize("npix", [0, 1, 11, 13, 108, 300, 192 * 9])
def test_a_number_of_pixels_that_is_no_grid_is_refused(npix):
    with pytest.raises(ShapeError, match=rf"values has {npix} pixels; 12 nside\^2 with nside a power of two is wanted"):
        SkyMap(np.ones(npix), "galactic")


def test_an_unknown_frame_is_refused():
    with pytest.raises(FrameError, match=r"frame = 'ecliptic' is unknown; one of \['earth_fixed', .*\] is wanted"):
        SkyMap(np.ones(12), "ecliptic")


def test_an_existing_file_is_not_overwritten_unasked(path):
    Path(path).write_text("precious")
    with pytest.raises(DataError, match=r"map\.fits: the file exists already"):
        write_map(path, SkyMap(np.ones(12), "galactic"))
    assert Path(path).read_text() == "precious"


def test_an_existing_file_is_replaced_if_asked(path):
    Path(path).write_text("old")
    write_map(path, SkyMap(np.ones(12), "galactic"), overwrite=True)
    assert read_map(path).values.sum() == 12.0


def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch):
    def failing(*_args, **_options):
        raise OSError("no space left on device")

    monkeypatch.setattr(healpy, "write_map", failing)
    with pytest.raises(DataError, match=r"map\.fits: cannot be written \(no space left on device\)"):
        write_map(tmp_path / "map.fits", SkyMap(np.ones(12), "galactic"))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_beside_a_map_that_was_written(tmp_path):
    write_map(tmp_path / "map.fits", SkyMap(np.ones(12), "galactic"))
    assert list(tmp_path.iterdir()) == [tmp_path / "map.fits"]


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"none/map\.fits: cannot be written"):
        write_map(tmp_path / "none" / "map.fits", SkyMap(np.ones(12), "galactic"))


def test_reading_says_nothing(path, capsys):
    write_map(path, SkyMap(np.ones(12), "galactic"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_map(path)
    assert capsys.readouterr() == ("", "")
