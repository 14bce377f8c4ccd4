"""Trajectories of cosmic rays traced back through the Earth's field to where they came from."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import floats, number, whole_number
from amsdipole.constants import EARTH_RADIUS_KM
from amsdipole.geomagnetism.field import coefficients_at
from amsdipole.geomagnetism.igrf import GaussCoefficients

__all__ = ["ALLOWED", "FORBIDDEN", "TRAPPED", "TracingLimits", "Trajectories", "trace", "trajectory"]

FORBIDDEN: Final = 0  # met the floor
ALLOWED: Final = 1  # left the escape sphere
TRAPPED: Final = 2  # path or steps ran out; every cutoff counts it as forbidden


@dataclass(frozen=True)
class TracingLimits:
    """Say where trajectories end and how exactly they are followed.

    Parameters
    ----------
    escape_radius_km : float
        Distance from the Earth's centre beyond which a particle is free [km].
    floor_altitude_km : float
        Altitude above WGS 84 below which it is absorbed [km].
    error_bound : float
        Error of one step, 1e-12 to 0.01: of the tangent [rad], and of the position over the distance from the centre.
    loss_nt : float
        What the field may lose for speed, times ``(6371.2 km / r)**2`` [nT]; see `magnetic_field`.
    path_max_km : float
        Path after which a particle counts as trapped [km].
    n_step_max : int
        Steps, taken or tried, after which it counts as trapped.

    Raises
    ------
    RangeError
        A value is outside its range or not finite.

    Notes
    -----
    The defaults: 25 Earth radii and 20 km as in Smart and Shea's grids; 0.5 nT is less than the IGRF's own error.

    Examples
    --------
    >>> TracingLimits(floor_altitude_km=0.0).error_bound
    1e-06
    """

    escape_radius_km: float = 25.0 * EARTH_RADIUS_KM
    floor_altitude_km: float = 20.0
    error_bound: float = 1e-6
    loss_nt: float = 0.5
    path_max_km: float = 500.0 * EARTH_RADIUS_KM
    n_step_max: int = 100_000

    def __post_init__(self) -> None:
        """Check the ranges."""
        number("floor_altitude_km", self.floor_altitude_km, low=-100.0, high=50_000.0)
        number("escape_radius_km", self.escape_radius_km, low=6378.137 + self.floor_altitude_km, high=1e6)
        number("error_bound", self.error_bound, low=1e-12, high=1e-2)
        number("loss_nt", self.loss_nt, low=0.0)
        number("path_max_km", self.path_max_km, low=0.0, high=1e9, open_low=True)
        whole_number("n_step_max", self.n_step_max, low=1, high=10**9)

    def arguments(self) -> tuple[float, float, float, float, float, int]:
        """Give the values in the order of the kernels."""
        return (
            float(self.escape_radius_km),
            float(self.floor_altitude_km),
            float(self.error_bound),
            float(self.loss_nt),
            float(self.path_max_km),
            int(self.n_step_max),
        )


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Hold how trajectories ended, element by element.

    Parameters
    ----------
    outcome : numpy.ndarray of uint8, shape (n,)
        `FORBIDDEN`, `ALLOWED` or `TRAPPED`.
    direction : numpy.ndarray of float64, shape (n, 3)
        Unit tangent at the end, earth-fixed; for an allowed one the asymptotic direction, to where it came from.
    position_km : numpy.ndarray of float64, shape (n, 3)
        End of the path [km], earth-fixed.
    path_km : numpy.ndarray of float64, shape (n,)
        Length of the path [km].
    n_step : numpy.ndarray of int64, shape (n,)
        Steps taken or tried.

    Notes
    -----
    The asymptotic direction is the tangent on the escape sphere: at 25 Earth radii the field beyond turns it by some
    2.6 deg x (1 GV / R) more.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> trace([[6800.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], [50.0], coefficients=igrf14(), decimal_year=2015.0).outcome
    array([1], dtype=uint8)
    """

    outcome: NDArray[np.uint8]
    direction: NDArray[np.float64]
    position_km: NDArray[np.float64]
    path_km: NDArray[np.float64]
    n_step: NDArray[np.int64]


