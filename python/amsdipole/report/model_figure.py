"""Dipoles of pulsars against the measured limits, by range."""

from typing import Any

from amsdipole.report.drawn import COLORS, Drawn

__all__ = ["models_against_energy"]


def models_against_energy(document: dict[str, Any]) -> Drawn:
    """Draw what pulsars predict, and how much of it the data allow, against the lower edge of the range.

    Parameters
    ----------
    document : dict
        What `model_document` gives.

    Returns
    -------
    Drawn
        Amplitudes beside limits on the amplitude, and limits on the strength of each model.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    rows: list[dict[str, Any]] = []
    for i, model in enumerate(document["models"]):
        ranges = model["ranges"]
        energy = [r["energy_low_gev"] for r in ranges]
        style = {
            "color": COLORS[i % len(COLORS)],
            "linestyle": "-" if model["normalisation"] == "source_term" else "--",
            "marker": "osD^vPX"[i % 7],
            "markersize": 4,
        }
        left.plot(energy, [100 * r["delta_local"] for r in ranges], label=model["name"], **style)
        known = [r["strength_limit"] is not None for r in ranges]
        if any(known):
            right.plot(energy, [r["strength_limit"] for r in ranges], **style)
        else:
            right.plot(energy, [r["expected_limit"] for r in ranges], **style)
        right.plot(energy, [r["expected_limit_2028"] for r in ranges], **{**style, "alpha": 0.35, "marker": ""})
        rows += [{"model": model["name"], **_flat(r)} for r in ranges]
    _limits(left, document)
    seen = "local directions" if document["turned"] else "far from the Earth"
    left.set_ylabel(rf"dipole amplitude $\delta$ ({seen}) [%]")
    measured = document["measured_from"] != "published amplitude"
    word = "upper limit" if measured else "expected upper limit"
    right.set_ylabel(f"{word} on the strength of the model ({100 * document['confidence']:g} %)")
    right.axhspan(1e-9, 1.0, color="0.92", zorder=0)
    right.text(0.98, 0.02, "below 1: excluded; pale: expected in 2028", transform=right.transAxes, ha="right")
    low = min(r["expected_limit_2028"] for m in document["models"] for r in m["ranges"])
    high = max(r["expected_limit"] for m in document["models"] for r in m["ranges"])
    right.set_ylim(0.5 * min(low, 1.0), 2.0 * max(high, 1.0))
    ticks = sorted({r["energy_low_gev"] for m in document["models"] for r in m["ranges"]})
    for axis in (left, right):
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks(ticks, [f"{e:g}" for e in ticks])
        axis.minorticks_off()
        axis.set_xlabel("minimum energy [GeV]")
    figure.legend(loc="outside lower center", ncols=3, fontsize="small")
    figure.suptitle(document["name"])
    caption = (
        "Dipoles that pulsars give to the whole flux, against the minimum energy of the range, with the upper limits "
        "on the amplitude (left), and the limit on the strength of each model, 1 being as predicted (right)."
    )
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    return Drawn("models_against_energy", caption, figure, columns)


def _limits(axis: Any, document: dict[str, Any]) -> None:
    if not document["models"]:
        return
    ranges = document["models"][0]["ranges"]
    known = [r for r in ranges if r["delta_ul"] is not None]
    axis.plot(
        [r["energy_low_gev"] for r in known],
        [100 * r["delta_ul"] for r in known],
        "kv",
        markersize=9,
        label="upper limit on the amplitude",
    )


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    out = {k: v for k, v in entry.items() if not isinstance(v, dict)}
    for name in ("far", "local"):
        out |= {f"{name}_{c}": entry[name][c] for c in ("ew", "ns", "fb")}
    return out
