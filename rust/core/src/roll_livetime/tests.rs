//! What the file beside it promises, by values found in another way.

use super::*;
use crate::axis_livetime::AxisLivetime;
use crate::vector::{norm2, unit};
use proptest::prelude::*;
use std::collections::BTreeMap;

proptest! {
    #[test]
    fn sectors_together_are_the_sums_by_axis(
        axis in prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), 1..200), n_sector in 1_usize..40,
    ) {
        let axis: Vec<Vector> = axis.iter().filter(|v| norm2(v) > 1e-3).map(unit).collect();
        let side: Vec<Vector> = axis.iter().map(|a| unit(&cross(a, &[a[1], a[2], a[0] + 0.5]))).collect();
        prop_assume!(side.iter().all(|s| (norm2(s) - 1.0).abs() < 1e-9));
        let livetime: Vec<f64> = (0..axis.len()).map(|i| (i % 5) as f64 / 4.0).collect();
        let class: Vec<u8> = (0..axis.len()).map(|i| (i % 3) as u8).collect();
        let mut plain = AxisLivetime::new(4, 3).expect("good");
        let mut whole = RollLivetime::new(4, 3, n_sector).expect("good");
        let mut parts = RollLivetime::new(4, 3, n_sector).expect("good");
        plain.add(&axis, &livetime, &class).expect("good rows");
        whole.add(&axis, &side, &livetime, &class).expect("good rows");
        let at = axis.len() / 3;
        parts.add(&axis[at..], &side[at..], &livetime[at..], &class[at..]).expect("good rows");
        parts.add(&axis[..at], &side[..at], &livetime[..at], &class[..at]).expect("good rows");
        let sums = whole.sums();
        prop_assert_eq!(&sums, &parts.sums());
        let wanted = plain.sums();
        for (i, pixel) in wanted.pixel.iter().enumerate() {
            let held = (0..sums.pixel.len()).filter(|j| sums.pixel[*j] == *pixel && sums.class[*j] == wanted.class[i]);
            let mut total = [0; 4];
            for j in held {
                total[0] += sums.units[j];
                for k in 0..3 {
                    total[k + 1] += sums.moment[3 * j + k];
                }
            }
            prop_assert_eq!(total[0], wanted.units[i]);
            prop_assert_eq!(&total[1..], &wanted.moment[3 * i..3 * i + 3]);
        }
    }
}

