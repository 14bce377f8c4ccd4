//! Quantities given at knots in time and read linearly between them.

use crate::Result;
use crate::check::{all_within, at_least, rising};
use crate::tile::{Column, TILE, set_row};

/// Rising knots of time, checked once.
#[derive(Debug, Clone, Copy)]
pub struct Knots<'a> {
    time_s: &'a [f64],
    /// Knots a second if they were evenly spaced: the first guess of a look-up.
    density: f64,
}

impl<'a> Knots<'a> {
    /// Check the knots.
    ///
    /// # Errors
    /// Fewer than two knots, or knots that do not rise.
    pub fn new(name: &'static str, time_s: &'a [f64]) -> Result<Self> {
        at_least(name, time_s.len(), 2)?;
        rising(name, time_s)?;
        let last = time_s.len() - 1;
        Ok(Self { time_s, density: last as f64 / (time_s[last] - time_s[0]) })
    }

    /// Refuse a time before the first knot or after the last.
    ///
    /// # Errors
    /// [`crate::Error::OutOfRange`] names the first such time.
    pub fn cover(&self, name: &str, time_s: &[f64]) -> Result<()> {
        all_within(name, time_s, self.time_s[0], self.time_s[self.time_s.len() - 1])
    }

    /// Interval that holds `time_s`, and the share of it that has passed.
    #[inline]
    #[must_use]
    pub fn locate(&self, time_s: f64) -> (usize, f64) {
        let last = self.time_s.len() - 2;
        let mut i = (((time_s - self.time_s[0]) * self.density) as usize).min(last);
        while i > 0 && time_s < self.time_s[i] {
            i -= 1;
        }
        while i < last && time_s >= self.time_s[i + 1] {
            i += 1;
        }
        (i, (time_s - self.time_s[i]) / (self.time_s[i + 1] - self.time_s[i]))
    }
}

/// Values at a tile of times, read linearly between the knots; `interval` is a first guess and becomes the last found.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub fn at_tile<const N: usize>(
    knots: &Knots<'_>,
    values: &[[f64; N]],
    time_s: &Column,
    interval: &mut usize,
) -> [Column; N] {
    let i = (*interval).min(knots.time_s.len() - 2);
    let (low, high) = (knots.time_s[i], knots.time_s[i + 1]);
    let mut inside = true;
    let mut share = [0.0; TILE];
    for j in 0..TILE {
        inside &= time_s[j] >= low;
        inside &= time_s[j] < high;
        share[j] = (time_s[j] - low) / (high - low);
    }
    let mut out = [[0.0; TILE]; N];
    if inside {
        let (a, b) = (&values[i], &values[i + 1]);
        for k in 0..N {
            for j in 0..TILE {
                out[k][j] = line(a[k], b[k], share[j]);
            }
        }
    } else {
        for (j, t) in time_s.iter().enumerate() {
            let (i, share) = knots.locate(*t);
            set_row(&mut out, j, &between(&values[i], &values[i + 1], share));
            *interval = i;
        }
    }
    out
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
fn line(a: f64, b: f64, share: f64) -> f64 {
    a + (b - a) * share
}

/// Straight line from `a` to `b`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn between<const N: usize>(a: &[f64; N], b: &[f64; N], share: f64) -> [f64; N] {
    let mut out = [0.0; N];
    for (o, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *o = line(*a, *b, share);
    }
    out
}
