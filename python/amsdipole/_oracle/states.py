"""Twin of `states.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    Floats,
    all_finite,
    all_finite_vectors,
    all_within,
    at_least,
    rising,
    same_length,
    within,
)
from amsdipole.errors import DataError


def interpolated_states(
    time_s: Floats,
    segment_start_s: Floats,
    segment_offset: NDArray[np.int64],
    knot_start_s: Floats,
    step_s: float,
    position_km: Floats,
    velocity_km_s: Floats,
) -> tuple[Floats, Floats]:
    n_segment = len(knot_start_s)
    at_least("knot_start_s", n_segment, 1)
    same_length("segment_start_s", len(segment_start_s), n_segment + 1)
    same_length("segment_offset", len(segment_offset), n_segment + 1)
    same_length("velocity_km_s", len(velocity_km_s), len(position_km))
    within("step_s", step_s, 1e-3, 1e6)
    rising("segment_start_s", segment_start_s)
    all_finite("knot_start_s", knot_start_s)
    all_finite_vectors("position_km", position_km)
    all_finite_vectors("velocity_km_s", velocity_km_s)
    if segment_offset[0] != 0 or segment_offset[-1] != len(position_km):
        ends = f"{segment_offset[0]} to {segment_offset[-1]}"
        raise DataError(f"segment_offset runs from {ends}; 0 to {len(position_km)} is wanted")
    n_knot = np.diff(segment_offset)
    covered = (n_knot >= 2) & (knot_start_s <= segment_start_s[:-1])
    covered &= knot_start_s + (n_knot - 1) * step_s >= segment_start_s[1:]
    if not covered.all():
        i = int(np.argmin(covered))
        raise DataError(f"segment {i}: its {n_knot[i]} knots do not cover it")
    all_within("time_s", time_s, segment_start_s[0], segment_start_s[-1])
    segment = np.clip(np.searchsorted(segment_start_s[:-1], time_s, side="right") - 1, 0, n_segment - 1)
    start_s = knot_start_s[segment]
    inside = np.minimum(np.floor((time_s - start_s) / step_s).astype(np.int64), n_knot[segment] - 2)
    inside -= time_s < start_s + inside * step_s
    i = segment_offset[segment] + inside
    u = ((time_s - (start_s + inside * step_s)) / step_s)[:, None]
    p0, p1 = position_km[i], position_km[i + 1]
    v0, v1 = velocity_km_s[i] * step_s, velocity_km_s[i + 1] * step_s
    # The four cubic Hermite polynomials and their derivatives.
    position = (1 + 2 * u) * (1 - u) ** 2 * p0 + u * (1 - u) ** 2 * v0 + u**2 * (3 - 2 * u) * p1 + u**2 * (u - 1) * v1
    slope = 6 * u * (u - 1) * (p0 - p1) + (1 - u) * (1 - 3 * u) * v0 + u * (3 * u - 2) * v1
    return position, slope / step_s
