"""Coefficients of the geomagnetic field and the decimal year."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.geomagnetism.igrf import GaussCoefficients, decimal_year, igrf14, read_shc

FIELD = igrf14()
SMALL = "# Small\n1 1 2 2 1\n2000.0 2005.0\n1 0 -30000 -29000\n1 1 -2000 -1900\n1 -1 5000 5100\n"


def refusal(folder: Path, text: str | bytes) -> str:
    """Message of the refusal of a file, with the folder cut off."""
    path = folder / "field.shc"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as error:
        read_shc(path)
    return str(error.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("year", "degree", "order", "value"),
    # Printed in IAGA's file IGRF14.shc.
    [(1900.0, 1, 0, -31543.0), (2015.0, 1, -1, 4795.99), (2025.0, 1, 0, -29350.0), (2030.0, 1, 0, -29287.0)],
)
def test_coefficients_at_an_epoch_are_those_of_the_file(year: float, degree: int, order: int, value: float) -> None:
    assert FIELD.at(year)[FIELD.index(degree, order)] == value


def test_coefficients_between_epochs_are_linear_in_the_decimal_year() -> None:
    np.testing.assert_allclose(FIELD.at(2012.0), 0.6 * FIELD.at(2010.0) + 0.4 * FIELD.at(2015.0), atol=1e-10)


def test_coefficients_after_2025_follow_the_secular_variation() -> None:
    # IAGA's table of IGRF-14 gives the secular variation of g10 as 12.6 nT a year.
    assert FIELD.at(2027.0)[FIELD.index(1, 0)] == pytest.approx(-29350.0 + 2 * 12.6, abs=1e-9)


def test_the_field_agrees_with_ppigrf_in_every_coefficient() -> None:
    ppigrf = pytest.importorskip("ppigrf", reason="ppigrf, a test dependency, is absent")
    pandas = pytest.importorskip("pandas", reason="pandas, which ppigrf needs, is absent")
    g, h = ppigrf.ppigrf.read_shc(str(Path(ppigrf.__file__).parent / "IGRF14.shc"))
    when = pandas.Timestamp(2015, 1, 1)
    for value, degree, order in zip(FIELD.at(2015.0), FIELD.degree, FIELD.order, strict=True):
        table = g if order >= 0 else h
        assert value == table.loc[when, (degree, abs(order))]


@pytest.mark.parametrize("year", [1899.999, 2030.001, np.nan, np.inf])
def test_a_year_outside_the_field_is_refused(year: float) -> None:
    with pytest.raises(RangeError, match=r"decimal_year = .* is outside \[1900.0, 2030.0\]"):
        FIELD.at(year)


def test_a_coefficient_that_is_not_there_is_refused() -> None:
    with pytest.raises(RangeError, match="degree = 14, order = 0 is not among the coefficients of IGRF 14"):
        FIELD.index(14, 0)


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2011-01-01T00:00:00", 2011.0),
        ("2015-07-02T12:00:00", 2015.5),  # half of 365 days
        ("2016-07-02T00:00:00", 2016.5),  # half of 366 days
        ("2016-12-31T00:00:00", 2016 + 365 / 366),
        ("1969-12-31T00:00:00", 1969 + 364 / 365),
    ],
)
def test_a_year_has_its_own_length(date: str, year: float) -> None:
    time = np.datetime64(date, "s").astype(np.float64)
    assert decimal_year([time])[0] == pytest.approx(year, abs=1e-12)


@given(st.floats(-2e9, 2e9), st.floats(0.01, 1e8))
def test_the_decimal_year_rises(time: float, later: float) -> None:
    first, second = decimal_year([time, time + later])
    assert second > first


@pytest.mark.parametrize("time", [np.nan, np.inf, 1e12])
def test_times_without_a_year_are_refused(time: float) -> None:
    with pytest.raises(RangeError, match=r"time_s\[1\]"):
        decimal_year([0.0, time])


def test_a_file_with_or_without_the_years_of_its_validity_is_read(tmp_path: Path) -> None:
    path = tmp_path / "small.shc"
    path.write_text(SMALL.replace("1 1 2 2 1\n", "1 1 2 2 1 2000.0 2005.0\n"))
    longer = read_shc(path)
    path.write_text(SMALL)
    np.testing.assert_array_equal(read_shc(path).value_nt, longer.value_nt)
    assert read_shc(path).model == "Small"


def test_the_checksum_is_that_of_the_shipped_file() -> None:
    import amsdipole

    raw = (Path(amsdipole.__file__).parent / "geomagnetism/data/IGRF14.shc").read_bytes()
    assert FIELD.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "field.shc has 0 lines that are no comments"),
        (SMALL.replace("1 1 2 2 1", "1 1 2 2"), "field.shc:2: header '1 1 2 2'"),
        (SMALL.replace("1 1 2 2 1", "1 1 2 6 1"), "field.shc:2: degrees 1 to 1, spline order 6"),
        (SMALL.replace("1 1 2 2 1", "1 2 2 2 1"), "field.shc: 3 coefficients; "),
        (SMALL.replace("2000.0 2005.0", "2000.0"), "field.shc:3: 1 numbers; 2 are wanted"),
        (SMALL.replace("2000.0 2005.0", "2005.0 2000.0"), "field.shc: epoch[1] = 2000.0 is not above epoch[0]"),
        (SMALL.replace("-1900", ""), "field.shc:5: 3 numbers; 4 are wanted"),
        (SMALL.replace("-1900", "x"), "field.shc:5: could not convert string to float: 'x'"),
        (SMALL.replace("-1900", "nan"), "field.shc:5: 'nan' is not finite"),
        (SMALL.replace("1 1 -2000 -1900\n", ""), "field.shc: 2 coefficients; "),
        (SMALL.encode() + b"\xff", "field.shc: byte 0xff at "),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.shc cannot be read: No such file"):
        read_shc(tmp_path / "absent.shc")


def test_one_epoch_is_refused() -> None:
    with pytest.raises(ShapeError, match="epoch has 1 elements; at least 2"):
        GaussCoefficients(np.array([2000.0]), np.array([1]), np.array([0]), np.zeros((1, 1)), "test", "")


@pytest.mark.parametrize(("degree", "order"), [(0, 0), (1, 2), (1, -2)])
def test_an_order_beyond_its_degree_is_refused(degree: int, order: int) -> None:
    with pytest.raises(RangeError, match=r"degree\[0\]"):
        GaussCoefficients(np.array([0.0, 1.0]), np.array([degree]), np.array([order]), np.zeros((2, 1)), "test", "")


def test_a_coefficient_given_twice_is_refused() -> None:
    with pytest.raises(RangeError, match="occur twice"):
        GaussCoefficients(np.array([0.0, 1.0]), np.array([1, 1]), np.array([0, 0]), np.zeros((2, 2)), "test", "")
