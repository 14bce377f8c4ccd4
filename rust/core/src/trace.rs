//! Trajectories of charged particles traced back in time through a static field.
//!
//! With path length s as the variable and R = 6371.2 km as its unit, the unit tangent t of a particle of signed
//! rigidity p (momentum times c over charge) followed backwards obeys
//!
//! dx/ds = t,  dt/ds = -(c R / p) t x B(x).
//!
//! Each trajectory steps by the pair of Dormand and Prince (1980, J. Comput. Appl. Math. 6, 19) of order 5(4) with a
//! step of its own; as many stand side by side as a vector register has lanes, sorted by the degree of the field that
//! counts where they are. No lane looks at another, so the result of a trajectory depends on nothing but its arguments.
#![allow(clippy::inline_always)]

use crate::check::{all_directed, all_finite, first, same_length, within};
use crate::earth::{WGS84_A_KM, WGS84_F};
use crate::igrf::{EARTH_RADIUS_KM, Field, Points, ROWS, field_in};
use crate::lanes::{Choice, LANES_MAX, Lanes, cross, dot};
use crate::vector::{Vector, norm2, scaled, unit};
use crate::{Error, Result};
use pulp::{Arch, Scalar, Simd, WithSimd};
use rayon::prelude::*;

/// Curvature of the path, times R, of 1 GV in 1 nT: c \[m/s\] R \[m\] 10^-9 T/nT / (10^9 V/GV) (SI c, IGRF R).
const BEND: f64 = 299_792_458.0 * 6_371_200.0 * 1e-18;
/// Fewest and most trajectories of one task: many, so that few lanes idle behind the last long one. No result depends on it.
const BATCH: (usize, usize) = (1024, 4096);
/// Trajectories under way for each lane: enough that a lane's worth of some degree waits. No result depends on it.
const FLIGHTS_PER_LANE: usize = 16;
/// Longest step in units of the distance from the centre: a straight pass by the Earth is seen in several steps.
const STEP_MAX: f64 = 0.5;
/// A step grows and shrinks by no more than these factors.
const GROWTH: (f64, f64) = (0.2, 4.0);
/// Share of the step that the error estimate would allow.
const SAFETY: f64 = 0.9;
/// Depth below the floor, in F of [`Floor`], that rounding of a start on the floor itself may reach.
const ROUNDING: f64 = 1e-9;

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

/// The path met the floor: the direction is forbidden.
pub const FORBIDDEN: u8 = 0;
/// The path left the escape sphere: the direction is allowed.
pub const ALLOWED: u8 = 1;
/// The path or the number of steps ran out: quasi-trapped, counted as forbidden by every cutoff.
pub const TRAPPED: u8 = 2;

/// Where and how exactly trajectories end.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Distance from the centre beyond which a particle is free \[km\].
    pub escape_radius_km: f64,
    /// Altitude above WGS 84 below which it is absorbed \[km\].
    pub floor_altitude_km: f64,
    /// Error of one step: of the tangent \[rad\], and of the position over the distance from the centre.
    pub error_bound: f64,
    /// Loss of field that may be traded for speed, as in [`Field::new`] \[nT\].
    pub loss_nt: f64,
    /// Longest path \[km\].
    pub path_max_km: f64,
    /// Most steps, taken or tried.
    pub n_step_max: i64,
}

/// How trajectories ended, element by element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ends {
    /// [`FORBIDDEN`], [`ALLOWED`] or [`TRAPPED`].
    pub outcome: Vec<u8>,
    /// Unit tangent at the end: for an allowed one the asymptotic direction that the particle came from.
    pub direction: Vec<Vector>,
    /// End of the path: on the escape sphere, on the floor, or where it was given up \[km\].
    pub position_km: Vec<Vector>,
    /// Length of the path \[km\].
    pub path_km: Vec<f64>,
    /// Steps taken or tried.
    pub n_step: Vec<i64>,
}

