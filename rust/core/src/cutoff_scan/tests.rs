//! What the file beside it promises, by values found in another way.

use super::*;
use crate::trace::trace;

#[test]
fn a_penumbra_is_summed_by_its_definition() {
    // Rigidities 10, 11, ... of step 1; open at 11, 13, 14 and from 16 on.
    let found = |allowed: &[bool], wide| {
        let f = cutoffs_of(allowed, 10.0, 1.0, wide);
        (f.upper, f.lower, f.band, f.effective, f.beyond)
    };
    let open = [false, true, false, true, true, false, true];
    assert_eq!(found(&open, 1), (16.0, 11.0, 11.0, 13.0, 0));
    assert_eq!(found(&open, 2), (16.0, 11.0, 13.0, 13.0, 0));
    // What is open up to the end of the scan is wide.
    assert_eq!(found(&open, 3), (16.0, 11.0, 16.0, 13.0, 0));
    let never = f64::INFINITY;
    assert_eq!(found(&[true, true], 5), (10.0, 10.0, 10.0, 10.0, BELOW));
    assert_eq!(found(&[false, false], 1), (never, never, never, never, ABOVE));
    assert_eq!(found(&[true, false], 1), (never, 10.0, 10.0, never, ABOVE + BELOW));
    assert_eq!(found(&[true, false], 2), (never, 10.0, never, never, ABOVE + BELOW));
}

#[test]
fn a_cone_answers_with_the_scan_of_its_worst_direction() {
    let limits = Limits {
        escape_radius_km: 160_000.0,
        floor_altitude_km: 20.0,
        error_bound: 1e-5,
        loss_nt: 0.0,
        path_max_km: 1e6,
        n_step_max: 10_000,
    };
    let dipole = [-30_000.0, 0.0, 0.0];
    let here = [6800.0, 0.0, 0.0];
    let tilt = |angle: f64| [angle.cos(), angle.sin(), 0.0];
    let directions = [tilt(0.0), tilt(0.4), tilt(-0.4), tilt(0.6)];
    let cones =
        cone_cutoff(&[here], &directions, &[0, 1, 1, 2], 3, 1, &[5.0], &[40.0], 0.002, &dipole, &limits).expect("good");
    for (c, direction) in [(0, directions[0]), (1, directions[1]), (2, directions[3])] {
        let scan = cutoff_scan(&[here], &[direction], 1, &[5.0], &[40.0], 0.02, 0.0, &dipole, &limits).expect("good");
        assert!((scan.upper_gv[0] / cones[c] - 1.0).abs() < 0.005, "{scan:?} {cones:?}");
    }
    assert!(cones[0] < cones[1] && cones[1] < cones[2]);
}

const DIPOLE_NT: [f64; 3] = [-30_000.0, 2_000.0, -4_000.0];

fn limits() -> Limits {
    Limits {
        escape_radius_km: 100_000.0,
        floor_altitude_km: 20.0,
        error_bound: 1e-4,
        loss_nt: 0.0,
        path_max_km: 5e5,
        n_step_max: 3_000,
    }
}

fn allowed(position: Vector, direction: Vector, rigidity_gv: f64) -> bool {
    let ends = trace(&[position], &[direction], &[rigidity_gv], &DIPOLE_NT, &limits()).expect("a good start");
    ends.outcome[0] == ALLOWED
}

const HERE: Vector = [6100.0, 1500.0, 2600.0];

fn towards(angle: f64) -> Vector {
    [0.9 - 0.1 * angle, angle.sin(), 0.3 + angle.cos()]
}

