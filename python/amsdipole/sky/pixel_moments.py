"""Moments of a sky that is known by the sums over its pixels."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import FitError, ShapeError
from amsdipole.sky.harmonics import real_harmonics
from amsdipole.sky.pixels import pixel_centers, summed_pixels

__all__ = ["mean_harmonics"]

MOST_DEGREE = 4  # degrees that are told apart; what is left of higher ones falls with the fourth power of the pixels
MEASURED_NSIDE = 8  # finer grids differ by (8 / nside)^2 from 1 to 1 % of that: pixels keep their shapes
DIVIDED = 8  # parts of a pixel's side: the mean of a harmonic over the pixel is then good to 2 % of its curvature


def mean_harmonics(value: ArrayLike, l_max: int) -> NDArray[np.float64]:
    """Average the real harmonics over a sky of which the sum in each pixel is known.

    Parameters
    ----------
    value : array_like of float, shape (npix,)
        HEALPix map of sums, RING order, not negative.
    l_max : int
        Greatest degree, 0 to 4.

    Returns
    -------
    numpy.ndarray of float64, shape ((l_max + 1)^2,)
        Mean of Y_lm at l (l + 1) + m, as `real_harmonics` orders them.

    Raises
    ------
    ShapeError
        `value` is no HEALPix map.
    RangeError
        A value is not finite, or `l_max` is out of range.
    FitError
        The sum of the map is not above 0.

    Notes
    -----
    Harmonics at pixel centres give ``sum_j v_j Y_k(n_j) = sum_k' a_k' W_kk'``, with
    ``W_kk' = integral Y_k(centre of the pixel of n) Y_k'(n) dn``: the pixel window, with what it does to each m, and
    what the grid's imperfect quadrature adds. W is inverted up to l = 4.

    References
    ----------
    .. [1] Górski et al. 2005, ApJ 622, 759, section 5.3, https://doi.org/10.1086/427976 (pixel windows)

    Examples
    --------
    >>> from amsdipole.sky.pixels import pixel_centers, summed_pixels
    >>> flux = 1.0 + 0.3 * pixel_centers(64)[:, 2]
    >>> mean = mean_harmonics(summed_pixels(flux, 4), 1)[2] / np.sqrt(3.0 / (4.0 * np.pi))
    >>> round(float(mean), 5), round(float(summed_pixels(flux, 4) @ pixel_centers(4)[:, 2] / flux.sum()), 5)
    (0.1, 0.09913)
    """
    sky = finite_floats("value", value, (None,))
    nside = round((len(sky) / 12) ** 0.5)
    if nside < 1 or 12 * nside**2 != len(sky):
        raise ShapeError(f"value has {len(sky)} pixels, which no HEALPix map has")
    degree = whole_number("l_max", l_max, low=0, high=MOST_DEGREE)
    if not sky.sum() > 0.0:
        raise FitError(f"the sum of the map is {sky.sum()}; it must be above 0")
    at_centres = sky @ real_harmonics(pixel_centers(nside), MOST_DEGREE) / sky.sum()
    measured = min(nside, MEASURED_NSIDE)
    window = np.eye(len(at_centres)) + _excess(measured) * (measured / nside) ** 2
    mean = np.linalg.solve(window, at_centres)
    # W leaves l = 0 alone, so that the mean of the constant stays what it is.
    return np.asarray(mean[: (degree + 1) ** 2])


@lru_cache
def _excess(nside: int) -> NDArray[np.float64]:
    """W less the unit matrix, shape (25, 25)."""
    fine = real_harmonics(pixel_centers(DIVIDED * nside), MOST_DEGREE)
    inside = np.stack([summed_pixels(column, nside) for column in fine.T], axis=1)
    window = real_harmonics(pixel_centers(nside), MOST_DEGREE).T @ inside * (4.0 * np.pi / len(fine))
    return np.asarray(window - np.eye(len(window)))
