//! Glue of `amsdipole_core::igrf`.

use crate::convert::{rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::igrf as core;
use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Magnetic field at earth-fixed positions.
#[pyfunction]
pub fn magnetic_field<'py>(
    py: Python<'py>,
    position_km: PyReadonlyArray2<'py, f64>,
    coefficients_nt: PyReadonlyArray1<'py, f64>,
    loss_nt: f64,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (position_km, coefficients_nt) = (rows("position_km", &position_km)?, slice(&coefficients_nt)?);
    vectors(py, run(py, || core::magnetic_field(position_km, coefficients_nt, loss_nt))?)
}