/// Trace particles that arrive at `position_km` from `direction` with signed rigidity `rigidity_gv`, back in time.
///
/// Positions and directions are earth-fixed; the field stands still. `rigidity_gv` is negative for negative charge.
///
/// # Errors
/// Lengths that differ; a rigidity that is zero or not finite; a direction that is zero or not finite; a start below the
/// floor or beyond the escape sphere; limits that make no sense; coefficients as [`Field::new`].
pub fn trace(
    position_km: &[Vector],
    direction: &[Vector],
    rigidity_gv: &[f64],
    coefficients_nt: &[f64],
    limits: &Limits,
) -> Result<Ends> {
    let tracer = Tracer::new(coefficients_nt, limits)?;
    same_length("direction", direction.len(), position_km.len())?;
    same_length("rigidity_gv", rigidity_gv.len(), position_km.len())?;
    all_directed("direction", direction)?;
    check_rigidity("rigidity_gv", rigidity_gv)?;
    tracer.check_starts("position_km", position_km)?;
    let starts: Vec<Start> = position_km
        .iter()
        .zip(direction)
        .zip(rigidity_gv)
        .map(|((p, d), r)| Start { position_km: *p, direction: *d, rigidity_gv: *r })
        .collect();
    let mut ends = vec![End::default(); starts.len()];
    let batch = starts.len().div_ceil(4).clamp(BATCH.0, BATCH.1);
    ends.par_chunks_mut(batch).zip(starts.par_chunks(batch)).for_each(|(ends, starts)| tracer.run(starts, ends));
    Ok(Ends {
        outcome: ends.iter().map(|end| end.outcome).collect(),
        direction: ends.iter().map(|end| end.direction).collect(),
        position_km: ends.iter().map(|end| end.position_km).collect(),
        path_km: ends.iter().map(|end| end.path_km).collect(),
        n_step: ends.iter().map(|end| end.n_step).collect(),
    })
}

/// The steps of one trajectory: path length \[km\], position \[km\] and unit tangent at the start and after each step.
///
/// # Errors
/// As [`trace`].
pub fn trajectory(
    position_km: &Vector,
    direction: &Vector,
    rigidity_gv: f64,
    coefficients_nt: &[f64],
    limits: &Limits,
) -> Result<Vec<[f64; 7]>> {
    let tracer = Tracer::new(coefficients_nt, limits)?;
    all_directed("direction", &[*direction])?;
    check_rigidity("rigidity_gv", &[rigidity_gv])?;
    tracer.check_starts("position_km", &[*position_km])?;
    let start = [Start { position_km: *position_km, direction: *direction, rigidity_gv }];
    let mut points = Vec::new();
    let mut end = [End::default()];
    Run { tracer: &tracer, starts: &start, ends: &mut end, seen: &mut |point| points.push(point) }.with_simd(Scalar);
    points.push(row(end[0].path_km, &end[0].position_km, &end[0].direction));
    Ok(points)
}

fn row(path: f64, x: &Vector, t: &Vector) -> [f64; 7] {
    [path, x[0], x[1], x[2], t[0], t[1], t[2]]
}

/// Refuse a rigidity that bends nothing or everything.
pub(crate) fn check_rigidity(name: &str, rigidity_gv: &[f64]) -> Result<()> {
    all_finite(name, rigidity_gv)?;
    match first(rigidity_gv, |r| !(1e-3..=1e9).contains(&r.abs())) {
        None => Ok(()),
        Some(i) => Err(Error::Rule {
            place: format!("{name}[{i}]"),
            found: format!("{:?}", rigidity_gv[i]),
            rule: "a size of 0.001 to 10^9 GV is wanted, negative for negative charge".into(),
        }),
    }
}

/// A particle to be traced back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub position_km: Vector,
    pub direction: Vector,
    pub rigidity_gv: f64,
}

/// How it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct End {
    pub outcome: u8,
    pub direction: Vector,
    pub position_km: Vector,
    pub path_km: f64,
    pub n_step: i64,
}

