"""Significance maps with top-hat smoothing, after Li and Ma."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import RangeError

__all__ = ["li_ma_map"]

Floats = NDArray[np.float64]

CHUNK = 20_000_000  # cosines at a time: 160 MB


def li_ma_map(counts: ArrayLike, reference: ArrayLike, direction: ArrayLike, *, radius_rad: float) -> Floats:
    """Return the significance of an excess about each pixel.

    Parameters
    ----------
    counts : array_like of float, shape (npix,)
        Counts, in [0, inf).
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf); scaled to the counts.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    radius_rad : float
        Radius of the disc [rad], in (0, pi).

    Returns
    -------
    numpy.ndarray of float64, shape (npix,)
        Signed significance of the counts in the disc; 0 where nothing is expected.

    Raises
    ------
    ShapeError, RangeError
        An argument has the wrong shape or is out of range, or the reference is 0 everywhere.

    Notes
    -----
    ``S = sign(n - mu) sqrt(2 [n ln(n / mu) - (n - mu)])``: Li and Ma's equation 17 where the reference has no error.
    Neighbouring pixels share events, and the greatest of many is large by chance: compare with toys.

    References
    ----------
    .. [1] Li & Ma 1983, ApJ 272, 317, https://doi.org/10.1086/161295

    Examples
    --------
    >>> axes = [[0, 0, 1.0], [0, 0, -1.0]]
    >>> li_ma_map([120, 80], [1, 1], axes, radius_rad=0.1).round(3)
    array([ 1.938, -2.073])
    """
    events = finite_floats("counts", counts, (None,))
    exposure = finite_floats("reference", reference, (len(events),))
    unit = finite_floats("direction", direction, (len(events), 3))
    radius = number("radius_rad", radius_rad, low=0.0, high=float(np.pi), open_low=True, open_high=True)
    for name, values in (("counts", events), ("reference", exposure)):
        if (values < 0.0).any():
            i = int((values < 0.0).argmax())
            raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, inf)")
    if not exposure.any():
        raise RangeError("reference is 0 in every pixel: there is no exposure")
    expected = exposure * (events.sum() / exposure.sum())
    out = np.empty(len(events))
    least = float(np.cos(radius))
    step = max(1, CHUNK // max(1, len(events)))
    for first in range(0, len(events), step):
        inside = unit[first : first + step] @ unit.T >= least
        n, mu = inside @ events, inside @ expected
        ratio = np.divide(n, mu, out=np.ones(len(n)), where=mu > 0.0)
        size = np.maximum(xlogy(n, ratio) - (n - mu), 0.0)
        out[first : first + step] = np.where(mu > 0.0, np.sign(n - mu) * np.sqrt(2.0 * size), 0.0)
    return out
