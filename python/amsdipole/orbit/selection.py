"""Which seconds are good, and where the others went."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number, whole_number
from amsdipole.constants import EARTH_ROTATION_RAD_S
from amsdipole.errors import DataError, RangeError
from amsdipole.orbit.attitude import axes_at, detector_attitude
from amsdipole.orbit.element_seconds import ElementSeconds
from amsdipole.orbit.region import inside_polygon
from amsdipole.orbit.seconds import Seconds, SecondsSource
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = ["CAUSES", "SecondCauses", "SecondRule", "SelectedSeconds", "causes", "earth_axes", "narrowed", "stepped"]

CAUSES = ("good", "interval", "flags", "region", "not_live", "livetime", "zenith")
"""What a row may be, in the order of the cuts: the first that it fails counts."""


@dataclass(frozen=True)
class SecondRule:
    """What a good second is.

    Attributes
    ----------
    livetime_least : float
        Least live share of a row, in [0, 1]; AMS asks for more than 0.5.
    zenith_most_rad : float
        Greatest angle of the detector's axis to the local zenith [rad], in (0, pi]; AMS asks for 40 deg.
    interval_s : tuple of (float, float)
        Time intervals [s] of which one must hold the row's start; none means all times.
    region_deg : tuple of (float, float)
        Corners of a closed polygon of longitude and latitude [deg] that is left out; none leaves nothing out.
    flag_mask : int
        Rows that have any of these quality flags are left out; 0 looks at none.

    Raises
    ------
    RangeError
        A value is outside its range, an interval is empty, or a polygon has one or two corners.
    """

    livetime_least: float = 0.0
    zenith_most_rad: float = float(np.pi)
    interval_s: tuple[tuple[float, float], ...] = ()
    region_deg: tuple[tuple[float, float], ...] = ()
    flag_mask: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        number("livetime_least", self.livetime_least, low=0.0, high=1.0)
        number("zenith_most_rad", self.zenith_most_rad, low=0.0, high=float(np.pi), open_low=True)
        for i, (start, stop) in enumerate(self.interval_s):
            if not start < stop:
                raise RangeError(f"interval_s[{i}] = ({start}, {stop}) is empty")
        if len(self.region_deg) in (1, 2):
            raise RangeError(f"region_deg has {len(self.region_deg)} corners; three or more are wanted")
        whole_number("flag_mask", self.flag_mask, low=0, high=2**62)


@dataclass(frozen=True)
class SecondCauses:
    """What became of each row.

    Attributes
    ----------
    cause : numpy.ndarray of int64, shape (n,)
        Index into `CAUSES`.
    livetime_s : numpy.ndarray of float64, shape (n,)
        Live time of good rows [s], 0 of others.
    live_s : numpy.ndarray of float64, shape (n,)
        Live time before the selection [s].
    """

    cause: NDArray[np.int64]
    livetime_s: NDArray[np.float64]
    live_s: NDArray[np.float64]


def causes(
    rule: SecondRule | None,
    time_s: NDArray[np.float64],
    livetime_fraction: NDArray[np.float64],
    place: NDArray[np.float64],
    axis: NDArray[np.float64],
    step_s: float,
    flags: NDArray[np.int64] | None = None,
) -> SecondCauses:
    """Tell what becomes of each row.

    Parameters
    ----------
    rule : SecondRule, optional
        What a good second is; none means every live one.
    time_s : numpy.ndarray of float64, shape (n,)
        Start of each row [s].
    livetime_fraction : numpy.ndarray of float64, shape (n,)
        Live share of each row.
    place : numpy.ndarray of float64, shape (n, 3)
        Longitude [deg], geodetic latitude [deg], altitude [km].
    axis : numpy.ndarray of float64, shape (n, 3)
        Earth-fixed unit vectors along the detector's axis.
    step_s : float
        Length of a row [s].
    flags : numpy.ndarray of int64, shape (n,), optional
        Quality flags of each row.

    Returns
    -------
    SecondCauses
        The first cut of `CAUSES` that each row fails.

    Raises
    ------
    RangeError
        A value is not finite.
    DataError
        Flags are asked for and there are none.
    """
    live = livetime_fraction * step_s
    cause = np.zeros(len(live), dtype=np.int64)
    # The last cut first, so that the first that a row fails is what remains.
    if rule is not None:
        if rule.zenith_most_rad < np.pi:
            cause[_height(place, axis) < np.cos(rule.zenith_most_rad)] = 6
        cause[livetime_fraction < rule.livetime_least] = 5
    cause[~(livetime_fraction > 0.0)] = 4
    if rule is not None:
        if rule.region_deg:
            corner = np.array(rule.region_deg)
            inside = inside_polygon(
                place[:, 0], place[:, 1], corner_longitude_deg=corner[:, 0], corner_latitude_deg=corner[:, 1]
            )
            cause[inside] = 3
        if rule.flag_mask:
            if flags is None:
                raise DataError(f"flag_mask = {rule.flag_mask} asks for quality flags; the seconds have none")
            cause[(flags & rule.flag_mask) != 0] = 2
        if rule.interval_s:
            held = np.zeros(len(cause), dtype=bool)
            for start, stop in rule.interval_s:
                held |= (time_s >= start) & (time_s < stop)
            cause[~held] = 1
    return SecondCauses(cause, np.where(cause == 0, live, 0.0), live)


def narrowed(source: SecondsSource, span_s: tuple[float, float], mounting: NDArray[np.float64]) -> "SelectedSeconds":
    """Leave out the seconds outside a span of time, on top of what is left out already.

    Parameters
    ----------
    source : SecondsSource
        Rows of the mission, selected or not.
    span_s : tuple of (float, float)
        Rows that start from the first time on and before the second stay [s].
    mounting : numpy.ndarray of float64, shape (3, 3)
        Detector to body.

    Returns
    -------
    SelectedSeconds
        The same rows.

    Raises
    ------
    RangeError
        Nothing is left of the intervals.
    """
    inner, rule = (source.source, source.rule) if isinstance(source, SelectedSeconds) else (source, SecondRule())
    if isinstance(inner, ElementSeconds):  # whole rows from the first on: the others are not made at all
        first, last = (np.ceil((t - inner.start_s) / inner.step_s - 1e-9) for t in span_s)
        start_s = inner.start_s + max(float(first), 0.0) * inner.step_s
        stop_s = min(inner.start_s + float(last) * inner.step_s, inner.stop_s)
        inner = replace(inner, start_s=start_s, stop_s=stop_s)
    held = rule.interval_s or (span_s,)
    cut = [(max(start, span_s[0]), min(stop, span_s[1])) for start, stop in held]
    left = tuple((start, stop) for start, stop in cut if start < stop)
    if not left:
        raise RangeError(f"span_s = {span_s} has nothing in common with the intervals {rule.interval_s}")
    return SelectedSeconds(inner, replace(rule, interval_s=left), mounting)


def earth_axes(
    time_s: NDArray[np.float64], rotation: NDArray[np.float64], rate: NDArray[np.float64], offset_s: float
) -> NDArray[np.float64]:
    """Give the earth-fixed detector axis some time after that of its rotation (to TEME), shape (n, 3)."""
    x, y, z = teme_to_earth_fixed(time_s, axes_at(rotation, rate, offset_s=offset_s)).T
    sin, cos = np.sin(EARTH_ROTATION_RAD_S * offset_s), np.cos(EARTH_ROTATION_RAD_S * offset_s)
    return np.column_stack([cos * x + sin * y, cos * y - sin * x, z])


def _height(place: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine of the angle between axis and the vertical of the ellipsoid."""
    lon, lat = np.radians(place[:, 0]), np.radians(place[:, 1])
    return np.asarray(np.cos(lat) * (axis[:, 0] * np.cos(lon) + axis[:, 1] * np.sin(lon)) + np.sin(lat) * axis[:, 2])


