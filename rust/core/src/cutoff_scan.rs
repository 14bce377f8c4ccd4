//! Cutoffs from traced trajectories: scans over rigidity for one direction, and the greatest over cones.

use crate::check::{all_directed, all_within, at_least, same_length, within};
use crate::trace::{ALLOWED, End, Limits, Start, Tracer, check_rigidity};
use crate::vector::Vector;
use crate::{Error, Result};
use rayon::prelude::*;

/// The highest rigidity of the scan is not allowed: the upper cutoff lies above the scan.
pub const ABOVE: u8 = 1;
/// The lowest rigidity of the scan is allowed: the lower cutoff lies below the scan.
pub const BELOW: u8 = 2;
/// Most rigidities of one scan.
const N_RIGIDITY_MAX: f64 = 1e7;
/// Levels of rigidity that are traced together, to keep the lanes full; the result does not depend on it.
const LEVELS: usize = 4;

/// Cutoffs of many directions, element by element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cutoffs {
    /// Lowest rigidity from which on every one of the scan is allowed; infinite where the scan does not reach it \[GV\].
    pub upper_gv: Vec<f64>,
    /// Lowest rigidity that is allowed; infinite where none is \[GV\].
    pub lower_gv: Vec<f64>,
    /// Lower edge of the lowest band of allowed rigidities that is wide enough; infinite where none is \[GV\].
    pub band_gv: Vec<f64>,
    /// Upper cutoff less the allowed part of the penumbra; infinite where the upper one is \[GV\].
    pub effective_gv: Vec<f64>,
    /// [`ABOVE`] and [`BELOW`], added.
    pub beyond: Vec<u8>,
}

/// Scan rigidity in equal steps for particles of `charge_sign` that arrive at `position_km` from `direction`.
///
/// The rigidities are the multiples of `step_gv` in \[`low_gv`, `high_gv`\], every one of them traced. The upper cutoff U is
/// one step above the highest that is not allowed, the lower one L is the lowest that is, and the effective one is U less a
/// step for each that is allowed from L to below U (Cooke et al. 1991, Nuovo Cimento C 14, 213). A band is wide enough if
/// all of `width_gv` from its lower edge on is allowed, or all up to the end of the scan.
///
/// # Errors
/// Lengths that differ; a step that is not positive; an interval without a multiple of it, or with more than 10^7; otherwise
/// as [`crate::trace::trace`].
#[allow(clippy::too_many_arguments)]
pub fn cutoff_scan(
    position_km: &[Vector],
    direction: &[Vector],
    charge_sign: i64,
    low_gv: &[f64],
    high_gv: &[f64],
    step_gv: f64,
    width_gv: f64,
    coefficients_nt: &[f64],
    limits: &Limits,
) -> Result<Cutoffs> {
    let tracer = Tracer::new(coefficients_nt, limits)?;
    let n = position_km.len();
    same_length("direction", direction.len(), n)?;
    same_length("low_gv", low_gv.len(), n)?;
    same_length("high_gv", high_gv.len(), n)?;
    all_directed("direction", direction)?;
    check_sign(charge_sign)?;
    within("step_gv", step_gv, 1e-6, 1e3)?;
    within("width_gv", width_gv, 0.0, 1e6)?;
    let wide = steps_of(width_gv, step_gv);
    all_within("low_gv", low_gv, 1e-3, 1e6)?;
    all_within("high_gv", high_gv, 1e-3, 1e6)?;
    for i in 0..n {
        let (first, last) = multiples(low_gv[i], high_gv[i], step_gv);
        if !(last >= first && last - first < N_RIGIDITY_MAX) {
            return Err(Error::Rule {
                place: format!("low_gv[{i}], high_gv[{i}]"),
                found: format!("{:?}, {:?}", low_gv[i], high_gv[i]),
                rule: format!("between 1 and 10^7 multiples of step_gv = {step_gv:?} from low to high are wanted"),
            });
        }
    }
    tracer.check_starts("position_km", position_km)?;
    let found: Vec<Found> = (0..n)
        .into_par_iter()
        .with_max_len(1)
        .map(|i| {
            let (first, last) = multiples(low_gv[i], high_gv[i], step_gv);
            let count = (last - first) as usize + 1;
            let start = |k: usize| Start {
                position_km: position_km[i],
                direction: direction[i],
                rigidity_gv: charge_sign as f64 * ((first + k as f64) * step_gv),
            };
            let starts: Vec<Start> = (0..count).map(start).collect();
            let mut ends = vec![End::default(); count];
            tracer.run(&starts, &mut ends);
            let allowed: Vec<bool> = ends.iter().map(|end| end.outcome == ALLOWED).collect();
            cutoffs_of(&allowed, first, step_gv, wide)
        })
        .collect();
    Ok(Cutoffs {
        upper_gv: found.iter().map(|f| f.upper).collect(),
        lower_gv: found.iter().map(|f| f.lower).collect(),
        band_gv: found.iter().map(|f| f.band).collect(),
        effective_gv: found.iter().map(|f| f.effective).collect(),
        beyond: found.iter().map(|f| f.beyond).collect(),
    })
}

