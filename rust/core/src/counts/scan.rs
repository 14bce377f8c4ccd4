//! The pass that checks a batch, decides on every event, finds its cell and adds its weight.
//!
//! Each step is a loop of its own over a block that the cache holds, without branches where the arithmetic is, so that
//! it is compiled to wide vectors; the width is chosen at run time. No width contracts a product and a sum to one
//! rounding, so the bits are the same.

use super::decide::{ACCEPTED, BLOCK, DEAD, cuts, edges_below, locate};
use super::{CUTS, Events, Navigation};
use crate::axis_livetime::STEP_MAX_S;
use crate::check::{UNIT_TOLERANCE, finite};
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
    let most = n_bin as u8;
    let mut good = true;
    let gates = seconds.class.iter().zip(seconds.livetime_s).map(|(class, live)| {
        good &= *class <= most;
        good &= *live >= 0.0;
        good &= *live <= STEP_MAX_S;
        if *live > 0.0 { *class } else { DEAD }
    });
    (gates.collect(), good)
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
    fn add_block(&mut self, inputs: Inputs<'_>, rows: Range<usize>, cursor: &mut Cursor, sum: &mut [[i64; 2]]) {
        let Inputs { binning, events, index, gates, .. } = inputs;
        let n = rows.len();
        let time = &events.time_s[rows.clone()];
        let direction = &events.direction[rows.clone()];
        let energy = &events.energy_gev[rows.clone()];
        let failed = events.failed.map(|failed| &failed[rows.clone()]);
        let mut row = [0_u32; BLOCK];
        let found = locate(index, time, &mut row, cursor.last);
        // What the events of the block lead to is about to be read: on its way it is checked.
        let last = found.unwrap_or(cursor.last);
        let good = block_is_good(binning, events, rows.clone())
            & found.is_some()
            & cursor.rows_are_good(inputs.seconds, row[n - 1] as usize + 1);
        cursor.last = last;
        if !good {
            self.refused = true;
            return;
        }
        let above = edges_below(&binning.edge, energy);
        let mut gate = [DEAD; BLOCK];
        for (gate, row) in gate[..n].iter_mut().zip(&row) {
            *gate = gates[*row as usize];
        }
        let cut = cuts(binning, direction, failed, &above, &gate);
        let n_cut = binning.n_cut() as u16;
        let mut ending = [0_u16; BLOCK];
        for i in 0..BLOCK {
            ending[i] =
                u16::from(above[i]).wrapping_mul(n_cut).wrapping_add(u16::from(cut[i])).wrapping_mul(COPIES as u16);
        }
        let mut kept = Kept { n: 0, place: [0; BLOCK], row: [0; BLOCK], bin: [0; BLOCK] };
        for i in 0..n {
            // Neighbours go to different copies, so that none waits for the store of the one before.
            if let Some(flow) = self.cut_flow.get_mut(usize::from(ending[i]) | (i % COPIES)) {
                *flow = flow.wrapping_add(1);
            }
            // What is written last at a place stays there: the branch-free way to leave out what is cut.
            let k = kept.n % BLOCK;
            kept.place[k] = i as u16;
            kept.row[k] = row[i];
            kept.bin[k] = above[i].wrapping_sub(1);
            kept.n = kept.n.wrapping_add(usize::from(cut[i] == ACCEPTED));
        }
        for first in (0..kept.n).step_by(TILE) {
            self.add_tile(inputs, &kept, first, rows.start, sum);
        }
    }

    /// Turn the directions of some accepted events to the sky, and keep their cells and weights.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_tile(&mut self, inputs: Inputs<'_>, kept: &Kept, first: usize, start: usize, sum: &mut [[i64; 2]]) {
        let Inputs { binning, events, seconds, .. } = inputs;
        let n = TILE.min(kept.n - first);
        let (mut x, mut y, mut z) = ([1.0; TILE], [0.0; TILE], [0.0; TILE]);
        let mut rate = [[0.0; TILE]; 3];
        let (mut since, mut weight) = ([0.0; TILE], [0.0; TILE]);
        for j in 0..n {
            let row = kept.row[first + j] as usize;
            let i = start + usize::from(kept.place[first + j]);
            [x[j], y[j], z[j]] = apply(&seconds.rotation[row], &events.direction[i]);
            [rate[0][j], rate[1][j], rate[2][j]] = seconds.rate[row];
            since[j] = events.time_s[i] - seconds.time_s[row];
            weight[j] = events.weight[i];
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
        if let Some((response, table)) = events.purity {
            let mut place = [0.0; TILE];
            for j in 0..n {
                place[j] = response[start + usize::from(kept.place[first + j])];
            }
            let bin = place.map(|r| table.response_bin(r));
            for j in 0..n {
                weight[j] *= table.value(usize::from(kept.bin[first + j]), pixel[j] as usize, bin[j] as usize);
            }
        }
        let mut units = [[0_i64; 2]; TILE];
        // 64 weights up to 512 stay below 2^48 units, their squares below 2^57; weights past the end are zero.
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
            let cell = usize::from(kept.bin[first + j]).wrapping_mul(npix).wrapping_add(pixel[j] as usize);
            // A row that is refused may lead anywhere. Sums may wrap here: what could is refused, and undone.
            if let Some(sum) = sum.get_mut(cell) {
                sum[0] = sum[0].wrapping_add(units[j][0]);
                sum[1] = sum[1].wrapping_add(units[j][1]);
            }
        }
    }
}

/// Whether every value of a block of events is in range.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
fn block_is_good(binning: &Binning, events: &Events<'_>, rows: Range<usize>) -> bool {
    let mut good = true;
    for e in &events.energy_gev[rows.clone()] {
        good &= *e >= f64::MIN_POSITIVE;
        good &= *e <= f64::MAX;
    }
    let most = events.weight_max();
    for w in &events.weight[rows.clone()] {
        good &= w.abs() <= most;
    }
    for v in &events.direction[rows.clone()] {
        good &= (norm2(v) - 1.0).abs() <= UNIT_TOLERANCE;
    }
    if let Some(failed) = events.failed {
        let n_selection = binning.n_selection as u8;
        for f in &failed[rows.clone()] {
            good &= *f <= n_selection;
        }
    }
    if let Some((response, _)) = events.purity {
        for r in &response[rows] {
            good &= r.abs() <= f64::MAX;
        }
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
        let mut start = self.events.start;
        while start < self.events.end {
            let stop = self.events.end.min(start + BLOCK);
            self.scan.add_block(self.inputs, start..stop, &mut cursor, self.sum);
            start = stop;
        }
        self.scan.refused |= !cursor.rows_are_good(self.inputs.seconds, usize::MAX);
    }
}

/// Accepted events of a block: their places in it, rows of seconds and energy bins.
struct Kept {
    n: usize,
    place: [u16; BLOCK],
    row: [u32; BLOCK],
    bin: [u8; BLOCK],
}
