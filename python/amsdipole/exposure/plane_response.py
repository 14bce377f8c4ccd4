"""What an acceptance that depends on azimuth makes of directions: a table over the detector's equal-area plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.exposure.acceptance_azimuth import AzimuthAngles
from amsdipole.exposure.pixel_window import RIM_SHARE, PixelRadius, axis_response

__all__ = ["PlaneResponse", "plane_response"]

Floats = NDArray[np.float64]
_N_ANGLE, _N_RADIUS = 12, 3  # nodes of the average over a pixel's disc: they serve a ratio of two such averages
_LEAST_SHARE = 1e-4  # of the greatest response; what is nearer to the rim has the pattern of there


@dataclass(frozen=True, eq=False)
class PlaneResponse:
    """Response to a direction: its average over azimuth, times a pattern over the detector's Lambert equal-area plane.

    Attributes
    ----------
    cos_least : float
        Cosine of the angle to the axis below which there is none.
    value : numpy.ndarray of float64, shape (n,)
        Average over azimuth at evenly spaced cosines from `cos_least` to 1; share of the acceptance per solid angle
        [1/sr].
    pattern : numpy.ndarray of float64, shape (m, m)
        Response over its average, on an even grid over the square about the circle of `cos_least`, rows along y.
    """

    cos_least: float
    value: Floats
    pattern: Floats


def plane_response(
    geometry: AzimuthAngles,
    *,
    pixel: PixelRadius | None,
    axis: PixelRadius | None,
    n_point: int = 257,
    scale_m2_sr: float | None = None,
) -> PlaneResponse:
    """Tabulate the share of the acceptance per solid angle, averaged over pixels.

    Parameters
    ----------
    geometry : AzimuthAngles
        Shape of the acceptance.
    pixel : PixelRadius, optional
        Size of the map's pixels; none gives the response to their centres.
    axis : PixelRadius, optional
        Size of the axis' pixels; none for axes that are known row by row.
    n_point : int
        Points along a side of the plane.
    scale_m2_sr : float, optional
        Acceptance of which the response is the share; that of `geometry` by default.

    Returns
    -------
    PlaneResponse
        As `axis_response`, with azimuth.

    Notes
    -----
    A direction at the angle t from the axis is 2 sin(t / 2) from the middle of the plane, at its azimuth: equal areas
    are equal solid angles, and along the axis nothing is singular. The average over azimuth, which falls to nothing at
    the rim, is that of `axis_response`; the pattern has no such fall, so that straight lines between points serve it.
    The roll of a cell is its mean; its spread is not averaged over.
    """
    none = PixelRadius(0.0, 0.0)
    mean = geometry.mean
    even = axis_response(mean, pixel=pixel, axis=none if axis is None else axis)
    # The plane ends short of the point opposite to the axis.
    least = max(even.cos_least, -0.99)
    cosine = np.linspace(least, 1.0, len(even.value))
    value = np.interp(cosine, np.linspace(even.cos_least, 1.0, len(even.value)), even.value)
    held = cosine[value > _LEAST_SHARE * value.max()][0]
    side = np.linspace(-1.0, 1.0, n_point) * np.sqrt(2.0 * (1.0 - least))
    u, v = np.meshgrid(side, side)
    direction = _direction(u.ravel(), v.ravel(), float(held))
    reach = np.hypot(0.0 if pixel is None else pixel.mean, 0.0 if axis is None else axis.mean)
    above, below = _disc_averages(geometry, direction, float(reach))
    if pixel is not None:
        far = _disc_averages(geometry, direction, pixel.greatest + (none if axis is None else axis).greatest)
        above, below = ((1.0 - RIM_SHARE) * a + RIM_SHARE * b for a, b in zip((above, below), far, strict=True))
    pattern = np.divide(above, below, out=np.ones(len(above)), where=below > 0.0).reshape(u.shape)
    scale = mean.acceptance_m2_sr / (scale_m2_sr or mean.acceptance_m2_sr)
    return PlaneResponse(least, value * scale, pattern)


def _direction(u: Floats, v: Floats, cos_least: float) -> Floats:
    """Give the unit vectors of points of the plane, those beyond an angle drawn in to it, shape (n, 3)."""
    square = u**2 + v**2
    inside = np.minimum(square, 2.0 * (1.0 - cos_least))
    stretch = np.sqrt(np.divide(inside, square, out=np.ones(len(square)), where=square > 0.0) * (1.0 - inside / 4.0))
    return np.column_stack([u * stretch, v * stretch, 1.0 - inside / 2.0])


def _disc_averages(geometry: AzimuthAngles, direction: Floats, radius: float) -> tuple[Floats, Floats]:
    """Mean area [m^2] over a disc of directions about each, and that of the average over azimuth."""
    mean = geometry.mean
    helper = np.where(np.abs(direction[:, :1]) < 0.6, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    east = np.cross(helper, direction)
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    north = np.cross(direction, east)
    node, weight = np.polynomial.legendre.leggauss(_N_RADIUS)
    total, even = np.zeros(len(direction)), np.zeros(len(direction))
    if radius == 0.0:
        node, weight, turns = np.array([0.0]), np.array([2.0]), np.array([0.0])
    else:
        turns = (np.arange(_N_ANGLE) + 0.5) * (2.0 * np.pi / _N_ANGLE)
    for share, part in zip((node + 1.0) / 2.0, weight / 2.0 / len(turns), strict=True):
        # Uniform in 1 - cos(distance): equal solid angles.
        cosine = 1.0 - share * (1.0 - np.cos(min(radius, np.pi)))
        sine = np.sqrt(1.0 - cosine**2)
        for turn in turns:
            seen = cosine * direction + sine * (np.cos(turn) * east + np.sin(turn) * north)
            height = np.minimum(seen[:, 2], 1.0)
            total += part * geometry.area_m2(height, np.arctan2(seen[:, 1], seen[:, 0]))
            even += part * mean.area_m2(height)
    return total, even
