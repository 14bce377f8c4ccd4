//! Whole numbers and order of floats in the forms of which loops are compiled to wide vectors.

/// 1.5 x 2^52: adding it to a number below 2^51 rounds that number to a whole one, ties to even.
pub const MAGIC: f64 = 6_755_399_441_055_744.0;

/// A whole number below 2^31 as an integer.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn whole(x: f64) -> i32 {
    (x + MAGIC).to_bits() as i32
}

/// The smaller of two numbers; neither may be NaN.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The greater of two numbers; neither may be NaN.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn greatest(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