def trace(
    position_km: ArrayLike,
    direction: ArrayLike,
    rigidity_gv: ArrayLike,
    *,
    coefficients: GaussCoefficients,
    decimal_year: float,
    limits: TracingLimits | None = None,
) -> Trajectories:
    """Trace particles back in time through the field of one date.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Earth-fixed positions at which the particles arrive [km].
    direction : array_like of float, shape (n, 3)
        Earth-fixed directions to where they come from, of any length but zero.
    rigidity_gv : array_like of float, shape (n,)
        Rigidities [GV], negative for negative charge; 0.001 to 10^9 in size.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    limits : TracingLimits, optional
        Where and how exactly trajectories end; `TracingLimits()` if not given.

    Returns
    -------
    Trajectories
        Outcome, asymptotic direction, end, path and steps of each.

    Raises
    ------
    ShapeError
        Shapes do not match.
    RangeError
        The date is outside the epochs; a start lies below the floor or beyond the escape sphere; a rigidity is zero; a
        direction is zero or not finite.

    Notes
    -----
    dx/ds = t, dt/ds = -(c / p) t x B with the pair of Dormand and Prince 5(4); the tangent is set back to unit length
    after each step and what it missed is part of the error. The field stands still and turns with the Earth; currents
    outside the Earth are left out. Results have the same bits for any number of threads and any width of vector.

    References
    ----------
    .. [1] Dormand, Prince 1980, J. Comput. Appl. Math. 6, 19, https://doi.org/10.1016/0771-050X(80)90013-3

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> here, up = [[6800.0, 0.0, 0.0]] * 2, [[1.0, 0.0, 0.0]] * 2
    >>> ends = trace(here, up, [100.0, -100.0], coefficients=igrf14(), decimal_year=2015.0)
    >>> ends.direction.round(2)
    array([[ 0.97,  0.23,  0.03],
           [ 0.97, -0.23, -0.03]])
    """
    chosen = limits or TracingLimits()
    return Trajectories(
        *_core.trace(
            floats("position_km", position_km, (None, 3)),
            floats("direction", direction, (None, 3)),
            floats("rigidity_gv", rigidity_gv, (None,)),
            coefficients_at(coefficients, decimal_year),
            *chosen.arguments(),
        )
    )


def trajectory(
    position_km: ArrayLike,
    direction: ArrayLike,
    rigidity_gv: float,
    *,
    coefficients: GaussCoefficients,
    decimal_year: float,
    limits: TracingLimits | None = None,
) -> NDArray[np.float64]:
    """Give the steps of one trajectory traced back in time.

    Parameters
    ----------
    position_km : array_like of float, shape (3,)
        Earth-fixed position of arrival [km].
    direction : array_like of float, shape (3,)
        Earth-fixed direction to where the particle comes from.
    rigidity_gv : float
        Rigidity [GV], negative for negative charge.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    numpy.ndarray of float64, shape (n_step, 7)
        After each step taken: path [km], position [km] and unit tangent, earth-fixed; the last row is the end.

    Raises
    ------
    ShapeError
        A shape is not (3,).
    RangeError
        As for `trace`.

    Notes
    -----
    The same steps to the last bit as those that `trace` takes.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> trajectory([6800.0, 0.0, 0.0], [1.0, 0.0, 0.0], 20.0, coefficients=igrf14(), decimal_year=2015.0).shape[1]
    7
    """
    chosen = limits or TracingLimits()
    return _core.trajectory(
        floats("position_km", position_km, (3,)),
        floats("direction", direction, (3,)),
        number("rigidity_gv", rigidity_gv),
        coefficients_at(coefficients, decimal_year),
        *chosen.arguments(),
    )
