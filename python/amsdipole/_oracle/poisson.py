"""Twins of `poisson.rs`: the distribution function term by term, and a search in it."""

import numpy as np

from amsdipole._oracle.check import Floats, all_within
from amsdipole.errors import ShapeError

MEAN_MAX = 1e7
LEAST_TERM = 1e-20  # relative to the greatest


def poisson_counts(uniform: Floats, mean: Floats) -> Floats:
    if uniform.shape[1] != len(mean):
        raise ShapeError(f"uniform has rows of {uniform.shape[1]} elements; {len(mean)} are wanted")
    all_within("mean", mean, 0.0, MEAN_MAX)
    all_within("uniform", uniform.ravel(), 0.0, float(np.nextafter(1.0, 0.0)))
    counts = np.empty_like(uniform)
    for j, expected in enumerate(mean):
        first, cumulative = _distribution(float(expected))
        counts[:, j] = first + np.searchsorted(cumulative[:-1], uniform[:, j], side="right")
    return counts


def _distribution(mean: float) -> tuple[float, Floats]:
    """Return the first number, and the distribution function from there on; the last value stands for 1."""
    if mean == 0.0:
        return 0.0, np.ones(1)
    mode = np.floor(mean)
    reach = 12.0 * np.sqrt(mean) + 60.0  # the terms fall below 1e-20 within 9.6 widths of the mode, or some 25 numbers
    below = np.cumprod(np.arange(mode, max(mode - reach, 0.0), -1.0) / mean)
    above = np.cumprod(np.concatenate([[1.0], mean / np.arange(mode + 1.0, mode + reach)]))
    # The first term at or below the least still counts on the way down, and does not on the way up.
    kept = int((below > LEAST_TERM).sum())
    below = below[: kept + 1]
    terms = np.concatenate([below[::-1], above[above > LEAST_TERM]])
    total = np.cumsum(terms)
    return float(mode - len(below)), total / total[-1]
