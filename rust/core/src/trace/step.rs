//! One step of all lanes, its error, and the lowest point that it reaches.
// The instructions of the machine reach a function only by being inlined into the one that was dispatched.
#![allow(clippy::inline_always)]

use super::tracer::Tracer;
use crate::igrf::field_in;
use crate::lanes::{Choice, Lanes, cross, dot};
use pulp::Simd;

/// Longest step in units of the distance from the centre: a straight pass by the Earth is seen in several steps.
pub(super) const STEP_MAX: f64 = 0.5;
/// A step grows and shrinks by no more than these factors.
const GROWTH: (f64, f64) = (0.2, 4.0);
/// Share of the step that the error estimate would allow.
const SAFETY: f64 = 0.9;

/// Stages of the pair (Dormand and Prince 1980, table 2; also Hairer, Nørsett, Wanner 1993, table II.5.2); the last
/// row is the solution of order 5, and its stage is the first of the next step.
const STAGES: [[f64; 6]; 6] = [
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19_372.0 / 6_561.0, -25_360.0 / 2_187.0, 64_448.0 / 6_561.0, -212.0 / 729.0, 0.0, 0.0],
    [9_017.0 / 3_168.0, -355.0 / 33.0, 46_732.0 / 5_247.0, 49.0 / 176.0, -5_103.0 / 18_656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1_113.0, 125.0 / 192.0, -2_187.0 / 6_784.0, 11.0 / 84.0],
];
/// Order 5 less order 4.
const ERROR: [f64; 7] =
    [71.0 / 57_600.0, 0.0, -71.0 / 16_695.0, 71.0 / 1_920.0, -17_253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// What one step makes of the lanes.
pub(super) struct Step<S: Simd> {
    pub(super) x: [Lanes<S>; 3],
    pub(super) t: [Lanes<S>; 3],
    pub(super) a: [Lanes<S>; 3],
    pub(super) accepted: Choice<S>,
    pub(super) factor: Lanes<S>,
}

impl Tracer {
    /// One step of each lane.
    #[inline(always)]
    pub(super) fn step<S: Simd>(
        &self,
        x: &[Lanes<S>; 3],
        t: &[Lanes<S>; 3],
        a: &[Lanes<S>; 3],
        step: Lanes<S>,
        bend: Lanes<S>,
    ) -> Step<S> {
        let zero = step.like(0.0);
        let mut tangents = [[zero; 3]; 7];
        let mut turns = [[zero; 3]; 7];
        tangents[0] = *t;
        turns[0] = *a;
        let (mut x_new, mut t_new) = (*x, *t);
        for (stage, weights) in STAGES.iter().enumerate() {
            let mut moved = [zero; 3];
            let mut turned = [zero; 3];
            for (earlier, weight) in weights[..=stage].iter().enumerate() {
                for axis in 0..3 {
                    moved[axis] = tangents[earlier][axis].mul_add(step.like(*weight), moved[axis]);
                    turned[axis] = turns[earlier][axis].mul_add(step.like(*weight), turned[axis]);
                }
            }
            for axis in 0..3 {
                x_new[axis] = step.mul_add(moved[axis], x[axis]);
                t_new[axis] = step.mul_add(turned[axis], t[axis]);
            }
            let turn = cross(&t_new, &field_in(&self.field, &x_new));
            tangents[stage + 1] = t_new;
            turns[stage + 1] = turn.map(|component| bend * component);
        }
        let mut miss_x = [zero; 3];
        let mut miss_t = [zero; 3];
        for (stage, weight) in ERROR.iter().enumerate() {
            for axis in 0..3 {
                miss_x[axis] = tangents[stage][axis].mul_add(step.like(*weight), miss_x[axis]);
                miss_t[axis] = turns[stage][axis].mul_add(step.like(*weight), miss_t[axis]);
            }
        }
        // The tangent's length is part of the error before it is set back to 1.
        let long = dot(&t_new, &t_new) - step.like(1.0);
        let miss2 = step * step * (dot(&miss_x, &miss_x) / dot(x, x) + dot(&miss_t, &miss_t)) + long * long * 0.25;
        let error2 = miss2 * self.per_bound2;
        let accepted = error2.at_most(step.like(1.0));
        // The power 3/16 of the error, from roots alone, stands for 1/5: the same bits everywhere.
        let root16 = error2.sqrt().sqrt().sqrt().sqrt();
        let wanted = step.like(SAFETY) / (root16 * root16.sqrt());
        let (least, most) = (step.like(GROWTH.0), step.like(GROWTH.1));
        // A quotient that is NaN, or infinite because the error is zero, falls to one end or the other.
        let factor = wanted.below(most).choose(least.below(wanted).choose(wanted, least), accepted.choose(most, least));
        // Newton's step to length 1 leaves 3/8 long^2, some 1e-12 at an error of 1e-6.
        let shorter = step.like(1.0) - long * (step.like(0.5) - long * 0.375);
        Step {
            x: x_new,
            t: t_new.map(|component| component * shorter),
            a: turns[6].map(|component| component * shorter),
            accepted,
            factor,
        }
    }

    /// F of the floor at the lowest point of the step: at its end, or at a perigee within.
    #[inline(always)]
    pub(super) fn lowest<S: Simd>(
        &self,
        x: &[Lanes<S>; 3],
        t: &[Lanes<S>; 3],
        a: &[Lanes<S>; 3],
        made: &Step<S>,
        step: Lanes<S>,
    ) -> Lanes<S> {
        let weight = [self.floor.across, self.floor.across, self.floor.along];
        let form = |u: &[Lanes<S>; 3], v: &[Lanes<S>; 3]| {
            u[0] * v[0] * weight[0] + u[1] * v[1] * weight[1] + u[2] * v[2] * weight[2]
        };
        let (zero, one) = (step.like(0.0), step.like(1.0));
        let end = form(&made.x, &made.x) - one;
        let (slope, slope_end) = (step * form(x, t) * 2.0, step * form(&made.x, &made.t) * 2.0);
        let turns = slope.below(zero).and(zero.below(slope_end)).and(made.accepted);
        if !turns.any() {
            return end;
        }
        // Quintic through value, slope and curvature of F at both ends.
        let begin = form(x, x) - one;
        let step2 = step * step * 2.0;
        let (bow, bow_end) =
            (step2 * (form(t, t) + form(x, a)), step2 * (form(&made.t, &made.t) + form(&made.x, &made.a)));
        let half = bow * 0.5;
        let rise = end - begin - slope - half;
        let tilt = slope_end - slope - bow;
        let bend = bow_end - bow;
        let cubic = rise * 10.0 - tilt * 4.0 + bend * 0.5;
        let quartic = tilt * 7.0 - rise * 15.0 - bend;
        let quintic = rise * 6.0 - tilt * 3.0 + bend * 0.5;
        let mut at = turns.choose(slope / (slope - slope_end), one);
        for _ in 0..3 {
            let grade = slope + at * (bow + at * (cubic * 3.0 + at * (quartic * 4.0 + at * (quintic * 5.0))));
            let change = bow + at * (cubic * 6.0 + at * (quartic * 12.0 + at * (quintic * 20.0)));
            let moved = at - grade / change;
            // Newton's step is taken only where it stays within the step.
            let inside = zero.below(moved).and(moved.below(one));
            at = inside.choose(moved, at);
        }
        let bottom = begin + at * (slope + at * (half + at * (cubic + at * (quartic + at * quintic))));
        turns.choose(bottom.min(end), end)
    }
}
