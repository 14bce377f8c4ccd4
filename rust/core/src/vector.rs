//! Three-vectors and 3 x 3 matrices as plain arrays, and angles without a library call.

use crate::rounding::{greatest, least};

/// A vector: x, y, z.
pub type Vector = [f64; 3];
/// A matrix by rows: element (i, j) stands at 3 i + j.
pub type Matrix = [f64; 9];

/// Squared length.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn norm2(v: &Vector) -> f64 {
    v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
}

/// Scalar product.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn dot(a: &Vector, b: &Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Vector product.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn cross(a: &Vector, b: &Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The vector times a number.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn scaled(v: &Vector, factor: f64) -> Vector {
    [v[0] * factor, v[1] * factor, v[2] * factor]
}

/// The unit vector along `v`, which must not be zero.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn unit(v: &Vector) -> Vector {
    scaled(v, 1.0 / norm2(v).sqrt())
}

/// Matrix times vector.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn apply(m: &Matrix, v: &Vector) -> Vector {
    [
        m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
        m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
        m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
    ]
}

/// Matrix times matrix.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let mut out = [0.0; 9];
    for i in 0..3 {
        for j in 0..3 {
            out[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
        }
    }
    out
}

/// Turn `v` about `rate` (an angular velocity [rad/s]) for `time_s`, by the series of Rodrigues' formula.
///
/// What is left out is of order |rate time|^5 / 120: 1e-16 for one second of a low orbit, 1.2e-8 for a minute.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn carried(v: &Vector, rate: &Vector, time_s: f64) -> Vector {
    let w = scaled(rate, time_s);
    let w2 = norm2(&w);
    let first = cross(&w, v);
    let second = cross(&w, &first);
    let (a, b) = (1.0 - w2 * (1.0 / 6.0), 0.5 - w2 * (1.0 / 24.0));
    [
        v[0] + (a * first[0] + b * second[0]),
        v[1] + (a * first[1] + b * second[1]),
        v[2] + (a * first[2] + b * second[2]),
    ]
}

/// Angle of (x, y) from the x axis in quarter turns, in [0, 4); 0 where both are zero.
///
/// The arctangent on [-tan(pi/8), tan(pi/8)] is an odd polynomial (relative error 4e-16 with its roundings), so that the
/// bits are the same on every platform and the loop around it can be vectorised.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn quarter_turns(x: f64, y: f64) -> f64 {
    let (ax, ay) = (x.abs(), y.abs());
    let steep = ay > ax;
    // Each of the two for itself: chosen as a pair, they are compiled to two arctangents of which one is used.
    let (small, large) = (least(ax, ay), greatest(ax, ay));
    // Not zero, and never below a number that is not.
    let turn = quarter_turns_of_slope(small, greatest(large, f64::MIN_POSITIVE));
    let turn = if steep { 1.0 - turn } else { turn };
    let turn = if x < 0.0 { 2.0 - turn } else { turn };
    let turn = if y < 0.0 { 4.0 - turn } else { turn };
    if turn >= 4.0 { 0.0 } else { turn }
}

/// Arctangent of `small / large`, a slope in [0, 1], in quarter turns; above tan(pi/8) by its distance from the diagonal.
#[inline(always)]
fn quarter_turns_of_slope(small: f64, large: f64) -> f64 {
    const TAN_PI_8: f64 = 0.414_213_562_373_095_03;
    /// Chebyshev expansion of 2 atan(t) / (pi t) in t^2 on [0, tan^2(pi/8)], cut where it leaves 3e-17.
    const SERIES: [f64; 11] = [
        0.636_619_772_367_581_3,
        -0.212_206_590_789_162_62,
        0.127_323_954_466_227_66,
        -0.090_945_681_100_015_19,
        0.070_735_498_873_519_29,
        -0.057_873_658_854_843_18,
        0.048_955_764_436_944_986,
        -0.042_273_042_076_832_44,
        0.036_213_155_607_481_64,
        -0.027_680_559_275_386_984,
        0.013_455_195_416_469_879,
    ];
    let upper = small > TAN_PI_8 * large;
    let (nearer, farther) = (if upper { large } else { 0.0 }, if upper { small } else { 0.0 });
    let t = (small - nearer) / (large + farther);
    let z = t * t;
    let mut sum = SERIES[10];
    for c in SERIES[..10].iter().rev() {
        sum = sum * z + c;
    }
    let turn = t * sum;
    if upper { 0.5 + turn } else { turn }
}

