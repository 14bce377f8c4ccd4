"""Orientations that tables give otherwise than by yaw, pitch and roll: quaternions, or where two axes point."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import RangeError, ShapeError

__all__ = ["angles_of", "orbital_rate", "rotation_of_axes", "rotation_of_quaternions", "turning_rate"]

Floats = NDArray[np.float64]
UNIT_TOLERANCE = 1e-6  # single precision, a few operations on; 1e-6 rad is 0.2 arcsec


def rotation_of_quaternions(quaternion: Floats, *, source: str = "quaternion") -> Floats:
    """Turn unit quaternions into matrices.

    Parameters
    ----------
    quaternion : numpy.ndarray of float64, shape (n, 4)
        x, y, z, w (the scalar last) of the rotation that takes vectors of the spacecraft to those of the frame.
    source : str
        What messages call the table.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 3)
        Rotations.

    Raises
    ------
    ShapeError
        There are not four columns.
    RangeError
        A quaternion is not finite or not of unit length to 1e-6.

    Examples
    --------
    >>> rotation_of_quaternions(np.array([[0.0, 0.0, 1.0, 1.0]]) / np.sqrt(2.0))[0].round().astype(int).tolist()
    [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    """
    q = finite_floats("quaternion", quaternion, (None, 4))
    length = np.linalg.norm(q, axis=1)
    bad = ~(np.abs(length - 1.0) <= UNIT_TOLERANCE)
    if bad.any():
        i = int(bad.argmax())
        raise RangeError(
            f"quaternion[{i}] = {q[i].tolist()} has length {length[i]}; 1 within {UNIT_TOLERANCE} is wanted "
            f"({source}, row {i})"
        )
    x, y, z, w = (q / length[:, None]).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.ascontiguousarray(np.array(rows).transpose(2, 0, 1))


def rotation_of_axes(z_axis: Floats, x_axis: Floats, *, source: str = "axes") -> Floats:
    """Turn two axes of a spacecraft into matrices.

    Parameters
    ----------
    z_axis, x_axis : numpy.ndarray of float64, shape (n, 3)
        Unit vectors of the frame along the spacecraft's z and x.
    source : str
        What messages call the table.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 3)
        Rotations from the spacecraft to the frame; z is kept, x is made square to it.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A vector is not finite, or the two are not square to each other to 0.5 deg.
    """
    z, x = finite_floats("z_axis", z_axis, (None, 3)), finite_floats("x_axis", x_axis, (None, 3))
    if len(z) != len(x):
        raise ShapeError(f"z_axis has {len(z)} rows; x_axis has {len(x)}")
    slant = np.einsum("ij,ij->i", z, x)
    bad = ~(np.abs(slant) < np.sin(np.radians(0.5)))
    if bad.any():
        i = int(bad.argmax())
        angle = float(np.degrees(np.arccos(np.clip(slant[i], -1.0, 1.0))))
        raise RangeError(f"the z and x axes of row {i} are {angle} deg apart; 90 within 0.5 is wanted ({source})")
    x = x - slant[:, None] * z
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=2)


def angles_of(rotation: Floats, position_km: Floats, velocity_km_s: Floats) -> Floats:
    """Give the yaw, pitch and roll against the local vertical that an orientation amounts to.

    Parameters
    ----------
    rotation : numpy.ndarray of float64, shape (n, 3, 3)
        Spacecraft to inertial axes.
    position_km, velocity_km_s : numpy.ndarray of float64, shape (n, 3)
        In the same axes.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Yaw, pitch, roll [rad]: what `detector_attitude` turns into `rotation` again.

    Notes
    -----
    With L from local vertical to inertial axes, L^T R = Rz(yaw) Ry(pitch) Rx(roll), read off element by element.
    """
    z = -position_km / np.linalg.norm(position_km, axis=1, keepdims=True)
    momentum = np.cross(position_km, velocity_km_s)
    y = -momentum / np.linalg.norm(momentum, axis=1, keepdims=True)
    local = np.stack([np.cross(y, z), y, z], axis=1)  # rows: the transpose of L
    b = local @ rotation
    yaw = np.arctan2(b[:, 1, 0], b[:, 0, 0])
    pitch = np.arctan2(-b[:, 2, 0], np.hypot(b[:, 0, 0], b[:, 1, 0]))
    roll = np.arctan2(b[:, 2, 1], b[:, 2, 2])
    # At pitch +- 90 deg yaw and roll turn about one axis: all of it is put into yaw.
    level = np.hypot(b[:, 0, 0], b[:, 1, 0]) < 1e-7
    if level.any():
        yaw = np.where(level, np.arctan2(-b[:, 0, 1], b[:, 1, 1]), yaw)
        roll = np.where(level, 0.0, roll)
    return np.column_stack([yaw, pitch, roll])


def turning_rate(time_s: Floats, rotation: Floats, *, apart_most_s: float, otherwise: Floats) -> Floats:
    """Give the angular velocity that carries each orientation to the next.

    Parameters
    ----------
    time_s : numpy.ndarray of float64, shape (n,)
        Rising times [s].
    rotation : numpy.ndarray of float64, shape (n, 3, 3)
        Spacecraft to inertial axes.
    apart_most_s : float
        Rows farther apart than this do not belong together.
    otherwise : numpy.ndarray of float64, shape (n, 3)
        Rate of a row that has neither a next nor an earlier one near it [rad/s].

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Inertial angular velocity [rad/s]: to the next row, or for the last of a stretch from the one before.
    """
    rate = otherwise.copy()
    if len(time_s) < 2:
        return rate
    step = np.diff(time_s)
    turn = rotation[1:] @ rotation[:-1].transpose(0, 2, 1)
    odd = np.stack(
        [turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], axis=1
    )
    sine, cosine = np.linalg.norm(odd, axis=1) / 2.0, (np.trace(turn, axis1=1, axis2=2) - 1.0) / 2.0
    angle = np.arctan2(sine, cosine)
    scale = np.where(sine > 1e-12, angle / np.where(sine > 1e-12, 2.0 * sine, 1.0), 0.5)
    between = odd * (scale / step)[:, None]
    near = step <= apart_most_s
    rate[1:][near] = between[near]
    rate[:-1][near] = between[near]
    return rate


def orbital_rate(position_km: Floats, velocity_km_s: Floats) -> Floats:
    """Give the angular velocity of the local vertical.

    Parameters
    ----------
    position_km, velocity_km_s : numpy.ndarray of float64, shape (n, 3)
        Inertial position [km] and velocity [km/s].

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        r x v / r^2 [rad/s].
    """
    return np.asarray(np.cross(position_km, velocity_km_s) / (position_km**2).sum(axis=1, keepdims=True))
