"""The law of a measured dipole amplitude: the noncentral chi distribution with three degrees of freedom."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import exprel, ndtr
from scipy.stats import chi

from amsdipole._arrays import number

__all__ = ["delta_cdf", "delta_pdf", "delta_quantile", "sigma_isotropic"]

SERIES_BELOW = 2.0  # in units of sigma: the closed form loses digits below, the quadrature has 1e-15 there
ROOT_TOLERANCE = 1e-12  # absolute, in units of sigma; two digits beyond the 1e-10 promised
RELATIVE_TOLERANCE = 4.0 * float(np.finfo(np.float64).eps)  # the least that brentq takes
MOST_SIGMA = 1e6  # above it there is nothing to limit, and differences of squares lose their digits
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(40)


def sigma_isotropic(n_eff: float) -> float:
    """Return the error of one dipole component on a uniformly exposed full sky.

    Parameters
    ----------
    n_eff : float
        Effective number of events, in (0, inf).

    Returns
    -------
    float
        ``sqrt(3 / n_eff)``.

    Raises
    ------
    RangeError
        `n_eff` is not positive or not finite.

    Notes
    -----
    The Fisher matrix is ``n_eff M`` with ``M = I / 3`` on the full sky; an exposure like that of AMS makes
    the components 1 to 4 % worse.

    References
    ----------
    .. [1] Sommers 2001, Astropart. Phys. 14, 271, https://doi.org/10.1016/S0927-6505(00)00130-4

    Examples
    --------
    >>> round(sigma_isotropic(1.8e5), 6)
    0.004082
    """
    return float(np.sqrt(3.0 / number("n_eff", n_eff, low=0.0, open_low=True)))


def delta_pdf(delta_m: float, *, delta: float, sigma: float) -> float:
    """Return the probability density of the measured amplitude for a true one.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    delta : float
        True amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).

    Returns
    -------
    float
        Density per unit of `delta_m`.

    Raises
    ------
    RangeError
        An argument is outside its range.

    Notes
    -----
    ``p = delta_m / (delta sigma sqrt(2 pi)) [exp(-(delta_m - delta)**2 / 2 sigma**2) - exp(-(delta_m +
    delta)**2 / 2 sigma**2)]``, written with ``(1 - exp(-y)) / y`` so that delta -> 0 is no division by 0. The
    covariance is taken as sigma**2 times the unit matrix.

    References
    ----------
    .. [1] Johnson, Kotz & Balakrishnan 1995, Continuous Univariate Distributions 2, chapter 29,
       ISBN 978-0-471-58494-0

    Examples
    --------
    >>> round(delta_pdf(1.5, delta=0.0, sigma=1.0), 6)
    0.582829
    """
    x, t = _in_sigma(delta_m, delta, sigma)
    return float(pdf(np.asarray(x), t)) / sigma


def delta_cdf(delta_m: float, *, delta: float, sigma: float) -> float:
    """Return the probability of measuring at most an amplitude for a true one.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    delta : float
        True amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).

    Returns
    -------
    float
        Probability, in [0, 1].

    Raises
    ------
    RangeError
        An argument is outside its range.

    Notes
    -----
    In units of sigma, x measured and t true: ``F = Phi(x - t) - Phi(-x - t) - p(x|t) / x``; below x = 2 the
    integral of the density by a 40-point Gauss-Legendre rule, which keeps its relative accuracy as x -> 0.

    References
    ----------
    .. [1] Johnson, Kotz & Balakrishnan 1995, Continuous Univariate Distributions 2, chapter 29,
       ISBN 978-0-471-58494-0

    Examples
    --------
    >>> round(delta_cdf(1.538172, delta=0.0, sigma=1.0), 5)
    0.5
    """
    return cdf(*_in_sigma(delta_m, delta, sigma))


def delta_quantile(probability: float, *, sigma: float, delta: float = 0.0) -> float:
    """Return the amplitude that a measurement stays below with a given probability.

    Parameters
    ----------
    probability : float
        In [0, 1).
    sigma : float
        Error of one component, in (0, inf).
    delta : float, optional
        True amplitude, in [0, inf); 0 is isotropy.

    Returns
    -------
    float
        Quantile of `delta_m`.

    Raises
    ------
    RangeError
        An argument is outside its range.

    Notes
    -----
    Solves `delta_cdf` = probability to 1e-10 sigma by Brent's method; under isotropy SciPy's chi quantile.

    References
    ----------
    .. [1] Brent 1973, Algorithms for Minimization Without Derivatives, chapter 4, ISBN 978-0-13-022335-7

    Examples
    --------
    >>> round(delta_quantile(0.5, sigma=1.0), 3), round(delta_quantile(0.95, sigma=1.0), 3)
    (1.538, 2.795)
    """
    wanted = number("probability", probability, low=0.0, high=1.0, open_high=True)
    _, t = _in_sigma(0.0, delta, sigma)
    if t == 0.0 or wanted == 0.0:
        return sigma * float(chi.ppf(wanted, 3))
    high = t + 1.0
    while cdf(high, t) < wanted:
        high += 1.0
    return sigma * float(brentq(lambda x: cdf(x, t) - wanted, 0.0, high, xtol=ROOT_TOLERANCE, rtol=RELATIVE_TOLERANCE))


def pdf(x: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """Return the density at x for a true t, both in units of sigma."""
    value: NDArray[np.float64] = np.sqrt(2.0 / np.pi) * x**2 * np.exp(-0.5 * (x - t) ** 2) * exprel(-2.0 * x * t)
    return value


def cdf(x: float, t: float) -> float:
    """Return the distribution function at x for a true t, both in units of sigma."""
    if x < SERIES_BELOW:
        return 0.5 * x * float(_WEIGHT @ pdf(0.5 * x * (1.0 + _NODE), t))
    return float(ndtr(x - t) - ndtr(-x - t) - pdf(np.asarray(x), t) / x)


def in_sigma(name: str, value: float, sigma: float) -> float:
    """Return an amplitude in units of sigma, or refuse."""
    unit = number("sigma", sigma, low=0.0, open_low=True)
    return number(f"{name} / sigma", number(name, value, low=0.0) / unit, low=0.0, high=MOST_SIGMA)


def _in_sigma(delta_m: float, delta: float, sigma: float) -> tuple[float, float]:
    return in_sigma("delta_m", delta_m, sigma), in_sigma("delta", delta, sigma)
