//! A batch of trajectories on one thread: lanes that are filled, stepped and emptied.
// The instructions of the machine reach a function only by being inlined into the one that was dispatched.
#![allow(clippy::inline_always)]

use super::flights::{Bundle, Flight, Waiting};
use super::span::Span;
use super::step::STEP_MAX;
use super::tracer::{ROUNDING, Tracer};
use super::{ALLOWED, End, FORBIDDEN, Start, TRAPPED, row};
use crate::igrf::{EARTH_RADIUS_KM, Points};
use crate::lanes::{Lanes, dot};
use crate::vector::{Vector, norm2, scaled};
use pulp::{Simd, WithSimd};

/// Trajectories under way for each lane: enough that a lane's worth of some degree waits. No result depends on it.
const FLIGHTS_PER_LANE: usize = 16;

/// One batch on one thread.
pub(super) struct Run<'a, F: FnMut([f64; 7])> {
    pub(super) tracer: &'a Tracer,
    pub(super) starts: &'a [Start],
    pub(super) ends: &'a mut [End],
    /// Sees path, position and tangent of each step taken, in km.
    pub(super) seen: &'a mut F,
}

impl<F: FnMut([f64; 7])> WithSimd for Run<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tracer, starts, ends, seen } = self;
        let positions: Vec<Vector> = starts.iter().map(|start| start.position_km).collect();
        let mut field_nt = vec![[0.0; 3]; starts.len()];
        Points { field: &tracer.field, position_km: &positions, unit_km: EARTH_RADIUS_KM, out: &mut field_nt }
            .with_simd(simd);
        let mut lanes = Bundle::idle();
        let mut waiting = Waiting { by_degree: Default::default(), count: 0 };
        let in_flight = FLIGHTS_PER_LANE * S::F64_LANES;
        let mut next = 0;
        let mut degree = None;
        loop {
            if degree.is_none() {
                while next < starts.len() && waiting.count < in_flight {
                    let flight = Flight::begin(next, &starts[next], &field_nt[next], tracer.first_bend);
                    waiting.push(tracer.field.top_at(norm2(&flight.x)), flight);
                    next += 1;
                }
                if waiting.count == 0 {
                    break;
                }
                degree = Some(waiting.fill(&mut lanes, S::F64_LANES));
            }
            let x = lanes.x.each_ref().map(|column| Lanes::load(simd, column));
            let t = lanes.t.each_ref().map(|column| Lanes::load(simd, column));
            let a = lanes.a.each_ref().map(|column| Lanes::load(simd, column));
            let step = Lanes::load(simd, &lanes.step);
            let made = tracer.step(&x, &t, &a, step, Lanes::load(simd, &lanes.bend));
            let zero = step.like(0.0);
            let path = Lanes::load(simd, &lanes.path) + made.accepted.choose(step, zero);
            let n_step = Lanes::load(simd, &lanes.n_step) + step.like(1.0);
            let r2 = dot(&made.x, &made.x);
            let left = tracer.lowest(&x, &t, &a, &made, step);
            let low = left.below(step.like(-ROUNDING));
            let out = step.like(tracer.escape2).below(r2);
            let spent = step.like(tracer.path_max).at_most(path).or(step.like(tracer.n_step_max).at_most(n_step));
            let ended = made.accepted.and(low.or(out)).or(spent);
            let before = if ended.any() { Some((lanes.x, lanes.t, lanes.a, lanes.step)) } else { None };
            for axis in 0..3 {
                made.accepted.choose(made.x[axis], x[axis]).store(&mut lanes.x[axis]);
                made.accepted.choose(made.t[axis], t[axis]).store(&mut lanes.t[axis]);
                made.accepted.choose(made.a[axis], a[axis]).store(&mut lanes.a[axis]);
            }
            let most = made.accepted.choose(r2, dot(&x, &x)).sqrt() * STEP_MAX;
            (step * made.factor).min(most).store(&mut lanes.step);
            path.store(&mut lanes.path);
            n_step.store(&mut lanes.n_step);
            if S::IS_SCALAR && lanes.path[0] > 0.0 && (before.is_none() || !made.accepted.any()) && made.accepted.any()
            {
                let (x, t) = (Bundle::vector(&lanes.x, 0), Bundle::vector(&lanes.t, 0));
                seen(row(lanes.path[0] * EARTH_RADIUS_KM, &scaled(&x, EARTH_RADIUS_KM), &t));
            }
            // Lanes that all stay at the degree stay together.
            let now = r2.array().map(|r2| tracer.field.top_at(r2));
            let accepted = made.accepted.choose(step.like(1.0), zero).array();
            let moved = (0..S::F64_LANES)
                .any(|lane| lanes.job[lane].is_some() && accepted[lane] > 0.0 && Some(now[lane]) != degree);
            if before.is_none() && !moved {
                continue;
            }
            let (low, out) = (low.choose(step.like(1.0), zero).array(), out.choose(step.like(1.0), zero).array());
            let ended = ended.choose(step.like(1.0), zero).array();
            for lane in 0..S::F64_LANES {
                let Some(job) = lanes.job[lane] else { continue };
                if ended[lane] <= 0.0 {
                    let x = Bundle::vector(&lanes.x, lane);
                    waiting.push(tracer.field.top_at(norm2(&x)), lanes.flight(lane, job));
                    continue;
                }
                let Some(before) = &before else { continue };
                let accepted = accepted[lane] > 0.0;
                let span = Span {
                    x: [Bundle::vector(&before.0, lane), Bundle::vector(&lanes.x, lane)],
                    t: [Bundle::vector(&before.1, lane), Bundle::vector(&lanes.t, lane)],
                    a: [Bundle::vector(&before.2, lane), Bundle::vector(&lanes.a, lane)],
                    step: before.3[lane],
                };
                let outcome = match (accepted && low[lane] > 0.0, accepted && out[lane] > 0.0) {
                    (true, _) => FORBIDDEN,
                    (false, true) => ALLOWED,
                    (false, false) => TRAPPED,
                };
                ends[job] = tracer.end(outcome, &span, lanes.path[lane], lanes.n_step[lane]);
            }
            degree = None;
        }
    }
}
