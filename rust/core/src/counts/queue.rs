//! Accepted events on their way to the sky: turned by full tiles, and added to their cells a tile later.

use super::Navigation;
use super::block::Block;
use super::scan::Inputs;
use crate::ahead::ask;
use crate::fixed::to_units;
use crate::healpix::NEAR_UNIT;
use crate::vector::{apply, carried, norm2};

/// Events whose directions are turned together; a vector holds 8 at most.
const TILE: usize = 64;

/// What an accepted event leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Place in the block.
    pub event: usize,
    /// Row of the seconds.
    pub row: usize,
    /// Energy bin.
    pub bin: u32,
}

/// Columns of up to a tile of events, and the cells of the tile before.
pub(super) struct Queue {
    n: usize,
    direction: [[f64; TILE]; 3],
    rate: [[f64; TILE]; 3],
    since: [f64; TILE],
    bin: [u32; TILE],
    weight: [f64; TILE],
    response: [f64; TILE],
    found: Found,
    /// Sums of the magnitudes of weights and of squared weights, in units.
    pub magnitude: [i128; 2],
    /// 0 to add; -1 to take away, which is to complement and add one.
    sign: i64,
}

/// Cells of a tile and what goes there.
struct Found {
    n: usize,
    cell: [usize; TILE],
    units: [[i64; 2]; TILE],
}

impl Queue {
    pub fn new(sign: i64) -> Self {
        Self {
            n: 0,
            direction: [[1.0; TILE], [0.0; TILE], [0.0; TILE]],
            rate: [[0.0; TILE]; 3],
            since: [0.0; TILE],
            bin: [0; TILE],
            weight: [1.0; TILE],
            response: [0.0; TILE],
            found: Found { n: 0, cell: [0; TILE], units: [[0; 2]; TILE] },
            magnitude: [0; 2],
            sign,
        }
    }

    /// Take some accepted events of a block; full tiles go on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn take(
        &mut self,
        inputs: Inputs<'_>,
        block: &Block<'_>,
        n_event: usize,
        place: impl Fn(usize) -> Place,
        sum: &mut [[i64; 2]],
    ) {
        let mut first = 0;
        while first < n_event {
            let n = n_event.min(first + TILE - self.n) - first;
            for k in 0..n {
                self.put((self.n + k) % TILE, inputs.seconds, block, place(first + k));
            }
            first += n;
            self.n += n;
            if self.n == TILE {
                self.turn(inputs, sum);
            }
        }
    }

    /// Send what is left on its way to the end.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    pub fn finish(&mut self, inputs: Inputs<'_>, sum: &mut [[i64; 2]]) {
        // Weights past the end are zero.
        self.weight[self.n..].fill(0.0);
        self.turn(inputs, sum);
        self.found.add_to(sum);
    }

    /// Turn the direction of an event to the sky of the start of its second, and keep the rest for later.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn put(&mut self, j: usize, seconds: &Navigation<'_>, block: &Block<'_>, Place { event: i, row, bin }: Place) {
        let [x, y, z] = &mut self.direction;
        [x[j], y[j], z[j]] = apply(&seconds.rotation[row], &[block.x[i], block.y[i], block.z[i]]);
        let [x, y, z] = &mut self.rate;
        [x[j], y[j], z[j]] = seconds.rate[row];
        self.since[j] = block.time[i] - seconds.time_s[row];
        self.bin[j] = bin;
        if let Some(given) = block.weight {
            self.weight[j] = given[i];
        }
        if let Some(given) = block.response {
            self.response[j] = given[i];
        }
    }

    /// Carry the directions of a tile to its times, find its cells and weights, and add what the tile before found: its
    /// cells have come from memory meanwhile.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn turn(&mut self, inputs: Inputs<'_>, sum: &mut [[i64; 2]]) {
        let grid = &inputs.binning.grid;
        let [x, y, z] = &mut self.direction;
        let mut near = true;
        for j in 0..TILE {
            let rate = [self.rate[0][j], self.rate[1][j], self.rate[2][j]];
            let turned = carried(&[x[j], y[j], z[j]], &rate, self.since[j]);
            near &= (norm2(&turned) - 1.0).abs() <= NEAR_UNIT;
            [x[j], y[j], z[j]] = turned;
        }
        let mut pixel = [0_i32; TILE];
        if near {
            for j in 0..TILE {
                pixel[j] = grid.pixel_of_near_unit(&[x[j], y[j], z[j]]);
            }
        } else {
            // Matrices that do not keep lengths: what they give is a direction all the same. Each event by the formula of
            // its own length, whatever the others in the tile are.
            for j in 0..TILE {
                let v = [x[j], y[j], z[j]];
                let alike = (norm2(&v) - 1.0).abs() <= NEAR_UNIT;
                pixel[j] = if alike { grid.pixel_of_near_unit(&v) } else { grid.pixel(&v) };
            }
        }
        self.found.add_to(sum);
        let npix = grid.npix() as usize;
        for ((cell, bin), pixel) in self.found.cell.iter_mut().zip(&self.bin).zip(&pixel) {
            *cell = (*bin as usize).wrapping_mul(npix).wrapping_add(*pixel as usize);
            ask(sum, *cell);
        }
        let mut weight = self.weight;
        if let Some((_, table)) = inputs.events.purity {
            let bin = self.response.map(|r| table.response_bin(r));
            for j in 0..self.n {
                weight[j] *= table.value(self.bin[j] as usize, pixel[j] as usize, bin[j] as usize);
            }
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
        self.found.n = self.n;
        self.n = 0;
    }
}

impl Found {
    /// Add the weights to their cells, once.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn add_to(&mut self, sum: &mut [[i64; 2]]) {
        for (cell, units) in self.cell.iter().zip(&self.units).take(self.n) {
            // A row that is refused may lead anywhere. Sums may wrap here: what could is refused, and undone.
            if let Some(sum) = sum.get_mut(*cell) {
                sum[0] = sum[0].wrapping_add(units[0]);
                sum[1] = sum[1].wrapping_add(units[1]);
            }
        }
        self.n = 0;
    }
}
