//! Glue of `amsdipole_core::trace`.

use crate::convert::{list, rows, slice, vectors};
use crate::error::{Result, shape_error};
use crate::pool::run;
use amsdipole_core::trace as core;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Outcome, direction, position, path and number of steps.
type Ends<'py> = (
    Bound<'py, PyArray1<u8>>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<i64>>,
);

/// Limits from the arguments that every tracing function ends with.
pub fn limits(
    escape_radius_km: f64,
    floor_altitude_km: f64,
    error_bound: f64,
    loss_nt: f64,
    path_max_km: f64,
    n_step_max: i64,
) -> core::Limits {
    core::Limits { escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max }
}

/// Trace particles back in time.
#[pyfunction]
pub fn trace<'py>(
    py: Python<'py>,
    position_km: PyReadonlyArray2<'py, f64>,
    direction: PyReadonlyArray2<'py, f64>,
    rigidity_gv: PyReadonlyArray1<'py, f64>,
    coefficients_nt: PyReadonlyArray1<'py, f64>,
    escape_radius_km: f64,
    floor_altitude_km: f64,
    error_bound: f64,
    loss_nt: f64,
    path_max_km: f64,
    n_step_max: i64,
) -> Result<Ends<'py>> {
    let (position_km, direction) = (rows("position_km", &position_km)?, rows("direction", &direction)?);
    let (rigidity_gv, coefficients_nt) = (slice(&rigidity_gv)?, slice(&coefficients_nt)?);
    let limits = limits(escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max);
    let ends = run(py, || core::trace(position_km, direction, rigidity_gv, coefficients_nt, &limits))?;
    Ok((
        list(py, ends.outcome),
        vectors(py, ends.direction)?,
        vectors(py, ends.position_km)?,
        list(py, ends.path_km),
        list(py, ends.n_step),
    ))
}

/// The steps of one trajectory.
#[pyfunction]
pub fn trajectory<'py>(
    py: Python<'py>,
    position_km: PyReadonlyArray1<'py, f64>,
    direction: PyReadonlyArray1<'py, f64>,
    rigidity_gv: f64,
    coefficients_nt: PyReadonlyArray1<'py, f64>,
    escape_radius_km: f64,
    floor_altitude_km: f64,
    error_bound: f64,
    loss_nt: f64,
    path_max_km: f64,
    n_step_max: i64,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (position_km, direction) =
        (vector("position_km", slice(&position_km)?)?, vector("direction", slice(&direction)?)?);
    let coefficients_nt = slice(&coefficients_nt)?;
    let limits = limits(escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max);
    let points = run(py, || core::trajectory(&position_km, &direction, rigidity_gv, coefficients_nt, &limits))?;
    let n = points.len();
    Ok(points.into_flattened().into_pyarray(py).reshape([n, 7])?)
}

fn vector(name: &str, values: &[f64]) -> Result<[f64; 3]> {
    values.try_into().map_err(|_| shape_error(format!("{name} has {} elements; 3 are wanted", values.len())))
}
