"""Figures of the exposure and of the efficiency, each from its document alone."""

from typing import Any

import numpy as np

from amsdipole.exposure import ams_live_share
from amsdipole.report.drawn import COLORS, Drawn
from amsdipole.report.sky_figures import draw_sky, sky_axes, sky_columns

__all__ = ["efficiency_drawn", "exposure_drawn", "open_time_drawn"]


def open_time_drawn(document: dict[str, Any]) -> Drawn:
    """Draw the live time in which an energy is open against energy, beside that of nine years of AMS.

    Parameters
    ----------
    document : dict
        What `amsdipole.efficiency_report.efficiency_document` gives.

    Returns
    -------
    Drawn
        Live time by energy bin.
    """
    from matplotlib.figure import Figure

    rows = document["open_s"]
    energy, open_s = ([row[key] for row in rows] for key in ("energy_low_gev", "open_s"))
    figure = Figure(figsize=(6.8, 4.2), layout="constrained")
    axis = figure.subplots()
    axis.plot(energy, open_s, "o-", markersize=3, color=COLORS[0], label="this mission")
    axis.axhline(document["live_s"], color="0.4", linestyle="--", linewidth=1.0, label="live in all")
    share = document["live_s"] * ams_live_share(energy)
    axis.plot(energy, share, color=COLORS[1], linestyle=":", label="the share open to AMS, by another code")
    axis.set_xscale("log")
    ticks = [t for t in (10, 16, 20, 25, 40, 65, 100, 200, 500, 1000) if energy[0] <= t <= energy[-1]]
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.set_ylim(bottom=0.0)
    axis.set_xlabel("lower edge of the energy bin [GeV]")
    axis.set_ylabel("live time above the cutoff [s]")
    axis.set_title(document["name"])
    axis.legend(fontsize="small", loc="lower right")
    caption = (
        f"Live time in which each energy bin is open, before the efficiency: {open_s[0]:.4g} s at {energy[0]:g} GeV "
        f"of {document['live_s']:.4g} s. Dotted: the same live time with the share that was open to AMS in nine years, "
        "by the code of another group (method, section 2.5)."
    )
    return Drawn(
        "open_time", caption, figure, {"energy_low_gev": energy, "open_s": open_s, "open_as_ams_s": share.tolist()}
    )


def exposure_drawn(document: dict[str, Any]) -> Drawn:
    """Draw the exposure of the sky.

    Parameters
    ----------
    document : dict
        What `amsdipole.efficiency_report.efficiency_document` gives.

    Returns
    -------
    Drawn
        One sky in galactic coordinates, and its distribution.
    """
    value = np.array(document["exposure_m2_s"])
    figure, axes = sky_axes(2)
    top, label = float(value.max()), r"exposure [m$^2$ s]"
    draw_sky(axes[0], value, document["nside"], low=0.0, high=top, colors="cividis", label=label)
    axes[0].set_title(f"exposure above {document['energy_low_gev']:g} GeV")
    _ = axes[1].hist(value, bins=30, color=COLORS[5], edgecolor="white")
    axes[1].set_xlabel(label)
    axes[1].set_ylabel("pixels")
    dark = float((value == 0.0).mean())
    caption = (
        f"Exposure of the sky in galactic coordinates while {document['energy_low_gev']:g} GeV is open, before the "
        f"efficiency, and its distribution over pixels of equal area; {100 * dark:.1f} % of the sky is not seen."
    )
    return Drawn("exposure", caption, figure, sky_columns(document["nside"], exposure_m2_s=value))


def efficiency_drawn(document: dict[str, Any]) -> Drawn | None:
    """Draw the efficiency by geographic place, and what a pixel of the Galaxy sees of it.

    Parameters
    ----------
    document : dict
        What `amsdipole.efficiency_report.efficiency_document` gives.

    Returns
    -------
    Drawn or None
        Two maps; None where there is no efficiency. The numbers are those of the Earth, with their intervals.
    """
    found = document["efficiency"]
    if found is None:
        return None
    place = np.array(found["value"])
    sky = np.array([np.nan if v is None else v for v in found["galactic"]])
    figure, axes = sky_axes(2)
    for axis, values, nside, title, east in (
        (axes[0], place, found["nside"], "efficiency by place on the Earth", True),
        (axes[1], sky, document["nside"], "the same, seen from the Galaxy", False),
    ):
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if high <= low:
            low, high = low - 0.01, high + 0.01
        draw_sky(axis, values, nside, low=low, high=high, colors="viridis", label="efficiency", eastward=east)
        axis.set_title(title)
    neglect = ", ".join(f"{name.upper()} {100 * v:+.2f} %" for name, v in found["neglect"].items())
    caption = (
        "Efficiency measured with a control sample, by geographic place (left; longitude grows to the right, places "
        "that the orbit never reaches have that of the whole), and its mean over the exposure of each pixel in "
        f"galactic coordinates (right; a colour scale of its own). Its neglect would fake a dipole of {neglect}."
    )
    columns = sky_columns(
        found["nside"], names=("longitude_deg", "latitude_deg"), efficiency=place, low=found["low"], high=found["high"]
    )
    return Drawn("efficiency", caption, figure, columns)
