"""Seconds made from two-line elements, an attitude law and a model of the live time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number
from amsdipole.errors import RangeError
from amsdipole.orbit.elements import MAX_AGE_DAYS, ElementSets
from amsdipole.orbit.knots import StateKnots, state_knots
from amsdipole.orbit.region import inside_polygon
from amsdipole.orbit.seconds import BLOCK, STEP_MAX_S, Seconds, refuse_unheld, row_set
from amsdipole.orbit.south_atlantic import SAA_LATITUDE_DEG, SAA_LONGITUDE_DEG
from amsdipole.orbit.states import interpolated_states
from amsdipole.sky import geodetic, teme_to_earth_fixed

__all__ = ["ElementSeconds"]


@dataclass(frozen=True)
class ElementSeconds:
    """A mission that follows element sets, with a constant attitude, live outside the South Atlantic polygon.

    Attributes
    ----------
    elements : ElementSets
        Two-line elements; at each time the set nearest in epoch is used.
    start_s, stop_s : float
        Span of the mission, Unix time [s]; whole rows are made, so the last may end before `stop_s`.
    step_s : float
        Length of a row [s], 0.001 to 60.
    angle_rad : tuple of float, length 3
        Yaw, pitch, roll of the body against the local vertical [rad].
    livetime_fraction : float
        Live share of a row outside the South Atlantic polygon, in [0, 1]; inside it is 0.
    max_age_days : float
        Greatest distance to the epoch of an element set [d].

    Raises
    ------
    RangeError
        A value is outside its range.
    DataError
        An element set is too old for a time that needs it.
    """

    elements: ElementSets
    start_s: float
    stop_s: float
    step_s: float = 1.0
    angle_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)
    livetime_fraction: float = 1.0
    max_age_days: float = MAX_AGE_DAYS
    _knots: StateKnots = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the choices and compute the orbit at its knots."""
        number("step_s", self.step_s, low=0.001, high=STEP_MAX_S)
        number("livetime_fraction", self.livetime_fraction, low=0.0, high=1.0)
        for name, angle in zip(("yaw_rad", "pitch_rad", "roll_rad"), self.angle_rad, strict=True):
            number(name, angle, low=-float(np.pi), high=float(np.pi))
        number("start_s", self.start_s)
        if not self.stop_s >= self.start_s + self.step_s:
            raise RangeError(f"stop_s = {self.stop_s} is not a row of {self.step_s} s after start_s = {self.start_s}")
        knots = state_knots(self.elements, self.start_s, self.stop_s, max_age_days=self.max_age_days)
        object.__setattr__(self, "_knots", knots)

    @property
    def n_row(self) -> int:
        """Number of rows."""
        # A millionth of a row allows for spans that are rounded.
        return int(np.floor((self.stop_s - self.start_s) / self.step_s + 1e-6))

    def row_start_s(self, row: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the times at which rows start [s]."""
        return np.asarray(self.start_s + row * self.step_s, dtype=np.float64)

    def blocks(self) -> Iterator[Seconds]:
        """Give all rows once, in time order."""
        for first in range(0, self.n_row, BLOCK):
            yield self._rows(np.arange(first, min(first + BLOCK, self.n_row)))

    def covering(self, time_s: NDArray[np.float64]) -> Seconds:
        """Give rows that hold each of the times."""
        if len(time_s) >= 1024:
            # Dense times need all rows between the first and the last: looking at each would cost more than counting.
            low, high = float(time_s.min()), float(time_s.max())
            first, last = ((t - self.start_s) // self.step_s for t in (low, high))
            # NaN compares with nothing. What rounding may miss is a row on either side.
            if first >= 0.0 and last < self.n_row and low >= self.start_s and last - first < len(time_s):
                return self._rows(np.arange(max(int(first) - 1, 0), min(int(last) + 2, self.n_row)))
        row = np.floor((time_s - self.start_s) / self.step_s)
        row -= time_s < self.start_s + row * self.step_s
        row += time_s >= self.start_s + (row + 1.0) * self.step_s
        refuse_unheld(time_s, (row >= 0) & (row < self.n_row), "the mission made from element sets")
        chosen = row_set(row.astype(np.int64))
        return self._rows(np.arange(chosen.start, chosen.stop) if isinstance(chosen, slice) else chosen)

    @property
    def knots(self) -> StateKnots:
        """States of the orbit at its knots."""
        return self._knots

    def livetime_at(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the live share of a row at each place (longitude, latitude [deg], altitude)."""
        dead = inside_polygon(
            place[:, 0], place[:, 1], corner_longitude_deg=SAA_LONGITUDE_DEG, corner_latitude_deg=SAA_LATITUDE_DEG
        )
        return np.where(dead, 0.0, self.livetime_fraction)

    def _rows(self, row: NDArray[np.int64]) -> Seconds:
        time_s = self.row_start_s(row)
        position_km, velocity_km_s = interpolated_states(self._knots, time_s)
        livetime = self.livetime_at(geodetic(teme_to_earth_fixed(time_s, position_km)))
        angle = np.tile(np.array(self.angle_rad), (len(row), 1))
        return Seconds(
            time_s, self.step_s, livetime, position_km, velocity_km_s, angle, "the mission made from element sets"
        )
