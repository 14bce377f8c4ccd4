"""Regions of the Earth."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import floats

__all__ = ["inside_polygon"]


def inside_polygon(
    longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
    *,
    corner_longitude_deg: ArrayLike,
    corner_latitude_deg: ArrayLike,
) -> NDArray[np.bool_]:
    """Tell which points lie inside a polygon of longitude and latitude.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like of float, shape (n,)
        Points [deg].
    corner_longitude_deg, corner_latitude_deg : array_like of float, shape (m,)
        Corners of the closed polygon [deg], three or more; it must not cross the meridian where longitudes jump.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        Whether each point is inside.

    Raises
    ------
    ShapeError
        Lengths differ, or there are fewer than three corners.
    RangeError
        A value is not finite.

    Notes
    -----
    Even-odd rule with straight edges on the plane of longitude and latitude.

    Examples
    --------
    >>> inside_polygon(
    ...     [0.2, 0.8], [0.2, 0.8], corner_longitude_deg=[0.0, 1.0, 0.0], corner_latitude_deg=[0.0, 0.0, 1.0]
    ... )
    array([ True, False])
    """
    return _core.inside_polygon(
        floats("longitude_deg", longitude_deg, (None,)),
        floats("latitude_deg", latitude_deg, (None,)),
        floats("corner_longitude_deg", corner_longitude_deg, (None,)),
        floats("corner_latitude_deg", corner_latitude_deg, (None,)),
    )
