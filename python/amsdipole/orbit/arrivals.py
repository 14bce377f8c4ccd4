"""Where particles that the detector recorded came from, far from the Earth."""

import numpy as np
from numpy.typing import NDArray

from amsdipole.geomagnetism import GaussCoefficients, TracingLimits, decimal_year, trace
from amsdipole.geomagnetism.trajectory import ALLOWED
from amsdipole.orbit.navigation import Navigator
from amsdipole.orbit.seconds import Seconds
from amsdipole.sky import earth_fixed_to_teme, teme_to_earth_fixed, vector_in_frame

__all__ = ["asymptotic_directions"]

Floats = NDArray[np.float64]


def asymptotic_directions(
    seconds: Seconds,
    row: NDArray[np.int64],
    time_s: Floats,
    direction: Floats,
    rigidity_gv: Floats,
    *,
    navigator: Navigator,
    coefficients: GaussCoefficients,
    limits: TracingLimits | None = None,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Trace arrivals in the detector back in time.

    Parameters
    ----------
    seconds : Seconds
        Rows that hold the times.
    row : numpy.ndarray of int64, shape (n,)
        Row of each arrival.
    time_s : numpy.ndarray of float64, shape (n,)
        Times, each within its row [s].
    direction : numpy.ndarray of float64, shape (n, 3)
        Unit vectors in the detector to where the particles came from.
    rigidity_gv : numpy.ndarray of float64, shape (n,)
        Rigidities, negative for negative charge [GV].
    navigator : Navigator
        The instrument on its orbit.
    coefficients : GaussCoefficients
        Field against time; it must hold the times.
    limits : TracingLimits, optional
        As for `amsdipole.geomagnetism.trace`.

    Returns
    -------
    asymptotic : numpy.ndarray of float64, shape (n, 3)
        Unit vectors in the navigator's frame to where they came from far from the Earth.
    allowed : numpy.ndarray of bool, shape (n,)
        Whether the trajectory leaves the Earth's field; where not, the direction means nothing.

    Raises
    ------
    RangeError
        A time outside the epochs of the field, or a place or rigidity that cannot be traced.

    Notes
    -----
    Position and detector are carried from the start of the row to the time. The field is that of the middle of the
    calendar year: it drifts by 0.3 % a year, half of which turns a direction that is deflected by 60 deg by 0.1 deg.
    """
    since = (time_s - seconds.time_s[row])[:, None]
    start = seconds.position_km[row]
    here = start + since * seconds.velocity_km_s[row]
    # On a circle about the centre; a row is a minute at most, of which the chord misses 1e-4 rad.
    here *= np.linalg.norm(start, axis=1, keepdims=True) / np.linalg.norm(here, axis=1, keepdims=True)
    rotation, rate = navigator.attitude(seconds)
    towards = _carried(np.einsum("nij,nj->ni", rotation[row], direction), since * rate[row])
    position, arrival = teme_to_earth_fixed(time_s, here), teme_to_earth_fixed(time_s, towards)
    asymptotic, allowed = np.zeros((len(time_s), 3)), np.zeros(len(time_s), dtype=np.bool_)
    year = np.floor(decimal_year(time_s))
    for one in np.unique(year):
        of_year = np.flatnonzero(year == one)
        ends = trace(
            position[of_year],
            arrival[of_year],
            rigidity_gv[of_year],
            coefficients=coefficients,
            decimal_year=float(np.clip(one + 0.5, coefficients.epoch[0], coefficients.epoch[-1])),
            limits=limits,
        )
        asymptotic[of_year], allowed[of_year] = ends.direction, ends.outcome == ALLOWED
    sky = vector_in_frame(time_s, earth_fixed_to_teme(time_s, asymptotic), navigator.frame)
    return sky / np.linalg.norm(sky, axis=1, keepdims=True), allowed


def _carried(vector: Floats, turn_rad: Floats) -> Floats:
    """Turn vectors by Rodrigues' formula about `turn_rad`, by its length."""
    angle = np.linalg.norm(turn_rad, axis=1, keepdims=True)
    axis = turn_rad / np.where(angle > 0.0, angle, 1.0)
    across = np.cross(axis, vector)
    along = (axis * vector).sum(axis=1, keepdims=True)
    turned: Floats = vector * np.cos(angle) + across * np.sin(angle) + axis * along * (1.0 - np.cos(angle))
    return turned
