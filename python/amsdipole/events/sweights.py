"""sWeights: weights whose sums estimate a component wherever the others come from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole.errors import FitError
from amsdipole.events.purity import PurityWeights, checked_counts, whole_fit
from amsdipole.events.template_fit import TemplateFit

__all__ = ["s_weights", "sweight_cells"]

_WEIGHT_MAX = 512.0  # what the counting kernel takes
# At the edge of its range a yield is some 1e-9, and weights in the cells where its component lies are some 1e9.
_YIELD_LEAST = 1.0


def s_weights(
    histogram: ArrayLike,
    templates: ArrayLike,
    *,
    names: Sequence[str],
    exact: bool = False,
    component: int | tuple[int, ...] = 0,
) -> PurityWeights:
    """Make weights whose sums estimate a component wherever the others come from.

    Parameters
    ----------
    histogram : array_like of float, shape (n_bin, n_region, n_cell)
        Events; the regions are added, for an sWeight must not know the direction.
    templates, names, exact
        As in `purity_weights`.
    component : int or tuple of int
        The component that is wanted, or several together; 0 is the signal. The map of the backgrounds by these weights
        tells whether they are isotropic, as purity weights assume.

    Returns
    -------
    PurityWeights
        The same weights in every region; some are negative. A background whose fitted yield is below one event is left
        out, and `fallback` names it.

    Raises
    ------
    FitError
        A fit did not converge, or a component, which is named with its yield, has too few events for weights.
    ShapeError
        Shapes run out of step.

    Notes
    -----
    ``fit_dipole(..., weighting="signal")`` takes N_eff = (sum w)^2 / sum w^2 and the sandwich covariance. What the
    fitted yields add to it is of second order in the dipole and left out.

    References
    ----------
    .. [1] Dembinski, Kenzie, Langenbruch and Schmelling 2022, Nucl. Instrum. Methods A 1040, 167270
    """
    counts, samples = checked_counts(histogram, templates)
    n_bin, n_region, n_cell = counts.shape
    value = np.zeros((n_bin, n_region, n_cell))
    fits: list[tuple[TemplateFit | None, ...]] = []
    fallback: dict[str, str] = {}
    for b in range(n_bin):
        fit = whole_fit(b, counts, samples, names=names, exact=exact)
        try:
            value[b] = sweight_cells(fit, component)
        except FitError as error:
            raise FitError(
                f"energy bin {b}, all regions: {error}; join the bin with a neighbour by templates.edges_gev, "
                "or leave the component out of templates.components"
            ) from error
        if told := _left_out(fit):
            fallback[f"energy bin {b}, sWeights"] = told
        fits.append((fit,))
    nothing = np.zeros((n_bin, 3))
    return PurityWeights(value, "signal", tuple(fits), fallback, nothing, nothing, np.ones(n_bin), np.zeros(n_bin))


def sweight_cells(fit: TemplateFit, component: int | tuple[int, ...] = 0) -> NDArray[np.float64]:
    """Give the sWeight of one or more components in each cell; 0 where nothing is expected.

    Parameters
    ----------
    fit : TemplateFit
        Yields and densities.
    component : int or tuple of int
        Number of the component, or several whose weights are added; 0 is the signal.

    Returns
    -------
    numpy.ndarray of float64, shape (n_cell,)
        ``w(x) = sum_j V_sj d_j(x) / sum_k N_k d_k(x)`` with ``V^-1_ij = sum_x n(x) d_i d_j / (sum_k N_k d_k)^2``.

    Raises
    ------
    FitError
        The components cannot be told apart, or have so few events that a weight leaves [-512, 512].

    Notes
    -----
    Variant B of the reference, the summation over the events, which is exact for cells. The package ``sweights``
    computes the same for densities that are functions, with a quadrature that steps make inaccurate; a test
    compares the two.

    References
    ----------
    .. [1] Dembinski, Kenzie, Langenbruch and Schmelling 2022, Nucl. Instrum. Methods A 1040, 167270
    """
    wanted = np.zeros(len(fit.yields), dtype=bool)
    wanted[list(component) if isinstance(component, tuple) else component] = True
    keep = fit.yields >= _YIELD_LEAST
    keep[0] = True
    density, yields = fit.density[keep], fit.yields[keep]
    expected = yields @ density
    filled = expected > 0
    ratio = density[:, filled] / expected[filled]
    inverse = (ratio * fit.histogram[filled]) @ ratio.T
    value = np.zeros(len(expected))
    if np.linalg.cond(inverse) <= 1e10:  # beyond it half of the digits are lost
        value[filled] = wanted[keep] @ np.linalg.inv(inverse) @ ratio
        if np.abs(value).max() <= _WEIGHT_MAX:
            return value
    least = min(np.flatnonzero(keep), key=lambda c: float(fit.yields[c]))
    found = f"component {fit.names[least]!r} has a fitted yield of {fit.yields[least]:.3g} of {fit.yields.sum():.6g}"
    raise FitError(f"{found} events: too few for sWeights, or not to be told apart")


def _left_out(fit: TemplateFit) -> str:
    """Say which components have too few events for weights, if any."""
    few = [c for c in range(1, len(fit.yields)) if fit.yields[c] < _YIELD_LEAST]
    found = ", ".join(f"component {fit.names[c]!r} has a fitted yield of {fit.yields[c]:.2g} events" for c in few)
    return f"{found}, fewer than one: it is left out, and its own sWeights are 0" if few else ""
