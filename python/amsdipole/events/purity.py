"""Weights by table: purities of energy bin, region and response."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, indices
from amsdipole.errors import FitError, ShapeError
from amsdipole.events.template_fit import TemplateFit, fit_templates
from amsdipole.sky import pixel_centers, vector_to_pixel

__all__ = ["Meaning", "PurityTable", "PurityWeights", "checked_counts", "purity_weights", "regions", "whole_fit"]

Meaning = Literal["purity", "signal"]
PurityTable = _core.PurityTable


@dataclass(frozen=True)
class PurityWeights:
    """Weights by energy bin, region and cell of the response.

    Attributes
    ----------
    value : numpy.ndarray of float64, shape (n_bin, n_region, n_cell)
        The weight.
    weighting : {"purity", "signal"}
        What the weights mean to `amsdipole.statistics.fit_dipole`.
    fits : tuple of tuple of TemplateFit or None
        Fit of each energy bin and region; None where it was left out.
    fallback : dict of str to str
        Bins and regions whose own fit was not used, with the reason and what stands in for it.
    leak, leak_noise : numpy.ndarray of float64, shape (n_bin, 3)
        Dipole that the differences of purity between regions alone put into a sky without any, in units of rho and in
        galactic axes (FB, EW, NS), and its error from the statistics of the regions' fits. Zero with one region.
    gain : numpy.ndarray of float64, shape (n_bin,)
        What a true dipole of the signal is multiplied by, for the regions' purities follow it: 1 with one region.
    shrinkage : numpy.ndarray of float64, shape (n_bin,)
        Share of a region's departure from its bin's mean that was kept.
    """

    value: NDArray[np.float64]
    weighting: Meaning
    fits: tuple[tuple[TemplateFit | None, ...], ...]
    fallback: dict[str, str]
    leak: NDArray[np.float64]
    leak_noise: NDArray[np.float64]
    gain: NDArray[np.float64]
    shrinkage: NDArray[np.float64]

    def table(self, low: float, high: float, region_of_pixel: ArrayLike) -> "_core.PurityTable":
        """Make the table that the counting kernel looks weights up in; `low` and `high` are those of the response."""
        region = indices("region_of_pixel", region_of_pixel, (None,))
        n_region = int(region.max(initial=-1)) + 1
        if n_region != self.value.shape[1]:
            raise ShapeError(f"region_of_pixel names {n_region} regions; {self.value.shape[1]} are wanted")
        return _core.PurityTable(low, high, region, np.ascontiguousarray(self.value))


def regions(nside: int, nside_region: int | None) -> NDArray[np.int64]:
    """Give the number of the region of each pixel: HEALPix patches, or one region.

    Parameters
    ----------
    nside : int
        Resolution of the maps.
    nside_region : int or None
        Resolution of the patches (1: twelve of them); None is the whole sky.

    Returns
    -------
    numpy.ndarray of int64, shape (npix,)
        Regions from 0.

    Raises
    ------
    RangeError
        A resolution is no power of two.

    Examples
    --------
    >>> regions(2, 1)[:4].tolist()
    [0, 1, 2, 3]
    """
    centers = pixel_centers(nside)
    if nside_region is None:
        return np.zeros(len(centers), dtype=np.int64)
    return vector_to_pixel(centers, nside_region)


def purity_weights(
    histogram: ArrayLike, templates: ArrayLike, *, names: Sequence[str], exact: bool = False
) -> PurityWeights:
    """Purity of each energy bin, region and cell by template fits.

    Parameters
    ----------
    histogram : array_like of float, shape (n_bin, n_region, n_cell)
        Events; cells of one response, or of two laid out in a row, with those below and above the range.
    templates : array_like of float, shape (n_bin, n_component, n_cell)
        Control samples, or shares if `exact`; the signal first.
    names : sequence of str
        The components.
    exact : bool
        Whether templates have no statistics of their own.

    Returns
    -------
    PurityWeights
        ``p = N_s s / sum_c N_c c`` with the yields of the region.

    Raises
    ------
    FitError
        The fit of an energy bin over all regions did not converge, or cannot be made.
    ShapeError
        Shapes run out of step.

    Notes
    -----
    The signal's share of a region is drawn to that of its energy bin, ``f = f_bin + k (f_region - f_bin)``, with ``k =
    t2 / (t2 + s2)``, s2 the mean squared error of the regions' shares and t2 the scatter beyond it (James and Stein):
    noise alone gives k near 0, and with it no dipole. A region whose own fit did not converge, leaves a yield without
    an error, or holds fewer than 20 events, has the share of its bin; `fallback` names it. See
    docs/design/purity-by-region.md.
    """
    counts, samples = checked_counts(histogram, templates)
    n_bin, n_region, n_cell = counts.shape
    value, shrinkage = np.zeros((n_bin, n_region, n_cell)), np.zeros(n_bin)
    leak, leak_noise, gain = np.zeros((n_bin, 3)), np.zeros((n_bin, 3)), np.ones(n_bin)
    fits: list[tuple[TemplateFit | None, ...]] = []
    fallback: dict[str, str] = {}
    for b in range(n_bin):
        whole = whole_fit(b, counts, samples, names=names, exact=exact)
        own: list[TemplateFit | None] = [whole]
        if n_region > 1:
            places = [f"energy bin {b}, region {r}" for r in range(n_region)]
            own = [
                _named_fit(place, counts[b, r], samples[b], names, exact) if counts[b, r].sum() >= 20 else None
                for r, place in enumerate(places)
            ]
        fits.append(tuple(own))
        for r, fit in enumerate(own):
            if fit is None or not fit.valid:
                reason = "fewer than 20 events" if fit is None else _fault(fit)
                fallback[f"energy bin {b}, region {r}"] = f"{reason}; the yields of the energy bin over all regions"
        shares, error2, shrinkage[b] = _shrunk(whole, own)
        for r in range(n_region):
            expected = shares[r] @ whole.density
            signal = shares[r, 0] * whole.density[0]
            value[b, r] = np.where(expected > 0, signal, 0.0) / np.where(expected > 0, expected, 1.0)
        leak[b], leak_noise[b], dilution = _leak(value[b], counts[b], error2 * shrinkage[b] ** 2)
        gain[b] = 1.0 + shrinkage[b] * (1.0 / dilution - 1.0)
    return PurityWeights(value, "purity", tuple(fits), fallback, leak, leak_noise, gain, shrinkage)


def checked_counts(histogram: ArrayLike, templates: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both as arrays, or refuse shapes that run out of step."""
    counts = finite_floats("histogram", histogram, (None, None, None))
    samples = finite_floats("templates", templates, (None, None, None))
    if len(samples) != len(counts) or samples.shape[2] != counts.shape[2]:
        raise ShapeError(f"histogram {counts.shape} and templates {samples.shape} run out of step")
    return counts, samples


