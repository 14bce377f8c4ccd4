//! Glue of `amsdipole_core::attitude`.

use crate::convert::{matrices, rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::attitude as core;
use numpy::{PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

type Attitude<'py> = (Bound<'py, PyArray3<f64>>, Bound<'py, PyArray2<f64>>);

/// Rotation from the detector to inertial axes, and the angular velocity of the local vertical.
#[pyfunction]
pub fn detector_attitude<'py>(
    py: Python<'py>,
    position_km: PyReadonlyArray2<'py, f64>,
    velocity_km_s: PyReadonlyArray2<'py, f64>,
    angle_rad: PyReadonlyArray2<'py, f64>,
    mounting: PyReadonlyArray2<'py, f64>,
) -> Result<Attitude<'py>> {
    let (position_km, velocity_km_s) = (rows("position_km", &position_km)?, rows("velocity_km_s", &velocity_km_s)?);
    let (angle_rad, mounting) = (rows("angle_rad", &angle_rad)?, slice(&mounting)?);
    let out = run(py, || core::detector_attitude(position_km, velocity_km_s, angle_rad, mounting))?;
    Ok((matrices(py, out.rotation)?, vectors(py, out.rate)?))
}

/// The same orientation in axes given at knots.
#[pyfunction]
pub fn attitude_in_frame<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    rotation: PyReadonlyArray3<'py, f64>,
    rate: PyReadonlyArray2<'py, f64>,
    knot_time_s: PyReadonlyArray1<'py, f64>,
    knot_matrix: PyReadonlyArray3<'py, f64>,
) -> Result<Attitude<'py>> {
    let (time_s, rotation, rate) = (slice(&time_s)?, rows("rotation", &rotation)?, rows("rate", &rate)?);
    let (knot_time_s, knot_matrix) = (slice(&knot_time_s)?, rows("knot_matrix", &knot_matrix)?);
    let out = run(py, || core::attitude_in_frame(time_s, rotation, rate, knot_time_s, knot_matrix))?;
    Ok((matrices(py, out.rotation)?, vectors(py, out.rate)?))
}

/// Vectors in axes given at knots.
#[pyfunction]
pub fn vector_in_frame<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    vector: PyReadonlyArray2<'py, f64>,
    knot_time_s: PyReadonlyArray1<'py, f64>,
    knot_matrix: PyReadonlyArray3<'py, f64>,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (time_s, vector) = (slice(&time_s)?, rows("vector", &vector)?);
    let (knot_time_s, knot_matrix) = (slice(&knot_time_s)?, rows("knot_matrix", &knot_matrix)?);
    vectors(py, run(py, || core::vector_in_frame(time_s, vector, knot_time_s, knot_matrix))?)
}
