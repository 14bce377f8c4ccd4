//! Where the events of a block lie among the rows of the seconds, and which rows are still to be checked.

use super::Navigation;
use super::decide::{BLOCK, locate};
use super::scan::Inputs;
use crate::ahead::{ask, ask_range};
use crate::check::finite;
use crate::column::Column;
use std::ops::Range;

/// Rows that are checked together: a multiple of 32 numbers, as they are summed.
const CHECKED: usize = 64;

/// Rows of the events of a block and the time since their starts, and whether each has one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located {
    pub row: [u32; BLOCK],
    pub since: [f64; BLOCK],
    pub all: bool,
}

impl Located {
    /// No events.
    pub fn new() -> Self {
        Self { row: [0; BLOCK], since: [0.0; BLOCK], all: true }
    }

    /// Find the rows of a block.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn find(&mut self, inputs: Inputs<'_>, rows: Range<usize>, cursor: &mut Cursor) {
        let mut space = [0.0; BLOCK];
        let time = Column::Double(inputs.events.time_s).block(rows, &mut space);
        let found = locate(inputs.index, time, &mut self.row, &mut self.since, cursor.last);
        self.all = found.is_some();
        cursor.last = found.unwrap_or(cursor.last);
    }

    /// Ask for the rows, or for those that are to be checked next if they have just been checked themselves.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn ask(&self, seconds: &Navigation<'_>, cursor: &Cursor) {
        let (mut low, mut high) = (u32::MAX, 0);
        for row in &self.row {
            low = low.min(*row);
            high = high.max(*row);
        }
        let (low, high) = (low as usize, high as usize);
        if high - low < BLOCK {
            // Rows go by about as fast as before: those that are as far ahead as a check reaches are the next it needs.
            let checked = cursor.unchecked.start;
            let ahead = if low < checked && checked - low <= 4 * CHECKED { CHECKED } else { 0 };
            ask_range(seconds.rotation, low + ahead..high + ahead + 1);
            ask_range(seconds.rate, low + ahead..high + ahead + 1);
        } else {
            for row in self.row.map(|row| row as usize) {
                ask_range(seconds.rotation, row..row + 1);
                ask(seconds.rate, row);
            }
        }
    }
}

/// Where a thread stands among the rows of the seconds.
pub(super) struct Cursor {
    /// Row of the last event.
    last: u32,
    /// Rows that this thread has still to check.
    unchecked: Range<usize>,
}

impl Cursor {
    /// Before the first event, with some rows to check.
    pub fn new(unchecked: Range<usize>) -> Self {
        Self { last: 0, unchecked }
    }

    /// Check what there is to check before a row, and as many rows more as are checked together.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn rows_are_good(&mut self, seconds: &Navigation<'_>, before: usize) -> bool {
        let start = self.unchecked.start;
        if before.min(self.unchecked.end) <= start {
            return true;
        }
        self.unchecked.start = before.max(start.saturating_add(CHECKED)).min(self.unchecked.end);
        let rows = start..self.unchecked.start;
        finite(seconds.rotation[rows.clone()].as_flattened()) && finite(seconds.rate[rows].as_flattened())
    }
}