/// Steps that a width takes, at least one, with room for its rounding.
fn steps_of(width: f64, step: f64) -> usize {
    (width / step - 1e-6).ceil().max(1.0) as usize
}

/// First and last multiple of `step` in the interval, with room for the rounding of its ends.
fn multiples(low: f64, high: f64, step: f64) -> (f64, f64) {
    ((low / step - 1e-6).ceil().max(1.0), (high / step + 1e-6).floor())
}

/// Cutoffs of one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Found {
    upper: f64,
    lower: f64,
    band: f64,
    effective: f64,
    beyond: u8,
}

fn cutoffs_of(allowed: &[bool], first: f64, step: f64, wide: usize) -> Found {
    let at = |k: usize| (first + k as f64) * step;
    let upper = allowed.iter().rposition(|a| !a).map_or(0, |k| k + 1);
    let beyond = u8::from(upper == allowed.len()) * ABOVE + u8::from(allowed.first() == Some(&true)) * BELOW;
    let mut found =
        Found { upper: f64::INFINITY, lower: f64::INFINITY, band: f64::INFINITY, effective: f64::INFINITY, beyond };
    let Some(lower) = allowed.iter().position(|a| *a) else { return found };
    found.lower = at(lower);
    let mut edge = 0;
    for (k, open) in allowed.iter().enumerate() {
        if !open {
            edge = k + 1;
        } else if k + 1 - edge == wide {
            break;
        }
    }
    if edge < allowed.len() {
        found.band = at(edge);
    }
    if upper < allowed.len() {
        let open = allowed[lower.min(upper)..upper].iter().filter(|a| **a).count();
        found.upper = at(upper);
        found.effective = (first + (upper - open) as f64) * step;
    }
    found
}

