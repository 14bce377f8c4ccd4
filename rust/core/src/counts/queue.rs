//! Accepted events on their way to the sky: turned by full tiles, and added to their cells a tile later.

use super::block::Block;
use super::decide::BLOCK;
use super::scan::Inputs;
use crate::ahead::ask;
use crate::fixed::to_units;
use crate::healpix::NEAR_UNIT;
use crate::vector::{apply, carried, norm2};

/// Events whose directions are turned together; a vector holds 8 at most.
const TILE: usize = 64;

/// Tiles that there is room for: one that fills, and what a block has more.
const N_TILE: usize = 2;
const ROOM: usize = N_TILE * TILE;

/// What is known of the events of a block, and which of them are accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepted<'a> {
    /// A bit for each event.
    pub marks: u64,
    /// Row of the seconds.
    pub row: &'a [u32; BLOCK],
    /// Time since the start of the row [s].
    pub since: &'a [f64; BLOCK],
    /// Number of the energy bin, from 1.
    pub above: &'a [u8; BLOCK],
}

/// Columns of up to a tile of events and a block more, in turn, and the cells of the tile before.
pub(super) struct Queue {
    n: usize,
    direction: [[f64; ROOM]; 3],
    rate: [[f64; ROOM]; 3],
    since: [f64; ROOM],
    above: [u8; ROOM],
    weight: [f64; ROOM],
    response: [f64; ROOM],
    found: Found,
    /// Sums of the magnitudes of weights and of squared weights, in units.
    pub magnitude: [i128; 2],
    /// 0 to add; -1 to take away, which is to complement and add one.
    sign: i64,
}

/// Cells of a tile and what goes there.
struct Found {
    n: usize,
    cell: [u32; TILE],
    units: [[i64; 2]; TILE],
}

impl Queue {
    pub fn new(sign: i64) -> Self {
        Self {
            n: 0,
            direction: [[1.0; ROOM], [0.0; ROOM], [0.0; ROOM]],
            rate: [[0.0; ROOM]; 3],
            since: [0.0; ROOM],
            above: [1; ROOM],
            weight: [1.0; ROOM],
            response: [0.0; ROOM],
            found: Found { n: 0, cell: [0; TILE], units: [[0; 2]; TILE] },
            magnitude: [0; 2],
            sign,
        }
    }

