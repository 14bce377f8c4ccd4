"""Relative anisotropy: one species with another as its reference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import FitError, RangeError
from amsdipole.statistics.components import SINGULAR_EIGENVALUE
from amsdipole.statistics.dipole_fit import isotropy_p_value
from amsdipole.statistics.fit import LEAST_N_EFF

__all__ = ["RelativeFit", "fit_relative"]

Floats = NDArray[np.float64]

MOST_STEPS = 100
STEP_TOLERANCE = 1e-9  # in standard errors


@dataclass(frozen=True, eq=False)
class RelativeFit:
    """Hold the dipole of one species relative to another.

    Attributes
    ----------
    rho : numpy.ndarray of float64, shape (3,)
        Dipole of the ratio of the fluxes.
    covariance : numpy.ndarray of float64, shape (3, 3)
        Inverse of the observed information; ``3 (1 / n_first + 1 / n_second) I`` on a uniform full sky.
    n_first, n_second : float
        Events of the two.
    """

    rho: Floats
    covariance: Floats
    n_first: float
    n_second: float

    @property
    def p_value(self) -> float:
        """Chance of at least this distance from zero, from chi-squared with 3 degrees of freedom."""
        return isotropy_p_value(self.rho, self.covariance)


def fit_relative(first: ArrayLike, second: ArrayLike, direction: ArrayLike) -> RelativeFit:
    """Fit the dipole of the ratio of two counts maps that share an exposure.

    Parameters
    ----------
    first, second : array_like of float, shape (npix,)
        Counts of the two species, in [0, inf); whole numbers where the errors are to be right.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.

    Returns
    -------
    RelativeFit
        The dipole of the ratio and its covariance.

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is not finite, or negative.
    FitError
        One of the two has fewer than 3 events, or the maps do not determine the dipole.

    Notes
    -----
    Given the sum of a pixel, the count of the first is binomial with the odds ``r (1 + rho.n)``; r and rho maximise
    that likelihood. No exposure is needed: what the two share cancels, an anisotropy as well.

    References
    ----------
    .. [1] AMS collaboration 2013, PRL 110, 141102, https://doi.org/10.1103/PhysRevLett.110.141102 (e+/e- ratio)

    Examples
    --------
    >>> axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    >>> fit = fit_relative([110, 90, 100, 100, 100, 100], [1000] * 6, axes)
    >>> fit.rho.round(6) + 0.0
    array([0.1, 0. , 0. ])
    """
    a = finite_floats("first", first, (None,))
    b = finite_floats("second", second, (len(a),))
    unit = finite_floats("direction", direction, (len(a), 3))
    for name, values in (("first", a), ("second", b)):
        if (values < 0.0).any():
            i = int((values < 0.0).argmax())
            raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, inf)")
        if values.sum() < LEAST_N_EFF:
            raise FitError(f"{name} has {values.sum():g} events; {LEAST_N_EFF:g} or more are wanted")
    total = a + b
    seen = total > 0.0
    a, total, unit = a[seen], total[seen], unit[seen]
    shape = total / total.sum()
    mean = shape @ unit
    away = unit - mean
    if np.linalg.eigvalsh((away.T * shape) @ away)[0] < SINGULAR_EIGENVALUE:
        raise FitError("the pixels with events do not determine three components")
    # Parameters: the odds at the mean direction, and the slope of the odds relative to that.
    basis = np.concatenate([np.ones((len(a), 1)), away], axis=1)
    theta = np.array([a.sum() / (total.sum() - a.sum()), 0.0, 0.0, 0.0])
    for _ in range(MOST_STEPS):
        odds = basis @ theta
        # d/d(odds) of a ln(odds) - total ln(1 + odds), and its expected curvature.
        gradient = basis.T @ (a / odds - total / (1.0 + odds))
        curvature = (basis.T * (total / (odds * (1.0 + odds) ** 2))) @ basis
        step = np.linalg.solve(curvature, gradient)
        length = float(max(gradient @ step, 0.0)) ** 0.5
        fall = float((-(basis @ step) / odds).max())
        theta = theta + min(1.0, 0.9 / fall if fall > 0.0 else 1.0) * step
        if length < STEP_TOLERANCE:
            break
    else:
        raise FitError(f"no maximum with odds above 0 in every pixel: the last step has {length:.3g} errors")
    # rho = b / (r - b.<n>), where the odds are r + b.(n - <n>).
    ratio = theta[0] - theta[1:] @ mean
    if not ratio > 0.0:
        raise FitError("no maximum at a finite dipole: the odds averaged over the sky would be 0 or below")
    jacobian = np.concatenate(
        [-theta[1:, None] / ratio**2, np.eye(3) / ratio + np.outer(theta[1:], mean) / ratio**2], axis=1
    )
    covariance = jacobian @ np.linalg.inv(curvature) @ jacobian.T
    return RelativeFit(
        np.asarray(theta[1:] / ratio), np.asarray(0.5 * (covariance + covariance.T)), float(a.sum()), float(b.sum())
    )