@dataclass(frozen=True)
class SelectedSeconds:
    """A mission of which only good seconds count, for events and exposure alike.

    Attributes
    ----------
    source : SecondsSource
        All rows.
    rule : SecondRule
        What a good second is; the others keep their place in the table with no live time.
    mounting : numpy.ndarray of float64, shape (3, 3)
        Detector to body: where the axis points, for the cut on its zenith angle.
    """

    source: SecondsSource
    rule: SecondRule
    mounting: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse a selection of a selection."""
        if isinstance(self.source, SelectedSeconds):
            raise DataError("the source is a selection already; join the rules")

    @property
    def start_s(self) -> float:
        """Unix time at which the first row starts [s]."""
        return self.source.start_s

    @property
    def stop_s(self) -> float:
        """Unix time at which the last row ends [s]."""
        return self.source.stop_s

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return self.source.n_row

    @property
    def step_s(self) -> float:
        """Length of every row [s]."""
        return self.source.step_s

    def row_start_s(self, row: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the times at which rows start [s]."""
        return self.source.row_start_s(row)

    def blocks(self) -> Iterator[Seconds]:
        """Give all rows once, in time order, those that are not good with no live time."""
        for block in self.source.blocks():
            yield self._selected(block)

    def covering(self, time_s: NDArray[np.float64]) -> Seconds:
        """Give rows that hold each of the times."""
        return self._selected(self.source.covering(time_s))

    def _selected(self, block: Seconds) -> Seconds:
        rotation, rate = detector_attitude(
            block.position_km, block.velocity_km_s, block.angle_rad, mounting=self.mounting
        )
        if block.rate_rad_s is not None:
            rate = block.rate_rad_s
        axis = earth_axes(block.time_s, rotation, rate, block.step_s / 2.0)
        place = geodetic(teme_to_earth_fixed(block.time_s, block.position_km))
        found = causes(self.rule, block.time_s, block.livetime_fraction, place, axis, block.step_s, block.flags)
        return block.with_livetime(np.where(found.cause == 0, block.livetime_fraction, 0.0))


def stepped(source: SecondsSource, step_s: float) -> SecondsSource:
    """Make the rows of a mission longer, where they are made from element sets.

    Parameters
    ----------
    source : SecondsSource
        Rows of the mission, selected or not.
    step_s : float
        Length of the rows wanted [s].

    Returns
    -------
    SecondsSource
        Longer rows; a table of a user's, or rows that are as long already, stay what they are.
    """
    if isinstance(source, SelectedSeconds):
        return replace(source, source=stepped(source.source, step_s))
    if isinstance(source, ElementSeconds) and step_s > source.step_s:
        return replace(source, step_s=step_s)
    return source
