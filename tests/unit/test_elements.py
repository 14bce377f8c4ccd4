"""Element sets: what is read, what is refused and where the message points."""

import gzip
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.orbit.elements import MAX_AGE_DAYS, ElementSets, builtin_iss_elements, read_elements

ISS = builtin_iss_elements()
FIRST = f"{ISS.line1[0]}\n{ISS.line2[0]}\n"
SECOND = f"{ISS.line1[1]}\n{ISS.line2[1]}\n"
# Vallado et al. 2006, AIAA 2006-6753, verification set of another satellite (Vanguard 1).
VANGUARD = (
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753\n"
    "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667\n"
)


def with_checksum(line: str) -> str:
    """Put the right checksum after the first 68 columns."""
    return line[:68] + str(sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10)


def write(folder: Path, text: str | bytes) -> Path:
    """Write a file of element sets."""
    path = folder / "sets.tle"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(folder: Path, text: str | bytes) -> str:
    """Message of the refusal of a file, with the folder cut off."""
    with pytest.raises(DataError) as error:
        read_elements(write(folder, text))
    return str(error.value).replace(f"{folder}/", "")


def test_an_epoch_is_the_unix_time_that_its_line_says(tmp_path: Path) -> None:
    # Day 139 of 2011 is 19 May; 0.19079861 day is 16484.999904 s. 1305763200 is date -u -d 2011-05-19 +%s.
    assert read_elements(write(tmp_path, FIRST)).epoch_s[0] == pytest.approx(1305763200 + 16484.999904, abs=1e-6)


@pytest.mark.parametrize(("digits", "year"), [("57", "1957"), ("99", "1999"), ("00", "2000"), ("56", "2056")])
def test_two_digits_mean_a_year_from_1957_to_2056(tmp_path: Path, digits: str, year: str) -> None:
    line1 = with_checksum(FIRST[:18] + digits + FIRST[20:69])
    sets = read_elements(write(tmp_path, f"{line1}\n{FIRST.splitlines()[1]}\n"))
    assert sets.epoch_iso(0)[:4] == year


def test_sets_come_in_the_order_of_their_epochs(tmp_path: Path) -> None:
    sets = read_elements(write(tmp_path, SECOND + FIRST))
    assert sets.line1 == ISS.line1[:2]


def test_name_lines_blank_lines_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    text = f"ISS (ZARYA)\n{FIRST}\n0 ISS (ZARYA)\n{SECOND}\n\n".replace("\n", "\r\n")
    assert read_elements(write(tmp_path, text)).line2 == ISS.line2[:2]


def test_gzip_is_seen_from_the_bytes_and_not_from_the_name(tmp_path: Path) -> None:
    assert read_elements(write(tmp_path, gzip.compress(FIRST.encode()))).line1 == ISS.line1[:1]


def test_the_checksum_of_the_source_is_that_of_its_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(FIRST.encode())
    assert read_elements(write(tmp_path, packed)).sha256 == hashlib.sha256(packed).hexdigest()


@given(column=st.integers(0, 68), digit=st.integers(0, 9), which=st.integers(0, 1))
def test_any_single_wrong_digit_is_refused(tmp_path_factory: pytest.TempPathFactory, column, digit, which) -> None:
    lines = FIRST.splitlines()
    found = lines[which][column]
    if not found.isdigit() or found == str(digit):
        return
    lines[which] = lines[which][:column] + str(digit) + lines[which][column + 1 :]
    with pytest.raises(DataError):
        read_elements(write(tmp_path_factory.getbasetemp(), "\n".join(lines)))


def test_a_wrong_checksum_is_refused_with_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, FIRST + SECOND.replace("20788194", "20788195"))
    assert message == "sets.tle:3: checksum 8 in column 69, but the line adds up to 9"


def test_a_checksum_that_is_no_digit_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, FIRST[:68] + "x" + FIRST[69:]) == "sets.tle:1: checksum 'x' in column 69 is not a digit"


def test_a_wrong_length_is_refused(tmp_path: Path) -> None:
    line1, line2 = FIRST.splitlines()
    message = refusal(tmp_path, f"{line1}\n{line2[:-1]}\n")
    assert message == "sets.tle:2: line 2 of a set has 68 columns; 69 are wanted"


def test_columns_out_of_place_are_refused_even_with_the_right_checksum(tmp_path: Path) -> None:
    line1 = with_checksum(FIRST[:19] + FIRST[20:33] + " " + FIRST[33:69])
    assert "has not the columns of line 1" in refusal(tmp_path, f"{line1}\n{FIRST.splitlines()[1]}\n")


def test_a_day_beyond_the_year_is_refused(tmp_path: Path) -> None:
    line1 = with_checksum(FIRST[:20] + "366" + FIRST[23:69])
    message = refusal(tmp_path, f"{line1}\n{FIRST.splitlines()[1]}\n")
    assert message == "sets.tle:2: epoch on day 366 of 2011, which is outside [1, 365] (line 1 of the set)"


def test_two_satellites_in_one_file_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, FIRST + VANGUARD)
    assert message == "sets.tle:3: satellite '00005', but '25544' in line 1; one satellite for a file is allowed"


def test_two_satellites_in_one_set_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, FIRST.splitlines()[0] + "\n" + VANGUARD.splitlines()[1])
    assert message == "sets.tle:2: satellite '00005', but '25544' on line 1 of the set"


