//! The response of a detector summed over its axes: what each pixel's centre is exposed to.

use crate::Result;
use crate::check::{all_finite, all_unit, at_least, same_length, within};
use crate::healpix::Grid;
use crate::vector::{Vector, quarter_turns};
use rayon::prelude::*;

/// Sum over axes of `weight` times the response to the angle between axis and pixel centre.
///
/// `response` stands at evenly spaced cosines from `cos_least` to 1 and is read linearly between them; below it is zero.
/// Each pixel adds its axes in their order, so the bits do not depend on the number of threads.
///
/// # Errors
/// Lengths that differ; an axis that is no unit vector; a value that is not finite; fewer than two responses.
pub fn folded_axes(axis: &[Vector], weight: &[f64], nside: i64, cos_least: f64, response: &[f64]) -> Result<Vec<f64>> {
    let grid = Grid::new(nside)?;
    same_length("weight", weight.len(), axis.len())?;
    all_unit("axis", axis)?;
    all_finite("weight", weight)?;
    within("cos_least", cos_least, -1.0, 1.0 - 1e-9)?;
    at_least("response", response.len(), 2)?;
    all_finite("response", response)?;
    let table = Table::new(cos_least, response);
    let points = Reach::of(axis);
    Ok(folded(&grid, &points, cos_least, |i, z, x, y, out| add_span(&points[i], weight[i], z, x, y, out, &table)))
}

/// A map to which every axis adds on the spans of the rings that it reaches: point, height of the ring, x and y of the
/// pixels' centres, sums.
pub(crate) fn folded(
    grid: &Grid,
    points: &[Reach],
    cos_least: f64,
    add: impl Fn(usize, f64, &[f64], &[f64], &mut [f64]) + Sync,
) -> Vec<f64> {
    let mut map = vec![0.0; grid.npix() as usize];
    let mut rings = Vec::new();
    let mut rest = map.as_mut_slice();
    for ring in 1..4 * grid.nside() {
        let (mine, others) = rest.split_at_mut((grid.ring_start(ring + 1) - grid.ring_start(ring)) as usize);
        rings.push((grid.ring_start(ring), mine));
        rest = others;
    }
    rings.into_par_iter().for_each(|(first, out)| fold_ring(grid, first, out, points, cos_least, &add));
    map
}

/// 2^52: a number of its size has no digits after the point.
const STEPS: f64 = 4_503_599_627_370_496.0;

/// An axis with what its reach on a ring is computed from.
pub(crate) struct Reach {
    axis: Vector,
    rho: f64,
    turn: f64,
}

impl Reach {
    pub(crate) fn of(axis: &[Vector]) -> Vec<Self> {
        let reach = |axis: &Vector| {
            let rho = (axis[0] * axis[0] + axis[1] * axis[1]).sqrt();
            Self { axis: *axis, rho, turn: quarter_turns(axis[0], axis[1]) }
        };
        axis.iter().map(reach).collect()
    }
}

/// Response at evenly spaced cosines, with the slope to the next.
pub(crate) struct Table {
    least: f64,
    density: f64,
    entry: Vec<(f64, f64)>,
}

impl Table {
    pub(crate) fn new(least: f64, response: &[f64]) -> Self {
        let last = response.len() - 1;
        let entry = (0..last).map(|i| (response[i], response[i + 1] - response[i])).collect();
        Self { least, density: last as f64 / (1.0 - least), entry }
    }

    /// A cosine that rounding put above 1 is read as 1.
    #[inline]
    pub(crate) fn read(&self, cosine: f64) -> f64 {
        let place = (cosine - self.least) * self.density;
        if place < 0.0 {
            return 0.0;
        }
        // Adding 2^52 to half a step less rounds to the step below; at a step itself either neighbour gives its value.
        let i = (((place - 0.5).max(0.0) + STEPS).to_bits() & 0x000f_ffff_ffff_ffff) as usize;
        let i = i.min(self.entry.len() - 1);
        let (value, slope) = self.entry[i];
        value + slope * (place - i as f64).min(1.0)
    }
}

fn fold_ring(
    grid: &Grid,
    first: i64,
    out: &mut [f64],
    points: &[Reach],
    cos_least: f64,
    add: &impl Fn(usize, f64, &[f64], &[f64], &mut [f64]),
) {
    let n = out.len();
    let centre: Vec<Vector> = (0..n).map(|i| grid.centre(first + i as i64)).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = centre.iter().map(|v| (v[0], v[1])).unzip();
    let z = centre[0][2];
    let rho = ((1.0 - z) * (1.0 + z)).max(0.0).sqrt();
    let start = quarter_turns(x[0], y[0]);
    let per_turn = n as f64 / 4.0;
    for (i, point) in points.iter().enumerate() {
        let height = point.axis[2] * z;
        let reach = point.rho * rho;
        // The margin covers the tolerance of unit vectors; the table itself decides at the rim.
        let needed = cos_least - height - 1e-6;
        if needed > reach {
            continue;
        }
        let (from, count) = if needed <= -reach {
            (0, n)
        } else {
            let half = libm::acos(needed / reach) * std::f64::consts::FRAC_2_PI * per_turn;
            let middle = (point.turn - start) * per_turn;
            let low = (middle - half).ceil() as i64;
            let high = (middle + half).floor() as i64;
            (low.rem_euclid(n as i64) as usize, ((high - low + 1).max(0) as usize).min(n))
        };
        let end = (from + count).min(n);
        add(i, z, &x[from..end], &y[from..end], &mut out[from..end]);
        let wrapped = from + count - end;
        add(i, z, &x[..wrapped], &y[..wrapped], &mut out[..wrapped]);
    }
}

