"""Fits and limits of maps or numbers that a user brings."""

from typing import Any

import numpy as np
from scipy.stats import chi2

from amsdipole.errors import ConfigError, DataError, FrameError
from amsdipole.report.multipole_report import multipole_line, multipoles_of
from amsdipole.report.text import limit_table
from amsdipole.sky import SkyMap, pixel_centers
from amsdipole.statistics import LIMIT_METHODS, fit_dipole, fit_limits, limits, sigma_isotropic

__all__ = ["fit_document", "fit_table", "limit_document"]


def limit_document(n_eff: float, delta_m: float, *, confidence: float) -> dict[str, Any]:
    """Compute limits by every method.

    Parameters
    ----------
    n_eff : float
        Effective number of events.
    delta_m : float
        Measured amplitude.
    confidence : float
        Confidence level, in (0, 1).

    Returns
    -------
    dict
        Numbers as JSON takes them.

    Raises
    ------
    RangeError
        A number is out of range.
    """
    sigma = sigma_isotropic(n_eff)
    found = limits(delta_m, sigma, methods=list(LIMIT_METHODS), confidence=confidence)
    return {
        "n_eff": n_eff,
        "delta_m": delta_m,
        "sigma": sigma,
        "sigma_source": "sqrt(3 / N_eff)",
        "p_value": float(chi2.sf((delta_m / sigma) ** 2, 3)),
        "limits": [{"method": u.method, "confidence": u.confidence, "delta_ul": u.delta_ul} for u in found],
    }


def fit_document(
    counts: SkyMap,
    reference: SkyMap,
    squared: SkyMap | None = None,
    *,
    weighting: str,
    estimator: str,
    confidence: float,
    l_max: int = 2,
) -> dict[str, Any]:
    """Fit a map of counts against a reference map.

    Parameters
    ----------
    counts, reference : SkyMap
        Sum of weights, and what isotropy would give, on the same grid and in the same frame.
    squared : SkyMap, optional
        Sum of squared weights.
    weighting, estimator : str
        Choices of `amsdipole.statistics.fit_dipole`.
    confidence : float
        Confidence level of the limits, in (0, 1).
    l_max : int, optional
        Greatest degree of the joint fit that the dipole alone is checked by, 2 to 4.

    Returns
    -------
    dict
        Numbers as JSON takes them; components x, y, z of the maps' frame.

    Raises
    ------
    FrameError
        The maps differ in frame.
    DataError
        The maps differ in resolution.
    ConfigError
        A choice is unknown.
    FitError
        The dipole is not determined.
    """
    if weighting not in ("purity", "signal"):
        raise ConfigError(f"weighting = {weighting!r}: purity or signal is wanted")
    if estimator not in ("likelihood", "score"):
        raise ConfigError(f"estimator = {estimator!r}: likelihood or score is wanted")
    for other in (reference, squared):
        if other is not None and other.frame != counts.frame:
            raise FrameError(f"the counts are in {counts.frame} axes, another map in {other.frame} axes")
        if other is not None and other.nside != counts.nside:
            raise DataError(f"the counts have nside = {counts.nside}, another map has {other.nside}")
    fit = fit_dipole(
        counts.values,
        reference.values,
        pixel_centers(counts.nside),
        sum_weight2=None if squared is None else squared.values,
        weighting="purity" if weighting == "purity" else "signal",
        estimator="likelihood" if estimator == "likelihood" else "score",
    )
    check = multipoles_of(
        fit,
        counts.values,
        reference.values,
        sum_weight2=None if squared is None else squared.values,
        l_max=l_max,
    )
    found = fit_limits(fit, methods=list(LIMIT_METHODS), confidence=confidence)
    return {
        "frame": counts.frame,
        "nside": counts.nside,
        "estimator": fit.estimator,
        "weighting": fit.weighting,
        "rho": dict(zip("xyz", fit.rho.tolist(), strict=True)),
        "error": dict(zip("xyz", np.sqrt(np.diag(fit.covariance)).tolist(), strict=True)),
        "covariance": fit.covariance.tolist(),
        "n_eff": fit.n_eff,
        "sigma": fit.sigma,
        "sigma_source": "sqrt(trace(covariance) / 3)",
        "delta_m": fit.delta_m,
        "chi2": fit.chi2,
        "p_value": fit.p_value,
        "significance": fit.significance,
        "n_iteration": fit.n_iteration,
        "lowest_flux": fit.lowest_flux,
        "goodness_of_fit": {
            "pearson_chi2": fit.pearson_chi2,
            "dof": fit.pearson_dof,
            "sigma": fit.pearson_sigma,
        },
        "multipoles": check,
        "limits": [{"method": u.method, "confidence": u.confidence, "delta_ul": u.delta_ul} for u in found],
    }


def fit_table(document: dict[str, Any]) -> str:
    """Lay out a fit for a terminal.

    Parameters
    ----------
    document : dict
        What `fit_document` gives.

    Returns
    -------
    str
        Lines of text.
    """
    names = {"galactic": {"x": "rho_FB", "y": "rho_EW", "z": "rho_NS"}}.get(document["frame"], {})
    lines = [f"Dipole in {document['frame'].replace('_', '-')} axes, {document['estimator']} estimator:"]
    for axis, value in document["rho"].items():
        lines.append(f"  {names.get(axis, axis):>6} = {100 * value:+.4f} ± {100 * document['error'][axis]:.4f} %")
    return "\n".join([*lines, multipole_line(document["multipoles"]), limit_table(document)])
