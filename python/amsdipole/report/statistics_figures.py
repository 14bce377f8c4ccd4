"""Figures of impacts and projections, made from their documents alone."""

from datetime import date
from typing import TYPE_CHECKING, Any

from amsdipole.report.text import METHOD_TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["impact_figure", "projection_figure"]

_COLOR = {"fb": "#b2182b", "ew": "#2166ac", "ns": "#4d9221"}
_INNER, _OUTER = "#7fb2d9", "#cfe2f1"


def impact_figure(document: dict[str, Any]) -> "Figure":
    """Draw the impact of each systematic on each component, the greatest on top.

    Parameters
    ----------
    document : dict
        What `amsdipole.report.impact_report.impact_document` gives.

    Returns
    -------
    matplotlib.figure.Figure
        Bars; the grey band is the statistical error of a component.
    """
    from matplotlib.figure import Figure

    rows = document["impacts"]
    figure = Figure(figsize=(7.0, 1.6 + 0.5 * max(len(rows), 1)), layout="constrained")
    axis = figure.subplots()
    error = 100 * max(document["statistical_error"].values())
    axis.axvspan(-error, error, color="0.92", label="largest statistical error")
    for k, (name, color) in enumerate(_COLOR.items()):
        place = [i + 0.25 * (k - 1) for i in range(len(rows))]
        values = [100 * row["after"][name] for row in rows]
        axis.barh(place, values, height=0.22, color=color, label=rf"$\rho_{{\mathrm{{{name.upper()}}}}}$")
    axis.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axis.invert_yaxis()
    axis.axvline(0.0, color="0.4", linewidth=0.8)
    axis.set_xlabel("shift for one standard error [%]")
    axis.legend(fontsize="small")
    return figure


def projection_figure(document: dict[str, Any], *, level: float | None = None) -> "Figure":
    """Draw the expected amplitude and limit against time.

    Parameters
    ----------
    document : dict
        What `amsdipole.report.projection_report.projection_document` gives.
    level : float, optional
        Amplitude to draw a line at, as pulsar models predict it.

    Returns
    -------
    matplotlib.figure.Figure
        Medians with 68 and 95 % bands.
    """
    from matplotlib.figure import Figure

    rows = document["rows"]
    when = [date.fromisoformat(row["date"]) for row in rows]
    figure = Figure(figsize=(7.0, 6.4), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    panels = (("delta_m", r"$\delta_M$ of an isotropic sky [%]"), ("limit", r"expected upper limit on $\delta$ [%]"))
    for axis, (key, label) in zip(axes, panels, strict=True):
        for width, color in (("95", _OUTER), ("68", _INNER)):
            low, high = ([100 * row[f"{key}_{width}"][i] for row in rows] for i in (0, 1))
            axis.fill_between(when, low, high, color=color, label=f"{width} %")
        axis.plot(when, [100 * row[key] for row in rows], color="#b2182b", label="median")
        if level is not None:
            axis.axhline(100 * level, color="black", linestyle=":", label="pulsar models")
        axis.axvline(date(2028, 1, 1), color="0.6", linewidth=0.8, zorder=0)
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0.0)
    axes[0].legend(fontsize="small")
    axes[0].set_title(f"{document['species']}, limit by {METHOD_TITLES[document['method']]}")
    return figure
