"""The dipole of directions traced back through the Earth's field. Composition only."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config
from amsdipole.counting import Progress, candidate_files, selection_of
from amsdipole.errors import ConfigError
from amsdipole.events import BackTracedCounts, accepted_by_bin, count_back_traced
from amsdipole.exposure import BackTracedReference, back_traced_reference
from amsdipole.instrument import Instrument
from amsdipole.sky import pixel_centers, vector_to_pixel
from amsdipole.statistics import fit_dipole, fit_limits, with_shifts
from amsdipole.weighting import WeightedMaps

__all__ = ["BackTraced", "back_traced", "back_traced_dipole"]

_NSIDE_MAX = 16  # 3.7 deg: a dipole loses 0.04 % by its pixels, and each pixel holds hundreds of arrivals
_SEED = 28

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BackTraced:
    """Events and exposure by where they came from far from the Earth.

    Attributes
    ----------
    counts : BackTracedCounts
        The events.
    reference : BackTracedReference
        What an isotropic flux would give.
    """

    counts: BackTracedCounts
    reference: BackTracedReference


def back_traced(
    config: Config, parts: Instrument, maps: WeightedMaps, *, progress: Progress | None = None
) -> BackTraced:
    """Trace the events of a configuration, and arrivals of an isotropic flux, back in time.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    parts : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    maps : WeightedMaps
        The same events by their local directions, and their weights.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    BackTraced
        Counts and reference.

    Raises
    ------
    ConfigError
        Weights go by region of the sky.
    DataError
        A table is at fault.

    Notes
    -----
    Some 10^5 trajectories a second and core; the progress tells what is left.
    """
    report = progress if progress is not None else _silent
    nside = min(config.map.nside, _NSIDE_MAX)
    purity = None
    if maps.tables is not None and config.weights is not None:
        if maps.tables.nside_region is not None:
            raise ConfigError(
                f"fit.directions = 'back_traced' wants weights of energy bins alone; these go by regions of nside "
                f"{maps.tables.nside_region}, which are those of local directions"
            )
        method = config.weights.method
        purity = maps.tables.lookup(method, nside=nside, energy_edge_gev=parts.navigator.energy_edge_gev)
    events = candidate_files(config, () if purity is None else tuple(b.column for b in purity.bins))
    counts = count_back_traced(
        events,
        parts.seconds,
        parts.navigator,
        coefficients=parts.field,
        nside=nside,
        cos_least=parts.geometry.cos_least,
        selection=selection_of(config.selection),
        purity=purity,
        progress=lambda done: report("events traced back", done, events.n_event),
    )
    if not np.array_equal(accepted_by_bin(counts.maps) + counts.n_shut, accepted_by_bin(maps.signal)):
        raise AssertionError("the events that were traced back are not those that were counted")
    n = config.fit.n_arrival
    reference = back_traced_reference(
        parts.seconds,
        parts.navigator,
        coefficients=parts.field,
        flux=parts.flux,
        acceptance=parts.acceptance,
        geometry=parts.table or parts.geometry,
        nside=nside,
        first_bin=int(np.searchsorted(parts.navigator.energy_edge_gev, min(config.energy.ranges_gev))),
        n_arrival=n,
        rng=np.random.default_rng(_SEED),
        efficiency=parts.efficiency,
        progress=lambda done: report("reference traced back", done, n),
    )
    return BackTraced(counts, reference)


def back_traced_dipole(config: Config, traced: BackTraced, maps: WeightedMaps, bins: slice) -> dict[str, Any]:
    """Fit the dipole of one range of energy to asymptotic directions.

    Parameters
    ----------
    config : Config
        Configuration.
    traced : BackTraced
        Events and reference.
    maps : WeightedMaps
        What the weights mean.
    bins : slice
        Energy bins of the range.

    Returns
    -------
    dict
        As ``result.json`` holds it.

    Raises
    ------
    FitError
        The range is empty or its fit does not converge.

    Notes
    -----
    Pixels that hold events and no arrival of the reference are joined with their neighbours to the next larger pixel.
    A flux 1 + d . n far from the Earth fills asymptotic directions by the reference times 1 + d . n: the fit is that of
    local directions with other maps, and finds d itself. What the finite sample of the reference adds to the errors,
    M^-1 sum v^2 (n - <n>)(n - <n>)^T M^-1 / (sum v)^2 for arrivals of weight v, is in the covariance.
    """
    chosen = traced.counts.maps
    expected, spread = (getattr(traced.reference, name)[bins].sum(axis=0) for name in ("weight", "weight2"))
    cell = _cells(chosen.weights2(bins) > 0.0, expected > 0.0)
    maps_of = (chosen.weights(bins), chosen.weights2(bins), expected, spread)
    weights, weights2, reference, variance = (_added(values, cell) for values in maps_of)
    pixel = pixel_centers(_nside(expected))
    center = np.column_stack([_added(pixel[:, axis], cell) for axis in range(3)])
    center /= np.linalg.norm(center, axis=1, keepdims=True)
    shifts = _shifts_of_sample(center, reference, variance)
    fit = with_shifts(
        fit_dipole(
            weights,
            reference,
            center,
            estimator=config.fit.estimator,
            sum_weight2=weights2,
            weighting=maps.weighting,
        ),
        shifts,
    )
    limits = fit_limits(fit, methods=config.fit.limits, confidence=config.fit.confidence)
    n_shut = int(traced.counts.n_shut[bins].sum())
    return {
        "rho": _components(fit.rho),
        "error": _components(np.sqrt(np.diag(fit.covariance))),
        "error_of_reference": _components(np.sqrt(sum(shift**2 for shift in shifts.values()))),
        "covariance_fb_ew_ns": fit.covariance.tolist(),
        "delta_m": fit.delta_m,
        "sigma": fit.sigma,
        "chi2": fit.chi2,
        "p_value": fit.p_value,
        "n_eff": fit.n_eff,
        "limits": [{"method": u.method, "confidence": u.confidence, "delta_ul": u.delta_ul} for u in limits],
        "n_cell": len(reference),
        "n_event": int(accepted_by_bin(chosen)[bins].sum()),
        "n_event_shut": n_shut,
        "n_arrival_traced": traced.reference.n_traced,
        "n_arrival_shut": traced.reference.n_shut,
        "seed": _SEED,
    }


def _cells(held: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give each pixel the number of its cell: itself, or a larger pixel where it holds events and no reference."""
    nside = _nside(held)
    cell = np.arange(len(held))
    center = pixel_centers(nside)
    size = nside
    while size > 1:
        n = int(cell.max()) + 1
        bad = (np.bincount(cell, weights=held, minlength=n) > 0) & (np.bincount(cell, weights=known, minlength=n) == 0)
        if not bad.any():
            break
        size //= 2
        parent = vector_to_pixel(center, size)
        joined = np.isin(parent, parent[bad[cell]])
        # A cell that was joined before lies within one parent as a whole.
        cell = np.where(joined, n + parent, cell)
    return np.asarray(np.unique(cell, return_inverse=True)[1])


def _added(values: Floats, cell: NDArray[np.int64]) -> Floats:
    return np.asarray(np.bincount(cell, weights=values), dtype=np.float64)


def _shifts_of_sample(center: Floats, reference: Floats, variance: Floats) -> dict[str, Floats]:
    """Shifts of the dipole, of one standard error each, that stand for the finite sample of the reference."""
    total = reference.sum()
    apart = center - reference @ center / total
    spread = (reference * apart.T) @ apart / total
    mean = np.linalg.solve(spread, (variance * apart.T) @ apart / total**2)
    value, vector = np.linalg.eigh(np.linalg.solve(spread, mean.T))
    return {f"reference {i + 1}": shift for i, shift in enumerate((vector * np.sqrt(np.maximum(value, 0.0))).T)}


def _nside(values: NDArray[Any]) -> int:
    return round(float(np.sqrt(len(values) / 12)))


def _components(vector: Floats) -> dict[str, float]:
    fb, ew, ns = (float(v) for v in vector)
    return {"ew": ew, "ns": ns, "fb": fb}


def _silent(stage: str, done: int, total: int) -> None:
    pass