def test_two_sets_of_one_epoch_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, FIRST + SECOND + FIRST)
    assert message == (
        "sets.tle:5: the set has the epoch of the one in line 1, 2011-05-19T04:34:45.000Z; "
        "one set for an epoch is allowed"
    )


@pytest.mark.parametrize("text", ["", "\n\n", gzip.compress(b"")])
def test_a_file_without_sets_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert refusal(tmp_path, text) == "sets.tle holds no element set; at least 1 is wanted"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FIRST.splitlines()[0], "sets.tle:1: the file ends within a set"),
        (FIRST + "ISS (ZARYA)\n", "sets.tle:3: the file ends within a set, after 'ISS (ZARYA)'"),
        (FIRST.splitlines()[1], "sets.tle:1: line 2 of a set without its line 1"),
        ("ISS\nISS\n" + FIRST, "sets.tle:2: 'ISS' follows the name 'ISS'"),
        ("#" * 69 + "\n" + FIRST, "sets.tle:1: 69 columns are no name"),
        (FIRST.splitlines()[0] + "\n\n" + FIRST.splitlines()[1], "sets.tle:2: line 2 of a set has 0 columns"),
    ],
)
def test_an_incomplete_set_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize("n_byte", [3, 12, -1, -9])
def test_a_truncated_gzip_is_refused(tmp_path: Path, n_byte: int) -> None:
    packed = gzip.compress((FIRST + SECOND).encode())
    assert refusal(tmp_path, packed[:n_byte]).startswith("sets.tle is not a whole gzip file")


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress((FIRST + SECOND).encode()))
    packed[len(packed) // 2] ^= 0xFF
    assert refusal(tmp_path, bytes(packed)).startswith("sets.tle is not a whole gzip file")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, FIRST.encode() + b"\xff") == "sets.tle:3: byte 0xff is not ASCII"


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.tle cannot be read: No such file"):
        read_elements(tmp_path / "absent.tle")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_elements(tmp_path)


def test_the_nearest_set_is_chosen_in_both_directions() -> None:
    time = np.linspace(ISS.epoch_s[0] - 1e5, ISS.epoch_s[40] + 1e5, 2001)
    nearest = np.abs(time[:, None] - ISS.epoch_s[:60]).argmin(axis=1)
    np.testing.assert_array_equal(ISS.choose(time), nearest)


def test_the_later_of_two_sets_is_chosen_midway() -> None:
    assert ISS.choose(ISS.boundary_s[:1])[0] == 1


def test_the_age_is_a_distance() -> None:
    np.testing.assert_array_equal(ISS.age_s(ISS.epoch_s[0] + np.array([-60.0, 0.0, 60.0])), [60.0, 0.0, 60.0])


@pytest.mark.parametrize("time", [np.nan, np.inf])
def test_times_that_are_not_finite_are_refused(time: float) -> None:
    with pytest.raises(RangeError, match=r"time_s\[1\] = (nan|inf) is not finite"):
        ISS.choose([1.4e9, time])


def test_a_time_too_far_from_every_set_is_refused_with_the_set_named() -> None:
    message = (
        "element set 2021-12-31T00:09:42.000Z of satellite 25544 (amsdipole/orbit/data/iss_2011_2021.tle.gz) is the "
        "nearest to 2022-01-05T00:09:42.000Z, but 5.000 days away; at most 4.0 days are allowed"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        ISS.check_age([ISS.epoch_s[-1], ISS.epoch_s[-1] + 5 * 86400.0])


def test_the_default_age_lets_the_whole_shipped_history_pass() -> None:
    ISS.check_age(ISS.boundary_s)
    assert ISS.age_s(ISS.boundary_s).max() == pytest.approx(7.616096 / 2 * 86400.0, abs=1.0)  # gap from 2014-05-06


def test_an_age_that_is_not_positive_is_refused() -> None:
    with pytest.raises(RangeError, match=r"max_age_days = 0\.0"):
        ISS.check_age([1.4e9], max_age_days=0.0)


def test_the_shipped_history_has_a_set_for_each_utc_day_at_most() -> None:
    day = np.floor(ISS.epoch_s / 86400.0)
    assert len(day) == 3854
    assert len(np.unique(day)) == 3854
    assert MAX_AGE_DAYS == 4.0


def test_the_shipped_history_is_packed_the_same_on_every_run() -> None:
    import amsdipole

    raw = (Path(amsdipole.__file__).parent / "orbit/data/iss_2011_2021.tle.gz").read_bytes()
    assert raw[3] == 0  # FLG of RFC 1952: no name
    assert raw[4:8] == bytes(4)  # MTIME


def test_epochs_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ISS.epoch_s[0] = 0.0


def test_sets_that_run_out_of_step_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"have 2, 1 and 1 elements"):
        ElementSets(np.array([0.0, 1.0]), ISS.line1[:1], ISS.line2[:1], "25544", "test", "")


def test_epochs_that_do_not_rise_are_refused() -> None:
    with pytest.raises(RangeError, match=r"epoch_s\[1\] = 1.0 is not above epoch_s\[0\] = 1.0"):
        ElementSets(np.array([1.0, 1.0]), ISS.line1[:2], ISS.line2[:2], "25544", "test", "")