#[test]
fn a_scan_is_its_rigidities_one_by_one() {
    let (low, high) = ([2.05, 3.0, 6.9, 30.0], [20.1, 9.0, 8.0, 31.0]);
    for sign in [1, -1] {
        let direction = [towards(0.3), towards(-0.9), towards(1.4), towards(0.0)];
        let found =
            cutoff_scan(&[HERE; 4], &direction, sign, &low, &high, 0.5, 1.2, &DIPOLE_NT, &limits()).expect("good");
        for i in 0..4 {
            // Multiples of a half from low to high, in whole numbers.
            let first = (low[i] * 2.0_f64).ceil() as i32;
            let last = (high[i] * 2.0_f64).floor() as i32;
            let open: Vec<(f64, bool)> = (first..=last)
                .map(|k| (0.5 * f64::from(k), allowed(HERE, direction[i], 0.5 * f64::from(k) * sign as f64)))
                .collect();
            let never = f64::INFINITY;
            let lower = open.iter().find(|(_, open)| *open).map_or(never, |(at, _)| *at);
            let shut = open.iter().rev().find(|(_, open)| !open).map(|(at, _)| *at);
            let beyond = shut == Some(open[open.len() - 1].0);
            let upper = if beyond { never } else { shut.map_or(open[0].0, |at| at + 0.5) };
            let between = open.iter().filter(|(at, open)| *open && *at < upper).count();
            // A band of 1.2 GV is three steps of 0.5 GV, or all up to the end.
            let wide = |k: &usize| open[*k..open.len().min(k + 3)].iter().all(|(_, open)| *open);
            let band = (0..open.len()).find(wide).map_or(never, |k| open[k].0);
            let wanted = [upper, lower, band, upper - 0.5 * between as f64];
            let row = [found.upper_gv[i], found.lower_gv[i], found.band_gv[i], found.effective_gv[i]];
            assert_eq!(row.map(f64::to_bits), wanted.map(f64::to_bits), "{i} {sign} {row:?} {wanted:?}");
            assert_eq!(found.beyond[i], u8::from(beyond) * ABOVE + u8::from(open[0].1) * BELOW);
        }
    }
}

#[test]
fn a_cone_is_open_from_the_level_above_the_highest_that_is_shut() {
    let around = |i: usize| [0.0, 0.5, -0.5, 1.2, 2.5].map(|angle| towards(angle + 0.1 * i as f64));
    // The third cone has no direction of its own.
    let cone = [0, 1, 1, 3, 4];
    let (low, high, ratio) = ([4.0, 2.5, 39.0, 40.0], [40.0, 15.0, 40.0, 40.0], 0.1);
    for sign in [1, -1] {
        let place = [HERE, [6800.0, 0.0, 0.0], HERE, HERE];
        let all: Vec<Vector> = (0..4).flat_map(around).collect();
        let found = cone_cutoff(&place, &all, &cone, 5, sign, &low, &high, ratio, &DIPOLE_NT, &limits()).expect("good");
        assert_eq!(found.len(), 20);
        for i in 0..4 {
            let direction = around(i);
            let mut levels = Vec::new();
            let mut level: f64 = high[i];
            while level >= low[i] {
                levels.push(level);
                level /= 1.0 + ratio;
            }
            for c in 0..5 {
                let inner = direction.iter().zip(&cone).filter(|(_, n)| **n <= c as i64);
                let open = |level: f64| inner.clone().all(|(d, _)| allowed(place[i], *d, level * sign as f64));
                let wanted = levels.iter().take_while(|level| open(**level)).last().copied().unwrap_or(f64::INFINITY);
                assert_eq!(found[5 * i + c].to_bits(), wanted.to_bits(), "{i} {c} {sign}");
            }
        }
    }
}

#[test]
fn every_place_has_directions_of_its_own() {
    let place = [HERE, [6500.0, -800.0, 1200.0]];
    let direction = [towards(0.2), towards(-0.8), towards(1.1), towards(0.7)];
    let cutoffs = |place: &[Vector], direction: &[Vector]| {
        let (low, high) = (vec![2.0; place.len()], vec![40.0; place.len()]);
        cone_cutoff(place, direction, &[0, 1], 2, 1, &low, &high, 0.05, &DIPOLE_NT, &limits()).expect("good")
    };
    let alone = [cutoffs(&place[..1], &direction[..2]), cutoffs(&place[1..], &direction[2..])];
    assert_ne!(alone[0], alone[1]);
    assert_eq!(cutoffs(&place, &direction), alone.concat());
}

