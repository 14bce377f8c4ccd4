//! What the file beside it promises, by values found in another way.

use super::*;
use proptest::prelude::*;

fn centred(position: Vector, direction: Vector, cone: f64, sign: i64) -> f64 {
    let dipole = DipoleKnots {
        time_s: &[0.0, 1.0],
        k_gv: &[57.0, 57.0],
        center_km: &[[0.0; 3]; 2],
        pole: &[[0.0, 0.0, 1.0]; 2],
    };
    stormer_cutoff(&[0.5], &[position], &[direction], cone, sign, &dipole).expect("good input")[0]
}

proptest! {
    #[test]
    fn no_direction_in_the_cone_exceeds_its_maximum(
        latitude in -1.5..1.5f64, axis in prop::array::uniform3(-1.0..1.0f64),
        other in prop::array::uniform3(-1.0..1.0f64), spare in 0.0..0.5f64, positive: bool,
    ) {
        prop_assume!(norm2(&axis) > 1e-3 && norm2(&other) > 1e-3);
        let sign = if positive { 1 } else { -1 };
        let position = [6800.0 * latitude.cos(), 0.0, 6800.0 * latitude.sin()];
        let (axis, other) = (unit(&axis), unit(&other));
        let cone = (dot(&axis, &other).clamp(-1.0, 1.0).acos() + spare).min(std::f64::consts::PI);
        prop_assert!(centred(position, other, 0.0, sign) <= centred(position, axis, cone, sign) * (1.0 + 1e-12));
    }

    #[test]
    fn a_bin_is_open_exactly_above_the_threshold(cutoff in 0.0..100.0f64, factor in 1.0..1.4f64) {
        let edges = [16.0, 25.0, 40.0, 65.0, 100.0, 500.0];
        let class = usize::from(cutoff_class(&[cutoff], factor, &edges).expect("good input")[0]);
        for (bin, edge) in edges[..5].iter().enumerate() {
            prop_assert_eq!(bin >= class, *edge >= factor * cutoff);
        }
    }
}

#[test]
fn east_is_shielded_more_than_west_for_positive_charge() {
    let here = [6800.0, 0.0, 0.0];
    assert!(centred(here, [0.0, 1.0, 0.0], 0.0, 1) > 2.0 * centred(here, [0.0, -1.0, 0.0], 0.0, 1));
    let same = (centred(here, [0.0, 1.0, 0.0], 0.0, 1) - centred(here, [0.0, -1.0, 0.0], 0.0, -1)).abs();
    assert!(same < 1e-12);
}

#[test]
fn metres_in_place_of_kilometres_are_refused() {
    let dipole =
        DipoleKnots { time_s: &[0.0, 1.0], k_gv: &[57.0; 2], center_km: &[[0.0; 3]; 2], pole: &[[0.0, 0.0, 1.0]; 2] };
    let error = stormer_cutoff(&[0.5], &[[6.8e6, 0.0, 0.0]], &[[1.0, 0.0, 0.0]], 0.0, 1, &dipole);
    assert!(matches!(error, Err(Error::Rule { .. })));
}

/// The cutoff by angles: latitude, and the angle to magnetic east as far as the cone does not reach.
fn by_angles(
    k_gv: f64,
    center: Vector,
    pole: Vector,
    position: Vector,
    direction: Vector,
    cone: f64,
    sign: f64,
) -> f64 {
    let from: Vector = std::array::from_fn(|k| position[k] - center[k]);
    let latitude = dot(&unit(&from), &unit(&pole)).asin();
    let east = unit(&cross(&pole, &from));
    let angle = (sign * dot(&unit(&direction), &east)).clamp(-1.0, 1.0).acos();
    let nearest = (angle - cone).max(0.0).cos();
    let root = 1.0 + (1.0 - nearest * latitude.cos().powi(3)).max(0.0).sqrt();
    k_gv * latitude.cos().powi(4) / (norm2(&from) / 6371.2_f64.powi(2) * root.powi(2))
}

proptest! {
    #[test]
    fn the_cutoff_is_that_of_the_angles(
        rows in prop::collection::vec(
            (0.0..20.0f64, prop::array::uniform3(-1.0..1.0f64), prop::array::uniform3(-1.0..1.0f64), 6400.0..9000.0f64),
            1..150,
        ),
        cone in prop_oneof![Just(0.0), 0.0..1.5f64], positive: bool,
    ) {
        prop_assume!(rows.iter().all(|(_, place, direction, _)| norm2(place) > 1e-3 && norm2(direction) > 1e-3));
        let time: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let position: Vec<Vector> = rows.iter().map(|row| scaled(&unit(&row.1), row.3)).collect();
        let direction: Vec<Vector> = rows.iter().map(|row| unit(&row.2)).collect();
        let center = [[-400.0, 200.0, 100.0], [-300.0, 300.0, 250.0], [-350.0, 0.0, 50.0]];
        let pole = [unit(&[0.05, -0.15, 1.0]), unit(&[-0.1, 0.2, 1.0]), unit(&[0.0, 0.1, 1.0])];
        let knot = [0.0, 12.0, 20.0];
        let dipole = DipoleKnots { time_s: &knot, k_gv: &[57.0, 61.0, 50.0], center_km: &center, pole: &pole };
        let sign = if positive { 1 } else { -1 };
        let found = stormer_cutoff(&time, &position, &direction, cone, sign, &dipole).expect("good input");
        prop_assert_eq!(found.len(), time.len());
        for i in 0..time.len() {
            let at = usize::from(time[i] >= 12.0);
            let share = (time[i] - knot[at]) / (knot[at + 1] - knot[at]);
            let mixed = |a: f64, b: f64| a * (1.0 - share) + b * share;
            let between = |v: &[Vector; 3]| std::array::from_fn(|k| mixed(v[at][k], v[at + 1][k]));
            let wanted = by_angles(
                mixed(dipole.k_gv[at], dipole.k_gv[at + 1]), between(&center), between(&pole), position[i], direction[i],
                cone, sign as f64,
            );
            // A rounding of 1e-16 in the cosine is one of 1e-8 under the root, where it is zero.
            prop_assert!((found[i] - wanted).abs() < 1e-7 * (1.0 + wanted), "{} {}", found[i], wanted);
        }
    }
}

