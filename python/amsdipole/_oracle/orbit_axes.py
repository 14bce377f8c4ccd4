"""Twin of `orbit_axes.rs`: the kernels that it puts together, one after the other."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.attitude import attitude_in_frame, detector_attitude
from amsdipole._oracle.axis_livetime import axes_at
from amsdipole._oracle.check import Floats, all_finite, all_good, same_length
from amsdipole._oracle.cutoff import stormer_cutoff
from amsdipole._oracle.earth import geodetic, teme_to_earth_fixed
from amsdipole._oracle.states import interpolated_states
from amsdipole.constants import EARTH_ROTATION_RAD_S


def orbit_axes(
    time_s: Floats,
    segment_start_s: Floats,
    segment_offset: NDArray[np.int64],
    knot_start_s: Floats,
    step_s: float,
    position_km: Floats,
    velocity_km_s: Floats,
    angle_rad: Floats,
    mounting: Floats,
    offset_s: float,
    knot_time_s: Floats,
    knot_matrix: Floats,
    half_angle_rad: float,
    charge_sign: int,
    dipole_time_s: Floats,
    dipole_k_gv: Floats,
    dipole_center_km: Floats,
    dipole_pole: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    position, velocity = interpolated_states(
        time_s, segment_start_s, segment_offset, knot_start_s, step_s, position_km, velocity_km_s
    )
    same_length("angle_rad", len(angle_rad), 3)
    all_finite("angle_rad", angle_rad)
    all_finite("mounting", mounting)
    axes_at(np.zeros((0, 3, 3)), np.zeros((0, 3)), offset_s)
    dipole = (dipole_time_s, dipole_k_gv, dipole_center_km, dipole_pole)
    attitude_in_frame(time_s, np.zeros((len(time_s), 3, 3)), np.zeros((len(time_s), 3)), knot_time_s, knot_matrix)
    up = np.tile([[7000.0, 0.0, 0.0]], (len(time_s), 1))
    stormer_cutoff(time_s, up, up / 7000.0, half_angle_rad, charge_sign, *dipole)
    with np.errstate(over="ignore"):
        radius2 = (position_km**2).sum(axis=1)
    near = (radius2 >= 6350.0**2) & (radius2 <= 100_000.0**2)
    all_good("position_km", position_km, near, "too near the centre or too far")
    rotation, rate = detector_attitude(position, velocity, np.tile(angle_rad, (len(time_s), 1)), mounting)
    sky = axes_at(*attitude_in_frame(time_s, rotation, rate, knot_time_s, knot_matrix), offset_s)
    earth = teme_to_earth_fixed(time_s, axes_at(rotation, rate, offset_s))
    sin, cos = np.sin(EARTH_ROTATION_RAD_S * offset_s), np.cos(EARTH_ROTATION_RAD_S * offset_s)
    earth = earth @ np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    here = teme_to_earth_fixed(time_s, position)
    axis = teme_to_earth_fixed(time_s, np.ascontiguousarray(rotation[:, :, 2]))
    cutoff = stormer_cutoff(time_s, here, axis, half_angle_rad, charge_sign, *dipole)
    return sky, earth, geodetic(here), cutoff
