from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = NDArray[np.float64]
_Column: TypeAlias = NDArray[np.float64] | NDArray[np.float32]
_Integers: TypeAlias = NDArray[np.int64]

__all__ = [
    "AxisLivetime",
    "Counts",
    "PurityTable",
    "RollLivetime",
    "attitude_in_frame",
    "axes_at",
    "cone_cutoff",
    "cutoff_class",
    "cutoff_scan",
    "detector_attitude",
    "earth_fixed_to_teme",
    "folded_attitudes",
    "folded_axes",
    "geodetic",
    "inside_polygon",
    "interpolated_states",
    "livetime_cube",
    "magnetic_field",
    "maximum_slopes",
    "navigation",
    "orbit_axes",
    "pixel_to_vector",
    "poisson_counts",
    "set_threads",
    "stormer_cutoff",
    "teme_to_earth_fixed",
    "threads",
    "trace",
    "trajectory",
    "vector_in_frame",
    "vector_to_pixel",
]

def set_threads(threads: int) -> None: ...
def threads() -> int: ...
def vector_to_pixel(vector: _Floats, nside: int) -> _Integers: ...
def pixel_to_vector(pixel: _Integers, nside: int) -> _Floats: ...
def teme_to_earth_fixed(time_s: _Floats, vector: _Floats) -> _Floats: ...
def earth_fixed_to_teme(time_s: _Floats, vector: _Floats) -> _Floats: ...
def geodetic(position_km: _Floats) -> _Floats: ...
def detector_attitude(
    position_km: _Floats, velocity_km_s: _Floats, angle_rad: _Floats, mounting: _Floats
) -> tuple[_Floats, _Floats]: ...
def attitude_in_frame(
    time_s: _Floats, rotation: _Floats, rate: _Floats, knot_time_s: _Floats, knot_matrix: _Floats
) -> tuple[_Floats, _Floats]: ...
def vector_in_frame(time_s: _Floats, vector: _Floats, knot_time_s: _Floats, knot_matrix: _Floats) -> _Floats: ...
def navigation(
    time_s: _Floats,
    position_km: _Floats,
    velocity_km_s: _Floats,
    angle_rad: _Floats,
    mounting: _Floats,
    knot_time_s: _Floats,
    knot_matrix: _Floats,
    half_angle_rad: float,
    charge_sign: int,
    dipole_time_s: _Floats,
    dipole_k_gv: _Floats,
    dipole_center_km: _Floats,
    dipole_pole: _Floats,
) -> tuple[_Floats, _Floats, _Floats]: ...
def interpolated_states(
    time_s: _Floats,
    segment_start_s: _Floats,
    segment_offset: _Integers,
    knot_start_s: _Floats,
    step_s: float,
    position_km: _Floats,
    velocity_km_s: _Floats,
) -> tuple[_Floats, _Floats]: ...
def inside_polygon(
    longitude_deg: _Floats, latitude_deg: _Floats, corner_longitude_deg: _Floats, corner_latitude_deg: _Floats
) -> NDArray[np.bool_]: ...
def stormer_cutoff(
    time_s: _Floats,
    position_km: _Floats,
    direction: _Floats,
    half_angle_rad: float,
    charge_sign: int,
    dipole_time_s: _Floats,
    dipole_k_gv: _Floats,
    dipole_center_km: _Floats,
    dipole_pole: _Floats,
) -> _Floats: ...
def cutoff_class(cutoff_gv: _Floats, factor: float, energy_edge_gev: _Floats) -> NDArray[np.uint8]: ...
def livetime_cube(
    axis: _Floats, side: _Floats, units: _Integers, nside: int, cos_edge: _Floats, n_azimuth: int
) -> _Integers: ...
def poisson_counts(uniform: _Floats, mean: _Floats) -> _Floats: ...
def maximum_slopes(
    counts: _Floats, squared: _Floats, offset: _Floats, moment: _Floats, scale: _Floats, penalty: _Floats
) -> tuple[_Floats, _Floats, _Floats, _Integers]: ...
def axes_at(rotation: _Floats, rate: _Floats, offset_s: float) -> _Floats: ...
def folded_attitudes(
    axis: _Floats,
    side: _Floats,
    weight: _Floats,
    nside: int,
    cos_least: float,
    response: _Floats,
    pattern: _Floats,
) -> _Floats: ...
def folded_axes(axis: _Floats, weight: _Floats, nside: int, cos_least: float, response: _Floats) -> _Floats: ...
def orbit_axes(
    time_s: _Floats,
    segment_start_s: _Floats,
    segment_offset: _Integers,
    knot_start_s: _Floats,
    step_s: float,
    position_km: _Floats,
    velocity_km_s: _Floats,
    angle_rad: _Floats,
    mounting: _Floats,
    offset_s: float,
    knot_time_s: _Floats,
    knot_matrix: _Floats,
    half_angle_rad: float,
    charge_sign: int,
    dipole_time_s: _Floats,
    dipole_k_gv: _Floats,
    dipole_center_km: _Floats,
    dipole_pole: _Floats,
) -> tuple[_Floats, _Floats, _Floats, _Floats]: ...

