//! The pass that checks a batch, decides on every event and finds its cell, before anything is counted.
//!
//! Each step is a loop of its own over a block that the cache holds, without branches where the arithmetic is, so that
//! it is compiled to wide vectors; the width is chosen at run time. No width contracts a product and a sum to one
//! rounding, so the bits are the same.

use super::{CUTS, Events, Navigation};
use crate::check::UNIT_TOLERANCE;
use crate::fixed::to_units;
use crate::healpix::Grid;
use crate::rows::RowIndex;
use crate::vector::{Vector, apply, carried, norm2};
use std::ops::Range;

/// Events that go through the steps together.
const BLOCK: usize = 1024;
/// Events whose directions are turned together; a vector holds 8 at most.
const TILE: usize = 64;
const ACCEPTED: u8 = 5;

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

/// What a pass over some events found.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    cell: Vec<u32>,
    weight: Vec<f64>,
    cut_flow: Vec<i64>,
    magnitude: (i128, i128),
    refused: bool,
}

impl Scan {
    pub fn clear(&mut self) {
        self.cell.clear();
        self.weight.clear();
        self.cut_flow.clear();
        self.magnitude = (0, 0);
        self.refused = false;
    }

    /// Whether some event broke a rule; which one is found by the checks, column by column.
    pub fn refused(&self) -> bool {
        self.refused
    }

    /// Sums of the magnitudes of weights and of squared weights, in units: no cell can grow by more.
    pub fn magnitude(&self) -> (i128, i128) {
        self.magnitude
    }

    pub fn cut_flow(&self) -> &[i64] {
        &self.cut_flow
    }

    /// Cell and weight of each accepted event.
    pub fn kept(&self) -> impl Iterator<Item = (u32, f64)> {
        self.cell.iter().copied().zip(self.weight.iter().copied())
    }

    /// Go through some events.
    pub fn run(
        &mut self,
        binning: &Binning,
        events: &Events<'_>,
        seconds: &Navigation<'_>,
        index: &RowIndex<'_>,
        rows: Range<usize>,
    ) {
        self.clear();
        self.cell.reserve(rows.len());
        self.weight.reserve(rows.len());
        self.cut_flow.resize((binning.n_bin() + 2) * binning.n_cut(), 0);
        pulp::Arch::new().dispatch(Pass { scan: self, binning, events, seconds, index, rows });
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_block(
        &mut self,
        binning: &Binning,
        events: &Events<'_>,
        seconds: &Navigation<'_>,
        index: &RowIndex<'_>,
        rows: Range<usize>,
        mut last: u32,
    ) -> u32 {
        let n = rows.len();
        let time = &events.time_s[rows.clone()];
        let direction = &events.direction[rows.clone()];
        let energy = &events.energy_gev[rows.clone()];
        let failed = events.failed.map(|failed| &failed[rows.clone()]);
        self.refused |= self.check_block(binning, events, rows.clone());

        let mut slot = [0_i32; BLOCK];
        for (s, t) in slot.iter_mut().zip(time) {
            *s = index.slot(*t);
        }
        let above = edges_below(&binning.edge, energy);

        let mut kept = Kept { n: 0, place: [0; BLOCK], row: [0; BLOCK], bin: [0; BLOCK] };
        let mut row = [0_u32; BLOCK];
        let (mut closed, mut dead) = ([0_u8; BLOCK], [false; BLOCK]);
        for i in 0..n {
            let Some(found) = index.find(time[i], slot[i], last) else {
                self.refused = true;
                return last;
            };
            last = found;
            row[i] = found;
            closed[i] = seconds.class[found as usize];
            dead[i] = seconds.livetime_s[found as usize] <= 0.0;
        }
        let cut = cuts(binning, direction, failed, &above, &closed, &dead);
        let n_cut = binning.n_cut();
        for i in 0..n {
            if let Some(flow) = self.cut_flow.get_mut(usize::from(above[i]) * n_cut + usize::from(cut[i])) {
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
            self.add_tile(binning, events, seconds, &kept, first, rows.start);
        }
        last
    }

    /// Whether some value of the block is out of range, and the magnitudes of its weights.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn check_block(&mut self, binning: &Binning, events: &Events<'_>, rows: Range<usize>) -> bool {
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
        } else {
            self.add_magnitude(&events.weight[rows]);
        }
        !good
    }

