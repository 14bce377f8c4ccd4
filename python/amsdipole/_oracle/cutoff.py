"""Twins of `cutoff.rs`."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import (
    Floats,
    all_good,
    all_unit,
    all_within,
    at_least,
    check_edges,
    rising,
    same_length,
    within,
)
from amsdipole.constants import EARTH_RADIUS_KM
from amsdipole.errors import RangeError


def check_position(position_km: Floats) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        radius2 = (position_km**2).sum(axis=1)
    near = (radius2 >= 6350.0**2) & (radius2 <= 100_000.0**2)
    all_good("position_km", position_km, near, "too near the centre or too far")


def stormer_cutoff(
    time_s: Floats,
    position_km: Floats,
    direction: Floats,
    half_angle_rad: float,
    charge_sign: int,
    dipole_time_s: Floats,
    dipole_k_gv: Floats,
    dipole_center_km: Floats,
    dipole_pole: Floats,
) -> Floats:
    same_length("position_km", len(position_km), len(time_s))
    same_length("direction", len(direction), len(time_s))
    within("half_angle_rad", half_angle_rad, 0.0, np.pi)
    if charge_sign not in (1, -1):
        raise RangeError(f"charge_sign = {charge_sign}: 1 or -1 is wanted")
    at_least("dipole_time_s", len(dipole_time_s), 2)
    rising("dipole_time_s", dipole_time_s)
    same_length("dipole_k_gv", len(dipole_k_gv), len(dipole_time_s))
    same_length("dipole_center_km", len(dipole_center_km), len(dipole_time_s))
    same_length("dipole_pole", len(dipole_pole), len(dipole_time_s))
    all_within("dipole_k_gv", dipole_k_gv, 0.0, 1e6)
    all_within("dipole_center_km", dipole_center_km.ravel(), -5000.0, 5000.0)
    all_unit("dipole_pole", dipole_pole)
    all_within("time_s", time_s, dipole_time_s[0], dipole_time_s[-1])
    check_position(position_km)
    all_unit("direction", direction)

    k_gv = np.interp(time_s, dipole_time_s, dipole_k_gv)
    center = np.column_stack([np.interp(time_s, dipole_time_s, c) for c in dipole_center_km.T])
    pole = np.column_stack([np.interp(time_s, dipole_time_s, c) for c in dipole_pole.T])
    pole /= np.linalg.norm(pole, axis=1, keepdims=True)
    from_center = position_km - center
    r_km = np.linalg.norm(from_center, axis=1)
    up = from_center / r_km[:, None]
    east = np.cross(pole, up)
    cos_latitude = np.linalg.norm(east, axis=1)
    east /= np.maximum(cos_latitude, np.finfo(float).tiny)[:, None]
    axis = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    angle_to_east = np.arccos(np.clip(charge_sign * (axis * east).sum(axis=1), -1.0, 1.0))
    # The direction of the cone nearest to the horizon point from which the cutoff is greatest.
    most = np.cos(np.maximum(0.0, angle_to_east - half_angle_rad))
    root = 1.0 + np.sqrt(np.maximum(0.0, 1.0 - most * cos_latitude**3))
    return np.asarray(k_gv * cos_latitude**4 / ((r_km / EARTH_RADIUS_KM) ** 2 * root**2))


def cutoff_class(cutoff_gv: Floats, factor: float, energy_edge_gev: Floats) -> NDArray[np.uint8]:
    within("factor", factor, 0.0, 100.0)
    check_edges(energy_edge_gev)
    all_within("cutoff_gv", cutoff_gv, 0.0, 1e6)
    return np.searchsorted(energy_edge_gev[:-1], factor * cutoff_gv, side="left").astype(np.uint8)
