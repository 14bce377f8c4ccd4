//! Live time by pixel of the detector axis, sector of the roll about it and cutoff class, with the mean attitude of each.

use crate::axis_livetime::{STEP_MAX_S, check_class};
use crate::check::{CHUNK, all_unit, all_within, first, same_length, within};
use crate::fixed::{grown_bound, to_units};
use crate::healpix::Grid;
use crate::vector::{Vector, cross, dot, quarter_turns, scaled};
use crate::{Error, Result};
use rayon::prelude::*;

/// Most pixels: the lists of their cells take 24 bytes each, however few hold live time.
const N_PIXEL_MAX: i64 = 1 << 24;
/// Greatest cosine between axis and side: both come from the columns of one rotation.
const SQUARE_TOLERANCE: f64 = 1e-5;

/// Live time and its moments along axis and side, in units of 2^-32 s.
type Cell = [i64; 7];

/// Exact sums of live time, and of live time times axis and side, by pixel of the axis, sector of the roll and class.
///
/// Cells are made when they are first met: on an orbit a place in the sky is seen with few rolls.
#[derive(Debug, Clone)]
pub struct RollLivetime {
    grid: Grid,
    n_class: usize,
    n_sector: usize,
    bound: i64,
    pixel: Vec<Vec<(u32, Cell)>>,
}

/// Cells that hold live time, by rising pixel, sector and class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollSums {
    /// Pixel of the axis.
    pub pixel: Vec<i64>,
    /// Sector of the roll.
    pub sector: Vec<u8>,
    /// Cutoff class.
    pub class: Vec<u8>,
    /// Live time [units].
    pub units: Vec<i64>,
    /// Live time times axis [units], three a cell.
    pub moment: Vec<i64>,
    /// Live time times side [units], three a cell.
    pub side_moment: Vec<i64>,
}

impl RollLivetime {
    /// No live time yet, on a grid for the axis.
    ///
    /// # Errors
    /// An `nside` that is no power of two in range or has more than 2^24 pixels; no or too many classes or sectors.
    pub fn new(nside: i64, n_class: usize, n_sector: usize) -> Result<Self> {
        let grid = Grid::new(nside)?;
        within("n_class", n_class as f64, 1.0, 255.0)?;
        within("n_sector", n_sector as f64, 1.0, 255.0)?;
        within("n_pixel", grid.npix() as f64, 1.0, N_PIXEL_MAX as f64)?;
        Ok(Self { grid, n_class, n_sector, bound: 0, pixel: Vec::new() })
    }

    /// Add rows: `side` is the detector's x direction, square to its axis.
    ///
    /// # Errors
    /// Lengths that differ; an axis or side that is no unit vector; a side that is not square to its axis; live times
    /// outside 0 to 60 s; a class that does not exist.
    pub fn add(&mut self, axis: &[Vector], side: &[Vector], livetime_s: &[f64], class: &[u8]) -> Result<()> {
        same_length("side", side.len(), axis.len())?;
        same_length("livetime_s", livetime_s.len(), axis.len())?;
        same_length("cutoff_class", class.len(), axis.len())?;
        all_unit("axis", axis)?;
        all_unit("side", side)?;
        all_square(axis, side)?;
        all_within("livetime_s", livetime_s, 0.0, STEP_MAX_S)?;
        check_class(class, self.n_class)?;
        // A component of a unit vector may exceed 1 by its tolerance.
        let added = i128::from(to_units(STEP_MAX_S * 1.001)) * axis.len() as i128;
        self.bound = grown_bound("livetime_s", self.bound, added, || greatest(&self.pixel))?;
        if self.pixel.is_empty() {
            self.pixel = vec![Vec::new(); self.grid.npix() as usize];
        }
        let parts: Vec<Vec<Run>> = axis
            .par_chunks(CHUNK)
            .zip(side.par_chunks(CHUNK))
            .zip(livetime_s.par_chunks(CHUNK).zip(class.par_chunks(CHUNK)))
            .map(|((axis, side), (livetime_s, class))| self.runs(axis, side, livetime_s, class))
            .collect();
        // Sums are of integers, so any number of owners gives the same ones.
        let share = self.pixel.len().div_ceil(rayon::current_num_threads());
        self.pixel.par_chunks_mut(share).enumerate().for_each(|(owner, list)| {
            let start = owner * share;
            for run in parts.iter().flatten() {
                if let Some(cells) = run.pixel.checked_sub(start).and_then(|i| list.get_mut(i)) {
                    add_cell(cells, run.key, &run.cell);
                }
            }
        });
        Ok(())
    }

