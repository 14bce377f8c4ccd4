"""HEALPix pixels in RING order."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, floats, indices, whole_number
from amsdipole.errors import ShapeError

__all__ = ["NSIDE_MAX", "pixel_centers", "pixel_to_vector", "summed_pixels", "vector_to_pixel"]

NSIDE_MAX = 8192  # finest grid whose pixel numbers the kernels were checked for against healpy


def vector_to_pixel(vector: ArrayLike, nside: int) -> NDArray[np.int64]:
    """Find the pixel that holds each direction.

    Parameters
    ----------
    vector : array_like of float, shape (n, 3)
        Directions, of any length but zero.
    nside : int
        Resolution: a power of two from 1 to 8192.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        RING pixel of each direction, in [0, 12 nside^2).

    Raises
    ------
    ShapeError
        `vector` does not have shape (n, 3).
    RangeError
        A vector is zero or not finite, or `nside` is not allowed.

    Notes
    -----
    Equal to healpy except within rounding of a pixel border.

    References
    ----------
    .. [1] Górski et al. 2005, ApJ 622, 759, https://doi.org/10.1086/427976

    Examples
    --------
    >>> vector_to_pixel([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], nside=2)
    array([ 0, 20])
    """
    return _core.vector_to_pixel(floats("vector", vector, (None, 3)), _whole(nside))


def pixel_to_vector(pixel: ArrayLike, nside: int) -> NDArray[np.float64]:
    """Point to the centre of each pixel.

    Parameters
    ----------
    pixel : array_like of int, shape (n,)
        RING pixels, in [0, 12 nside^2).
    nside : int
        Resolution: a power of two from 1 to 8192.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Unit vectors.

    Raises
    ------
    ShapeError
        `pixel` is not one-dimensional or does not hold integers.
    RangeError
        A pixel or `nside` is out of range.

    References
    ----------
    .. [1] Górski et al. 2005, ApJ 622, 759, https://doi.org/10.1086/427976

    Examples
    --------
    >>> pixel_to_vector([4], nside=1).round(12) + 0.0
    array([[1., 0., 0.]])
    """
    return _core.pixel_to_vector(indices("pixel", pixel, (None,)), _whole(nside))


def pixel_centers(nside: int) -> NDArray[np.float64]:
    """Point to the centres of all pixels of a grid.

    Parameters
    ----------
    nside : int
        Resolution: a power of two from 1 to 8192.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside^2, 3)
        Unit vectors in RING order.

    Raises
    ------
    RangeError
        `nside` is not allowed.

    Examples
    --------
    >>> pixel_centers(1).shape
    (12, 3)
    """
    _core.pixel_to_vector(np.zeros(0, dtype=np.int64), _whole(nside))
    return _core.pixel_to_vector(np.arange(12 * nside**2, dtype=np.int64), nside)


def summed_pixels(value: ArrayLike, nside: int) -> NDArray[np.float64]:
    """Add up the pixels of a map that lie in each pixel of a coarser grid.

    Parameters
    ----------
    value : array_like of float, shape (npix,)
        HEALPix map in RING order.
    nside : int
        Resolution of the sum, at most that of the map.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside^2,)
        Sums, in RING order.

    Raises
    ------
    ShapeError
        `value` is no HEALPix map, or coarser than `nside`.
    RangeError
        A value is not finite, or `nside` is not allowed.

    Examples
    --------
    >>> summed_pixels([1.0] * 48, nside=1).tolist()
    [4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    """
    fine = finite_floats("value", value, (None,))
    resolution, coarse = round((len(fine) / 12) ** 0.5), _whole(nside)
    if 12 * resolution**2 != len(fine) or resolution % coarse:
        raise ShapeError(f"value has {len(fine)} pixels; 12 (k {coarse})^2 with a whole k are wanted")
    if resolution == coarse:
        return fine.copy()
    pixel = vector_to_pixel(pixel_centers(resolution), coarse)
    return np.bincount(pixel, weights=fine, minlength=12 * coarse**2).astype(np.float64)


def _whole(nside: int) -> int:
    return whole_number("nside", nside, low=1, high=NSIDE_MAX)
