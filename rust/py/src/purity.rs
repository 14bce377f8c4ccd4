//! Glue of `amsdipole_core::purity`.

use crate::convert::slice;
use crate::error::Result;
use amsdipole_core::purity as core;
use numpy::{PyReadonlyArray1, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// Weights by energy bin, region and bin of the response.
#[pyclass(frozen, module = "amsdipole._core")]
#[derive(Debug)]
pub struct PurityTable(pub core::PurityTable);

#[pymethods]
impl PurityTable {
    #[new]
    fn new(low: f64, high: f64, region: PyReadonlyArray1<'_, i64>, value: PyReadonlyArray3<'_, f64>) -> Result<Self> {
        Ok(Self(core::PurityTable::new(low, high, value.shape()[2], slice(&region)?, slice(&value)?)?))
    }
}
