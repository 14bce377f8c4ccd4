"""Weights, fits and their figures as files and text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from amsdipole.events import TemplateFit, WeightTables, write_weights
from amsdipole.report.folder import made_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["fit_figure", "leak_lines", "template_table", "write_template_files", "write_templates"]

_COLORS = ("#b2182b", "#2166ac", "#4d9221", "#8c510a")  # distinct in print and for the colour-blind


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
    """Write weights and figures into a folder that is being made."""
    fits = [(b, r, fit) for b, row in enumerate(tables.fits) for r, fit in enumerate(row) if fit is not None]
    write_weights(work / "weights.npz", tables)
    for done, (b, r, fit) in enumerate(fits if figures else []):
        low, high = tables.energy_edge_gev[b : b + 2]
        title = f"{low:g} to {high:g} GeV" + (f", region {r}" if len(tables.fits[b]) > 1 else "")
        fit_figure(fit, tables, title).savefig(work / f"fit_bin_{b:02}_region_{r:03}.png", dpi=80)
        if progress is not None:
            progress("figures", done + 1, len(fits))


def fit_figure(fit: TemplateFit, tables: WeightTables, title: str) -> "Figure":
    """Draw data, components and pulls along each response."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * len(tables.bins), 4.6))
    # Fixed margins: finding them takes longer than drawing, and there may be hundreds of figures.
    figure.subplots_adjust(left=0.14 / len(tables.bins), right=0.97, bottom=0.12, top=0.88, wspace=0.2, hspace=0.08)
    grid = figure.subplots(2, len(tables.bins), sharex="col", height_ratios=(3, 1), squeeze=False)
    shape = tuple(b.n_cell for b in tables.bins)
    for i, bins in enumerate(tables.bins):
        others = tuple(j for j in range(len(shape)) if j != i)
        data = fit.histogram.reshape(shape).sum(axis=others)[1:-1]
        parts = [(y * d).reshape(shape).sum(axis=others)[1:-1] for y, d in zip(fit.yields, fit.density, strict=True)]
        edge = np.linspace(bins.low, bins.high, bins.n_bin + 1)
        centre = 0.5 * (edge[1:] + edge[:-1])
        top, bottom = grid[0, i], grid[1, i]
        top.errorbar(centre, data, yerr=np.sqrt(data), fmt="k.", markersize=3, label="data")
        top.stairs(np.sum(parts, axis=0), edge, color="0.4", label="sum")
        for name, part, color in zip(fit.names, parts, _COLORS, strict=False):
            top.stairs(part, edge, color=color, label=name)
        expected = np.sum(parts, axis=0)
        pull = np.divide(data - expected, np.sqrt(expected), out=np.zeros_like(data), where=expected > 0)
        bottom.stairs(pull, edge, color="0.4")
        bottom.set_ylim(-5, 5)
        bottom.set_xlabel(bins.column)
        bottom.set_ylabel("pull")
    state = "" if fit.valid else ", NOT CONVERGED"
    grid[0, 0].legend(fontsize="small")
    grid[0, 0].set_ylabel("events")
    grid[0, 0].set_title(f"{title}\nchi2 / dof = {fit.chi2:.1f} / {fit.dof}{state}", fontsize="medium")
    return figure


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
