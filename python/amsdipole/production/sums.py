"""Sums of counts and of live time as the arrays of a result file, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError
from amsdipole.events import CountsCells, CountsMaps
from amsdipole.exposure import LivetimeAxes, LivetimeBudget

__all__ = ["axes_of", "axes_sums", "counts_of", "counts_sums"]

Content = tuple[dict[str, Any], dict[str, NDArray[Any]]]


def counts_sums(maps: Sequence[CountsMaps]) -> Content:
    """Give facts and arrays of counts by one or more weights; cells that hold nothing are left out where that is less.

    Notes
    -----
    A cell that is stored takes its number, its sum of weights and that of their squares: three numbers for two, so that
    maps of which two thirds are filled or more are stored whole.
    """
    facts: dict[str, Any] = {
        "kind": "events",
        "cut_flow": [list(part.cut_flow.items()) for part in maps],
        "shape": list(maps[0].weight_units.shape),
    }
    arrays: dict[str, NDArray[Any]] = {"energy_edge_gev": maps[0].energy_edge_gev}
    for i, part in enumerate(maps):
        weight, weight2 = part.weight_units.ravel(), part.weight2_units.ravel()
        cell = np.flatnonzero((weight != 0) | (weight2 != 0))
        if 3 * len(cell) < 2 * len(weight):
            arrays[f"cell_{i}"] = cell.astype(np.int64, copy=False)
            weight, weight2 = weight[cell], weight2[cell]
        arrays[f"weight_units_{i}"] = weight
        arrays[f"weight2_units_{i}"] = weight2
        arrays[f"cut_flow_by_bin_{i}"] = part.cut_flow_by_bin
    return facts, arrays


def counts_of(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[CountsCells, ...]:
    """Give the counts that `counts_sums` took apart, or refuse what is none."""
    if facts.get("kind") != "events":
        raise DataError(f"a shard of kind {facts.get('kind')!r}; 'events' is wanted")
    try:
        n_bin, npix = map(int, facts["shape"])
        return tuple(
            CountsCells(
                (n_bin, npix),
                arrays.get(f"cell_{i}"),
                arrays[f"weight_units_{i}"],
                arrays[f"weight2_units_{i}"],
                arrays["energy_edge_gev"],
                {str(name): int(n) for name, n in flow},
                arrays[f"cut_flow_by_bin_{i}"],
            )
            for i, flow in enumerate(facts["cut_flow"])
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"no sums of events ({type(error).__name__}: {error})") from error


def axes_sums(axes: LivetimeAxes) -> Content:
    """Give facts and arrays of live time."""
    facts: dict[str, Any] = {"kind": "seconds", "budget": asdict(axes.budget)}
    arrays: dict[str, NDArray[Any]] = {}
    for item in fields(axes):
        value = getattr(axes, item.name)
        if isinstance(value, np.ndarray):
            arrays[item.name] = value
        elif item.name != "budget":
            facts[item.name] = value
    return facts, arrays


def axes_of(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LivetimeAxes:
    """Give the live time that `axes_sums` took apart, or refuse what is none."""
    if facts.get("kind") != "seconds":
        raise DataError(f"a shard of kind {facts.get('kind')!r}; 'seconds' is wanted")
    budget: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in facts["budget"].items()}
    values = {**facts, **arrays, "budget": LivetimeBudget(**budget)}
    values["span_s"] = tuple((float(start), float(stop)) for start, stop in facts["span_s"])
    return LivetimeAxes(**{item.name: values[item.name] for item in fields(LivetimeAxes)})
