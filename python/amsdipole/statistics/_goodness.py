"""Goodness of fit of a counts map: Pearson's chi-squared over pooled pixels."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from amsdipole.statistics.components import BLOCK

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
    small = expected < POOLED_EXPECTATION
    n_large = len(expected) - int(np.count_nonzero(small))
    if 0 < n_large < len(expected):
        order = np.argsort(small, kind="stable")  # those that are pooled last
        total, shape, expected, basis = total[order], shape[order], expected[order], basis[order]
    cell = _cells(expected, n_large)
    n = basis.shape[1]
    chi2 = spread = 0.0
    overlap, normal = np.zeros(n + 1), np.zeros((n + 1, n + 1))
    for at in _blocks(cell):
        own = cell[at] - cell[at.start]
        pooled = np.bincount(own, weights=expected[at])
        gap = np.bincount(own, weights=total[at]) / unit_weight - pooled
        inverse = 1.0 / pooled
        chi2 += float((gap * gap) @ inverse)
        spread += float(inverse.sum())
        column = np.ascontiguousarray(basis[at].T)
        column *= scale * shape[at]
        moved = np.empty((n + 1, len(pooled)))
        for row, values in zip(moved, (expected[at], *column), strict=True):
            row[:] = np.bincount(own, weights=values)
        slope = moved * inverse
        overlap += slope.sum(axis=1)
        normal += moved @ slope.T
    # Each term has the variance 2 + 1 / mu. The fitted numbers take their part out of the 1 / mu: its
    # projection, with weight mu, on the derivatives of ln mu. For the scale alone that is Haldane's result.
    taken = float(overlap @ np.linalg.lstsq(normal, overlap)[0])
    n_cell = int(cell[-1]) + 1
    dof = max(n_cell - 1 - n, 0)
    variance = 2.0 * dof + spread - taken
    return chi2, float(np.sqrt(max(variance, 0.0))), dof


def _cells(expected: NDArray[np.float64], n_large: int) -> NDArray[np.int64]:
    """Return the cell of each pixel, never falling: those after the large ones are pooled up to an expectation of 5.

    Without that, a rim of pixels in which 1e-6 events are expected would make the variance, a sum of 1 / mu, boundless.
    """
    cell = np.arange(len(expected), dtype=np.int64)
    if n_large < len(expected):
        running = np.cumsum(expected[n_large:])
        running /= POOLED_EXPECTATION
        # What is left at the end joins the last full cell, or makes the only one.
        np.minimum(running, max(int(running[-1]) - 1, 0), out=running)
        cell[n_large:] = running
        cell[n_large:] += n_large
    return cell


def _blocks(cell: NDArray[np.int64]) -> list[slice]:
    """Divide pixels into blocks of whole cells, of a size that needs no new memory from the system."""
    edge = sorted({*np.searchsorted(cell, cell[::BLOCK]).tolist(), len(cell)})
    return [slice(a, b) for a, b in pairwise(edge)]
