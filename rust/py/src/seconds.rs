//! Glue of `amsdipole_core::seconds`.

use crate::convert::{list, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::seconds as core;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// Whether each point lies inside a polygon.
#[pyfunction]
pub fn inside_polygon<'py>(
    py: Python<'py>,
    longitude_deg: PyReadonlyArray1<'py, f64>,
    latitude_deg: PyReadonlyArray1<'py, f64>,
    corner_longitude_deg: PyReadonlyArray1<'py, f64>,
    corner_latitude_deg: PyReadonlyArray1<'py, f64>,
) -> Result<Bound<'py, PyArray1<bool>>> {
    let (longitude_deg, latitude_deg) = (slice(&longitude_deg)?, slice(&latitude_deg)?);
    let (corner_longitude, corner_latitude) = (slice(&corner_longitude_deg)?, slice(&corner_latitude_deg)?);
    let inside = run(py, || core::inside_polygon(longitude_deg, latitude_deg, corner_longitude, corner_latitude))?;
    Ok(list(py, inside))
}
