"""Refusals of the kernels, in the same order and with the same classes."""

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, OverflowedError, RangeError, ShapeError

Floats = NDArray[np.float64]

UNITS = 2.0**32  # units in 1: the fixed point of every sum
UNIT_TOLERANCE = 1e-6  # directions stored in single precision miss by 2e-7 in the squared norm
STEP_MAX_S = 60.0  # longest row of a seconds table


def same_length(name: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise ShapeError(f"{name} has length {found}; {wanted} is wanted")


def at_least(name: str, found: int, least: int) -> None:
    if found < least:
        raise ShapeError(f"{name} has length {found}; {least} or more is wanted")


def all_good(name: str, values: NDArray[np.generic], good: NDArray[np.bool_], rule: str) -> None:
    if not good.all():
        i = int(np.argmin(good))
        raise RangeError(f"{name}[{i}] = {values[i]}: {rule}")


def all_within(name: str, values: Floats, low: float, high: float) -> None:
    all_good(name, values, (values >= low) & (values <= high), f"outside [{low}, {high}]")


def within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise RangeError(f"{name} = {value} is outside [{low}, {high}]")


def all_finite(name: str, values: Floats) -> None:
    flat = values.ravel()
    all_good(name, flat, np.isfinite(flat), "not finite")


def all_finite_vectors(name: str, values: Floats) -> None:
    all_good(name, values, np.asarray(np.isfinite(values).all(axis=1)), "not finite")


def all_unit(name: str, values: Floats) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        all_good(name, values, np.abs((values**2).sum(axis=1) - 1.0) <= UNIT_TOLERANCE, "no unit vector")


def all_directed(name: str, values: Floats) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        norm2 = (values**2).sum(axis=1)
        good = (norm2 >= np.finfo(float).tiny) & (norm2 < np.finfo(float).max)
    all_good(name, values, good, "zero or not finite")


def all_indices(name: str, values: NDArray[np.integer], below: int) -> None:
    all_good(name, values, (values >= 0) & (values < below), f"outside [0, {below})")


def rising(name: str, values: Floats) -> None:
    all_finite(name, values)
    late = np.diff(values) <= 0
    if late.any():
        raise DataError(f"{name}[{int(late.argmax()) + 1}] does not come after the one before")


def check_nside(nside: int) -> None:
    if not 1 <= nside <= 8192 or nside & (nside - 1):
        raise RangeError(f"nside = {nside}: a power of two from 1 to 8192 is wanted")


def check_edges(energy_edge_gev: Floats) -> None:
    at_least("energy_edge_gev", len(energy_edge_gev), 2)
    if len(energy_edge_gev) > 255:
        raise ShapeError(f"energy_edge_gev has length {len(energy_edge_gev)}; 255 or fewer is wanted")
    all_within("energy_edge_gev", energy_edge_gev, np.finfo(float).tiny, np.finfo(float).max)
    rising("energy_edge_gev", energy_edge_gev)


def to_units(value: Floats) -> NDArray[np.int64]:
    """Nearest number of units of 2^-32, ties to even."""
    return np.rint(value * UNITS).astype(np.int64)


def check_sum(name: str, terms: list[int]) -> None:
    """Refuse a list of magnitudes whose sum could leave 63 bits."""
    if sum(terms) >= 2**63:
        raise OverflowedError(f"{name}: a cell could exceed 2^63 units of 2^-32; use fewer, smaller inputs")
