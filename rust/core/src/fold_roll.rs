//! The response of a detector that also depends on the azimuth about its axis, summed over its attitudes.

use crate::Result;
use crate::check::{all_finite, all_unit, at_least, same_length, within};
use crate::fold::{Reach, Table, folded};
use crate::healpix::Grid;
use crate::roll_livetime::all_square;
use crate::vector::{Vector, cross};

/// Sum over attitudes of `weight` times the response to each pixel's centre, seen in the detector.
///
/// The response is `response` against the angle to the axis, as [`crate::fold::folded_axes`] takes it, times `pattern`
/// against the place in the detector. `side` is the detector's x direction. `pattern` stands on a square grid of
/// `n_pattern` by `n_pattern` points, rows along y, over the Lambert equal-area plane of the detector: a direction at the
/// angle t from the axis is 2 sin(t / 2) from the middle, at its azimuth, and the sides of the square touch the circle of
/// `cos_least`. Between points it is bilinear.
///
/// # Errors
/// Lengths that differ; an axis or side that is no unit vector, or not square to the other; a value that is not finite;
/// fewer than two responses, or points a side.
#[expect(clippy::too_many_arguments, reason = "three lists of one length, and two tables")]
pub fn folded_attitudes(
    axis: &[Vector],
    side: &[Vector],
    weight: &[f64],
    nside: i64,
    cos_least: f64,
    response: &[f64],
    pattern: &[f64],
    n_pattern: usize,
) -> Result<Vec<f64>> {
    let grid = Grid::new(nside)?;
    same_length("side", side.len(), axis.len())?;
    same_length("weight", weight.len(), axis.len())?;
    all_unit("axis", axis)?;
    all_unit("side", side)?;
    all_square(axis, side)?;
    all_finite("weight", weight)?;
    // Near the point opposite to the axis the plane has no azimuth.
    within("cos_least", cos_least, -0.999, 1.0 - 1e-9)?;
    at_least("response", response.len(), 2)?;
    all_finite("response", response)?;
    at_least("pattern", n_pattern, 2)?;
    same_length("pattern", pattern.len(), n_pattern * n_pattern)?;
    all_finite("pattern", pattern)?;
    let table = Table::new(cos_least, response);
    let plane = Plane::new(cos_least, pattern, n_pattern);
    let third: Vec<Vector> = axis.iter().zip(side).map(|(axis, side)| cross(axis, side)).collect();
    Ok(folded(&grid, &Reach::of(axis), cos_least, |i, z, x, y, out| {
        let (a, u, v) = (&axis[i], &side[i], &third[i]);
        for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
            let along = |w: &Vector| w[0] * x + w[1] * y + w[2] * z;
            let cosine = along(a);
            let even = table.read(cosine);
            if even != 0.0 {
                *out += weight[i] * (even * plane.read(cosine, along(u), along(v)));
            }
        }
    }))
}

/// Pattern on the equal-area plane.
struct Plane<'a> {
    middle: f64,
    density: f64,
    last: usize,
    value: &'a [f64],
}

impl<'a> Plane<'a> {
    fn new(cos_least: f64, value: &'a [f64], n: usize) -> Self {
        let middle = (n - 1) as f64 / 2.0;
        Self { middle, density: middle / (2.0 * (1.0 - cos_least)).sqrt(), last: n - 2, value }
    }

