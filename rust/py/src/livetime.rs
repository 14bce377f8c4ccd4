//! Glue of `amsdipole_core::livetime`.

use crate::convert::{list, rows, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::livetime as core;
use numpy::{PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

/// Live time summed exactly by pixel of the detector axis and cutoff class.
#[pyclass(module = "amsdipole._core")]
#[derive(Debug)]
pub struct AxisLivetime(core::AxisLivetime);

#[pymethods]
impl AxisLivetime {
    #[new]
    fn new(nside: i64, n_class: usize) -> Result<Self> {
        Ok(Self(core::AxisLivetime::new(nside, n_class)?))
    }

    /// Add rows of a seconds table.
    fn add<'py>(
        &mut self,
        py: Python<'py>,
        rotation: PyReadonlyArray3<'py, f64>,
        rate: PyReadonlyArray2<'py, f64>,
        offset_s: f64,
        livetime_s: PyReadonlyArray1<'py, f64>,
        cutoff_class: PyReadonlyArray1<'py, u8>,
    ) -> Result<()> {
        let (rotation, rate) = (rows("rotation", &rotation)?, rows("rate", &rate)?);
        let (livetime_s, class) = (slice(&livetime_s)?, slice(&cutoff_class)?);
        let sums = &mut self.0;
        run(py, || sums.add(rotation, rate, offset_s, livetime_s, class))
    }

    /// Sums so far in units of 2^-32 s.
    fn units<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyArray2<i64>>> {
        let n_class = self.0.n_class();
        let units = run(py, || self.0.units())?;
        let n_axis = units.len() / n_class;
        Ok(list(py, units).reshape([n_axis, n_class])?)
    }
}

/// Live time by pixel, bin of cos(zenith) and cutoff class.
#[pyfunction]
pub fn livetime_cube<'py>(
    py: Python<'py>,
    axis: PyReadonlyArray2<'py, f64>,
    units: PyReadonlyArray2<'py, i64>,
    nside: i64,
    cos_edge: PyReadonlyArray1<'py, f64>,
) -> Result<Bound<'py, PyArray3<i64>>> {
    let n_class = units.as_array().ncols();
    let (axis, units, cos_edge) = (rows("axis", &axis)?, slice(&units)?, slice(&cos_edge)?);
    let cube = run(py, || core::livetime_cube(axis, units, n_class, nside, cos_edge))?;
    let n_zenith = cos_edge.len() - 1;
    let npix = cube.len() / (n_zenith * n_class);
    Ok(list(py, cube).reshape([npix, n_zenith, n_class])?)
}