proptest! {
    #[test]
    fn cells_hold_what_their_rows_bring(
        axis in prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), 1..300), stay in 1_usize..9,
        n_sector in 1_usize..9,
    ) {
        let axis: Vec<Vector> = axis.iter().filter(|v| norm2(v) > 1e-3).map(unit).collect();
        let n = axis.len();
        let axis: Vec<Vector> = (0..n).map(|i| axis[i / stay]).collect();
        let side: Vec<Vector> = axis.iter().map(|a| unit(&cross(a, &[a[1], a[2], a[0] + 0.5]))).collect();
        prop_assume!(side.iter().all(|s| (norm2(s) - 1.0).abs() < 1e-9));
        let livetime: Vec<f64> = (0..n).map(|i| (i % 7) as f64 * 0.31).collect();
        let class: Vec<u8> = (0..n).map(|i| (i / 3 % 3) as u8).collect();
        let mut sums = RollLivetime::new(4, 3, n_sector).expect("good");
        for _ in 0..2 {
            sums.add(&axis, &side, &livetime, &class).expect("good rows");
        }
        let grid = Grid::new(4).expect("a power of two");
        let mut cells = BTreeMap::<(i32, usize, u8), Cell>::new();
        for i in (0..n).filter(|i| livetime[*i] > 0.0) {
            let pixel = grid.pixel(&axis[i]);
            let centre = grid.centre(i64::from(pixel));
            // Roll against east and north at the centre of the pixel.
            let (sin, cos) = centre[1].atan2(centre[0]).sin_cos();
            let north = [-centre[2] * cos, -centre[2] * sin, centre[0].hypot(centre[1])];
            let angle = dot(&side[i], &north).atan2(dot(&side[i], &[-sin, cos, 0.0])).rem_euclid(std::f64::consts::TAU);
            let part = angle / std::f64::consts::TAU * n_sector as f64;
            prop_assume!((part - part.round()).abs() > 1e-9);
            let cell = cells.entry((pixel, part as usize, class[i])).or_default();
            let units = |share: f64| 2 * (livetime[i] * share * 2.0_f64.powi(32)).round_ties_even() as i64;
            cell[0] += units(1.0);
            for k in 0..3 {
                cell[k + 1] += units(axis[i][k]);
                cell[k + 4] += units(side[i][k]);
            }
        }
        let found = sums.sums();
        let keys = found.pixel.iter().zip(&found.sector).zip(&found.class);
        let keys: Vec<(i32, usize, u8)> = keys.map(|((p, s), c)| (*p as i32, usize::from(*s), *c)).collect();
        prop_assert_eq!(keys, cells.keys().copied().collect::<Vec<_>>());
        for (i, cell) in cells.values().enumerate() {
            prop_assert_eq!(found.units[i], cell[0]);
            prop_assert_eq!(&found.moment[3 * i..3 * i + 3], &cell[1..4]);
            prop_assert_eq!(&found.side_moment[3 * i..3 * i + 3], &cell[4..]);
        }
    }

    #[test]
    fn a_sector_is_a_share_of_the_turn(x in -1.0..1.0f64, y in -1.0..1.0f64, n_sector in 1_usize..255) {
        let sector = sector_of(x, y, n_sector);
        prop_assert!(sector < n_sector);
        let share = quarter_turns(x, y) / 4.0 * n_sector as f64;
        prop_assert!(sector as f64 <= share && share < sector as f64 + 1.0);
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn a_grid_with_too_many_lists_is_refused() {
    assert!(RollLivetime::new(1024, 1, 1).is_ok());
    assert_eq!(refusal(RollLivetime::new(2048, 1, 1)), "n_pixel = 50331648.0 is outside [1, 16777216]");
    assert!(refusal(RollLivetime::new(1, 1, 256)).starts_with("n_sector = 256.0"));
}

#[test]
fn a_side_that_leans_is_refused() {
    let axis = [[0.0, 0.0, 1.0]; 2];
    let lean = |cosine: f64| [[1.0, 0.0, 0.0], [1.0, 0.0, cosine]];
    assert_eq!(all_square(&axis, &lean(0.9e-5)), Ok(()));
    for cosine in [1.1e-5, -1.1e-5] {
        assert!(refusal(all_square(&axis, &lean(cosine))).starts_with("side[1] = [1.0, 0.0, "));
    }
}

#[test]
fn sums_near_their_range_are_looked_at() {
    let mut sums = RollLivetime::new(1, 1, 4).expect("good");
    let row = |sums: &mut RollLivetime| sums.add(&[[0.0, 0.0, 1.0]], &[[1.0, 0.0, 0.0]], &[1.0], &[0]);
    row(&mut sums).expect("a good row");
    let one = to_units(STEP_MAX_S * 1.001);
    assert_eq!(sums.bound, one);
    // A bound that has grown too far is tightened to the greatest cell: 1 s.
    sums.bound = i64::MAX - 5;
    row(&mut sums).expect("room in every cell");
    assert_eq!(sums.bound, one + to_units(1.0));
    // A cell that has grown too far, in either direction, is refused.
    for full in [i64::MAX - 5, -(i64::MAX - 5)] {
        sums.bound = i64::MAX - 5;
        sums.pixel[7] = vec![(0, [0, 0, 0, 0, 0, 0, full])];
        assert!(refusal(row(&mut sums)).starts_with("livetime_s: a cell could exceed"));
    }
}