    #[inline]
    fn read(&self, cosine: f64, u: f64, v: f64) -> f64 {
        let scale = (2.0 / (1.0 + cosine)).sqrt() * self.density;
        // Rounding may put a point on the square's side outside of it.
        let (p, q) = ((u * scale + self.middle).max(0.0), (v * scale + self.middle).max(0.0));
        let (i, j) = ((p as usize).min(self.last), (q as usize).min(self.last));
        let (s, t) = ((p - i as f64).min(1.0), (q - j as f64).min(1.0));
        let row = j * (self.last + 2) + i;
        let (near, far) = (&self.value[row..row + 2], &self.value[row + self.last + 2..row + self.last + 4]);
        let (low, high) = (near[0] + (near[1] - near[0]) * s, far[0] + (far[1] - far[0]) * s);
        low + (high - low) * t
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::folded_axes;
    use crate::vector::{dot, norm2, unit};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_even_response_is_that_of_the_axis(
            axis in prop::array::uniform3(-1.0..1.0f64), least in -0.9..0.95f64, order in 0..5_u32,
        ) {
            prop_assume!(norm2(&axis) > 1e-3);
            let axis = unit(&axis);
            let side = unit(&cross(&axis, &[axis[1], axis[2], axis[0] + 0.5]));
            prop_assume!((norm2(&side) - 1.0).abs() < 1e-9 && dot(&axis, &side).abs() < 1e-9);
            let nside = 1 << order;
            let even = folded_axes(&[axis], &[2.0], nside, least, &[1.5, 1.5]).expect("good");
            let found = folded_attitudes(&[axis], &[side], &[2.0], nside, least, &[1.0, 1.0], &[1.5; 9], 3)
                .expect("good");
            prop_assert_eq!(even.len(), found.len());
            for (a, b) in even.iter().zip(&found) {
                prop_assert!((a - b).abs() < 1e-12, "{} {}", a, b);
            }
        }

        #[test]
        fn a_response_along_x_is_the_component_in_the_plane(
            axis in prop::array::uniform3(-1.0..1.0f64), least in 0.0..0.9f64,
        ) {
            prop_assume!(norm2(&axis) > 1e-3);
            let axis = unit(&axis);
            let side = unit(&cross(&axis, &[axis[1], axis[2], axis[0] + 0.5]));
            prop_assume!((norm2(&side) - 1.0).abs() < 1e-9 && dot(&axis, &side).abs() < 1e-9);
            let map = folded_attitudes(&[axis], &[side], &[1.0], 8, least, &[1.0, 1.0], &[-1.0, 1.0, -1.0, 1.0], 2)
                .expect("good");
            let grid = Grid::new(8).expect("a power of two");
            for (pixel, found) in map.iter().enumerate() {
                let v = grid.centre(pixel as i64);
                let cosine = dot(&v, &axis);
                let wanted = dot(&v, &side) * (2.0 / (1.0 + cosine)).sqrt() / (2.0 * (1.0 - least)).sqrt();
                let wanted = if cosine >= least { wanted } else { 0.0 };
                prop_assert!((found - wanted).abs() < 1e-9 || (cosine - least).abs() < 1e-12, "{found} {wanted}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_pattern_is_read_between_four_points_of_the_plane(
            axis in prop::array::uniform3(-1.0..1.0f64), least in -0.9..0.9f64,
            pattern in prop::collection::vec(-1.0..1.0f64, 25), weight in 0.1..3.0f64,
        ) {
            prop_assume!(norm2(&axis) > 1e-3);
            let axis = unit(&axis);
            let side = unit(&cross(&axis, &[axis[1], axis[2], axis[0] + 0.5]));
            prop_assume!((norm2(&side) - 1.0).abs() < 1e-9 && dot(&axis, &side).abs() < 1e-9);
            let map = folded_attitudes(&[axis], &[side], &[weight], 4, least, &[1.0, 3.0], &pattern, 5).expect("good");
            let grid = Grid::new(4).expect("a power of two");
            let rim = 2.0 * (least.acos() / 2.0).sin();
            for (pixel, found) in map.iter().enumerate() {
                let v = grid.centre(pixel as i64);
                let angle = dot(&v, &axis).clamp(-1.0, 1.0).acos();
                prop_assume!((angle - least.acos()).abs() > 1e-9);
                let mut wanted = 0.0;
                if angle < least.acos() {
                    let radius = 2.0 * (angle / 2.0).sin() / rim;
                    let azimuth = dot(&v, &cross(&axis, &side)).atan2(dot(&v, &side));
                    // Places on the grid of 5 points a side, from 0 to 4.
                    let (p, q) = (2.0 + 2.0 * radius * azimuth.cos(), 2.0 + 2.0 * radius * azimuth.sin());
                    for (k, value) in pattern.iter().enumerate() {
                        let near = |place: f64, i: usize| (1.0 - (place - i as f64).abs()).max(0.0);
                        wanted += value * near(p, k % 5) * near(q, k / 5);
                    }
                    wanted *= weight * (1.0 + 2.0 * (angle.cos() - least) / (1.0 - least));
                }
                // The angle is known to 1e-8 at the axis, where its cosine is 1.
                prop_assert!((found - wanted).abs() < 1e-6, "{} {}", found, wanted);
            }
        }
    }

    #[test]
    fn attitudes_add_up_by_their_weights() {
        let (axis, side) = ([[0.0, 0.0, 1.0], [0.0, 0.6, 0.8]], [[1.0, 0.0, 0.0], [0.0, 0.8, -0.6]]);
        let pattern = [1.0, 0.2, -0.4, 0.7];
        let one = |i: usize| {
            folded_attitudes(&axis[i..=i], &side[i..=i], &[1.0], 2, 0.1, &[1.0, 2.0], &pattern, 2).expect("good")
        };
        let both = folded_attitudes(&axis, &side, &[0.5, 3.0], 2, 0.1, &[1.0, 2.0], &pattern, 2).expect("good");
        for ((both, a), b) in both.iter().zip(one(0)).zip(one(1)) {
            assert!((both - (0.5 * a + 3.0 * b)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_view_is_neither_a_point_nor_all_of_the_sky() {
        let fold = |least: f64| {
            folded_attitudes(&[[0.0, 0.0, 1.0]], &[[1.0, 0.0, 0.0]], &[1.0], 1, least, &[1.0; 2], &[1.0; 4], 2)
        };
        assert!(fold(1.0 - 2e-9).is_ok() && fold(-0.999).is_ok());
        for least in [1.0, -0.9991] {
            assert!(
                fold(least).expect_err("no view").to_string().starts_with(&format!("cos_least = {least:?} is outside"))
            );
        }
    }

    #[test]
    fn a_pattern_that_is_no_square_is_refused() {
        let error = folded_attitudes(&[[0.0, 0.0, 1.0]], &[[1.0, 0.0, 0.0]], &[1.0], 1, 0.0, &[1.0, 1.0], &[1.0; 6], 3);
        assert_eq!(error.expect_err("six values").to_string(), "pattern has length 6; 9 is wanted");
    }
}
