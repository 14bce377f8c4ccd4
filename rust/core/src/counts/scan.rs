//! The pass that checks a batch, decides on every event, finds its cell and adds its weight.
//!
//! Each step is a loop of its own over a block that the cache holds, without branches where the arithmetic is, so that
//! it is compiled to wide vectors; the width is chosen at run time. No width contracts a product and a sum to one
//! rounding, so the bits are the same.

use super::decide::{ACCEPTED, BLOCK, DEAD, cuts, edges_below, locate};
use super::{CUTS, Events, Navigation};
use crate::axis_livetime::STEP_MAX_S;
use crate::check::{UNIT_TOLERANCE, finite};
use crate::column::Column;
use crate::fixed::to_units;
use crate::healpix::{Grid, NEAR_UNIT};
use crate::rows::RowIndex;
use crate::vector::{apply, carried, norm2};
use std::ops::Range;

/// Events whose directions are turned together; a vector holds 8 at most.
const TILE: usize = 64;
/// Copies of the cut flow. 256 bins, 70 cuts and their copies stay below 2^16 only for two.
const COPIES: usize = 2;

/// First open energy bin of each second, or that it is dead: all that the cuts ask of it, in one byte. And whether every
/// live time and class is in range.
pub(super) fn gates(seconds: &Navigation<'_>, n_bin: usize) -> (Vec<u8>, bool) {
    let mut gates = vec![DEAD; seconds.class.len()];
    let good = pulp::Arch::new().dispatch(Gates { seconds, n_bin, out: &mut gates });
    (gates, good)
}

struct Gates<'a> {
    seconds: &'a Navigation<'a>,
    n_bin: usize,
    out: &'a mut [u8],
}

impl pulp::WithSimd for Gates<'_> {
    type Output = bool;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> bool {
        let most = self.n_bin as u8;
        let mut good = true;
        for ((gate, class), live) in self.out.iter_mut().zip(self.seconds.class).zip(self.seconds.livetime_s) {
            good &= *class <= most;
            good &= *live >= 0.0;
            good &= *live <= STEP_MAX_S;
            *gate = if *live > 0.0 { *class } else { DEAD };
        }
        good
    }
}

/// What the cells are.
#[derive(Debug, Clone)]
pub(super) struct Binning {
    pub grid: Grid,
    pub edge: Vec<f64>,
    pub cos_least: f64,
    pub n_selection: usize,
}

impl Binning {
    pub fn n_bin(&self) -> usize {
        self.edge.len() - 1
    }

    pub fn n_cut(&self) -> usize {
        CUTS.len() + self.n_selection
    }
}

/// What all threads of a pass read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub binning: &'a Binning,
    pub events: &'a Events<'a>,
    pub seconds: &'a Navigation<'a>,
    pub index: &'a RowIndex<'a>,
    pub gates: &'a [u8],
}

/// What a pass does with what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Add it to the sums.
    Add,
    /// Take it away again: a pass over the same events and rows finds the same, and integers forget nothing.
    Undo,
}

/// One thread's pass over some events.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    cut_flow: Vec<i64>,
    magnitude: [i128; 2],
    refused: bool,
    /// 0 to add; -1 to take away, which is to complement and add one.
    sign: i64,
}

impl Scan {
    /// Forget what was found.
    pub fn clear(&mut self) {
        *self = Self { cut_flow: std::mem::take(&mut self.cut_flow), ..Self::default() };
        self.cut_flow.clear();
    }

    /// Whether some event or row broke a rule; which one is found by the checks, column by column.
    pub fn refused(&self) -> bool {
        self.refused
    }

    /// Sums of the magnitudes of weights and of squared weights, in units: no cell can grow by more.
    pub fn magnitude(&self) -> [i128; 2] {
        self.magnitude
    }

    pub fn cut_flow(&self) -> impl Iterator<Item = i64> {
        self.cut_flow.chunks_exact(COPIES).map(|copies| copies.iter().sum())
    }