def whole_fit(
    b: int, counts: NDArray[np.float64], samples: NDArray[np.float64], *, names: Sequence[str], exact: bool
) -> TemplateFit:
    """Fit an energy bin over all regions, or refuse it by its number."""
    place = f"energy bin {b}"
    fit = _named_fit(place, counts[b].sum(axis=0), samples[b], names, exact)
    if not fit.valid:
        raise FitError(f"{place}: the template fit over all regions {_fault(fit)}")
    return fit


def _fault(fit: TemplateFit) -> str:
    """Say why a fit is not valid."""
    variance = np.diag(fit.covariance)
    if (variance <= 0.0).any():
        return f"has no error of {fit.names[int(variance.argmin())]}: the templates hold too few events"
    return "did not converge"


def _named_fit(
    place: str, counts: NDArray[np.float64], samples: NDArray[np.float64], names: Sequence[str], exact: bool
) -> TemplateFit:
    try:
        return fit_templates(counts, samples, names=names, exact=exact)
    except FitError as error:
        raise FitError(f"{place}: {error}") from error


def _shrunk(
    whole: TemplateFit, own: Sequence[TemplateFit | None]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Shares of the components by region, drawn to those of the whole; squared errors of the signal's; what is kept."""
    mean = whole.yields / whole.yields.sum()
    shares, error2 = np.tile(mean, (len(own), 1)), np.zeros(len(own))
    used = [r for r, fit in enumerate(own) if fit is not None and fit.valid]
    if len(used) < 3:
        return shares, error2, 0.0
    found = np.array([f.yields / f.yields.sum() for f in own if f is not None and f.valid])
    covariance = np.array([f.covariance for f in own if f is not None and f.valid])
    total = np.array([f.yields.sum() for f in own if f is not None and f.valid])
    # f = N_s / N: its derivatives by the yields are (1 - f) / N for the signal and -f / N for the others.
    slope = -np.tile(found[:, :1], (1, found.shape[1]))
    slope[:, 0] += 1.0
    error2[used] = np.einsum("ri,rij,rj->r", slope, covariance, slope) / total**2
    departure = found - mean
    scatter = float(np.sum(departure[:, 0] ** 2) / (len(used) - 1))
    kept = max(0.0, 1.0 - float(error2[used].mean()) / scatter) if scatter > 0 else 0.0
    shares[used] = mean + kept * departure
    return shares, error2, kept


def _leak(
    value: NDArray[np.float64], counts: NDArray[np.float64], error2: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Dipole of the purities of HEALPix patches, its error, and sum p^2 / sum p.

    With p_r the mean purity of a patch, a uniform sky gets ``rho = 3 <n (p_r - p)> / (sum p^2 / n)``: the estimator of
    method 1.5 with M = 1/3. The sky of a real exposure differs from it by some 10 %.
    """
    n_region, total = len(value), counts.sum(axis=0)
    per_event = np.array([(value**power @ total).mean() for power in (1, 2)]) / total.sum()
    dilution = float(per_event[1] / per_event[0]) if per_event[0] > 0 else 1.0
    if n_region == 1 or per_event[1] <= 0:
        return np.zeros(3), np.zeros(3), dilution
    mean = value @ total / total.sum()
    direction = pixel_centers(int(np.sqrt(n_region // 12)))
    factor = 3.0 * direction / (n_region * per_event[1])
    return np.asarray(mean @ factor), np.sqrt(error2 @ factor**2), dilution
