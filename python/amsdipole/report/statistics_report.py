"""Studies on toys, and null tests, as documents and as text."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import ConfigError
from amsdipole.report.text import METHOD_TITLES
from amsdipole.sky import pixel_centers
from amsdipole.statistics import (
    LIMIT_METHODS,
    LimitMethod,
    WeightClass,
    coverage_study,
    pull_study,
    purity_classes,
    sweight_classes,
)

__all__ = ["coverage_document", "coverage_table", "nulls_table", "pulls_document", "pulls_table"]

Progress = Callable[[str, int, int], None]
Floats = NDArray[np.float64]


def coverage_document(
    reference: Floats,
    *,
    n_event: float,
    delta_sigma: Sequence[float],
    methods: Sequence[str] | None,
    confidence: float,
    n_toy: int,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run a coverage study; see `amsdipole.statistics.coverage_study`."""
    chosen: list[LimitMethod] = []
    for name in LIMIT_METHODS if methods is None else methods:
        found = next((method for method in LIMIT_METHODS if method == name), None)
        if found is None:
            raise ConfigError(f"method = {name!r} is none of {', '.join(LIMIT_METHODS)}")
        chosen.append(found)
    rows = coverage_study(
        reference,
        pixel_centers(round((len(reference) / 12) ** 0.5)),
        n_event=n_event,
        delta_sigma=delta_sigma,
        methods=chosen,
        confidence=confidence,
        n_toy=n_toy,
        seed=seed,
        progress=progress,
    )
    return {
        "n_event": n_event,
        "confidence": confidence,
        "n_toy": n_toy,
        "seed": seed,
        "coverage": [
            {
                "method": row.method,
                "delta_sigma": row.delta_sigma,
                "coverage": row.coverage,
                "binomial_error": row.error,
                "theory": row.theory,
            }
            for row in rows
        ],
    }


def coverage_table(document: dict[str, Any]) -> str:
    """Lay out a coverage study for a terminal: per cent, binomial error in the last digits, theory in brackets."""
    rows = document["coverage"]
    sizes = list(dict.fromkeys(row["delta_sigma"] for row in rows))
    lines = [
        (
            f"Coverage in per cent of limits at {100 * document['confidence']:g} %, {document['n_toy']:,} toys of "
            f"{document['n_event']:g} events each, seed {document['seed']} (theory for a round covariance):"
        ),
        f"{'delta / sigma':>18}" + "".join(f"{size:>21g}" for size in sizes),
    ]
    for method in dict.fromkeys(row["method"] for row in rows):
        cells = "".join(
            f"{100 * r['coverage']:>8.2f} ±{100 * r['binomial_error']:.2f} ({100 * r['theory']:6.2f})"
            for r in rows
            if r["method"] == method
        )
        lines.append(f"{METHOD_TITLES[method]:>18}{cells}")
    return "\n".join(lines)


def pulls_document(
    reference: Floats,
    *,
    n_event: float,
    rho: tuple[float, float, float],
    weights: str,
    l_max: int,
    n_toy: int,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run a study of pulls; see `amsdipole.statistics.pull_study`."""
    choices: dict[str, Callable[[], list[WeightClass]]] = {
        "unit": lambda: [WeightClass(1.0, n_event)],
        "purity": lambda: purity_classes(n_event),
        "sweights": lambda: sweight_classes(n_event, 0.5 * n_event),
    }
    if weights not in choices:
        raise ConfigError(f"weights = {weights!r} is none of {', '.join(choices)}")
    found = pull_study(
        reference,
        pixel_centers(round((len(reference) / 12) ** 0.5)),
        classes=choices[weights](),
        rho=rho,
        weighting="signal" if weights == "sweights" else "purity",
        l_max=l_max,
        n_toy=n_toy,
        seed=seed,
        progress=progress,
    )
    rows = zip(found.names, found.mean.tolist(), found.width.tolist(), found.sandwich_width.tolist(), strict=True)
    return {
        "n_event": n_event,
        "injected": dict(zip(("fb", "ew", "ns"), rho, strict=True)),
        "weights": weights,
        "n_toy": n_toy,
        "seed": seed,
        "mean_error": n_toy**-0.5,
        "width_error": (2 * n_toy) ** -0.5,
        "pulls": [{"name": n, "mean": m, "width": w, "sandwich_width": s} for n, m, w, s in rows],
    }


def pulls_table(document: dict[str, Any]) -> str:
    """Lay out a study of pulls for a terminal."""
    lines = [
        (
            f"Pulls of {document['n_toy']:,} toys of {document['n_event']:g} signal events, weights: "
            f"{document['weights']}, seed {document['seed']}:"
        ),
        f"{'':>8} {'mean':>16} {'width':>16} {'with sandwich errors':>22}",
    ]
    for row in document["pulls"]:
        mean, width = (
            f"{row[k]:+.3f} ± {document[f'{k}_error']:.3f}"
            if k == "mean"
            else f"{row[k]:.3f} ± {document['width_error']:.3f}"
            for k in ("mean", "width")
        )
        lines.append(f"{row['name']:>8} {mean:>16} {width:>16} {row['sandwich_width']:>22.3f}")
    return "\n".join(lines)


def nulls_table(document: dict[str, Any]) -> str:
    """Lay out null tests for a terminal."""
    lines = [
        (
            f"Null tests above {document['energy_low_gev']:g} GeV: {document['n_event']:,} events, "
            f"N_eff = {document['n_eff']:.0f}, seed {document['seed']}:"
        ),
        f"{'test':<16} {'chi2':>9} {'dof':>4} {'p-value':>9}",
    ]
    for row in document["tests"]:
        name = row["name"].replace("_", " ")
        if row["chi2"] is None:
            lines.append(f"{name:<16} {'not applicable: ' + row['reason']}")
        else:
            lines.append(f"{name:<16} {row['chi2']:>9.2f} {row['dof']:>4} {row['p_value']:>9.3g}")
    toys = document.get("toys")
    if toys is not None:
        lines.append(f"p-values of {toys['n_toy']} isotropic toys of {toys['n_event']:,} events, Kolmogorov-Smirnov:")
        lines += [
            f"{row['name'].replace('_', ' '):<16} {row['ks_p_value']:.3f} ({row['n']} toys)"
            for row in toys["uniformity"]
        ]
    return "\n".join(lines)