/// F(x) = across (x^2 + y^2) + along z^2 - 1: zero on the ellipsoid whose half axes are those of WGS 84 plus the floor's altitude.
///
/// It departs from the surface of constant altitude by less than h f / 2 x f = 6e-6 h: 3 m at 500 km.
#[derive(Debug, Clone, Copy)]
struct Floor {
    across: f64,
    along: f64,
}

/// A field and limits, checked.
#[derive(Debug, Clone)]
pub(crate) struct Tracer {
    field: Field,
    floor: Floor,
    escape2: f64,
    escape_radius_km: f64,
    floor_altitude_km: f64,
    per_bound2: f64,
    first_bend: f64,
    path_max: f64,
    n_step_max: f64,
}

impl Tracer {
    pub fn new(coefficients_nt: &[f64], limits: &Limits) -> Result<Self> {
        within("floor_altitude_km", limits.floor_altitude_km, -100.0, 50_000.0)?;
        within("escape_radius_km", limits.escape_radius_km, WGS84_A_KM + limits.floor_altitude_km, 1e6)?;
        within("error_bound", limits.error_bound, 1e-12, 1e-2)?;
        within("path_max_km", limits.path_max_km, f64::MIN_POSITIVE, 1e9)?;
        within("n_step_max", limits.n_step_max as f64, 1.0, 1e9)?;
        let axis = |half: f64| EARTH_RADIUS_KM / (half + limits.floor_altitude_km);
        let (across, along) = (axis(WGS84_A_KM), axis(WGS84_A_KM * (1.0 - WGS84_F)));
        Ok(Self {
            field: Field::new(coefficients_nt, limits.loss_nt)?,
            floor: Floor { across: across * across, along: along * along },
            escape2: (limits.escape_radius_km / EARTH_RADIUS_KM).powi(2),
            escape_radius_km: limits.escape_radius_km,
            floor_altitude_km: limits.floor_altitude_km,
            per_bound2: 1.0 / (limits.error_bound * limits.error_bound),
            // Turning by this angle in a uniform field costs about the bound: the first step, cut or grown later.
            first_bend: 2.0 * libm::pow(limits.error_bound, 0.2),
            path_max: limits.path_max_km / EARTH_RADIUS_KM,
            n_step_max: limits.n_step_max as f64,
        })
    }

    pub fn check_starts(&self, name: &str, position_km: &[Vector]) -> Result<()> {
        let wrong = |p: &Vector| {
            let x = scaled(p, 1.0 / EARTH_RADIUS_KM);
            !(self.height(&x) >= -ROUNDING && norm2(&x) <= self.escape2)
        };
        match first(position_km, wrong) {
            None => Ok(()),
            Some(i) => Err(Error::Rule {
                place: format!("{name}[{i}]"),
                found: format!("{:?}", position_km[i]),
                rule: format!(
                    "a start at {} km above WGS 84 or higher and within {} km of the centre is wanted",
                    self.floor_altitude_km, self.escape_radius_km
                ),
            }),
        }
    }

    fn height(&self, x: &Vector) -> f64 {
        self.floor.across * (x[0] * x[0] + x[1] * x[1]) + self.floor.along * (x[2] * x[2]) - 1.0
    }

    /// Trace all `starts`, which must have been checked, on the calling thread.
    pub fn run(&self, starts: &[Start], ends: &mut [End]) {
        Arch::new().dispatch(Run { tracer: self, starts, ends, seen: &mut |_| () });
    }
}

/// One trajectory on its way.
#[derive(Clone, Copy)]
struct Flight {
    job: usize,
    x: Vector,
    t: Vector,
    a: Vector,
    step: f64,
    bend: f64,
    path: f64,
    n_step: f64,
}

impl Flight {
    fn begin(job: usize, start: &Start, field_nt: &Vector, first_bend: f64) -> Self {
        let x = scaled(&start.position_km, 1.0 / EARTH_RADIUS_KM);
        let t = unit(&start.direction);
        let bend = -BEND / start.rigidity_gv;
        let a = scaled(&crate::vector::cross(&t, field_nt), bend);
        let curvature = (bend * bend * norm2(field_nt)).sqrt();
        let most = STEP_MAX * norm2(&x).sqrt();
        let step = if curvature * most > first_bend { first_bend / curvature } else { most };
        Self { job, x, t, a, step, bend, path: 0.0, n_step: 0.0 }
    }
}

