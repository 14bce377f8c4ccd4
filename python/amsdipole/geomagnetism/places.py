"""Places on and above the Earth as earth-fixed vectors: the one edge where tracing meets angles."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.constants import WGS84_A_KM, WGS84_FLATTENING
from amsdipole.errors import RangeError, ShapeError

__all__ = ["earth_fixed_position", "local_axes"]


def earth_fixed_position(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike, altitude_km: ArrayLike
) -> NDArray[np.float64]:
    """Give the earth-fixed positions of geodetic places.

    Parameters
    ----------
    longitude_deg : array_like of float, shape (n,)
        East longitude [deg]; any finite value.
    latitude_deg : array_like of float, shape (n,)
        Geodetic latitude [deg], -90 to 90.
    altitude_km : array_like of float, shape (n,)
        Altitude above the WGS 84 ellipsoid [km].

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Earth-fixed positions [km].

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite, or a latitude outside -90 to 90.

    Notes
    -----
    (N + h) cos b (cos l, sin l), (N (1 - e^2) + h) sin b with N = a / sqrt(1 - e^2 sin^2 b).

    References
    ----------
    .. [1] NIMA TR8350.2, World Geodetic System 1984

    Examples
    --------
    >>> earth_fixed_position([0.0, 90.0], [0.0, 0.0], [400.0, 0.0]).round(3)
    array([[6778.137,    0.   ,    0.   ],
           [   0.   , 6378.137,    0.   ]])
    """
    up = local_axes(longitude_deg, latitude_deg)[:, 2]
    altitude = finite_floats("altitude_km", altitude_km, (len(up),))
    e2 = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
    normal = WGS84_A_KM / np.sqrt(1.0 - e2 * up[:, 2] ** 2)
    across, along = normal + altitude, normal * (1.0 - e2) + altitude
    return np.ascontiguousarray(up * np.column_stack([across, across, along]))


def local_axes(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Give the geodetic axes at places: rows east, north, up.

    Parameters
    ----------
    longitude_deg : array_like of float, shape (n,)
        East longitude [deg]; any finite value.
    latitude_deg : array_like of float, shape (n,)
        Geodetic latitude [deg], -90 to 90.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 3)
        Unit vectors east, north and up in earth-fixed axes; at the poles those of the meridian given.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite, or a latitude outside -90 to 90.

    Notes
    -----
    Up is the normal of the ellipsoid.

    Examples
    --------
    >>> local_axes([90.0], [0.0])[0].round(6) + 0.0
    array([[-1.,  0.,  0.],
           [ 0.,  0.,  1.],
           [ 0.,  1.,  0.]])
    """
    longitude = finite_floats("longitude_deg", longitude_deg, (None,))
    latitude = finite_floats("latitude_deg", latitude_deg, (None,))
    if len(latitude) != len(longitude):
        raise ShapeError(f"latitude_deg has length {len(latitude)}; {len(longitude)} is wanted, as longitude_deg has")
    if len(bad := np.flatnonzero(np.abs(latitude) > 90.0)):
        raise RangeError(f"latitude_deg[{bad[0]}] = {latitude[bad[0]]} is outside [-90.0, 90.0]")
    lon, lat = np.deg2rad(longitude), np.deg2rad(latitude)
    zero = np.zeros_like(lon)
    east = [-np.sin(lon), np.cos(lon), zero]
    north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
    up = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return np.array([east, north, up]).transpose(2, 0, 1)
