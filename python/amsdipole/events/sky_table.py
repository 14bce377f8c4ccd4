"""Tables of events whose directions on the sky are known: ground arrays, published lists."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats
from amsdipole._files import TEXT_MOST_BYTES, read_bounded
from amsdipole._parquet import open_parquet, read_columns
from amsdipole.errors import ConfigError, DataError, RangeError, ShapeError
from amsdipole.sky import icrs_to_galactic

__all__ = ["SkyEvents", "read_sky_events"]


@dataclass(frozen=True)
class SkyEvents:
    """Events with directions in galactic axes.

    Attributes
    ----------
    direction : numpy.ndarray of float64, shape (n, 3)
        Unit vectors in galactic axes.
    weight : numpy.ndarray of float64, shape (n,)
        Weights.
    ra_rad, dec_rad : numpy.ndarray of float64, shape (n,)
        Equatorial coordinates (ICRS) [rad].
    azimuth_rad : numpy.ndarray of float64, shape (n,), optional
        Local azimuth, counterclockwise from east [rad].
    """

    direction: NDArray[np.float64]
    weight: NDArray[np.float64]
    ra_rad: NDArray[np.float64]
    dec_rad: NDArray[np.float64]
    azimuth_rad: NDArray[np.float64] | None


def read_sky_events(path: str | os.PathLike[str], columns: Mapping[str, str | int]) -> SkyEvents:
    """Read a list of sky directions.

    Parameters
    ----------
    path : path-like
        A Parquet file, or text with one event a line: numbers between blanks or commas, `#` before remarks.
    columns : mapping of str to str or int
        Where to find ``ra_deg`` and ``dec_deg``, or ``glon_deg`` and ``glat_deg``; ``weight`` and ``azimuth_deg`` if
        there are any. A name in a Parquet file, a number (from 1) in text.

    Returns
    -------
    SkyEvents
        The events.

    Raises
    ------
    DataError
        The file is missing, unreadable or empty, or a value is not a number or out of range.
    ConfigError
        The columns do not give a direction.

    Notes
    -----
    The azimuth is used by the first-harmonic analysis of ground arrays alone.
    """
    pairs = [pair for pair in (("ra_deg", "dec_deg"), ("glon_deg", "glat_deg")) if set(pair) <= set(columns)]
    if len(pairs) != 1:
        raise ConfigError(f"columns gives {sorted(columns)}; either ra_deg, dec_deg or glon_deg, glat_deg is wanted")
    source = os.fspath(path)
    names = [*pairs[0], *(name for name in ("weight", "azimuth_deg") if name in columns)]
    read = _parquet if source.endswith(".parquet") else _text
    values = dict(zip(names, read(source, [columns[name] for name in names]), strict=True))
    for name, column in values.items():
        low, high = {"dec_deg": (-90, 90), "glat_deg": (-90, 90), "weight": (-512, 512)}.get(name, (-360, 360))
        bad = ~((column >= low) & (column <= high))
        if bad.any():
            i = int(bad.argmax())
            raise DataError(f"{name}[{i}] = {column[i]} is outside [{low}, {high}] ({source}, row {i})")
    longitude, latitude = (np.radians(values[name]) for name in pairs[0])
    vector = np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
    if pairs[0][0] == "ra_deg":
        direction, equatorial = vector @ icrs_to_galactic().T, vector
    else:
        direction, equatorial = vector, vector @ icrs_to_galactic()
    weight = values.get("weight", np.ones(len(vector)))
    azimuth = np.radians(values["azimuth_deg"]) if "azimuth_deg" in values else None
    return SkyEvents(
        np.ascontiguousarray(direction / np.linalg.norm(direction, axis=1, keepdims=True)),
        weight,
        np.arctan2(equatorial[:, 1], equatorial[:, 0]),
        np.arcsin(np.clip(equatorial[:, 2], -1.0, 1.0)),
        azimuth,
    )


def _parquet(path: str, names: list[str | int]) -> list[NDArray[np.float64]]:
    file = open_parquet(path)
    wanted = [str(name) for name in names]
    groups = [read_columns(file, path, i, wanted, {}) for i in range(file.metadata.num_row_groups)]
    if not sum(len(group[0]) for group in groups):
        raise DataError(f"{path}: the table has no rows")
    return [np.concatenate([group[i] for group in groups]) for i in range(len(wanted))]


def _text(path: str, numbers: list[str | int]) -> list[NDArray[np.float64]]:
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    for number in numbers:
        if not isinstance(number, int) or number < 1:
            raise ConfigError(f"column {number!r} of a text table; a number from 1 is wanted")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an empty table is refused below
            text = read_bounded(path, most=TEXT_MOST_BYTES).decode().replace(",", " ").splitlines()
            table = np.loadtxt(text, comments="#", ndmin=2, dtype=np.float64)
        if not table.size:
            raise DataError(f"{path}: the table has no rows")
        chosen = [int(number) - 1 for number in numbers]
        if max(chosen) >= table.shape[1]:
            raise ConfigError(f"{path}: column {max(chosen) + 1} is wanted; the table has {table.shape[1]}")
        return [finite_floats(f"column {i + 1}", table[:, i], (None,)) for i in chosen]
    except (ValueError, UnicodeDecodeError, OSError) as error:
        if isinstance(error, (ConfigError, DataError)):
            raise
        if isinstance(error, (RangeError, ShapeError)):
            raise DataError(f"{path}: {error}") from None
        raise DataError(f"{path}: no readable table of numbers ({error})") from error
