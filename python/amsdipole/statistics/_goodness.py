"""Goodness of fit of a counts map: Pearson's chi-squared over pooled pixels."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["goodness"]

POOLED_EXPECTATION = 5.0  # events of a cell of the goodness of fit: the usual rule for Pearson's chi-squared


def goodness(
    total: NDArray[np.float64],
    shape: NDArray[np.float64],
    flux: NDArray[np.float64],
    basis: NDArray[np.float64],
    unit_weight: float,
) -> tuple[float, float, int]:
    """Return Pearson's chi-squared of a fitted flux, its standard deviation and its degrees of freedom.

    Parameters
    ----------
    total : numpy.ndarray of float64, shape (npix,)
        Sums of weights in the exposed pixels.
    shape : numpy.ndarray of float64, shape (npix,)
        The reference, with sum 1.
    flux : numpy.ndarray of float64, shape (npix,)
        Fitted relative flux; pixels in which it is not above 0 are left out.
    basis : numpy.ndarray of float64, shape (npix, n)
        Components that were fitted, or these less a constant each: the scale, which is free, takes it up.
    unit_weight : float
        Sum of squared weights over sum of weights: the weight of an event.

    Returns
    -------
    chi2, sigma : float
        Sum over pooled cells, and its standard deviation.
    dof : int
        Cells less the components and the scale, but not below 0.
    """
    seen = flux > 0.0  # a score may lead outside: there the expectation is no expectation
    if not seen.all():
        total, shape, flux, basis = total[seen], shape[seen], flux[seen], basis[seen]
    expected = shape * flux
    # In events: a sum of weights is taken as `unit_weight` times a Poisson number (Bohm & Zech).
    scale = float(total.sum() / unit_weight / expected.sum())
    expected *= scale
    cell, n_cell = _cells(expected)
    pooled = np.bincount(cell, weights=expected, minlength=n_cell)
    events = np.bincount(cell, weights=total, minlength=n_cell) / unit_weight
    chi2 = float(np.sum((events - pooled) ** 2 / pooled))
    # Each term has the variance 2 + 1 / mu. The fitted numbers take their part out of the 1 / mu: its
    # projection, with weight mu, on the derivatives of ln mu. For the scale alone that is Haldane's result.
    slope = np.ones((n_cell, 1 + basis.shape[1]))
    for k in range(basis.shape[1]):
        slope[:, k + 1] = np.bincount(cell, weights=basis[:, k] * shape, minlength=n_cell) * scale / pooled
    overlap = slope.sum(axis=0)
    taken = float(overlap @ np.linalg.lstsq((slope.T * pooled) @ slope, overlap)[0])
    dof = max(n_cell - 1 - basis.shape[1], 0)
    variance = 2.0 * dof + float(np.sum(1.0 / pooled)) - taken
    return chi2, float(np.sqrt(max(variance, 0.0))), dof


def _cells(expected: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """Return the cell of each pixel, and how many: pixels are pooled with their successors up to an expectation of 5.

    Without that, a rim of pixels in which 1e-6 events are expected would make the variance, a sum of 1 / mu, boundless.
    """
    small = expected < POOLED_EXPECTATION
    if not small.any():
        return np.arange(len(expected), dtype=np.int64), len(expected)
    n_large = len(expected) - int(np.count_nonzero(small))
    inside = expected if n_large == 0 else expected[small]
    running = np.cumsum(inside)
    full = int(running[-1] / POOLED_EXPECTATION)
    # What is left at the end joins the last full cell, or makes the only one.
    rank = np.minimum((running / POOLED_EXPECTATION).astype(np.int64), max(full - 1, 0))
    if n_large == 0:
        return rank, max(full, 1)
    cell = np.cumsum(~small) - 1
    cell[small] = n_large + rank
    return cell, n_large + max(full, 1)
