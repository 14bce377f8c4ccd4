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

mod flights;
mod run;
mod span;
mod step;
mod tracer;

use self::run::Run;
pub(crate) use self::tracer::Tracer;
use crate::check::{all_directed, all_finite, first, same_length};
use crate::vector::Vector;
use crate::{Error, Result};
use pulp::{Scalar, WithSimd};
use rayon::prelude::*;

/// Fewest and most trajectories of one task: many, so that few lanes idle behind the last long one. No result depends on it.
const BATCH: (usize, usize) = (1024, 4096);

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

#[cfg(test)]
// Bits are compared on purpose.
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::earth::WGS84_A_KM;
    use crate::igrf::EARTH_RADIUS_KM;
    use crate::vector::{norm2, scaled, unit};
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