/// Sine and cosine of an angle in turns, for fewer than 2^50 of them.
///
/// Chebyshev expansions on an eighth of a turn to either side of a quarter, cut where they leave 5e-17.
#[inline(always)]
#[must_use]
pub fn sin_cos_of_turn(turn: f64) -> (f64, f64) {
    const SIN: [f64; 7] = [
        std::f64::consts::TAU,
        -41.341_702_240_399_634,
        81.605_249_275_948_04,
        -76.705_859_704_274_53,
        42.058_685_020_158_22,
        -15.093_804_209_819_975,
        3.780_868_955_412_745,
    ];
    const COS: [f64; 8] = [
        1.0,
        -19.739_208_802_178_716,
        64.939_394_022_667_95,
        -85.456_817_206_522_71,
        60.244_641_328_867_274,
        -26.426_250_908_620_38,
        7.903_091_687_663_044,
        -1.696_849_468_546_146_6,
    ];
    let quarter = (4.0 * turn + 0.5).floor();
    let x = turn - 0.25 * quarter;
    let z = x * x;
    let mut sin = SIN[6];
    for c in SIN[..6].iter().rev() {
        sin = sin * z + c;
    }
    let mut cos = COS[7];
    for c in COS[..7].iter().rev() {
        cos = cos * z + c;
    }
    sin *= x;
    let quarter = quarter - 4.0 * (0.25 * quarter).floor();
    let odd = (quarter - 2.0).abs() - 1.0; // 1 at 0, 0 at 1 and 3, -1 at 2
    let swapped = odd.abs() < 0.5;
    let (s, c) = (if swapped { cos } else { sin }, if swapped { sin } else { cos });
    let s = if quarter >= 2.0 { -s } else { s };
    let c = if (quarter - 1.5).abs() < 1.0 { -c } else { c };
    (s, c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sines_of_turns_match_the_library(turn in -1.0e4..1.0e4f64) {
            let angle = (turn - turn.floor()) * std::f64::consts::TAU;
            let (sin, cos) = sin_cos_of_turn(turn);
            // The angle of the library is rounded by 4e-16.
            prop_assert!((sin - angle.sin()).abs() < 1e-15 && (cos - angle.cos()).abs() < 1e-15, "{sin} {cos}");
        }

        #[test]
        fn quarter_turns_match_atan2(x in -1.0..1.0f64, y in -1.0..1.0f64) {
            let mut expected = y.atan2(x) * std::f64::consts::FRAC_2_PI;
            if expected < 0.0 { expected += 4.0; }
            let found = quarter_turns(x, y);
            let gap = (found - expected).abs();
            // Two roundings of a value below 4.
            prop_assert!(gap.min(4.0 - gap) < 1.0e-15, "{found} {expected}");
        }

        #[test]
        fn carrying_keeps_the_length_and_returns(
            v in prop::array::uniform3(-1.0..1.0f64), rate in prop::array::uniform3(-1.2e-3..1.2e-3f64), t in -1.0..1.0f64
        ) {
            let there = carried(&v, &rate, t);
            let back = carried(&there, &rate, -t);
            prop_assert!((norm2(&there) - norm2(&v)).abs() < 1e-14);
            for i in 0..3 { prop_assert!((back[i] - v[i]).abs() < 1e-14); }
        }
    }

    #[test]
    fn axes_are_whole_quarter_turns() {
        let on_axes: Vec<f64> = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 0.0), (1.0, -1e-300)]
            .map(|(x, y)| quarter_turns(x, y))
            .to_vec();
        assert_eq!(on_axes, [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
    }
}
