from typing import final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

def set_threads(threads: int) -> None: ...
def threads() -> int: ...
def vector_to_pixel(vector: Floats, nside: int) -> Integers: ...
def pixel_to_vector(pixel: Integers, nside: int) -> Floats: ...
def teme_to_earth_fixed(time_s: Floats, vector: Floats) -> Floats: ...
def earth_fixed_to_teme(time_s: Floats, vector: Floats) -> Floats: ...
def geodetic(position_km: Floats) -> Floats: ...
def detector_attitude(
    position_km: Floats, velocity_km_s: Floats, angle_rad: Floats, mounting: Floats
) -> tuple[Floats, Floats]: ...
def attitude_in_frame(
    time_s: Floats, rotation: Floats, rate: Floats, knot_time_s: Floats, knot_matrix: Floats
) -> tuple[Floats, Floats]: ...
def vector_in_frame(time_s: Floats, vector: Floats, knot_time_s: Floats, knot_matrix: Floats) -> Floats: ...
def interpolated_states(
    time_s: Floats,
    segment_start_s: Floats,
    segment_offset: Integers,
    knot_start_s: Floats,
    step_s: float,
    position_km: Floats,
    velocity_km_s: Floats,
) -> tuple[Floats, Floats]: ...
def inside_polygon(
    longitude_deg: Floats, latitude_deg: Floats, corner_longitude_deg: Floats, corner_latitude_deg: Floats
) -> NDArray[np.bool_]: ...
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
) -> Floats: ...
def cutoff_class(cutoff_gv: Floats, factor: float, energy_edge_gev: Floats) -> NDArray[np.uint8]: ...
def livetime_cube(axis: Floats, units: Integers, nside: int, cos_edge: Floats) -> Integers: ...

@final
class AxisLivetime:
    def __new__(cls, nside: int, n_class: int) -> AxisLivetime: ...
    def add(
        self,
        rotation: Floats,
        rate: Floats,
        offset_s: float,
        livetime_s: Floats,
        cutoff_class: NDArray[np.uint8],
    ) -> None: ...
    def units(self) -> Integers: ...

@final
class Counts:
    def __new__(cls, nside: int, energy_edge_gev: Floats, cos_least: float) -> Counts: ...
    def add(
        self,
        time_s: Floats,
        direction: Floats,
        energy_gev: Floats,
        weight: Floats,
        second_time_s: Floats,
        step_s: float,
        rotation: Floats,
        rate: Floats,
        livetime_s: Floats,
        cutoff_class: NDArray[np.uint8],
    ) -> None: ...
    def units(self, which: int) -> Integers: ...
    def cut_flow(self) -> Integers: ...
