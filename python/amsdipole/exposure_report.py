"""The exposure of a mission and its systematic variations: composition only, no physics."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.analysis import Progress
from amsdipole.config import Config
from amsdipole.errors import ConfigError, DataError
from amsdipole.exposure import (
    LivetimeAxes,
    LivetimeBudget,
    LivetimeCube,
    expected_counts,
    livetime_axes,
    reference_dipole,
    shift_table,
    write_axes,
    zenith_edges,
)
from amsdipole.geomagnetism import CutoffRule
from amsdipole.instrument import Instrument, instrument
from amsdipole.orbit import CAUSES, narrowed
from amsdipole.sky import SkyMap, write_map

__all__ = ["budget_table", "exposure_report", "systematics_report"]

FACTORS = (1.0, 1.1, 1.3, 1.4)
CONES_DEG = (25.0, 35.0, 40.0)


def exposure_report(
    config: Config, folder: str | os.PathLike[str], *, overwrite: bool = False, progress: Progress | None = None
) -> dict[str, Any]:
    """Make the exposure of a mission and write it to a folder.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    folder : path-like
        Folder for ``livetime_galactic.fits``, ``livetime_earth_fixed.fits`` and the reference maps.
    overwrite : bool
        Whether files may be replaced.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Budget, live time against energy, dipoles of the reference maps in units of delta, files.

    Raises
    ------
    ConfigError
        The configuration has no mission in orbit.
    DataError
        A file is at fault or exists already.
    """
    parts = _instrument(config)
    target = Path(folder)
    names = ["livetime_galactic.fits", "livetime_earth_fixed.fits"]
    names += [f"reference_{frame}_above_{low:g}_gev.fits" for frame in _FRAMES for low in config.energy.ranges_gev]
    for name in names:
        if (target / name).exists() and not overwrite:
            raise DataError(f"{target / name}: the file exists already")
    axes = {frame: _axes(parts, frame, progress) for frame in _FRAMES}
    target.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "budget": _budget(axes["galactic"].budget),
        "open_s": [
            {"energy_low_gev": low, "open_s": open_s}
            for low, open_s in zip(
                parts.navigator.energy_edge_gev[:-1].tolist(), axes["galactic"].open_livetime_s().tolist(), strict=True
            )
        ],
        "references": [],
    }
    for frame, sums in axes.items():
        write_axes(target / f"livetime_{frame}.fits", sums, overwrite=overwrite)
        expected = _expected(parts, sums, config.map.nside)
        for low in config.energy.ranges_gev:
            reference = expected[int(np.searchsorted(parts.navigator.energy_edge_gev, low)) :].sum(axis=0)
            name = f"reference_{frame}_above_{low:g}_gev.fits"
            write_map(target / name, SkyMap(reference, frame), overwrite=overwrite)
            fb, ew, ns = reference_dipole(reference).tolist()
            document["references"].append(
                {"frame": frame, "energy_low_gev": low, "file": name, "dipole": {"x": fb, "y": ew, "z": ns}}
            )
    return document


_FRAMES = ("galactic", "earth_fixed")


def _instrument(config: Config) -> Instrument:
    if config.seconds is None:
        raise ConfigError("[seconds] is missing: only a mission in orbit has a live time")
    return instrument(config)


def _axes(parts: Instrument, frame: str, progress: Progress | None, **options: Any) -> LivetimeAxes:
    n_row = parts.seconds.n_row
    report: Callable[[int], None] | None = None
    if progress is not None:
        stage = progress

        def report(done: int) -> None:
            stage(f"exposure, {frame}", done, n_row)

    return livetime_axes(parts.seconds, parts.navigator, frame=frame, progress=report, **options)


def _expected(parts: Instrument, axes: LivetimeAxes, nside: int) -> NDArray[np.float64]:
    edge = zenith_edges(parts.geometry.cos_least, 1, nside=nside)
    cube = LivetimeCube(axes, nside, edge)
    return expected_counts(cube, flux=parts.flux, acceptance=parts.acceptance, geometry=parts.geometry)


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


def systematics_report(config: Config, *, progress: Progress | None = None) -> dict[str, Any]:
    """Compute the shift of the dipole by each variation of the exposure.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Shift of (EW, NS, FB) for each range and variation.

    Raises
    ------
    ConfigError
        The configuration has no mission in orbit.
    DataError
        A file is at fault.

    Notes
    -----
    Cutoff factors 1.0 to 1.4, cones of 25 to 40 deg, and the first and second half of the mission: each against the
    nominal reference, by `amsdipole.exposure.dipole_shift`. The exposure alone is varied, so a row says what an
    exposure at fault would fake in data that the nominal rule selects; data selected by the varied rule move along.
    """
    parts = _instrument(config)
    rule, nside = parts.navigator.rule, config.map.nside
    nominal = _expected(parts, _axes(parts, "galactic", progress), nside)
    middle_s = (parts.seconds.start_s + parts.seconds.stop_s) / 2.0
    varied: dict[str, Instrument] = {}
    for factor in FACTORS:
        varied[f"cutoff factor {factor:g}"] = _with_rule(parts, replace(rule, factor=factor))
    for cone_deg in CONES_DEG:
        half_angle_rad = float(np.radians(cone_deg))
        varied[f"cutoff cone {cone_deg:g} deg"] = _with_rule(parts, replace(rule, half_angle_rad=half_angle_rad))
    for name, span in (
        ("first half of the mission", (parts.seconds.start_s, middle_s)),
        ("second half of the mission", (middle_s, parts.seconds.stop_s)),
    ):
        varied[name] = replace(parts, seconds=narrowed(parts.seconds, span, parts.navigator.mounting))
    maps = {name: _expected(part, _axes(part, "galactic", progress), nside) for name, part in varied.items()}
    rows = []
    for low in config.energy.ranges_gev:
        first = int(np.searchsorted(parts.navigator.energy_edge_gev, low))
        reference = nominal[first:].sum(axis=0)
        made = {name: _sum_above(values, first) for name, values in maps.items()}
        for shift in shift_table(reference, made):
            fb, ew, ns = shift.rho.tolist()
            rows.append(
                {
                    "energy_low_gev": low,
                    "variation": shift.name,
                    "rho": {"ew": ew, "ns": ns, "fb": fb},
                    "delta": shift.delta,
                }
            )
    return {"shifts": rows}


def _sum_above(values: NDArray[np.float64], first: int) -> Callable[[], NDArray[np.float64]]:
    return lambda: np.asarray(values[first:].sum(axis=0))


def _with_rule(parts: Instrument, rule: CutoffRule) -> Instrument:
    return replace(parts, navigator=replace(parts.navigator, rule=rule))
