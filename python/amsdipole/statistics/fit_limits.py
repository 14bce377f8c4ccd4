"""Upper limits of a fit, measured and expected, with the covariance that it has."""

from collections.abc import Sequence

import numpy as np

from amsdipole.statistics.dipole_fit import DipoleFit
from amsdipole.statistics.expected_limits import TOP, expected_vector_limit
from amsdipole.statistics.limits import ExpectedLimit, LimitMethod, UpperLimit, expected_limit, limits
from amsdipole.statistics.vector_limits import vector_limits

__all__ = ["expected_fit_limits", "fit_limits"]

MOST_ERRORS = 50.0  # smallest standard deviations that the quadrature over directions reaches with ease


def fit_limits(
    fit: DipoleFit, *, methods: Sequence[LimitMethod] = ("flat_delta", "cls"), confidence: float = 0.95
) -> tuple[UpperLimit, ...]:
    """Return upper limits from a fit and its full covariance.

    Parameters
    ----------
    fit : DipoleFit
        Dipole and covariance.
    methods : sequence of str, optional
        Keys of `LIMIT_METHODS`.
    confidence : float, optional
        In (0, 1).

    Returns
    -------
    tuple of UpperLimit
        One for each method.

    Raises
    ------
    RangeError, FitError
        As `vector_limits`.

    Notes
    -----
    Where the amplitude is above 50 of the smallest standard deviations, the quadrature over directions ends and
    nothing hangs on a limit: ``sigma**2 I`` is taken, with the sigma that would hide a dipole along the fitted one.

    Examples
    --------
    >>> axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    >>> from amsdipole.statistics import fit_dipole
    >>> fit = fit_dipole([110, 90, 100, 100, 100, 100], [1, 1, 1, 1, 1, 1], axes)
    >>> [f"{u.method} {u.delta_ul:.3f}" for u in fit_limits(fit)]
    ['flat_delta 0.184', 'cls 0.207']
    """
    smallest = float(np.sqrt(np.linalg.eigvalsh(fit.covariance)[0]))
    if fit.delta_m < MOST_ERRORS * smallest:
        return vector_limits(fit.rho, fit.covariance, methods=methods, confidence=confidence)
    unit = fit.rho / fit.delta_m
    along = float(np.sqrt(unit @ fit.covariance @ unit))
    return tuple(limits(fit.delta_m, along, methods=list(methods), confidence=confidence))


def expected_fit_limits(
    fit: DipoleFit, *, methods: Sequence[LimitMethod] = ("flat_delta", "cls"), confidence: float = 0.95
) -> tuple[ExpectedLimit, ...]:
    """Return what the limits of a fit are expected to be under isotropy, with its full covariance.

    Parameters
    ----------
    fit : DipoleFit
        A fit; of it only the covariance counts.
    methods : sequence of str, optional
        Keys of `LIMIT_METHODS`.
    confidence : float, optional
        In (0, 1).

    Returns
    -------
    tuple of ExpectedLimit
        One for each method.

    Raises
    ------
    RangeError, FitError
        As `expected_vector_limit`.

    Notes
    -----
    Where the greatest standard deviation is above 13 of the smallest, the quadrature ends and ``sigma**2 I`` is taken.

    Examples
    --------
    >>> axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    >>> from amsdipole.statistics import fit_dipole
    >>> fit = fit_dipole([110, 90, 100, 100, 100, 100], [1, 1, 1, 1, 1, 1], axes)
    >>> [f"{e.method} {e.median:.3f}" for e in expected_fit_limits(fit)]
    ['flat_delta 0.192', 'cls 0.213']
    """
    value = np.linalg.eigvalsh(fit.covariance)
    if TOP * value[2] ** 0.5 > MOST_ERRORS * value[0] ** 0.5:
        return tuple(expected_limit(fit.sigma, method=name, confidence=confidence) for name in methods)
    return tuple(expected_vector_limit(fit.covariance, method=name, confidence=confidence) for name in methods)
