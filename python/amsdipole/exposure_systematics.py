"""Systematic variations of the exposure, each as a shift of the dipole: composition only, no physics."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.analysis import Progress
from amsdipole.config import Config
from amsdipole.errors import ConfigError
from amsdipole.exposure import (
    FOLD_NSIDE,
    LivetimeAxes,
    dipole_shift,
    half_references,
    livetime_axes,
    merged_axes,
    range_reference,
    resolution_shift,
)
from amsdipole.exposure.pixel_window import AxisResponse, PixelRadius, axis_response, pixel_radius
from amsdipole.instrument import Instrument, instrument
from amsdipole.models import flux_integral
from amsdipole.orbit import narrowed, stepped
from amsdipole.report.folder import check_output, made_folder
from amsdipole.sky import SkyMap, summed_pixels, write_map

__all__ = ["systematics_report"]

Floats = NDArray[np.float64]
FACTORS = (1.0, 1.1, 1.2, 1.3, 1.4)
CONES_DEG = (25.0, 30.0, 35.0, 40.0)
AXIS_NSIDE = 128  # variations are differences: docs/design/axis-binning.md
HALF_NSIDE = 16
YEAR_S = 365.25 * 86_400.0


def systematics_report(
    config: Config,
    *,
    step_s: float = 3.0,
    halves: bool = True,
    templates: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compute the shift of the dipole by each variation of the exposure.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    step_s : float
        Rows that are made from element sets are made this long [s]; 3 s moves a shift by less than 1e-4.
    halves : bool
        Whether the halves of the field of view are among the variations, which takes as long as all others.
    templates : path-like, optional
        Folder to make, with the reference maps of each range: unmoved, and of each variation at the map's resolution.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Shift of (EW, NS, FB) for each range and variation, and the file of its map where they are written.

    Raises
    ------
    ConfigError
        The configuration has no mission in orbit.
    DataError
        A file is at fault, or the folder for the maps exists.

    Notes
    -----
    The exposure alone is varied, so a row says what an exposure at fault would fake in data that the nominal rule
    selects; data selected by the varied rule move along. Cutoff factors, years and resolutions come from the sums of
    one pass, a cone and an efficiency from a pass of their own, the halves of the field of view from rows taken evenly.
    """
    if config.seconds is None:
        raise ConfigError("[seconds] is missing: only a mission in orbit has a live time")
    if templates is not None:
        check_output(os.fspath(templates), overwrite=False)
    parts = instrument(config)
    parts = replace(parts, seconds=stepped(parts.seconds, step_s))
    study = _Study(config, parts, progress)
    maps: dict[str, Callable[[float], Floats]] = {}
    rule, nside = parts.navigator.rule, config.map.nside
    for factor in FACTORS:
        if abs(factor - rule.factor) > 1e-9:
            maps[f"cutoff factor {factor:g}"] = study.of_factor(factor)
    for cone_deg in CONES_DEG:
        if abs(np.radians(cone_deg) - rule.half_angle_rad) > 1e-9:
            maps[f"cutoff cone {cone_deg:g} deg"] = study.of_cone(float(np.radians(cone_deg)))
    for i, year in enumerate(study.years if len(study.years) > 1 else []):
        maps[f"year {i + 1}"] = study.of_sums(year)
    if parts.efficiency is not None:
        maps["efficiency off"] = study.of_sums(study.pass_over(parts, efficient=False))
    rows = []
    written: dict[str, SkyMap] = {}
    for low in config.energy.ranges_gev:
        nominal = study.nominal(low)
        made = {name: make(low) for name, make in maps.items()}
        shifts = {name: dipole_shift(nominal, varied) for name, varied in made.items()}
        files = {name: _file(name, low) for name in made}
        if templates is not None:
            written |= {_file(name, low): SkyMap(m, "galactic") for name, m in {"unmoved": nominal, **made}.items()}
        for name, half in zip(("port", "starboard"), study.halves(low) if halves else (), strict=halves):
            shifts[f"{name} half of the view"] = dipole_shift(np.add(*study.halves(low)), half)
        for other in (nside // 2, nside * 2):
            if 1 <= other <= 8192:
                shifts[f"nside {other}"] = resolution_shift(nominal, study.nominal(low, nside=other))
        for name, (fb, ew, ns) in shifts.items():
            rho = {"ew": float(ew), "ns": float(ns), "fb": float(fb)}
            delta = float(np.linalg.norm([fb, ew, ns]))
            row = {"energy_low_gev": low, "variation": name, "rho": rho, "delta": delta}
            rows.append(row if templates is None or name not in files else {**row, "file": files[name]})
    if templates is not None:
        with made_folder(Path(templates), overwrite=False) as work:
            for file, sky in written.items():
                write_map(work / file, sky)
    return {"format": "amsdipole-systematics", "step_s": parts.seconds.step_s, "shifts": rows}


def _file(variation: str, low: float) -> str:
    return f"{variation.replace(' ', '_')}_above_{low:g}_gev.fits"


@dataclass(eq=False)
class _Study:
    """Sums of the mission, with a cutoff class for every factor at every bin's edge."""

    config: Config
    parts: Instrument
    progress: Progress | None

    def __post_init__(self) -> None:
        edge, rule = self.parts.navigator.energy_edge_gev, self.parts.navigator.rule
        self.edge = edge
        self.rate = flux_integral(lambda e: self.parts.flux(e) * self.parts.acceptance(e), edge[:-1], edge[1:])
        # A bin opens by a factor f at E / f: with these edges one pass knows it for every factor.
        lows = [low * rule.factor / f for f in {*FACTORS, rule.factor} for low in edge[:-1] if rule.factor > 0.0]
        fine = np.unique(np.round([*lows, *edge], 9))
        self.fine = fine if len(fine) <= 255 and rule.factor > 0.0 else edge
        self.fine_parts = replace(self.parts, navigator=replace(self.parts.navigator, energy_edge_gev=self.fine))
        start_s, stop_s = self.parts.seconds.start_s, self.parts.seconds.stop_s
        n_year = max(round((stop_s - start_s) / YEAR_S), 1)
        spans = list(pairwise(np.linspace(start_s, stop_s, n_year + 1).tolist()))
        mounting = self.parts.navigator.mounting
        self.years = [
            self.pass_over(replace(self.fine_parts, seconds=narrowed(self.parts.seconds, span, mounting)))
            if n_year > 1
            else self.pass_over(self.fine_parts)
            for span in spans
        ]
        self.sums = merged_axes([replace(year, identity="one study") for year in self.years])
        self._halves: dict[float, tuple[Floats, Floats]] = {}

    def pass_over(self, parts: Instrument, *, efficient: bool = True) -> LivetimeAxes:
        report: Callable[[int], None] | None = None
        if self.progress is not None:
            stage, n_row = self.progress, parts.seconds.n_row

            def report(done: int) -> None:
                stage("systematics", done, n_row)

        return livetime_axes(
            parts.seconds,
            parts.navigator,
            nside=AXIS_NSIDE,
            efficiency=parts.efficiency if efficient else None,
            progress=report,
        )

    def weights(self, axes: LivetimeAxes, low: float, factor: float) -> Floats:
        """Rate of a cumulative range for each class of some sums."""
        rule, out = self.parts.navigator.rule, np.zeros(axes.n_class)
        for energy, rate in zip(self.edge[:-1], self.rate, strict=True):
            if energy >= low:
                opened = energy if rule.factor == 0.0 else energy * rule.factor / factor
                last = int(np.searchsorted(axes.energy_edge_gev, opened * (1.0 + 1e-7), side="right")) - 1
                out[: last + 1] += rate
        return out

    def response(self, nside: int) -> AxisResponse:
        return axis_response(self.parts.geometry, pixel=pixel_radius(nside), axis=pixel_radius(AXIS_NSIDE))

    def folded(self, axes: LivetimeAxes, low: float, factor: float, nside: int) -> Floats:
        weight, fine = self.weights(axes, low, factor), max(nside, FOLD_NSIDE)
        folded = range_reference(axes, self.response(fine), nside=fine, class_weight=weight)
        return summed_pixels(folded, nside)

    def nominal(self, low: float, *, nside: int | None = None) -> Floats:
        return self.folded(self.sums, low, self.parts.navigator.rule.factor, nside or self.config.map.nside)

    def of_sums(self, axes: LivetimeAxes) -> Callable[[float], Floats]:
        return lambda low: self.folded(axes, low, self.parts.navigator.rule.factor, self.config.map.nside)

    def of_factor(self, factor: float) -> Callable[[float], Floats]:
        return lambda low: self.folded(self.sums, low, factor, self.config.map.nside)

    def of_cone(self, half_angle_rad: float) -> Callable[[float], Floats]:
        rule = replace(self.parts.navigator.rule, half_angle_rad=half_angle_rad)
        return self.of_sums(self.pass_over(replace(self.parts, navigator=replace(self.parts.navigator, rule=rule))))

    def halves(self, low: float) -> tuple[Floats, Floats]:
        if low not in self._halves:
            # AMS's x is port; any detector's x is square to its axis.
            response = axis_response(self.parts.geometry, pixel=pixel_radius(HALF_NSIDE), axis=PixelRadius(0.0, 0.0))
            self._halves[low] = half_references(
                stepped(self.parts.seconds, 60.0),
                self.fine_parts.navigator,
                response,
                nside=HALF_NSIDE,
                class_weight=self.weights(self.sums, low, self.parts.navigator.rule.factor),
                side=np.array([1.0, 0.0, 0.0]),
            )
        return self._halves[low]
