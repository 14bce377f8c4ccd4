"""Orientation of a detector on a spacecraft that flies by the local vertical."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.constants import AMS_MOUNTING_DEG

__all__ = ["ams_mounting", "axes_at", "detector_attitude"]


def ams_mounting() -> NDArray[np.float64]:
    """Return the rotation from AMS axes to those of the ISS body.

    Returns
    -------
    numpy.ndarray of float64, shape (3, 3)
        AMS (x port, y wake, z up, leaning 12.0001 deg towards port) to body (x ram, y starboard, z nadir).

    Notes
    -----
    X' = x cos a + z sin a, Z' = -x sin a + z cos a; body = (-y, -X', -Z') with a = 12.0001 deg.

    Examples
    --------
    >>> ams_mounting()[:, 2].round(4)
    array([ 0.    , -0.2079, -0.9781])
    """
    sin, cos = np.sin(np.radians(AMS_MOUNTING_DEG)), np.cos(np.radians(AMS_MOUNTING_DEG))
    return np.array([[0.0, -1.0, 0.0], [-cos, 0.0, -sin], [sin, 0.0, -cos]])


def detector_attitude(
    position_km: ArrayLike, velocity_km_s: ArrayLike, angle_rad: ArrayLike, *, mounting: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the rotation from the detector to inertial axes.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Inertial positions [km].
    velocity_km_s : array_like of float, shape (n, 3)
        Inertial velocities [km/s].
    angle_rad : array_like of float, shape (n, 3)
        Yaw, pitch and roll of the body against the local vertical [rad].
    mounting : array_like of float, shape (3, 3)
        Rotation from the detector to the body (x ram, y starboard, z nadir).

    Returns
    -------
    rotation : numpy.ndarray of float64, shape (n, 3, 3)
        Detector to the axes of the positions.
    rate : numpy.ndarray of float64, shape (n, 3)
        Angular velocity of the local vertical, r x v / r^2 [rad/s], in the same axes.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite, or a velocity is along its position.

    Notes
    -----
    Roll about x, then pitch about y, then yaw about z, then the local vertical: Z to the Earth's centre, Y against the
    orbit's angular momentum, X = Y x Z.

    Examples
    --------
    >>> rotation, rate = detector_attitude([[7000.0, 0, 0]], [[0, 7.5, 0]], [[0.0, 0, 0]], mounting=np.eye(3))
    >>> rotation[0] @ [0.0, 0.0, 1.0], rate[0, 2].round(6)
    (array([-1.,  0.,  0.]), np.float64(0.001071))
    """
    return _core.detector_attitude(
        floats("position_km", position_km, (None, 3)),
        floats("velocity_km_s", velocity_km_s, (None, 3)),
        floats("angle_rad", angle_rad, (None, 3)),
        floats("mounting", mounting, (3, 3)),
    )


def axes_at(rotation: ArrayLike, rate: ArrayLike, *, offset_s: float) -> NDArray[np.float64]:
    """Carry the detector's axis along its orbit.

    Parameters
    ----------
    rotation : array_like of float, shape (n, 3, 3)
        Detector to any axes that do not turn.
    rate : array_like of float, shape (n, 3)
        Angular velocity of the detector in those axes [rad/s].
    offset_s : float
        Time since the rotation held [s], 0 to 60.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Unit vectors along the detector's axis.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite, or the offset out of range.

    Examples
    --------
    >>> axes_at([np.eye(3)], [[1e-3, 0.0, 0.0]], offset_s=10.0).round(4)
    array([[ 0.  , -0.01,  1.  ]])
    """
    return _core.axes_at(floats("rotation", rotation, (None, 3, 3)), floats("rate", rate, (None, 3)), float(offset_s))
