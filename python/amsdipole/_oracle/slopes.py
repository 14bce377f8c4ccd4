"""Twins of `slopes.rs`: damped Newton, one sky after the other."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import Floats, all_finite, all_within, within
from amsdipole.errors import ShapeError

COMPONENTS_MAX = 24
STEP_TOLERANCE = 1e-8
FLUX_TOLERANCE = 1e-8
ITERATION_MAX = 100
LOWEST_FLUX = 1e-9
SAFE_FALL = 1.0 - np.sqrt(0.5)
NO_MAXIMUM, NOT_CONCAVE = -1, -2


def maximum_slopes(
    counts: Floats, squared: Floats, offset: Floats, moment: Floats, scale: Floats, penalty: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    npix, n = offset.shape
    for name, matrix, wanted in (
        ("counts", counts, npix),
        ("squared", squared, npix),
        ("moment", moment, n),
        ("penalty", penalty, n),
    ):
        if matrix.shape[1] != wanted:
            raise ShapeError(f"{name} has rows of {matrix.shape[1]} elements; {wanted} are wanted")
    within("components", n, 1.0, COMPONENTS_MAX)
    for name, matrix, rows in (
        ("counts", counts, len(scale)),
        ("squared", squared, len(counts)),
        ("moment", moment, n),
        ("penalty", penalty, n),
    ):
        if len(matrix) != rows:
            raise ShapeError(f"{name} has length {matrix.size}; {rows * matrix.shape[1]} is wanted")
    most = float(np.finfo(np.float64).max)
    all_finite("counts", counts)
    all_within("squared", squared.ravel(), 0.0, most)
    all_finite("offset", offset)
    all_finite("moment", moment)
    all_within("scale", scale, float(np.finfo(np.float64).tiny), most)
    all_finite("penalty", penalty)
    found = [_maximum(w, w2, offset, moment, k, penalty) for w, w2, k in zip(counts, squared, scale, strict=True)]
    return (
        np.array([r for r, _, _, _ in found]).reshape(-1, n),
        np.array([h for _, h, _, _ in found]).reshape(-1, n, n),
        np.array([v for _, _, v, _ in found]).reshape(-1, n, n),
        np.array([status for _, _, _, status in found], dtype=np.int64),
    )


def _maximum(
    counts: Floats, squared: Floats, offset: Floats, moment: Floats, scale: float, penalty: Floats
) -> tuple[Floats, Floats, Floats, int]:
    slope, status = np.zeros(offset.shape[1]), NO_MAXIMUM
    longest = np.sqrt((offset**2).sum(axis=1).max(initial=0.0))
    expected = scale * counts.sum() * moment + penalty
    if _positive(expected):
        step = np.linalg.solve(expected, scale * (counts @ offset))
        slope = step * _fraction(-(offset @ step))
    for iteration in range(1, ITERATION_MAX + 1):
        flux = 1.0 + offset @ slope
        with np.errstate(all="ignore"):
            pull = offset / flux[:, np.newaxis]
            information = (pull.T * counts) @ pull
        if flux.min() < LOWEST_FLUX:
            break
        gradient = scale * (counts @ pull) - penalty @ slope
        curvature = scale * information + penalty
        concave = _positive(curvature)
        if not concave:
            curvature = expected
            if not _positive(curvature):
                break
        step = np.linalg.solve(curvature, gradient)
        length = max(float(gradient @ step), 0.0) ** 0.5
        small = counts.min() >= 0.0 and length < 1.0 and np.linalg.norm(step) * longest < FLUX_TOLERANCE * flux.min()
        if length < STEP_TOLERANCE or small:
            status = iteration if concave else NOT_CONCAVE
            slope = slope + step
            break
        slope = slope + step * _fraction(-(offset @ step) / flux)
    if status < 0:
        return np.zeros_like(slope), np.zeros_like(moment), np.zeros_like(moment), status
    return slope, information, (pull.T * squared) @ pull, status


def _fraction(falls: Floats) -> float:
    """Share of a step to take, from the share of each pixel's flux that the whole step would take."""
    fall = max(float(falls.max(initial=0.0)), 0.0)
    return 1.0 if fall <= SAFE_FALL else float(2.0 / (2.0 * fall + 1.0 + np.sqrt(4.0 * fall + 1.0)))


def _positive(matrix: Floats) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(matrix).all())
