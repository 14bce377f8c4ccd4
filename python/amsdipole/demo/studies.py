"""What a careful user asks of two results besides: the studies of the demonstration, each kept as JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from amsdipole._files import replacing
from amsdipole.config import Config
from amsdipole.counting import Progress
from amsdipole.cutoff_report import cutoffs_of_places, world_places
from amsdipole.deflection_report import deflection_rows
from amsdipole.efficiency_report import efficiency_document
from amsdipole.errors import DataError
from amsdipole.exposure_systematics import systematics_report
from amsdipole.geomagnetism import igrf14
from amsdipole.nulls import run_nulls
from amsdipole.report.impact_report import impact_document, read_shifts
from amsdipole.report.model_report import model_document
from amsdipole.report.projection_report import projection_document
from amsdipole.report.reading import range_maps, read_result

__all__ = ["write_studies"]

_NSIDE = 16  # of the studies: a dipole needs no more, and folding costs as many pixels
_NULLS_ABOVE_GEV = {"electrons": 25.0}  # fewer events than all of them, which would not fit beside the maps in memory
_NULLS_STEP_S = 30.0  # of the expectation, one row in three of those of nine years
_ENERGY_SCALE = 0.02  # of AMS from 2 to 300 GeV (PRL 122, 041102): the cutoff rule sees it as its factor
_FIELD_YEAR = 2015.5  # the middle of the nine years, to a year
_ALTITUDE_KM = 400.0


def write_studies(
    folder: Path, configs: Mapping[str, Config], *, step_s: float, field_step_deg: float, progress: Progress
) -> list[Path]:
    """Run the studies of some analyses that have run, and write each as JSON.

    Parameters
    ----------
    folder : pathlib.Path
        Folder for the files; made if it does not exist.
    configs : mapping of str to Config
        Configuration of each analysis, by its name.
    step_s : float
        Length of a row in the studies of the exposure [s].
    field_step_deg : float
        Step of the map of traced cutoffs [deg].
    progress : callable
        Called with a stage's name, what is done and the total.

    Returns
    -------
    list of pathlib.Path
        The files, in the order in which a report shows them.

    Raises
    ------
    DataError
        The folder cannot be made.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror})") from error
    made = []

    def keep(name: str, make: Callable[[Progress], dict[str, Any]]) -> Path:
        file = folder / f"{name}.json"
        document = make(lambda stage, done, total: progress(f"{name.replace('_', ' ')}: {stage}", done, total))
        with replacing(file, overwrite=True) as temporary:
            _ = Path(temporary).write_text(json.dumps(document, allow_nan=False) + "\n", encoding="utf-8")
        progress(name.replace("_", " "), 1, 1)
        made.append(file)
        return file

    for name, config in configs.items():
        result, coarse = Path(config.output.folder), _coarse(config)
        _ = keep(f"{name}_exposure", partial(_exposure, coarse, step_s))
        shifts = keep(f"{name}_systematics", partial(_shifts, coarse, step_s))
        _ = keep(f"{name}_impacts", partial(_impacts, result, shifts))
        _ = keep(f"{name}_null_tests", partial(_nulls, config, _NULLS_ABOVE_GEV.get(name)))
        _ = keep(f"{name}_projection", partial(_projection, name, result))
        _ = keep(f"{name}_models", partial(_models, result))
    _ = keep("cutoff_map", partial(_cutoffs, field_step_deg))
    _ = keep("deflection", _deflection)
    return made


def _coarse(config: Config) -> Config:
    """Take the first of the ranges alone, on a coarse map."""
    energy = config.energy.model_copy(update={"ranges_gev": config.energy.ranges_gev[:1]})
    grid = config.map.model_copy(update={"nside": _NSIDE})
    return config.model_copy(update={"energy": energy, "map": grid})


def _exposure(config: Config, step_s: float, progress: Progress) -> dict[str, Any]:
    return efficiency_document(config, step_s=step_s, progress=progress)


def _shifts(config: Config, step_s: float, progress: Progress) -> dict[str, Any]:
    return systematics_report(config, step_s=step_s, halves=False, progress=progress)  # they are a null test


def _models(result: Path, progress: Progress) -> dict[str, Any]:
    return model_document(read_result(result))


def _impacts(result: Path, shifts: Path, progress: Progress) -> dict[str, Any]:
    """Hold what is one standard error: the scale of energy against the cutoff, and the size of pixels.

    The efficiency's own is in the errors of the result.
    """
    first = read_result(result)["ranges"][0]
    counts, reference = range_maps(result, first["energy_low_gev"])
    squared = replace(counts, values=counts.values * (first["n_eff"] / first["sum_weight"]))
    found = {name: np.array(shift) for name, shift in read_shifts(shifts, None).items()}
    slope = (found["cutoff factor 1.3"] - found["cutoff factor 1.1"]) / 0.2
    chosen = {
        "energy scale": (1.2 * _ENERGY_SCALE * slope).tolist(),
        "pixels": found[f"nside {2 * _NSIDE}"].tolist(),
    }
    return impact_document(
        counts,
        reference,
        squared,
        varied={},
        shifts=chosen,
        weighting="purity",
        l_max=1,
        confidence=0.95,
        methods=("cls", "flat_delta"),
    )


def _nulls(config: Config, low_gev: float | None, progress: Progress) -> dict[str, Any]:
    """Test with the purities that the run has made."""
    if config.weights is None:
        raise AssertionError("both analyses of the demonstration have weights")
    file = Path(config.output.folder) / "templates" / "weights.npz"
    weights = config.weights.model_copy(update={"file": str(file)})
    chosen = config.model_copy(update={"weights": weights})
    return run_nulls(chosen, low_gev=low_gev, step_s=_NULLS_STEP_S, progress=progress)


def _projection(species: str, path: Path, progress: Progress) -> dict[str, Any]:
    result = read_result(path)
    first = result["ranges"][0]
    factor = max(1.0, first["sigma"] / (3.0 / first["n_eff"]) ** 0.5)
    years = result["livetime"]["total_s"] / (365.25 * 86_400.0)
    return projection_document(
        species, until="2030-05-19", events_per_year=first["n_eff"] / years, sigma_factor=factor, method="cls"
    )


def _cutoffs(step_deg: float, progress: Progress) -> dict[str, Any]:
    rows = cutoffs_of_places(
        world_places(step_deg, _ALTITUDE_KM),
        charge_sign=1,
        coefficients=igrf14(),
        decimal_year=_FIELD_YEAR,
        penumbra_step_gv=None,
        progress=progress,
    )
    return {"format": "amsdipole-cutoff-map", "cutoffs": rows}


def _deflection(progress: Progress) -> dict[str, Any]:
    rows = deflection_rows(coefficients=igrf14(), decimal_year=_FIELD_YEAR, cone_deg=30.0, n=10_000, progress=progress)
    return {"format": "amsdipole-deflection", "deflection": rows}
