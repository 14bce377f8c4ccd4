"""Maxima of the dipole likelihood: a damped Newton search that stays where the flux is positive."""

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.errors import FitError

__all__ = ["MOST_COMPONENTS", "Maxima", "maxima", "maximum_slope"]

MOST_COMPONENTS = 24  # the kernel's registers and tables end there
_NO_MAXIMUM = "the likelihood has no maximum with a flux above 0 in every exposed pixel"
_REASON = {-1: _NO_MAXIMUM, -2: "the likelihood has no maximum: its second derivative is not negative definite"}

Floats = NDArray[np.float64]
Maxima = tuple[Floats, Floats, Floats, NDArray[np.int64]]
"""Slopes, sums of W p p^T and of W2 p p^T at the maximum, Newton steps."""


def maxima(
    counts: Floats, squared: Floats, offset: Floats, moment: Floats, scale: Floats, penalty: Floats | None = None
) -> Maxima:
    """Maximise ``k sum_j W_j ln(1 + r . d_j) - r^T P r / 2`` over r for each of many skies.

    Parameters
    ----------
    counts, squared : numpy.ndarray of float64, shape (n_sky, npix)
        Weights W and squared weights in each pixel with exposure; each total is above 0.
    offset : numpy.ndarray of float64, shape (npix, n)
        Components less their mean over the reference, d = b - <b>; at most 24.
    moment : numpy.ndarray of float64, shape (n, n)
        Mean of d d^T over the reference; positive definite.
    scale : numpy.ndarray of float64, shape (n_sky,)
        Factor k that makes the sum a likelihood in units of its own errors.
    penalty : numpy.ndarray of float64, shape (n, n), optional
        Inverse covariance P of Gaussian constraints about zero; none if not given.

    Returns
    -------
    slope : numpy.ndarray of float64, shape (n_sky, n)
        The maxima.
    information, squared : numpy.ndarray of float64, shape (n_sky, n, n)
        ``sum W p p^T`` and ``sum W2 p p^T`` there, with ``p = d / (1 + r . d)``.
    n_iteration : numpy.ndarray of int64, shape (n_sky,)
        Newton steps taken.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite, a squared weight is negative, a scale is not above 0, or there are more than 24
        components.
    FitError
        A sky has no maximum inside ``1 + r . d_j > 0``.

    Notes
    -----
    ``(1 + q.b) / (1 + q.<b>) = 1 + r.(b - <b>)`` with ``r = q / (1 + q.<b>)``, so that this is the profiled
    likelihood of q; in r it is concave for counts that are not negative. A Newton step is shortened so that it is
    sure to gain: with c the greatest share of a pixel's flux that it would take, the second derivative grows at
    most by ``1 / (1 - c)**2``. Where signed weights break the concavity, the information of the reference takes the
    place of the second derivative for that step. The search ends with a step below 1e-8 errors, or one that
    changes no pixel's flux by 1e-8 where counts are not negative: the next would be shorter by that factor.

    References
    ----------
    .. [1] Boyd & Vandenberghe 2004, Convex Optimization, section 9.6, https://doi.org/10.1017/CBO9780511804441

    Examples
    --------
    >>> import numpy as np
    >>> axes = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    >>> counts = np.array([[3.0, 1, 2, 2, 2, 2]])
    >>> (maxima(counts, counts, axes, np.eye(3) / 3, np.ones(1))[0] + 0.0).round(12)
    array([[0.5, 0. , 0. ]])
    """
    n = offset.shape[1]
    found = _core.maximum_slopes(
        floats("counts", counts, (None, None)),
        floats("squared", squared, (None, None)),
        floats("offset", offset, (None, None)),
        floats("moment", moment, (n, n)),
        floats("scale", scale, (None,)),
        np.zeros((n, n)) if penalty is None else floats("penalty", penalty, (n, n)),
    )
    bad = found[3] < 0
    if bad.any():
        i = int(bad.argmax())
        which = "" if len(bad) == 1 else f"sky {i} of {len(bad)} ({int(bad.sum())} in all): "
        raise FitError(f"{which}{_REASON[int(found[3][i])]}")
    return found


def maximum_slope(
    counts: Floats, squared: Floats, offset: Floats, moment: Floats, scale: float, penalty: Floats | None = None
) -> Maxima:
    """Return what `maxima` gives for one sky, without the first axis."""
    slope, information, event2, n_iteration = maxima(
        counts[np.newaxis], squared[np.newaxis], offset, moment, np.array([scale]), penalty
    )
    return slope[0], information[0], event2[0], n_iteration[0]
