//! Glue of `amsdipole_core::navigation`.

use crate::convert::{dipole_knots, list, matrices, rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::navigation as core;
use numpy::{PyArray1, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

type Navigation<'py> = (Bound<'py, PyArray3<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

/// Orientation in the sky and its rate, and the cutoff of each second.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "columns of a table, knots of a frame and of a dipole")]
pub fn navigation<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    position_km: PyReadonlyArray2<'py, f64>,
    velocity_km_s: PyReadonlyArray2<'py, f64>,
    angle_rad: PyReadonlyArray2<'py, f64>,
    mounting: PyReadonlyArray2<'py, f64>,
    knot_time_s: PyReadonlyArray1<'py, f64>,
    knot_matrix: PyReadonlyArray3<'py, f64>,
    half_angle_rad: f64,
    charge_sign: i64,
    dipole_time_s: PyReadonlyArray1<'py, f64>,
    dipole_k_gv: PyReadonlyArray1<'py, f64>,
    dipole_center_km: PyReadonlyArray2<'py, f64>,
    dipole_pole: PyReadonlyArray2<'py, f64>,
) -> Result<Navigation<'py>> {
    let table = core::Rows {
        time_s: slice(&time_s)?,
        position_km: rows("position_km", &position_km)?,
        velocity_km_s: rows("velocity_km_s", &velocity_km_s)?,
        angle_rad: rows("angle_rad", &angle_rad)?,
    };
    let (mounting, knot_time_s) = (slice(&mounting)?, slice(&knot_time_s)?);
    let knot_matrix = rows("knot_matrix", &knot_matrix)?;
    let dipole = dipole_knots(&dipole_time_s, &dipole_k_gv, &dipole_center_km, &dipole_pole)?;
    let out =
        run(py, || core::navigation(&table, mounting, knot_time_s, knot_matrix, half_angle_rad, charge_sign, &dipole))?;
    Ok((matrices(py, out.attitude.rotation)?, vectors(py, out.attitude.rate)?, list(py, out.cutoff_gv)))
}
