"""Template fits with their purity, each figure from the entries of fits.json alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.report.drawn import COLORS, Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["fit_figure", "fits_drawn"]

_TITLE = {
    "trd_lambda": r"TRD estimator $\Lambda_{\mathrm{TRD}}$",
    "charge_confusion_lambda": r"charge estimator $\Lambda_{\mathrm{CC}}$",
}


def fit_figure(entry: dict[str, Any]) -> "Figure":
    """Draw data, components, purity and pulls of one fit along each response.

    Parameters
    ----------
    entry : dict
        What `amsdipole.report.template_report.fit_entries` gives.

    Returns
    -------
    matplotlib.figure.Figure
        A column for each response; the purity is that along the response, summed over the other.
    """
    from matplotlib.figure import Figure

    parts = entry["projections"]
    figure = Figure(figsize=(5.4 * len(parts), 5.4))
    # Fixed margins: finding them takes longer than drawing, and there may be hundreds of figures.
    figure.subplots_adjust(left=0.16 / len(parts), right=0.98, bottom=0.1, top=0.88, wspace=0.24, hspace=0.1)
    grid = figure.subplots(3, len(parts), sharex="col", height_ratios=(3, 1, 1), squeeze=False)
    for i, part in enumerate(parts):
        edge, data = np.array(part["edge"]), np.array(part["data"])
        centre, total = 0.5 * (edge[1:] + edge[:-1]), np.sum(list(part["components"].values()), axis=0)
        top, middle, bottom = grid[:, i]
        top.errorbar(centre, data, yerr=np.sqrt(data), fmt="k.", markersize=3, label="data")
        top.stairs(total, edge, color="0.4", label="sum")
        for k, (name, values) in enumerate(part["components"].items()):
            style = ("-", "--", "-.", ":")[k % 4]
            top.stairs(values, edge, color=COLORS[k % 6], linestyle=style, linewidth=1.4, label=name.replace("_", " "))
        middle.stairs(_purity(part, entry["signal"]), edge, color=COLORS[0])
        bottom.stairs(_pull(part), edge, color="0.4")
        middle.set_ylim(-0.05, 1.05)
        bottom.set_ylim(-5, 5)
        bottom.axhline(0.0, color="0.6", linewidth=0.6)
        bottom.set_xlabel(_TITLE.get(part["column"], part["column"]))
        top.set_yscale("symlog", linthresh=10.0)
        top.set_ylim(bottom=0.0)
    for axis, label in zip(grid[:, 0], ("events", "purity", "pull"), strict=True):
        axis.set_ylabel(label)
    grid[0, -1].legend(fontsize="small")
    region = f", region {entry['region']}" if entry["n_region"] > 1 else ""
    state = "" if entry["converged"] else ", NOT CONVERGED"
    figure.suptitle(
        f"{entry['energy_low_gev']:g} to {entry['energy_high_gev']:g} GeV{region}: "
        f"$\\chi^2$/dof = {entry['chi2']:.0f}/{entry['dof']}{state}",
        fontsize="medium",
    )
    return figure


def fits_drawn(document: dict[str, Any], *, name: str = "") -> list[Drawn]:
    """Draw the fit of each energy bin, regions summed, with its numbers.

    Parameters
    ----------
    document : dict
        Contents of ``fits.json``.
    name : str, optional
        What stands before the figures' names.

    Returns
    -------
    list of Drawn
        One for each energy bin.
    """
    bins: dict[int, list[dict[str, Any]]] = {}
    for entry in document["fits"]:
        bins.setdefault(entry["energy_bin"], []).append(entry)
    out = []
    for b, entries in bins.items():
        whole = _summed(entries)
        columns: dict[str, list[Any]] = {}
        rows = [_rows(part, whole["signal"]) for part in whole["projections"]]
        for key in rows[0]:
            columns[key] = [value for row in rows for value in row[key]]
        parts = whole["projections"][0]["components"]
        yields = {key: float(np.sum(value)) for key, value in parts.items()}
        said = ", ".join(f"{value:,.0f} {key.replace('_', ' ')}" for key, value in yields.items())
        caption = (
            f"Template fit from {whole['energy_low_gev']:g} to {whole['energy_high_gev']:g} GeV: data, components "
            f"({said} in the range drawn), the purity along each response, and pulls, whose errors hold the "
            f"statistics of data and templates."
        )
        out.append(Drawn(f"{name}template_fit_{b:02}", caption, fit_figure(whole), columns))
    return out


def _summed(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add the regions of an energy bin."""
    if len(entries) == 1:
        return entries[0]
    parts = []
    for i, part in enumerate(entries[0]["projections"]):
        every = [entry["projections"][i] for entry in entries]
        # All regions have the same templates, so what is wrong with those adds up.
        sums = {
            kind: {key: np.sum([other[kind][key] for other in every], axis=0).tolist() for key in part[kind]}
            for kind in ("components", "template_errors")
        }
        parts.append({**part, **sums, "data": np.sum([other["data"] for other in every], axis=0).tolist()})
    chi2, dof = (sum(entry[key] for entry in entries) for key in ("chi2", "dof"))
    converged = all(entry["converged"] for entry in entries)
    return {**entries[0], "n_region": 1, "projections": parts, "chi2": chi2, "dof": dof, "converged": converged}


def _rows(part: dict[str, Any], signal: str) -> dict[str, list[Any]]:
    edge = part["edge"]
    purity = [None if np.isnan(p) else float(p) for p in _purity(part, signal)]
    return {
        "response": [part["column"]] * (len(edge) - 1),
        "low": edge[:-1],
        "high": edge[1:],
        "data": part["data"],
        **part["components"],
        "purity": purity,
        "pull": _pull(part).tolist(),
    }


def _purity(part: dict[str, Any], signal: str) -> NDArray[np.float64]:
    total = np.sum(list(part["components"].values()), axis=0)
    values = np.array(part["components"][signal])
    return np.asarray(np.divide(values, total, out=np.full(len(total), np.nan), where=total > 0.0))


def _pull(part: dict[str, Any]) -> NDArray[np.float64]:
    """Gap between data and fit in units of its error, of data and of templates; 0 where nothing is expected."""
    total = np.sum(list(part["components"].values()), axis=0)
    variance = total + np.sum(np.square(list(part["template_errors"].values())), axis=0)
    gap = np.array(part["data"]) - total
    return np.asarray(np.divide(gap, np.sqrt(variance), out=np.zeros(len(gap)), where=variance > 0.0))