@final
class AxisLivetime:
    def __new__(cls, nside: int, n_class: int) -> AxisLivetime: ...
    def add(self, axis: _Floats, livetime_s: _Floats, cutoff_class: NDArray[np.uint8]) -> None: ...
    def sums(self) -> tuple[_Integers, NDArray[np.uint8], _Integers, _Integers]: ...

@final
class RollLivetime:
    def __new__(cls, nside: int, n_class: int, n_sector: int) -> RollLivetime: ...
    def add(self, axis: _Floats, side: _Floats, livetime_s: _Floats, cutoff_class: NDArray[np.uint8]) -> None: ...
    def sums(
        self,
    ) -> tuple[_Integers, NDArray[np.uint8], NDArray[np.uint8], _Integers, _Integers, _Integers]: ...

@final
class Counts:
    def __new__(cls, nside: int, energy_edge_gev: _Floats, cos_least: float, n_selection: int = 0) -> Counts: ...
    def add(
        self,
        time_s: _Floats,
        direction: _Floats | tuple[_Column, _Column, _Column],
        energy_gev: _Column,
        weight: _Column | None,
        second_time_s: _Floats,
        step_s: float,
        rotation: _Floats,
        rate: _Floats,
        livetime_s: _Floats,
        cutoff_class: NDArray[np.uint8],
        failed: NDArray[np.uint8] | None = None,
        response: _Column | None = None,
        purity: PurityTable | None = None,
    ) -> None: ...
    def units(self, which: int) -> _Integers: ...
    def cut_flow(self) -> _Integers: ...
    def cut_flow_by_bin(self) -> _Integers: ...

@final
class PurityTable:
    def __new__(cls, low: float, high: float, region: _Integers, value: _Floats) -> PurityTable: ...

def magnetic_field(position_km: _Floats, coefficients_nt: _Floats, loss_nt: float) -> _Floats: ...
def trace(
    position_km: _Floats,
    direction: _Floats,
    rigidity_gv: _Floats,
    coefficients_nt: _Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> tuple[NDArray[np.uint8], _Floats, _Floats, _Floats, _Integers]: ...
def trajectory(
    position_km: _Floats,
    direction: _Floats,
    rigidity_gv: float,
    coefficients_nt: _Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> _Floats: ...
def cutoff_scan(
    position_km: _Floats,
    direction: _Floats,
    charge_sign: int,
    low_gv: _Floats,
    high_gv: _Floats,
    step_gv: float,
    width_gv: float,
    coefficients_nt: _Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> tuple[_Floats, _Floats, _Floats, _Floats, NDArray[np.uint8]]: ...
def cone_cutoff(
    position_km: _Floats,
    direction: _Floats,
    cone: _Integers,
    n_cone: int,
    charge_sign: int,
    low_gv: _Floats,
    high_gv: _Floats,
    ratio: float,
    coefficients_nt: _Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> _Floats: ...
