//! Rows of a table of seconds, by time.
//!
//! A table without gaps is entered by the time alone; one with some gaps through a list of one entry a second; one of
//! single seconds far apart by bisection.

use crate::rounding::{greatest, least, whole};
use crate::{Error, Result};

/// Rows by time.
#[derive(Debug, Clone)]
pub(crate) struct RowIndex<'a> {
    second_s: &'a [f64],
    step_s: f64,
    first_s: f64,
    rate: f64,
    gapless: bool,
    uniform: bool,
    table: Vec<u32>,
}

impl<'a> RowIndex<'a> {
    /// Index rows that rise and do not overlap.
    ///
    /// # Errors
    /// More rows than 32 bits can number.
    pub fn new(second_s: &'a [f64], step_s: f64) -> Result<Self> {
        let n = second_s.len();
        if n > i32::MAX as usize {
            return Err(Error::Length { name: "second_time_s", found: n, wanted: "fewer than 2^31".into() });
        }
        let first_s = second_s.first().copied().unwrap_or(0.0);
        let span = second_s.last().map_or(0.0, |last| (last - first_s) / step_s);
        let gapless = n > 0 && (span - (n - 1) as f64).abs() < 0.5;
        let uniform = gapless && pulp::Arch::new().dispatch(Even { second_s, step_s });
        let mut table = Vec::new();
        if n > 0 && !gapless && span < (4.0 * n as f64).min(f64::from(i32::MAX)) {
            let mut row = 0_u32;
            table = (0..=span as usize)
                .map(|slot| {
                    let start = first_s + slot as f64 * step_s;
                    while ((row + 1) as usize) < n && second_s[(row + 1) as usize] <= start {
                        row += 1;
                    }
                    row
                })
                .collect();
        }
        Ok(Self { second_s, step_s, first_s, rate: 1.0 / step_s, gapless, uniform, table })
    }

    /// Entry of the table that a time leads to; to be worked out for many times in one loop.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub fn slot(&self, time_s: f64) -> i32 {
        ((time_s - self.first_s) * self.rate) as i32
    }

    /// Whether row i starts at exactly `first + i step`, so that [`RowIndex::at`] may be asked. Such rows rise.
    pub fn is_uniform(&self) -> bool {
        self.uniform
    }

    /// Row that most probably holds a time, the time since its start and whether it holds it; the answer of
    /// [`RowIndex::at`] if it does.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub fn near(&self, time_s: f64) -> (i32, f64, bool) {
        let row = ((time_s - self.first_s) * self.rate).floor();
        let start = self.first_s + row * self.step_s;
        let mut held = row >= 0.0;
        held &= row < self.second_s.len() as f64;
        held &= time_s >= start;
        held &= time_s < self.first_s + (row + 1.0) * self.step_s;
        held &= time_s < start + self.step_s;
        (whole(row), time_s - start, held)
    }

    /// Row that holds a time, the time since its start and whether it does, without a look at the table; no branches and
    /// no conversions but the last, for loops over lanes.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub fn at(&self, time_s: f64) -> (i32, f64, bool) {
        let n = self.second_s.len() as f64;
        let start = |row: f64| self.first_s + row * self.step_s;
        // A time that no row can hold leads far outside; the bounds keep the steps to its neighbours in range.
        let place = (time_s - self.first_s) * self.rate;
        let row = least(greatest(place, -2.0), n).floor();
        let row = row + if time_s >= start(row + 1.0) { 1.0 } else { 0.0 };
        let row = row - if time_s < start(row) { 1.0 } else { 0.0 };
        let mut held = row >= 0.0;
        held &= row < n;
        held &= time_s >= start(row);
        held &= time_s < start(row) + self.step_s;
        (whole(row), time_s - start(row), held)
    }

    /// Row that holds a time, and the time since its start; `slot` is what [`RowIndex::slot`] says, `last` where the
    /// previous time lay.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub fn find(&self, time_s: f64, slot: i32, last: u32) -> Option<(u32, f64)> {
        let slot = slot.max(0) as usize;
        let mut row =
            if self.gapless { slot.min(self.second_s.len() - 1) as u32 } else { self.entry(slot, time_s, last) };
        let mut start = *self.second_s.get(row as usize)?;
        // Further rows may start in the slot too; a row that starts at its beginning may be rounded beyond it.
        while let Some(next) = self.second_s.get(row as usize + 1)
            && *next <= time_s
        {
            row += 1;
            start = *next;
        }
        while time_s < start && row > 0 {
            row -= 1;
            start = self.second_s[row as usize];
        }
        (time_s >= start && time_s < start + self.step_s).then_some((row, time_s - start))
    }

    #[inline]
    fn entry(&self, slot: usize, time_s: f64, last: u32) -> u32 {
        match self.table.get(slot).or(self.table.last()) {
            Some(row) => *row,
            None => self.by_halves(time_s, last),
        }
    }

    fn by_halves(&self, time_s: f64, last: u32) -> u32 {
        let i = last as usize;
        let held = |i: usize| self.second_s.get(i).is_some_and(|s| *s <= time_s);
        if held(i) && !held(i + 1) {
            return last;
        }
        self.second_s.partition_point(|s| *s <= time_s).max(1) as u32 - 1
    }

    /// The refusal of a time that lies in no row.
    pub fn refusal(&self, place: usize, time_s: f64) -> Error {
        let nearest = self.second_s.partition_point(|s| *s <= time_s).max(1) - 1;
        let nearest = self.second_s.get(nearest).map_or("none".into(), |s| format!("{s:?}"));
        Error::Table(format!("time_s[{place}] = {time_s:?} lies in no second; the nearest starts at {nearest}"))
    }
}

