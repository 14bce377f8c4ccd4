"""Results as text to read in a terminal."""

from typing import Any

from amsdipole.report.missing import missing_lines
from amsdipole.report.template_report import leak_lines
from amsdipole.report.together_report import together_lines

__all__ = ["METHOD_TITLES", "limit_table", "result_table"]

METHOD_TITLES = {
    "cls": "CLs",
    "flat_delta": "flat in delta",
    "proportional_delta": "prop. to delta",
    "flat_rho": "flat in rho",
    "neyman": "one-sided Neyman",
    "feldman_cousins": "Feldman-Cousins",
}


def result_table(document: dict[str, Any]) -> str:
    """Lay out a result for a terminal of 100 columns.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.

    Returns
    -------
    str
        Lines of text.
    """
    lines = [f"{document['name']}: dipole in galactic coordinates, components in per cent", ""]
    lines += [*missing_lines(document), ""] if missing_lines(document) else []
    lines += _ranges(document["ranges"])
    lines += ["", *_limits(document["ranges"])]
    if document.get("together") is not None:
        lines += ["", *together_lines(document["together"])]
    seen = [entry for entry in document["ranges"] if entry.get("multipoles", {}).get("p_value", 1.0) < 0.01]
    lines += [f"E > {_label(entry)} GeV: {entry['multipoles']['verdict']}." for entry in seen]
    if document["harmonics"] is not None:
        lines += ["", *_harmonics(document["harmonics"])]
    lines += _weights(document)
    lines += _far(document["ranges"])
    lines += _back_traced(document["ranges"])
    lines += ["", *_cut_flow(document["cut_flow"])]
    if document["livetime"] is not None:
        lines += ["", *_livetime(document["livetime"])]
        lines += ["", f"Arrival directions are {document['components']['directions']}."]
    return "\n".join(lines)


def _label(entry: dict[str, Any]) -> str:
    if entry["energy_low_gev"] is None:
        return "all"
    return f"{entry['energy_low_gev']:g}-{entry['energy_high_gev']:g}"


def _ranges(ranges: list[dict[str, Any]]) -> list[str]:
    out = [f"{'E [GeV]':>10} {'N_eff':>9} {'rho_EW':>15} {'rho_NS':>15} {'rho_FB':>15} {'delta_M':>8} {'p-value':>8}"]
    for entry in ranges:
        parts = " ".join(
            f"{100 * entry['rho'][c]:>+7.2f} ± {100 * entry['error'][c]:<5.2f}" for c in ("ew", "ns", "fb")
        )
        out.append(
            f"{_label(entry):>10} {entry['n_eff']:>9.0f} {parts} {100 * entry['delta_m']:>8.2f} {_p_value(entry):>8}"
        )
    return out


def _p_value(entry: dict[str, Any]) -> str:
    value = entry["p_value"]
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def _limits(ranges: list[dict[str, Any]]) -> list[str]:
    confidence = ranges[0]["limits"][0]["confidence"]
    methods = [limit["method"] for limit in ranges[0]["limits"]]
    out = [f"Upper limits on delta at {100 * confidence:g} % [%], by method (expected under isotropy):"]
    out.append(" " * 10 + "".join(f"{METHOD_TITLES[m]:>24}" for m in methods))
    for entry in ranges:
        cells = ""
        for limit, expected in zip(entry["limits"], entry["expected_limits"], strict=True):
            cells += f"{100 * limit['delta_ul']:>14.3f} ({100 * expected['median']:.3f})".rjust(24)
        out.append(f"{_label(entry):>10}{cells}")
    return out


def _weights(document: dict[str, Any]) -> list[str]:
    """Say what checks weights by template fits: the other weights, the backgrounds, purities by region."""
    checked = [entry for entry in document["ranges"] if entry["weights_check"] is not None]
    lines = []
    if checked:
        method = checked[0]["weights_check"]["other_weights"]["method"]
        lines += ["", f"Checks of the weights: by {method}, and of the backgrounds (EW, NS, FB) [%]:"]
    for entry in checked:
        for label, found in (
            (method, entry["weights_check"]["other_weights"]),
            ("background", entry["weights_check"]["background"]),
        ):
            if found is not None:
                parts = " ".join(
                    f"{100 * found['rho'][c]:>+7.2f} ± {100 * found['error'][c]:<5.2f}" for c in ("ew", "ns", "fb")
                )
                lines.append(f"{_label(entry):>10} {label:>10} {parts} p = {_p_value(found)}")
        warning = entry["weights_check"]["background_warning"]
        if warning is not None:
            lines.append(f"WARNING, {_label(entry)} GeV: {warning}")
    if document["weights"] is not None:
        lines += ["", *leak_lines(document["weights"])] if leak_lines(document["weights"]) else []
        lines += [f"WARNING, {place}: {reason}" for place, reason in document["weights"]["fallback"].items()]
    return lines


