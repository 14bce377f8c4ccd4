//! Trajectories under way: those in the lanes, and those that wait for one.

use super::Start;
use super::step::STEP_MAX;
use crate::igrf::{EARTH_RADIUS_KM, ROWS};
use crate::lanes::LANES_MAX;
use crate::vector::{Vector, norm2, scaled, unit};

/// Curvature of the path, times R, of 1 GV in 1 nT: c \[m/s\] R \[m\] 10^-9 T/nT / (10^9 V/GV) (SI c, IGRF R).
const BEND: f64 = 299_792_458.0 * 6_371_200.0 * 1e-18;

/// One trajectory on its way.
#[derive(Clone, Copy)]
pub(super) struct Flight {
    pub(super) job: usize,
    pub(super) x: Vector,
    pub(super) t: Vector,
    pub(super) a: Vector,
    pub(super) step: f64,
    pub(super) bend: f64,
    pub(super) path: f64,
    pub(super) n_step: f64,
}

impl Flight {
    pub(super) fn begin(job: usize, start: &Start, field_nt: &Vector, first_bend: f64) -> Self {
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
pub(super) struct Bundle {
    pub(super) x: [[f64; LANES_MAX]; 3],
    pub(super) t: [[f64; LANES_MAX]; 3],
    pub(super) a: [[f64; LANES_MAX]; 3],
    pub(super) step: [f64; LANES_MAX],
    pub(super) bend: [f64; LANES_MAX],
    pub(super) path: [f64; LANES_MAX],
    pub(super) n_step: [f64; LANES_MAX],
    pub(super) job: [Option<usize>; LANES_MAX],
}

impl Bundle {
    /// Lanes that go nowhere.
    pub(super) fn idle() -> Self {
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

    pub(super) fn flight(&self, lane: usize, job: usize) -> Flight {
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

    pub(super) fn vector(columns: &[[f64; LANES_MAX]; 3], lane: usize) -> Vector {
        [columns[0][lane], columns[1][lane], columns[2][lane]]
    }
}

/// Trajectories that wait for a lane, by the degree of the field that counts where they are.
///
/// Lanes side by side take as many degrees as the lowest of them needs, so those of like degree go together. Which go
/// together changes no result.
pub(super) struct Waiting {
    pub(super) by_degree: [Vec<Flight>; ROWS],
    pub(super) count: usize,
}

impl Waiting {
    pub(super) fn push(&mut self, degree: usize, flight: Flight) {
        self.by_degree[degree].push(flight);
        self.count += 1;
    }

    /// Fill the lanes from the degree at which most wait, then from those next to it, lower ones first.
    pub(super) fn fill(&mut self, lanes: &mut Bundle, n_lane: usize) -> usize {
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
