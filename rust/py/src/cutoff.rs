//! Glue of `amsdipole_core::cutoff`.

use crate::convert::{dipole_knots, list, rows, slice};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::cutoff as core;
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

/// Størmer cutoff, the greatest over a cone.
#[pyfunction]
pub fn stormer_cutoff<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    position_km: PyReadonlyArray2<'py, f64>,
    direction: PyReadonlyArray2<'py, f64>,
    half_angle_rad: f64,
    charge_sign: i64,
    dipole_time_s: PyReadonlyArray1<'py, f64>,
    dipole_k_gv: PyReadonlyArray1<'py, f64>,
    dipole_center_km: PyReadonlyArray2<'py, f64>,
    dipole_pole: PyReadonlyArray2<'py, f64>,
) -> Result<Bound<'py, PyArray1<f64>>> {
    let (time_s, position_km) = (slice(&time_s)?, rows("position_km", &position_km)?);
    let direction = rows("direction", &direction)?;
    let dipole = dipole_knots(&dipole_time_s, &dipole_k_gv, &dipole_center_km, &dipole_pole)?;
    let cutoff =
        run(py, || core::stormer_cutoff(time_s, position_km, direction, half_angle_rad, charge_sign, &dipole))?;
    Ok(list(py, cutoff))
}

/// First open energy bin of each second.
#[pyfunction]
pub fn cutoff_class<'py>(
    py: Python<'py>,
    cutoff_gv: PyReadonlyArray1<'py, f64>,
    factor: f64,
    energy_edge_gev: PyReadonlyArray1<'py, f64>,
) -> Result<Bound<'py, PyArray1<u8>>> {
    let (cutoff_gv, energy_edge_gev) = (slice(&cutoff_gv)?, slice(&energy_edge_gev)?);
    Ok(list(py, run(py, || core::cutoff_class(cutoff_gv, factor, energy_edge_gev))?))
}
