//! A pixel worked out in single precision, which is twice as many lanes and shorter quotients and roots, and whether it
//! is certain.
//!
//! Both formulas of HEALPix take the whole parts of two real numbers, `first` and `second`; what follows is whole
//! numbers. Here the two are computed with an error below [`DOUBT`] times `nside`. Where neither is so near to a whole
//! number, nor |z| to 2/3, the whole parts are those of the real numbers, and of double precision too, whose errors are
//! 10^-8 of that. Elsewhere the pixel is not certain, and the caller asks [`Grid::pixel_of_near_unit`].
//!
//! The bound, with u = 2^-24, half a unit in the last place of 1, for a unit vector whose components were rounded to single
//! precision, each by u of itself:
//!
//! - `along`, the part of a quarter turn beyond the last axis. `t` is wrong by 2.3 u at most: on [tan(pi/8), 1] by u for
//!   both inputs, as their errors are at most u (small + large), and 3 roundings of a number below 0.42; elsewhere by u
//!   for each input and one rounding, of such a number. A turn grows by 2/pi of that, 1.5 u; the polynomial leaves 0.1 u
//!   and its roundings 4 u of a number below 0.25; three sums of numbers below 1 round by u/2 each. Together 4.2 u.
//! - Belt: n (1/2 + along) is wrong by 5.2 n u with one more rounding; 3/4 n z by 0.5 n u and its rounding by as much; sum
//!   and difference, below 2 n, round by n u. Together 7.2 n u.
//! - Cap: x^2 + y^2 is wrong by 4 u of itself, 1 + |z| by 1.2 u, the quotient and its product by 2 u; the root halves
//!   what they add up to and rounds: 4.6 n u, as it is at most n. Times `along`, or 1 less it with u/2 more, and rounded:
//!   9.8 n u.
//!
//! [`DOUBT`] is 32 u. `place` in the cap needs no third whole part: let w be `along` and e the root, ring = [w e] +
//! [(1 - w) e] + 1. If e <= ring, w ring >= w e >= [w e], and (1 - w) ring >= [(1 - w) e] gives w ring <= [w e] + 1; if
//! e > ring, likewise with the sides changed. So [w ring] = [w e], and w ring is no nearer to a whole number than the
//! nearer of w e and (1 - w) e is.

use super::Grid;
use std::f32::consts::FRAC_2_PI;

/// Distance from a whole number, in units of `nside`, from which on it is certain: 2^-19.
const DOUBT: f32 = 1.0 / 524_288.0;

/// 1.5 x 2^23: adding it to a number below 2^22 rounds that number to a whole one.
const MAGIC: f32 = 12_582_912.0;

impl Grid {
    /// Pixel that holds a unit vector, and whether it is certain.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    #[must_use]
    pub fn guess(&self, [x, y, z]: [f32; 3]) -> (i32, bool) {
        let (nside, n) = (self.nside as i32, self.nside as f32);
        let turn = octant_turn(x.abs(), y.abs());
        // Quarters 0 and 2 are entered from the x axis, 1 and 3 from the y axis.
        let along = if (x < 0.0) == (y < 0.0) { turn } else { 1.0 - turn };
        let quarter = if y < 0.0 { 3 } else { 0 } ^ i32::from(x < 0.0);
        let za = z.abs();
        let belt = za <= 2.0 / 3.0;
        let (across, up) = (n * (0.5 + along), 0.75 * n * z);
        let edge = ((x * x + y * y) / (1.0 + za) * (3.0 * n * n)).sqrt();
        let first = if belt { across - up } else { along * edge };
        let second = if belt { across + up } else { (1.0 - along) * edge };
        let (first, gap_of_first) = whole_part(first);
        let (second, gap_of_second) = whole_part(second);
        let gap = if gap_of_first < gap_of_second { gap_of_first } else { gap_of_second };
        let certain = (gap > DOUBT * n) & ((za - 2.0 / 3.0).abs() > DOUBT);
        let in_belt = belt_pixel(nside, quarter, first, second);
        let in_cap = cap_pixel(nside, quarter, first, second, z > 0.0);
        (if belt { in_belt } else { in_cap }, certain)
    }
}

