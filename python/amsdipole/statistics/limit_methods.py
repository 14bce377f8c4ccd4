"""Upper limits on a dipole amplitude: frequentist one-sided, CLs and three credible limits."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import exprel

from amsdipole._arrays import number
from amsdipole.statistics.noncentral_chi import RELATIVE_TOLERANCE, ROOT_TOLERANCE, cdf, in_sigma

__all__ = [
    "cls_limit",
    "flat_delta_limit",
    "flat_rho_limit",
    "neyman_limit",
    "proportional_delta_limit",
]

# A posterior is integrated over this many sigma on either side of delta_m: exp(-12**2 / 2) = 5e-32 is left out.
HALF_WIDTH = 12.0
LEAST_TAIL = 1e-12  # the highest confidence is 1 - LEAST_TAIL: above it the limits would need more than HALF_WIDTH
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(24)


def cls_limit(delta_m: float, sigma: float, *, confidence: float = 0.95) -> float:
    """Return the CLs upper limit on the amplitude.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-12].

    Returns
    -------
    float
        Upper limit on the true amplitude.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    Solves ``F(delta_m | delta) / F(delta_m | 0) = 1 - confidence`` with F the noncentral chi distribution of
    three degrees of freedom. It covers at least as often as stated; at delta_m = 0 the equation
    is ``exp(-delta**2 / 2 sigma**2) = 1 - confidence``, 2.448 sigma at 95 %.

    References
    ----------
    .. [1] Read 2002, J. Phys. G 28, 2693, https://doi.org/10.1088/0954-3899/28/10/313

    Examples
    --------
    >>> round(cls_limit(0.0109, (3 / 1.8e5) ** 0.5), 4)
    0.0165
    """
    x, tail = _arguments(delta_m, sigma, confidence)
    if x == 0.0:
        return sigma * float(np.sqrt(-2.0 * np.log(tail)))
    floor = tail * cdf(x, 0.0)
    return sigma * _falling_root(lambda t: cdf(x, t) - floor)


def neyman_limit(delta_m: float, sigma: float, *, confidence: float = 0.95) -> float:
    """Return the one-sided Neyman upper limit on the amplitude.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-12].

    Returns
    -------
    float
        Upper limit on the true amplitude.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    Solves ``F(delta_m | delta) = 1 - confidence``; 0 where even delta = 0 would give so small a delta_m no more
    often than that. Never publish it bare: a low fluctuation gives a limit of 0, a statement on luck and none on
    the sky.

    References
    ----------
    .. [1] Neyman 1937, Phil. Trans. R. Soc. A 236, 333, https://doi.org/10.1098/rsta.1937.0005

    Examples
    --------
    >>> round(neyman_limit(2.0, 1.0), 3), neyman_limit(0.5, 1.0)
    (3.244, 0.0)
    """
    x, tail = _arguments(delta_m, sigma, confidence)
    if x == 0.0 or cdf(x, 0.0) <= tail:
        return 0.0
    return sigma * _falling_root(lambda t: cdf(x, t) - tail)


def flat_delta_limit(delta_m: float, sigma: float, *, confidence: float = 0.95) -> float:
    """Return the credible upper limit for a prior flat in the amplitude.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-12].

    Returns
    -------
    float
        Upper limit on the true amplitude.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    Posterior proportional to ``exp(-(delta**2 + delta_m**2) / 2 sigma**2) sinh(y) / y`` over delta in
    [0, inf), with ``y = delta delta_m / sigma**2``; at delta_m = 0 the 95 % limit is 1.960 sigma. Gauss-Legendre
    quadrature, root to 1e-10 sigma.

    References
    ----------
    .. [1] Particle Data Group 2024, Phys. Rev. D 110, 030001, section 40.4.1 (credible intervals),
       https://doi.org/10.1103/PhysRevD.110.030001

    Examples
    --------
    >>> round(flat_delta_limit(0.0, 1.0), 3), round(flat_delta_limit(1.538172, 1.0), 3)
    (1.96, 2.722)
    """
    return _credible(delta_m, sigma, confidence, power=0)


def proportional_delta_limit(delta_m: float, sigma: float, *, confidence: float = 0.95) -> float:
    """Return the credible upper limit for a prior proportional to the amplitude.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-12].

    Returns
    -------
    float
        Upper limit on the true amplitude.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    Posterior proportional to ``delta exp(-(delta**2 + delta_m**2) / 2 sigma**2) sinh(y) / y`` over delta in
    [0, inf), with ``y = delta delta_m / sigma**2``; at delta_m = 0 the 95 % limit is 2.448 sigma. Gauss-Legendre
    quadrature, root to 1e-10 sigma.

    References
    ----------
    .. [1] Particle Data Group 2024, Phys. Rev. D 110, 030001, section 40.4.1 (credible intervals),
       https://doi.org/10.1103/PhysRevD.110.030001

    Examples
    --------
    >>> round(proportional_delta_limit(0.0, 1.0), 3), round(proportional_delta_limit(1.538172, 1.0), 3)
    (2.448, 3.246)
    """
    return _credible(delta_m, sigma, confidence, power=1)


def flat_rho_limit(delta_m: float, sigma: float, *, confidence: float = 0.95) -> float:
    """Return the credible upper limit for a prior flat in the three components.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    confidence : float, optional
        In (0, 1 - 1e-12].

    Returns
    -------
    float
        Upper limit on the true amplitude.

    Raises
    ------
    RangeError
        An argument is outside its range, or `delta_m` is more than 1e6 sigma.

    Notes
    -----
    Posterior proportional to ``delta**2 exp(-(delta**2 + delta_m**2) / 2 sigma**2) sinh(y) / y`` over delta in
    [0, inf), with ``y = delta delta_m / sigma**2``; at delta_m = 0 the 95 % limit is 2.795 sigma. Gauss-Legendre
    quadrature, root to 1e-10 sigma.

    References
    ----------
    .. [1] Particle Data Group 2024, Phys. Rev. D 110, 030001, section 40.4.1 (credible intervals),
       https://doi.org/10.1103/PhysRevD.110.030001

    Examples
    --------
    >>> round(flat_rho_limit(0.0, 1.0), 3), round(flat_rho_limit(1.538172, 1.0), 3)
    (2.795, 3.605)
    """
    return _credible(delta_m, sigma, confidence, power=2)


def _credible(delta_m: float, sigma: float, confidence: float, *, power: int) -> float:
    x, tail = _arguments(delta_m, sigma, confidence)
    # Upper tails, not the distribution function: sums of positive numbers, exact however small the tail.
    norm = _posterior_tail(0.0, x, power)
    return sigma * _falling_root(lambda t: _posterior_tail(t, x, power) / norm - tail)


def _posterior_tail(t: float, x: float, power: int) -> float:
    """Integrate the posterior, up to a factor that depends on x alone, from t upwards."""
    low, high = max(t, x - HALF_WIDTH), max(t, x) + HALF_WIDTH  # t is not negative
    # Panels of at most one sigma: 24 points then hold a Gaussian to rounding.
    edge = np.linspace(low, high, int(np.ceil(high - low)) + 1)
    half = 0.5 * np.diff(edge)[:, np.newaxis]
    point: NDArray[np.float64] = edge[:-1, np.newaxis] + half * (1.0 + _NODE)
    value = (point / (1.0 + x)) ** power * np.exp(-0.5 * (point - x) ** 2) * exprel(-2.0 * x * point)
    return float(np.sum(half * _WEIGHT * value))


def _falling_root(function: Callable[[float], float]) -> float:
    """Find the root of a falling function above 0, to 1e-10."""
    low, high = 0.0, 4.0
    while function(high) > 0.0:
        low, high = high, 2.0 * high
    return float(brentq(function, low, high, xtol=ROOT_TOLERANCE, rtol=RELATIVE_TOLERANCE))


def _arguments(delta_m: float, sigma: float, confidence: float) -> tuple[float, float]:
    """Return delta_m in units of sigma, and the probability left out."""
    level = number("confidence", confidence, low=0.0, high=1.0 - LEAST_TAIL, open_low=True)
    return in_sigma("delta_m", delta_m, sigma), 1.0 - level
