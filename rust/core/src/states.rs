//! Position and velocity between the knots of an orbit, by cubic Hermite polynomials.

use crate::check::{CHUNK, all_finite, all_finite_vectors, all_within, at_least, rising, same_length, within};
use crate::vector::Vector;
use crate::{Error, Result};
use rayon::prelude::*;

/// States of an orbit at evenly spaced knots, in segments that each come from one element set.
#[derive(Debug, Clone, Copy)]
pub struct StateKnots<'a> {
    /// Segment i is used for `segment_start_s[i] <= t < segment_start_s[i + 1]`; the last entry ends the orbit.
    pub segment_start_s: &'a [f64],
    /// Knots of segment i are rows `segment_offset[i]..segment_offset[i + 1]`.
    pub segment_offset: &'a [i64],
    /// Time of the first knot of each segment [s].
    pub knot_start_s: &'a [f64],
    /// Distance of the knots [s].
    pub step_s: f64,
    /// Positions at the knots [km].
    pub position_km: &'a [Vector],
    /// Velocities at the knots [km/s].
    pub velocity_km_s: &'a [Vector],
}

/// Position [km] and velocity [km/s] at each time.
///
/// Cubic Hermite interpolation errs by at most `r w^4 h^4 / 384`: 0.4 m for a low orbit and knots a minute apart.
///
/// # Errors
/// Lengths that differ; segments that do not rise or whose knots do not cover them; a time outside the orbit.
pub fn interpolated_states(knots: &StateKnots<'_>, time_s: &[f64]) -> Result<(Vec<Vector>, Vec<Vector>)> {
    check(knots, time_s)?;
    let mut position = vec![[0.0; 3]; time_s.len()];
    let mut velocity = vec![[0.0; 3]; time_s.len()];
    position.par_chunks_mut(CHUNK).zip(velocity.par_chunks_mut(CHUNK)).zip(time_s.par_chunks(CHUNK)).for_each(
        |((position, velocity), time)| {
            let mut segment = 0;
            for i in 0..time.len() {
                segment = segment_of(knots, segment, time[i]);
                (position[i], velocity[i]) = state_in(knots, segment, time[i]);
            }
        },
    );
    Ok((position, velocity))
}

/// Segment in use at a time, with a first guess.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub(crate) fn segment_of(knots: &StateKnots<'_>, guess: usize, time_s: f64) -> usize {
    if time_s >= knots.segment_start_s[guess] && time_s < knots.segment_start_s[guess + 1] {
        return guess;
    }
    let after = knots.segment_start_s[..knots.knot_start_s.len()].partition_point(|&start| start <= time_s);
    after.max(1) - 1
}

