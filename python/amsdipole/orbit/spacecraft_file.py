"""Spacecraft files in the layout of the Fermi-LAT's FT2: rows of any length, cut into seconds."""

from datetime import UTC, datetime
from typing import Literal

import erfa
import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, RangeError
from amsdipole.orbit.orientation import angles_of, orbital_rate, rotation_of_axes, turning_rate
from amsdipole.orbit.seconds import Seconds
from amsdipole.orbit.seconds_columns import fits_table
from amsdipole.sky import FrameKnots, earth_fixed_to_teme, teme_to_gcrs, vector_in_frame

__all__ = ["SPACECRAFT_GROUP", "rotation_in_teme", "spacecraft_seconds", "spacecraft_spans"]

Floats = NDArray[np.float64]
SPACECRAFT_GROUP = 4096  # rows that are cut together: 120,000 seconds where rows are 30 s long
_AXES = ("RA_SCZ", "DEC_SCZ", "RA_SCX", "DEC_SCX")
_WHOLE_S = 1e-3  # times of mission clocks are rounded to far less
_MJD_1970 = 40587  # modified Julian day of 1970-01-01
_TT_MINUS_TAI_S = 32.184  # by definition: IAU 1991, recommendation IV


def spacecraft_spans(path: str, step_s: float) -> list[tuple[int, float, float]]:
    """Give number of rows, first and last time of each group of a spacecraft file once it is cut into steps.

    Parameters
    ----------
    path : str
        FITS file with a table SC_DATA.
    step_s : float
        Length of the rows to make [s].

    Returns
    -------
    list of (int, float, float)
        One entry for each `SPACECRAFT_GROUP` rows of the file.

    Raises
    ------
    DataError
        The file is missing or unreadable, lacks a column, or a row is no whole number of steps.
    """
    start, stop, _ = _times(path)
    n_step = _steps(start, stop, step_s, path)
    out = []
    for first in range(0, len(start), SPACECRAFT_GROUP):
        part = slice(first, first + SPACECRAFT_GROUP)
        last = float(start[part][-1] + (n_step[part][-1] - 1) * step_s)
        out.append((int(n_step[part].sum()), float(start[part][0]), last))
    return out


def spacecraft_seconds(path: str, step_s: float, group: int) -> Seconds:
    """Read one group of a spacecraft file and cut its rows into steps.

    Parameters
    ----------
    path : str
        FITS file with a table SC_DATA: START, STOP, LIVETIME [s], SC_POSITION [m], RA_SCZ, DEC_SCZ, RA_SCX, DEC_SCX
        [deg] in J2000, and optionally SC_VELOCITY [m/s].
    step_s : float
        Length of the rows to make [s].
    group : int
        Which `SPACECRAFT_GROUP` rows of the file.

    Returns
    -------
    Seconds
        Rows of `step_s`; the spacecraft's axes are those of the file.

    Raises
    ------
    DataError
        A column is missing, a live time exceeds its row, or a row is no whole number of steps.
    RangeError
        A value is not finite or out of range, or the axes are not square to each other.

    Notes
    -----
    The live time of a row is shared evenly among its steps. Within a row the spacecraft turns evenly to where the next
    row finds it, and the position moves along a circle: 0.2 km after 30 s at an eccentricity of 0.001. A velocity that
    the file does not give is the slope of the positions. Mission time counts SI seconds from MJDREF in TT; leap seconds
    are taken off.
    """
    names = ["START", "STOP", "LIVETIME", "SC_POSITION", *_AXES]
    present = {name.upper() for name in fits_table(path, None, extension="SC_DATA")[0]}
    if "SC_VELOCITY" in present:
        names.append("SC_VELOCITY")
    _, column, _ = fits_table(path, names, extension="SC_DATA")
    start, stop, _ = _times(path)
    n_step = _steps(start, stop, step_s, path)
    # One row more on either side, so that slopes and turns do not depend on where groups are cut.
    first = group * SPACECRAFT_GROUP
    wide = slice(max(first - 1, 0), min(first + SPACECRAFT_GROUP + 1, len(start)))
    where = f"{path}, rows from {first}"
    for name in names[2:]:
        if not np.isfinite(column[name][wide]).all():
            bad = int(np.argmin(np.isfinite(column[name][wide].reshape(wide.stop - wide.start, -1)).all(axis=1)))
            raise RangeError(f"{name}[{wide.start + bad}] = {column[name][wide.start + bad]} is not finite ({path})")
    if column["SC_POSITION"].ndim != 2 or column["SC_POSITION"].shape[1] != 3:
        raise DataError(f"{path}: SC_POSITION has shape {column['SC_POSITION'].shape[1:]} a row; (3,) is wanted")
    time_s, length = start[wide], (stop - start)[wide]
    position = column["SC_POSITION"][wide] / 1e3
    far = length.max() * 1.5
    given = column.get("SC_VELOCITY")
    velocity = _slope(time_s, position, far, where) if given is None else given[wide] / 1e3
    z, x = (_unit(column[f"RA_SC{a}"][wide], column[f"DEC_SC{a}"][wide]) for a in "ZX")
    rotation = rotation_in_teme("gcrs", time_s, rotation_of_axes(z, x, source=where))
    position, velocity = _gcrs_to_teme(time_s, position), _gcrs_to_teme(time_s, velocity)
    turn = orbital_rate(position, velocity)
    rate = turning_rate(time_s, rotation, apart_most_s=far, otherwise=turn)
    own = slice(first - wide.start, min(first + SPACECRAFT_GROUP, len(start)) - wide.start)
    share = column["LIVETIME"][wide] / length
    row = np.repeat(np.arange(own.start, own.stop), n_step[wide][own])
    offset = (
        np.arange(len(row)) - np.repeat(np.cumsum(n_step[wide][own]) - n_step[wide][own], n_step[wide][own])
    ) * step_s
    position, velocity = (_turned(v[row], turn[row] * offset[:, None]) for v in (position, velocity))
    axes = np.stack([_turned(rotation[row][:, :, k], rate[row] * offset[:, None]) for k in range(3)], axis=2)
    angle = angles_of(axes, position, velocity)
    return Seconds(time_s[row] + offset, step_s, share[row], position, velocity, angle, where, rate[row])


