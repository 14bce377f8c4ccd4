"""What other commands found, as sections of a page, each from its JSON alone."""

from collections.abc import Callable
from typing import Any

from amsdipole.report.drawn import Drawn
from amsdipole.report.exposure_figures import efficiency_drawn, exposure_drawn, open_time_drawn
from amsdipole.report.field_figures import cutoff_drawn, deflection_drawn
from amsdipole.report.html_parts import details, paragraph, pre, table
from amsdipole.report.study_figures import impacts_drawn, nulls_drawn, projection_drawn, shifts_drawn
from amsdipole.report.text import METHOD_TITLES

__all__ = ["study_html"]

Show = Callable[[Drawn], str]


def study_html(document: dict[str, Any], show: Show) -> str:
    """Show a document of a command: what its ``format`` asks for, and all of it to open.

    Parameters
    ----------
    document : dict
        What the command printed with ``--json``.
    show : callable
        Takes a figure, and gives its HTML.

    Returns
    -------
    str
        HTML; of a format that is not known the short values as a table.
    """
    known: dict[str, Callable[[dict[str, Any], Show], str]] = {
        "amsdipole-models": _models,
        "amsdipole-systematics": lambda d, s: s(shifts_drawn(d)),
        "amsdipole-impacts": _impacts,
        "amsdipole-nulls": _nulls,
        "amsdipole-projection": _projection,
        "amsdipole-exposure": _exposure,
        "amsdipole-cutoff-map": lambda d, s: s(cutoff_drawn(d)),
        "amsdipole-deflection": lambda d, s: s(deflection_drawn(d)),
    }
    draw = known.get(str(document.get("format")))
    html = _short(document) if draw is None else draw(document, show)
    large = document.get("format") in ("amsdipole-exposure", "amsdipole-cutoff-map")
    return html if large else html + details("All of it", pre(document))


def _short(document: dict[str, Any]) -> str:
    short = [[name, str(value)] for name, value in document.items() if isinstance(value, str | int | float | bool)]
    return table("Summary", ["what", "value"], short, text=True) if short else ""


def _models(document: dict[str, Any], show: Show) -> str:
    from amsdipole.report.model_figure import models_against_energy
    from amsdipole.report.model_text import model_table

    return show(models_against_energy(document)) + pre(model_table(document))


def _impacts(document: dict[str, Any], show: Show) -> str:
    header = ["component", "rho [%]", "error [%]", "statistical error [%]"]
    rows = [
        [name.upper(), *(f"{100 * document[key][name]:+.3f}" for key in ("rho",)),
         *(f"{100 * document[key][name]:.3f}" for key in ("error", "statistical_error"))]
        for name in ("ew", "ns", "fb")
    ]  # fmt: skip
    html = table("Dipole with systematics as nuisance parameters", header, rows)
    limits = zip(document["limits"], document["statistical_limits"], strict=True)
    rows = [[METHOD_TITLES[u["method"]], f"{100 * u['delta_ul']:.3f}", f"{100 * s['delta_ul']:.3f}"] for u, s in limits]
    confidence = document["limits"][0]["confidence"]
    caption = f"Upper limits at {100 * confidence:g} % with systematics, and without"
    return html + table(caption, ["method", "with [%]", "without [%]"], rows) + show(impacts_drawn(document))


def _nulls(document: dict[str, Any], show: Show) -> str:
    rows = []
    for test in document["tests"]:
        name = test["name"].replace("_", " ")
        if test["p_value"] is None:
            rows.append([name, "", "", test["reason"] or ""])
        else:
            rows.append([name, f"{test['chi2']:.2f}", str(test["dof"]), f"{test['p_value']:.3g}"])
    header = ["what must vanish", "chi squared", "degrees of freedom", "p-value"]
    low, n_event = document["energy_low_gev"], document["n_event"]
    return table(f"Null tests above {low:g} GeV, {n_event:,} events", header, rows) + show(nulls_drawn(document))


def _projection(document: dict[str, Any], show: Show) -> str:
    header = ["date", "N_eff", "sigma [%]", "delta_M, median [%]", "its spread [%]", "expected limit [%]"]
    rows = [
        [
            row["date"],
            f"{row['n_eff']:,.0f}",
            *(f"{100 * row[key]:.3f}" for key in ("sigma", "delta_m", "delta_m_spread", "limit")),
        ]
        for row in document["rows"]
    ]
    return table(f"What isotropic {document['species']} would give", header, rows) + show(projection_drawn(document))


def _exposure(document: dict[str, Any], show: Show) -> str:
    drawn = [open_time_drawn(document), exposure_drawn(document), efficiency_drawn(document)]
    html = "".join(show(found) for found in drawn if found is not None)
    return html if drawn[-1] is not None else html + paragraph("The analysis has no efficiency by place.")
