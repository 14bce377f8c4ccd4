"""Twin of `navigation.rs`: the kernels that it puts together, one after the other."""

import numpy as np

from amsdipole._oracle.attitude import attitude_in_frame, detector_attitude
from amsdipole._oracle.check import Floats, same_length
from amsdipole._oracle.cutoff import check_position, stormer_cutoff
from amsdipole._oracle.earth import teme_to_earth_fixed


def navigation(
    time_s: Floats,
    position_km: Floats,
    velocity_km_s: Floats,
    angle_rad: Floats,
    mounting: Floats,
    knot_time_s: Floats,
    knot_matrix: Floats,
    half_angle_rad: float,
    charge_sign: int,
    dipole_time_s: Floats,
    dipole_k_gv: Floats,
    dipole_center_km: Floats,
    dipole_pole: Floats,
) -> tuple[Floats, Floats, Floats]:
    same_length("position_km", len(position_km), len(time_s))
    rotation, rate = detector_attitude(position_km, velocity_km_s, angle_rad, mounting)
    sky, sky_rate = attitude_in_frame(time_s, rotation, rate, knot_time_s, knot_matrix)
    check_position(position_km)
    position = teme_to_earth_fixed(time_s, position_km)
    axis = teme_to_earth_fixed(time_s, np.ascontiguousarray(rotation[:, :, 2]))
    dipole = (dipole_time_s, dipole_k_gv, dipole_center_km, dipole_pole)
    return sky, sky_rate, stormer_cutoff(time_s, position, axis, half_angle_rad, charge_sign, *dipole)
