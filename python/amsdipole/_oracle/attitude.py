"""Twins of `attitude.rs`."""

import numpy as np

from amsdipole._oracle.check import (
    Floats,
    all_directed,
    all_finite,
    all_finite_vectors,
    all_good,
    all_within,
    at_least,
    rising,
    same_length,
)


def detector_attitude(
    position_km: Floats, velocity_km_s: Floats, angle_rad: Floats, mounting: Floats
) -> tuple[Floats, Floats]:
    same_length("velocity_km_s", len(velocity_km_s), len(position_km))
    same_length("angle_rad", len(angle_rad), len(position_km))
    same_length("mounting", mounting.size, 9)
    all_directed("position_km", position_km)
    all_finite_vectors("velocity_km_s", velocity_km_s)
    all_finite_vectors("angle_rad", angle_rad)
    all_finite("mounting", mounting)
    momentum = np.cross(position_km, velocity_km_s)
    norm2 = (position_km**2).sum(axis=1)
    spanned = (momentum**2).sum(axis=1) > 1e-12 * norm2 * (velocity_km_s**2).sum(axis=1)
    all_good("velocity_km_s", velocity_km_s, spanned, "along the position")
    z = -position_km / np.sqrt(norm2)[:, None]
    y = -momentum / np.linalg.norm(momentum, axis=1, keepdims=True)
    local = np.stack([np.cross(y, z), y, z], axis=2)
    yaw, pitch, roll = angle_rad.T
    body = _turn(2, yaw) @ _turn(1, pitch) @ _turn(0, roll)
    return local @ body @ mounting, momentum / norm2[:, None]


def _turn(axis: int, angle: Floats) -> Floats:
    """Active rotations about one axis, shape (n, 3, 3)."""
    out = np.zeros((len(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[:, axis, axis] = 1.0
    out[:, i, i] = out[:, j, j] = np.cos(angle)
    out[:, j, i] = np.sin(angle)
    out[:, i, j] = -np.sin(angle)
    return out


def _matrix_at(time_s: Floats, knot_time_s: Floats, knot_matrix: Floats) -> Floats:
    at_least("knot_time_s", len(knot_time_s), 2)
    rising("knot_time_s", knot_time_s)
    same_length("knot_matrix", len(knot_matrix), len(knot_time_s))
    all_finite("knot_matrix", knot_matrix)
    all_within("time_s", time_s, knot_time_s[0], knot_time_s[-1])
    i = np.clip(np.searchsorted(knot_time_s, time_s, side="right") - 1, 0, len(knot_time_s) - 2)
    share = (time_s - knot_time_s[i]) / (knot_time_s[i + 1] - knot_time_s[i])
    return np.asarray(knot_matrix[i] + (knot_matrix[i + 1] - knot_matrix[i]) * share[:, None, None])


def attitude_in_frame(
    time_s: Floats, rotation: Floats, rate: Floats, knot_time_s: Floats, knot_matrix: Floats
) -> tuple[Floats, Floats]:
    same_length("rotation", len(rotation), len(time_s))
    same_length("rate", len(rate), len(time_s))
    frame = _matrix_at(time_s, knot_time_s, knot_matrix)
    all_finite("rotation", rotation)
    all_finite("rate", rate)
    return frame @ rotation, np.einsum("nij,nj->ni", frame, rate)


def vector_in_frame(time_s: Floats, vector: Floats, knot_time_s: Floats, knot_matrix: Floats) -> Floats:
    same_length("vector", len(vector), len(time_s))
    frame = _matrix_at(time_s, knot_time_s, knot_matrix)
    all_finite_vectors("vector", vector)
    turned: Floats = np.einsum("nij,nj->ni", frame, vector)
    return turned