pub(crate) fn check(knots: &StateKnots<'_>, time_s: &[f64]) -> Result<()> {
    let n_segment = knots.knot_start_s.len();
    at_least("knot_start_s", n_segment, 1)?;
    same_length("segment_start_s", knots.segment_start_s.len(), n_segment + 1)?;
    same_length("segment_offset", knots.segment_offset.len(), n_segment + 1)?;
    same_length("velocity_km_s", knots.velocity_km_s.len(), knots.position_km.len())?;
    within("step_s", knots.step_s, 1e-3, 1e6)?;
    rising("segment_start_s", knots.segment_start_s)?;
    all_finite("knot_start_s", knots.knot_start_s)?;
    all_finite_vectors("position_km", knots.position_km)?;
    all_finite_vectors("velocity_km_s", knots.velocity_km_s)?;
    let ends = (knots.segment_offset[0], knots.segment_offset[n_segment]);
    if ends != (0, knots.position_km.len() as i64) {
        return Err(Error::Table(format!(
            "segment_offset runs from {} to {}; 0 to {} is wanted",
            ends.0,
            ends.1,
            knots.position_km.len()
        )));
    }
    for i in 0..n_segment {
        let n_knot = knots.segment_offset[i + 1] - knots.segment_offset[i];
        let last_s = knots.knot_start_s[i] + (n_knot - 1) as f64 * knots.step_s;
        let covered =
            n_knot >= 2 && knots.knot_start_s[i] <= knots.segment_start_s[i] && last_s >= knots.segment_start_s[i + 1];
        if !covered {
            return Err(Error::Table(format!("segment {i}: its {n_knot} knots do not cover it")));
        }
    }
    all_within("time_s", time_s, knots.segment_start_s[0], knots.segment_start_s[n_segment])
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub(crate) fn state_in(knots: &StateKnots<'_>, segment: usize, time_s: f64) -> (Vector, Vector) {
    let h = knots.step_s;
    let first = knots.segment_offset[segment] as usize;
    let last = knots.segment_offset[segment + 1] as usize - 2;
    let start_s = knots.knot_start_s[segment];
    let knot_s = |i: usize| start_s + (i - first) as f64 * h;
    let mut i = (first + ((time_s - start_s) / h) as usize).min(last);
    if time_s < knot_s(i) {
        i -= 1; // the quotient was rounded up; it cannot have been at the first knot, where it is exact
    }
    // From the nearest knot and not from the segment's first: the bits do not depend on where a segment was clipped.
    let u = (time_s - knot_s(i)) / h;
    let (p0, p1) = (&knots.position_km[i], &knots.position_km[i + 1]);
    let (v0, v1) = (&knots.velocity_km_s[i], &knots.velocity_km_s[i + 1]);
    let (mut position, mut velocity) = ([0.0; 3], [0.0; 3]);
    for k in 0..3 {
        let rise = p1[k] - p0[k];
        let (a, b) = (v0[k] * h - rise, rise - v1[k] * h);
        position[k] = p0[k] + u * (rise + (1.0 - u) * (a + u * (b - a)));
        velocity[k] = (rise + (1.0 - 2.0 * u) * (a + u * (b - a)) + u * (1.0 - u) * (b - a)) / h;
    }
    (position, velocity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cubic_is_met_exactly(c in prop::array::uniform4(-1.0..1.0f64), t in 0.0..120.0f64) {
            let at = |t: f64| c[0] + t * (c[1] + t * (c[2] * 1e-2 + t * c[3] * 1e-4));
            let slope = |t: f64| c[1] + t * (2e-2 * c[2] + t * 3e-4 * c[3]);
            let position: Vec<Vector> = [0.0, 60.0, 120.0].iter().map(|&t| [at(t), 0.0, 1.0]).collect();
            let velocity: Vec<Vector> = [0.0, 60.0, 120.0].iter().map(|&t| [slope(t), 0.0, 0.0]).collect();
            let knots = StateKnots {
                segment_start_s: &[0.0, 120.0], segment_offset: &[0, 3], knot_start_s: &[0.0], step_s: 60.0,
                position_km: &position, velocity_km_s: &velocity,
            };
            let (p, v) = interpolated_states(&knots, &[t]).expect("inside");
            prop_assert!((p[0][0] - at(t)).abs() < 1e-11 && (v[0][0] - slope(t)).abs() < 1e-12);
        }
    }

    #[test]
    fn segments_that_do_not_cover_their_times_are_refused() {
        let rows = [[0.0; 3]; 4];
        let good = StateKnots {
            segment_start_s: &[0.0, 60.0, 120.0],
            segment_offset: &[0, 2, 4],
            knot_start_s: &[0.0, 60.0],
            step_s: 60.0,
            position_km: &rows,
            velocity_km_s: &rows,
        };
        let said = |knots: &StateKnots<'_>, time: f64| {
            interpolated_states(knots, &[time]).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(said(&good, 120.0), Ok(()));
        assert_eq!(said(&good, 121.0), Err("time_s[0] = 121.0 is outside [0, 120]".into()));
        let late = StateKnots { knot_start_s: &[0.0, 61.0], ..good };
        assert_eq!(said(&late, 0.0), Err("segment 1: its 2 knots do not cover it".into()));
        let short = StateKnots { segment_offset: &[0, 1, 4], ..good };
        assert_eq!(said(&short, 0.0), Err("segment 0: its 1 knots do not cover it".into()));
        let left = StateKnots { segment_offset: &[0, 2, 3], ..good };
        assert_eq!(said(&left, 0.0), Err("segment_offset runs from 0 to 3; 0 to 4 is wanted".into()));
    }

    #[test]
    fn a_time_is_read_in_the_segment_that_began_last() {
        // Two segments at rest in different places.
        let position = [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 0.0, 0.0]];
        let knots = StateKnots {
            segment_start_s: &[0.0, 60.0, 120.0],
            segment_offset: &[0, 2, 4],
            knot_start_s: &[0.0, 60.0],
            step_s: 60.0,
            position_km: &position,
            velocity_km_s: &[[0.0; 3]; 4],
        };
        let (found, _) = interpolated_states(&knots, &[0.0, 100.0, 59.9, 60.0, 120.0]).expect("inside");
        assert_eq!(found.iter().map(|p| p[0]).collect::<Vec<f64>>(), [1.0, 2.0, 1.0, 2.0, 2.0]);
    }
}
