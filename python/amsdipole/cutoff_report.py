"""Cutoffs of places, of the world and of an orbit, as documents, tables and figures. Composition only."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._files import TEXT_MOST_BYTES, read_bounded, replacing
from amsdipole.config import Config
from amsdipole.counting import Progress
from amsdipole.errors import ConfigError, DataError
from amsdipole.geomagnetism import (
    GaussCoefficients,
    TracedCutoffs,
    cone_cutoffs,
    dipole_of_date,
    earth_fixed_position,
    local_axes,
    stormer_cutoff,
    traced_cutoffs,
)
from amsdipole.geomagnetism.cutoff_cone import AMS_CONES_RAD
from amsdipole.geomagnetism.igrf import decimal_year as year_of
from amsdipole.instrument import instrument
from amsdipole.orbit import ElementSeconds, Seconds
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = [
    "Places",
    "cutoffs_of_places",
    "orbit_cutoffs",
    "read_stations",
    "world_places",
    "write_rows",
]

_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Places:
    """Hold places and the direction from which particles arrive there.

    Attributes
    ----------
    name : list of str, length n
        What they are called.
    latitude_deg, longitude_deg, altitude_km : numpy.ndarray of float64, shape (n,)
        Geodetic places on WGS 84.
    zenith_deg, azimuth_deg : float
        Direction to where particles come from; the azimuth counts from north to east.
    """

    name: list[str]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    altitude_km: NDArray[np.float64]
    zenith_deg: float = 0.0
    azimuth_deg: float = 0.0

    def starts(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give earth-fixed positions [km] and directions."""
        position = earth_fixed_position(self.longitude_deg, self.latitude_deg, self.altitude_km)
        axes = local_axes(self.longitude_deg, self.latitude_deg)
        zenith, azimuth = np.radians(self.zenith_deg), np.radians(self.azimuth_deg)
        level = np.array([np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth), np.cos(zenith)])
        return position, np.asarray(np.einsum("k,nkx->nx", level, axes))


def read_stations(path: str | Path) -> Places:
    """Read a list of stations.

    Parameters
    ----------
    path : path-like
        CSV with the columns name, latitude_deg, longitude_deg and altitude_km.

    Returns
    -------
    Places
        The stations, seen from the zenith.

    Raises
    ------
    DataError
        The file is missing, has no rows, lacks a column, or a number is none; the row is named.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(read_bounded(path, most=TEXT_MOST_BYTES).decode(), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: no readable list of stations ({error})") from error
    if not rows:
        raise DataError(f"{path}: no station in it")
    columns: dict[str, list[float]] = {"latitude_deg": [], "longitude_deg": [], "altitude_km": []}
    for i, row in enumerate(rows):
        if None in row:  # what csv gives fields beyond the columns
            raise DataError(f"{path}, row {i + 1}: more fields than columns")
        for name, values in columns.items():
            try:
                values.append(float(row[name]))
            except (KeyError, TypeError, ValueError):
                raise DataError(f"{path}, row {i + 1}: {name} = {row.get(name)!r} is no number") from None
    latitude, longitude, altitude = (np.array(values) for values in columns.values())
    names = [row.get("name") or f"station {i + 1}" for i, row in enumerate(rows)]
    return Places(names, latitude, longitude, altitude)


def world_places(step_deg: float, altitude_km: float) -> Places:
    """Give the points of a grid over the world, from north to south and from 0 eastwards.

    Parameters
    ----------
    step_deg : float
        Step of both coordinates [deg], a divisor of 180.
    altitude_km : float
        Altitude [km].

    Returns
    -------
    Places
        The points; the poles are among them.

    Raises
    ------
    ConfigError
        The step does not divide 180 degrees.
    """
    if not step_deg > 0.0 or abs(180.0 / step_deg - round(180.0 / step_deg)) > 1e-9:
        raise ConfigError(f"step = {step_deg} deg does not divide 180 deg")
    n = round(180.0 / step_deg)
    latitude, longitude = np.linspace(90.0, -90.0, n + 1), np.linspace(0.0, 360.0, 2 * n, endpoint=False)
    rows, columns = (v.ravel() for v in np.meshgrid(latitude, longitude, indexing="ij"))
    return Places(
        [f"{a:g} {b:g}" for a, b in zip(rows, columns, strict=True)], rows, columns, np.full(len(rows), altitude_km)
    )


def cutoffs_of_places(
    places: Places,
    *,
    charge_sign: int,
    coefficients: GaussCoefficients,
    decimal_year: float,
    penumbra_step_gv: float | None,
    step_gv: float = 0.01,
    cones: bool = False,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Trace the cutoffs of places.

    Parameters
    ----------
    places : Places
        The places and the direction.
    charge_sign : int
        Sign of the charge, 1 or -1.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date.
    penumbra_step_gv : float, optional
        Step of the second scan, as for `amsdipole.geomagnetism.traced_cutoffs`; None leaves it out.
    step_gv : float
        Step of the first scan [GV].
    cones : bool
        Whether the greatest cutoffs over cones of 25, 30, 35 and 40 degrees about the direction are found too.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    list of dict
        A row for each place: place, cutoffs [GV] and date. A cutoff above the scan, which ends at 200 GV, is None, and
        ``above`` says so.

    Raises
    ------
    RangeError
        A place, a direction or the date is not allowed.
    """
    position, direction = places.starts()
    n = len(position)
    stormer = stormer_cutoff(np.full(n, 0.5), position, direction, dipole=dipole_of_date(coefficients, decimal_year),
                             charge_sign=charge_sign)  # fmt: skip
    rows: list[dict[str, Any]] = []
    for first in range(0, n, _BLOCK):
        part = slice(first, min(first + _BLOCK, n))
        found = traced_cutoffs(
            position[part],
            direction[part],
            charge_sign=charge_sign,
            coefficients=coefficients,
            decimal_year=decimal_year,
            step_gv=step_gv,
            penumbra_step_gv=penumbra_step_gv,
        )
        wide = None
        if cones:
            wide = cone_cutoffs(position[part], direction[part], charge_sign=charge_sign, coefficients=coefficients,
                                decimal_year=decimal_year)  # fmt: skip
        for i in range(part.start, part.stop):
            row = {
                "name": places.name[i],
                "latitude_deg": float(places.latitude_deg[i]),
                "longitude_deg": float(places.longitude_deg[i]),
                "altitude_km": float(places.altitude_km[i]),
                **_cutoffs(found, i - first),
                "stormer_gv": float(stormer[i]),
                "decimal_year": decimal_year,
                "charge_sign": charge_sign,
            }
            if wide is not None:
                row |= {
                    f"cone_{round(np.degrees(angle))}_deg_gv": _finite(float(value))
                    for angle, value in zip(AMS_CONES_RAD, wide[i - first], strict=True)
                }
            rows.append(row)
        if progress is not None:
            progress("cutoffs", part.stop, n)
    return rows