/// Pixel between rising and falling lines; see `Grid::belt_pixel`. What means nothing may wrap.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
fn belt_pixel(n: i32, quarter: i32, falling: i32, rising: i32) -> i32 {
    let around = n.wrapping_mul(4);
    let ring = n.wrapping_add(falling).wrapping_sub(rising);
    let shift = ring & 1;
    let twice = falling
        .wrapping_add(rising)
        .wrapping_add(shift)
        .wrapping_add(around)
        .wrapping_add(n.wrapping_mul(3).wrapping_add(1));
    let place = (twice >> 1).wrapping_add(n.wrapping_mul(quarter)) & around.wrapping_sub(1);
    let cap = n.wrapping_mul(n.wrapping_sub(1)).wrapping_mul(2);
    cap.wrapping_add(ring.wrapping_mul(around)).wrapping_add(place)
}

/// Pixel of a cap; see `Grid::cap_pixel`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
fn cap_pixel(n: i32, quarter: i32, rising: i32, falling: i32, north: bool) -> i32 {
    let ring = rising.wrapping_add(falling).wrapping_add(1);
    let place = quarter.wrapping_mul(ring).wrapping_add(rising);
    let square = ring.wrapping_mul(ring).wrapping_mul(2);
    let south = n.wrapping_mul(n).wrapping_mul(12).wrapping_sub(square);
    let start = if north { square } else { south };
    start.wrapping_sub(ring.wrapping_mul(2)).wrapping_add(place)
}

/// Angle from the x axis of a direction of the first quarter, in quarter turns.
#[inline(always)]
fn octant_turn(x: f32, y: f32) -> f32 {
    const TAN_PI_8: f32 = 0.414_213_57;
    /// Polynomial in t^2 that makes t P nearest to 2 atan(t) / pi on [0, tan(pi/8)], in the sense of the greatest error:
    /// 0.05 u with its numbers rounded.
    const SERIES: [f32; 5] = [FRAC_2_PI, -0.212_201_34, 0.127_116_02, -0.087_803_21, 0.049_807_608];
    let steep = y > x;
    let (small, large) = (if steep { x } else { y }, if steep { y } else { x });
    let large = if large > f32::MIN_POSITIVE { large } else { f32::MIN_POSITIVE };
    let upper = small > TAN_PI_8 * large;
    let (nearer, farther) = (if upper { large } else { 0.0 }, if upper { small } else { 0.0 });
    let t = (small - nearer) / (large + farther);
    let square = t * t;
    let mut sum = SERIES[4];
    for c in SERIES[..4].iter().rev() {
        sum = sum * square + c;
    }
    let turn = t * sum + if upper { 0.5 } else { 0.0 };
    if steep { 1.0 - turn } else { turn }
}

