//! Glue of `amsdipole_core::fold_roll`.

use crate::convert::{list, row_length, rows, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::fold_roll as core;
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Sum over attitudes of weight times response to each pixel's centre.
#[pyfunction]
pub fn folded_attitudes<'py>(
    py: Python<'py>,
    axis: PyReadonlyArray2<'py, f64>,
    side: PyReadonlyArray2<'py, f64>,
    weight: PyReadonlyArray1<'py, f64>,
    nside: i64,
    cos_least: f64,
    response: PyReadonlyArray1<'py, f64>,
    pattern: PyReadonlyArray2<'py, f64>,
) -> Result<Bound<'py, PyArray1<f64>>> {
    let n = pattern.as_array().nrows();
    row_length("pattern", &pattern, n)?;
    let (axis, side) = (rows("axis", &axis)?, rows("side", &side)?);
    let (weight, response, pattern) = (slice(&weight)?, slice(&response)?, slice(&pattern)?);
    Ok(list(py, run(py, || core::folded_attitudes(axis, side, weight, nside, cos_least, response, pattern, n))?))
}
