"""Yields of signal and backgrounds in a histogram of responses, by templates that have errors of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from iminuit import Minuit
from iminuit.cost import Template, poisson_chi2
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_distribution

from amsdipole._arrays import finite_floats
from amsdipole.errors import FitError, RangeError, ShapeError

__all__ = ["TemplateFit", "fit_templates"]

_UNEXPLAINED = 0.01  # greatest share of events in cells where no template has any: more is another component


@dataclass(frozen=True)
class TemplateFit:
    """What a template fit found.

    Attributes
    ----------
    names : tuple of str
        The components; the first is the signal.
    yields : numpy.ndarray of float64, shape (n_component,)
        Events of each component, over all cells.
    covariance : numpy.ndarray of float64, shape (n_component, n_component)
        Their covariance, the templates' own statistics included.
    density : numpy.ndarray of float64, shape (n_component, n_cell)
        Share of each cell, by component.
    histogram : numpy.ndarray of float64, shape (n_cell,)
        The data.
    valid : bool
        Whether the fit converged, with a covariance that is positive definite.
    chi2, dof : float, int
        Goodness of fit: the cost at its minimum, and filled cells less yields.
    template_error : numpy.ndarray of float64, shape (n_component, n_cell)
        Error of ``N_c d_c`` by the statistics of the template, ``N_c (d_c / n_c)^(1/2)`` of n_c events; 0 for a law.
    n_unexplained : float
        Events in cells where no template has any; they were left out of the fit, and their weight is 0.
    """

    names: tuple[str, ...]
    yields: NDArray[np.float64]
    covariance: NDArray[np.float64]
    density: NDArray[np.float64]
    histogram: NDArray[np.float64]
    valid: bool
    chi2: float
    dof: int
    template_error: NDArray[np.float64]
    n_unexplained: float = 0.0

    @property
    def errors(self) -> NDArray[np.float64]:
        """Errors of the yields; NaN where a fit that is not valid has no variance to take the root of."""
        variance = np.diag(self.covariance)
        return np.sqrt(np.where(variance >= 0.0, variance, np.nan))

    @property
    def p_value(self) -> float:
        """Chance of at least this chi2; an approximation where cells hold few events."""
        return float(chi2_distribution.sf(self.chi2, max(self.dof, 1)))

    @property
    def purity(self) -> NDArray[np.float64]:
        """Share of the signal in each cell; 0 where nothing is expected, shape (n_cell,)."""
        expected = self.yields @ self.density
        signal = self.yields[0] * self.density[0]
        return np.asarray(np.divide(signal, expected, out=np.zeros_like(signal), where=expected > 0))


def fit_templates(
    histogram: ArrayLike, templates: ArrayLike, *, names: Sequence[str], exact: bool = False
) -> TemplateFit:
    """Fit the yields of the components of a histogram.

    Parameters
    ----------
    histogram : array_like of float, shape (n_cell,) or (n_x, n_y)
        Events in each cell; in one or two responses.
    templates : array_like of float, shape (n_component, ...) over the shape of `histogram`
        Events of each control sample, which are taken to be Poisson; shares if `exact`.
    names : sequence of str
        The components, the signal first.
    exact : bool
        Whether the templates are smooth shapes without statistics of their own.

    Returns
    -------
    TemplateFit
        Yields, errors, goodness of fit, and whether it converged: the caller decides on one that did not.

    Raises
    ------
    ShapeError
        Shapes or names run out of step.
    RangeError
        A count is negative.
    FitError
        The histogram or a template is empty, or more than 1 % of the events lie where no template has any.

    Notes
    -----
    The likelihood of Dembinski and Abdelmotteleb [1]_, an approximation of Barlow and Beeston's, keeps the
    statistics of the templates. Its minimum is chi-squared distributed where cells hold some events. It takes the
    cells of a template as independent, so that the template's sum varies too, by ``N / sqrt(n)`` in units of the
    yield N for a template of n events; that part is taken off, for only shares enter. Without this the pulls of the
    yield in halves of one sample have a width of 0.8.

    References
    ----------
    .. [1] Dembinski and Abdelmotteleb 2022, Eur. Phys. J. C 82, 1043, https://doi.org/10.1140/epjc/s10052-022-11019-z

    Examples
    --------
    >>> fit = fit_templates([60, 40, 20], [[600, 300, 0], [0, 100, 200]], names=("signal", "background"))
    >>> fit.valid, fit.yields.round(0).tolist()
    (True, [90.0, 30.0])
    """
    shape = np.shape(histogram)
    counts = finite_floats("histogram", np.ravel(histogram), (None,))
    n_component = len(names)
    if np.shape(templates) != (n_component, *shape):
        raise ShapeError(f"templates has shape {np.shape(templates)}; {(n_component, *shape)} is wanted")
    samples = finite_floats("templates", np.reshape(templates, (n_component, -1)), (n_component, len(counts)))
    if (counts < 0).any() or (samples < 0).any():
        raise RangeError("histogram and templates: counts not below 0 are wanted")
    totals = samples.sum(axis=1)
    for name, total in zip(names, totals, strict=True):
        if total <= 0:
            raise FitError(f"the template of {name} is empty")
    if counts.sum() <= 0:
        raise FitError("the histogram is empty")
    density = samples / totals[:, None]
    used = (samples > 0).any(axis=0)
    unexplained = float(counts[~used].sum())
    if unexplained > _UNEXPLAINED * counts.sum():
        cell = int(((counts > 0) & ~used).argmax())
        raise FitError(
            f"{unexplained:g} of {counts.sum():g} events lie where no template has any (the first in cell {cell}); "
            f"at most {_UNEXPLAINED:.0%} is allowed"
        )
    n = int(used.sum())
    cost: Callable[..., float] = Template(counts[used], np.arange(n + 1.0), list(samples[:, used]))
    if exact:
        cost = _poisson(counts[used], density[:, used])
    start = _start(counts, density)
    minuit = Minuit(cost, *start, name=tuple(names))
    if exact:  # `Template` brings its own
        minuit.errordef = Minuit.LEAST_SQUARES
    minuit.limits = [(0.0, None)] * n_component
    minuit.errors = [max(1.0, float(np.sqrt(s))) for s in start]
    minuit.migrad(iterate=10)
    if not minuit.valid:
        minuit.simplex().migrad(iterate=10)
    minuit.hesse()
    covariance = np.full((n_component, n_component), np.nan)
    if minuit.covariance is not None:
        covariance = np.asarray(minuit.covariance)
        if not exact:
            # The likelihood lets the sum of each template fluctuate, which a share of it does not.
            covariance = covariance - np.diag(np.array(list(minuit.values)) ** 2 / totals)
    # Where the likelihood takes a template of few events as less certain than its events say, nothing is left.
    valid = bool(minuit.valid and minuit.accurate and _positive_definite(covariance))
    yields = np.array(list(minuit.values))
    chi2 = float(minuit.fval or 0.0)
    noise = np.zeros_like(density) if exact else yields[:, None] * np.sqrt(density / totals[:, None])
    dof = n - n_component
    return TemplateFit(tuple(names), yields, covariance, density, counts, valid, chi2, dof, noise, unexplained)


def _poisson(counts: NDArray[np.float64], density: NDArray[np.float64]) -> Callable[..., float]:
    """Make the likelihood ratio of Poisson counts, whose errors lie where it rises by 1, as those of `Template`."""

    def cost(*yields: float) -> float:
        return float(poisson_chi2(counts, np.array(yields) @ density))

    return cost


def _positive_definite(covariance: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(covariance).all() and (np.linalg.eigvalsh(covariance) > 0.0).all())


def _start(counts: NDArray[np.float64], density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take some steps of expectation maximisation, which cannot leave the allowed region."""
    yields = np.full(len(density), counts.sum() / len(density))
    for _ in range(30):
        expected = yields @ density
        ratio = np.divide(counts, expected, out=np.zeros_like(counts), where=expected > 0)
        yields = yields * (density @ ratio)
    return np.asarray(np.maximum(yields, 1e-3 * counts.sum()))