def _cutoffs(found: TracedCutoffs, i: int) -> dict[str, Any]:
    return {
        "upper_gv": _finite(float(found.upper_gv[i])),
        "lower_gv": _finite(float(found.lower_gv[i])),
        "band_gv": _finite(float(found.band_gv[i])),
        "effective_gv": _finite(float(found.effective_gv[i])),
        "above": bool(found.above[i]),
        "below": bool(found.below[i]),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def orbit_cutoffs(
    config: Config, *, coefficients: GaussCoefficients, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Trace AMS's per-second columns along the orbit of a configuration.

    Parameters
    ----------
    config : Config
        With ``[seconds]`` made from elements; each of its rows is traced, so ``step_s`` says how many there are.
    coefficients : GaussCoefficients
        Field against time.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    list of dict
        A row for each row of seconds: time, place, greatest upper cutoffs [GV] over cones of 25, 30, 35 and 40 degrees
        about the detector's axis for both signs of charge, and Størmer's for the widest.

    Raises
    ------
    ConfigError
        There is no ``[seconds]`` made from elements.
    DataError
        An element set is too old.
    """
    parts = instrument(config)
    if not isinstance(parts.seconds, ElementSeconds):
        raise ConfigError("[seconds] with source = 'elements' is wanted")
    rows: list[dict[str, Any]] = []
    for block in parts.seconds.blocks():
        for first in range(0, len(block.time_s), _BLOCK):
            rows += _orbit_rows(block, slice(first, first + _BLOCK), parts.navigator.attitude(block)[0], coefficients)
            if progress is not None:
                progress("cutoffs", len(rows), parts.seconds.n_row)
    return rows


def _orbit_rows(
    block: Seconds, part: slice, rotation: NDArray[np.float64], coefficients: GaussCoefficients
) -> list[dict[str, Any]]:
    time_s = block.time_s[part]
    position = teme_to_earth_fixed(time_s, block.position_km[part])
    axis = teme_to_earth_fixed(time_s, np.ascontiguousarray(rotation[part, :, 2]))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    place, year = geodetic(position), float(year_of(time_s[:1])[0])
    columns: dict[str, Sequence[float]] = {
        "time_s": time_s.tolist(),
        "longitude_deg": place[:, 0].tolist(),
        "latitude_deg": place[:, 1].tolist(),
        "altitude_km": place[:, 2].tolist(),
        "decimal_year": [year] * len(time_s),
    }
    for sign, letter in ((1, "positive"), (-1, "negative")):
        found = cone_cutoffs(position, axis, charge_sign=sign, coefficients=coefficients, decimal_year=year)
        for angle, values in zip(AMS_CONES_RAD, found.T, strict=True):
            columns[f"{letter}_{round(np.degrees(angle))}_deg_gv"] = values.tolist()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def write_rows(path: str | Path, rows: list[dict[str, Any]], *, overwrite: bool = False) -> None:
    """Write rows as CSV, whole or not at all.

    Parameters
    ----------
    path : path-like
        File to make.
    rows : list of dict
        One or more rows of the same columns.
    overwrite : bool
        Whether an earlier file may be replaced.

    Raises
    ------
    DataError
        The file exists and may not be replaced, or cannot be written.
    """
    with replacing(path, overwrite=overwrite) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
