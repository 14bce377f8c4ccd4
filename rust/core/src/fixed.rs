//! Exact sums: fixed-point integers with a stated scale, so that a sum has the same bits in any order.

use crate::rounding::MAGIC;
use crate::{Error, Result};

/// Binary digits after the point of every sum: one unit is 2^-32.
pub const SCALE_BITS: u32 = 32;
/// Units in 1.
pub const UNITS: f64 = 4_294_967_296.0;
/// Greatest absolute value that [`to_units`] takes.
pub const LARGEST: f64 = 262_144.0;

/// Nearest number of units, ties to even; exact for every multiple of 2^-32 up to [`LARGEST`].
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn to_units(value: f64) -> i64 {
    (value * UNITS + MAGIC).to_bits().wrapping_sub(MAGIC.to_bits()) as i64
}

/// Float nearest to a sum in units.
#[must_use]
pub fn from_units(units: i64) -> f64 {
    units as f64 / UNITS
}

/// Refuse a batch after which a cell could leave the range of the sums.
///
/// `bound` is an upper limit of the greatest cell so far; it is tightened by `greatest` only when the
/// cheap estimate fails, so that the check costs nothing per element.
///
/// # Errors
/// [`Error::Overflow`] if even the tightened estimate does not fit.
pub fn grown_bound(what: &str, bound: i64, added: i128, greatest: impl Fn() -> i64) -> Result<i64> {
    let fits = |from: i64| i64::try_from(i128::from(from) + added).ok();
    fits(bound).or_else(|| fits(greatest())).ok_or_else(|| overflowed(what))
}

/// The refusal of a batch after which a cell could leave the range of the sums.
pub(crate) fn overflowed(what: &str) -> Error {
    Error::Overflow(format!("{what}: a cell could exceed 2^63 units of 2^-{SCALE_BITS}; use fewer, smaller inputs"))
}

/// Add `part` into `sum`, cell by cell.
///
/// # Errors
/// [`Error::Overflow`] if a cell leaves the range.
pub fn merge(what: &str, sum: &mut [i64], part: &[i64]) -> Result<()> {
    merge_from(what, sum, part.iter().copied())
}

/// Add the values of `part` into `sum`, cell by cell; after an error `sum` means nothing.
///
/// # Errors
/// [`Error::Overflow`] if a cell leaves the range.
pub fn merge_from(what: &str, sum: &mut [i64], part: impl Iterator<Item = i64>) -> Result<()> {
    for (cell, (a, b)) in sum.iter_mut().zip(part).enumerate() {
        let Some(added) = a.checked_add(b) else {
            return Err(Error::Overflow(format!("{what}: cell {cell} exceeds 2^63 units of 2^-{SCALE_BITS}")));
        };
        *a = added;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn units_are_the_nearest(value in -LARGEST..LARGEST) {
            prop_assert_eq!(to_units(value), (value * UNITS).round_ties_even() as i64);
        }

        #[test]
        fn whole_units_survive(units in -(1_i64 << 50)..(1_i64 << 50)) {
            prop_assert_eq!(to_units(from_units(units)), units);
        }
    }

    #[test]
    fn a_sum_that_cannot_fit_is_refused() {
        assert!(grown_bound("w", i64::MAX - 5, 6, || i64::MAX - 5).is_err());
        assert_eq!(grown_bound("w", i64::MAX - 5, 6, || 4), Ok(10));
        assert!(merge("w", &mut [i64::MAX], &[1]).is_err());
    }

    #[test]
    fn units_are_two_to_the_minus_32() {
        assert_eq!(to_units(1.0), 1 << 32);
        assert_eq!(to_units(-0.75), -(3 << 30));
        assert_eq!(to_units(1.5 / UNITS), 2);
        assert!((from_units(-(3 << 30)) + 0.75).abs() < f64::EPSILON);
    }

    #[test]
    fn a_sum_that_fits_is_the_sum() {
        assert_eq!(grown_bound("w", 7, 6, || 0), Ok(13));
        assert_eq!(grown_bound("w", i64::MAX - 5, 5, || 0), Ok(i64::MAX));
        let mut sum = [1, 2, i64::MAX];
        assert_eq!(merge("w", &mut sum, &[3, -4, -1]), Ok(()));
        assert_eq!(sum, [4, -2, i64::MAX - 1]);
    }

    #[test]
    fn a_refused_sum_says_which() {
        let message = overflowed("weight").to_string();
        assert_eq!(message, "weight: a cell could exceed 2^63 units of 2^-32; use fewer, smaller inputs");
        let error = merge("w", &mut [0, i64::MIN], &[1, -1]).expect_err("too small").to_string();
        assert_eq!(error, "w: cell 1 exceeds 2^63 units of 2^-32");
    }
}
