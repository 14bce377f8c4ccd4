"""What an analysis found, and the folder that keeps it."""

import contextlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._files import sha256_of
from amsdipole.events import WeightTables
from amsdipole.report.folder import made_folder, range_name
from amsdipole.report.missing import missing_cards
from amsdipole.sky import SkyMap, write_map
from amsdipole.statistics import DipoleFit, ExpectedLimit, GroundDipole, UpperLimit

__all__ = ["FORMAT_VERSION", "Provenance", "RangeResult", "Result", "write_result"]

FORMAT_VERSION = 1
_ORDER = np.array([1, 2, 0])  # rows of (x, y, z) = (FB, EW, NS) in the published order EW, NS, FB


@dataclass(frozen=True)
class Provenance:
    """What a result was made from.

    Attributes
    ----------
    config : dict
        The configuration.
    inputs : tuple of dict
        Path, size and checksum of each input file.
    models : dict of str to str
        Field model and element sets, with their checksums.
    versions : dict of str to str
        Versions of this package and of those that enter the numbers.
    """

    config: dict[str, Any]
    inputs: tuple[dict[str, Any], ...]
    models: dict[str, str]
    versions: dict[str, str]

    @classmethod
    def of(cls, config: dict[str, Any], files: list[str], models: dict[str, str]) -> "Provenance":
        """Take checksums and versions."""
        inputs = tuple({"path": f, "bytes": Path(f).stat().st_size, "sha256": sha256_of(f)} for f in files)
        names = ("amsdipole", "astropy", "healpy", "numpy", "pyarrow", "pyerfa", "scipy", "sgp4")
        versions = {"python": platform.python_version()}
        for name in names:
            with contextlib.suppress(ModuleNotFoundError):  # healpy has no Windows build
                versions[name] = version(name)
        return cls(config, inputs, models, versions)


@dataclass(frozen=True)
class RangeResult:
    """The dipole of one cumulative energy range.

    Attributes
    ----------
    energy_low_gev, energy_high_gev : float or None
        The range [GeV]; None for a list without energies.
    fit, other_estimator : DipoleFit
        The fit asked for, and the other estimator as a check.
    limits : tuple of UpperLimit
        Upper limits, each with its method.
    expected : tuple of ExpectedLimit
        What the same methods give under isotropy.
    expected_counts : float
        Events that flux, acceptance and live time predict.
    counts_map, reference_map : numpy.ndarray of float64, shape (npix,)
        Sum of weights and isotropic expectation, galactic RING.
    cut_flow : Mapping of str to int, optional
        Events of the range by the first cut that they failed.
    weights_check : dict, optional
        The dipole by the other weights, and that of the backgrounds, where weights come from template fits.
    cumulative : bool
        Whether the range ends at the last edge of all.
    multipoles : dict
        The dipole checked by a joint fit with the quadrupole.
    far : dict, optional
        The dipole far from the Earth's field, where it is asked for, as `amsdipole.far_dipole.far_dipole` gives it.
    back_traced : dict, optional
        The dipole of directions traced back, where it is asked for, as `amsdipole.back_traced` gives it.
    """

    energy_low_gev: float | None
    energy_high_gev: float | None
    fit: DipoleFit
    other_estimator: DipoleFit
    limits: tuple[UpperLimit, ...]
    expected: tuple[ExpectedLimit, ...]
    expected_counts: float
    counts_map: NDArray[np.float64]
    reference_map: NDArray[np.float64]
    cut_flow: Mapping[str, int] | None = None
    weights_check: dict[str, Any] | None = None
    cumulative: bool = True
    multipoles: dict[str, Any] = field(default_factory=dict)
    far: dict[str, Any] | None = None
    back_traced: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Numbers of the range as JSON takes them."""
        fit = self.fit
        return {
            "energy_low_gev": self.energy_low_gev,
            "energy_high_gev": self.energy_high_gev,
            "sum_weight": fit.sum_weight,
            "n_eff": fit.n_eff,
            "expected_counts": self.expected_counts,
            "rho": _components(fit.rho),
            "error": _components(np.sqrt(np.diag(fit.covariance))),
            "covariance": fit.covariance[np.ix_(_ORDER, _ORDER)].tolist(),
            "sandwich_covariance": fit.sandwich_covariance[np.ix_(_ORDER, _ORDER)].tolist(),
            "sigma": fit.sigma,
            "delta_m": fit.delta_m,
            "chi2": fit.chi2,
            "p_value": fit.p_value,
            "significance": fit.significance,
            "estimator": fit.estimator,
            "weighting": fit.weighting,
            "reference_dipole": _components(fit.reference_dipole),
            "goodness_of_fit": {
                "pearson_chi2": fit.pearson_chi2,
                "dof": fit.pearson_dof,
                "sigma": fit.pearson_sigma,
            },
            "other_estimator": {
                "estimator": self.other_estimator.estimator,
                "rho": _components(self.other_estimator.rho),
            },
            "cut_flow": None if self.cut_flow is None else dict(self.cut_flow),
            "weights_check": self.weights_check,
            "multipoles": self.multipoles,
            "directions": "local",
            "far_dipole": self.far,
            "back_traced_dipole": self.back_traced,
            "limits": [{"method": u.method, "confidence": u.confidence, "delta_ul": u.delta_ul} for u in self.limits],
            "expected_limits": [
                {"method": e.method, "median": e.median, "band_68": list(e.band68), "band_95": list(e.band95)}
                for e in self.expected
            ],
        }


def _components(vector: NDArray[np.float64]) -> dict[str, float]:
    fb, ew, ns = (float(v) for v in vector)
    return {"ew": ew, "ns": ns, "fb": fb}


@dataclass(frozen=True)
class Result:
    """What an analysis found.

    Attributes
    ----------
    name : str
        Name of the analysis.
    ranges : tuple of RangeResult
        One for each cumulative range.
    cut_flow : dict of str to int
        Events by the first cut that they failed.
    livetime : dict or None
        Live time of a mission.
    harmonics : GroundDipole or None
        First-harmonic analysis of a ground array.
    provenance : Provenance
        What it was made from.
    tables : WeightTables, optional
        Weights by template fits that the run made or read.
    together : dict or None
        All ranges together: correlation, global p-value, one dipole for the bins between their edges.
    missing : dict or None
        What of the plan of a production was left out, in events and seconds; None if nothing was.
    """

    name: str
    ranges: tuple[RangeResult, ...]
    cut_flow: Mapping[str, int]
    livetime: dict[str, Any] | None
    harmonics: GroundDipole | None
    provenance: Provenance
    tables: WeightTables | None = None
    together: dict[str, Any] | None = None
    missing: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Everything but the maps, as ``result.json`` holds it."""
        return {
            "format": "amsdipole-result",
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "frame": "galactic",
            "components": {
                "ew": "towards l = 90 deg, b = 0",
                "ns": "towards b = 90 deg",
                "fb": "towards l = 0, b = 0",
                "order": ["ew", "ns", "fb"],
                "directions": self._directions(),
            },
            "ranges": [r.document() for r in self.ranges],
            "together": self.together,
            "missing": self.missing,
            "cut_flow": dict(self.cut_flow),
            "weights": None if self.tables is None else self.tables.document,
            "livetime": self.livetime,
            "harmonics": None if self.harmonics is None else _harmonics(self.harmonics),
            "config": self.provenance.config,
            "inputs": list(self.provenance.inputs),
            "models": self.provenance.models,
            "versions": self.provenance.versions,
        }

    def _directions(self) -> str:
        """Say which dipoles the ranges hold."""
        if any(r.far is not None for r in self.ranges):
            return "local, and far_dipole is folded back to those far from the magnetic field of the Earth"
        if any(r.back_traced is not None for r in self.ranges):
            return "local, and back_traced_dipole is of directions traced back out of the magnetic field of the Earth"
        return "local, not corrected for the deflection in the magnetic field of the Earth"


