"""Figures of the studies of a result, with their numbers, each from its document alone."""

from typing import Any, Final

from amsdipole.report.drawn import COLORS, Drawn
from amsdipole.report.statistics_figures import impact_figure, projection_figure
from amsdipole.report.text import METHOD_TITLES

__all__ = ["PULSAR_LEVEL", "impacts_drawn", "nulls_drawn", "projection_drawn", "shifts_drawn"]

# What current pulsar models predict for positrons: Molero for AMS-02, ICRC 2021, 15 July 2021 (method, section 7).
PULSAR_LEVEL: Final = 0.01
_STYLE: Final = (("ew", COLORS[0], "o"), ("ns", COLORS[1], "s"), ("fb", COLORS[2], "^"))


def shifts_drawn(document: dict[str, Any]) -> Drawn:
    """Draw what each variation of the exposure alone would do to the dipole.

    Parameters
    ----------
    document : dict
        What `amsdipole.exposure_systematics.systematics_report` gives.

    Returns
    -------
    Drawn
        A line for each variation of the first range, with the numbers of all ranges.
    """
    from matplotlib.figure import Figure

    low = document["shifts"][0]["energy_low_gev"]
    rows = [row for row in document["shifts"] if row["energy_low_gev"] == low]
    figure = Figure(figsize=(7.2, 1.4 + 0.3 * len(rows)), layout="constrained")
    axis = figure.subplots()
    for k, (name, color, marker) in enumerate(_STYLE):
        place = [i + 0.22 * (k - 1) for i in range(len(rows))]
        values = [100 * row["rho"][name] for row in rows]
        label = rf"$\rho_{{\mathrm{{{name.upper()}}}}}$"
        axis.plot(values, place, marker, color=color, markersize=5, label=label)
    axis.axvline(0.0, color="0.4", linewidth=0.8)
    axis.set_yticks(range(len(rows)), [row["variation"] for row in rows])
    axis.set_xscale("symlog", linthresh=0.01)
    ticks = [-10.0, -1.0, -0.1, -0.01, 0.0, 0.01, 0.1, 1.0, 10.0]
    left, right = axis.get_xlim()
    ticks = [t for t in ticks if left <= t <= right]
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.invert_yaxis()
    axis.grid(visible=True, axis="both", color="0.9")
    axis.set_xlabel(f"shift of the dipole above {low:g} GeV [%], linear within 0.01 %")
    axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    caption = (
        f"Shift of the dipole above {low:g} GeV if the exposure alone is varied, the data being selected by the "
        "nominal rule: what a fault of that size would fake, not an error of the result."
    )
    columns: dict[str, list[Any]] = {
        key: [row[key] for row in document["shifts"]] for key in ("energy_low_gev", "variation", "delta")
    }
    columns |= {f"rho_{name}": [row["rho"][name] for row in document["shifts"]] for name, _, _ in _STYLE}
    return Drawn("systematics", caption, figure, columns)


def impacts_drawn(document: dict[str, Any]) -> Drawn:
    """Draw the ranked impacts of systematics, with their numbers.

    Parameters
    ----------
    document : dict
        What `amsdipole.report.impact_report.impact_document` gives.

    Returns
    -------
    Drawn
        Bars beside the statistical error.
    """
    rows = document["impacts"]
    columns: dict[str, list[Any]] = {key: [row[key] for row in rows] for key in ("name", "size", "pull", "pull_error")}
    columns |= {f"after_{name}": [row["after"][name] for row in rows] for name, _, _ in _STYLE}
    before, after = (100 * max(document[key].values()) for key in ("statistical_error", "error"))
    caption = (
        "Shift of each component by one standard error of each systematic, the greatest first, beside the statistical "
        f"error. The largest error of a component grows from {before:.3f} % to {after:.3f} % with all of them."
    )
    return Drawn("impacts", caption, impact_figure(document), columns)


def projection_drawn(document: dict[str, Any]) -> Drawn:
    """Draw what more time brings, with the level of current pulsar models where they make positrons.

    Parameters
    ----------
    document : dict
        What `amsdipole.report.projection_report.projection_document` gives.

    Returns
    -------
    Drawn
        Expected amplitude and limit against time.
    """
    level = PULSAR_LEVEL if document["species"] == "positrons" else None
    figure = projection_figure(document, level=level)
    rows = document["rows"]
    columns: dict[str, list[Any]] = {
        key: [row[key] for row in rows]
        for key in ("date", "years", "n_eff", "sigma", "delta_m", "delta_m_spread", "limit")
    }
    for key in ("delta_m_68", "delta_m_95", "limit_68", "limit_95"):
        for i, end in enumerate(("low", "high")):
            columns[f"{key}_{end}"] = [row[key][i] for row in rows]
    by_2028 = next((row for row in rows if row["date"].startswith("2028")), rows[-1])
    caption = (
        f"Amplitude measured in an isotropic sky of {document['species']}, and the limit expected at "
        f"{100 * document['confidence']:g} % by {METHOD_TITLES[document['method']]}, against time: medians with "
        f"their 68 and 95 % bands. By {by_2028['date'][:4]} the amplitude spreads by "
        f"{100 * by_2028['delta_m_spread']:.2f} %."
    )
    if level is not None:
        caption += f" Dotted: the level of {100 * level:g} % of current pulsar models (Molero, ICRC 2021)."
    return Drawn("projection", caption, figure, columns)


def nulls_drawn(document: dict[str, Any]) -> Drawn:
    """Draw the chance of each null test.

    Parameters
    ----------
    document : dict
        What `amsdipole.nulls.run_nulls` gives.

    Returns
    -------
    Drawn
        A point for each test that could be made; numbers of all.
    """
    from matplotlib.figure import Figure

    tests = document["tests"]
    known = [test for test in tests if test["p_value"] is not None]
    figure = Figure(figsize=(6.8, 1.4 + 0.32 * len(known)), layout="constrained")
    axis = figure.subplots()
    axis.axvspan(1e-9, 0.01, color="0.9", label="below 1 %")
    axis.plot([max(test["p_value"], 1e-9) for test in known], range(len(known)), "o", color=COLORS[0])
    axis.set_yticks(range(len(known)), [test["name"].replace("_", " ") for test in known])
    axis.set_xscale("log")
    axis.set_xlim(min([1e-3, *(0.5 * max(test["p_value"], 1e-9) for test in known)]), 1.5)
    ticks = [t for t in (1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 1.0) if t >= axis.get_xlim()[0]]
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.invert_yaxis()
    axis.set_xlabel(f"p-value of what must vanish, above {document['energy_low_gev']:g} GeV")
    axis.legend(fontsize="small", loc="upper left")
    caption = (
        f"Null tests above {document['energy_low_gev']:g} GeV with {document['n_event']:,} events: the chance of a "
        "pattern as large where there can be none. Of many tests one below 5 % is no surprise."
    )
    columns = {key: [test[key] for test in tests] for key in ("name", "chi2", "dof", "p_value", "reason")}
    return Drawn("null_tests", caption, figure, columns)