/// Whether row i starts at exactly `first + i step`, to be compiled for each width of vectors.
struct Even<'a> {
    second_s: &'a [f64],
    step_s: f64,
}

impl pulp::WithSimd for Even<'_> {
    type Output = bool;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    #[expect(clippy::float_cmp, reason = "only the very same numbers may stand for the table")]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> bool {
        let Self { second_s, step_s } = self;
        let (Some(first_s), Some(last_s)) = (second_s.first(), second_s.last()) else { return false };
        // Steps of 2^9 roundings or more, so that each is 0.99 of the step at least.
        let mut even = greatest(first_s.abs(), last_s.abs()) < step_s * (1_u64 << 43) as f64;
        let (eights, rest) = second_s.as_chunks::<8>();
        // Eight answers fill the vector lanes.
        let mut same = [true; 8];
        for (i, eight) in eights.iter().enumerate() {
            let before = 8.0 * f64::from(i as i32);
            for k in 0..8 {
                same[k] &= eight[k] == first_s + (before + k as f64) * step_s;
            }
        }
        even &= same == [true; 8];
        for (k, s) in rest.iter().enumerate() {
            even &= *s == first_s + (8 * eights.len() + k) as f64 * step_s;
        }
        even
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_is_found_as_by_looking_at_all(
            gaps in prop::collection::vec(prop::sample::select(vec![0.99, 1.0, 1.004, 3.5, 1e4]), 1..60),
            spread in prop::collection::vec((0..64_usize, -0.4..1.4f64), 1..60), few: bool,
        ) {
            let mut start = 1.4e9;
            let second: Vec<f64> = gaps.iter().map(|g| { start += if few { f64::min(*g, 1.1) } else { *g }; start }).collect();
            let index = RowIndex::new(&second, 1.0).expect("few rows");
            let even: Vec<f64> = (0..second.len()).map(|i| 1.4e9 + i as f64 * 0.7).collect();
            let uniform = RowIndex::new(&even, 0.7).expect("few rows");
            prop_assert!(uniform.is_uniform());
            let mut last = 0;
            for (i, share) in spread {
                let time = second[i % second.len()] + share;
                let wanted = second.partition_point(|s| *s <= time).checked_sub(1).filter(|i| time < second[*i] + 1.0);
                let found = index.find(time, index.slot(time), last);
                prop_assert_eq!(found, wanted.map(|i| (i as u32, time - second[i])));
                last = found.map_or(last, |(row, _)| row);
                let time = even[i % even.len()] + share;
                let (row, since, held) = uniform.at(time);
                let exact = held.then_some((row as u32, since));
                prop_assert_eq!(exact, uniform.find(time, uniform.slot(time), 0));
                let (row, since, held) = uniform.near(time);
                prop_assert!(!held || exact == Some((row as u32, since)));
            }
            for start in even.iter().copied() {
                // At the very borders of rows, where roundings decide.
                for time in [start.next_down(), start, start.next_up()] {
                    let (row, since, held) = uniform.at(time);
                    let exact = held.then_some((row as u32, since));
                    prop_assert_eq!(exact, uniform.find(time, uniform.slot(time), 0));
                    let (row, since, held) = uniform.near(time);
                    prop_assert!(!held || exact == Some((row as u32, since)));
                }
            }
        }
    }
}
