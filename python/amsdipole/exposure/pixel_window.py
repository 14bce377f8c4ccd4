"""What the finite size of pixels does to the acceptance against angle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.exposure.acceptance import TwoDiscs
from amsdipole.exposure.acceptance_table import AngleTable

__all__ = ["RIM_SHARE", "AxisResponse", "PixelRadius", "axis_response", "pixel_radius", "smoothed_density"]

RIM_SHARE = 1e-3  # share of the kernel that reaches as far as the corners of a pixel do
_N_ANGLE, _N_RADIUS, _N_NODE = 24, 6, 12  # nodes of the averages: doubling them moves no bin by 1e-5 of the greatest


@dataclass(frozen=True)
class PixelRadius:
    """Size of a HEALPix pixel.

    Attributes
    ----------
    mean : float
        Radius of a disc of the same area [rad].
    greatest : float
        Greatest distance of a corner from the centre [rad].
    """

    mean: float
    greatest: float


def pixel_radius(nside: int) -> PixelRadius:
    """Give the size of the pixels of a grid.

    Parameters
    ----------
    nside : int
        Resolution, 1 to 8192.

    Returns
    -------
    PixelRadius
        Mean and greatest radius [rad].

    Raises
    ------
    RangeError
        `nside` is out of range.

    Notes
    -----
    The farthest corner belongs to the pixels where the polar caps begin: centre at z = 2/3, corner one ring up.

    References
    ----------
    .. [1] Górski et al. 2005, ApJ 622, 759, https://doi.org/10.1086/427976

    Examples
    --------
    >>> round(float(np.degrees(pixel_radius(32).greatest)), 2)
    1.9
    """
    n = whole_number("nside", nside, low=1, high=8192)
    angle, z1, z2 = np.pi / (4.0 * n), 2.0 / 3.0, 1.0 - (1.0 - 1.0 / n) ** 2 / 3.0
    cosine = z1 * z2 + np.sqrt((1.0 - z1**2) * (1.0 - z2**2)) * np.cos(angle)
    return PixelRadius(float(np.sqrt(4.0 / (12.0 * n**2))), float(np.arccos(cosine)))


def smoothed_density(
    geometry: TwoDiscs, cos_edge: ArrayLike, pixel: PixelRadius, axis: PixelRadius
) -> NDArray[np.float64]:
    """Average the acceptance over the pixels of a map and of the detector's axis.

    Parameters
    ----------
    geometry : TwoDiscs
        Shape of the acceptance.
    cos_edge : array_like of float, shape (n + 1,)
        Rising edges of cos(zenith) of the pixel's centre.
    pixel, axis : PixelRadius
        Sizes of the pixels of the map and of the axis.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Share of the acceptance per solid angle, averaged over each bin [1/sr].

    Raises
    ------
    ShapeError
        `cos_edge` is not one-dimensional.

    Notes
    -----
    The acceptance is convolved with a disc whose area is that of both pixels together, which has their variance to
    5 %, but for 0.1 % that is spread over a disc as wide as the farthest corners, so that a bin in which any event can
    fall is not empty.
    """
    edge = finite_floats("cos_edge", cos_edge, (None,))
    node, weight = np.polynomial.legendre.leggauss(_N_NODE)
    half = np.diff(edge) / 2.0
    cosine = (edge[1:] + edge[:-1])[:, None] / 2.0 + half[:, None] * node
    core = _disc_average(geometry, cosine, float(np.hypot(pixel.mean, axis.mean)))
    rim = _disc_average(geometry, cosine, pixel.greatest + axis.greatest)
    density = ((1.0 - RIM_SHARE) * core + RIM_SHARE * rim) @ weight / 2.0
    return np.asarray(density / geometry.acceptance_m2_sr)


@dataclass(frozen=True)
class AxisResponse:
    """Response to a direction against the cosine of its angle to the axis.

    Attributes
    ----------
    cos_least : float
        Cosine below which there is none.
    value : numpy.ndarray of float64, shape (n,)
        Response at evenly spaced cosines from `cos_least` to 1; share of the acceptance per solid angle [1/sr].
    """

    cos_least: float
    value: NDArray[np.float64]


def axis_response(geometry: TwoDiscs | AngleTable, *, pixel: PixelRadius | None, axis: PixelRadius) -> AxisResponse:
    """Tabulate the share of the acceptance per solid angle, averaged over pixels.

    Parameters
    ----------
    geometry : TwoDiscs or AngleTable
        Shape of the acceptance.
    pixel : PixelRadius, optional
        Size of the map's pixels; none gives the response to their centres.
    axis : PixelRadius
        Size of the axis' pixels.

    Returns
    -------
    AxisResponse
        4097 values.

    Notes
    -----
    The spread of the axes within a pixel about their mean acts as that of a disc of the pixel's area. With `pixel` the
    average and the 0.1 % that reach to its corners are those of `smoothed_density`.
    """
    if pixel is None:
        reach, core = axis.mean, axis.mean
    else:
        reach, core = pixel.greatest + axis.greatest, float(np.hypot(pixel.mean, axis.mean))
    least = float(np.cos(min(float(np.arccos(geometry.cos_least)) + reach, np.pi)))
    cosine = np.linspace(least, 1.0, 4097)
    value = _disc_average(geometry, cosine, core)
    if pixel is not None:
        value = (1.0 - RIM_SHARE) * value + RIM_SHARE * _disc_average(geometry, cosine, reach)
    return AxisResponse(least, value / geometry.acceptance_m2_sr)


def _disc_average(geometry: TwoDiscs | AngleTable, cosine: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Mean area [m^2] seen from a disc of directions about each zenith angle."""
    node, weight = np.polynomial.legendre.leggauss(_N_RADIUS)
    share = (node + 1.0) / 2.0  # uniform in 1 - cos(distance): equal solid angles
    cos_s = 1.0 - share * (1.0 - np.cos(min(radius, np.pi)))
    sin_s = np.sqrt(np.maximum(0.0, 1.0 - cos_s**2))
    cos_phi = np.cos((np.arange(_N_ANGLE) + 0.5) * np.pi / _N_ANGLE)
    sine = np.sqrt(np.maximum(0.0, 1.0 - cosine**2))
    seen = cosine[..., None, None] * cos_s[:, None] + sine[..., None, None] * sin_s[:, None] * cos_phi
    area = np.zeros(seen.shape)
    inside = seen > geometry.cos_least
    area[inside] = geometry.area_m2(np.minimum(seen[inside], 1.0))
    return np.asarray((area.mean(axis=-1) * weight / 2.0).sum(axis=-1))