/// Greatest whole number not above one that is no less than -2^22 and below 2^22, and the distance to the nearest.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
fn whole_part(x: f32) -> (i32, f32) {
    let nearest = x + MAGIC;
    let beyond = x - (nearest - MAGIC);
    // The sign bit of what is beyond, as 0 or -1.
    let below = (beyond.to_bits() as i32) >> 31;
    ((nearest.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32).wrapping_add(below), beyond.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{Vector, norm2, unit};
    use proptest::prelude::*;

    /// The pixel where it is certain.
    fn guessed(grid: &Grid, v: &Vector) -> Option<i32> {
        let (pixel, certain) = grid.guess(v.map(|component| component as f32));
        certain.then_some(pixel)
    }

    /// A direction of height z and of some quarter turns from the x axis.
    fn direction(z: f64, turn: f64) -> Vector {
        let rho = ((1.0 - z) * (1.0 + z)).max(0.0).sqrt();
        let (sin, cos) = (turn * std::f64::consts::FRAC_PI_2).sin_cos();
        [rho * cos, rho * sin, z]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_certain_is_right(
            v in prop::array::uniform3(-1.0..1.0f64), order in 0..14_u32, away in -60..0_i32,
        ) {
            let v = [v[0], v[1], v[2] * f64::from(away).exp2().max(1e-9).sqrt()];
            prop_assume!(norm2(&v) > 1e-12);
            let grid = Grid::new(1 << order).expect("a power of two");
            let v = unit(&v);
            prop_assert!(guessed(&grid, &v).is_none_or(|pixel| pixel == grid.pixel_of_near_unit(&v)));
        }

        #[test]
        fn what_is_certain_near_a_border_of_the_belt_is_right(
            order in 0..14_u32, z in -0.667..0.667f64, line in 0.0..1.0f64, rising: bool, away in -52.0..-1.0f64, plus: bool,
        ) {
            let grid = Grid::new(1 << order).expect("a power of two");
            let n = grid.nside() as f64;
            // n (1/2 + turn) -+ 3/4 n z is a whole number on a border.
            let line = (5.0 * n * line).floor() + if plus { 1.0 } else { -1.0 } * away.exp2();
            let turn = (line + if rising { -0.75 } else { 0.75 } * n * z) / n - 0.5;
            let v = direction(z, turn);
            prop_assert!(guessed(&grid, &v).is_none_or(|pixel| pixel == grid.pixel_of_near_unit(&v)));
        }

        #[test]
        fn what_is_certain_near_a_border_of_a_cap_is_right(
            order in 0..14_u32, north: bool, quarter in 0..4_i32, along in 1e-9..1.0f64, line in 0.0..1.0f64,
            rising: bool, away in -52.0..-1.0f64, plus: bool,
        ) {
            let grid = Grid::new(1 << order).expect("a power of two");
            let n = grid.nside() as f64;
            // On a border `along` times the distance from the pole, in rings, or its counterpart, is a whole number.
            let line = (n * line).floor() + if plus { 1.0 } else { -1.0 } * away.exp2();
            let edge = (line / if rising { along } else { 1.0 - along }).abs().min(n);
            let drop = (edge / n) * (edge / n) / 3.0;
            let z = if north { 1.0 - drop } else { drop - 1.0 };
            let rho = (drop * (2.0 - drop)).sqrt();
            let flat = direction(0.0, f64::from(quarter) + along);
            let v = [rho * flat[0], rho * flat[1], z];
            prop_assert!(guessed(&grid, &v).is_none_or(|pixel| pixel == grid.pixel_of_near_unit(&v)));
        }
    }

    #[test]
    fn most_are_certain() {
        // Four lines a pixel, each as wide as twice the doubt: 3e-5 n of all, and more where pixels are smaller.
        for (nside, share) in [(1, 1e-3), (64, 2e-3), (1024, 2e-2), (8192, 0.15)] {
            let grid = Grid::new(nside).expect("a power of two");
            let step = (grid.npix() / 10_007).max(1);
            let inside = (0..200_000_i64).map(|i| {
                let z = (i as f64 * 0.618_033_988_749_895).fract() * 2.0 - 1.0;
                direction(z, (i * step) as f64 * 0.754_877_666_246_692_7)
            });
            let doubtful = inside.filter(|v| guessed(&grid, v).is_none()).count();
            assert!((doubtful as f64) < share * 200_000.0, "nside {nside}: {doubtful}");
        }
    }

    #[test]
    fn borders_and_poles_are_never_certain() {
        let grid = Grid::new(64).expect("a power of two");
        for v in
            [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1e-30, -1e-42, 1.0], direction(0.9, 0.0), direction(2.0 / 3.0, 0.3)]
        {
            assert_eq!(guessed(&grid, &v), None);
        }
    }
}
