"""One analysis from its configuration to its result: composition only, no physics."""

import os
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.back_traced import BackTraced, back_traced, back_traced_dipole
from amsdipole.config import Config
from amsdipole.counting import Progress, candidate_files
from amsdipole.efficiency_shifts import efficiency_shifts
from amsdipole.events import count_sky_events, read_sky_events
from amsdipole.events.sky_table import SkyEvents
from amsdipole.exposure import (
    LivetimeCube,
    expected_counts,
    ground_exposure,
    livetime_cube,
    zenith_edges,
)
from amsdipole.far_dipole import far_dipole, range_response
from amsdipole.geomagnetism import GaussCoefficients
from amsdipole.instrument import Instrument, instrument
from amsdipole.orbit import (
    builtin_iss_elements,
)
from amsdipole.report.folder import check_output
from amsdipole.report.multipole_report import multipoles_of
from amsdipole.report.result import Provenance, RangeResult, Result, write_result
from amsdipole.report.together_report import together_document
from amsdipole.sky import galactic_to_icrs, pixel_centers, summed_pixels
from amsdipole.sky.pixels import NSIDE_MAX
from amsdipole.statistics import (
    DipoleFit,
    Estimator,
    expected_fit_limits,
    fit_dipole,
    fit_limits,
    ground_dipole,
    with_shifts,
)
from amsdipole.threads import set_threads
from amsdipole.weighting import WeightedMaps, weight_check, weighted_maps

__all__ = ["Progress", "check_inputs", "concluded", "mission_files", "run"]


def run(config: Config, *, progress: Progress | None = None) -> Result:
    """Run an analysis and write its results.

    Parameters
    ----------
    config : Config
        What to do; see `amsdipole.config.read_config`.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    Result
        What was found; the same is in ``result.json`` of the output folder.

    Raises
    ------
    ConfigError, DataError, RangeError, FitError
        Something is wrong; then no output is left behind.

    Notes
    -----
    The output folder appears whole or not at all: ``result.json``, counts and reference maps of each range in FITS,
    and the figure of the components against energy.
    """
    set_threads(config.threads)
    check_output(config.output.folder, overwrite=config.output.overwrite)
    report = progress if progress is not None else _silent
    result = _orbiting(config, report) if config.seconds is not None else _ground(config)
    write_result(config.output.folder, result, overwrite=config.output.overwrite)
    return result


def check_inputs(config: Config) -> dict[str, Any]:
    """Open everything that an analysis would read, without running it.

    Parameters
    ----------
    config : Config
        What to check.

    Returns
    -------
    dict
        What was found: numbers of events and rows, span of the mission.

    Raises
    ------
    ConfigError, DataError, RangeError
        The first thing that is wrong.
    """
    check_output(config.output.folder, overwrite=config.output.overwrite)
    if config.seconds is None:
        tables = [read_sky_events(path, config.events.columns) for path in config.events.files]
        return {"n_event": sum(len(table.weight) for table in tables)}
    events = candidate_files(config)
    parts = instrument(config)
    return {
        "n_event": events.n_event,
        "n_row": parts.seconds.n_row,
        "start": _iso(parts.seconds.start_s),
        "stop": _iso(parts.seconds.stop_s),
    }


def _iso(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, tz=UTC).isoformat()


def _silent(stage: str, done: int, total: int) -> None:
    pass


def _orbiting(config: Config, progress: Progress) -> Result:
    parts = instrument(config)
    nside, cos_least = config.map.nside, parts.geometry.cos_least
    n_row = parts.seconds.n_row
    maps = weighted_maps(config, parts, progress=progress)
    cube = livetime_cube(
        parts.seconds,
        parts.navigator,
        nside=nside,
        cos_edge=zenith_edges(cos_least, config.detector.n_zenith_bin, nside=nside),
        n_sector=parts.n_sector,
        efficiency=parts.efficiency,
        progress=lambda done: progress("exposure", done, n_row),
    )
    return concluded(config, parts, maps, cube, progress=progress)


