//! Glue of `amsdipole_core::states`.

use crate::convert::{rows, slice, vectors};
use crate::error::Result;
use crate::pool::run;
use amsdipole_core::states as core;
use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

type States<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);

/// Position and velocity at each time.
#[pyfunction]
pub fn interpolated_states<'py>(
    py: Python<'py>,
    time_s: PyReadonlyArray1<'py, f64>,
    segment_start_s: PyReadonlyArray1<'py, f64>,
    segment_offset: PyReadonlyArray1<'py, i64>,
    knot_start_s: PyReadonlyArray1<'py, f64>,
    step_s: f64,
    position_km: PyReadonlyArray2<'py, f64>,
    velocity_km_s: PyReadonlyArray2<'py, f64>,
) -> Result<States<'py>> {
    let time_s = slice(&time_s)?;
    let knots = core::StateKnots {
        segment_start_s: slice(&segment_start_s)?,
        segment_offset: slice(&segment_offset)?,
        knot_start_s: slice(&knot_start_s)?,
        step_s,
        position_km: rows("position_km", &position_km)?,
        velocity_km_s: rows("velocity_km_s", &velocity_km_s)?,
    };
    let (position, velocity) = run(py, || core::interpolated_states(&knots, time_s))?;
    Ok((vectors(py, position)?, vectors(py, velocity)?))
}
