//! Glue of `amsdipole_core::healpix`.

use crate::convert::{list, rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::healpix as core;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Pixel of each direction.
#[pyfunction]
pub fn vector_to_pixel<'py>(
    py: Python<'py>,
    vector: PyReadonlyArray2<'py, f64>,
    nside: i64,
) -> Result<Bound<'py, PyArray1<i64>>> {
    let vector = rows("vector", &vector)?;
    Ok(list(py, run(py, || core::vector_to_pixel(vector, nside))?))
}

/// Unit vector to the centre of each pixel.
#[pyfunction]
pub fn pixel_to_vector<'py>(
    py: Python<'py>,
    pixel: PyReadonlyArray1<'py, i64>,
    nside: i64,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let pixel = slice(&pixel)?;
    vectors(py, run(py, || core::pixel_to_vector(pixel, nside))?)
}
