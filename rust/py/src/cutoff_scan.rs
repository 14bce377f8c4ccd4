//! Glue of `amsdipole_core::cutoff_scan`.

use crate::convert::{list, rows, slice};
use crate::error::Result;
use crate::pool::run;
use crate::trace::limits;
use amsdipole_core::cutoff_scan as core;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

/// Upper, lower and effective cutoff, lower edge of the lowest wide band, and what lies beyond the scan.
type Cutoffs<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<u8>>,
);

/// Scan rigidity in equal steps.
#[pyfunction]
pub fn cutoff_scan<'py>(
    py: Python<'py>,
    position_km: PyReadonlyArray2<'py, f64>,
    direction: PyReadonlyArray2<'py, f64>,
    charge_sign: i64,
    low_gv: PyReadonlyArray1<'py, f64>,
    high_gv: PyReadonlyArray1<'py, f64>,
    step_gv: f64,
    width_gv: f64,
    coefficients_nt: PyReadonlyArray1<'py, f64>,
    escape_radius_km: f64,
    floor_altitude_km: f64,
    error_bound: f64,
    loss_nt: f64,
    path_max_km: f64,
    n_step_max: i64,
) -> Result<Cutoffs<'py>> {
    let (position_km, direction) = (rows("position_km", &position_km)?, rows("direction", &direction)?);
    let (low_gv, high_gv, coefficients_nt) = (slice(&low_gv)?, slice(&high_gv)?, slice(&coefficients_nt)?);
    let limits = limits(escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max);
    let found = run(py, || {
        core::cutoff_scan(
            position_km,
            direction,
            charge_sign,
            low_gv,
            high_gv,
            step_gv,
            width_gv,
            coefficients_nt,
            &limits,
        )
    })?;
    Ok((
        list(py, found.upper_gv),
        list(py, found.lower_gv),
        list(py, found.effective_gv),
        list(py, found.band_gv),
        list(py, found.beyond),
    ))
}

/// Greatest upper cutoff over nested cones.
#[pyfunction]
pub fn cone_cutoff<'py>(
    py: Python<'py>,
    position_km: PyReadonlyArray2<'py, f64>,
    direction: PyReadonlyArray3<'py, f64>,
    cone: PyReadonlyArray1<'py, i64>,
    n_cone: usize,
    charge_sign: i64,
    low_gv: PyReadonlyArray1<'py, f64>,
    high_gv: PyReadonlyArray1<'py, f64>,
    ratio: f64,
    coefficients_nt: PyReadonlyArray1<'py, f64>,
    escape_radius_km: f64,
    floor_altitude_km: f64,
    error_bound: f64,
    loss_nt: f64,
    path_max_km: f64,
    n_step_max: i64,
) -> Result<Bound<'py, PyArray2<f64>>> {
    let (position_km, direction) = (rows("position_km", &position_km)?, slice(&direction)?.as_chunks().0);
    let (cone, low_gv, high_gv) = (slice(&cone)?, slice(&low_gv)?, slice(&high_gv)?);
    let coefficients_nt = slice(&coefficients_nt)?;
    let limits = limits(escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max);
    let n = position_km.len();
    let found = run(py, || {
        core::cone_cutoff(
            position_km,
            direction,
            cone,
            n_cone,
            charge_sign,
            low_gv,
            high_gv,
            ratio,
            coefficients_nt,
            &limits,
        )
    })?;
    Ok(found.into_pyarray(py).reshape([n, n_cone])?)
}