def rotation_in_teme(frame: str, time_s: Floats, rotation: Floats) -> Floats:
    """Give orientations in TEME axes, from those in a frame of positions.

    Parameters
    ----------
    frame : str
        "teme", "gcrs" or "earth_fixed".
    time_s : numpy.ndarray of float64, shape (n,)
        Unix times [s].
    rotation : numpy.ndarray of float64, shape (n, 3, 3)
        Spacecraft to the axes of the frame.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 3)
        Spacecraft to TEME.
    """
    if frame == "teme" or not len(time_s):
        return rotation
    change = _gcrs_to_teme if frame == "gcrs" else earth_fixed_to_teme
    return np.stack([change(time_s, np.ascontiguousarray(rotation[:, :, k])) for k in range(3)], axis=2)


def _gcrs_to_teme(time_s: Floats, vector: Floats) -> Floats:
    knots = teme_to_gcrs(float(time_s.min()), float(time_s.max()))
    back = FrameKnots(knots.time_s, np.ascontiguousarray(knots.matrix.transpose(0, 2, 1)))
    return vector_in_frame(time_s, vector, back)


def _times(path: str) -> tuple[Floats, Floats, dict[str, object]]:
    """Unix times of the rows' ends."""
    _, column, header = fits_table(path, ["START", "STOP"], extension="SC_DATA")
    reference = header.get("MJDREF")
    if reference is None:
        whole, part = header.get("MJDREFI"), header.get("MJDREFF")
        if whole is None or part is None:
            raise DataError(f"{path}: neither MJDREF nor MJDREFI and MJDREFF say when mission time began")
        reference_s = (float(str(whole)) - _MJD_1970) * 86_400.0 + float(str(part)) * 86_400.0
    else:
        reference_s = (float(str(reference)) - _MJD_1970) * 86_400.0
    system = str(header.get("TIMESYS", "TT")).strip().upper()
    if system not in ("TT", "UTC"):
        raise DataError(f"{path}: TIMESYS = {system!r}; 'TT' or 'UTC' is wanted")
    for name in ("START", "STOP"):
        if not np.isfinite(column[name]).all():
            row = int(np.argmin(np.isfinite(column[name])))
            raise RangeError(f"{name}[{row}] = {column[name][row]} is not finite ({path})")
    ends = (column["START"] + reference_s, column["STOP"] + reference_s)
    if system == "TT":
        return _utc(ends[0]), _utc(ends[1]), header
    return *ends, header


def _utc(tt_s: Floats) -> Floats:
    """Unix time of times that count SI seconds in TT."""
    tai = tt_s - _TT_MINUS_TAI_S
    # Leap seconds come at the ends of months: one look-up for each month that occurs.
    month = (tai - 30.0).astype("datetime64[s]").astype("datetime64[M]")
    out = np.empty(len(tai))
    for value in np.unique(month):
        day = datetime.fromisoformat(str(value) + "-01").replace(tzinfo=UTC)
        chosen = month == value
        out[chosen] = tai[chosen] - float(erfa.dat(day.year, day.month, 1, 0.0))
    return out


def _steps(start: Floats, stop: Floats, step_s: float, path: str) -> NDArray[np.int64]:
    length = stop - start
    n_step = np.rint(length / step_s)
    bad = ~((n_step >= 1) & (np.abs(length - n_step * step_s) < _WHOLE_S))
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{path}, row {i}: STOP - START = {length[i]} s; a whole number of steps of step_s = {step_s} s is wanted"
        )
    return n_step.astype(np.int64)


def _slope(time_s: Floats, position: Floats, far_s: float, source: str) -> Floats:
    """Velocity as the slope of positions, within stretches of rows."""
    out = np.empty_like(position)
    edge = np.flatnonzero(np.diff(time_s) > far_s) + 1
    for part in np.split(np.arange(len(time_s)), edge):
        if len(part) < 2:
            raise DataError(
                f"the row at {time_s[part[0]]} stands alone and SC_VELOCITY is missing: it has no direction of flight "
                f"({source})"
            )
        order: Literal[1, 2] = 1 if len(part) == 2 else 2
        out[part] = np.asarray(np.gradient(position[part], time_s[part], axis=0, edge_order=order))
    return out


def _unit(longitude_deg: Floats, latitude_deg: Floats) -> Floats:
    lon, lat = np.radians(longitude_deg), np.radians(latitude_deg)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _turned(vector: Floats, turn: Floats) -> Floats:
    """Turn vectors about axes by angles, both given as axis times angle (Rodrigues)."""
    angle = np.linalg.norm(turn, axis=1)
    axis = turn / np.where(angle > 0.0, angle, 1.0)[:, None]
    along = np.einsum("ij,ij->i", axis, vector)[:, None] * axis
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.asarray(along + cos * (vector - along) + sin * np.cross(axis, vector))
