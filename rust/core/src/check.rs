//! Checks that run over a whole argument before any work starts.

use crate::vector::{Vector, norm2};
use crate::{Error, Result};
use rayon::prelude::*;

/// Elements that one task looks at; fixed, so that it never depends on the number of threads.
pub const CHUNK: usize = 4096;

/// Greatest deviation of a squared norm from 1: directions stored in single precision miss by 2e-7.
pub const UNIT_TOLERANCE: f64 = 1e-6;

/// Index of the first element that `bad` picks out.
pub fn first<T: Sync>(slice: &[T], bad: impl Fn(&T) -> bool + Sync) -> Option<usize> {
    let chunk =
        slice.par_chunks(CHUNK).position_first(|part| part.iter().fold(false, |any, value| any | bad(value)))?;
    let start = chunk * CHUNK;
    slice[start..].iter().position(bad).map(|i| start + i)
}

pub fn same_length(name: &'static str, found: usize, wanted: usize) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(Error::Length { name, found, wanted: wanted.to_string() })
}

pub fn at_least(name: &'static str, found: usize, least: usize) -> Result<()> {
    if found >= least {
        return Ok(());
    }
    Err(Error::Length { name, found, wanted: format!("{least} or more") })
}

/// Refuse a value outside `[low, high]`; NaN is outside everything.
pub fn all_within(name: &str, values: &[f64], low: f64, high: f64) -> Result<()> {
    if values.par_chunks(16 * CHUNK).all(|part| inside(part, low, high)) {
        return Ok(());
    }
    match first(values, |&v| !(v >= low && v <= high)) {
        None => Ok(()),
        Some(i) => Err(outside(&format!("{name}[{i}]"), values[i], low, high)),
    }
}

pub fn within(name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(outside(name, value, low, high))
}

fn outside(place: &str, found: f64, low: f64, high: f64) -> Error {
    let left = if low <= f64::MIN { "(-inf".into() } else { format!("[{low}") };
    let right = if high >= f64::MAX { "inf)".into() } else { format!("{high}]") };
    Error::OutOfRange { place: place.into(), found: format!("{found:?}"), allowed: format!("{left}, {right}") }
}

pub fn all_finite(name: &str, values: &[f64]) -> Result<()> {
    if values.par_chunks(16 * CHUNK).all(finite) {
        return Ok(());
    }
    all_within(name, values, f64::MIN, f64::MAX)
}

/// Whether every value lies in `[low, high]`; eight answers fill the vector lanes.
fn inside(values: &[f64], low: f64, high: f64) -> bool {
    let (eights, rest) = values.as_chunks::<8>();
    let mut good = [true; 8];
    for eight in eights {
        for (g, v) in good.iter_mut().zip(eight) {
            *g &= *v >= low;
            *g &= *v <= high;
        }
    }
    good == [true; 8] && rest.iter().all(|v| *v >= low && *v <= high)
}

/// Whether every value is finite: zero times it is zero then, and NaN otherwise. The sums fill the lanes of four vectors, so
/// that none waits for the one before.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub fn finite(values: &[f64]) -> bool {
    let (wide, rest) = values.as_chunks::<32>();
    let mut sum = [0.0; 32];
    for some in wide {
        for k in 0..32 {
            sum[k] += some[k] * 0.0;
        }
    }
    let mut good = true;
    for s in &sum {
        good &= *s == 0.0;
    }
    for v in rest {
        good &= v.is_finite();
    }
    good
}

pub fn all_finite_vectors(name: &str, values: &[Vector]) -> Result<()> {
    if values.as_flattened().par_chunks(16 * CHUNK).all(finite) {
        return Ok(());
    }
    match first(values, |v| !(v[0].is_finite() & v[1].is_finite() & v[2].is_finite())) {
        None => Ok(()),
        Some(i) => Err(vector_rule(name, i, values[i], "three finite components are wanted")),
    }
}

#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a comparison with NaN is false, so NaN is refused too")]
pub fn all_unit(name: &str, values: &[Vector]) -> Result<()> {
    match first(values, |v| !((norm2(v) - 1.0).abs() <= UNIT_TOLERANCE)) {
        None => Ok(()),
        Some(i) => Err(vector_rule(name, i, values[i], "a unit vector is wanted, to 1e-6 in the squared norm")),
    }
}

/// Refuse a vector that is not finite or has no direction.
pub fn all_directed(name: &str, values: &[Vector]) -> Result<()> {
    match first(values, |v| {
        let n = norm2(v);
        !(n.is_normal() && n < f64::MAX)
    }) {
        None => Ok(()),
        Some(i) => Err(vector_rule(name, i, values[i], "a finite vector that is not zero is wanted")),
    }
}

fn vector_rule(name: &str, index: usize, found: Vector, rule: &str) -> Error {
    Error::Rule { place: format!("{name}[{index}]"), found: format!("{found:?}"), rule: rule.into() }
}

pub fn all_indices(name: &str, values: &[i64], below: i64) -> Result<()> {
    match first(values, |&v| v < 0 || v >= below) {
        None => Ok(()),
        Some(i) => Err(Error::OutOfRange {
            place: format!("{name}[{i}]"),
            found: values[i].to_string(),
            allowed: format!("[0, {below})"),
        }),
    }
}

/// Refuse a sequence that does not rise strictly, or is not finite.
pub fn rising(name: &str, values: &[f64]) -> Result<()> {
    all_finite(name, values)?;
    match (1..values.len()).find(|&i| values[i] <= values[i - 1]) {
        None => Ok(()),
        Some(i) => Err(Error::Table(format!(
            "{name}[{i}] = {:?} does not come after {name}[{}] = {:?}; strictly rising values are wanted",
            values[i],
            i - 1,
            values[i - 1]
        ))),
    }
}
