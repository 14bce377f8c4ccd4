//! Glue of `amsdipole_core::orbit_axes`.

use crate::convert::{dipole_knots, list, rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::orbit_axes as core;
use amsdipole_core::states::StateKnots;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

type Axes<'py> =
    (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

/// Axis in the sky and on the Earth, place and cutoff of each row of an orbit.
#[pyfunction]
pub fn orbit_axes<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    segment_start_s: PyReadonlyArray1<'py, f64>,
    segment_offset: PyReadonlyArray1<'py, i64>,
    knot_start_s: PyReadonlyArray1<'py, f64>,
    step_s: f64,
    position_km: PyReadonlyArray2<'py, f64>,
    velocity_km_s: PyReadonlyArray2<'py, f64>,
    angle_rad: PyReadonlyArray1<'py, f64>,
    mounting: PyReadonlyArray2<'py, f64>,
    offset_s: f64,
    knot_time_s: PyReadonlyArray1<'py, f64>,
    knot_matrix: PyReadonlyArray3<'py, f64>,
    half_angle_rad: f64,
    charge_sign: i64,
    dipole_time_s: PyReadonlyArray1<'py, f64>,
    dipole_k_gv: PyReadonlyArray1<'py, f64>,
    dipole_center_km: PyReadonlyArray2<'py, f64>,
    dipole_pole: PyReadonlyArray2<'py, f64>,
) -> Result<Axes<'py>> {
    let time_s = slice(&time_s)?;
    let knots = StateKnots {
        segment_start_s: slice(&segment_start_s)?,
        segment_offset: slice(&segment_offset)?,
        knot_start_s: slice(&knot_start_s)?,
        step_s,
        position_km: rows("position_km", &position_km)?,
        velocity_km_s: rows("velocity_km_s", &velocity_km_s)?,
    };
    let setting = core::Setting {
        angle_rad: slice(&angle_rad)?,
        mounting: slice(&mounting)?,
        offset_s,
        knot_time_s: slice(&knot_time_s)?,
        knot_matrix: rows("knot_matrix", &knot_matrix)?,
        half_angle_rad,
        charge_sign,
        dipole: dipole_knots(&dipole_time_s, &dipole_k_gv, &dipole_center_km, &dipole_pole)?,
    };
    let out = run(py, || core::orbit_axes(&knots, time_s, &setting))?;
    Ok((vectors(py, out.sky)?, vectors(py, out.earth)?, vectors(py, out.place)?, list(py, out.cutoff_gv)))
}
