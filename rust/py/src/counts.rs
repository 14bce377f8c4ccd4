//! Glue of `amsdipole_core::counts`.

use crate::column::{Column, Directions};
use crate::convert::{list, rows, slice};
use crate::error::{Result, shape_error};
use crate::pool::run;
use crate::purity::PurityTable;
use amsdipole_core::counts as core;
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

/// Weighted counts by energy bin and pixel, summed exactly.
#[pyclass(module = "amsdipole._core")]
#[derive(Debug)]
pub struct Counts(core::Counts);

#[pymethods]
impl Counts {
    #[new]
    #[pyo3(signature = (nside, energy_edge_gev, cos_least, n_selection=0))]
    fn new(nside: i64, energy_edge_gev: PyReadonlyArray1<'_, f64>, cos_least: f64, n_selection: usize) -> Result<Self> {
        Ok(Self(core::Counts::new(nside, slice(&energy_edge_gev)?, cos_least, n_selection)?))
    }

    /// Add events in the seconds that hold them.
    #[pyo3(signature = (
        time_s, direction, energy_gev, weight, second_time_s, step_s, rotation, rate, livetime_s, cutoff_class,
        failed=None, response=None, purity=None,
    ))]
    fn add<'py>(
        &mut self,
        py: Python<'py>,
        time_s: PyReadonlyArray1<'py, f64>,
        direction: Directions<'py>,
        energy_gev: Column<'py>,
        weight: Option<Column<'py>>,
        second_time_s: PyReadonlyArray1<'py, f64>,
        step_s: f64,
        rotation: PyReadonlyArray3<'py, f64>,
        rate: PyReadonlyArray2<'py, f64>,
        livetime_s: PyReadonlyArray1<'py, f64>,
        cutoff_class: PyReadonlyArray1<'py, u8>,
        failed: Option<PyReadonlyArray1<'py, u8>>,
        response: Option<Column<'py>>,
        purity: Option<PyRef<'py, PurityTable>>,
    ) -> Result<()> {
        let table = match (&response, &purity) {
            (Some(response), Some(purity)) => Some((response.numbers()?, &purity.0)),
            (None, None) => None,
            _ => return Err(shape_error("response and purity go together; one of them is missing".into())),
        };
        let events = core::Events {
            time_s: slice(&time_s)?,
            direction: direction.vectors()?,
            energy_gev: energy_gev.numbers()?,
            weight: weight.as_ref().map(Column::numbers).transpose()?,
            failed: failed.as_ref().map(slice).transpose()?,
            purity: table,
        };
        let seconds = core::Navigation {
            time_s: slice(&second_time_s)?,
            step_s,
            rotation: rows("rotation", &rotation)?,
            rate: rows("rate", &rate)?,
            livetime_s: slice(&livetime_s)?,
            class: slice(&cutoff_class)?,
        };
        let counts = &mut self.0;
        run(py, || counts.add(&events, &seconds))
    }

    /// Sums of weights (0) or squared weights (1) in units of 2^-32, by energy bin and pixel.
    fn units<'py>(&self, py: Python<'py>, which: usize) -> Result<Bound<'py, PyArray2<i64>>> {
        let units = run(py, || self.0.units(which))?;
        Ok(list(py, units).reshape([self.0.n_bin(), self.0.npix()])?)
    }

    /// Events by the first cut that they failed.
    fn cut_flow<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        list(py, self.0.cut_flow())
    }

    /// The same by energy bin, the first below all edges and the last above them.
    fn cut_flow_by_bin<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyArray2<i64>>> {
        Ok(list(py, self.0.cut_flow_by_bin()).reshape([self.0.n_bin() + 2, self.0.n_cut()])?)
    }
}