#[test]
fn the_ends_of_a_scan_are_multiples_of_its_step() {
    assert_eq!(multiples(1.0, 2.0, 0.25), (4.0, 8.0));
    assert_eq!(multiples(1.1, 1.9, 0.25), (5.0, 7.0));
    // 0.3 / 0.1 and 0.7 / 0.1 are not whole after rounding.
    assert_eq!(multiples(0.3, 0.7, 0.1), (3.0, 7.0));
    assert_eq!(multiples(0.001, 2.0, 0.5), (1.0, 4.0));
}

#[test]
fn a_width_is_a_whole_number_of_steps() {
    // 0.3 / 0.1 is not whole after rounding.
    let found = [(0.0, 0.5), (0.4, 0.5), (0.5, 0.5), (0.6, 0.5), (1.2, 0.5), (0.3, 0.1), (3.0, 2.0)];
    assert_eq!(found.map(|(width, step)| steps_of(width, step)), [1, 1, 1, 2, 3, 3, 2]);
}

fn refused_scan(low: f64, high: f64, step: f64, sign: i64) -> String {
    let found = cutoff_scan(&[HERE], &[HERE], sign, &[low], &[high], step, 0.0, &DIPOLE_NT, &limits());
    found.expect_err("a refusal").to_string()
}

#[test]
fn a_scan_without_a_multiple_is_refused() {
    let rule = "between 1 and 10^7 multiples of step_gv = 0.5 from low to high are wanted";
    assert_eq!(refused_scan(1.1, 1.4, 0.5, 1), format!("low_gv[0], high_gv[0] = 1.1, 1.4: {rule}"));
    // From 2 to 10^7 + 2 steps of 1e-3 are 10^7 + 1 of them.
    assert!(refused_scan(2e-3, 10_000.002, 1e-3, 1).starts_with("low_gv[0], high_gv[0] = 0.002, 10000.002: between"));
    assert_eq!(refused_scan(1.0, 2.0, 0.5, 0), "charge_sign = 0: 1 or -1 is wanted");
    assert_eq!(refused_scan(1.0, 2.0, 0.5, 2), "charge_sign = 2: 1 or -1 is wanted");
    let one = cutoff_scan(&[HERE], &[HERE], 1, &[30.0], &[30.0], 0.5, 0.0, &DIPOLE_NT, &limits()).expect("one level");
    assert_eq!(one.beyond, [BELOW]);
    // How many there are counts, not how high they lie.
    let high = cutoff_scan(&[HERE], &[HERE], 1, &[60_000.0], &[60_000.01], 0.01, 0.0, &DIPOLE_NT, &limits());
    assert_eq!(high.expect("two levels").beyond, [BELOW]);
}

#[test]
fn a_cone_that_makes_no_sense_is_refused() {
    let refused = |cone: &[i64], n_cone, low: f64, high: f64| {
        let direction = vec![HERE; cone.len()];
        cone_cutoff(&[HERE], &direction, cone, n_cone, 1, &[low], &[high], 0.1, &DIPOLE_NT, &limits())
            .expect_err("a refusal")
            .to_string()
    };
    assert_eq!(refused(&[0], 1, 5.0, 4.0), "high_gv[0] = 4.0: low_gv[0] = 5.0 or more is wanted");
    assert_eq!(refused(&[0, 2], 2, 4.0, 5.0), "cone[1] = 2 is outside [0, 2)");
    assert_eq!(refused(&[2, 1], 3, 4.0, 5.0), "cone = [2, 1]: a direction of cone 0 is wanted");
    assert_eq!(refused(&[], 1, 4.0, 5.0), "cone has length 0; 1 or more is wanted");
    let two = [HERE, HERE];
    let error = cone_cutoff(&two, &two, &[0, 0], 1, 1, &[4.0; 2], &[5.0; 2], 0.1, &DIPOLE_NT, &limits());
    assert_eq!(error.expect_err("four directions").to_string(), "direction has length 2; 4 is wanted");
}