def _harmonics(ground: GroundDipole) -> dict[str, Any]:
    ra, azimuth = ground.right_ascension, ground.azimuth
    return {
        "right_ascension": {
            "a": ra.a,
            "b": ra.b,
            "r": ra.amplitude,
            "phase_deg": float(np.degrees(ra.phase_rad)) % 360.0,
            "p_value": ra.p_value,
            "sigma": ra.sigma,
        },
        "azimuth": {"a": azimuth.a, "b": azimuth.b, "sigma": azimuth.sigma},
        "d_perp": ground.delta_perp,
        "d_z": ground.delta_z,
        "d": ground.delta,
        "declination_deg": ground.declination_deg,
        "glon_deg": ground.glon_deg % 360.0,
        "glat_deg": ground.glat_deg,
    }


def write_result(folder: str, result: Result, *, overwrite: bool) -> None:
    """Write a result's folder, whole or not at all.

    Parameters
    ----------
    folder : str
        The folder to make.
    result : Result
        What was found.
    overwrite : bool
        Whether an earlier result there may be replaced.

    Raises
    ------
    DataError
        The folder exists and may not be replaced, or cannot be written.
    """
    from amsdipole.report.figures import rho_against_energy, save_figure
    from amsdipole.report.template_report import write_template_files

    document = result.document()
    with made_folder(Path(folder), overwrite=overwrite) as work:
        text = json.dumps(document, indent=2, allow_nan=False)
        (work / "result.json").write_text(text + "\n", encoding="utf-8")
        for item in result.ranges:
            _write_maps(work, item, {} if result.missing is None else missing_cards(result.missing))
        if len(result.ranges) > 1:
            save_figure(rho_against_energy(document), work / "rho_against_energy.png")
        if result.tables is not None and result.tables.fits:
            (work / "templates").mkdir()
            write_template_files(work / "templates", result.tables, figures=True)


def _write_maps(folder: Path, item: RangeResult, cards: dict[str, str | int | float]) -> None:
    label = range_name(item.energy_low_gev, None if item.cumulative else item.energy_high_gev)
    header: dict[str, str | int | float] = {"SCALE": 2.0**-32, "CREATOR": f"amsdipole {version('amsdipole')}"}
    header |= cards
    if item.energy_low_gev is not None and item.energy_high_gev is not None:
        header |= {"E_MIN": item.energy_low_gev, "E_MAX": item.energy_high_gev}
    counts = SkyMap(item.counts_map, "galactic", "", header)
    reference = SkyMap(item.reference_map, "galactic", "", {k: v for k, v in header.items() if k != "SCALE"})
    write_map(folder / f"counts_{label}.fits", counts, column="COUNTS")
    write_map(folder / f"reference_{label}.fits", reference, column="REFERENCE")