    /// A block of weights up to 512 stays below 2^62 units.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_magnitude(&mut self, weight: &[f64]) {
        let (mut a, mut b) = (0_i64, 0_i64);
        for w in weight {
            a = a.wrapping_add(to_units(w.abs()));
            b = b.wrapping_add(to_units(w * w));
        }
        self.magnitude.0 += i128::from(a);
        self.magnitude.1 += i128::from(b);
    }

    /// Turn the directions of some accepted events to the sky, and keep their cells and weights.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_tile(
        &mut self,
        binning: &Binning,
        events: &Events<'_>,
        seconds: &Navigation<'_>,
        kept: &Kept,
        first: usize,
        start: usize,
    ) {
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
        for j in 0..TILE {
            let turned = [x[j], y[j], z[j]];
            [x[j], y[j], z[j]] = carried(&turned, &[rate[0][j], rate[1][j], rate[2][j]], since[j]);
        }
        let mut pixel = [0_i32; TILE];
        for j in 0..TILE {
            pixel[j] = binning.grid.pixel(&[x[j], y[j], z[j]]);
        }
        let npix = binning.grid.npix() as u32;
        let mut cell = [0_u32; TILE];
        for j in 0..n {
            cell[j] = u32::from(kept.bin[first + j]).wrapping_mul(npix).wrapping_add(pixel[j] as u32);
        }
        if let Some((response, table)) = events.purity {
            for j in 0..n {
                let i = start + usize::from(kept.place[first + j]);
                let bin = table.response_bin(response[i]);
                weight[j] *= table.value(usize::from(kept.bin[first + j]), pixel[j] as usize, bin as usize);
            }
            self.add_magnitude(&weight[..n]);
        }
        self.cell.extend_from_slice(&cell[..n]);
        self.weight.extend_from_slice(&weight[..n]);
    }
}

/// One pass, to be compiled for each width of vectors.
struct Pass<'a> {
    scan: &'a mut Scan,
    binning: &'a Binning,
    events: &'a Events<'a>,
    seconds: &'a Navigation<'a>,
    index: &'a RowIndex<'a>,
    rows: Range<usize>,
}

impl pulp::WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let mut start = self.rows.start;
        let mut last = 0;
        while start < self.rows.end {
            let stop = self.rows.end.min(start + BLOCK);
            last = self.scan.add_block(self.binning, self.events, self.seconds, self.index, start..stop, last);
            start = stop;
        }
    }
}

/// Accepted events of a block: their places in it, rows of seconds and energy bins.
struct Kept {
    n: usize,
    place: [u16; BLOCK],
    row: [u32; BLOCK],
    bin: [u8; BLOCK],
}

/// Where each event ends, by the first cut that it fails.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
fn cuts(
    binning: &Binning,
    direction: &[Vector],
    failed: Option<&[u8]>,
    above: &[u8; BLOCK],
    closed: &[u8; BLOCK],
    dead: &[bool; BLOCK],
) -> [u8; BLOCK] {
    let n_bin = binning.n_bin() as u8;
    let mut outside = [false; BLOCK];
    for (outside, v) in outside.iter_mut().zip(direction) {
        *outside = v[2] < binning.cos_least;
    }
    let mut choice = [0_u8; BLOCK];
    if let Some(failed) = failed {
        choice[..failed.len()].copy_from_slice(failed);
    }
    let mut cut = [ACCEPTED; BLOCK];
    for i in 0..BLOCK {
        // The first cut has the last word.
        let c = if above[i] <= closed[i] { 4 } else { ACCEPTED };
        let c = if dead[i] { 3 } else { c };
        let c = if outside[i] { 2 } else { c };
        let c = if choice[i] > 0 { ACCEPTED.wrapping_add(choice[i]) } else { c };
        let c = if above[i] > n_bin { 1 } else { c };
        cut[i] = if above[i] == 0 { 0 } else { c };
    }
    cut
}

/// Number of edges not above each energy: 0 is below the first bin, all of them at or above the last edge.
#[inline(always)]
fn edges_below(edge: &[f64], energy: &[f64]) -> [u8; BLOCK] {
    const LANES: usize = 8;
    let mut above = [0; BLOCK];
    for (above, energy) in above.chunks_mut(LANES).zip(energy.chunks(LANES)) {
        let mut lane = [0.0; LANES];
        lane[..energy.len()].copy_from_slice(energy);
        let mut count = [0_i64; LANES];
        for e in edge {
            for k in 0..LANES {
                count[k] = count[k].wrapping_add(i64::from(*e <= lane[k]));
            }
        }
        for k in 0..LANES {
            above[k] = count[k] as u8;
        }
    }
    above
}
