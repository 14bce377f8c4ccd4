"""The exposure of a mission, made and merged: composition only, no physics."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import whole_number
from amsdipole.analysis import Progress
from amsdipole.config import Config
from amsdipole.errors import ConfigError, DataError
from amsdipole.exposure import (
    EXPOSURE_FRAMES,
    AzimuthCube,
    LivetimeBudget,
    LivetimeCube,
    expected_counts,
    frame_turn,
    livetime_axes_in,
    merged_axes,
    read_axes,
    reference_dipole,
    write_axes,
    write_cube,
    zenith_edges,
)
from amsdipole.instrument import instrument
from amsdipole.orbit import CAUSES
from amsdipole.report.drawn import save_drawn
from amsdipole.report.exposure_figures import budget_figure, frames_figure, open_time_drawn
from amsdipole.sky import SkyMap, write_map

__all__ = ["budget_table", "exposure_report", "merge_livetimes"]


def exposure_report(
    config: Config,
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    with_cubes: bool = False,
    n_sector: int | None = None,
    n_azimuth: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the exposure of a mission and write it to a folder.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    folder : path-like
        Folder for ``livetime_galactic.fits``, ``livetime_earth_fixed.fits``, the reference maps in four frames, and
        figures of them, of live time against energy and of the budget, each with its numbers as CSV and JSON.
    overwrite : bool
        Whether files may be replaced.
    with_cubes : bool
        Whether the cubes T[pixel, cos zenith, class] of the four frames are written too, as ``cube_galactic.fits``.
    n_sector : int, optional
        Sectors of the roll about the axis that live times keep; none for what the acceptance needs.
    n_azimuth : int
        Sectors of azimuth in the detector that cubes resolve; above 1 the live times must keep the roll.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Budget, live time against energy, dipoles of the reference maps in units of delta, files.

    Raises
    ------
    ConfigError
        The configuration has no mission in orbit, or a cube or the acceptance needs the roll and no sectors are kept.
    DataError
        A file is at fault or exists already.
    RangeError
        A number of sectors is out of range.
    """
    if config.seconds is None:
        raise ConfigError("[seconds] is missing: only a mission in orbit has a live time")
    parts = instrument(config)
    sectors = parts.n_sector if n_sector is None else whole_number("n_sector", n_sector, low=1, high=255)
    azimuths = whole_number("n_azimuth", n_azimuth, low=1, high=255)
    for what, needed in (("the acceptance depends on azimuth", parts.n_sector), ("cubes resolve azimuth", azimuths)):
        if needed > 1 and sectors == 1:
            raise ConfigError(f"n_sector = 1: {what}, for which live times must keep the roll in 2 sectors or more")
    target = Path(folder)
    names = [f"livetime_{frame}.fits" for frame in ("galactic", "earth_fixed")]
    names += [f"cube_{frame}.fits" for frame in EXPOSURE_FRAMES] if with_cubes else []
    names += [_map_name(frame, low) for frame in EXPOSURE_FRAMES for low in config.energy.ranges_gev]
    figures = [_figure_name(low) for low in config.energy.ranges_gev] + ["live_time_against_energy", "budget"]
    names += [f"{name}.{ending}" for name in figures for ending in ("png", "csv", "json")]
    for name in names:
        if (target / name).exists() and not overwrite:
            raise DataError(f"{target / name}: the file exists already")
    n_row = parts.seconds.n_row
    axes = livetime_axes_in(
        parts.seconds,
        parts.navigator,
        n_sector=sectors,
        efficiency=parts.efficiency,
        progress=None if progress is None else lambda done: progress("exposure", done, n_row),
    )
    target.mkdir(parents=True, exist_ok=True)
    edge, opened = parts.navigator.energy_edge_gev, axes["galactic"].open_livetime_s()
    document: dict[str, Any] = {
        "budget": _budget(axes["galactic"].budget),
        "open_s": [
            {"energy_low_gev": low, "open_s": open_s}
            for low, open_s in zip(edge[:-1].tolist(), opened.tolist(), strict=True)
        ],
        "references": [],
    }
    for frame, sums in axes.items():
        write_axes(target / f"livetime_{frame}.fits", sums, overwrite=overwrite)
    nside = config.map.nside
    middle_s = (parts.seconds.start_s + parts.seconds.stop_s) / 2.0
    maps: dict[float, dict[str, NDArray[np.float64]]] = {low: {} for low in config.energy.ranges_gev}
    for frame in EXPOSURE_FRAMES:
        turn = frame_turn(frame, dipole=parts.navigator.dipole, time_s=middle_s)
        bins = zenith_edges(parts.geometry.cos_least, config.detector.n_zenith_bin, nside=nside)
        cube = LivetimeCube(axes[turn.source], nside, bins, frame, turn.matrix)
        if with_cubes:
            by_azimuth = AzimuthCube(cube.axes, nside, bins, azimuths, frame, turn.matrix) if azimuths > 1 else None
            write_cube(target / f"cube_{frame}.fits", by_azimuth or cube, overwrite=overwrite)
        counts = expected_counts(
            cube, flux=parts.flux, acceptance=parts.acceptance, geometry=parts.table or parts.geometry
        )
        for low in config.energy.ranges_gev:
            reference = counts[edge[:-1] >= low].sum(axis=0)
            maps[low][frame] = reference
            name = _map_name(frame, low)
            write_map(target / name, SkyMap(reference, frame), overwrite=overwrite)
            x, y, z = reference_dipole(reference).tolist()
            document["references"].append(
                {"frame": frame, "energy_low_gev": low, "file": name, "dipole": {"x": x, "y": y, "z": z}}
            )
    drawn = [frames_figure(maps[low], low_gev=low, name=_figure_name(low)) for low in maps]
    opened_all = {"name": config.name, "live_s": axes["galactic"].budget.live_s, "open_s": document["open_s"]}
    drawn.append(open_time_drawn(opened_all, weighed=parts.efficiency is not None, name="live_time_against_energy"))
    drawn.append(budget_figure(document["budget"], name="budget"))
    document["figures"] = [path.name for figure in drawn for path in save_drawn(figure, target)]
    return document


