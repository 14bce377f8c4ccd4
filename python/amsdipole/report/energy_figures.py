"""Figures against the minimum energy, each from the contents of result.json alone."""

from typing import Any

from amsdipole.report.drawn import COLORS, Drawn
from amsdipole.report.figures import rho_against_energy
from amsdipole.report.text import METHOD_TITLES

__all__ = ["delta_against_energy", "rho_drawn"]


def rho_drawn(document: dict[str, Any]) -> Drawn:
    """Draw the components against the minimum energy, with their numbers.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.

    Returns
    -------
    Drawn
        Three panels with what isotropy allows.
    """
    columns: dict[str, list[Any]] = _ranges(document)
    for c in ("ew", "ns", "fb"):
        columns[f"rho_{c}"] = [r["rho"][c] for r in document["ranges"]]
        columns[f"error_{c}"] = [r["error"][c] for r in document["ranges"]]
    caption = (
        "Components of the dipole in galactic coordinates against the minimum energy. Bands: 1 and 2 standard errors "
        "about zero, as isotropy allows. Ranges that share events are correlated."
    )
    return Drawn("rho_against_energy", caption, rho_against_energy(document), columns)


def delta_against_energy(document: dict[str, Any], *, published: dict[str, Any] | None = None) -> Drawn:
    """Draw amplitude and upper limits against the minimum energy, with what isotropy would give.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.
    published : dict, optional
        ``delta_m``, ``delta_ul``, ``energy_low_gev`` and ``source`` of published values to draw beside them.

    Returns
    -------
    Drawn
        Amplitude, limit of the first method, its expected bands.
    """
    from matplotlib.figure import Figure

    ranges = document["ranges"]
    method = ranges[0]["limits"][0]["method"]
    energy = [r["energy_low_gev"] for r in ranges]
    limit = [100 * r["limits"][0]["delta_ul"] for r in ranges]
    expected = [r["expected_limits"][0] for r in ranges]
    figure = Figure(figsize=(6.8, 4.8), layout="constrained")
    axis = figure.subplots()
    for name, color in (("band_95", "#dbe8f3"), ("band_68", "#9cc3e0")):
        low, high = ([100 * e[name][i] for e in expected] for i in (0, 1))
        axis.fill_between(energy, low, high, color=color, label=f"expected limit, {name[-2:]} %")
    axis.plot(energy, [100 * e["median"] for e in expected], color=COLORS[0], linestyle="--", label="expected, median")
    axis.plot(energy, limit, "v-", color=COLORS[1], label=f"upper limit, {METHOD_TITLES[method]}")
    axis.plot(energy, [100 * r["delta_m"] for r in ranges], "o", color=COLORS[6], label=r"measured $\delta_M$")
    if published is not None:
        at = published["energy_low_gev"] * 1.04  # beside the measured point, not over it
        axis.plot(at, 100 * published["delta_ul"], "v", mfc="none", color=COLORS[3], label="published limit")
        axis.plot(at, 100 * published["delta_m"], "o", mfc="none", color=COLORS[3], label=r"published $\delta_M$")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xticks(energy, [f"{e:g}" for e in energy])
    axis.minorticks_off()
    bottom, top = axis.get_ylim()
    ticks = [v for v in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if bottom <= v <= top]
    axis.set_yticks(ticks, [f"{v:g}" for v in ticks])
    axis.set_xlabel("minimum energy [GeV]")
    axis.set_ylabel(r"dipole amplitude $\delta$ [%]")
    axis.set_title(document["name"])
    axis.legend(fontsize="small")
    columns: dict[str, list[Any]] = _ranges(document) | {
        "delta_m": [r["delta_m"] for r in ranges],
        f"delta_ul_{method}": [r["limits"][0]["delta_ul"] for r in ranges],
        "expected_median": [e["median"] for e in expected],
    }
    for name in ("band_68", "band_95"):
        for i, end in enumerate(("low", "high")):
            columns[f"expected_{name}_{end}"] = [e[name][i] for e in expected]
    confidence = ranges[0]["limits"][0]["confidence"]
    caption = (
        f"Measured amplitude and upper limit at {100 * confidence:g} % against the minimum energy, with the median and "
        "the 68 and 95 % bands of the limit under isotropy."
    )
    if published is not None:
        caption += f" Open symbols: {published['source']}."
    return Drawn("delta_against_energy", caption, figure, columns)


def _ranges(document: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [r[name] for r in document["ranges"]] for name in ("energy_low_gev", "energy_high_gev", "n_eff")}