/// The lanes at work, in arrays, so that one can be taken out and replaced.
#[repr(align(64))]
struct Bundle {
    x: [[f64; LANES_MAX]; 3],
    t: [[f64; LANES_MAX]; 3],
    a: [[f64; LANES_MAX]; 3],
    step: [f64; LANES_MAX],
    bend: [f64; LANES_MAX],
    path: [f64; LANES_MAX],
    n_step: [f64; LANES_MAX],
    job: [Option<usize>; LANES_MAX],
}

impl Bundle {
    /// Lanes that go nowhere.
    fn idle() -> Self {
        let zero = [0.0; LANES_MAX];
        Self {
            x: [zero, zero, [2.0; LANES_MAX]],
            t: [zero, zero, [1.0; LANES_MAX]],
            a: [zero; 3],
            step: zero,
            bend: zero,
            path: zero,
            n_step: zero,
            job: [None; LANES_MAX],
        }
    }

    /// Take a lane out.
    fn rest(&mut self, lane: usize) {
        self.put(
            lane,
            &Flight {
                job: 0,
                x: [0.0, 0.0, 2.0],
                t: [0.0, 0.0, 1.0],
                a: [0.0; 3],
                step: 0.0,
                bend: 0.0,
                path: 0.0,
                n_step: 0.0,
            },
        );
        self.job[lane] = None;
    }

    fn put(&mut self, lane: usize, flight: &Flight) {
        for axis in 0..3 {
            self.x[axis][lane] = flight.x[axis];
            self.t[axis][lane] = flight.t[axis];
            self.a[axis][lane] = flight.a[axis];
        }
        self.step[lane] = flight.step;
        self.bend[lane] = flight.bend;
        self.path[lane] = flight.path;
        self.n_step[lane] = flight.n_step;
        self.job[lane] = Some(flight.job);
    }

    fn flight(&self, lane: usize, job: usize) -> Flight {
        Flight {
            job,
            x: Self::vector(&self.x, lane),
            t: Self::vector(&self.t, lane),
            a: Self::vector(&self.a, lane),
            step: self.step[lane],
            bend: self.bend[lane],
            path: self.path[lane],
            n_step: self.n_step[lane],
        }
    }

    fn vector(columns: &[[f64; LANES_MAX]; 3], lane: usize) -> Vector {
        [columns[0][lane], columns[1][lane], columns[2][lane]]
    }
}

/// Trajectories that wait for a lane, by the degree of the field that counts where they are.
///
/// Lanes side by side take as many degrees as the lowest of them needs, so those of like degree go together. Which go
/// together changes no result.
struct Waiting {
    by_degree: [Vec<Flight>; ROWS],
    count: usize,
}

impl Waiting {
    fn push(&mut self, degree: usize, flight: Flight) {
        self.by_degree[degree].push(flight);
        self.count += 1;
    }

    /// Fill the lanes from the degree at which most wait, then from those next to it, lower ones first.
    fn fill(&mut self, lanes: &mut Bundle, n_lane: usize) -> usize {
        let fullest = (0..ROWS).max_by_key(|&degree| self.by_degree[degree].len()).unwrap_or(0);
        let order = (0..=fullest).rev().chain(fullest + 1..ROWS);
        let mut lane = 0;
        for degree in order {
            while lane < n_lane
                && let Some(flight) = self.by_degree[degree].pop()
            {
                lanes.put(lane, &flight);
                self.count -= 1;
                lane += 1;
            }
        }
        for free in lane..n_lane {
            lanes.rest(free);
        }
        fullest
    }
}

/// One batch on one thread.
struct Run<'a, F: FnMut([f64; 7])> {
    tracer: &'a Tracer,
    starts: &'a [Start],
    ends: &'a mut [End],
    /// Sees path, position and tangent of each step taken, in km.
    seen: &'a mut F,
}

