//! What a second of the mission is worth: inside which region it lies.

use crate::Result;
use crate::check::{CHUNK, all_finite, at_least, same_length};
use rayon::prelude::*;

/// Whether each point lies inside a closed polygon on a plane of longitude and latitude (even-odd rule).
///
/// The polygon must not cross the meridian where longitudes jump.
///
/// # Errors
/// Lengths that differ; fewer than three corners; a value that is not finite.
pub fn inside_polygon(
    longitude_deg: &[f64],
    latitude_deg: &[f64],
    corner_longitude_deg: &[f64],
    corner_latitude_deg: &[f64],
) -> Result<Vec<bool>> {
    same_length("latitude_deg", latitude_deg.len(), longitude_deg.len())?;
    at_least("corner_longitude_deg", corner_longitude_deg.len(), 3)?;
    same_length("corner_latitude_deg", corner_latitude_deg.len(), corner_longitude_deg.len())?;
    all_finite("longitude_deg", longitude_deg)?;
    all_finite("latitude_deg", latitude_deg)?;
    all_finite("corner_longitude_deg", corner_longitude_deg)?;
    all_finite("corner_latitude_deg", corner_latitude_deg)?;
    let bounds = |values: &[f64]| values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let (west, east) = bounds(corner_longitude_deg);
    let (south, north) = bounds(corner_latitude_deg);
    let mut inside = vec![false; longitude_deg.len()];
    inside.par_chunks_mut(CHUNK).zip(longitude_deg.par_chunks(CHUNK).zip(latitude_deg.par_chunks(CHUNK))).for_each(
        |(inside, (longitude, latitude))| {
            for i in 0..inside.len() {
                let (x, y) = (longitude[i], latitude[i]);
                let near = x >= west && x <= east && y >= south && y <= north;
                inside[i] = near && crossings(x, y, corner_longitude_deg, corner_latitude_deg) % 2 == 1;
            }
        },
    );
    Ok(inside)
}

/// Edges that a ray from the point towards the east crosses.
fn crossings(x: f64, y: f64, corner_x: &[f64], corner_y: &[f64]) -> usize {
    let n = corner_x.len();
    (0..n)
        .filter(|&i| {
            let j = if i == 0 { n - 1 } else { i - 1 };
            (corner_y[i] > y) != (corner_y[j] > y)
                && x < corner_x[i] + (y - corner_y[i]) * (corner_x[j] - corner_x[i]) / (corner_y[j] - corner_y[i])
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_triangle_is_three_half_planes(x in -0.2..1.2f64, y in -0.2..1.2f64) {
            let found = inside_polygon(&[x], &[y], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]).expect("finite")[0];
            prop_assume!(x.abs().min(y.abs()).min((1.0 - x - y).abs()) > 1e-12);
            prop_assert_eq!(found, x > 0.0 && y > 0.0 && x + y < 1.0);
        }
    }

    #[test]
    fn a_polygon_has_its_western_and_southern_sides() {
        let inside = |x: f64, y: f64| {
            inside_polygon(&[x], &[y], &[-60.0, -20.0, -20.0, -60.0], &[-40.0, -40.0, 10.0, 10.0]).expect("finite")[0]
        };
        assert!(inside(-60.0, -40.0) && inside(-60.0, 0.0) && inside(-30.0, -40.0));
        assert!(!inside(-20.0, 0.0) && !inside(-30.0, 10.0) && !inside(-20.0, 10.0));
    }

    #[test]
    fn a_ray_through_corners_counts_them_once() {
        let (x, y) = ([0.0, 2.0, 0.0, -2.0], [-1.0, 0.0, 1.0, 0.0]);
        let found = inside_polygon(&[-1.0, 0.0, 1.5, -2.5, 2.5], &[0.0; 5], &x, &y).expect("finite");
        assert_eq!(found, [true, true, true, false, false]);
    }

    /// Turns that the corners make about the point: 0 outside.
    fn turns(x: f64, y: f64, corner: &[(f64, f64)]) -> f64 {
        let angle = |i: usize| (corner[i % corner.len()].1 - y).atan2(corner[i % corner.len()].0 - x);
        let step = |i: usize| (angle(i + 1) - angle(i) + 3.0 * std::f64::consts::PI) % std::f64::consts::TAU;
        (0..corner.len()).map(|i| step(i) - std::f64::consts::PI).sum::<f64>() / std::f64::consts::TAU
    }

    proptest! {
        #[test]
        fn inside_a_star_is_what_its_corners_go_round(
            radius in prop::collection::vec(0.3..3.0f64, 3..9), x in -3.0..3.0f64, y in -3.0..3.0f64,
        ) {
            let n = radius.len() as f64;
            let at = |(i, r): (usize, &f64)| {
                let (sin, cos) = (std::f64::consts::TAU * i as f64 / n).sin_cos();
                (r * cos - 4.0, r * sin + 7.0)
            };
            let corner: Vec<(f64, f64)> = radius.iter().enumerate().map(at).collect();
            let (corner_x, corner_y): (Vec<f64>, Vec<f64>) = corner.iter().copied().unzip();
            let round = turns(x - 4.0, y + 7.0, &corner);
            // A point on a side itself has no number of turns.
            prop_assume!(round.abs() < 1e-3 || (round.abs() - 1.0).abs() < 1e-3);
            let found = inside_polygon(&[x - 4.0], &[y + 7.0], &corner_x, &corner_y).expect("finite")[0];
            prop_assert_eq!(found, round.abs() > 0.5);
        }
    }

    #[test]
    fn a_corner_without_latitude_is_refused() {
        let error = inside_polygon(&[0.0], &[0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0]).expect_err("two latitudes");
        assert_eq!(error.to_string(), "corner_latitude_deg has length 2; 3 is wanted");
        let error = inside_polygon(&[0.0], &[0.0], &[0.0, 1.0], &[0.0, 0.0]).expect_err("two corners");
        assert_eq!(error.to_string(), "corner_longitude_deg has length 2; 3 or more is wanted");
    }
}