#[test]
fn a_particle_from_above_has_the_vertical_cutoff() {
    // R = K cos^4 L / (4 r^2) for a direction square to the east.
    let found = centred([0.0, 2.0 * EARTH_RADIUS_KM, 0.0], [0.0, 1.0, 0.0], 0.0, 1);
    assert!((found - 57.0 / 16.0).abs() < 1e-12, "{found}");
    assert!(centred([0.0, 0.0, 6800.0], [1.0, 0.0, 0.0], 0.3, 1).abs() < 1e-12);
}

#[test]
fn a_direction_counts_by_where_it_points_alone() {
    let (here, towards) = ([5000.0, 1000.0, 4000.0], unit(&[0.2, 0.9, -0.3]));
    for length in [1.0 - 4e-7, 1.0 + 4e-7] {
        let found = centred(here, scaled(&towards, length), 0.2, 1);
        assert!((found / centred(here, towards, 0.2, 1) - 1.0).abs() < 1e-12, "{found}");
    }
}

#[test]
fn a_cone_that_holds_the_horizon_has_its_cutoff() {
    let here = [6800.0, 0.0, 0.0];
    let east = centred(here, [0.0, 1.0, 0.0], 0.0, 1);
    for half in [0.0, 0.5, 3.0] {
        assert!((centred(here, [0.0, 1.0, 0.0], half, 1) - east).abs() < 1e-9, "{half}");
    }
    assert!((centred(here, [0.3_f64.sin(), 0.3_f64.cos(), 0.0], 0.4, 1) - east).abs() < 1e-9);
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn a_place_is_refused_by_its_distance() {
    assert_eq!(check_position(&[[6350.0, 0.0, 0.0], [0.0, 100_000.0, 0.0]]), Ok(()));
    let rule = "a distance of 6350 to 100000 km from the centre is wanted";
    for far in [6349.0, 100_001.0] {
        let found = refusal(check_position(&[[7000.0, 0.0, 0.0], [far, 0.0, 0.0]]));
        assert_eq!(found, format!("position_km[1] = [{far:?}, 0.0, 0.0]: {rule}"));
    }
}

#[test]
fn a_charge_has_one_of_two_signs() {
    assert_eq!((sign_of(1), sign_of(-1)), (Ok(1.0), Ok(-1.0)));
    assert_eq!(refusal(sign_of(0)), "charge_sign = 0: 1 or -1 is wanted");
}

#[test]
fn times_beyond_the_knots_are_refused() {
    let dipole =
        DipoleKnots { time_s: &[0.0, 1.0], k_gv: &[57.0; 2], center_km: &[[0.0; 3]; 2], pole: &[[0.0, 0.0, 1.0]; 2] };
    let shield = Shield::new(0.0, 1, &dipole).expect("good input");
    assert_eq!(shield.cover(&[0.0, 1.0]), Ok(()));
    assert_eq!(refusal(shield.cover(&[0.0, 1.5])), "time_s[1] = 1.5 is outside [0, 1]");
    let few = DipoleKnots { k_gv: &[57.0], ..dipole };
    assert_eq!(refusal(dipole_knots(&few).map(|_| ())), "dipole_k_gv has length 1; 2 is wanted");
}

#[test]
fn a_threshold_at_an_edge_opens_its_bin() {
    let edges = [16.0, 25.0, 40.0];
    let class = |cutoff: f64| cutoff_class(&[cutoff], 1.25, &edges).expect("good input")[0];
    assert_eq!([class(0.0), class(12.8), class(12.9), class(20.0), class(20.1), class(900.0)], [0, 0, 1, 1, 2, 2]);
    assert_eq!(refusal(cutoff_class(&[-1.0], 1.0, &edges)), "cutoff_gv[0] = -1.0 is outside [0, 1000000]");
}

#[test]
fn edges_are_few_positive_and_rising() {
    let edges: Vec<f64> = (1..=256).map(f64::from).collect();
    assert_eq!(check_edges(&edges[..255]), Ok(()));
    assert_eq!(check_edges(&[1.0, 2.0]), Ok(()));
    assert_eq!(refusal(check_edges(&edges)), "energy_edge_gev has length 256; 255 or fewer is wanted");
    assert_eq!(refusal(check_edges(&edges[..1])), "energy_edge_gev has length 1; 2 or more is wanted");
    assert!(refusal(check_edges(&[0.0, 1.0])).starts_with("energy_edge_gev[0] = 0.0"));
    assert!(refusal(check_edges(&[1.0, 1.0])).starts_with("energy_edge_gev[1] = 1.0 does not come after"));
}
