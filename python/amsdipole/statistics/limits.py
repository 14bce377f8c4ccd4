"""Upper limits on the dipole amplitude by name, what to expect of them, and how often they cover."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scipy.optimize import brentq

from amsdipole.errors import RangeError
from amsdipole.statistics.feldman_cousins import feldman_cousins_limit
from amsdipole.statistics.limit_methods import (
    cls_limit,
    flat_delta_limit,
    flat_rho_limit,
    neyman_limit,
    proportional_delta_limit,
)
from amsdipole.statistics.noncentral_chi import RELATIVE_TOLERANCE, ROOT_TOLERANCE, cdf, delta_quantile, in_sigma

__all__ = [
    "LIMIT_METHODS",
    "ExpectedLimit",
    "LimitMethod",
    "UpperLimit",
    "coverage",
    "expected_limit",
    "limits",
    "upper_limit",
]

LimitMethod = Literal["cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"]

LIMIT_METHODS: Final[dict[LimitMethod, Callable[..., float]]] = {
    "cls": cls_limit,
    "flat_delta": flat_delta_limit,
    "proportional_delta": proportional_delta_limit,
    "flat_rho": flat_rho_limit,
    "neyman": neyman_limit,
    "feldman_cousins": feldman_cousins_limit,
}


@dataclass(frozen=True)
class UpperLimit:
    """Hold one upper limit together with everything that it rests on.

    Attributes
    ----------
    method : str
        Name of the method, a key of `LIMIT_METHODS`.
    confidence : float
        Confidence or credibility.
    delta_m : float
        Measured amplitude.
    sigma : float
        Error of one component.
    delta_ul : float
        Upper limit on the true amplitude.
    """

    method: LimitMethod
    confidence: float
    delta_m: float
    sigma: float
    delta_ul: float


@dataclass(frozen=True)
class ExpectedLimit:
    """Hold the limit to expect under isotropy.

    Attributes
    ----------
    method : str
        Name of the method, a key of `LIMIT_METHODS`.
    confidence : float
        Confidence or credibility.
    sigma : float
        Error of one component.
    median : float
        Half of the isotropic skies give a lower limit.
    band68, band95 : tuple of float
        Central 68 % (quantiles 0.16, 0.84) and 95 % (0.025, 0.975) of the isotropic skies.
    """

    method: LimitMethod
    confidence: float
    sigma: float
    median: float
    band68: tuple[float, float]
    band95: tuple[float, float]


def upper_limit(delta_m: float, sigma: float, *, method: LimitMethod, confidence: float = 0.95) -> float:
    """Return the upper limit on the true amplitude by the method named.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf); `sigma_isotropic` of n_eff, or `DipoleFit.sigma`.
    method : {"cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"}
        Which limit; there is no default, since they differ by up to a factor of 1.4 at delta_m = 0.
    confidence : float, optional
        In (0, 1 - 1e-12], or 1 - 1e-9 for "feldman_cousins".

    Returns
    -------
    float
        Upper limit.

    Raises
    ------
    RangeError
        An argument is outside its range, or the method is unknown.

    Notes
    -----
    Each method has its formula in its own function in `LIMIT_METHODS`. All take the covariance as sigma**2
    times the unit matrix, and the amplitude as the noncentral chi variable of three degrees of freedom.

    References
    ----------
    .. [1] Particle Data Group 2024, Phys. Rev. D 110, 030001, section 40.4,
       https://doi.org/10.1103/PhysRevD.110.030001

    Examples
    --------
    >>> round(upper_limit(1.0, 1.0, method="flat_delta"), 3), round(upper_limit(1.0, 1.0, method="cls"), 3)
    (2.289, 2.693)
    """
    return _function(method)(delta_m, sigma, confidence=confidence)


def limits(
    delta_m: float,
    sigma: float,
    *,
    methods: Sequence[LimitMethod] = ("flat_delta", "cls"),
    confidence: float = 0.95,
) -> tuple[UpperLimit, ...]:
    """Return upper limits by several methods, each with its name.

    Parameters
    ----------
    delta_m : float
        Measured amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    methods : sequence of str, optional
        Keys of `LIMIT_METHODS`.
    confidence : float, optional
        In (0, 1 - 1e-12], or 1 - 1e-9 for "feldman_cousins".

    Returns
    -------
    tuple of UpperLimit
        In the order of `methods`.

    Raises
    ------
    RangeError
        An argument is outside its range, or a method is unknown.

    Notes
    -----
    Which method a published limit used is often not said: print two, with their names.

    References
    ----------
    .. [1] Particle Data Group 2024, Phys. Rev. D 110, 030001, section 40.4,
       https://doi.org/10.1103/PhysRevD.110.030001

    Examples
    --------
    >>> [(found.method, round(found.delta_ul, 3)) for found in limits(2.0, 1.0)]
    [('flat_delta', 3.193), ('cls', 3.397)]
    """
    return tuple(
        UpperLimit(
            method=method,
            confidence=float(confidence),
            delta_m=float(delta_m),
            sigma=float(sigma),
            delta_ul=upper_limit(delta_m, sigma, method=method, confidence=confidence),
        )
        for method in methods
    )


def expected_limit(sigma: float, *, method: LimitMethod, confidence: float = 0.95) -> ExpectedLimit:
    """Return the median limit and its bands under isotropy.

    Parameters
    ----------
    sigma : float
        Error of one component, in (0, inf).
    method : {"cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"}
        Which limit.
    confidence : float, optional
        In (0, 1 - 1e-12], or 1 - 1e-9 for "feldman_cousins".

    Returns
    -------
    ExpectedLimit
        Median and central 68 % and 95 % bands.

    Raises
    ------
    RangeError
        An argument is outside its range, or the method is unknown.

    Notes
    -----
    No limit falls when delta_m rises, so that quantiles of the limit are limits at the quantiles of delta_m,
    which follow sigma times the chi distribution of three degrees of freedom.

    References
    ----------
    .. [1] Cowan, Cranmer, Gross & Vitells 2011, Eur. Phys. J. C 71, 1554,
       https://doi.org/10.1140/epjc/s10052-011-1554-0

    Examples
    --------
    >>> expected = expected_limit(1.0, method="flat_delta")
    >>> round(expected.median, 2), [round(edge, 2) for edge in expected.band68]
    (2.72, [2.24, 3.5])
    """
    low95, low68, median, high68, high95 = (
        upper_limit(delta_quantile(probability, sigma=sigma), sigma, method=method, confidence=confidence)
        for probability in (0.025, 0.16, 0.5, 0.84, 0.975)
    )
    return ExpectedLimit(method, float(confidence), float(sigma), median, (low68, high68), (low95, high95))


def coverage(delta: float, sigma: float, *, method: LimitMethod, confidence: float = 0.95) -> float:
    """Return how often the upper limit is at or above the true amplitude.

    Parameters
    ----------
    delta : float
        True amplitude, in [0, inf).
    sigma : float
        Error of one component, in (0, inf).
    method : {"cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"}
        Which limit.
    confidence : float, optional
        In (0, 1 - 1e-12], or 1 - 1e-9 for "feldman_cousins".

    Returns
    -------
    float
        Probability, in [0, 1].

    Raises
    ------
    RangeError
        An argument is outside its range, or the method is unknown.

    Notes
    -----
    ``1 - F(x | delta)`` with x the delta_m at which the limit is delta; 1 where no delta_m gives so low a limit.
    For "feldman_cousins" it is that of the upper edge alone, not of the interval.

    References
    ----------
    .. [1] Neyman 1937, Phil. Trans. R. Soc. A 236, 333, https://doi.org/10.1098/rsta.1937.0005

    Examples
    --------
    >>> round(coverage(3.0, 1.0, method="flat_delta"), 3)
    0.947
    """
    t = in_sigma("delta", delta, sigma)

    def excess(x: float) -> float:
        return upper_limit(x, 1.0, method=method, confidence=confidence) - t

    if excess(0.0) >= 0.0:
        return 1.0
    high = max(1.0, t)
    while excess(high) < 0.0:
        high += 1.0
    x = float(brentq(excess, 0.0, high, xtol=ROOT_TOLERANCE, rtol=RELATIVE_TOLERANCE))
    return 1.0 - cdf(x, t)


def _function(method: LimitMethod) -> Callable[..., float]:
    if method not in LIMIT_METHODS:
        raise RangeError(f"method = {method!r} is none of {', '.join(LIMIT_METHODS)}")
    return LIMIT_METHODS[method]
