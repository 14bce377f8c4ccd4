"""One result as one page of HTML, from its folder alone."""

import json
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from amsdipole.config.toml_text import toml_text
from amsdipole.errors import DataError
from amsdipole.report.drawn import Drawn
from amsdipole.report.energy_figures import delta_against_energy, rho_drawn
from amsdipole.report.folder import range_name
from amsdipole.report.html_parts import details, figure, page, paragraph, table
from amsdipole.report.published import TALK_LIMITS
from amsdipole.report.published_figure import limits_beside_published
from amsdipole.report.reading import read_result, result_path
from amsdipole.report.sky_figures import counts_figure, significance_figure

__all__ = ["report_figures", "report_html"]

_COMPONENTS = ("ew", "ns", "fb")


def report_figures(path: str | os.PathLike[str]) -> tuple[Drawn, ...]:
    """Draw every figure that the files of a result allow.

    Parameters
    ----------
    path : path-like
        Folder of a result.

    Returns
    -------
    tuple of Drawn
        Figures with their numbers.

    Raises
    ------
    DataError
        The result or a map of it cannot be read.
    """
    document = read_result(path)
    figures = [*_energy_figures(document), limits_beside_published(document)]
    for entry in document["ranges"]:
        figures += _sky_figures(result_path(path).parent, document, entry)
    return tuple(figures)


def report_html(path: str | os.PathLike[str], *, also: Sequence[dict[str, Any]] = ()) -> str:
    """Tell all of a result in one page of HTML that needs nothing else.

    Parameters
    ----------
    path : path-like
        Folder of a result, or its ``result.json`` with the maps beside it.
    also : sequence of dict
        Documents that other commands printed with ``--json`` (systematics, null tests, projection, models), each shown
        under its ``name`` or ``format``.

    Returns
    -------
    str
        The page.

    Raises
    ------
    DataError
        The result or a map of it cannot be read.
    """
    document = read_result(path)
    folder = result_path(path).parent
    sections = [
        ("Dipole", _dipole(document)),
        ("Upper limits", _limits(document)),
        ("Maps", "".join(figure(f) for e in document["ranges"] for f in _sky_figures(folder, document, e))),
        ("Cut flow and live time", _budget(document)),
        ("Checks", _checks(document)),
    ]
    sections += [(str(d.get("title", d.get("format", d.get("name", "more")))), _other(d)) for d in also]
    sections.append(("Provenance", _provenance(document)))
    config = document["config"]
    what = ", ".join(Path(f).name for f in config["events"]["files"])
    lead = paragraph(
        f"Dipole anisotropy of {what} in galactic coordinates. Components: EW {document['components']['ew']}, "
        f"NS {document['components']['ns']}, FB {document['components']['fb']}. Arrival directions are "
        f"{document['components']['directions']}."
    )
    return page(document["name"], sections, lead=lead)


def _label(entry: dict[str, Any]) -> str:
    if entry["energy_low_gev"] is None:
        return "all"
    return f"{entry['energy_low_gev']:g}-{entry['energy_high_gev']:g} GeV"


def _energy_figures(document: dict[str, Any]) -> tuple[Drawn, ...]:
    if len(document["ranges"]) < 2:
        return ()
    return rho_drawn(document), delta_against_energy(document, published=_talk(document))


def _talk(document: dict[str, Any]) -> dict[str, Any] | None:
    """Values of the talk for the species and range of a result, if it has them."""
    species = {"ams_positrons": "e+", "ams_electrons": "e-"}.get(document["config"]["spectrum"]["model"])
    first = document["ranges"][0]
    if species is None or (first["energy_low_gev"], first["energy_high_gev"]) != (16.0, 500.0):
        return None
    row = TALK_LIMITS[species]
    return {"energy_low_gev": 16.0, "delta_m": row.delta_m, "delta_ul": row.delta_ul, "source": row.source}


def _sky_figures(folder: Path, document: dict[str, Any], entry: dict[str, Any]) -> list[Drawn]:
    from amsdipole.sky import read_map

    cumulative = len({e["energy_high_gev"] for e in document["ranges"]}) == 1
    label = range_name(entry["energy_low_gev"], None if cumulative else entry["energy_high_gev"])
    files = [folder / f"{kind}_{label}.fits" for kind in ("counts", "reference")]
    if not all(file.is_file() for file in files):
        missing = next(file for file in files if not file.is_file())
        raise DataError(f"{missing}: the map of the result is not there")
    counts, reference = (read_map(file) for file in files)
    ratio = entry["n_eff"] / entry["sum_weight"]
    scale = ratio if document["ranges"][0]["weighting"] == "purity" else 1.0 / ratio
    title = _label(entry)
    return [
        counts_figure(counts, reference, label=title, name=f"counts_{label}"),
        significance_figure(counts, reference, scale=scale, label=title, name=f"significance_{label}"),
    ]


def _dipole(document: dict[str, Any]) -> str:
    header = ["range", "N_eff", "rho_EW [%]", "rho_NS [%]", "rho_FB [%]", "delta_M [%]", "p-value"]
    rows = [
        [
            _label(e),
            f"{e['n_eff']:.0f}",
            *(f"{100 * e['rho'][c]:+.3f} ± {100 * e['error'][c]:.3f}" for c in _COMPONENTS),
            f"{100 * e['delta_m']:.3f}",
            f"{e['p_value']:.3g}",
        ]
        for e in document["ranges"]
    ]
    html = table("Dipole by range, fitted by " + document["ranges"][0]["estimator"], header, rows)
    html += paragraph(
        "The p-value is the chance of an amplitude as large under isotropy. Ranges that share events are correlated: "
        "their p-values do not multiply."
    )
    return html + "".join(figure(f) for f in _energy_figures(document))


