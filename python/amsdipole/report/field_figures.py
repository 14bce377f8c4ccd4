"""Figures of the Earth's field: cutoffs over the world, and how a dipole is turned; each from its document alone."""

from typing import Any

import numpy as np

from amsdipole.report.drawn import COLORS, Drawn

__all__ = ["cutoff_drawn", "deflection_drawn"]


def cutoff_drawn(document: dict[str, Any]) -> Drawn:
    """Draw the effective cutoffs of a grid over the world.

    Parameters
    ----------
    document : dict
        With ``cutoffs``: rows of `amsdipole.cutoff_report.cutoffs_of_places` for `world_places`.

    Returns
    -------
    Drawn
        Filled contours, with the numbers of every place.
    """
    from matplotlib.figure import Figure

    rows = document["cutoffs"]
    latitude = np.unique([row["latitude_deg"] for row in rows])[::-1]
    values = [np.nan if row["effective_gv"] is None else row["effective_gv"] for row in rows]
    grid = np.array(values, dtype=np.float64).reshape(len(latitude), -1)
    longitude = np.linspace(0.0, 360.0, grid.shape[1] + 1)
    figure = Figure(figsize=(8.0, 4.4), layout="constrained")
    axes = figure.add_subplot()
    levels = np.arange(0.0, np.ceil(np.nanmax(grid)) + 1.0)
    closed = np.column_stack([grid, grid[:, :1]])
    filled = axes.contourf(longitude, latitude, closed, levels=levels, cmap="viridis")
    lines = axes.contour(longitude, latitude, closed, levels=levels[::4], colors="white", linewidths=0.6)
    axes.clabel(lines, fontsize="x-small", fmt="%g")
    _ = figure.colorbar(filled, ax=axes, label="effective vertical cutoff [GV]")
    first = rows[0]
    sign = "positive" if first["charge_sign"] > 0 else "negative"
    title = f"{first['decimal_year']:.1f}, {first['altitude_km']:g} km, {sign} charge"
    _ = axes.set(xlabel="east longitude [deg]", ylabel="geodetic latitude [deg]", title=title)
    axes.set_xticks(range(0, 361, 60))
    axes.set_yticks(range(-90, 91, 30))
    caption = (
        f"Effective vertical cutoff over the world in {first['decimal_year']:.1f} at {first['altitude_km']:g} km for "
        f"{sign} charge, traced through the field on a grid of {180 / (len(latitude) - 1):g} degrees; the greatest is "
        f"{np.nanmax(grid):.1f} GV."
    )
    return Drawn("cutoff_map", caption, figure, {name: [row[name] for row in rows] for name in rows[0]})


def deflection_drawn(document: dict[str, Any]) -> Drawn:
    """Draw rotation and suppression of a far dipole in local directions against rigidity.

    Parameters
    ----------
    document : dict
        With ``deflection``: rows of `amsdipole.deflection_report.deflection_rows`.

    Returns
    -------
    Drawn
        Two panels, with the numbers of every rigidity.
    """
    from matplotlib.figure import Figure

    rows = document["deflection"]
    figure = Figure(figsize=(6.8, 6.4), layout="constrained")
    turn, factor = figure.subplots(2, 1, sharex=True)
    for sign, name, marker, color in ((1, "e+", "o", COLORS[1]), (-1, "e-", "s", COLORS[0])):
        part = [row for row in rows if row["charge_sign"] == sign]
        at = [row["rigidity_gv"] for row in part]
        for axes, key, label, style in (
            (turn, "rotation", name, "-"),
            (factor, "equatorial_factor", f"equatorial, {name}", "-"),
            (factor, "axial_factor", f"axial, {name}", "--"),
        ):
            unit = "_deg" if key == "rotation" else ""
            values, errors = ([row[f"{key}{end}{unit}"] for row in part] for end in ("", "_error"))
            _ = axes.errorbar(
                at, values, yerr=errors, marker=marker, color=color, linestyle=style, markersize=4, label=label
            )
    rigidity = np.geomspace(16.0, 500.0, 100)
    for sign in (1, -1):
        rule = "13.2° × 100 GV / R" if sign > 0 else None
        _ = turn.plot(rigidity, -sign * 13.2 * 100.0 / rigidity, color="grey", linewidth=0.8, label=rule)
    _ = turn.set(
        ylabel="rotation in right ascension [deg]", ylim=(-95.0, 95.0), title="A dipole seen in local directions"
    )
    _ = factor.set(xlabel="rigidity [GV]", ylabel="factor of the component", xscale="log")
    factor.set_xticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
    factor.minorticks_off()
    for axes in (turn, factor):
        _ = axes.axhline(0.0, color="black", linewidth=0.5)
        _ = axes.legend(fontsize="small")
    caption = (
        "How the field of the Earth turns a distant dipole in right ascension (above), and what it leaves of its "
        "components across and along the Earth's axis (below), against rigidity."
    )
    return Drawn("deflection", caption, figure, {name: [row[name] for row in rows] for name in rows[0]})
