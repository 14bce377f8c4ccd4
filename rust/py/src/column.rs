//! Columns in single or double precision.

use crate::convert::{rows, slice};
use crate::error::Result;
use amsdipole_core::column as core;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// A column as a table holds it.
#[derive(Debug, FromPyObject)]
pub enum Column<'py> {
    /// float64.
    #[pyo3(transparent, annotation = "float64 array")]
    Double(PyReadonlyArray1<'py, f64>),
    /// float32.
    #[pyo3(transparent, annotation = "float32 array")]
    Single(PyReadonlyArray1<'py, f32>),
}

impl Column<'_> {
    /// Its numbers.
    pub fn numbers(&self) -> Result<core::Column<'_>> {
        Ok(match self {
            Self::Double(array) => core::Column::Double(slice(array)?),
            Self::Single(array) => core::Column::Single(slice(array)?),
        })
    }
}

/// Directions as an array of rows, or as columns of their components.
#[derive(Debug, FromPyObject)]
pub enum Directions<'py> {
    /// Shape (n, 3), float64.
    #[pyo3(transparent, annotation = "float64 array of shape (n, 3)")]
    Rows(PyReadonlyArray2<'py, f64>),
    /// x, y and z.
    #[pyo3(transparent, annotation = "tuple of three arrays")]
    Columns((Column<'py>, Column<'py>, Column<'py>)),
}

impl Directions<'_> {
    /// Its vectors.
    pub fn vectors(&self) -> Result<core::Directions<'_>> {
        Ok(match self {
            Self::Rows(array) => core::Directions::Rows(rows("direction", array)?),
            Self::Columns((x, y, z)) => core::Directions::Columns([x.numbers()?, y.numbers()?, z.numbers()?]),
        })
    }
}
