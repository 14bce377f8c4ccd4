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
        Components that were fitted.
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
    expected = shape[seen] * flux[seen]
    # In events: a sum of weights is taken as `unit_weight` times a Poisson number (Bohm & Zech).
    expected *= total.sum() / unit_weight / expected.sum()
    slope = np.column_stack([np.ones(len(expected)), basis[seen] / flux[seen, np.newaxis]])
    cell = _cells(expected)
    n_cell = int(cell.max()) + 1
    pooled = np.bincount(cell, weights=expected, minlength=n_cell)
    events = np.bincount(cell, weights=total[seen] / unit_weight, minlength=n_cell)
    slope = np.column_stack([np.bincount(cell, weights=expected * s) for s in slope.T]) / pooled[:, np.newaxis]
    chi2 = float(np.sum((events - pooled) ** 2 / pooled))
    # Each term has the variance 2 + 1 / mu. The fitted numbers take their part out of the 1 / mu: its
    # projection, with weight mu, on the derivatives of ln mu. For the scale alone that is Haldane's result.
    overlap = slope.sum(axis=0)
    taken = float(overlap @ np.linalg.lstsq((slope.T * pooled) @ slope, overlap)[0])
    dof = max(n_cell - 1 - basis.shape[1], 0)
    variance = 2.0 * dof + float(np.sum(1.0 / pooled)) - taken
    return chi2, float(np.sqrt(max(variance, 0.0))), dof


def _cells(expected: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell of each pixel: pixels are pooled with their successors up to an expectation of 5.

    Without that, a rim of pixels in which 1e-6 events are expected would make the variance, a sum of 1 / mu, boundless.
    """
    small = expected < POOLED_EXPECTATION
    cell = np.cumsum(~small) - 1
    if small.any():
        rank = np.floor(np.cumsum(expected[small]) / POOLED_EXPECTATION).astype(np.int64)
        full = int(np.floor(expected[small].sum() / POOLED_EXPECTATION))
        # What is left at the end joins the last full cell, or makes the only one.
        cell[small] = (~small).sum() + np.minimum(rank, max(full - 1, 0))
        cell = np.unique(cell, return_inverse=True)[1]
    return cell