def _limits(document: dict[str, Any]) -> str:
    from amsdipole.statistics import coverage

    first = document["ranges"][0]
    methods = [u["method"] for u in first["limits"]]
    confidence = first["limits"][0]["confidence"]
    header = ["range", *(f"{m.replace('_', ' ')} [%] (expected)" for m in methods)]
    rows = []
    for e in document["ranges"]:
        cells = zip(e["limits"], e["expected_limits"], strict=True)
        rows.append([_label(e), *(f"{100 * u['delta_ul']:.3f} ({100 * x['median']:.3f})" for u, x in cells)])
    html = table(f"Upper limits on the amplitude at {100 * confidence:g} %, by method", header, rows)
    talk = _talk(document)
    if talk is not None:
        html += paragraph(
            f"Published for this range: delta_M {100 * talk['delta_m']:.2f} %, limit {100 * talk['delta_ul']:.2f} % "
            f"({talk['source']}). The method of the published limit is not public."
        )
    truth = (0.0, 1.0, 2.0, 3.0, 4.0)
    rows = []
    for method in methods:
        found = [float(coverage(t, 1.0, method=method, confidence=confidence)) for t in truth]
        rows.append([method.replace("_", " "), *(f"{100 * c:.1f} %" for c in found)])
    header = ["method", *(f"{t:g} sigma" for t in truth)]
    html += table("Coverage: how often the limit holds, by the true amplitude", header, rows)
    return html + figure(limits_beside_published(document))


def _budget(document: dict[str, Any]) -> str:
    flow = document["cut_flow"]
    rows = [[name.replace("_", " "), f"{count:,}"] for name, count in flow.items()]
    rows.append(["all", f"{sum(flow.values()):,}"])
    html = table("Events by the first cut that they failed", ["cut", "events"], rows)
    live = document["livetime"]
    if live is None:
        return html
    total, lived = live["total_s"], live["live_s"]
    rows = [["mission", f"{total:.5g}", ""], ["live", f"{lived:.5g}", f"{lived / total:.3f}"]]
    rows += [
        [f"open above {e['energy_low_gev']:g} GeV", f"{e['open_s']:.5g}", f"{e['open_s'] / lived:.3f}"]
        for e in live["open_s"]
    ]
    return html + table(
        "Live time, and its share of the mission; open time, and its share of the live time",
        ["what", "seconds", "share"],
        rows,
    )


def _checks(document: dict[str, Any]) -> str:
    rows = []
    for e in document["ranges"]:
        fit, other = e["goodness_of_fit"], e["other_estimator"]
        gap = max(abs(other["rho"][c] - e["rho"][c]) / e["error"][c] for c in _COMPONENTS)
        rows.append(
            [
                _label(e),
                f"{fit['pearson_chi2']:.0f} / {fit['dof']}",
                f"{(fit['pearson_chi2'] - fit['dof']) / fit['sigma']:+.2f}",
                f"{gap:.3f}",
                f"{e['sum_weight'] / e['expected_counts']:.3f}",
            ]
        )
    other_name = document["ranges"][0]["other_estimator"]["estimator"]
    header = ["range", "chi squared / dof", "in sigma", f"largest gap to {other_name} [sigma]", "events / expected"]
    html = table("Agreement of events and fit", header, rows)
    weights = [e for e in document["ranges"] if e.get("weights_check") is not None]
    for e in weights:
        found = e["weights_check"]
        html += details(f"Checks of weights, {_label(e)}", _pre(found))
    return html


def _other(document: dict[str, Any]) -> str:
    """Show a document of another command: short values as a table, and all of it to open."""
    short = [[name, str(value)] for name, value in document.items() if isinstance(value, str | int | float | bool)]
    html = table("Summary", ["what", "value"], short, text=True) if short else ""
    if document.get("format") == "amsdipole-models":
        from amsdipole.report.model_figure import models_against_energy
        from amsdipole.report.model_text import model_table

        html = figure(models_against_energy(document)) + f"<pre>{escape(model_table(document))}</pre>"
    return html + details("All of it", _pre(document))


def _pre(document: Any) -> str:
    return f"<pre>{escape(json.dumps(document, indent=1))}</pre>"


def _provenance(document: dict[str, Any]) -> str:
    rows = [[i["path"], f"{i['bytes']:,} bytes, SHA-256 {i['sha256']}"] for i in document["inputs"]]
    html = table("Input files", ["file", "size and checksum"], rows, text=True)
    rows = [[name, value] for name, value in document["models"].items()]
    html += table("Models", ["what", "which"], rows, text=True)
    rows = [[name, value] for name, value in document["versions"].items()]
    html += table("Versions", ["package", "version"], rows, text=True)
    html += paragraph("The result is made again by saving the configuration below as config.toml, and:")
    html += "<pre>amsdipole run --overwrite config.toml</pre>"
    return html + details("Configuration", f"<pre>{escape(toml_text(document['config']))}</pre>")
