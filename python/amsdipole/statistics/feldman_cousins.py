"""The unified interval of Feldman and Cousins on a dipole amplitude."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import exprel

from amsdipole._arrays import number
from amsdipole.statistics.noncentral_chi import RELATIVE_TOLERANCE, ROOT_TOLERANCE, cdf, in_sigma

__all__ = ["feldman_cousins_interval", "feldman_cousins_limit"]

SQRT3 = float(np.sqrt(3.0))  # up to delta_m = sqrt(3) sigma the likelihood is greatest at delta = 0
LEAST_TAIL = 1e-9  # the highest confidence is 1 - LEAST_TAIL: the search for the other edge is bounded by it
REACH = 40.0  # in sigma: no edge of an acceptance region at that confidence is further from its maximum


def feldman_cousins_interval(delta_m: float, sigma: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the unified confidence interval on the amplitude.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-9].

    Returns
    -------
    low, high : float
        Edges of the interval; `low` is 0 for an upper limit.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    A measured x (in sigma) belongs to the interval of t if the measurements with a greater likelihood ratio
    ``R(x | t) = p(x | t) / max_t' p(x | t')`` have together a probability of at most `confidence` given t. The
    edges are found by Brent's method, not on a grid.

    References
    ----------
    .. [1] Feldman & Cousins 1998, Phys. Rev. D 57, 3873, https://doi.org/10.1103/PhysRevD.57.3873

    Examples
    --------
    >>> [round(edge, 2) for edge in feldman_cousins_interval(4.0, 1.0)]
    [1.87, 5.75]
    """
    level = number("confidence", confidence, low=0.0, high=1.0 - LEAST_TAIL, open_low=True)
    x = in_sigma("delta_m", delta_m, sigma)
    best = most_likely(x)
    low = 0.0
    if best > 0.0 and cdf(x, 0.0) > level:  # at t = 0 the ratio falls with x, so the region is [0, x)
        low = _root(lambda t: _more_likely(x, t) - level, 0.0, best)
    high = max(best, 1.0)
    while _more_likely(x, high) < level:
        high += 1.0
    return sigma * low, sigma * _root(lambda t: _more_likely(x, t) - level, best, high)


def feldman_cousins_limit(delta_m: float, sigma: float, *, confidence: float = 0.95) -> float:
    """Return the upper edge of the unified confidence interval on the amplitude.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-9].

    Returns
    -------
    float
        Upper edge; where the lower edge is above 0 it is the edge of a two-sided interval.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    See `feldman_cousins_interval`.

    References
    ----------
    .. [1] Feldman & Cousins 1998, Phys. Rev. D 57, 3873, https://doi.org/10.1103/PhysRevD.57.3873

    Examples
    --------
    >>> round(feldman_cousins_limit(0.0, 1.0), 2)
    1.63
    """
    return feldman_cousins_interval(delta_m, sigma, confidence=confidence)[1]


def _more_likely(x: float, t: float) -> float:
    """Return the probability, given t, of the measurements with a greater likelihood ratio than x."""
    if t == 0.0:
        return 0.0 if x <= SQRT3 else cdf(x, 0.0)
    ratio = _log_ratio(x, t)
    peak = _peak(t)
    if ratio >= 0.0 or x == peak:
        return 0.0
    if x < peak:
        far = peak + REACH
        other = _root(lambda y: _log_ratio(y, t) - ratio, peak, far) if _log_ratio(far, t) < ratio else far
        return cdf(other, t) - cdf(x, t)
    near = max(0.0, peak - REACH)
    other = _root(lambda y: _log_ratio(y, t) - ratio, near, peak) if _log_ratio(near, t) < ratio else near
    return cdf(x, t) - cdf(other, t)


def _log_ratio(x: float, t: float) -> float:
    """Return ln R(x | t)."""
    best = most_likely(x)
    # (x - best)**2 - (x - t)**2, factored: the squares alone lose the difference where x is large.
    square = 0.5 * (t - best) * (2.0 * x - best - t)
    return float(square + np.log(exprel(-2.0 * x * t) / exprel(-2.0 * x * best)))


def most_likely(x: float) -> float:
    """Return the t of greatest likelihood for x: the root of ``x L(x t) = t``, L the Langevin function."""
    if x <= SQRT3:
        return 0.0
    # x L(x t) - t rises from 0 to one maximum and falls through the root; L(y) >= y / (3 + y) puts the root
    # above x - 3 / x, where the bracket may start.
    return _root(lambda t: x * _langevin(x * t) - t, x - 3.0 / x, x)


def _peak(t: float) -> float:
    """Return the x whose likelihood is greatest at t."""
    return _root(lambda x: x * _langevin(x * t) - t, max(t, SQRT3), t + SQRT3)


def _langevin(y: float) -> float:
    if y < 0.01:
        return y / 3.0 - y**3 / 45.0  # the next term, 2 y**5 / 945, is below 1e-12 of the first
    return 1.0 / float(np.tanh(y)) - 1.0 / y


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Find a root between two ends of different sign; an end that is a root within rounding counts as one."""
    at_low, at_high = function(low), function(high)
    if at_low * at_high >= 0.0:
        return low if abs(at_low) < abs(at_high) else high
    return float(brentq(function, low, high, xtol=ROOT_TOLERANCE, rtol=RELATIVE_TOLERANCE))