def _far(ranges: list[dict[str, Any]]) -> list[str]:
    """Say what the local dipoles become far from the Earth's field."""
    known = [entry for entry in ranges if entry.get("far_dipole") is not None]
    if not known:
        return []
    lines = ["", "Above: local directions. Far from the Earth's field, forward-folded (EW, NS, FB) [%]:"]
    for entry in known:
        far = entry["far_dipole"]
        factors = f"equatorial x{far['equatorial_factor']:.2f}, axial x{far['axial_factor']:.2f}"
        turned = f"turned {far['rotation_deg']:+.1f} deg, {factors}"
        if far["rho"] is None:
            lines.append(f"{_label(entry):>10} not to be told: {turned}")
            continue
        parts = " ".join(f"{100 * far['rho'][c]:>+7.2f} ± {100 * far['error'][c]:<5.2f}" for c in ("ew", "ns", "fb"))
        lines.append(f"{_label(entry):>10} {parts} {turned}")
    return lines


def _back_traced(ranges: list[dict[str, Any]]) -> list[str]:
    """Say what dipoles directions show that were traced back out of the Earth's field."""
    known = [entry for entry in ranges if entry.get("back_traced_dipole") is not None]
    if not known:
        return []
    lines = ["", "Above: local directions. Traced back out of the Earth's field, the dipole (EW, NS, FB) [%]:"]
    for entry in known:
        found = entry["back_traced_dipole"]
        parts = " ".join(
            f"{100 * found['rho'][c]:>+7.2f} ± {100 * found['error'][c]:<5.2f}" for c in ("ew", "ns", "fb")
        )
        shut = f", {found['n_event_shut']:,} events shut" if found["n_event_shut"] else ""
        lines.append(f"{_label(entry):>10} {parts} p = {_p_value(found)}, {found['n_event']:,} events{shut}")
    return lines


def _harmonics(entry: dict[str, Any]) -> list[str]:
    ra = entry["right_ascension"]
    phase = f"phase = {ra['phase_deg']:.1f} deg, P = {ra['p_value']:.1e}"
    amplitude = f"d_perp = {entry['d_perp']:.4f}, d_z = {entry['d_z']:.4f}"
    place = f"(l, b) = ({entry['glon_deg']:.1f}, {entry['glat_deg']:.1f}) deg"
    return [
        "First harmonics in right ascension and azimuth (Rayleigh):",
        f"  right ascension: a = {ra['a']:.4f}, b = {ra['b']:.4f}, r = {ra['r']:.4f}, {phase}",
        f"  azimuth: b = {entry['azimuth']['b']:.4f}; {amplitude}",
        f"  d = {entry['d']:.4f}, declination = {entry['declination_deg']:.1f} deg, {place}",
    ]


def _cut_flow(flow: dict[str, int]) -> list[str]:
    out = ["Events by the first cut that they failed:"]
    out += [f"  {name.replace('_', ' '):<16} {count:>12,}" for name, count in flow.items()]
    return [*out, f"  {'all':<16} {sum(flow.values()):>12,}"]


def _livetime(livetime: dict[str, Any]) -> list[str]:
    total, live = livetime["total_s"], livetime["live_s"]
    out = [f"Live time: {live:.4g} s of {total:.4g} s ({100 * live / total:.1f} %); of it open to"]
    for entry in livetime["open_s"]:
        share = 100 * entry["open_s"] / live
        out.append(f"  E > {entry['energy_low_gev']:g} GeV: {entry['open_s']:.4g} s ({share:.1f} %)")
    return out


def limit_table(document: dict[str, Any]) -> str:
    """Lay out limits for a terminal.

    Parameters
    ----------
    document : dict
        ``n_eff``, ``delta_m``, ``sigma`` with its ``sigma_source``, ``p_value`` and ``limits``.

    Returns
    -------
    str
        Lines of text.
    """
    sigma, delta_m = document["sigma"], document["delta_m"]
    out = [
        f"N_eff = {document['n_eff']:g}, sigma = {document['sigma_source']} = {100 * sigma:.4f} %",
        f"delta_M = {100 * delta_m:.4f} % = {delta_m / sigma:.3f} sigma, p-value under isotropy {_p_value(document)}",
    ]
    for limit in document["limits"]:
        name = METHOD_TITLES[limit["method"]]
        out.append(f"{100 * limit['confidence']:g} % upper limit, {name}: {100 * limit['delta_ul']:.3f} %")
    return "\n".join(out)
