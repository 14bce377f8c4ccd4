"""Upper limits from a measured vector with any covariance, its systematic part included."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import RangeError
from amsdipole.statistics._covariance import principal_axes
from amsdipole.statistics._ordering import AmplitudeOrdering
from amsdipole.statistics.amplitude_law import amplitude_cdf, posterior_tails
from amsdipole.statistics.limits import LIMIT_METHODS, LimitMethod, UpperLimit

__all__ = [
    "LimitDirection",
    "significance",
    "vector_limit",
    "vector_limits",
]

LimitDirection = Literal["fitted", "weakest"]
"""Direction of the true dipole for which a frequentist limit is made: that of the fit, or the least constrained one."""

POWER: dict[LimitMethod, int] = {"flat_delta": 0, "proportional_delta": 1, "flat_rho": 2}
TOLERANCE = 1e-9  # of a root, in the mean standard deviation
LEAST_X = 1e-4  # in the mean standard deviation: below it F(x|delta) / F(x|0) no longer changes

Floats = NDArray[np.float64]


def vector_limit(
    rho: ArrayLike,
    covariance: ArrayLike,
    *,
    method: LimitMethod,
    confidence: float = 0.95,
    direction: LimitDirection = "fitted",
) -> float:
    """Return the upper limit on the amplitude of a vector measured with any covariance.

    Parameters
    ----------
    rho : array_like of float, shape (3,)
        Measured dipole.
    covariance : array_like of float, shape (3, 3)
        Its covariance; with systematics, the sum of both parts, or that of a fit with templates.
    method : {"cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"}
        Which limit.
    confidence : float, optional
        In (0, 1).
    direction : {"fitted", "weakest"}, optional
        For "cls", "neyman" and "feldman_cousins": true dipoles along the measured one, or along the axis of the
        greatest variance, where a dipole hides best.

    Returns
    -------
    float
        Upper limit.

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is out of range, a choice is unknown, the covariance is not symmetric, or the amplitude is above some 70
        standard deviations.
    FitError
        The covariance is not positive definite.

    Notes
    -----
    The credible limits integrate the three-dimensional Gaussian likelihood over all directions, with a prior that is
    uniform in direction. The others take |rho| as the statistic, whose law depends on the direction of the true
    dipole where the covariance is not ``sigma**2 I``: the direction is a nuisance parameter, and is set to the
    fitted one or to the weakest. For the few per cent by which the exposure of AMS differs from isotropy the coverage
    with the fitted one is nominal within the 0.002 that 10,000 toys tell.

    References
    ----------
    .. [1] Particle Data Group 2024, Phys. Rev. D 110, 030001, section 40.4,
       https://doi.org/10.1103/PhysRevD.110.030001

    Examples
    --------
    >>> import numpy as np
    >>> round(vector_limit([1.0, 0.0, 0.0], np.eye(3), method="flat_delta"), 3)
    2.289
    >>> round(vector_limit([1.0, 0.0, 0.0], np.diag([2.0, 1.0, 1.0]), method="flat_delta"), 3)
    2.443
    """
    vector, matrix, sigma = _checked(rho, covariance)
    if method not in LIMIT_METHODS:
        raise RangeError(f"method = {method!r} is none of {', '.join(LIMIT_METHODS)}")
    if direction not in ("fitted", "weakest"):
        raise RangeError(f"direction = {direction!r} is none of fitted, weakest")
    tail = 1.0 - number("confidence", confidence, low=0.0, high=1.0, open_low=True, open_high=True)
    if method in POWER:
        left_of = posterior_tails(vector[None], matrix, powers=(POWER[method],))
        return _falling_root(lambda t: float(left_of(np.array([t]))[0, 0]) - tail, sigma)
    unit = _unit(vector, matrix, direction)
    x = float(np.linalg.norm(vector))
    if method == "feldman_cousins":
        return AmplitudeOrdering(matrix, unit, tail, x + 6.0 * sigma).upper_edge(x)
    x = max(x, LEAST_X * sigma)
    at_zero = float(amplitude_cdf([x], np.zeros((1, 3)), matrix)[0])
    floor = tail * at_zero if method == "cls" else tail
    if method == "neyman" and at_zero <= tail:
        return 0.0
    return _falling_root(lambda t: float(amplitude_cdf([x], t * unit[None], matrix)[0]) / floor - 1.0, sigma)


def vector_limits(
    rho: ArrayLike,
    covariance: ArrayLike,
    *,
    methods: Sequence[LimitMethod] = ("flat_delta", "cls"),
    confidence: float = 0.95,
    direction: LimitDirection = "fitted",
) -> tuple[UpperLimit, ...]:
    """Return upper limits by several methods, each with its name; see `vector_limit`.

    Parameters
    ----------
    rho : array_like of float, shape (3,)
        Measured dipole.
    covariance : array_like of float, shape (3, 3)
        Its covariance.
    methods : sequence of str, optional
        Keys of `LIMIT_METHODS`.
    confidence : float, optional
        In (0, 1).
    direction : {"fitted", "weakest"}, optional
        Direction of the true dipole for the frequentist limits.

    Returns
    -------
    tuple of UpperLimit
        In the order of `methods`; `sigma` is ``sqrt(trace / 3)``.

    Raises
    ------
    ShapeError, RangeError, FitError
        As `vector_limit`.

    Examples
    --------
    >>> import numpy as np
    >>> [round(found.delta_ul, 3) for found in vector_limits([2.0, 0.0, 0.0], np.eye(3))]
    [3.193, 3.397]
    """
    vector, matrix, sigma = _checked(rho, covariance)
    return tuple(
        UpperLimit(
            method=method,
            confidence=float(confidence),
            delta_m=float(np.linalg.norm(vector)),
            sigma=sigma,
            delta_ul=vector_limit(vector, matrix, method=method, confidence=confidence, direction=direction),
        )
        for method in methods
    )


def significance(p_value: float) -> float:
    """Return how many standard deviations a one-sided Gaussian tail of this probability begins at.

    Parameters
    ----------
    p_value : float
        Probability, in (0, 1).

    Returns
    -------
    float
        Significance; negative above one half.

    Raises
    ------
    RangeError
        The probability is out of range.

    References
    ----------
    .. [1] Cowan, Cranmer, Gross & Vitells 2011, Eur. Phys. J. C 71, 1554, eq. 1,
       https://doi.org/10.1140/epjc/s10052-011-1554-0

    Examples
    --------
    >>> round(significance(2.866516e-7), 4)
    5.0
    """
    return float(norm.isf(number("p_value", p_value, low=0.0, high=1.0, open_low=True, open_high=True)))


def _checked(rho: ArrayLike, covariance: ArrayLike) -> tuple[Floats, Floats, float]:
    vector = finite_floats("rho", rho, (3,))
    matrix, _, _ = principal_axes(covariance)
    return vector, matrix, float(np.sqrt(np.trace(matrix) / 3.0))


def _unit(vector: Floats, matrix: Floats, direction: LimitDirection) -> Floats:
    length = float(np.linalg.norm(vector))
    if direction == "weakest" or length == 0.0:
        return np.asarray(np.linalg.eigh(matrix)[1][:, -1])
    return np.asarray(vector / length)


def _falling_root(function: Callable[[float], float], sigma: float) -> float:
    low, high = 0.0, 4.0 * sigma
    while function(high) > 0.0:
        low, high = high, 1.5 * high
    return float(brentq(function, low, high, xtol=TOLERANCE * sigma))