    /// Sums so far.
    #[must_use]
    pub fn sums(&self) -> RollSums {
        let mut out = RollSums::default();
        for (pixel, cells) in self.pixel.iter().enumerate() {
            let mut cells: Vec<&(u32, Cell)> = cells.iter().collect();
            cells.sort_unstable_by_key(|(key, _)| *key);
            for (key, cell) in cells {
                let key = *key as usize;
                out.pixel.push(pixel as i64);
                out.sector.push((key / self.n_class) as u8);
                out.class.push((key % self.n_class) as u8);
                out.units.push(cell[0]);
                out.moment.extend(&cell[1..4]);
                out.side_moment.extend(&cell[4..]);
            }
        }
        out
    }

    /// Sums of neighbouring rows that fall in the same cell: a detector stays in one for some seconds.
    fn runs(&self, axis: &[Vector], side: &[Vector], livetime_s: &[f64], class: &[u8]) -> Vec<Run> {
        let mut out: Vec<Run> = Vec::with_capacity(axis.len() / 2);
        let mut tangent: Option<(i32, Tangent)> = None;
        for (((axis, side), livetime_s), class) in axis.iter().zip(side).zip(livetime_s).zip(class) {
            let units = to_units(*livetime_s);
            if units == 0 {
                continue;
            }
            let pixel = self.grid.pixel(axis);
            let plane = match &tangent {
                Some((known, plane)) if *known == pixel => plane,
                _ => &tangent.insert((pixel, Tangent::of(&self.grid, pixel))).1,
            };
            let key = (plane.sector(side, self.n_sector) * self.n_class + usize::from(*class)) as u32;
            let mut cell = [units; 7];
            for k in 0..3 {
                cell[k + 1] = to_units(livetime_s * axis[k]);
                cell[k + 4] = to_units(livetime_s * side[k]);
            }
            let pixel = pixel as usize;
            match out.last_mut() {
                Some(run) if run.pixel == pixel && run.key == key => add(&mut run.cell, &cell),
                _ => out.push(Run { pixel, key, cell }),
            }
        }
        out
    }
}

/// Rows that follow one another in a cell.
struct Run {
    pixel: usize,
    key: u32,
    cell: Cell,
}

/// East and north at a pixel's centre, which is never a pole: against them a roll is counted in the whole pixel.
struct Tangent {
    east: Vector,
    north: Vector,
}

impl Tangent {
    fn of(grid: &Grid, pixel: i32) -> Self {
        let centre = grid.centre(i64::from(pixel));
        let rho = (centre[0] * centre[0] + centre[1] * centre[1]).sqrt();
        let east = scaled(&[-centre[1], centre[0], 0.0], 1.0 / rho);
        Self { east, north: cross(&centre, &east) }
    }

    fn sector(&self, side: &Vector, n_sector: usize) -> usize {
        sector_of(dot(side, &self.east), dot(side, &self.north), n_sector)
    }
}

/// Sector, of equal ones that begin at the x axis, in which the angle of (x, y) lies.
pub(crate) fn sector_of(x: f64, y: f64, n_sector: usize) -> usize {
    ((quarter_turns(x, y) * (0.25 * n_sector as f64)) as usize).min(n_sector - 1)
}

fn add_cell(cells: &mut Vec<(u32, Cell)>, key: u32, part: &Cell) {
    // The cell met last comes last: the next run is in it, or a neighbour of it.
    match cells.iter_mut().rev().find(|(known, _)| *known == key) {
        Some((_, cell)) => add(cell, part),
        None => cells.push((key, *part)),
    }
}

fn add(sum: &mut Cell, part: &Cell) {
    for (sum, value) in sum.iter_mut().zip(part) {
        *sum += value;
    }
}

/// Refuse a side that is not square to its axis.
pub(crate) fn all_square(axis: &[Vector], side: &[Vector]) -> Result<()> {
    let pairs: Vec<f64> = axis.par_iter().zip(side).map(|(axis, side)| dot(axis, side).abs()).collect();
    match first(&pairs, |cosine| *cosine > SQUARE_TOLERANCE) {
        None => Ok(()),
        Some(i) => Err(Error::Rule {
            place: format!("side[{i}]"),
            found: format!("{:?}", side[i]),
            rule: "a vector square to its axis is wanted, to 1e-5".into(),
        }),
    }
}

fn greatest(pixel: &[Vec<(u32, Cell)>]) -> i64 {
    pixel.iter().flatten().flat_map(|(_, cell)| cell).map(|value| value.saturating_abs()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
