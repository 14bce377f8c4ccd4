//! Glue of `amsdipole_core::axis_livetime`.

use crate::convert::{list, rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::axis_livetime as core;
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

type Sums<'py> =
    (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray2<i64>>);

/// Detector axis of each row, some time after that of its rotation.
#[pyfunction]
pub fn axes_at<'py>(
    py: Python<'py>,
    rotation: PyReadonlyArray3<'py, f64>,
    rate: PyReadonlyArray2<'py, f64>,
    offset_s: f64,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (rotation, rate) = (rows("rotation", &rotation)?, rows("rate", &rate)?);
    vectors(py, run(py, || core::axes_at(rotation, rate, offset_s))?)
}

/// Exact sums of live time, and of live time times axis, by pixel of the axis and cutoff class.
#[pyclass(module = "amsdipole._core")]
#[derive(Debug)]
pub struct AxisLivetime(core::AxisLivetime);

#[pymethods]
impl AxisLivetime {
    #[new]
    fn new(nside: i64, n_class: usize) -> Result<Self> {
        Ok(Self(core::AxisLivetime::new(nside, n_class)?))
    }

    /// Add rows.
    fn add<'py>(
        &mut self,
        py: Python<'py>,
        axis: PyReadonlyArray2<'py, f64>,
        livetime_s: PyReadonlyArray1<'py, f64>,
        cutoff_class: PyReadonlyArray1<'py, u8>,
    ) -> Result<()> {
        let (axis, livetime_s, class) = (rows("axis", &axis)?, slice(&livetime_s)?, slice(&cutoff_class)?);
        let sums = &mut self.0;
        run(py, || sums.add(axis, livetime_s, class))
    }

    /// Pixel, class, live time and moment of each cell that holds live time.
    fn sums<'py>(&self, py: Python<'py>) -> Result<Sums<'py>> {
        let sums = run(py, || Ok(self.0.sums()))?;
        let n = sums.pixel.len();
        Ok((list(py, sums.pixel), list(py, sums.class), list(py, sums.units), list(py, sums.moment).reshape([n, 3])?))
    }
}
