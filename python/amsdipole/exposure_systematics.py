"""Systematic variations of the exposure, each as a shift of the dipole: composition only, no physics."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.analysis import Progress
from amsdipole.config import Config
from amsdipole.errors import ConfigError
from amsdipole.exposure import (
    LivetimeAxes,
    RangeFold,
    dipole_shift,
    livetime_axes,
    merged_axes,
    range_fold,
    resolution_shift,
)
from amsdipole.exposure_store import SumsStore, study_key
from amsdipole.instrument import Instrument, instrument, traced_cutoffs
from amsdipole.orbit import Navigator, narrowed, stepped
from amsdipole.report.folder import check_output, made_folder
from amsdipole.sky import SkyMap, write_map

__all__ = ["systematics_report"]

Floats = NDArray[np.float64]
FACTORS = (1.0, 1.1, 1.2, 1.3, 1.4)
CONES_DEG = (25.0, 30.0, 35.0, 40.0)
AXIS_NSIDE = 128  # variations are differences: docs/design/axis-binning.md
HALF_AXIS_NSIDE = 32  # axes 1.8 degrees wide, of known mean, move the shift of a half by 2e-4 of itself
N_SECTOR = 24  # for the halves of the field of view: docs/design/azimuth.md
YEAR_S = 365.25 * 86_400.0
PORT_RAD, STARBOARD_RAD = 0.0, float(np.pi)  # AMS's x is port; of another detector they are the sides of +x and -x


def systematics_report(
    config: Config,
    *,
    step_s: float = 3.0,
    halves: bool = True,
    templates: str | os.PathLike[str] | None = None,
    store: str | os.PathLike[str] | None = None,
    traced: str | None = None,
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
        Whether the halves of the field of view are among the variations.
    templates : path-like, optional
        Folder to make, with the reference maps of each range: unmoved, and of each variation at the map's resolution.
    store : path-like, optional
        Folder in which the sums of each pass are kept, and from which they are read when they are there.
    traced : str, optional
        Table of traced cutoffs to take in place of Størmer's as a variation.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Shift of (EW, NS, FB) for each range and variation, the time that it took and the passes that it made, and
        the file of its map where they are written.

    Raises
    ------
    ConfigError
        The configuration has no mission in orbit, or cutoffs are traced already.
    DataError
        A file is at fault, the folder for the maps exists, or `store` holds the sums of another study.

    Notes
    -----
    The exposure alone is varied, so a row says what an exposure at fault would fake in data that the nominal rule
    selects; data selected by the varied rule move along. Cutoff factors, years, resolutions and the halves of the field
    of view come from the sums of one pass; a cone, traced cutoffs and an efficiency have a pass of their own. Where the
    nominal cutoffs are traced, another cone scales its Størmer cutoffs by the same shares.
    """
    if config.seconds is None:
        raise ConfigError("[seconds] is missing: only a mission in orbit has a live time")
    if traced is not None and config.cutoff.table is not None:
        raise ConfigError(f"traced = {traced}: the cutoffs of the configuration are traced already; theirs is varied")
    if templates is not None:
        check_output(os.fspath(templates), overwrite=False)
    parts = instrument(config)
    parts = replace(parts, seconds=stepped(parts.seconds, step_s), n_sector=max(parts.n_sector, N_SECTOR))
    other = None if traced is None else traced_cutoffs(config, traced, parts.field)
    key = study_key(config, step_s=parts.seconds.step_s, axis_nside=AXIS_NSIDE, n_sector=parts.n_sector)
    study = _Study(config, parts, SumsStore(None if store is None else Path(store), key), progress)
    navigator, rule, nside = parts.navigator, parts.navigator.rule, config.map.nside
    variations: dict[str, Callable[[float], Floats]] = {}
    for factor in FACTORS:
        if abs(factor - rule.factor) > 1e-9:
            variations[f"cutoff factor {factor:g}"] = partial(study.reference, axes=study.sums, factor=factor)
    for cone_deg in CONES_DEG:
        if abs(np.radians(cone_deg) - rule.half_angle_rad) > 1e-9:
            cone = replace(navigator, rule=replace(rule, half_angle_rad=float(np.radians(cone_deg))))
            variations[f"cutoff cone {cone_deg:g} deg"] = study.of_pass(f"cone_{cone_deg:g}_deg", cone)
    if other is not None:
        variations["traced cutoffs"] = study.of_pass(f"traced_{other.sha256[:12]}", replace(navigator, table=other))
    elif navigator.table is not None:
        variations["Størmer cutoffs"] = study.of_pass("stormer", replace(navigator, table=None))
    for i, year in enumerate(study.years if len(study.years) > 1 else []):
        variations[f"year {i + 1}"] = partial(study.reference, axes=year)
    if parts.efficiency is not None:
        variations["efficiency off"] = study.of_pass("efficiency_off", navigator, efficient=False)
    rows = []
    written: dict[str, SkyMap] = {}
    for low in config.energy.ranges_gev:
        nominal = study.reference(low, study.sums)
        for name, make in variations.items():
            row, varied = study.row(low, name, nominal, make, dipole_shift)
            if templates is not None:
                row["file"] = _file(name, low)
                written |= {
                    _file(name, low): SkyMap(varied, "galactic"),
                    _file("unmoved", low): SkyMap(nominal, "galactic"),
                }
            rows.append(row)
        for name, toward in (("port", PORT_RAD), ("starboard", STARBOARD_RAD)) if halves else ():
            half = partial(study.half, toward_rad=toward)
            rows.append(study.row(low, f"{name} half of the view", nominal, half, dipole_shift)[0])
        for n in (nside // 2, nside * 2):
            if 1 <= n <= 8192:
                other_grid = partial(study.reference, axes=study.sums, nside=n)
                rows.append(study.row(low, f"nside {n}", nominal, other_grid, resolution_shift)[0])
    if templates is not None:
        with made_folder(Path(templates), overwrite=False) as work:
            for file, sky in written.items():
                write_map(work / file, sky)
    return {
        "format": "amsdipole-systematics",
        "step_s": parts.seconds.step_s,
        "nominal": {"made_s": study.made_s, "stored": study.stored},
        "shifts": rows,
    }


def _file(variation: str, low: float) -> str:
    return f"{variation.replace(' ', '_')}_above_{low:g}_gev.fits"


@dataclass(eq=False)
class _Study:
    """Sums of the mission, with a cutoff class for every factor at every bin's edge."""

    config: Config
    parts: Instrument
    store: SumsStore
    progress: Progress | None

    def __post_init__(self) -> None:
        start = time.perf_counter()
        edge, rule = self.parts.navigator.energy_edge_gev, self.parts.navigator.rule
        self.edge = edge
        # A bin opens by a factor f at E / f: with these edges one pass knows it for every factor.
        lows = [low * rule.factor / f for f in {*FACTORS, rule.factor} for low in edge[:-1] if rule.factor > 0.0]
        fine = np.unique(np.round([*lows, *edge], 9))
        self.fine = fine if len(fine) <= 255 and rule.factor > 0.0 else edge
        self.folds: dict[float, RangeFold] = {}
        self.coarse: LivetimeAxes | None = None
        self.passes: dict[str, tuple[LivetimeAxes, bool]] = {}
        seconds, mounting = self.parts.seconds, self.parts.navigator.mounting
        n_year = max(round((seconds.stop_s - seconds.start_s) / YEAR_S), 1)
        spans = list(pairwise(np.linspace(seconds.start_s, seconds.stop_s, n_year + 1).tolist()))
        navigator = replace(self.parts.navigator, energy_edge_gev=self.fine)
        made = []
        for i, span in enumerate(spans):
            part = seconds if n_year == 1 else narrowed(seconds, span, mounting)
            made.append(self.pass_over(f"year_{i + 1}", replace(self.parts, seconds=part, navigator=navigator)))
        self.years, there = zip(*made, strict=True)
        self.sums = merged_axes([replace(year, identity="one study") for year in self.years])
        self.stored, self.made_s = all(there), time.perf_counter() - start

    def pass_over(self, name: str, parts: Instrument, *, efficient: bool = True) -> tuple[LivetimeAxes, bool]:
        report: Callable[[int], None] | None = None
        if self.progress is not None:
            stage, n_row = self.progress, parts.seconds.n_row

            def report(done: int) -> None:
                stage(f"systematics, {name}", done, n_row)

        return self.store.sums(
            name,
            lambda: livetime_axes(
                parts.seconds,
                parts.navigator,
                nside=AXIS_NSIDE,
                n_sector=parts.n_sector,
                efficiency=parts.efficiency if efficient else None,
                progress=report,
            ),
        )

    def of_pass(self, name: str, navigator: Navigator, *, efficient: bool = True) -> Callable[[float], Floats]:
        """Make the references of a variation that has a pass of its own, of the bins themselves."""

        def make(low: float) -> Floats:
            if name not in self.passes:
                self.passes[name] = self.pass_over(name, replace(self.parts, navigator=navigator), efficient=efficient)
            return self.reference(low, self.passes[name][0])

        return make

    def row(
        self,
        low: float,
        name: str,
        nominal: Floats,
        make: Callable[[float], Floats],
        shift_of: Callable[[Floats, Floats], Floats],
    ) -> tuple[dict[str, Any], Floats]:
        start, known = time.perf_counter(), len(self.passes)
        varied = make(low)
        fb, ew, ns = shift_of(nominal, varied).tolist()
        passes = [there for _, there in [*self.passes.values()][known:]]
        row = {
            "energy_low_gev": low,
            "variation": name,
            "rho": {"ew": ew, "ns": ns, "fb": fb},
            "delta": float(np.linalg.norm([fb, ew, ns])),
            "time_s": time.perf_counter() - start,
            "passes": sum(not there for there in passes),
        }
        return row, varied

    def fold(self, low: float) -> RangeFold:
        if low not in self.folds:
            self.folds[low] = range_fold(
                flux=self.parts.flux,
                acceptance=self.parts.acceptance,
                geometry=self.parts.table or self.parts.geometry,
                energy_edge_gev=self.edge,
                low_gev=low,
            )
        return self.folds[low]

    def last_class(self, axes: LivetimeAxes, factor: float) -> NDArray[np.int64]:
        """Last class of some sums in which each bin is open by a factor."""
        rule = self.parts.navigator.rule
        opened = self.edge[:-1] if rule.factor == 0.0 else self.edge[:-1] * rule.factor / factor
        return np.asarray(np.searchsorted(axes.energy_edge_gev, opened * (1.0 + 1e-7), side="right") - 1)

    def reference(
        self, low: float, axes: LivetimeAxes, factor: float | None = None, *, nside: int | None = None
    ) -> Floats:
        last = self.last_class(axes, self.parts.navigator.rule.factor if factor is None else factor)
        return self.fold(low)(axes, nside=nside or self.config.map.nside, last_class=last)

    def half(self, low: float, toward_rad: float) -> Floats:
        if self.coarse is None:
            self.coarse = self.sums.coarser(HALF_AXIS_NSIDE)
        last = self.last_class(self.coarse, self.parts.navigator.rule.factor)
        return self.fold(low).half(toward_rad)(self.coarse, nside=self.config.map.nside, last_class=last)
