//! Glue of `amsdipole_core::fold`.

use crate::convert::{list, rows, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::fold as core;
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Sum over axes of weight times response at each pixel's centre.
#[pyfunction]
pub fn folded_axes<'py>(
    py: Python<'py>,
    axis: PyReadonlyArray2<'py, f64>,
    weight: PyReadonlyArray1<'py, f64>,
    nside: i64,
    cos_least: f64,
    response: PyReadonlyArray1<'py, f64>,
) -> Result<Bound<'py, PyArray1<f64>>> {
    let (axis, weight, response) = (rows("axis", &axis)?, slice(&weight)?, slice(&response)?);
    Ok(list(py, run(py, || core::folded_axes(axis, weight, nside, cos_least, response))?))
}
