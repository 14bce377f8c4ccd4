//! What the file beside it promises, by values found in another way.

use super::*;
use crate::vector::{dot, norm2, unit};
use proptest::prelude::*;

proptest! {
    #[test]
    fn an_axis_hands_its_livetime_to_each_pixel_that_it_sees(
        axis in prop::array::uniform3(-1.0..1.0f64), least in 0.0..0.99f64, units in 1_i64..1_000_000,
    ) {
        prop_assume!(norm2(&axis) > 1e-3);
        let axis = unit(&axis);
        let edge = [least, f64::midpoint(least, 1.0), 1.0];
        let cube = livetime_cube(&[axis], &[], &[units, 0], 2, 8, &edge, 1).expect("good");
        let side = unit(&cross(&axis, &[axis[1], axis[2], axis[0] + 0.5]));
        prop_assume!((norm2(&side) - 1.0).abs() < 1e-9);
        let sectors = livetime_cube(&[axis], &[side], &[units, 0], 2, 8, &edge, 5).expect("good");
        let grid = Grid::new(8).expect("a power of two");
        for pixel in 0..grid.npix() {
            let v = grid.centre(pixel);
            let cosine = axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2];
            let seen: i64 = cube[pixel as usize * 4..][..4].iter().sum();
            prop_assert_eq!(seen, if cosine >= least { units } else { 0 });
            let together: i64 = sectors[pixel as usize * 20..][..20].iter().sum();
            prop_assert_eq!(together, seen);
        }
    }
}

/// Bin of a cosine by comparison with every edge.
fn bin_of(cosine: f64, edge: &[f64]) -> Option<usize> {
    let last = edge.len() - 2;
    (0..=last).find(|i| edge[*i] <= cosine && (cosine < edge[i + 1] || (*i == last && cosine <= edge[last + 1])))
}

proptest! {
    #[test]
    fn a_cube_is_the_sum_over_axes_and_pixels(
        axis in prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), 1..6),
        step in prop::collection::vec(prop_oneof![0.05..1.0f64, Just(1e-4)], 1..6), least in -1.0..0.9f64,
        closed: bool, n_class in 1_usize..4, n_azimuth in 1_usize..7, order in 0..4_u32,
    ) {
        prop_assume!(axis.iter().all(|v| norm2(v) > 1e-3));
        let axis: Vec<Vector> = axis.iter().map(unit).collect();
        let side: Vec<Vector> = axis.iter().map(|a| unit(&cross(a, &[a[1], a[2], a[0] + 0.5]))).collect();
        prop_assume!(side.iter().all(|s| (norm2(s) - 1.0).abs() < 1e-9));
        let top = if closed { 1.0 } else { least + 0.9 * (1.0 - least) };
        let total: f64 = step.iter().sum();
        let mut edge = vec![least];
        edge.extend(step.iter().scan(0.0, |sum, s| { *sum += s; Some(least + (top - least) * *sum / total) }));
        *edge.last_mut().expect("two edges") = top;
        // Some axes have no live time at all, or none in their first class.
        let units: Vec<i64> = (0..axis.len() * n_class).map(|i| [0, 7, 1000, 0, 31][i % 5]).collect();
        let nside = 1 << order;
        let sides = if n_azimuth > 1 { &side[..] } else { &[] };
        let cube = livetime_cube(&axis, sides, &units, n_class, nside, &edge, n_azimuth).expect("good");
        let grid = Grid::new(nside).expect("a power of two");
        let n_bin = edge.len() - 1;
        let mut wanted = vec![0; grid.npix() as usize * n_bin * n_azimuth * n_class];
        for pixel in 0..grid.npix() {
            let v = grid.centre(pixel);
            for (i, a) in axis.iter().enumerate() {
                let Some(bin) = bin_of(a[0] * v[0] + a[1] * v[1] + a[2] * v[2], &edge) else { continue };
                let third = cross(a, &side[i]);
                let angle = dot(&third, &v).atan2(dot(&side[i], &v)).rem_euclid(std::f64::consts::TAU);
                let part = angle / std::f64::consts::TAU * n_azimuth as f64;
                // On the border of two sectors rounding decides.
                prop_assume!(n_azimuth == 1 || (part - part.round()).abs() > 1e-9);
                let first = ((pixel as usize * n_bin + bin) * n_azimuth + part as usize) * n_class;
                for class in 0..n_class {
                    wanted[first + class] += units[i * n_class + class];
                }
            }
        }
        prop_assert_eq!(cube, wanted);
    }

    #[test]
    fn a_cosine_is_found_among_edges_of_any_distance(
        edge in prop::collection::btree_set(-1000..=1000_i32, 2..40), fine in prop::collection::btree_set(1..50_i32, 0..8),
        cosine in -1.0..1.0f64,
    ) {
        let mut edge: Vec<f64> = edge.iter().map(|e| f64::from(*e) / 1000.0).collect();
        // Several edges in what one entry of the table spans.
        edge.extend(fine.iter().map(|f| edge[0] + f64::from(*f) * 1e-6).collect::<Vec<f64>>());
        edge.sort_by(f64::total_cmp);
        edge.dedup();
        let bins = CosineBins::new(&edge);
        // Beside an edge the entry of the table may be rounded to the one above.
        let beside = edge.iter().flat_map(|e| [e.next_down(), *e, e.next_up()]);
        for cosine in beside.chain([cosine]).filter(|cosine| *cosine <= 1.0) {
            prop_assert_eq!(bins.find(cosine), bin_of(cosine, &edge), "{}", cosine);
        }
    }
}

#[test]
fn a_cosine_above_one_is_in_the_last_bin_of_edges_up_to_one() {
    assert_eq!(CosineBins::new(&[0.5, 0.7, 1.0]).find(1.0 + 1e-9), Some(1));
    assert_eq!(CosineBins::new(&[0.5, 0.7, 0.9]).find(0.9 + 1e-9), None);
    assert_eq!(CosineBins::new(&[0.5, 0.7, 0.9]).find(0.5 - 1e-9), None);
}

#[test]
fn a_cube_that_makes_no_sense_is_refused() {
    let (axis, side) = ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]);
    let refused = |side: &[Vector], units: &[i64], n_azimuth| {
        livetime_cube(&[axis], side, units, 2, 1, &[0.0, 1.0], n_azimuth).expect_err("a refusal").to_string()
    };
    assert_eq!(refused(&[side], &[0, 0], 1), "side has length 1; 0 is wanted");
    assert_eq!(refused(&[], &[0, 0], 2), "side has length 0; 1 is wanted");
    assert!(refused(&[axis], &[0, 0], 2).contains("square to its axis"));
    assert_eq!(refused(&[], &[0, -1], 1), "units[1] = -1 is outside [0, inf)");
    assert_eq!(refused(&[], &[0], 1), "units has length 1; 2 is wanted");
    assert!(refused(&[], &[i64::MAX, 1], 1).starts_with("units: a cell could exceed"));
}
