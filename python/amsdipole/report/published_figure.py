"""A limit of one's own beside the published ones."""

from typing import Any

from amsdipole.report.drawn import COLORS, Drawn
from amsdipole.report.published import PUBLISHED_LIMITS
from amsdipole.report.text import METHOD_TITLES

__all__ = ["limits_beside_published"]


def limits_beside_published(document: dict[str, Any] | None = None) -> Drawn:
    """Draw the published limits at 95 %, and those of a result among them.

    Parameters
    ----------
    document : dict, optional
        Contents of ``result.json``.

    Returns
    -------
    Drawn
        One line for each limit, each with its source.
    """
    from matplotlib.figure import Figure

    rows: list[dict[str, Any]] = [
        {
            "experiment": row.experiment,
            "species": row.species,
            "range": row.range,
            "data": row.data,
            "delta_ul": row.delta_ul,
            "source": row.source + ("" if row.verified else " (unverified)"),
        }
        for row in PUBLISHED_LIMITS
    ]
    n_published = len(rows)
    if document is not None:
        rows += [_own(document["name"], entry, limit) for entry in document["ranges"] for limit in entry["limits"]]
    figure = Figure(figsize=(9.0, 0.28 * len(rows) + 1.4), layout="constrained")
    axis = figure.subplots()
    for i, row in enumerate(rows):
        own = i >= n_published
        axis.plot(100 * row["delta_ul"], i, "s" if own else "o", color=COLORS[1] if own else COLORS[0])
    axis.set_yticks(
        range(len(rows)), [f"{r['experiment']}, {r['species']}, {r['range']}, {r['data']}".rstrip(", ") for r in rows]
    )
    axis.tick_params(axis="y", labelsize="x-small")
    axis.invert_yaxis()
    axis.set_xscale("log")
    ticks = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.grid(visible=True, axis="x", color="0.85")
    axis.set_xlabel(r"upper limit on the dipole amplitude $\delta$ at 95 % [%]")
    axis.set_title("Limits by different methods, ranges and species: no ranking")
    caption = (
        "Published upper limits at 95 % on dipoles, and those of this result (squares). Methods, energies and species "
        "differ. Numbers marked unverified were not read in the paper itself."
    )
    return Drawn("limits_beside_published", caption, figure, {name: [r[name] for r in rows] for name in rows[0]})


def _own(name: str, entry: dict[str, Any], limit: dict[str, Any]) -> dict[str, Any]:
    low, high = entry["energy_low_gev"], entry["energy_high_gev"]
    return {
        "experiment": name,
        "species": METHOD_TITLES[limit["method"]],
        "range": "all" if low is None else f"{low:g}-{high:g} GeV",
        "data": f"{entry['n_eff']:.0f} effective events",
        "delta_ul": limit["delta_ul"],
        "source": "this result",
    }
