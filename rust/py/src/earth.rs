//! Glue of `amsdipole_core::earth`.

use crate::convert::{rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::earth as core;
use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Turn vectors from TEME to earth-fixed axes.
#[pyfunction]
pub fn teme_to_earth_fixed<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    vector: PyReadonlyArray2<'py, f64>,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (time_s, vector) = (slice(&time_s)?, rows("vector", &vector)?);
    vectors(py, run(py, || core::teme_to_earth_fixed(time_s, vector))?)
}

/// Turn vectors from earth-fixed axes to TEME.
#[pyfunction]
pub fn earth_fixed_to_teme<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    vector: PyReadonlyArray2<'py, f64>,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (time_s, vector) = (slice(&time_s)?, rows("vector", &vector)?);
    vectors(py, run(py, || core::earth_fixed_to_teme(time_s, vector))?)
}

/// Longitude, latitude and altitude of earth-fixed positions.
#[pyfunction]
pub fn geodetic<'py>(py: Python<'py>, position_km: PyReadonlyArray2<'py, f64>) -> Result<Bound<'py, PyArray2<f64>>> {
    let position_km = rows("position_km", &position_km)?;
    vectors(py, run(py, || core::geodetic(position_km))?)
}
