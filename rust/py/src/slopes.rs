//! Glue of `amsdipole_core::slopes`.

use crate::convert::{list, row_length, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::slopes as core;
use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

type Maxima<'py> =
    (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray3<f64>>, Bound<'py, PyArray3<f64>>, Bound<'py, PyArray1<i64>>);

/// Maxima of the dipole likelihoods of some skies.
#[pyfunction]
pub fn maximum_slopes<'py>(
    py: Python<'py>,
    counts: PyReadonlyArray2<'py, f64>,
    squared: PyReadonlyArray2<'py, f64>,
    offset: PyReadonlyArray2<'py, f64>,
    moment: PyReadonlyArray2<'py, f64>,
    scale: PyReadonlyArray1<'py, f64>,
    penalty: PyReadonlyArray2<'py, f64>,
) -> Result<Maxima<'py>> {
    let (n_sky, n) = (scale.len(), offset.shape()[1]);
    row_length("counts", &counts, offset.shape()[0])?;
    row_length("squared", &squared, offset.shape()[0])?;
    row_length("moment", &moment, n)?;
    row_length("penalty", &penalty, n)?;
    let (counts, squared, offset) = (slice(&counts)?, slice(&squared)?, slice(&offset)?);
    let (moment, scale, penalty) = (slice(&moment)?, slice(&scale)?, slice(&penalty)?);
    let found = run(py, || core::maximum_slopes(counts, squared, offset, n, moment, scale, penalty))?;
    Ok((
        list(py, found.slope).reshape([n_sky, n])?,
        list(py, found.information).reshape([n_sky, n, n])?,
        list(py, found.squared).reshape([n_sky, n, n])?,
        list(py, found.status),
    ))
}
