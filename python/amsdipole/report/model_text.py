"""Models of sources as text to read in a terminal."""

from typing import Any

__all__ = ["model_table"]


def model_table(document: dict[str, Any]) -> str:
    """Lay out a comparison with models for a terminal of 100 columns.

    Parameters
    ----------
    document : dict
        What `model_document` gives.

    Returns
    -------
    str
        Lines of text.
    """
    percent = f"{100 * document['confidence']:g} %"
    seen = "as local directions show them" if document["turned"] else "far from the Earth"
    out = [f"{document['name']}: dipoles of pulsars, {seen}, in per cent of the whole flux", ""]
    out.append(f"{'pulsar':<12} {'d [kpc]':>8} {'T [kyr]':>8} {'l [deg]':>8} {'b [deg]':>8} {'3d/2cT [%]':>11}")
    out += [_pulsar(p) for p in document["pulsars"]]
    for model in document["models"]:
        out += ["", model["name"]]
        out.append(
            f"{'E [GeV]':>10} {'share':>6} {'EW':>7} {'NS':>7} {'FB':>7} {'delta':>7} {'limit':>7} "
            f"{'strength':>15} {'< at ' + percent:>9} {'expected':>8} {'2028':>6}"
        )
        out += [_row(entry) for entry in model["ranges"]]
        out.append(f"  {_verdict(model, percent)}")
    out += [f"\n{entry['name']}: impossible, {entry['reason']}" for entry in document["impossible"]]
    out += ["", *_explained(document, percent)]
    return "\n".join(out)


def _pulsar(p: dict[str, Any]) -> str:
    place = f"{p['distance_kpc']:>8g} {p['age_kyr']:>8g} {p['glon_deg']:>8.2f} {p['glat_deg']:>8.2f}"
    return f"{p['name']:<12} {place} {100 * p['free_limit']:>11.2f}"


def _row(entry: dict[str, Any]) -> str:
    label = f"{entry['energy_low_gev']:g}-{entry['energy_high_gev']:g}"
    parts = " ".join(f"{100 * entry['local'][c]:>+7.2f}" for c in ("ew", "ns", "fb"))
    limit = "" if entry["delta_ul"] is None else f"{100 * entry['delta_ul']:.2f}"
    strength = "" if entry["strength"] is None else f"{_short(entry['strength'])} ± {_short(entry['strength_error'])}"
    upper = "" if entry["strength_limit"] is None else _short(entry["strength_limit"])
    return (
        f"{label:>10} {entry['flux_share']:>6.2f} {parts} {100 * entry['delta_local']:>7.2f} {limit:>7} "
        f"{strength:>15} {upper:>9} {_short(entry['expected_limit']):>8} {_short(entry['expected_limit_2028']):>6}"
        f"{'  excluded' if entry['excluded'] else ''}"
    )


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _verdict(model: dict[str, Any], percent: str) -> str:
    said = (
        f"excluded at {percent} by E > {_list(model['excluded_by'])} GeV"
        if model["excluded_by"]
        else f"not excluded at {percent} by any range"
    )
    later = (
        f"2028 is expected to exclude it by E > {_list(model['excludable_2028'])} GeV"
        if model["excludable_2028"]
        else "2028 is not expected to exclude it"
    )
    flux = "; it makes more positrons than are measured" if model["contradicts_flux"] else ""
    return f"{said}; {later}{flux}"


def _list(energies: list[float]) -> str:
    return ", ".join(f"{e:g}" for e in energies)


def _explained(document: dict[str, Any], percent: str) -> list[str]:
    out = [
        "share: of the source in the events. strength: of the model in the measured dipole, 1 as predicted; its limit",
        f"by CLs at {percent}, expected under isotropy now, and with {document['growth_2028']:.3g} times the events.",
    ]
    if document["measured_from"] == "published amplitude":
        out += [
            "limit: published for 16-500 GeV alone; whether its directions are local is not public. Errors of the",
            "other ranges are estimated from numbers of events (method, section 5.4).",
        ]
    injection, propagation = document["injection"], document["propagation"]
    out.append(
        f"Injection: {injection['kind']}, E^{injection['index']:g} to {injection['cutoff_gev']:g} GeV, "
        f"{100 * injection['efficiency']:g} % of the energy, decay in {injection['decay_kyr']:g} kyr. "
        f"D = {propagation['d0_kpc2_per_myr']:g} kpc^2/Myr E^{propagation['slope']:g}, "
        f"losses {propagation['loss_per_gev_s']:g} E^2 /GeV/s."
    )
    return out
