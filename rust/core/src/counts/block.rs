//! Columns of some events in double precision, and whether their values are in range.

use super::Events;
use super::decide::BLOCK;
use crate::ahead::ask_range;
use crate::check::UNIT_TOLERANCE;
use crate::column::Directions;
use crate::vector::norm2;
use std::ops::Range;

/// Room for columns of a block that cannot be taken as they are.
pub(super) struct Space {
    direction: [[f64; BLOCK]; 3],
    energy: [f64; BLOCK],
    weight: [f64; BLOCK],
    response: [f64; BLOCK],
}

impl Space {
    pub fn new() -> Self {
        let nothing = [0.0; BLOCK];
        Self { direction: [nothing; 3], energy: nothing, weight: nothing, response: nothing }
    }
}

/// Columns of a block in double precision; past its last event the first stands again.
pub(super) struct Block<'a> {
    pub x: &'a [f64; BLOCK],
    pub y: &'a [f64; BLOCK],
    pub z: &'a [f64; BLOCK],
    pub energy: &'a [f64; BLOCK],
    pub weight: Option<&'a [f64; BLOCK]>,
    pub response: Option<&'a [f64; BLOCK]>,
}

impl<'a> Block<'a> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn of(events: &Events<'a>, rows: Range<usize>, space: &'a mut Space) -> Self {
        let [x, y, z] = events.direction.block(rows.clone(), &mut space.direction);
        Self {
            x,
            y,
            z,
            energy: events.energy_gev.block(rows.clone(), &mut space.energy),
            weight: events.weight.map(|weight| weight.block(rows.clone(), &mut space.weight)),
            response: events.purity.map(|(response, _)| response.block(rows, &mut space.response)),
        }
    }

    /// Whether every value is in range; times are found in the seconds, or not.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn is_good(&self, weight_max: f64) -> bool {
        let mut good = true;
        for e in self.energy {
            good &= *e >= f64::MIN_POSITIVE;
            good &= *e <= f64::MAX;
        }
        for i in 0..BLOCK {
            good &= (norm2(&[self.x[i], self.y[i], self.z[i]]) - 1.0).abs() <= UNIT_TOLERANCE;
        }
        if let Some(weight) = self.weight {
            for w in weight {
                good &= w.abs() <= weight_max;
            }
        }
        if let Some(response) = self.response {
            for r in response {
                good &= r.abs() <= f64::MAX;
            }
        }
        good
    }
}

/// Parts that the columns of a block are asked for in, so that no one part has to wait for those before it.
pub(super) const N_PART: usize = 3;

/// Ask for one part of the columns of some events; their times are asked for elsewhere.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
pub(super) fn ask_columns(events: &Events<'_>, rows: Range<usize>, part: usize) {
    let columns = match events.direction {
        Directions::Columns([x, y, z]) => [Some(x), Some(y), Some(z)],
        Directions::Rows(vectors) => {
            let third = rows.len().div_ceil(N_PART);
            let start = rows.start + part * third;
            ask_range(vectors, start..(start + third).min(rows.end).max(start));
            [None; 3]
        }
    };
    let others = [Some(events.energy_gev), events.weight, events.purity.map(|(response, _)| response)];
    for column in [columns[part % N_PART], others[part % N_PART]].into_iter().flatten() {
        column.ask(rows.clone());
    }
    if let Some(failed) = events.failed
        && part == 0
    {
        ask_range(failed, rows);
    }
}

/// Whether every number is that of a cut of the selection, or 0.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
pub(super) fn choice_is_good(failed: Option<&[u8]>, n_selection: usize) -> bool {
    let most = n_selection as u8;
    let mut good = true;
    for f in failed.unwrap_or_default() {
        good &= *f <= most;
    }
    good
}
