"""The likelihood of a flux with its normalisation profiled, for terms of different dilution and reference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import FitError

__all__ = ["Terms", "profiled_maximum"]

STEP_TOLERANCE = 1e-9  # in standard errors
MOST_STEPS = 100
KEEP_FLUX = 0.1  # a step leaves at least this share of the flux that a term has
LOWEST_FLUX = 1e-9
WEAKEST = 1e-12  # lowest eigenvalue of an information, of the greatest: what rounding leaves of 0 is some 1e-16

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Terms:
    """Hold the terms ``W [ln(1 + a q.b) - ln(1 + a q.m)]`` of a log likelihood.

    Attributes
    ----------
    weight, squared : numpy.ndarray of float64, shape (n,)
        W, and the variance that it stands for.
    basis : numpy.ndarray of float64, shape (n, k)
        Components b in the direction of the term.
    dilution : numpy.ndarray of float64, shape (n,)
        Share a of the flux that has the anisotropy.
    mean : numpy.ndarray of float64, shape (n_group, k)
        Means m of the components over the reference of each group.
    group : numpy.ndarray of int64, shape (n,)
        Group of the term.
    """

    weight: Floats
    squared: Floats
    basis: Floats
    dilution: Floats
    mean: Floats
    group: NDArray[np.int64]

    def value(self, q: Floats) -> float:
        """Return the log likelihood; -inf outside the region of positive flux."""
        here, there = self._fluxes(q)
        if not (here.min() > 0.0 and there.min() > 0.0):
            return -np.inf
        return float(self.weight @ (np.log(here) - np.log(there)))

    def derivatives(self, q: Floats) -> tuple[Floats, Floats, Floats]:
        """Return gradient, information (less the second derivative) and the sum of squares of the scores."""
        here, there = self._fluxes(q)
        near = self.basis * (self.dilution / here)[:, None]
        far = self.mean[self.group] * (self.dilution / there)[:, None]
        score = near - far
        information = (near.T * self.weight) @ near - (far.T * self.weight) @ far
        return self.weight @ score, information, (score.T * self.squared) @ score

    def expected(self) -> Floats:
        """Return the information at q = 0 as the references give it, positive definite if they determine q."""
        away = self.basis - self.mean[self.group]
        return np.asarray((away.T * (np.abs(self.weight) * self.dilution**2)) @ away)

    def lowest(self, q: Floats) -> float:
        """Return the lowest relative flux of a term."""
        here, there = self._fluxes(q)
        return float((here / there).min())

    def _fluxes(self, q: Floats) -> tuple[Floats, Floats]:
        return 1.0 + self.dilution * (self.basis @ q), 1.0 + self.dilution * (self.mean @ q)[self.group]


def profiled_maximum(terms: Terms) -> tuple[Floats, Floats, Floats, int]:
    """Maximise the log likelihood by Newton steps that stay where every flux is above zero.

    Parameters
    ----------
    terms : Terms
        What is summed.

    Returns
    -------
    q : numpy.ndarray of float64, shape (k,)
        The maximum.
    information, squared : numpy.ndarray of float64, shape (k, k)
        Less the second derivative there, and the sum of squares of the scores.
    n_iteration : int
        Steps taken.

    Raises
    ------
    FitError
        There is no maximum where every flux is above zero.
    """
    q = np.zeros(terms.basis.shape[1])
    here = terms.value(q)
    for iteration in range(1, MOST_STEPS + 1):
        gradient, information, squared = terms.derivatives(q)
        bend = np.linalg.eigvalsh(information)
        concave = bool(bend[0] > WEAKEST * bend[-1])
        matrix = information if concave else _determined(terms.expected())
        step = np.asarray(np.linalg.solve(matrix, gradient), dtype=np.float64)
        length = max(float(gradient @ step), 0.0) ** 0.5
        if length < STEP_TOLERANCE:
            if not concave:
                raise FitError("the likelihood has no maximum: its second derivative is not negative definite")
            return q, information, squared, iteration
        fraction = 1.0
        for flux, change in zip(terms._fluxes(q), terms._fluxes(step), strict=True):
            fall = float((-(change - 1.0) / flux).max())
            if fall > 0.0:
                fraction = min(fraction, (1.0 - KEEP_FLUX) / fall)
        there = terms.value(q + fraction * step)
        while there < here - 1e-9 * abs(here) and fraction > 1e-12:
            fraction *= 0.5
            there = terms.value(q + fraction * step)
        q, here = q + fraction * step, there
        if terms.lowest(q) < LOWEST_FLUX:
            break
    raise FitError(
        f"the likelihood has no maximum with a flux above 0: after {iteration} steps the lowest relative flux is "
        f"{terms.lowest(q):.3g} and the last step {length:.3g} errors"
    )


def _determined(matrix: Floats) -> Floats:
    """Return an information that stands in for the second derivative, or refuse one that leaves a component open."""
    value = np.linalg.eigvalsh(matrix)
    if not value[0] > WEAKEST * value[-1]:
        raise FitError("the likelihood has no maximum: what was seen does not determine all components")
    return matrix