/// What one step makes of the lanes.
struct Step<S: Simd> {
    x: [Lanes<S>; 3],
    t: [Lanes<S>; 3],
    a: [Lanes<S>; 3],
    accepted: Choice<S>,
    factor: Lanes<S>,
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

impl Tracer {
    /// One step of each lane.
    #[inline(always)]
    fn step<S: Simd>(
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
    fn lowest<S: Simd>(
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

    /// The end of a trajectory, cut where it crosses the floor or the escape sphere.
    fn end(&self, outcome: u8, span: &Span, path: f64, n_step: f64) -> End {
        let at = match outcome {
            FORBIDDEN => span.crossing(|x| self.height(x)),
            ALLOWED => span.crossing(|x| self.escape2 - norm2(x)),
            _ => 1.0,
        };
        let (x, t) = if at < 1.0 { span.at(at) } else { (span.x[1], span.t[1]) };
        let cut = if outcome == TRAPPED { 0.0 } else { (1.0 - at) * span.step };
        End {
            outcome,
            direction: unit(&t),
            position_km: scaled(&x, EARTH_RADIUS_KM),
            path_km: (path - cut) * EARTH_RADIUS_KM,
            n_step: n_step as i64,
        }
    }
}

/// Both ends of a step.
struct Span {
    x: [Vector; 2],
    t: [Vector; 2],
    a: [Vector; 2],
    step: f64,
}

impl Span {
    /// Position and tangent a share of the step further: quintic through position, tangent and curvature of both ends.
    fn at(&self, share: f64) -> (Vector, Vector) {
        let (mut x, mut t) = ([0.0; 3], [0.0; 3]);
        for i in 0..3 {
            let slope = self.step * self.t[0][i];
            let bow = self.step * self.step * self.a[0][i];
            let rise = self.x[1][i] - self.x[0][i] - slope - 0.5 * bow;
            let tilt = self.step * self.t[1][i] - slope - bow;
            let bend = self.step * self.step * self.a[1][i] - bow;
            let cubic = 10.0 * rise - 4.0 * tilt + 0.5 * bend;
            let quartic = 7.0 * tilt - 15.0 * rise - bend;
            let quintic = 6.0 * rise - 3.0 * tilt + 0.5 * bend;
            x[i] = self.x[0][i]
                + share * (slope + share * (0.5 * bow + share * (cubic + share * (quartic + share * quintic))));
            t[i] = slope + share * (bow + share * (3.0 * cubic + share * (4.0 * quartic + share * (5.0 * quintic))));
        }
        (x, t)
    }

    /// Share of the step at which `value` falls through zero, by false position after Illinois; 1 where it does not.
    fn crossing(&self, value: impl Fn(&Vector) -> f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        let (mut above, mut below) = (value(&self.x[0]), value(&self.x[1]));
        if below > 0.0 || above <= 0.0 {
            return if above <= 0.0 { 0.0 } else { 1.0 };
        }
        let mut last = 0.0;
        for _ in 0..12 {
            let middle = low + (high - low) * (above / (above - below));
            let found = value(&self.at(middle).0);
            if found == 0.0 {
                return middle;
            }
            // The end that was kept twice counts half.
            if found > 0.0 {
                (low, above) = (middle, found);
                below *= if last > 0.0 { 0.5 } else { 1.0 };
            } else {
                (high, below) = (middle, found);
                above *= if last < 0.0 { 0.5 } else { 1.0 };
            }
            last = found;
        }
        high
    }
}

#[cfg(test)]
// Bits are compared on purpose.
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIPOLE: [f64; 3] = [-29_404.8, -1_450.9, 4_652.5];

    fn limits() -> Limits {
        Limits {
            escape_radius_km: 25.0 * EARTH_RADIUS_KM,
            floor_altitude_km: 20.0,
            error_bound: 1e-7,
            loss_nt: 0.0,
            path_max_km: 200.0 * EARTH_RADIUS_KM,
            n_step_max: 100_000,
        }
    }

    fn start() -> impl Strategy<Value = (Vector, Vector, f64)> {
        let direction = || prop::array::uniform3(-1.0..1.0f64).prop_filter("a direction", |v| norm2(v) > 1e-3);
        (direction(), direction(), 6_500.0..20_000.0f64, 0.5..200.0f64, prop::bool::ANY)
            .prop_map(|(p, d, r, rigidity, sign)| (scaled(&unit(&p), r), d, if sign { rigidity } else { -rigidity }))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_trajectory_has_the_same_bits_beside_any_other(starts in prop::collection::vec(start(), 1..30)) {
            let positions: Vec<Vector> = starts.iter().map(|s| s.0).collect();
            let directions: Vec<Vector> = starts.iter().map(|s| s.1).collect();
            let rigidities: Vec<f64> = starts.iter().map(|s| s.2).collect();
            let together = trace(&positions, &directions, &rigidities, &DIPOLE, &limits()).expect("good input");
            for i in 0..starts.len() {
                let alone = trace(&positions[i..=i], &directions[i..=i], &rigidities[i..=i], &DIPOLE, &limits()).expect("good input");
                prop_assert_eq!(alone.outcome[0], together.outcome[i]);
                prop_assert_eq!(alone.direction[0], together.direction[i]);
                prop_assert_eq!(alone.position_km[0], together.position_km[i]);
                prop_assert_eq!(alone.n_step[0], together.n_step[i]);
                let steps = trajectory(&positions[i], &directions[i], rigidities[i], &DIPOLE, &limits()).expect("good input");
                prop_assert_eq!(steps[steps.len() - 1], row(alone.path_km[0], &alone.position_km[0], &alone.direction[0]));
            }
        }

        #[test]
        fn an_allowed_trajectory_returns_on_itself((p, d, rigidity) in start()) {
            let exact = Limits { error_bound: 1e-10, ..limits() };
            let there = trace(&[p], &[d], &[rigidity], &DIPOLE, &exact).expect("good input");
            prop_assume!(there.outcome[0] == ALLOWED && there.path_km[0] < 40.0 * EARTH_RADIUS_KM);
            // Followed on in its own sense, that is, as the opposite charge back in time, as far as it came.
            let back = Limits { path_max_km: there.path_km[0], escape_radius_km: 26.0 * EARTH_RADIUS_KM, floor_altitude_km: 0.0, ..exact };
            let home = scaled(&there.direction[0], -1.0);
            let steps = trajectory(&there.position_km[0], &home, -rigidity, &DIPOLE, &back).expect("good input");
            let nearest = steps.windows(2).map(|pair| gap(&pair[0], &pair[1], &p)).fold(f64::INFINITY, f64::min);
            // The bound is 1e-10 of 10^5 km for each of some 200 steps; what passes near the Earth grows a thousandfold.
            prop_assert!(nearest < 5.0, "{nearest}");
        }

        #[test]
        fn the_tangent_stays_a_unit_vector((p, d, rigidity) in start()) {
            let steps = trajectory(&p, &d, rigidity, &DIPOLE, &limits()).expect("good input");
            for s in steps { prop_assert!((s[4] * s[4] + s[5] * s[5] + s[6] * s[6] - 1.0).abs() < 1e-9); }
        }
    }

    /// Distance of a point from the cubic through the ends of a step and their tangents.
    fn gap(a: &[f64; 7], b: &[f64; 7], p: &Vector) -> f64 {
        let step = b[0] - a[0];
        let at = |u: f64| -> (Vector, Vector) {
            let (mut from, mut slope) = ([0.0; 3], [0.0; 3]);
            for i in 0..3 {
                let (t0, t1, rise) = (step * a[4 + i], step * b[4 + i], b[1 + i] - a[1 + i]);
                let (square, cube) = (3.0 * rise - 2.0 * t0 - t1, t0 + t1 - 2.0 * rise);
                from[i] = a[1 + i] + u * (t0 + u * (square + u * cube)) - p[i];
                slope[i] = t0 + u * (2.0 * square + u * 3.0 * cube);
            }
            (from, slope)
        };
        let mut best = f64::INFINITY;
        for start in 0..9 {
            let mut u = f64::from(start) / 8.0;
            for _ in 0..20 {
                let (from, slope) = at(u);
                u = (u - crate::vector::dot(&from, &slope) / norm2(&slope).max(1e-300)).clamp(0.0, 1.0);
            }
            best = best.min(norm2(&at(u).0).sqrt());
        }
        best
    }

    #[test]
    fn without_bending_the_path_is_straight_and_ends_on_the_sphere() {
        let ends = trace(&[[7000.0, 0.0, 0.0]], &[[1.0, 0.0, 0.0]], &[1e9], &DIPOLE, &limits()).expect("good input");
        assert_eq!(ends.outcome, [ALLOWED]);
        assert!((ends.path_km[0] - (25.0 * EARTH_RADIUS_KM - 7000.0)).abs() < 1e-6, "{ends:?}");
        assert!((norm2(&ends.position_km[0]).sqrt() - 25.0 * EARTH_RADIUS_KM).abs() < 1e-6);
        let ends = trace(&[[7000.0, 0.0, 0.0]], &[[-1.0, 0.0, 0.0]], &[1e9], &DIPOLE, &limits()).expect("good input");
        assert_eq!(ends.outcome, [FORBIDDEN]);
        assert!((ends.position_km[0][0] - (WGS84_A_KM + 20.0)).abs() < 1e-3, "{ends:?}");
        // A straight pass 10 km above and below the floor.
        for (height, outcome) in [(30.0, ALLOWED), (10.0, FORBIDDEN)] {
            let start = [WGS84_A_KM + height, -9000.0, 0.0];
            let ends = trace(&[start], &[[0.0, 1.0, 0.0]], &[1e9], &DIPOLE, &limits()).expect("good input");
            assert_eq!(ends.outcome, [outcome]);
        }
    }

    #[test]
    fn a_trapped_particle_is_bounded_and_reported() {
        let deep = Limits { path_max_km: 1e6, ..limits() };
        let ends = trace(&[[12_000.0, 0.0, 0.0]], &[[0.0, 1.0, 1.0]], &[0.05], &DIPOLE, &deep).expect("good input");
        assert_eq!(ends.outcome, [TRAPPED]);
        let few = Limits { n_step_max: 7, ..deep };
        let ends = trace(&[[12_000.0, 0.0, 0.0]], &[[0.0, 1.0, 1.0]], &[0.05], &DIPOLE, &few).expect("good input");
        assert_eq!((ends.outcome[0], ends.n_step[0]), (TRAPPED, 7));
    }

    #[test]
    fn bad_input_is_refused() {
        let good = ([7000.0, 0.0, 0.0], [1.0, 0.0, 0.0], 10.0);
        let refused = |p: Vector, d: Vector, r: f64, limits: Limits| trace(&[p], &[d], &[r], &DIPOLE, &limits).is_err();
        assert!(!refused(good.0, good.1, good.2, limits()));
        assert!(refused([6300.0, 0.0, 0.0], good.1, good.2, limits()));
        assert!(refused([f64::NAN, 0.0, 0.0], good.1, good.2, limits()));
        assert!(refused(good.0, [0.0; 3], good.2, limits()));
        assert!(refused(good.0, [f64::NAN, 0.0, 1.0], good.2, limits()));
        assert!(refused(good.0, good.1, 0.0, limits()));
        assert!(refused(good.0, good.1, f64::NAN, limits()));
        assert!(refused(good.0, good.1, good.2, Limits { error_bound: 0.0, ..limits() }));
        assert!(refused(good.0, good.1, good.2, Limits { escape_radius_km: 6000.0, ..limits() }));
        assert!(refused(good.0, good.1, good.2, Limits { n_step_max: 0, ..limits() }));
    }
}
