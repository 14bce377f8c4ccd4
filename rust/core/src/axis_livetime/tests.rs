//! What the file beside it promises, by values found in another way.

use super::*;
use crate::vector::{cross, dot, norm2, scaled, unit};
use proptest::prelude::*;
use std::collections::BTreeMap;

proptest! {
    #[test]
    fn livetime_and_axes_are_conserved(
        axis in prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), 1..200), split in 0.0..1.0f64,
    ) {
        let axis: Vec<Vector> = axis.iter().filter(|v| norm2(v) > 1e-3).map(unit).collect();
        let livetime: Vec<f64> = (0..axis.len()).map(|i| (i % 5) as f64 / 4.0).collect();
        let class: Vec<u8> = (0..axis.len()).map(|i| (i % 3) as u8).collect();
        let (mut whole, mut parts) = (AxisLivetime::new(4, 3).expect("good"), AxisLivetime::new(4, 3).expect("good"));
        whole.add(&axis, &livetime, &class).expect("good rows");
        let at = (axis.len() as f64 * split) as usize;
        parts.add(&axis[at..], &livetime[at..], &class[at..]).expect("good rows");
        parts.add(&axis[..at], &livetime[..at], &class[..at]).expect("good rows");
        prop_assert_eq!(whole.sums(), parts.sums());
        let total: i64 = whole.sums().units.iter().sum();
        prop_assert_eq!(total, livetime.iter().map(|t| to_units(*t)).sum::<i64>());
    }
}

/// Sums of one row after another, by pixel and class.
fn one_by_one(nside: i64, axis: &[Vector], livetime_s: &[f64], class: &[u8]) -> AxisSums {
    let grid = Grid::new(nside).expect("a power of two");
    let mut cells = BTreeMap::<(i32, u8), Cell>::new();
    for ((axis, livetime), class) in axis.iter().zip(livetime_s).zip(class).filter(|row| *row.0.1 > 0.0) {
        let cell = cells.entry((grid.pixel(axis), *class)).or_default();
        let part =
            [1.0, axis[0], axis[1], axis[2]].map(|share| (livetime * share * 2.0_f64.powi(32)).round_ties_even());
        for (sum, part) in cell.iter_mut().zip(part) {
            *sum += part as i64;
        }
    }
    AxisSums {
        pixel: cells.keys().map(|key| i64::from(key.0)).collect(),
        class: cells.keys().map(|key| key.1).collect(),
        units: cells.values().map(|cell| cell[0]).collect(),
        moment: cells.values().flat_map(|cell| cell[1..].to_vec()).collect(),
    }
}

proptest! {
    #[test]
    fn cells_hold_what_their_rows_bring(
        axis in prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), 1..300), stay in 1_usize..9,
    ) {
        let axis: Vec<Vector> = axis.iter().filter(|v| norm2(v) > 1e-3).map(unit).collect();
        let n = axis.len();
        // An axis stays for some rows; some rows are dead.
        let axis: Vec<Vector> = (0..n).map(|i| axis[i / stay]).collect();
        let livetime: Vec<f64> = (0..n).map(|i| (i % 7) as f64 * 0.31).collect();
        let class: Vec<u8> = (0..n).map(|i| (i / 3 % 3) as u8).collect();
        let mut sums = AxisLivetime::new(4, 3).expect("good");
        for _ in 0..2 {
            sums.add(&axis, &livetime, &class).expect("good rows");
        }
        let twice = |values: Vec<Vector>| [values.clone(), values].concat();
        let wanted = one_by_one(4, &twice(axis), &[livetime.clone(), livetime].concat(), &[class.clone(), class].concat());
        prop_assert_eq!(sums.sums(), wanted);
    }

    #[test]
    fn an_axis_turns_about_its_rate(
        x in prop::array::uniform3(-1.0..1.0f64), z in prop::array::uniform3(-1.0..1.0f64),
        rate in prop::array::uniform3(-2e-3..2e-3f64), offset in 0.0..60.0f64,
    ) {
        prop_assume!(norm2(&cross(&x, &z)) > 1e-3 && norm2(&rate) > 1e-8);
        let z = unit(&z);
        let y = unit(&cross(&z, &x));
        let x = cross(&y, &z);
        // The axis is the third column.
        let rotation = [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]];
        let found = axes_at(&[rotation], &[rate], offset).expect("good rows")[0];
        let (about, angle) = (unit(&rate), norm2(&rate).sqrt() * offset);
        let along = scaled(&about, dot(&about, &z) * (1.0 - angle.cos()));
        let across = scaled(&cross(&about, &z), angle.sin());
        for k in 0..3 {
            let wanted = z[k] * angle.cos() + across[k] + along[k];
            // The series leaves out |rate time|^5 / 120.
            prop_assert!((found[k] - wanted).abs() < 1e-15 + angle.powi(5) / 100.0, "{} {}", found[k], wanted);
        }
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn a_grid_with_too_many_cells_is_refused() {
    assert!(AxisLivetime::new(4096, 1).is_ok());
    assert_eq!(refusal(AxisLivetime::new(4096, 2)), "n_cell = 402653184 is outside [1, 268435456]");
    assert!(refusal(AxisLivetime::new(1, 256)).starts_with("n_class = 256.0"));
}

#[test]
fn a_class_that_does_not_exist_is_refused() {
    assert_eq!(check_class(&[0, 2], 3), Ok(()));
    assert_eq!(refusal(check_class(&[0, 3], 3)), "cutoff_class[1] = 3 is outside [0, 3)");
}

#[test]
fn sums_near_their_range_are_looked_at() {
    let mut sums = AxisLivetime::new(1, 1).expect("good");
    let row = |sums: &mut AxisLivetime| sums.add(&[[0.0, 0.0, 1.0]], &[1.0], &[0]);
    row(&mut sums).expect("a good row");
    let one = to_units(60.06);
    assert_eq!(sums.bound, one);
    // A bound that has grown too far is tightened to the greatest cell: 1 s.
    sums.bound = i64::MAX - 5;
    row(&mut sums).expect("room in every cell");
    assert_eq!(sums.bound, one + to_units(1.0));
    // A cell that has grown too far, in either direction, is refused.
    for full in [i64::MAX - 5, -(i64::MAX - 5)] {
        sums.bound = i64::MAX - 5;
        sums.cell[3][2] = full;
        assert!(refusal(row(&mut sums)).starts_with("livetime_s: a cell could exceed"));
        sums.cell[3][2] = 0;
    }
}