/// Greatest upper cutoff \[GV\] over nested cones of directions, for each place; one row of `n_cone` for each.
///
/// `direction` holds k directions for each place, and `cone` the number of the smallest cone that holds each of them, from 0;
/// a cone holds every direction of those before it, and the first holds one. Rigidity falls from `high_gv` by the factor
/// 1 / (1 + `ratio`) to no less than `low_gv`; the answer is the lowest level from which on up every direction of the cone is
/// allowed, `low_gv` or a little above it where all levels are, and infinity where the highest is not.
///
/// # Errors
/// Lengths that differ; a cone beyond `n_cone`, no direction in the first; `high_gv` not above `low_gv`; otherwise as
/// [`crate::trace::trace`].
#[allow(clippy::too_many_arguments)]
pub fn cone_cutoff(
    position_km: &[Vector],
    direction: &[Vector],
    cone: &[i64],
    n_cone: usize,
    charge_sign: i64,
    low_gv: &[f64],
    high_gv: &[f64],
    ratio: f64,
    coefficients_nt: &[f64],
    limits: &Limits,
) -> Result<Vec<f64>> {
    let tracer = Tracer::new(coefficients_nt, limits)?;
    let (n, k) = (position_km.len(), cone.len());
    at_least("cone", k, 1)?;
    within("n_cone", n_cone as f64, 1.0, 1000.0)?;
    same_length("direction", direction.len(), n * k)?;
    same_length("low_gv", low_gv.len(), n)?;
    same_length("high_gv", high_gv.len(), n)?;
    crate::check::all_indices("cone", cone, n_cone as i64)?;
    if !cone.contains(&0) {
        return Err(Error::Rule {
            place: "cone".into(),
            found: format!("{cone:?}"),
            rule: "a direction of cone 0 is wanted".into(),
        });
    }
    all_directed("direction", direction)?;
    check_sign(charge_sign)?;
    check_rigidity("low_gv", low_gv)?;
    check_rigidity("high_gv", high_gv)?;
    all_within("low_gv", low_gv, 1e-3, 1e6)?;
    within("ratio", ratio, 1e-5, 1.0)?;
    if let Some(i) = (0..n).find(|&i| high_gv[i] < low_gv[i]) {
        return Err(Error::Rule {
            place: format!("high_gv[{i}]"),
            found: format!("{:?}", high_gv[i]),
            rule: format!("low_gv[{i}] = {:?} or more is wanted", low_gv[i]),
        });
    }
    tracer.check_starts("position_km", position_km)?;
    let by_place: Vec<Vec<f64>> = (0..n)
        .into_par_iter()
        .with_max_len(1)
        .map(|i| {
            let scan = ConeScan {
                tracer: &tracer,
                position_km: position_km[i],
                direction: &direction[i * k..(i + 1) * k],
                cone,
                sign: charge_sign as f64,
            };
            scan.cutoffs(n_cone, low_gv[i], high_gv[i], ratio)
        })
        .collect();
    Ok(by_place.concat())
}

struct ConeScan<'a> {
    tracer: &'a Tracer,
    position_km: Vector,
    direction: &'a [Vector],
    cone: &'a [i64],
    sign: f64,
}

impl ConeScan<'_> {
    fn cutoffs(&self, n_cone: usize, low_gv: f64, high_gv: f64, ratio: f64) -> Vec<f64> {
        let mut cutoff = vec![f64::INFINITY; n_cone];
        // Cones from this one on are settled.
        let mut settled = n_cone;
        let mut lowest_open = f64::INFINITY;
        let mut level = high_gv;
        while settled > 0 && level >= low_gv {
            let active: Vec<usize> = (0..self.cone.len()).filter(|&j| (self.cone[j] as usize) < settled).collect();
            let mut levels = Vec::with_capacity(LEVELS);
            while levels.len() < LEVELS && level >= low_gv {
                levels.push(level);
                level /= 1.0 + ratio;
            }
            let starts: Vec<Start> = levels
                .iter()
                .flat_map(|rigidity| {
                    active.iter().map(move |&j| Start {
                        position_km: self.position_km,
                        direction: self.direction[j],
                        rigidity_gv: self.sign * rigidity,
                    })
                })
                .collect();
            let mut ends = vec![End::default(); starts.len()];
            self.tracer.run(&starts, &mut ends);
            for (rigidity, ends) in levels.iter().zip(ends.chunks(active.len())) {
                let shut = ends.iter().zip(&active).filter(|(end, _)| end.outcome != ALLOWED);
                let inner = shut.map(|(_, &j)| self.cone[j] as usize).min().unwrap_or(n_cone);
                for cutoff in cutoff.iter_mut().take(settled).skip(inner) {
                    *cutoff = lowest_open;
                }
                settled = settled.min(inner);
                lowest_open = *rigidity;
            }
        }
        for cutoff in cutoff.iter_mut().take(settled) {
            *cutoff = lowest_open;
        }
        cutoff
    }
}

fn check_sign(charge_sign: i64) -> Result<()> {
    if charge_sign == 1 || charge_sign == -1 {
        return Ok(());
    }
    Err(Error::Rule { place: "charge_sign".into(), found: charge_sign.to_string(), rule: "1 or -1 is wanted".into() })
}

#[cfg(test)]
mod tests;
