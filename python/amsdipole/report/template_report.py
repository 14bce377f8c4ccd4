"""Weights, fits and their figures as files and text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from amsdipole.events import TemplateFit, WeightTables, write_weights
from amsdipole.report.folder import made_folder
from amsdipole.report.reading import FITS_VERSION
from amsdipole.report.template_figure import fit_figure

__all__ = ["fit_entries", "leak_lines", "template_table", "write_template_files", "write_templates"]


def write_templates(
    folder: Path,
    tables: WeightTables,
    *,
    figures: bool,
    overwrite: bool,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Write weights, fits and figures to a folder, whole or not at all, and return what ``result.json`` there says."""
    with made_folder(folder, overwrite=overwrite) as work:
        text = json.dumps(tables.document, indent=2, allow_nan=False)
        (work / "result.json").write_text(text + "\n", encoding="utf-8")
        write_template_files(work, tables, figures=figures, progress=progress)
    return tables.document


def write_template_files(
    work: Path, tables: WeightTables, *, figures: bool, progress: Callable[[str, int, int], None] | None = None
) -> None:
    """Write weights, fits and figures into a folder that is being made."""
    fits = fit_entries(tables)
    write_weights(work / "weights.npz", tables)
    text = json.dumps({"format": "amsdipole-fits", "format_version": FITS_VERSION, "fits": fits}, allow_nan=False)
    (work / "fits.json").write_text(text + "\n", encoding="utf-8")
    for done, entry in enumerate(fits if figures else []):
        file = work / f"fit_bin_{entry['energy_bin']:02}_region_{entry['region']:03}.png"
        fit_figure(entry).savefig(file, dpi=80)
        if progress is not None:
            progress("figures", done + 1, len(fits))


def fit_entries(tables: WeightTables) -> list[dict[str, Any]]:
    """Give what a figure of each fit shows: data and components along each response, as JSON takes them.

    Parameters
    ----------
    tables : WeightTables
        Weights with their fits.

    Returns
    -------
    list of dict
        One for each energy bin and region that was fitted.
    """
    out = []
    for b, row in enumerate(tables.fits):
        low, high = tables.energy_edge_gev[b : b + 2].tolist()
        for r, fit in enumerate(row):
            if fit is None:
                continue
            out.append(
                {
                    "energy_bin": b,
                    "energy_low_gev": low,
                    "energy_high_gev": high,
                    "region": r,
                    "n_region": len(row),
                    "chi2": fit.chi2,
                    "dof": fit.dof,
                    "converged": fit.valid,
                    "signal": fit.names[0],
                    "projections": [_projection(fit, tables, i) for i in range(len(tables.bins))],
                }
            )
    return out


def _projection(fit: TemplateFit, tables: WeightTables, i: int) -> dict[str, Any]:
    """Sum data and components over the other response."""
    shape = tuple(b.n_cell for b in tables.bins)
    others = tuple(j for j in range(len(shape)) if j != i)
    bins = tables.bins[i]
    return {
        "column": bins.column,
        "edge": np.linspace(bins.low, bins.high, bins.n_bin + 1).tolist(),
        "data": fit.histogram.reshape(shape).sum(axis=others)[1:-1].tolist(),
        "components": {
            name: (y * d).reshape(shape).sum(axis=others)[1:-1].tolist()
            for name, y, d in zip(fit.names, fit.yields, fit.density, strict=True)
        },
        "template_errors": {
            name: np.sqrt((e**2).reshape(shape).sum(axis=others))[1:-1].tolist()
            for name, e in zip(fit.names, fit.template_error, strict=True)
        },
    }


def template_table(document: dict[str, Any]) -> str:
    """Lay out the fits, a line each, and say what was not as it should be."""
    lines = ["  GeV  region  " + "".join(f"{name:>24}" for name in document["components"]) + "   chi2/dof       p"]
    for fit in document["fits"]:
        place = f"{fit['energy_low_gev']:>5g}  {fit['region']:>6}  "
        if not fit["fitted"]:
            lines.append(place + "not fitted: see below")
            continue
        cells = "".join(f"{fit['yields'][n]:>14.1f} +- {_error(fit['errors'][n])}" for n in document["components"])
        state = "" if fit["converged"] else "  NOT CONVERGED"
        lines.append(f"{place}{cells}  {fit['chi2']:>6.1f}/{fit['dof']:<4}  {fit['p_value']:.3f}{state}")
    lines += [f"{place}: {reason}" for place, reason in document["fallback"].items()]
    return "\n".join([*lines, *leak_lines(document)])


def _error(value: float | None) -> str:
    return f"{'none':>6}" if value is None else f"{value:>6.1f}"


def leak_lines(document: dict[str, Any]) -> list[str]:
    """Say what the purities of regions put into a sky without any dipole, and what they do to a true one."""
    if document["nside_region"] is None:
        return []
    lines = ["Purities by region alone give the dipole (EW, NS, FB) [%], and multiply a true one of the signal by:"]
    for entry in document["leak"]:
        cells = "".join(
            f" {100 * entry['found'][i]:>+7.2f} ± {100 * entry['noise'][i]:<5.2f}"
            for i in (1, 2, 0)  # from galactic axes to the published order
        )
        lines.append(f"{entry['energy_low_gev']:>5g} GeV {cells}   {entry['gain']:.3f}")
    return lines