    /// Go through some events, add their weights to the sums, and check some rows of the seconds.
    pub fn run(
        &mut self,
        inputs: Inputs<'_>,
        events: Range<usize>,
        rows: Range<usize>,
        sum: &mut [[i64; 2]],
        sign: Sign,
    ) {
        self.clear();
        self.sign = if sign == Sign::Undo { -1 } else { 0 };
        self.cut_flow.resize((inputs.binning.n_bin() + 2) * inputs.binning.n_cut() * COPIES, 0);
        pulp::Arch::new().dispatch(Pass { scan: self, inputs, events, rows, sum });
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_block(
        &mut self,
        inputs: Inputs<'_>,
        rows: Range<usize>,
        cursor: &mut Cursor,
        space: &mut Space,
        sum: &mut [[i64; 2]],
    ) {
        let Inputs { binning, events, index, gates, .. } = inputs;
        let n = rows.len();
        let block = Block::of(events, rows.clone(), space);
        let failed = events.failed.map(|failed| &failed[rows]);
        let mut kept = Kept { row: [0; BLOCK], above: [0; BLOCK], n: 0, place: [0; BLOCK] };
        let found = locate(index, block.time, &mut kept.row, cursor.last);
        // What the events of the block lead to is about to be read: on its way it is checked.
        let last = found.unwrap_or(cursor.last);
        let good = block.is_good(events.weight_max())
            & choice_is_good(failed, binning.n_selection)
            & found.is_some()
            & cursor.rows_are_good(inputs.seconds, kept.row[n - 1] as usize + 1);
        cursor.last = last;
        if !good {
            self.refused = true;
            return;
        }
        kept.above = edges_below(&binning.edge, block.energy);
        let above = &kept.above;
        let mut gate = [DEAD; BLOCK];
        for (gate, row) in gate[..n].iter_mut().zip(&kept.row) {
            *gate = gates[*row as usize];
        }
        let cut = cuts(binning, block.z, failed, above, &gate);
        let n_cut = binning.n_cut() as u16;
        let mut ending = [0_u16; BLOCK];
        for i in 0..BLOCK {
            ending[i] =
                u16::from(above[i]).wrapping_mul(n_cut).wrapping_add(u16::from(cut[i])).wrapping_mul(COPIES as u16);
        }
        for i in 0..n {
            // Neighbours go to different copies, so that none waits for the store of the one before.
            if let Some(flow) = self.cut_flow.get_mut(usize::from(ending[i]) | (i % COPIES)) {
                *flow = flow.wrapping_add(1);
            }
            // What is written last at a place stays there: the branch-free way to leave out what is cut.
            kept.place[kept.n % BLOCK] = i as u16;
            kept.n = kept.n.wrapping_add(usize::from(cut[i] == ACCEPTED));
        }
        for first in (0..kept.n).step_by(TILE) {
            self.add_tile(inputs, &block, &kept, first, sum);
        }
    }

    /// Turn the directions of some accepted events to the sky, and add their weights to their cells.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_tile(&mut self, inputs: Inputs<'_>, block: &Block<'_>, kept: &Kept, first: usize, sum: &mut [[i64; 2]]) {
        let Inputs { binning, events, seconds, .. } = inputs;
        let n = TILE.min(kept.n - first);
        let mut place = [0_usize; TILE];
        for (j, place) in place.iter_mut().enumerate() {
            *place = usize::from(kept.place[(first + j) % BLOCK]) % BLOCK;
        }
        let (mut x, mut y, mut z) = ([1.0; TILE], [0.0; TILE], [0.0; TILE]);
        let mut rate = [[0.0; TILE]; 3];
        let mut since = [0.0; TILE];
        for j in 0..n {
            let i = place[j];
            let row = kept.row[i] as usize;
            [x[j], y[j], z[j]] = apply(&seconds.rotation[row], &[block.x[i], block.y[i], block.z[i]]);
            [rate[0][j], rate[1][j], rate[2][j]] = seconds.rate[row];
            since[j] = block.time[i] - seconds.time_s[row];
        }
        let mut near = true;
        for j in 0..TILE {
            let turned = carried(&[x[j], y[j], z[j]], &[rate[0][j], rate[1][j], rate[2][j]], since[j]);
            near &= (norm2(&turned) - 1.0).abs() <= NEAR_UNIT;
            [x[j], y[j], z[j]] = turned;
        }
        let mut pixel = [0_i32; TILE];
        if near {
            for j in 0..TILE {
                pixel[j] = binning.grid.pixel_of_near_unit(&[x[j], y[j], z[j]]);
            }
        } else {
            // Matrices that do not keep lengths: what they give is a direction all the same.
            for j in 0..TILE {
                pixel[j] = binning.grid.pixel(&[x[j], y[j], z[j]]);
            }
        }
        // Weights past the end are zero.
        let mut weight = [0.0; TILE];
        if let Some(given) = block.weight {
            for j in 0..n {
                weight[j] = given[place[j]];
            }
        } else {
            weight[..n].fill(1.0);
        }
        if let (Some((_, table)), Some(response)) = (events.purity, block.response) {
            let bin = place.map(|i| table.response_bin(response[i]));
            for j in 0..n {
                weight[j] *=
                    table.value(usize::from(kept.above[place[j]]).wrapping_sub(1), pixel[j] as usize, bin[j] as usize);
            }
        }
        let mut units = [[0_i64; 2]; TILE];
        // 64 weights up to 512 stay below 2^48 units, their squares below 2^57.
        let mut magnitude = [0_i64; 2];
        for j in 0..TILE {
            let found = [to_units(weight[j]), to_units(weight[j] * weight[j])];
            magnitude[0] = magnitude[0].wrapping_add(found[0].wrapping_abs());
            magnitude[1] = magnitude[1].wrapping_add(found[1]);
            units[j] = found.map(|u| (u ^ self.sign).wrapping_sub(self.sign));
        }
        self.magnitude[0] += i128::from(magnitude[0]);
        self.magnitude[1] += i128::from(magnitude[1]);
        let npix = binning.grid.npix() as usize;
        for j in 0..n {
            let bin = usize::from(kept.above[place[j]]).wrapping_sub(1);
            let cell = bin.wrapping_mul(npix).wrapping_add(pixel[j] as usize);
            // A row that is refused may lead anywhere. Sums may wrap here: what could is refused, and undone.
            if let Some(sum) = sum.get_mut(cell) {
                sum[0] = sum[0].wrapping_add(units[j][0]);
                sum[1] = sum[1].wrapping_add(units[j][1]);
            }
        }
    }
}

