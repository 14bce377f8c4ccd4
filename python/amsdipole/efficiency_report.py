"""Live time against energy, exposure of the sky, and what an efficiency by place makes of it. Composition only."""

from dataclasses import replace
from typing import Any

import numpy as np

from amsdipole.config import Config
from amsdipole.counting import Progress
from amsdipole.errors import ConfigError
from amsdipole.exposure import LivetimeAxes, dipole_shift, exposure_map, livetime_axes, shape_response
from amsdipole.instrument import Instrument, instrument
from amsdipole.orbit import stepped

__all__ = ["efficiency_document", "efficiency_table_text"]

_AXIS_NSIDE = 64  # pixels of 0.9 degrees, of which the mean axis is known: maps here have pixels of 3.7


def efficiency_document(config: Config, *, step_s: float = 20.0, progress: Progress | None = None) -> dict[str, Any]:
    """Make the exposure above the first range's edge, with and without the efficiency.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``; its ``map.nside`` is that of the maps.
    step_s : float
        Rows that are made from element sets are made this long [s].
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Open live time by energy bin [s], exposure by galactic pixel [m^2 s], and, where the configuration has an
        efficiency, its values and intervals by geographic pixel, its mean by galactic pixel, and the dipole that its
        neglect would fake.

    Raises
    ------
    ConfigError
        The configuration has no mission in orbit.
    DataError
        A file is at fault.

    Notes
    -----
    A galactic pixel's efficiency is its exposure with the efficiency over that without. Several bins of time or cutoff
    are shown by their mean map.
    """
    if config.seconds is None:
        raise ConfigError("[seconds] is missing: only a mission in orbit has a live time")
    parts = instrument(config)
    parts = replace(parts, seconds=stepped(parts.seconds, step_s))
    low = config.energy.ranges_gev[0]
    bare = _axes(parts, progress, efficient=False)
    edge = parts.navigator.energy_edge_gev
    first = int(np.searchsorted(edge, low))
    open_map = _map(bare, parts, first, config.map.nside)
    document: dict[str, Any] = {
        "format": "amsdipole-exposure",
        "name": config.name,
        "energy_low_gev": low,
        "live_s": bare.budget.live_s,
        "open_s": [
            {"energy_low_gev": e, "open_s": s}
            for e, s in zip(edge[:-1].tolist(), bare.open_livetime_s().tolist(), strict=True)
        ],
        "nside": config.map.nside,
        "exposure_m2_s": open_map.tolist(),
        "efficiency": None,
    }
    if parts.efficiency is not None:
        weighed = _map(_axes(parts, progress, efficient=True), parts, first, config.map.nside)
        seen = open_map > 0.0
        projected = np.divide(weighed, open_map, out=np.zeros_like(open_map), where=seen)
        maps = parts.efficiency.maps
        fb, ew, ns = dipole_shift(open_map, weighed).tolist()  # data have it, the reference has not
        document["efficiency"] = {
            "nside": maps[0].nside,
            "n_map": len(maps),
            "value": np.mean([m.value for m in maps], axis=0).tolist(),
            "low": np.mean([m.low for m in maps], axis=0).tolist(),
            "high": np.mean([m.high for m in maps], axis=0).tolist(),
            "galactic": [value if known else None for value, known in zip(projected.tolist(), seen, strict=True)],
            "neglect": {"ew": ew, "ns": ns, "fb": fb},
        }
    return document


def _axes(parts: Instrument, progress: Progress | None, *, efficient: bool) -> LivetimeAxes:
    n_row = parts.seconds.n_row
    return livetime_axes(
        parts.seconds,
        parts.navigator,
        nside=_AXIS_NSIDE,
        n_sector=parts.n_sector,
        efficiency=parts.efficiency if efficient else None,
        progress=None if progress is None else lambda done: progress("exposure", done, n_row),
    )


def _map(axes: LivetimeAxes, parts: Instrument, energy_bin: int, nside: int) -> Any:
    response = shape_response(parts.geometry, nside=nside, axis_nside=axes.nside)
    area_sr = float(parts.acceptance(axes.energy_edge_gev[energy_bin]))  # the response is its share a steradian
    return area_sr * exposure_map(axes, response, energy_bin=energy_bin, nside=nside)


def efficiency_table_text(document: dict[str, Any]) -> str:
    """Lay out what `efficiency_document` gives for a terminal.

    Parameters
    ----------
    document : dict
        What `efficiency_document` gives.

    Returns
    -------
    str
        Lines of text.
    """
    live = document["live_s"]
    lines = [f"{document['name']}: live time {live:.4g} s; of it open to", f"{'E [GeV] >':>10} {'open [s]':>14}  share"]
    lines += [f"{r['energy_low_gev']:>10g} {r['open_s']:>14,.0f}  {r['open_s'] / live:.3f}" for r in document["open_s"]]
    found = document["efficiency"]
    if found is None:
        return "\n".join([*lines, "The configuration has no [efficiency]: it is 1 everywhere."])
    value, galactic = found["value"], [v for v in found["galactic"] if v is not None]
    fake = ", ".join(f"{name.upper()} {100 * v:+.3f} %" for name, v in found["neglect"].items())
    seen = f"{min(value):.3f} to {max(value):.3f}; seen from the Galaxy {min(galactic):.4f} to {max(galactic):.4f}"
    lines.append(f"Efficiency by place {seen}.")
    lines.append(f"Its neglect above {document['energy_low_gev']:g} GeV would fake the dipole {fake}.")
    return "\n".join(lines)
