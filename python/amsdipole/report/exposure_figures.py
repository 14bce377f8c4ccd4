"""Figures of the exposure and of the efficiency: maps, live time against energy, and where it went."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from amsdipole.exposure import ams_live_share
from amsdipole.report.drawn import COLORS, Drawn
from amsdipole.report.sky_figures import draw_sky, sky_axes, sky_columns

__all__ = ["budget_figure", "efficiency_drawn", "exposure_drawn", "frames_figure", "open_time_drawn"]

# Title of each frame, and whether its longitude grows to the right.
_FRAMES: Final = {
    "galactic": ("galactic", False),
    "icrs": ("equatorial", False),
    "earth_fixed": ("geographic", True),
    "geomagnetic": ("geomagnetic", True),
}
_CAUSES: Final = {
    "good": "good",
    "interval": "outside the intervals",
    "flags": "quality flags",
    "region": "left-out region",
    "not_live": "not live",
    "livetime": "low live share",
    "zenith": "far from the zenith",
}


def open_time_drawn(document: Mapping[str, Any], *, weighed: bool = False, name: str = "open_time") -> Drawn:
    """Draw the live time in which an energy is open against energy, beside that of nine years of AMS.

    Parameters
    ----------
    document : mapping
        ``name``, ``live_s`` and ``open_s`` as `amsdipole.efficiency_report.efficiency_document` gives them.
    weighed : bool
        Whether the efficiency weighs the live time.
    name : str
        Name of the files.

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
    how = "weighed by" if weighed else "before"
    caption = (
        f"Live time in which each energy bin is open, {how} the efficiency: {open_s[0]:.4g} s at {energy[0]:g} GeV of "
        f"{document['live_s']:.4g} s. Dotted: the same live time with the share that was open to AMS in nine years, by "
        "the code of another group (method, section 2.5)."
    )
    return Drawn(name, caption, figure, {"energy_low_gev": energy, "open_s": open_s, "open_as_ams_s": share.tolist()})


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


def frames_figure(maps: Mapping[str, NDArray[np.float64]], *, low_gev: float, name: str) -> Drawn:
    """Draw the reference maps of a range in the frames that they were made in.

    Parameters
    ----------
    maps : mapping of str to numpy.ndarray of float64, shape (12 nside^2,)
        Map of each frame, RING order; frames as `amsdipole.exposure.EXPOSURE_FRAMES`.
    low_gev : float
        Lower edge of the range [GeV].
    name : str
        Name of the files.

    Returns
    -------
    Drawn
        One sky a frame, each over its own mean.
    """
    from matplotlib.figure import Figure

    n_line = -(-len(maps) // 2)
    figure = Figure(figsize=(11.0, 0.8 + 3.2 * n_line))
    figure.subplots_adjust(left=0.04, right=0.96, bottom=0.04, top=0.86, wspace=0.18, hspace=0.25)
    columns: dict[str, Sequence[Any]] = {}
    for i, (frame, values) in enumerate(maps.items()):
        nside = int(np.sqrt(len(values) // 12))
        if not columns:
            columns |= sky_columns(nside, names=("longitude_deg", "latitude_deg"))
        title, east_right = _FRAMES[frame]
        axis = figure.add_subplot(n_line, 2, i + 1)
        share, label = values / values.mean(), "exposure over its mean"
        draw_sky(
            axis, share, nside, low=0.0, high=float(share.max()), colors="cividis", label=label, eastward=east_right
        )
        axis.set_title(title)
        columns[frame] = values.tolist()
    figure.suptitle(f"reference map above {low_gev:g} GeV")
    caption = (
        f"What an isotropic flux above {low_gev:g} GeV would give, over its mean, in the frames of the sky (longitude "
        "grows to the left) and of the Earth (to the right). Numbers are expected events a pixel; pixels are those of "
        "each frame's own longitude and latitude."
    )
    return Drawn(name, caption, figure, columns)


def budget_figure(budget: Mapping[str, Any], *, name: str) -> Drawn:
    """Draw where the seconds of a mission went.

    Parameters
    ----------
    budget : mapping
        ``causes`` with ``cause``, ``n_row``, ``live_s``; ``n_row`` of all.
    name : str
        Name of the files.

    Returns
    -------
    Drawn
        Share of the rows and of the live time by cause.
    """
    from matplotlib.figure import Figure

    causes = budget["causes"]
    total_s = sum(row["live_s"] for row in causes)
    rows = [row["n_row"] / budget["n_row"] for row in causes]
    live = [row["live_s"] / total_s for row in causes]
    figure = Figure(figsize=(7.2, 0.5 * len(causes) + 1.4), layout="constrained")
    axis = figure.add_subplot()
    at = np.arange(len(causes))
    for shift, share, color, label in ((-0.2, rows, COLORS[0], "rows"), (0.2, live, COLORS[4], "live time")):
        bars = axis.barh(at + shift, [100.0 * s for s in share], height=0.36, color=color, label=label)
        _ = axis.bar_label(bars, [f"{100.0 * s:.2f} %" for s in share], padding=3, fontsize="x-small")
    axis.set_yticks(at, [_CAUSES[row["cause"]] for row in causes])
    axis.invert_yaxis()
    axis.set_xlim(0.0, 112.0)
    axis.set_xlabel("share of the mission [%]")
    axis.legend(loc="lower right", fontsize="small")
    caption = (
        f"What became of {budget['n_row']:,} rows and {total_s:,.0f} s of live time; a row counts for the first cut "
        "that it fails."
    )
    columns = {
        "cause": [row["cause"] for row in causes],
        "n_row": [row["n_row"] for row in causes],
        "live_s": [row["live_s"] for row in causes],
        "share_of_rows": rows,
        "share_of_live_time": live,
    }
    return Drawn(name, caption, figure, columns)
