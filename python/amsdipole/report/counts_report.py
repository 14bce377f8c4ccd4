"""Counts maps and the cut flow as files and text."""

import json
from pathlib import Path
from typing import Any

from amsdipole.config import Config
from amsdipole.events import CountsMaps
from amsdipole.report.folder import made_folder, range_name
from amsdipole.sky import SkyMap, write_map

__all__ = ["cut_flow_table", "write_counts"]


def write_counts(folder: Path, maps: CountsMaps, config: Config, *, overwrite: bool) -> dict[str, Any]:
    """Write maps and cut flow to a folder, whole or not at all, and return what ``result.json`` there says."""
    ranges = []
    for low, high in config.energy.bounds_gev:
        weights, weights2 = maps.weights(maps.bins(low, high)), maps.weights2(maps.bins(low, high))
        ranges.append(
            {
                "energy_low_gev": low,
                "energy_high_gev": high,
                "sum_weight": float(weights.sum()),
                "sum_weight2": float(weights2.sum()),
                "cut_flow": maps.range_cut_flow(low, high),
            }
        )
    document = {
        "format": "amsdipole-counts",
        "format_version": 1,
        "name": config.name,
        "cut_flow": dict(maps.cut_flow),
        "ranges": ranges,
        "config": config.model_dump(mode="json"),
    }
    with made_folder(folder, overwrite=overwrite) as work:
        (work / "result.json").write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for low, high in config.energy.bounds_gev:
            header: dict[str, str | int | float] = {"SCALE": 2.0**-32, "E_MIN": low, "E_MAX": high}
            name = range_name(low, None if config.energy.ranges == "cumulative" else high)
            for kind, values in (("counts", maps.weights), ("squares", maps.weights2)):
                sky = SkyMap(values(maps.bins(low, high)), "galactic", "", header)
                write_map(work / f"{kind}_{name}.fits", sky, column=kind.upper())
    return document


def cut_flow_table(document: dict[str, Any]) -> str:
    """Lay out the cut flow of all ranges, which add up column by column."""
    ranges = document["ranges"]
    names = list(ranges[0]["cut_flow"])
    lines = [
        "cut".ljust(18)
        + "".join(
            f"{format(r['energy_low_gev'], 'g') + '-' + format(r['energy_high_gev'], 'g') + ' GeV':>14}" for r in ranges
        )
    ]
    order = [name for name in names if name != "accepted"] + ["accepted"]
    lines += [name.ljust(18) + "".join(f"{r['cut_flow'][name]:>14,}" for r in ranges) for name in order]
    lines.append("all in range".ljust(18) + "".join(f"{sum(r['cut_flow'].values()):>14,}" for r in ranges))
    lines.append("sum of weights".ljust(18) + "".join(f"{r['sum_weight']:>14,.1f}" for r in ranges))
    return "\n".join(lines)