def concluded(
    config: Config,
    parts: Instrument,
    maps: WeightedMaps,
    cube: LivetimeCube,
    *,
    missing: dict[str, Any] | None = None,
    files: list[str] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Fit what was counted against what was expected.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    parts : Instrument
        What it describes.
    maps : WeightedMaps
        Its events.
    cube : LivetimeCube
        Its live time.
    missing : dict, optional
        What of the plan of a production is not in the maps or the live time.
    files : list of str, optional
        The event files that were read; all of the configuration if not given.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    Result
        What was found; nothing is written.

    Raises
    ------
    DataError, FitError
        There is no exposure, or too few events.
    """
    expected = expected_counts(
        cube, flux=parts.flux, acceptance=parts.acceptance, geometry=parts.table or parts.geometry
    )
    traced = back_traced(config, parts, maps, progress=progress) if config.fit.directions == "back_traced" else None
    return Result(
        name=config.name,
        ranges=tuple(
            _range_result(config, maps, expected, bounds, parts, traced) for bounds in config.energy.bounds_gev
        ),
        cut_flow=maps.signal.cut_flow,
        livetime=_livetime(cube, config),
        harmonics=None,
        provenance=_provenance(
            config,
            [*(config.events.files if files is None else files), *_weight_files(config), *mission_files(config)],
            parts.field,
        ),
        tables=maps.tables,
        together=_together(config, maps, expected),
        missing=missing,
    )


def _together(config: Config, maps: WeightedMaps, expected: NDArray[np.float64]) -> dict[str, Any] | None:
    """Put the bins between the lower edges of the ranges together; None for a single range."""
    if len(config.energy.ranges_gev) < 2:
        return None
    counts = maps.signal
    bounds = pairwise([*config.energy.ranges_gev, float(counts.energy_edge_gev[-1])])
    bins = [counts.bins(low, high) for low, high in bounds]
    return together_document(
        np.stack([counts.weights(part) for part in bins]),
        np.stack([expected[part].sum(axis=0) for part in bins]),
        sum_weight2=np.stack([counts.weights2(part) for part in bins]),
        weighting=maps.weighting,
    )


def _range_result(
    config: Config,
    maps: WeightedMaps,
    expected: NDArray[np.float64],
    bounds: tuple[float, float] | None,
    parts: Instrument | None = None,
    traced: BackTraced | None = None,
) -> RangeResult:
    """Fit one range of energy; None is the single bin of a list without energies."""
    counts = maps.signal
    bins = slice(None) if bounds is None else counts.bins(*bounds)
    weights, weights2 = counts.weights(bins), counts.weights2(bins)
    reference = expected[bins].sum(axis=0)
    center = pixel_centers(config.map.nside)
    options: dict[str, Any] = {"sum_weight2": weights2, "weighting": maps.weighting}
    # The efficiency's uncertainty is part of the errors, and so of the limits.
    shifts = {} if parts is None else efficiency_shifts(config, parts, bins, reference)
    fit = with_shifts(fit_dipole(weights, reference, center, estimator=config.fit.estimator, **options), shifts)
    other: Estimator = "score" if config.fit.estimator == "likelihood" else "likelihood"
    check = with_shifts(fit_dipole(weights, reference, center, estimator=other, **options), shifts)
    names, confidence = config.fit.limits, config.fit.confidence
    return RangeResult(
        energy_low_gev=None if bounds is None else bounds[0],
        energy_high_gev=None if bounds is None else bounds[1],
        fit=fit,
        other_estimator=check,
        limits=fit_limits(fit, methods=names, confidence=confidence),
        expected=expected_fit_limits(fit, methods=names, confidence=confidence),
        expected_counts=float(reference.sum()),
        counts_map=weights,
        reference_map=reference,
        cut_flow=None if bounds is None else counts.range_cut_flow(*bounds),
        weights_check=weight_check(maps, expected, bins, nside=config.map.nside),
        cumulative=config.energy.ranges == "cumulative",
        multipoles=multipoles_of(
            fit if fit.estimator == "likelihood" else check, weights, reference, sum_weight2=weights2
        ),
        far=None if parts is None or bounds is None else _far(config, parts, fit, bounds),
        back_traced=None if traced is None else back_traced_dipole(config, traced, maps, bins),
    )


def _far(config: Config, parts: Instrument, fit: DipoleFit, bounds: tuple[float, float]) -> dict[str, Any] | None:
    if config.fit.directions != "forward_folded":
        return None
    return far_dipole(fit, range_response(config, parts, *bounds))


def _ground(config: Config) -> Result:
    if config.ground is None:
        raise AssertionError("the configuration was checked to have one exposure")
    tables = [read_sky_events(path, config.events.columns) for path in config.events.files]
    events = SkyEvents(*(_stacked([getattr(t, name) for t in tables]) for name in _SKY_FIELDS))
    counts = count_sky_events(events, nside=config.map.nside)
    latitude_rad = float(np.radians(config.ground.latitude_deg))
    zenith_rad = float(np.radians(config.ground.zenith_max_deg))
    reference = _ground_reference(config.map.nside, latitude_rad, zenith_rad)
    harmonics = None
    if events.azimuth_rad is not None:
        harmonics = ground_dipole(
            events.ra_rad,
            events.dec_rad,
            events.azimuth_rad,
            weight=events.weight,
            latitude_rad=latitude_rad,
            zenith_max_rad=zenith_rad,
        )
    return Result(
        name=config.name,
        ranges=(_range_result(config, WeightedMaps(counts, config.events.weighting), reference[None], None),),
        cut_flow=counts.cut_flow,
        livetime=None,
        harmonics=harmonics,
        provenance=_provenance(config, list(config.events.files), None),
    )


def _ground_reference(nside: int, latitude_rad: float, zenith_rad: float) -> NDArray[np.float64]:
    """Mean exposure over each pixel: at its centre alone it would vanish in pixels that the horizon cuts."""
    fine = min(NSIDE_MAX, max(512, 8 * nside))
    centers = pixel_centers(fine)
    exposure = ground_exposure(centers @ galactic_to_icrs().T, latitude_rad=latitude_rad, zenith_max_rad=zenith_rad)
    return summed_pixels(exposure, nside) / (fine // nside) ** 2


_SKY_FIELDS = ("direction", "weight", "ra_rad", "dec_rad", "azimuth_rad")


def _stacked(columns: list[Any]) -> Any:
    return None if any(column is None for column in columns) else np.concatenate(columns)


def _livetime(cube: LivetimeCube, config: Config) -> dict[str, Any]:
    open_s = dict(zip(cube.energy_edge_gev[:-1].tolist(), cube.open_livetime_s().tolist(), strict=True))
    return {
        "n_row": cube.budget.n_row,
        "total_s": cube.budget.total_s,
        "live_s": cube.budget.live_s,
        "unit_s": 2.0**-32,
        "open_s": [{"energy_low_gev": low, "open_s": open_s[low]} for low in config.energy.ranges_gev],
    }


def _weight_files(config: Config) -> list[str]:
    files = [] if config.weights is None or config.weights.file is None else [config.weights.file]
    if config.weights is not None and config.weights.file is None and config.templates is not None:
        files += [file for control in config.templates.components.values() for file in control.files]
    return files


def mission_files(config: Config) -> list[str]:
    """Name the files that the seconds, the detector and its efficiency are read from."""
    if config.seconds is None:
        return []
    control = [] if config.efficiency is None else list(config.efficiency.files)
    control += [] if config.detector.acceptance_file is None else [config.detector.acceptance_file]
    control += [] if config.cutoff.table is None else [config.cutoff.table]
    control += [] if config.cutoff.field == "igrf14" else [config.cutoff.field]
    if config.seconds.source == "files":
        return [*config.seconds.files, *control]
    return control if config.seconds.elements == "iss" else [config.seconds.elements, *control]


def _provenance(config: Config, files: list[str], field: GaussCoefficients | None) -> Provenance:
    models: dict[str, str] = {}
    if config.seconds is not None and field is not None:
        models["field"] = f"{field.model} sha256 {field.sha256}"
        if config.seconds.source == "elements":
            elements = builtin_iss_elements() if config.seconds.elements == "iss" else None
            if elements is not None:
                models["elements"] = f"{Path(elements.source).name} sha256 {elements.sha256}"
    return Provenance.of(config.model_dump(mode="json"), [os.fspath(f) for f in files], models)
