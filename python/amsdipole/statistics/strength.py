"""How much of a dipole of known direction and size a measured one allows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtri

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import RangeError
from amsdipole.statistics._covariance import principal_axes

__all__ = ["Strength", "pattern_strength"]


@dataclass(frozen=True)
class Strength:
    """Hold how strongly a predicted dipole stands in a measured one; 1 is as predicted.

    Attributes
    ----------
    value, error : float
        Best strength and its standard error.
    upper_limit : float
        Upper limit by CLs.
    expected_limit : float
        Median upper limit under isotropy.
    cls : float
        CLs of the strength 1.
    confidence : float
        Confidence of the limits.
    """

    value: float
    error: float
    upper_limit: float
    expected_limit: float
    cls: float
    confidence: float

    @property
    def excluded(self) -> bool:
        """Whether the strength 1 is above the upper limit."""
        return self.cls < 1.0 - self.confidence


def pattern_strength(
    rho: ArrayLike, covariance: ArrayLike, pattern: ArrayLike, *, confidence: float = 0.95
) -> Strength:
    """Fit the strength of a predicted dipole to a measured one.

    Parameters
    ----------
    rho : array_like of float, shape (3,)
        Measured components.
    covariance : array_like of float, shape (3, 3)
        Their covariance.
    pattern : array_like of float, shape (3,)
        Predicted components, in the same order; not all 0.
    confidence : float
        Confidence of the limits, in (0, 1).

    Returns
    -------
    Strength
        Value, error, limits and CLs.

    Raises
    ------
    ShapeError
        A shape is wrong.
    RangeError
        A value is not finite, the covariance is not symmetric, the pattern is 0, or the confidence is out of range.
    FitError
        The covariance is not positive definite.

    Notes
    -----
    With Gaussian components ``s = p C^-1 rho / (p C^-1 p)``, its variance ``1 / (p C^-1 p)``. CLs is
    ``Phi((s - 1) / sigma) / Phi(s / sigma)``: a strength is not excluded for a fluctuation away from the source. Under
    isotropy the median limit at 95 % is 1.96 sigma. Only the part of the measured dipole along the prediction counts,
    so it is stronger than a limit on the amplitude where the direction is known.

    References
    ----------
    .. [1] Read 2002, J. Phys. G 28, 2693, https://doi.org/10.1088/0954-3899/28/10/313

    Examples
    --------
    >>> found = pattern_strength([0.0, 0.0, 0.0], 1e-4 * np.eye(3), [0.0, 0.03, 0.0])
    >>> round(found.upper_limit, 3), found.excluded
    (0.653, True)
    """
    measured = finite_floats("rho", rho, (3,))
    spread, _, _ = principal_axes(covariance)
    wanted = finite_floats("pattern", pattern, (3,))
    level = number("confidence", confidence, low=0.0, high=1.0, open_low=True, open_high=True)
    if not wanted.any():
        raise RangeError("pattern is 0 in every component; its strength means nothing")
    information = np.linalg.solve(spread, wanted)
    error = float(1.0 / np.sqrt(wanted @ information))
    value = float(measured @ information) * error**2
    x = value / error
    tail = np.log1p(-level)
    return Strength(
        value,
        error,
        error * _limit(x, tail),
        error * _limit(0.0, tail),
        float(np.exp(log_ndtr(x - 1.0 / error) - log_ndtr(x))),
        level,
    )


def _limit(x: float, log_tail: float) -> float:
    """Limit in units of sigma: Phi(x - s) = tail Phi(x)."""
    log_probability = log_tail + float(log_ndtr(x))
    if log_probability > -700.0:
        return float(x - ndtri(np.exp(log_probability)))
    # Far away from the source Phi(x - s) / Phi(x) is exp(x s) to first order.
    return float(log_tail / x)
