"""What a dipole fit returns, and how far it is from isotropy."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

from amsdipole._arrays import finite_floats
from amsdipole.statistics._covariance import principal_axes

__all__ = ["DipoleFit", "Estimator", "Weighting", "isotropy_p_value"]

Estimator = Literal["likelihood", "score"]
FitKind = Literal["likelihood", "score", "unbinned", "joint"]
DIPOLE_NAMES = ("fb", "ew", "ns")
Weighting = Literal["purity", "signal"]


@dataclass(frozen=True, eq=False)
class DipoleFit:
    """Hold a fitted dipole vector, its covariance and what they were made of.

    Attributes
    ----------
    rho : numpy.ndarray of float64, shape (3,)
        Dipole vector in the Cartesian frame of the directions; the flux is ``1 + rho . n``.
    covariance : numpy.ndarray of float64, shape (3, 3)
        Inverse Fisher information: ``M^-1 / n_eff`` for the score; for the likelihood the inverse of the
        observed information at the maximum, which tends to it as rho goes to 0.
    sandwich_covariance : numpy.ndarray of float64, shape (3, 3)
        Covariance from the sums of squared weights seen; it holds for any weights.
    n_eff : float
        Effective number of signal events: sum of w**2 (purity) or (sum of w)**2 / sum of w**2 (signal).
    sum_weight : float
        Sum of the weights; the number of events where every weight is 1.
    reference_dipole : numpy.ndarray of float64, shape (3,)
        Mean direction <n> of the isotropic reference.
    pearson_chi2, pearson_sigma : float
        Goodness of fit, sum of ``(W - mu)**2 / (f mu)`` with ``f = sum w**2 / sum w``, over pixels, pooled with
        their successors where fewer than 5 events are expected, and its own standard deviation
        ``sqrt(sum(2 + f / mu))``: compare ``(pearson_chi2 - pearson_dof) / pearson_sigma`` with a unit normal.
    pearson_dof : int
        Those cells less the fitted components and the scale, but not below 0.
    estimator : {"likelihood", "score", "unbinned", "joint"}
        How rho was found.
    weighting : {"purity", "signal"}
        What the weights were taken for.
    n_iteration : int
        Newton steps taken; 0 for the score. The search ends with a step below 1e-8 standard errors.
    names : tuple of str
        All components that were fitted: "fb", "ew", "ns", then "a_lm" by degree, then templates.
    coefficient : numpy.ndarray of float64, shape (n,)
        Their values, the dipole first.
    coefficient_covariance : numpy.ndarray of float64, shape (n, n)
        Their covariance; `covariance` is its first block, with all others free.
    lowest_flux : float
        Lowest fitted flux of an exposed pixel or event, relative to the mean over the reference; 0 is the edge of the
        physical region.
    """

    rho: NDArray[np.float64]
    covariance: NDArray[np.float64]
    sandwich_covariance: NDArray[np.float64]
    n_eff: float
    sum_weight: float
    reference_dipole: NDArray[np.float64]
    pearson_chi2: float
    pearson_sigma: float
    pearson_dof: int
    estimator: FitKind
    weighting: Weighting
    n_iteration: int
    names: tuple[str, ...]
    coefficient: NDArray[np.float64]
    coefficient_covariance: NDArray[np.float64]
    lowest_flux: float

    def __post_init__(self) -> None:
        """Make the arrays read-only, so that a result cannot be altered after the fact."""
        arrays = (self.rho, self.covariance, self.sandwich_covariance, self.reference_dipole)
        for array in (*arrays, self.coefficient, self.coefficient_covariance):
            array.setflags(write=False)

    @property
    def rho_fb(self) -> float:
        """Forward-backward component: along x, the galactic centre if the map is galactic."""
        return float(self.rho[0])

    @property
    def rho_ew(self) -> float:
        """East-west component: along y, l = 90 deg if the map is galactic."""
        return float(self.rho[1])

    @property
    def rho_ns(self) -> float:
        """North-south component: along z, the north galactic pole if the map is galactic."""
        return float(self.rho[2])

    @property
    def delta_m(self) -> float:
        """Measured amplitude ``|rho|``, biased upwards by the noise: see `amsdipole.statistics.limits`."""
        return float(np.linalg.norm(self.rho))

    @property
    def sigma(self) -> float:
        """Error of one component, ``sqrt(trace(covariance) / 3)``."""
        return float(np.sqrt(np.trace(self.covariance) / 3.0))

    @property
    def chi2(self) -> float:
        """Distance from isotropy, ``rho^T covariance^-1 rho``."""
        return _distance(self.rho, self.covariance)

    @property
    def p_value(self) -> float:
        """Chance under isotropy of at least this `chi2`, from the chi-squared law with 3 degrees of freedom."""
        return isotropy_p_value(self.rho, self.covariance)

    @property
    def significance(self) -> float:
        """One-sided Gaussian significance of `p_value`, at most 37: what a number of double precision can tell."""
        return float(norm.isf(min(max(self.p_value, 1e-300), 1.0 - 1e-16)))


def isotropy_p_value(rho: ArrayLike, covariance: ArrayLike) -> float:
    """Return the chance that an isotropic sky gives a dipole at least as far from zero.

    Parameters
    ----------
    rho : array_like of float, shape (3,)
        Dipole vector.
    covariance : array_like of float, shape (3, 3)
        Its covariance; positive definite.

    Returns
    -------
    float
        Survival function of chi-squared with 3 degrees of freedom at ``rho^T covariance^-1 rho``, in [0, 1].

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is not finite, or the covariance is not symmetric.
    FitError
        The covariance is not positive definite.

    Notes
    -----
    The Gaussian limit; the relative error of p is of order ``1 / sqrt(n_eff)``.

    References
    ----------
    .. [1] Wilks 1938, Ann. Math. Stat. 9, 60, https://doi.org/10.1214/aoms/1177732360

    Examples
    --------
    >>> import numpy as np
    >>> round(isotropy_p_value([0.0, 0.0, 2.0], np.eye(3)), 3)
    0.261
    """
    vector = finite_floats("rho", rho, (3,))
    matrix, _, _ = principal_axes(covariance)
    return float(chi2_distribution.sf(_distance(vector, matrix), 3))


def _distance(rho: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
    return float(rho @ np.linalg.solve(covariance, rho))