def _figure_name(low: float) -> str:
    return f"reference_above_{low:g}_gev"


def _map_name(frame: str, low: float) -> str:
    return f"reference_{frame}_above_{low:g}_gev.fits"


def merge_livetimes(paths: list[str], target: str | os.PathLike[str], *, overwrite: bool = False) -> dict[str, Any]:
    """Merge files of live time of disjoint stretches of one mission.

    Parameters
    ----------
    paths : list of str
        Files that `exposure_report` wrote, in any order.
    target : path-like
        File to make.
    overwrite : bool
        Whether it may be replaced.

    Returns
    -------
    dict
        Budget of the whole.

    Raises
    ------
    DataError
        A file is at fault, two hold the same seconds or were not made alike, or the target exists.
    """
    whole = merged_axes([read_axes(path) for path in paths])
    write_axes(target, whole, overwrite=overwrite)
    return {"budget": _budget(whole.budget), "file": os.fspath(target)}


def _budget(budget: LivetimeBudget) -> dict[str, Any]:
    rows = [
        {"cause": cause, "n_row": n, "live_s": units / 2**32}
        for cause, n, units in zip(CAUSES, budget.n_by_cause, budget.livetime_units_by_cause, strict=True)
    ]
    return {"n_row": budget.n_row, "total_s": budget.total_s, "gap_s": budget.gap_s, "causes": rows}


def budget_table(document: dict[str, Any]) -> str:
    """Lay out the budget of `exposure_report` as text.

    Parameters
    ----------
    document : dict
        What `exposure_report` returned.

    Returns
    -------
    str
        One line a cause, and their sum.
    """
    budget = document["budget"]
    lines = [f"{'':<10} {'rows':>13} {'live time [s]':>16}"]
    lines += [f"{r['cause']:<10} {r['n_row']:>13,} {r['live_s']:>16,.1f}" for r in budget["causes"]]
    total_s = sum(r["live_s"] for r in budget["causes"])
    lines.append(f"{'all':<10} {budget['n_row']:>13,} {total_s:>16,.1f}")
    lines.append(f"gaps between rows: {budget['gap_s']:,.1f} s")
    return "\n".join(lines)
