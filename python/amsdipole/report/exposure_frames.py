"""An exposure as figures with their numbers: maps in every frame, live time against energy, and where it went."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from amsdipole.report.drawn import COLORS, Drawn
from amsdipole.report.sky_figures import draw_sky, sky_columns

__all__ = ["budget_figure", "frames_figure", "open_time_figure"]

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


def open_time_figure(open_s: Sequence[Mapping[str, float]], *, name: str) -> Drawn:
    """Draw the live time in which each energy bin is open.

    Parameters
    ----------
    open_s : sequence of mapping
        ``energy_low_gev`` and ``open_s`` of each bin.
    name : str
        Name of the files.

    Returns
    -------
    Drawn
        T(E), and its share of the greatest.
    """
    from matplotlib.figure import Figure

    energy, time_s = (np.array([row[key] for row in open_s]) for key in ("energy_low_gev", "open_s"))
    share = time_s / time_s.max()
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axis = figure.add_subplot()
    axis.plot(energy, time_s, "o-", color=COLORS[0], markersize=4)
    axis.set_xscale("log")
    axis.set_ylim(0.0, 1.08 * float(time_s.max()))
    axis.set_xlabel("lower edge of the energy bin [GeV]")
    axis.set_ylabel("live time above the cutoff [s]")
    axis.grid(visible=True, color="0.85", linewidth=0.6)
    other = axis.secondary_yaxis("right", functions=(lambda t: t / time_s.max(), lambda s: s * time_s.max()))
    other.set_ylabel("share of the plateau")
    caption = "Live time in which the cutoff rule leaves each energy bin open, at the bin's lower edge."
    columns = {"energy_low_gev": energy.tolist(), "open_s": time_s.tolist(), "share": share.tolist()}
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
