"""Cumulative energy ranges: the covariance between them, and p-values that respect it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_distribution

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.statistics.dipole_fit import Weighting
from amsdipole.statistics.fit import fit_dipole
from amsdipole.statistics.toy_skies import toy_rng

__all__ = ["CumulativeRanges", "GlobalPValue", "cumulative_ranges"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GlobalPValue:
    """Hold what the smallest of some correlated p-values means.

    Attributes
    ----------
    least : float
        Smallest p-value of a range.
    value : float
        Chance under isotropy that any range has one as small.
    error : float
        Binomial error of `value`.
    n_toy : int
        Toys that it was counted on.
    independent : float
        What it would be for independent ranges, ``1 - (1 - least)**n``: too large where they overlap.
    """

    least: float
    value: float
    error: float
    n_toy: int
    independent: float


@dataclass(frozen=True, eq=False)
class CumulativeRanges:
    """Hold the dipoles of nested ranges with their full covariance.

    Attributes
    ----------
    rho : numpy.ndarray of float64, shape (n_range, 3)
        Dipole of each range, the widest first.
    covariance : numpy.ndarray of float64, shape (3 n_range, 3 n_range)
        Covariance of all components under isotropy.
    """

    rho: Floats
    covariance: Floats

    @property
    def correlation(self) -> Floats:
        """Mean correlation of the three components between ranges, shape (n_range, n_range)."""
        error = np.sqrt(np.diag(self.covariance))
        full = self.covariance / np.outer(error, error)
        n = len(self.rho)
        return np.asarray(np.einsum("aibi->ab", full.reshape(n, 3, n, 3)) / 3.0)

    @property
    def p_values(self) -> Floats:
        """Chance under isotropy for each range alone, shape (n_range,)."""
        return np.asarray(self._p_values(self.rho.reshape(1, -1))[0])

    @property
    def chi2(self) -> float:
        """Distance of all ranges together from isotropy, with ``3 n_range`` degrees of freedom."""
        flat = self.rho.ravel()
        return float(flat @ np.linalg.solve(self.covariance, flat))

    @property
    def joint_p_value(self) -> float:
        """Chance under isotropy of at least this `chi2`."""
        return float(chi2_distribution.sf(self.chi2, self.rho.size))

    def global_p_value(self, *, n_toy: int = 200_000, seed: int = 1) -> GlobalPValue:
        """Return the chance that the smallest p-value of any range is as small as it is.

        Parameters
        ----------
        n_toy : int, optional
            Toys of all components from their covariance, 1000 to 10,000,000.
        seed : int, optional
            Seed of the toys.

        Returns
        -------
        GlobalPValue
            With its binomial error.
        """
        n = whole_number("n_toy", n_toy, low=1000, high=10_000_000)
        root = np.linalg.cholesky(self.covariance)
        least = float(self.p_values.min())
        found = 0
        for block, first in enumerate(range(0, n, 50_000)):
            drawn = toy_rng(seed, block).standard_normal((min(50_000, n - first), len(root))) @ root.T
            found += int((self._p_values(drawn).min(axis=1) <= least).sum())
        value = found / n
        # One more than was counted, so that none seen does not mean an error of 0.
        error = float(np.sqrt((found + 1) * (n - found + 1)) / n**1.5)
        return GlobalPValue(least, value, error, n, 1.0 - (1.0 - least) ** len(self.rho))

    def _p_values(self, drawn: Floats) -> Floats:
        vector = drawn.reshape(len(drawn), -1, 3)
        block = np.stack([self.covariance[3 * i : 3 * i + 3, 3 * i : 3 * i + 3] for i in range(vector.shape[1])])
        chi2 = np.einsum("nri,rij,nrj->nr", vector, np.linalg.inv(block), vector)
        return np.asarray(chi2_distribution.sf(chi2, 3))


def cumulative_ranges(
    counts: ArrayLike,
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    sum_weight2: ArrayLike | None = None,
    weighting: Weighting = "purity",
) -> CumulativeRanges:
    """Fit nested ranges and find the covariance between them.

    Parameters
    ----------
    counts, reference : array_like of float, shape (n_range, npix)
        Sums of weights, and what an isotropic flux would give, in the *differential* bins from each range's lower
        edge to the next; range r is the sum of the bins from r on.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    sum_weight2 : array_like of float, shape (n_range, npix), optional
        Sums of squared weights; `counts` if not given.
    weighting : {"purity", "signal"}, optional
        What weights mean: see `fit_dipole`.

    Returns
    -------
    CumulativeRanges
        Dipoles of the cumulative ranges and their covariance.

    Raises
    ------
    ShapeError, RangeError, DataError, FitError
        As `fit_dipole`, for any range; or a bin is empty, which makes two ranges the same.

    Notes
    -----
    With ``rho_r = M_r^-1 sum_(i in r) w_i (n_i - <n>_r) / S_r``, two ranges share the events of the narrower one:
    ``Cov(rho_r, rho_s) = M_r^-1 [sum_(i in both) w_i**2 (n_i - <n>_r)(n_i - <n>_s)^T] M_s^-1 / (S_r S_s)``. For one
    exposure and unit weights that is the covariance of the wider range.

    References
    ----------
    .. [1] Gross & Vitells 2010, Eur. Phys. J. C 70, 525, https://doi.org/10.1140/epjc/s10052-010-1470-8 (trials)
    """
    maps = finite_floats("counts", counts, (None, None))
    references = finite_floats("reference", reference, maps.shape)
    unit = finite_floats("direction", direction, (maps.shape[1], 3))
    squares = maps if sum_weight2 is None else finite_floats("sum_weight2", sum_weight2, maps.shape)
    if not len(maps):
        raise RangeError("counts has no range")
    if not (squares.sum(axis=1) > 0.0).all():
        i = int((squares.sum(axis=1) > 0.0).argmin())
        raise DataError(f"counts[{i}] is empty: its range and the next would be the same")
    above = [np.cumsum(part[::-1], axis=0)[::-1] for part in (maps, references, squares)]
    fits = [
        fit_dipole(m, r, unit, sum_weight2=None if sum_weight2 is None else s, weighting=weighting)
        for m, r, s in zip(*above, strict=True)
    ]
    spread = []
    for fit, total, exposure, square in zip(fits, *above, strict=True):
        shape = exposure / exposure.sum()
        away = unit - fit.reference_dipole
        size = square.sum() if weighting == "purity" else total.sum()
        spread.append(np.linalg.solve((away.T * shape) @ away, away.T) / size)
    n = len(fits)
    covariance = np.empty((n, 3, n, 3))
    for r in range(n):
        for s in range(n):
            both = above[2][max(r, s)]
            covariance[r, :, s, :] = (spread[r] * both) @ spread[s].T
    full = covariance.reshape(3 * n, 3 * n)
    full = 0.5 * (full + full.T)
    lowest = float(np.linalg.eigvalsh(full)[0])
    if not lowest > 0.0:
        raise FitError(f"the covariance of the ranges has the eigenvalue {lowest:.3g}: two of them are the same")
    return CumulativeRanges(np.stack([fit.rho for fit in fits]), full)