/// Room for columns of a block that cannot be taken as they are.
struct Space {
    time: [f64; BLOCK],
    direction: [[f64; BLOCK]; 3],
    energy: [f64; BLOCK],
    weight: [f64; BLOCK],
    response: [f64; BLOCK],
}

/// Columns of a block in double precision; past its last event the first stands again.
struct Block<'a> {
    time: &'a [f64; BLOCK],
    x: &'a [f64; BLOCK],
    y: &'a [f64; BLOCK],
    z: &'a [f64; BLOCK],
    energy: &'a [f64; BLOCK],
    weight: Option<&'a [f64; BLOCK]>,
    response: Option<&'a [f64; BLOCK]>,
}

impl<'a> Block<'a> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn of(events: &Events<'a>, rows: Range<usize>, space: &'a mut Space) -> Self {
        let [x, y, z] = events.direction.block(rows.clone(), &mut space.direction);
        Self {
            time: Column::Double(events.time_s).block(rows.clone(), &mut space.time),
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
    fn is_good(&self, weight_max: f64) -> bool {
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

/// Whether every number is that of a cut of the selection, or 0.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
fn choice_is_good(failed: Option<&[u8]>, n_selection: usize) -> bool {
    let most = n_selection as u8;
    let mut good = true;
    for f in failed.unwrap_or_default() {
        good &= *f <= most;
    }
    good
}

/// Where a thread stands among the rows of the seconds.
struct Cursor {
    /// Row of the last event.
    last: u32,
    /// Rows that this thread has still to check.
    unchecked: Range<usize>,
}

impl Cursor {
    /// Check what there is to check before a row.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn rows_are_good(&mut self, seconds: &Navigation<'_>, before: usize) -> bool {
        let stop = before.min(self.unchecked.end);
        if stop <= self.unchecked.start {
            return true;
        }
        let rows = self.unchecked.start..stop;
        self.unchecked.start = stop;
        finite(seconds.rotation[rows.clone()].as_flattened()) && finite(seconds.rate[rows].as_flattened())
    }
}

/// One pass, to be compiled for each width of vectors.
struct Pass<'a> {
    scan: &'a mut Scan,
    inputs: Inputs<'a>,
    events: Range<usize>,
    rows: Range<usize>,
    sum: &'a mut [[i64; 2]],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let mut cursor = Cursor { last: 0, unchecked: self.rows };
        let nothing = [0.0; BLOCK];
        let mut space =
            Space { time: nothing, direction: [nothing; 3], energy: nothing, weight: nothing, response: nothing };
        let mut start = self.events.start;
        while start < self.events.end {
            let stop = self.events.end.min(start + BLOCK);
            self.scan.add_block(self.inputs, start..stop, &mut cursor, &mut space, self.sum);
            start = stop;
        }
        self.scan.refused |= !cursor.rows_are_good(self.inputs.seconds, usize::MAX);
    }
}

/// Rows and energy bins of the events of a block, and the places in it of those that are accepted.
struct Kept {
    row: [u32; BLOCK],
    above: [u8; BLOCK],
    n: usize,
    place: [u16; BLOCK],
}
