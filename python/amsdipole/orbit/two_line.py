"""The text of two-line element sets: lines checked one by one, values still as they were published."""

import gzip
import io
import re
import zlib
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from amsdipole.constants import SECONDS_PER_DAY
from amsdipole.errors import DataError

__all__ = ["MOST_BYTES", "TwoLines", "iso_time", "sorted_sets"]

MOST_BYTES: Final = 1 << 28  # 1.9 million sets: fifty a day for a hundred years
_LINE_LENGTH: Final = 69  # columns of an element line (CelesTrak, "NORAD Two-Line Element Set Format")
_NAME_LENGTH: Final = 26  # a name has 24 columns, after an optional "0 "
_ANGLE: Final = r"[ 0-9]{3}\.[0-9]{4}"
_EXPONENT: Final = r"[ +-][ 0-9]{5}[+-][0-9]"
_LINE_1: Final = re.compile(
    r"1 ([0-9A-Z ][ 0-9]{4})[ UCS] .{8} ([0-9]{2})([ 0-9]{3}\.[0-9]{8}) [ +-]\.[0-9]{8} "
    rf"{_EXPONENT} {_EXPONENT} [ 0-9] [ 0-9]{{4}}[0-9]"
)
_LINE_2: Final = re.compile(
    rf"2 ([0-9A-Z ][ 0-9]{{4}}) {_ANGLE} {_ANGLE} [0-9]{{7}} {_ANGLE} {_ANGLE} [ 0-9]{{2}}\.[0-9]{{8}}[ 0-9]{{5}}[0-9]"
)


class TwoLines(NamedTuple):
    """One element set as it stands in a file."""

    epoch_s: float
    """Epoch [s], Unix time (UTC)."""
    n_line: int
    """Number of its first line in the file, from 1."""
    catalogue_number: str
    """Columns 3 to 7."""
    line1: str
    line2: str


def sorted_sets(raw: bytes, source: str) -> list[TwoLines]:
    r"""Read the sets of one satellite from the bytes of a file, in the order of their epochs.

    Parameters
    ----------
    raw : bytes
        ASCII text, or gzip of it.
    source : str
        Name of the file for messages.

    Returns
    -------
    list of TwoLines
        At least one set.

    Raises
    ------
    DataError
        As in `amsdipole.orbit.elements.read_elements`.

    Notes
    -----
    Blank lines are allowed between sets, not within one.

    References
    ----------
    .. [1] Hoots and Roehrich 1980, Spacetrack Report No. 3; Vallado et al. 2006, AIAA 2006-6753,
       https://doi.org/10.2514/6.2006-6753

    Examples
    --------
    >>> lines = (
    ...     b"1 25544U 98067A   11139.19079861  .00035378  00000-0  23366-3 0  9995\n"
    ...     b"2 25544 051.6491 309.5834 0003117 279.7127 063.8232 15.75230498716335\n"
    ... )
    >>> sorted_sets(lines, "iss.tle")[0][:3]
    (1305779684.999904, 1, '25544')
    """
    found = _sets(_text(raw, source), source)
    first = found[0].catalogue_number
    for one in found:
        if one.catalogue_number != first:
            raise DataError(
                f"{source}:{one.n_line}: satellite {one.catalogue_number!r}, but {first!r} in line {found[0].n_line}; "
                "one satellite for a file is allowed"
            )
    found.sort()
    for before, after in pairwise(found):
        if before.epoch_s == after.epoch_s:
            raise DataError(
                f"{source}:{after.n_line}: the set has the epoch of the one in line {before.n_line}, "
                f"{iso_time(after.epoch_s)}; one set for an epoch is allowed"
            )
    return found


def iso_time(time_s: float) -> str:
    """Write a Unix time as ISO 8601 UTC text, to the millisecond."""
    return f"{np.datetime64(round(time_s * 1e3), 'ms')}Z"


def _sets(text: str, source: str) -> list[TwoLines]:
    found: list[TwoLines] = []
    line1 = ""  # of the set that still waits for its line 2
    name = ""  # that still waits for its set
    n_line = 0
    for n_line, whole_line in enumerate(text.rstrip().split("\n"), start=1):
        line, where = whole_line.rstrip(), f"{source}:{n_line}"
        if line1:
            _check_line(line, "2", _LINE_2, where)
            found.append(_two_lines(line1, line, n_line - 1, where))
            line1 = ""
        elif line[:2] == "1 ":
            _check_line(line, "1", _LINE_1, where)
            line1, name = line, ""
        elif name:
            raise DataError(f"{where}: {line!r} follows the name {name!r}; line 1 of a set is wanted")
        elif line[:2] == "2 ":
            raise DataError(f"{where}: line 2 of a set without its line 1")
        elif len(line) > _NAME_LENGTH:
            raise DataError(
                f"{where}: {len(line)} columns are no name (at most {_NAME_LENGTH}) and no line 1 of a set, "
                f"which starts with '1 ' and has {_LINE_LENGTH}"
            )
        else:
            name = line
    if line1 or name:
        raise DataError(f"{source}:{n_line}: the file ends within a set, after {line1 or name!r}")
    if not found:
        raise DataError(f"{source} holds no element set; at least 1 is wanted")
    return found


def _text(raw: bytes, source: str) -> str:
    if raw[:2] == b"\x1f\x8b":  # the magic number of gzip, RFC 1952
        try:
            with gzip.open(io.BytesIO(raw)) as stream:
                raw = stream.read(MOST_BYTES + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{source} is not a whole gzip file: {error}") from error
        if len(raw) > MOST_BYTES:
            raise DataError(f"{source}: it inflates to more than {MOST_BYTES} bytes, which no such file has")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as error:
        n_line = raw[: error.start].count(b"\n") + 1
        raise DataError(f"{source}:{n_line}: byte {raw[error.start]:#04x} is not ASCII") from error


def _check_line(line: str, first: str, layout: re.Pattern[str], where: str) -> None:
    if len(line) != _LINE_LENGTH:
        raise DataError(f"{where}: line {first} of a set has {len(line)} columns; {_LINE_LENGTH} are wanted")
    if not line[-1].isdigit():
        raise DataError(f"{where}: checksum {line[-1]!r} in column {_LINE_LENGTH} is not a digit")
    total = sum(int(c) if c.isdigit() else c == "-" for c in line[:-1]) % 10
    if total != int(line[-1]):
        raise DataError(f"{where}: checksum {line[-1]} in column {_LINE_LENGTH}, but the line adds up to {total}")
    if not layout.fullmatch(line):
        raise DataError(f"{where}: {line!r} has not the columns of line {first} of a two-line element set")


def _two_lines(line1: str, line2: str, n_line: int, where: str) -> TwoLines:
    satellite = line1[2:7]
    if line2[2:7] != satellite:
        raise DataError(f"{where}: satellite {line2[2:7]!r}, but {satellite!r} on line 1 of the set")
    year = int(line1[18:20])
    year += 2000 if year < 57 else 1900  # the first satellite flew in 1957
    new_year = date(year, 1, 1).toordinal()
    day = int(line1[20:23])
    n_day = date(year + 1, 1, 1).toordinal() - new_year
    if not 1 <= day <= n_day:
        raise DataError(f"{where}: epoch on day {day} of {year}, which is outside [1, {n_day}] (line 1 of the set)")
    days = new_year + day - 1 - date(1970, 1, 1).toordinal()
    epoch_s = (days + float(f"0{line1[23:32]}")) * SECONDS_PER_DAY
    return TwoLines(epoch_s, n_line, satellite, line1, line2)
