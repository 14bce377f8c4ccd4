"""Twins of `cutoff_scan.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    Floats,
    all_directed,
    all_indices,
    all_within,
    at_least,
    same_length,
    within,
)
from amsdipole._oracle.trace import ALLOWED, check_rigidity, check_starts, run, tracer
from amsdipole.errors import RangeError

ABOVE, BELOW = 1, 2


def check_sign(charge_sign: int) -> None:
    if charge_sign not in (1, -1):
        raise RangeError(f"charge_sign = {charge_sign}: 1 or -1 is wanted")


def cutoff_scan(
    position_km: Floats,
    direction: Floats,
    charge_sign: int,
    low_gv: Floats,
    high_gv: Floats,
    step_gv: float,
    width_gv: float,
    coefficients_nt: Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.uint8]]:
    limits = (escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max)
    t = tracer(coefficients_nt, *limits)
    n = len(position_km)
    same_length("direction", len(direction), n)
    same_length("low_gv", len(low_gv), n)
    same_length("high_gv", len(high_gv), n)
    all_directed("direction", direction)
    check_sign(charge_sign)
    within("step_gv", step_gv, 1e-6, 1e3)
    within("width_gv", width_gv, 0.0, 1e6)
    all_within("low_gv", low_gv, 1e-3, 1e6)
    all_within("high_gv", high_gv, 1e-3, 1e6)
    first = np.maximum(np.ceil(low_gv / step_gv - 1e-6), 1.0)
    last = np.floor(high_gv / step_gv + 1e-6)
    for i in np.flatnonzero(~((last >= first) & (last - first < 1e7))).tolist():
        raise RangeError(f"low_gv[{i}], high_gv[{i}] = {low_gv[i]}, {high_gv[i]}: no or too many multiples of the step")
    check_starts(t, position_km)
    upper, lower, effective, band = np.full((4, n), np.inf)
    wide = max(1, int(np.ceil(width_gv / step_gv - 1e-6)))
    beyond = np.zeros(n, np.uint8)
    for i in range(n):
        number = np.arange(first[i], last[i] + 1)
        m = len(number)
        rigidity = charge_sign * number * step_gv
        ends, _ = run(t, np.tile(position_km[i], (m, 1)), np.tile(direction[i], (m, 1)), rigidity)
        allowed = ends[0] == ALLOWED
        beyond[i] = ABOVE * (not allowed[-1]) + BELOW * bool(allowed[0])
        if allowed.any():
            lower[i] = step_gv * number[allowed].min()
        # The lowest rigidity from which on all are open over the width, or up to the end of the scan.
        edges = [k for k in range(m) if allowed[k : k + wide].all()]
        if edges:
            band[i] = step_gv * number[edges[0]]
        if allowed[-1]:
            shut = number[~allowed]
            k = shut.max() + 1 if len(shut) else number[0]
            upper[i] = step_gv * k
            effective[i] = step_gv * (k - (allowed & (number < k)).sum())
    return upper, lower, effective, band, beyond


def cone_cutoff(
    position_km: Floats,
    direction: Floats,
    cone: NDArray[np.int64],
    n_cone: int,
    charge_sign: int,
    low_gv: Floats,
    high_gv: Floats,
    ratio: float,
    coefficients_nt: Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> Floats:
    limits = (escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max)
    t = tracer(coefficients_nt, *limits)
    n, k = len(position_km), len(cone)
    at_least("cone", k, 1)
    within("n_cone", n_cone, 1, 1000)
    same_length("direction", direction.size // 3, n * k)
    same_length("low_gv", len(low_gv), n)
    same_length("high_gv", len(high_gv), n)
    all_indices("cone", cone, n_cone)
    if 0 not in cone:
        raise RangeError(f"cone = {cone.tolist()}: a direction of cone 0 is wanted")
    all_directed("direction", direction.reshape(-1, 3))
    check_sign(charge_sign)
    check_rigidity("low_gv", low_gv)
    check_rigidity("high_gv", high_gv)
    all_within("low_gv", low_gv, 1e-3, 1e6)
    within("ratio", ratio, 1e-5, 1.0)
    for i in np.flatnonzero(high_gv < low_gv).tolist():
        raise RangeError(f"high_gv[{i}] = {high_gv[i]}: low_gv or more is wanted")
    check_starts(t, position_km)
    cutoff = np.full((n, n_cone), np.inf)
    for i in range(n):
        level, settled = high_gv[i], n_cone
        while settled and level >= low_gv[i]:
            rigidity = np.full(k, charge_sign * level)
            ends, _ = run(t, np.tile(position_km[i], (k, 1)), direction[i], rigidity)
            shut = cone[ends[0] != ALLOWED]
            settled = min(settled, int(shut.min()) if len(shut) else n_cone)
            # Cones that are still open at this level.
            cutoff[i, :settled] = level
            level /= 1.0 + ratio
    return cutoff
