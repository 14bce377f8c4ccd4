//! Glue of `amsdipole_core::poisson`.

use crate::convert::{list, row_length, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::poisson as core;
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// Poisson numbers of skies from uniform numbers.
#[pyfunction]
pub fn poisson_counts<'py>(
    py: Python<'py>,
    uniform: PyReadonlyArray2<'py, f64>,
    mean: PyReadonlyArray1<'py, f64>,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let shape = [uniform.shape()[0], uniform.shape()[1]];
    row_length("uniform", &uniform, mean.len())?;
    let (uniform, mean) = (slice(&uniform)?, slice(&mean)?);
    Ok(list(py, run(py, || core::poisson_counts(uniform, mean))?).reshape(shape)?)
}