    /// Take the accepted events of a block, their directions turned to the sky of the start of their seconds; a full tile
    /// goes on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn take(&mut self, inputs: Inputs<'_>, block: &Block<'_>, accepted: Accepted<'_>, sum: &mut [[i64; 2]]) {
        let Accepted { mut marks, row, since, above } = accepted;
        let (weight, response) = (block.weight.unwrap_or(&[1.0; BLOCK]), block.response.unwrap_or(&[0.0; BLOCK]));
        let n_row = inputs.seconds.rotation.len().min(inputs.seconds.rate.len());
        let (rotation, rate) = (&inputs.seconds.rotation[..n_row], &inputs.seconds.rate[..n_row]);
        let (n_before, mut n) = (self.n, self.n);
        while marks != 0 {
            let (i, j) = (marks.trailing_zeros() as usize % BLOCK, n % ROOM);
            marks &= marks - 1;
            n = n.wrapping_add(1);
            let row = row[i] as usize;
            let [x, y, z] = &mut self.direction;
            [x[j], y[j], z[j]] = apply(&rotation[row], &[block.x[i], block.y[i], block.z[i]]);
            let [x, y, z] = &mut self.rate;
            [x[j], y[j], z[j]] = rate[row];
            self.since[j] = since[i];
            self.above[j] = above[i];
            self.weight[j] = weight[i];
            self.response[j] = response[i];
        }
        self.n = n;
        if n / TILE != n_before / TILE {
            self.turn(inputs, n_before / TILE % N_TILE, TILE, sum);
        }
    }

    /// Send what is left on its way to the end.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn finish(&mut self, inputs: Inputs<'_>, sum: &mut [[i64; 2]]) {
        let (tile, n) = (self.n / TILE % N_TILE, self.n % TILE);
        // Weights past the end are zero.
        self.weight[tile * TILE + n..][..TILE - n].fill(0.0);
        self.turn(inputs, tile, n, sum);
        self.found.add_to(sum);
    }

    /// Carry the directions of a tile to its times, find its cells and weights, and add what the tile before found: its
    /// cells have come from memory meanwhile.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn turn(&mut self, inputs: Inputs<'_>, tile: usize, n: usize, sum: &mut [[i64; 2]]) {
        let grid = &inputs.binning.grid;
        let [x, y, z] = self.direction.each_mut().map(|column| &mut column.as_chunks_mut::<TILE>().0[tile]);
        let rate = self.rate.each_ref().map(|column| &column.as_chunks::<TILE>().0[tile]);
        let since = &self.since.as_chunks::<TILE>().0[tile];
        let (mut near, mut single) = (true, [[0.0_f32; TILE]; 3]);
        for j in 0..TILE {
            let turned = carried(&[x[j], y[j], z[j]], &[rate[0][j], rate[1][j], rate[2][j]], since[j]);
            let excess = norm2(&turned) - 1.0;
            near &= excess.abs() <= NEAR_UNIT;
            // A unit vector but for 3/8 of the square of the excess, 6e-12.
            let scale = 1.0 - 0.5 * excess;
            for (single, component) in single.iter_mut().zip(turned) {
                single[j] = (component * scale) as f32;
            }
            [x[j], y[j], z[j]] = turned;
        }
        let (mut pixel, mut certain) = ([0_i32; TILE], [false; TILE]);
        if near {
            for j in 0..TILE {
                (pixel[j], certain[j]) = grid.guess([single[0][j], single[1][j], single[2][j]]);
            }
        }
        if certain != [true; TILE] {
            // Few are near a border. Where matrices do not keep lengths, all are here: what they give is a direction all the
            // same. Each event by the formula of its own length, whatever the others in the tile are.
            for j in 0..n {
                if !certain[j] {
                    pixel[j] = grid.pixel_by_length(&[x[j], y[j], z[j]]);
                }
            }
        }
        self.found.add_to(sum);
        let bin = self.above.as_chunks::<TILE>().0[tile].map(|above| u32::from(above).wrapping_sub(1));
        let npix = grid.npix() as u32;
        for j in 0..TILE {
            self.found.cell[j] = bin[j].wrapping_mul(npix).wrapping_add(pixel[j] as u32);
        }
        for cell in &self.found.cell {
            ask(sum, *cell as usize);
        }
        let mut weight = self.weight.as_chunks::<TILE>().0[tile];
        if let Some((_, table)) = inputs.events.purity {
            table.multiply(&mut weight[..n], &bin, &pixel, &self.response.as_chunks::<TILE>().0[tile]);
        }
        // 64 weights up to 512 stay below 2^48 units, their squares below 2^57.
        let mut magnitude = [0_i64; 2];
        for (units, weight) in self.found.units.iter_mut().zip(&weight) {
            let found = [to_units(*weight), to_units(weight * weight)];
            magnitude[0] = magnitude[0].wrapping_add(found[0].wrapping_abs());
            magnitude[1] = magnitude[1].wrapping_add(found[1]);
            *units = found.map(|u| (u ^ self.sign).wrapping_sub(self.sign));
        }
        self.magnitude[0] += i128::from(magnitude[0]);
        self.magnitude[1] += i128::from(magnitude[1]);
        self.found.n = n;
    }
}

impl Found {
    /// Add the weights to their cells, once.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_to(&mut self, sum: &mut [[i64; 2]]) {
        for j in 0..self.n.min(TILE) {
            // A row that is refused may lead anywhere. Sums may wrap here: what could is refused, and undone.
            if let Some(sum) = sum.get_mut(self.cell[j] as usize) {
                *sum = [sum[0].wrapping_add(self.units[j][0]), sum[1].wrapping_add(self.units[j][1])];
            }
        }
        self.n = 0;
    }
}
