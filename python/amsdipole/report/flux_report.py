"""The flux formulae against a published table, as numbers and text."""

from dataclasses import asdict
from typing import Any

import numpy as np

from amsdipole.models import (
    AMS_ELECTRONS,
    AMS_POSITRONS,
    FluxTable,
    chi_squared,
    cutoff_energy,
    fit_electron_flux,
    fit_positron_flux,
)

__all__ = ["flux_document", "flux_table_text"]


def flux_document(table: FluxTable, *, species: str) -> dict[str, Any]:
    """Fit the flux formula of a species to points, and judge the published parameters by them.

    Parameters
    ----------
    table : FluxTable
        The points.
    species : {"e+", "e-"}
        Which formula.

    Returns
    -------
    dict
        Numbers as JSON takes them.

    Raises
    ------
    FitError
        The fit does not converge.
    """
    positrons = species == "e+"
    published = AMS_POSITRONS if positrons else AMS_ELECTRONS
    fit = fit_positron_flux(table) if positrons else fit_electron_flux(table)
    cutoff = cutoff_energy(table) if positrons else None
    energy = np.array([16.0, 100.0, 500.0])
    document: dict[str, Any] = {
        "species": species,
        "n_point": fit.n_point,
        "dof": fit.dof,
        "chi2": fit.chi2,
        "chi2_published": chi_squared(table, published),
        "names": list(fit.names),
        "value": [float(v) for v in asdict(fit.parameters).values()],
        "error": fit.error.tolist(),
        "published": [float(v) for v in asdict(published).values()],
        "covariance": fit.covariance.tolist(),
        "cutoff": None if cutoff is None else _finite(asdict(cutoff)),
        "energy_gev": energy.tolist(),
        "flux": fit.flux(energy).tolist(),
        "flux_error": fit.flux_error(energy).tolist(),
    }
    return document


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def flux_table_text(document: dict[str, Any]) -> str:
    """Lay out a flux fit for a terminal.

    Parameters
    ----------
    document : dict
        What `flux_document` gives.

    Returns
    -------
    str
        Lines of text.
    """
    out = [
        _chi_squared(document),
        "",
        f"{'parameter':<24} {'fit':>12} {'error':>11} {'published':>12}",
    ]
    for name, value, error, published in zip(
        document["names"], document["value"], document["error"], document["published"], strict=True
    ):
        out.append(f"{name:<24} {value:>12.5g} {error:>11.2g} {published:>12.5g}")
    cutoff = document["cutoff"]
    if cutoff is not None:
        ends = [f"{cutoff[n]:.0f}" if cutoff[n] is not None else "inf" for n in ("energy_gev", "low_gev", "high_gev")]
        out += [
            "",
            f"cutoff energy {ends[0]} GeV, from {ends[1]} to {ends[2]} GeV; published 810 (+310 -180) GeV",
            f"{cutoff['significance']:.2f} sigma from no cutoff (chi squared {cutoff['chi2_without']:.2f} without)",
        ]
    out.append("")
    for e, f, s in zip(document["energy_gev"], document["flux"], document["flux_error"], strict=True):
        out.append(f"flux at {e:g} GeV: {f:.4g} ± {s:.2g} /(m^2 sr s GeV)")
    return "\n".join(out)


def _chi_squared(document: dict[str, Any]) -> str:
    found = f"{document['chi2']:.2f} for {document['n_point']} points and {len(document['names'])} parameters"
    return f"{document['species']} flux: chi squared {found}; at the published values {document['chi2_published']:.2f}"
