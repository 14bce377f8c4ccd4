"""Models of sources against a measured dipole: what is excluded, by which range, and what 2028 adds."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, FitError
from amsdipole.exposure import AMS_LEPTON_ACCEPTANCE, ams_live_share
from amsdipole.models import (
    NEARBY_PULSARS,
    Injection,
    Propagation,
    Pulsar,
    SourceModel,
    Turning,
    deflection_table,
    electron_flux,
    free_limit,
    positron_flux,
    range_dipole,
)
from amsdipole.report.published import TALK_ESTIMATES, TALK_LIMITS
from amsdipole.statistics import pattern_strength, sigma_isotropic

__all__ = ["GROWTH_2028", "model_document", "source_models"]

GROWTH_2028: Final = 17.0 / 9.0  # live time to 2028 over that of nine years (method, section 7)
_ORDER = (1, 2, 0)  # (FB, EW, NS) in the published order EW, NS, FB
_NAME = {"e+": "positrons", "e-": "electrons"}


def source_models(
    pulsars: Sequence[Pulsar], *, injection: Injection, propagation: Propagation
) -> tuple[SourceModel, ...]:
    """Make the models that are asked about: each pulsar as the whole source term, each by its power, and all.

    Parameters
    ----------
    pulsars : sequence of Pulsar
        The sources.
    injection : Injection
        How they give energy to pairs.
    propagation : Propagation
        Diffusion and losses.

    Returns
    -------
    tuple of SourceModel
        Two for each pulsar, and one for all where there are several.

    Examples
    --------
    >>> [m.name for m in source_models(NEARBY_PULSARS[:1], injection=Injection(), propagation=Propagation())]
    ['Geminga, whole source term', 'Geminga, by its power']
    """
    made = [SourceModel(f"{p.name}, whole source term", (p,), "source_term", injection, propagation) for p in pulsars]
    made += [SourceModel(f"{p.name}, by its power", (p,), "power", injection, propagation) for p in pulsars]
    if len(pulsars) > 1:
        made.append(SourceModel(f"all {len(pulsars)}, by their power", tuple(pulsars), "power", injection, propagation))
    return tuple(made)


def model_document(
    result: dict[str, Any] | None = None,
    *,
    species: str = "e+",
    pulsars: Sequence[Pulsar] = NEARBY_PULSARS,
    injection: Injection | None = None,
    propagation: Propagation | None = None,
    confidence: float = 0.95,
    growth: float = GROWTH_2028,
    turn: bool = True,
    seed: int = 2021,
) -> dict[str, Any]:
    """Compare the dipoles of pulsars with a measured one.

    Parameters
    ----------
    result : dict, optional
        Contents of ``result.json``; the published values of the nine years without it.
    species : {"e+", "e-"}
        Of the published values; a result names its own.
    pulsars : sequence of Pulsar
        The sources.
    injection : Injection, optional
        How they give energy to pairs.
    propagation : Propagation, optional
        Diffusion and losses.
    confidence : float
        Confidence of the exclusion.
    growth : float
        Events of 2028 over those of now.
    turn : bool
        Whether the models are turned by the deflection in the field of the Earth, as local directions are.
    seed : int
        Seed of the traced arrivals.

    Returns
    -------
    dict
        Numbers as JSON takes them.

    Raises
    ------
    DataError
        The result has no ranges of energy.
    RangeError
        A choice is out of range, or a range leaves 16 to 1000 GeV.

    Notes
    -----
    A result is compared by components: the strength of the model's pattern, its limit by CLs. Of the published
    analysis only the amplitude of 16 to 500 GeV is known: it is compared by amplitude, and its other ranges are
    estimates of what they could exclude.
    """
    cutoff = {"factor": 1.2, "cone_deg": 30.0}
    if result is not None:
        species = "e-" if result["config"]["cutoff"]["charge_sign"] < 0 else "e+"
        cutoff = {name: float(result["config"]["cutoff"][name]) for name in cutoff}
        turn = turn and result["components"]["directions"].startswith("local")
    measured = _published(species) if result is None else _measured(result)
    table: Turning | None = None
    if turn:
        table = deflection_table(
            1 if species == "e+" else -1,
            seed=seed,
            cutoff_factor=cutoff["factor"],
            cutoff_cone_deg=cutoff["cone_deg"],
        )
    chosen = (injection or Injection(), propagation or Propagation())
    found, impossible = [], []
    for model in source_models(pulsars, injection=chosen[0], propagation=chosen[1]):
        try:
            found.append(_model(model, measured, species, table, confidence, growth))
        except FitError as error:  # losses leave nothing of an old pulsar at the end of the range
            impossible.append({"name": model.name, "reason": str(error)})
    return {
        "format": "amsdipole-models",
        "format_version": 1,
        "name": f"AMS-02 {_NAME[species]}, as published" if result is None else result["name"],
        "species": species,
        "measured_from": "published amplitude" if result is None else "components of a result",
        "confidence": confidence,
        "growth_2028": growth,
        "turned": turn,
        "seed": seed,
        "injection": vars(chosen[0]),
        "propagation": vars(chosen[1]),
        "pulsars": [{**vars(p), "free_limit": free_limit(p.distance_kpc, p.age_kyr)} for p in pulsars],
        "models": found,
        "impossible": impossible,
    }


def _published(species: str) -> list[dict[str, Any]]:
    limit = TALK_LIMITS[species]
    rows: list[dict[str, Any]] = []
    for low, n in TALK_ESTIMATES[species].items():
        known = low == min(TALK_ESTIMATES[species])
        covariance = sigma_isotropic(n) ** 2 * np.eye(3)
        row: dict[str, Any] = {"low": low, "high": 500.0, "covariance": covariance, "rho": None, "n_eff": n}
        row["delta_ul"] = limit.delta_ul if known else None
        rows.append(row)
    return rows


def _measured(result: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for entry in result["ranges"]:
        if entry["energy_low_gev"] is None:
            raise DataError(f"{result['name']}: its range has no energies; models are compared by energy")
        limit = next((u["delta_ul"] for u in entry["limits"] if u["method"] == "cls"), entry["limits"][0]["delta_ul"])
        rows.append(
            {
                "low": entry["energy_low_gev"],
                "high": entry["energy_high_gev"],
                "rho": np.array([entry["rho"][c] for c in ("ew", "ns", "fb")]),
                "covariance": np.array(entry["covariance"]),
                "n_eff": entry["n_eff"],
                "delta_ul": limit,
            }
        )
    return rows


def _weight(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(AMS_LEPTON_ACCEPTANCE(energy) * ams_live_share(energy))


def _model(
    model: SourceModel,
    measured: list[dict[str, Any]],
    species: str,
    table: Turning | None,
    confidence: float,
    growth: float,
) -> dict[str, Any]:
    total = positron_flux if species == "e+" else electron_flux
    ranges = []
    for row in measured:
        found = range_dipole(model, row["low"], row["high"], total=total, weight=_weight, turning=table)
        ranges.append(_range(row, found.far, found.local, confidence, growth) | {
            "flux_share": found.flux_share,
            "largest_share": found.largest_share,
        })  # fmt: skip
    largest = max(r["largest_share"] for r in ranges)
    return {
        "name": model.name,
        "normalisation": model.normalisation,
        "contradicts_flux": largest > 1.0,
        "excluded_by": [r["energy_low_gev"] for r in ranges if r["excluded"]],
        "excludable_2028": [r["energy_low_gev"] for r in ranges if r["expected_limit_2028"] < 1.0],
        "ranges": ranges,
    }


def _range(
    row: dict[str, Any], far: NDArray[np.float64], local: NDArray[np.float64], confidence: float, growth: float
) -> dict[str, Any]:
    pattern = local[list(_ORDER)]
    rho = np.zeros(3) if row["rho"] is None else row["rho"]
    found = pattern_strength(rho, row["covariance"], pattern, confidence=confidence)
    delta = float(np.linalg.norm(local))
    by_component = row["rho"] is not None
    excluded = found.excluded if by_component else row["delta_ul"] is not None and delta > row["delta_ul"]
    return {
        "energy_low_gev": row["low"],
        "energy_high_gev": row["high"],
        "n_eff": row["n_eff"],
        "far": _components(far),
        "local": _components(local),
        "delta_far": float(np.linalg.norm(far)),
        "delta_local": delta,
        "delta_ul": row["delta_ul"],
        "strength": found.value if by_component else None,
        "strength_error": found.error,
        "strength_limit": found.upper_limit if by_component else None,
        "cls": found.cls if by_component else None,
        "expected_limit": found.expected_limit,
        "expected_limit_2028": found.expected_limit / float(np.sqrt(growth)),
        "excluded": bool(excluded),
    }


def _components(vector: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(vector[i]) for name, i in zip(("ew", "ns", "fb"), _ORDER, strict=True)}
