//! The pass that checks a batch, decides on every event, finds its cell and adds its weight.
//!
//! Each step is a loop of its own over a block that the cache holds, without branches where the arithmetic is, so that
//! it is compiled to wide vectors; the width is chosen at run time. No width contracts a product and a sum to one
//! rounding, so the bits are the same.

use super::block::{Block, Space, ask_columns, choice_is_good};
use super::decide::{ACCEPTED, BLOCK, DEAD, cuts, edges_below, marked};
use super::located::{Cursor, Located};
use super::queue::{Accepted, Queue};
use super::{CUTS, Events, Navigation};
use crate::ahead::ask_range;
use crate::axis_livetime::STEP_MAX_S;
use crate::healpix::Grid;
use crate::rows::RowIndex;
use std::ops::Range;

/// Counters of the copies of the cut flow: a number of 16 bits is the place of one.
const N_FLOW_MAX: usize = 1 << 16;
/// Most copies of the cut flow. 256 bins, 70 cuts and their copies stay below 2^16 for two.
const COPIES_MAX: usize = 8;

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
#[derive(Debug, Clone)]
pub(super) struct Scan {
    cut_flow: Vec<i64>,
    magnitude: [i128; 2],
    /// How many of the counters are in use, and how many copies of the cut flow they are.
    n_flow: usize,
    n_copy: usize,
    refused: bool,
    /// 0 to add; -1 to take away, which is to complement and add one.
    sign: i64,
}

impl Scan {
    /// Nothing found.
    pub fn new() -> Self {
        Self { cut_flow: vec![0; N_FLOW_MAX], n_flow: 0, n_copy: 1, magnitude: [0, 0], refused: false, sign: 0 }
    }

    /// Forget what was found.
    pub fn clear(&mut self) {
        self.cut_flow[..self.n_flow].fill(0);
        (self.n_flow, self.magnitude, self.refused) = (0, [0, 0], false);
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
        self.cut_flow[..self.n_flow].chunks_exact(self.n_copy).map(|copies| copies.iter().sum())
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
        let n = (inputs.binning.n_bin() + 2) * inputs.binning.n_cut();
        self.n_copy = if n * COPIES_MAX <= N_FLOW_MAX { COPIES_MAX } else { 2 };
        self.n_flow = n * self.n_copy;
        pulp::Arch::new().dispatch(Pass { scan: self, inputs, events, rows, sum });
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    #[expect(clippy::too_many_arguments, reason = "what a pass holds, in parts that change at different times")]
    fn add_block(
        &mut self,
        inputs: Inputs<'_>,
        rows: Range<usize>,
        located: &Located,
        next: (Range<usize>, &Located),
        cursor: &mut Cursor,
        space: &mut Space,
        queue: &mut Queue,
        sum: &mut [[i64; 2]],
    ) {
        let Inputs { binning, events, gates, .. } = inputs;
        let n = rows.len();
        let block = Block::of(events, rows.clone(), space);
        let failed = events.failed.map(|failed| &failed[rows]);
        let row = &located.row;
        // What the events of the block lead to is about to be read: on its way it is checked.
        let good = block.is_good(events.weight_max())
            & choice_is_good(failed, binning.n_selection)
            & located.all
            & cursor.rows_are_good(inputs.seconds, row[n - 1] as usize + 1);
        if !good {
            self.refused = true;
            return;
        }
        // What the next block needs is asked for a little at a time: the memory takes few questions at once.
        ask_columns(events, next.0.clone(), 0);
        let above = edges_below(&binning.edge, block.energy);
        let mut gate = [DEAD; BLOCK];
        for i in 0..BLOCK {
            gate[i] = gates[row[i] as usize];
        }
        ask_columns(events, next.0.clone(), 1);
        let cut = cuts(binning, block.z, failed, &above, &gate);
        let (n_cut, n_copy) = (binning.n_cut() as u16, self.n_copy as u16);
        let last_copy = n_copy.wrapping_sub(1);
        let mut ending = [0_u16; BLOCK];
        for i in 0..BLOCK {
            let place = u16::from(above[i]).wrapping_mul(n_cut).wrapping_add(u16::from(cut[i]));
            // Neighbours go to different copies, so that none waits for the store of the one before.
            ending[i] = place.wrapping_mul(n_copy) | (i as u16 & last_copy);
        }
        ask_columns(events, next.0, 2);
        if let Some(flow) = self.cut_flow.first_chunk_mut::<N_FLOW_MAX>() {
            for ending in &ending[..n] {
                let n = &mut flow[usize::from(*ending)];
                *n = n.wrapping_add(1);
            }
        }
        let marks = marked(&cut.map(|cut| u8::from(cut == ACCEPTED))) & (u64::MAX >> (BLOCK - n));
        next.1.ask(inputs.seconds, cursor);
        queue.take(inputs, &block, Accepted { marks, row, since: &located.since, above: &above }, sum);
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
        let inputs = self.inputs;
        let mut cursor = Cursor::new(self.rows);
        let mut space = Space::new();
        let mut queue = Queue::new(self.scan.sign);
        let mut located = [Located::new(); 2];
        let end = self.events.end;
        let block = |start: usize| start.min(end)..(start + BLOCK).min(end);
        let mut rows = block(self.events.start);
        if !rows.is_empty() {
            located[0].find(inputs, rows.clone(), &mut cursor);
        }
        while !rows.is_empty() {
            let next = block(rows.end);
            if !next.is_empty() {
                ask_range(inputs.events.time_s, block(next.end));
                located[1].find(inputs, next.clone(), &mut cursor);
            }
            let ahead = (next.clone(), &located[1]);
            self.scan.add_block(inputs, rows, &located[0], ahead, &mut cursor, &mut space, &mut queue, self.sum);
            located.swap(0, 1);
            rows = next;
        }
        queue.finish(inputs, self.sum);
        self.scan.magnitude = queue.magnitude;
        self.scan.refused |= !cursor.rows_are_good(inputs.seconds, usize::MAX);
    }
}
