"""What one result says, as sections of a page, from its folder alone."""

import os
from collections.abc import Callable
from typing import Any

from amsdipole.config.toml_text import toml_text
from amsdipole.report.drawn import Drawn
from amsdipole.report.energy_figures import delta_against_energy, rho_drawn
from amsdipole.report.folder import range_name
from amsdipole.report.html_parts import details, paragraph, pre, table
from amsdipole.report.published import talk_row
from amsdipole.report.published_figure import limits_beside_published
from amsdipole.report.reading import range_maps, read_fits, result_path
from amsdipole.report.sky_figures import counts_figure, significance_figure
from amsdipole.report.template_figure import fits_drawn
from amsdipole.report.text import METHOD_TITLES

__all__ = ["result_sections"]

Show = Callable[[Drawn], str]
_COMPONENTS = ("ew", "ns", "fb")


def result_sections(path: str | os.PathLike[str], document: dict[str, Any], show: Show) -> list[tuple[str, str]]:
    """Tell all of a result.

    Parameters
    ----------
    path : path-like
        Folder of the result, or its ``result.json`` with the maps beside it.
    document : dict
        Contents of ``result.json``.
    show : callable
        Takes a figure, and gives its HTML.

    Returns
    -------
    list of (str, str)
        Headings in plain text, and bodies in HTML.

    Raises
    ------
    DataError
        A map of the result cannot be read, or its template fits are of another version.
    """
    maps = "".join(show(drawn) for entry in document["ranges"] for drawn in _sky_drawn(path, document, entry))
    sections = [
        ("Dipole", _dipole(document, show)),
        ("Upper limits", _limits(document, show)),
        ("Maps", maps),
        ("Cut flow and live time", _budget(document)),
    ]
    fits = result_path(path).parent / "templates" / "fits.json"
    if fits.is_file():
        sections.append(("Template fits and purity", _fits(document, read_fits(fits), show)))
    return [*sections, ("Checks", _checks(document)), ("Provenance", _provenance(document))]


def _label(entry: dict[str, Any]) -> str:
    if entry["energy_low_gev"] is None:
        return "all"
    return f"{entry['energy_low_gev']:g}-{entry['energy_high_gev']:g} GeV"


def _energy_drawn(document: dict[str, Any]) -> tuple[Drawn, ...]:
    if len(document["ranges"]) < 2:
        return ()
    return rho_drawn(document), delta_against_energy(document, published=_talk_drawn(document))


def _talk_drawn(document: dict[str, Any]) -> dict[str, Any] | None:
    row = talk_row(document)
    if row is None:
        return None
    return {"energy_low_gev": 16.0, "delta_m": row.delta_m, "delta_ul": row.delta_ul, "source": row.source}


def _sky_drawn(path: str | os.PathLike[str], document: dict[str, Any], entry: dict[str, Any]) -> list[Drawn]:
    """Draw the maps of a range."""
    counts, reference = range_maps(path, entry["energy_low_gev"])
    cumulative = len({e["energy_high_gev"] for e in document["ranges"]}) == 1
    label = range_name(entry["energy_low_gev"], None if cumulative else entry["energy_high_gev"])
    ratio = entry["n_eff"] / entry["sum_weight"]
    scale = ratio if document["ranges"][0]["weighting"] == "purity" else 1.0 / ratio
    title = _label(entry)
    return [
        counts_figure(counts, reference, label=title, name=f"counts_{label}"),
        significance_figure(counts, reference, scale=scale, label=title, name=f"significance_{label}"),
    ]


def _dipole(document: dict[str, Any], show: Show) -> str:
    header = ["range", "N_eff", "rho_EW [%]", "rho_NS [%]", "rho_FB [%]", "delta_M [%]", "p-value"]
    rows = [
        [
            _label(e),
            f"{e['n_eff']:,.0f}",
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
    return html + "".join(show(drawn) for drawn in _energy_drawn(document))


def _limits(document: dict[str, Any], show: Show) -> str:
    from amsdipole.statistics import coverage

    first = document["ranges"][0]
    methods = [u["method"] for u in first["limits"]]
    confidence = first["limits"][0]["confidence"]
    header = ["range", *(f"{METHOD_TITLES[m]} [%] (expected)" for m in methods)]
    rows = []
    for e in document["ranges"]:
        cells = zip(e["limits"], e["expected_limits"], strict=True)
        rows.append([_label(e), *(f"{100 * u['delta_ul']:.3f} ({100 * x['median']:.3f})" for u, x in cells)])
    html = table(f"Upper limits on the amplitude at {100 * confidence:g} %, by method", header, rows)
    talk = _talk_drawn(document)
    if talk is not None:
        html += paragraph(
            f"Published for this range: delta_M {100 * talk['delta_m']:.2f} %, limit {100 * talk['delta_ul']:.2f} % "
            f"({talk['source']}). The method of the published limit is not public."
        )
    truth = (0.0, 1.0, 2.0, 3.0, 4.0)
    rows = []
    for method in methods:
        found = [float(coverage(t, 1.0, method=method, confidence=confidence)) for t in truth]
        rows.append([METHOD_TITLES[method], *(f"{100 * c:.1f} %" for c in found)])
    header = ["method", *(f"{t:g} sigma" for t in truth)]
    html += table("Coverage: how often the limit holds, by the true amplitude", header, rows)
    return html + show(limits_beside_published(document))


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
        html += details(f"Checks of weights, {_label(e)}", pre(found))
    return html


def _fits(document: dict[str, Any], fits: dict[str, Any], show: Show) -> str:
    """Tabulate the yields of every fit, and draw each energy bin."""
    header = ["energy [GeV]", "region", *(document["weights"]["components"]), "chi squared / dof"]
    rows = []
    for fit in document["weights"]["fits"]:
        energy, region = f"from {fit['energy_low_gev']:g}", str(fit["region"])
        if not fit["fitted"]:
            rows.append([energy, region, *["not fitted"] * len(document["weights"]["components"]), ""])
            continue
        yields = [
            f"{fit['yields'][c]:,.0f} ± " + ("?" if fit["errors"][c] is None else f"{fit['errors'][c]:,.0f}")
            for c in document["weights"]["components"]
        ]
        state = "" if fit["converged"] else ", not converged"
        rows.append([energy, region, *yields, f"{fit['chi2']:.0f} / {fit['dof']}{state}"])
    html = table("Events of each component by the template fits", [h.replace("_", " ") for h in header], rows)
    return html + "".join(show(drawn) for drawn in fits_drawn(fits))


def _provenance(document: dict[str, Any]) -> str:
    rows = [[i["path"], f"{i['bytes']:,} bytes, SHA-256 {i['sha256']}"] for i in document["inputs"]]
    html = table("Input files", ["file", "size and checksum"], rows, text=True)
    rows = [[name, value] for name, value in document["models"].items()]
    html += table("Models", ["what", "which"], rows, text=True)
    rows = [[name, value] for name, value in document["versions"].items()]
    html += table("Versions", ["package", "version"], rows, text=True)
    html += paragraph("The result is made again by saving the configuration below as config.toml, and:")
    html += pre("amsdipole run --overwrite config.toml")
    return html + details("Configuration", pre(toml_text(document["config"])))