#[inline]
fn add_span(point: &Reach, weight: f64, z: f64, x: &[f64], y: &[f64], out: &mut [f64], table: &Table) {
    let [ax, ay, az] = point.axis;
    let height = az * z;
    for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
        *out += weight * table.read(ax * x + ay * y + height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{dot, norm2, unit};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_pixel_in_view_gets_its_response(
            axis in prop::array::uniform3(-1.0..1.0f64), least in -0.99..0.99f64, order in 0..5_u32,
        ) {
            prop_assume!(norm2(&axis) > 1e-3);
            let axis = unit(&axis);
            let nside = 1 << order;
            let map = folded_axes(&[axis], &[2.0], nside, least, &[1.0, 3.0]).expect("good");
            let grid = Grid::new(nside).expect("a power of two");
            prop_assert_eq!(map.len() as i64, grid.npix());
            for (pixel, found) in map.iter().enumerate() {
                let share = (dot(&grid.centre(pixel as i64), &axis) - least) / (1.0 - least);
                let wanted = if share >= 0.0 { 2.0 + 4.0 * share.min(1.0) } else { 0.0 };
                // At the rim itself rounding decides.
                prop_assert!((found - wanted).abs() < 1e-9 || share.abs() < 1e-12, "{found} {wanted} {share}");
            }
        }
    }

    proptest! {
        #[test]
        fn axes_add_what_a_line_between_the_responses_reads(
            axis in prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), 1..5), least in -0.99..0.9f64,
            response in prop::collection::vec(-2.0..2.0f64, 2..7), order in 0..4_u32,
        ) {
            prop_assume!(axis.iter().all(|v| norm2(v) > 1e-3));
            let axis: Vec<Vector> = axis.iter().map(unit).collect();
            let weight: Vec<f64> = (0..axis.len()).map(|i| 0.5 + i as f64).collect();
            let nside = 1 << order;
            let map = folded_axes(&axis, &weight, nside, least, &response).expect("good");
            let grid = Grid::new(nside).expect("a power of two");
            let knot = |i: usize| least + (1.0 - least) * i as f64 / (response.len() - 1) as f64;
            for (pixel, found) in map.iter().enumerate() {
                let centre = grid.centre(pixel as i64);
                let mut wanted = 0.0;
                for (axis, weight) in axis.iter().zip(&weight) {
                    let cosine = dot(&centre, axis).min(1.0);
                    // At the rim itself rounding decides.
                    prop_assume!((cosine - least).abs() > 1e-12);
                    let between = |i: &usize| knot(*i) <= cosine && cosine <= knot(i + 1) + 1e-15;
                    if let Some(i) = (0..response.len() - 1).rev().find(between) {
                        let share = (cosine - knot(i)) / (knot(i + 1) - knot(i));
                        wanted += weight * (response[i] * (1.0 - share) + response[i + 1] * share);
                    }
                }
                prop_assert!((found - wanted).abs() < 1e-10, "{} {}", found, wanted);
            }
        }
    }

    #[test]
    fn an_axis_at_a_pole_sees_whole_rings() {
        for z in [1.0, -1.0] {
            let map = folded_axes(&[[0.0, 0.0, z]], &[1.0], 4, 0.2, &[1.0, 1.0]).expect("good");
            let grid = Grid::new(4).expect("a power of two");
            for (pixel, found) in map.iter().enumerate() {
                let seen = z * grid.centre(pixel as i64)[2] >= 0.2;
                assert!((found - f64::from(u8::from(seen))).abs() < 1e-12, "{pixel} {found}");
            }
        }
    }

    #[test]
    fn a_view_is_no_point() {
        let fold = |least: f64| folded_axes(&[[0.0, 0.0, 1.0]], &[1.0], 1, least, &[1.0; 2]);
        assert!(fold(1.0 - 2e-9).is_ok() && fold(-1.0).is_ok());
        for least in [1.0, -1.1] {
            assert!(
                fold(least).expect_err("no view").to_string().starts_with(&format!("cos_least = {least:?} is outside"))
            );
        }
    }

    #[test]
    fn a_cosine_above_one_reads_the_last_response() {
        let table = Table::new(0.5, &[1.0, 2.0, 4.0]);
        assert!((table.read(1.0 + 1e-9) - 4.0).abs() < 1e-12);
        assert!((table.read(0.5) - 1.0).abs() < 1e-12);
        assert!((table.read(0.75) - 2.0).abs() < 1e-12);
        assert!(table.read(0.499).abs() < 1e-12);
    }
}
