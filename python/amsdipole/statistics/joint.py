"""One dipole for several energy bins at once, and whether the bins agree with it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_distribution

from amsdipole._arrays import finite_floats
from amsdipole.errors import RangeError
from amsdipole.statistics._profiled import Terms, profiled_maximum
from amsdipole.statistics.dipole_fit import DIPOLE_NAMES, DipoleFit, Weighting
from amsdipole.statistics.fit import fit_dipole

__all__ = ["JointFit", "fit_bins"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JointFit:
    """Hold the common dipole of several bins and the dipole of each.

    Attributes
    ----------
    common : DipoleFit
        Dipole at the energy at which `spectrum` is 1, of the joint likelihood; its Pearson sum is over all bins.
    bins : tuple of DipoleFit
        Fit of each bin alone.
    spectrum : numpy.ndarray of float64, shape (n_bin,)
        Amplitude in each bin relative to the common one.
    chi2 : float
        Distance of the bins' dipoles from the common one.
    dof : int
        ``3 n_bin - 3``.
    """

    common: DipoleFit
    bins: tuple[DipoleFit, ...]
    spectrum: Floats
    chi2: float
    dof: int

    @property
    def agreement_p_value(self) -> float:
        """Chance of bins at least as far apart if one dipole is common to all."""
        return float(chi2_distribution.sf(self.chi2, self.dof)) if self.dof else 1.0

    @property
    def isotropy_chi2(self) -> float:
        """Distance of all bins from isotropy, with 3 degrees of freedom for each bin."""
        return sum(fit.chi2 for fit in self.bins)


def fit_bins(
    counts: ArrayLike,
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    sum_weight2: ArrayLike | None = None,
    weighting: Weighting = "purity",
    spectrum: ArrayLike | None = None,
) -> JointFit:
    """Fit one dipole to several differential bins.

    Parameters
    ----------
    counts, reference : array_like of float, shape (n_bin, npix)
        Sums of weights, and what an isotropic flux would give, in each bin; events are in one bin only.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    sum_weight2 : array_like of float, shape (n_bin, npix), optional
        Sums of squared weights; `counts` if not given.
    weighting : {"purity", "signal"}, optional
        What weights mean: see `fit_dipole`.
    spectrum : array_like of float, shape (n_bin,), optional
        How the amplitude goes with energy, relative to the one that is fitted; 1 in every bin if not given.

    Returns
    -------
    JointFit
        Common dipole, bins and their agreement.

    Raises
    ------
    ShapeError, RangeError, DataError, FitError
        As `fit_dipole`, for any bin; or `spectrum` is not finite or 0 everywhere.

    Notes
    -----
    The likelihoods of the bins are added; each has its own reference and its own free scale.

    Examples
    --------
    >>> axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    >>> joint = fit_bins([[110, 90, 100, 100, 100, 100], [105, 95, 100, 100, 100, 100]], [[1] * 6] * 2, axes)
    >>> joint.common.rho.round(3) + 0.0, joint.dof
    (array([0.075, 0.   , 0.   ]), 3)
    """
    maps = finite_floats("counts", counts, (None, None))
    references = finite_floats("reference", reference, maps.shape)
    unit = finite_floats("direction", direction, (maps.shape[1], 3))
    squares = maps if sum_weight2 is None else finite_floats("sum_weight2", sum_weight2, maps.shape)
    law = np.ones(len(maps)) if spectrum is None else finite_floats("spectrum", spectrum, (len(maps),))
    if not len(maps) or not law.any():
        raise RangeError(f"spectrum = {law.tolist()}: one bin or more with an amplitude that is not 0 is wanted")
    bins = tuple(
        fit_dipole(m, r, unit, sum_weight2=None if sum_weight2 is None else s, weighting=weighting)
        for m, r, s in zip(maps, references, squares, strict=True)
    )
    scale = np.array([m.sum() / s.sum() for m, s in zip(maps, squares, strict=True)])
    dilution = law / scale if weighting == "purity" else law
    seen = references > 0.0
    group, pixel = np.nonzero(seen)
    terms = Terms(
        weight=(scale[:, None] * maps)[seen],
        squared=(scale[:, None] ** 2 * squares)[seen],
        basis=unit[pixel],
        dilution=dilution[group],
        mean=np.stack([fit.reference_dipole for fit in bins]),
        group=group,
    )
    q, information, squared, n_iteration = profiled_maximum(terms)
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    dof = 3 * (len(bins) - 1)
    away = [fit.rho - a * q for fit, a in zip(bins, law, strict=True)]
    chi2 = sum(float(d @ np.linalg.solve(fit.covariance, d)) for d, fit in zip(away, bins, strict=True))
    common = DipoleFit(
        rho=q.copy(),
        covariance=covariance.copy(),
        sandwich_covariance=covariance @ squared @ covariance,
        n_eff=float(sum(a**2 * fit.n_eff for a, fit in zip(law, bins, strict=True))),
        sum_weight=float(maps.sum()),
        reference_dipole=np.average([f.reference_dipole for f in bins], axis=0, weights=[f.sum_weight for f in bins]),
        pearson_chi2=sum(fit.pearson_chi2 for fit in bins) + chi2,
        pearson_sigma=float(np.sqrt(sum(fit.pearson_sigma**2 for fit in bins) + 2.0 * dof)),
        pearson_dof=sum(fit.pearson_dof for fit in bins) + dof,
        estimator="joint",
        weighting=weighting,
        n_iteration=n_iteration,
        names=DIPOLE_NAMES,
        coefficient=q,
        coefficient_covariance=covariance,
        lowest_flux=terms.lowest(q),
    )
    return JointFit(common, bins, law, chi2, dof)
