"""A fit with systematics as a document and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._files import read_json
from amsdipole.errors import ConfigError, DataError, FrameError
from amsdipole.report.text import limit_table
from amsdipole.sky import SkyMap, pixel_centers
from amsdipole.statistics import LIMIT_METHODS, LimitMethod, fit_dipole, impacts, vector_limits, with_shifts

__all__ = ["impact_document", "impact_table", "read_shifts"]

Floats = NDArray[np.float64]
_NAMES = ("fb", "ew", "ns")


def read_shifts(path: Path, low_gev: float | None) -> dict[str, list[float]]:
    """Read shifts of the dipole for one standard error of each systematic.

    Parameters
    ----------
    path : pathlib.Path
        JSON: a list ``shifts`` with ``variation``, ``rho`` (``ew``, ``ns``, ``fb``) and ``energy_low_gev``, as
        ``amsdipole systematics --json`` prints it.
    low_gev : float or None
        Range; the first that is found if None.

    Returns
    -------
    dict
        (fb, ew, ns) by the name of the variation.

    Raises
    ------
    DataError
        The file is missing or is something else, or has no shift of that range.
    """
    try:
        rows = read_json(path)["shifts"]
        found = [(row.get("energy_low_gev"), row["variation"], [float(row["rho"][c]) for c in _NAMES]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no table of shifts ({type(error).__name__}: {error})") from error
    low = found[0][0] if found and low_gev is None else low_gev
    chosen = {name: vector for at, name, vector in found if at == low}
    if not chosen:
        raise DataError(f"{path}: no shift above {low} GeV; there are {sorted({str(at) for at, _, _ in found})}")
    return chosen


def impact_document(
    counts: SkyMap,
    reference: SkyMap,
    squared: SkyMap | None,
    *,
    varied: Mapping[str, tuple[SkyMap, SkyMap]],
    shifts: Mapping[str, list[float]],
    weighting: str,
    l_max: int,
    confidence: float,
    methods: Sequence[LimitMethod] = tuple(LIMIT_METHODS),
) -> dict[str, Any]:
    """Fit with nuisance parameters, rank their impacts and make limits.

    Parameters
    ----------
    counts, reference : SkyMap
        Sum of weights, and what isotropy would give.
    squared : SkyMap or None
        Sum of squared weights.
    varied : mapping of str to (SkyMap, SkyMap)
        A reference with a systematic moved by one standard error, and the one that it was moved from.
    shifts : mapping of str to list of float
        Shifts of (fb, ew, ns) for one standard error.
    weighting : str
        "purity" or "signal".
    l_max : int
        Greatest degree of the multipoles.
    confidence : float
        Confidence of the limits.
    methods : sequence of str, optional
        Methods of the limits; all without it.

    Returns
    -------
    dict
        Numbers as JSON takes them; components in the axes of the maps.

    Raises
    ------
    FrameError, DataError, ConfigError, FitError
        Maps differ, a choice is unknown, or the dipole is not determined.
    """
    if weighting not in ("purity", "signal"):
        raise ConfigError(f"weighting = {weighting!r}: purity or signal is wanted")
    others = {"reference": reference, "squared": squared}
    others |= {name: other for name, pair in varied.items() for other in pair}
    others |= {f"{name}, unmoved": pair[1] for name, pair in varied.items()}
    for name, other in others.items():
        if other is not None and other.frame != counts.frame:
            raise FrameError(f"the counts are in {counts.frame} axes, {name} in {other.frame} axes")
        if other is not None and other.nside != counts.nside:
            raise DataError(f"the counts have nside = {counts.nside}, {name} has {other.nside}")
    nominal = reference.values
    templates = {name: _template(name, moved.values, own.values, nominal) for name, (moved, own) in varied.items()}
    options: dict[str, Any] = {
        "sum_weight2": None if squared is None else squared.values,
        "weighting": weighting,
        "l_max": l_max,
    }
    center = pixel_centers(counts.nside)
    plain = fit_dipole(counts.values, nominal, center, **options)
    fit = fit_dipole(counts.values, nominal, center, templates=templates, **options) if templates else plain
    ranked = impacts(fit, shifts=shifts)
    whole = with_shifts(fit, shifts)
    found = vector_limits(whole.rho, whole.covariance, methods=list(methods), confidence=confidence)
    statistical = vector_limits(plain.rho, plain.covariance, methods=list(methods), confidence=confidence)
    both = replace(whole, rho=plain.rho.copy())
    return {
        "format": "amsdipole-impacts",
        "frame": counts.frame,
        "l_max": l_max,
        "rho": dict(zip(_NAMES, whole.rho.tolist(), strict=True)),
        "rho_without_templates": dict(zip(_NAMES, both.rho.tolist(), strict=True)),
        "error": dict(zip(_NAMES, np.sqrt(np.diag(whole.covariance)).tolist(), strict=True)),
        "statistical_error": dict(zip(_NAMES, np.sqrt(np.diag(plain.covariance)).tolist(), strict=True)),
        "covariance": whole.covariance.tolist(),
        "coefficients": [
            {"name": n, "value": v, "error": e}
            for n, v, e in zip(
                fit.names, fit.coefficient.tolist(), np.sqrt(np.diag(fit.coefficient_covariance)).tolist(), strict=True
            )
        ],
        "n_eff": whole.n_eff,
        "sigma": whole.sigma,
        "sigma_source": "sqrt(trace(covariance) / 3), systematics included",
        "delta_m": whole.delta_m,
        "p_value": whole.p_value,
        "significance": whole.significance,
        "limits": [{"method": u.method, "confidence": u.confidence, "delta_ul": u.delta_ul} for u in found],
        "statistical_limits": [
            {"method": u.method, "confidence": u.confidence, "delta_ul": u.delta_ul} for u in statistical
        ],
        "impacts": [
            {
                "name": i.name,
                "pull": i.pull,
                "pull_error": i.pull_error,
                "before": dict(zip(_NAMES, i.before.tolist(), strict=True)),
                "after": dict(zip(_NAMES, i.after.tolist(), strict=True)),
                "size": i.size,
            }
            for i in ranked
        ],
    }


def _template(name: str, moved: Floats, own: Floats, nominal: Floats) -> Floats:
    """Return the relative change of the reference; the pixels that the fit looks at must be known of both maps."""
    bare = (own <= 0.0) & ((moved > 0.0) | (nominal > 0.0))
    if bare.any():
        raise DataError(f"{name}: no exposure in pixel {int(bare.argmax())} of the map that it was moved from")
    return np.divide(moved, own, out=np.ones_like(own), where=own > 0.0) - 1.0


def impact_table(document: dict[str, Any]) -> str:
    """Lay out a fit with systematics for a terminal."""
    lines = [f"Dipole in {document['frame'].replace('_', '-')} axes, systematics as nuisance parameters:"]
    for name in _NAMES:
        parts = tuple(100 * document[key][name] for key in ("rho", "error", "statistical_error"))
        lines.append("  rho_{:<3} = {:+.4f} ± {:.4f} % (statistical {:.4f})".format(name.upper(), *parts))
    lines += ["", f"{'impact in units of 1e-4':<36} {'FB':>8} {'EW':>8} {'NS':>8} {'length':>8} {'pull':>14}"]
    for row in document["impacts"]:
        values = " ".join(f"{1e4 * v:>8.3f}" for v in (*row["after"].values(), row["size"]))
        lines.append(f"{row['name']:<36} {values} {row['pull']:>+7.2f} ± {row['pull_error']:.2f}")
    lines += ["", f"p = {document['p_value']:.4g} ({document['significance']:.2f} sigma)", limit_table(document)]
    return "\n".join(lines)
