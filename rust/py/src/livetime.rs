//! Glue of `amsdipole_core::livetime`.

use crate::convert::{list, rows, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::livetime as core;
use numpy::{PyArray4, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Live time by pixel, bin of cos(zenith), sector of azimuth and cutoff class.
#[pyfunction]
pub fn livetime_cube<'py>(
    py: Python<'py>,
    axis: PyReadonlyArray2<'py, f64>,
    side: PyReadonlyArray2<'py, f64>,
    units: PyReadonlyArray2<'py, i64>,
    nside: i64,
    cos_edge: PyReadonlyArray1<'py, f64>,
    n_azimuth: usize,
) -> Result<Bound<'py, PyArray4<i64>>> {
    let n_class = units.as_array().ncols();
    let (axis, side) = (rows("axis", &axis)?, rows("side", &side)?);
    let (units, cos_edge) = (slice(&units)?, slice(&cos_edge)?);
    let cube = run(py, || core::livetime_cube(axis, side, units, n_class, nside, cos_edge, n_azimuth))?;
    let n_zenith = cos_edge.len() - 1;
    let npix = cube.len() / (n_zenith * n_azimuth * n_class);
    Ok(list(py, cube).reshape([npix, n_zenith, n_azimuth, n_class])?)
}
