//! Glue of `amsdipole_core::roll_livetime`.

use crate::convert::{list, rows, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::roll_livetime as core;
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

type Sums<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<u8>>,
    Bound<'py, PyArray1<u8>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray2<i64>>,
    Bound<'py, PyArray2<i64>>,
);

/// Exact sums of live time, and of live time times axis and side, by pixel of the axis, sector of the roll and class.
#[pyclass(module = "amsdipole._core")]
#[derive(Debug)]
pub struct RollLivetime(core::RollLivetime);

#[pymethods]
impl RollLivetime {
    #[new]
    fn new(nside: i64, n_class: usize, n_sector: usize) -> Result<Self> {
        Ok(Self(core::RollLivetime::new(nside, n_class, n_sector)?))
    }

    /// Add rows.
    fn add<'py>(
        &mut self,
        py: Python<'py>,
        axis: PyReadonlyArray2<'py, f64>,
        side: PyReadonlyArray2<'py, f64>,
        livetime_s: PyReadonlyArray1<'py, f64>,
        cutoff_class: PyReadonlyArray1<'py, u8>,
    ) -> Result<()> {
        let (axis, side) = (rows("axis", &axis)?, rows("side", &side)?);
        let (livetime_s, class) = (slice(&livetime_s)?, slice(&cutoff_class)?);
        let sums = &mut self.0;
        run(py, || sums.add(axis, side, livetime_s, class))
    }

    /// Pixel, sector, class, live time, moment of the axis and moment of the side of each cell that holds live time.
    fn sums<'py>(&self, py: Python<'py>) -> Result<Sums<'py>> {
        let sums = run(py, || Ok(self.0.sums()))?;
        let n = sums.pixel.len();
        Ok((
            list(py, sums.pixel),
            list(py, sums.sector),
            list(py, sums.class),
            list(py, sums.units),
            list(py, sums.moment).reshape([n, 3])?,
            list(py, sums.side_moment).reshape([n, 3])?,
        ))
    }
}
