"""Sums of counts and of live time as the arrays of a result file, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError
from amsdipole.events import CountsMaps
from amsdipole.exposure import LivetimeAxes, LivetimeBudget

__all__ = ["axes_of", "axes_sums", "counts_of", "counts_sums"]

Content = tuple[dict[str, Any], dict[str, NDArray[Any]]]


def counts_sums(maps: Sequence[CountsMaps]) -> Content:
    """Give facts and arrays of counts by one or more weights."""
    facts = {"kind": "events", "cut_flow": [list(part.cut_flow.items()) for part in maps]}
    arrays: dict[str, NDArray[Any]] = {"energy_edge_gev": maps[0].energy_edge_gev}
    for i, part in enumerate(maps):
        arrays[f"weight_units_{i}"] = part.weight_units
        arrays[f"weight2_units_{i}"] = part.weight2_units
        arrays[f"cut_flow_by_bin_{i}"] = part.cut_flow_by_bin
    return facts, arrays


def counts_of(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[CountsMaps, ...]:
    """Give the counts that `counts_sums` took apart, or refuse what is none."""
    if facts.get("kind") != "events":
        raise DataError(f"a shard of kind {facts.get('kind')!r}; 'events' is wanted")
    return tuple(
        CountsMaps(
            arrays[f"weight_units_{i}"],
            arrays[f"weight2_units_{i}"],
            arrays["energy_edge_gev"],
            {str(name): int(n) for name, n in flow},
            arrays[f"cut_flow_by_bin_{i}"],
        )
        for i, flow in enumerate(facts["cut_flow"])
    )


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
