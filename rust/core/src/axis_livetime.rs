//! Live time by pixel of the detector axis and cutoff class, with the mean axis of each.

use crate::check::{CHUNK, all_finite_vectors, all_unit, all_within, same_length, within};
use crate::fixed::{grown_bound, to_units};
use crate::healpix::Grid;
use crate::vector::{Matrix, Vector, carried};
use crate::{Error, Result};
use rayon::prelude::*;

/// Longest row of a seconds table [s]: the sky turns by 4 degrees in it.
pub const STEP_MAX_S: f64 = 60.0;
/// Shares of the sums that are added to side by side.
const N_OWNER: usize = 8;
/// Most pixels times classes: 8.6 GB of sums.
const N_CELL_MAX: i64 = 1 << 28;

/// Detector axis of each row, carried `offset_s` on from the time of its rotation.
///
/// # Errors
/// Lengths that differ; a value that is not finite; an offset outside 0 to 60 s.
pub fn axes_at(rotation: &[Matrix], rate: &[Vector], offset_s: f64) -> Result<Vec<Vector>> {
    same_length("rate", rate.len(), rotation.len())?;
    within("offset_s", offset_s, 0.0, STEP_MAX_S)?;
    crate::check::all_finite("rotation", rotation.as_flattened())?;
    all_finite_vectors("rate", rate)?;
    let mut axis = vec![[0.0; 3]; rotation.len()];
    axis.par_chunks_mut(CHUNK).zip(rotation.par_chunks(CHUNK).zip(rate.par_chunks(CHUNK))).for_each(
        |(axis, (rotation, rate))| {
            for ((out, r), w) in axis.iter_mut().zip(rotation).zip(rate) {
                *out = carried(&[r[2], r[5], r[8]], w, offset_s);
            }
        },
    );
    Ok(axis)
}

/// Exact sums of live time, and of live time times axis, by pixel of the axis and cutoff class.
#[derive(Debug, Clone)]
pub struct AxisLivetime {
    grid: Grid,
    n_class: usize,
    bound: i64,
    cell: Vec<Cell>,
}

/// Live time and its moments along x, y, z, in units of 2^-32 s.
type Cell = [i64; 4];

/// Cells that hold live time, by rising pixel and class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AxisSums {
    /// Pixel of the axis.
    pub pixel: Vec<i64>,
    /// Cutoff class.
    pub class: Vec<u8>,
    /// Live time [units].
    pub units: Vec<i64>,
    /// Live time times axis [units], three a cell.
    pub moment: Vec<i64>,
}

impl AxisLivetime {
    /// No live time yet, on a grid for the axis.
    ///
    /// # Errors
    /// An `nside` that is no power of two in range, no or too many classes, or more than 2^28 cells.
    pub fn new(nside: i64, n_class: usize) -> Result<Self> {
        let grid = Grid::new(nside)?;
        within("n_class", n_class as f64, 1.0, 255.0)?;
        let n_cell = grid.npix() * n_class as i64;
        if n_cell > N_CELL_MAX {
            return Err(Error::OutOfRange {
                place: "n_cell".into(),
                found: n_cell.to_string(),
                allowed: format!("[1, {N_CELL_MAX}]"),
            });
        }
        Ok(Self { grid, n_class, bound: 0, cell: Vec::new() })
    }

    /// Add rows.
    ///
    /// # Errors
    /// Lengths that differ; an axis that is no unit vector; live times outside 0 to 60 s; a class that does not exist.
    pub fn add(&mut self, axis: &[Vector], livetime_s: &[f64], class: &[u8]) -> Result<()> {
        same_length("livetime_s", livetime_s.len(), axis.len())?;
        same_length("cutoff_class", class.len(), axis.len())?;
        all_unit("axis", axis)?;
        all_within("livetime_s", livetime_s, 0.0, STEP_MAX_S)?;
        check_class(class, self.n_class)?;
        // A component of a unit vector may exceed 1 by its tolerance.
        let added = i128::from(to_units(STEP_MAX_S * 1.001)) * axis.len() as i128;
        self.bound = grown_bound("livetime_s", self.bound, added, || greatest(&self.cell))?;
        if self.cell.is_empty() {
            self.cell = vec![[0; 4]; self.grid.npix() as usize * self.n_class];
        }
        let (grid, n_class) = (self.grid, self.n_class);
        let runs: Vec<Vec<(usize, Cell)>> = axis
            .par_chunks(CHUNK)
            .zip(livetime_s.par_chunks(CHUNK).zip(class.par_chunks(CHUNK)))
            .map(|(axis, (livetime, class))| runs(&grid, n_class, axis, livetime, class))
            .collect();
        // Runs are few: each owner of a share of the sums reads all of them, and no thread needs a copy of the sums.
        let share = self.cell.len().div_ceil(N_OWNER);
        self.cell.par_chunks_mut(share).enumerate().for_each(|(owner, cell)| {
            let first = owner * share;
            for (place, part) in runs.iter().flatten() {
                let Some(cell) = place.checked_sub(first).and_then(|i| cell.get_mut(i)) else { continue };
                for (sum, value) in cell.iter_mut().zip(part) {
                    *sum += value;
                }
            }
        });
        Ok(())
    }

    /// Sums so far.
    #[must_use]
    pub fn sums(&self) -> AxisSums {
        let mut out = AxisSums::default();
        for (place, cell) in self.cell.iter().enumerate().filter(|(_, cell)| cell[0] != 0) {
            out.pixel.push((place / self.n_class) as i64);
            out.class.push((place % self.n_class) as u8);
            out.units.push(cell[0]);
            out.moment.extend(&cell[1..]);
        }
        out
    }
}

/// Sums of neighbouring rows that fall in the same cell: an axis stays in one for some seconds.
fn runs(grid: &Grid, n_class: usize, axis: &[Vector], livetime_s: &[f64], class: &[u8]) -> Vec<(usize, Cell)> {
    pulp::Arch::new().dispatch(Runs { grid, n_class, axis, livetime_s, class })
}

/// Rows of one task, to be compiled for each width of vectors.
struct Runs<'a> {
    grid: &'a Grid,
    n_class: usize,
    axis: &'a [Vector],
    livetime_s: &'a [f64],
    class: &'a [u8],
}

/// Rows that stay in the nearest cache from one step to the next.
const BLOCK: usize = 64;

impl pulp::NullaryFnOnce for Runs<'_> {
    type Output = Vec<(usize, Cell)>;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
    fn call(self) -> Self::Output {
        let mut out: Self::Output = Vec::with_capacity(self.axis.len() / 2);
        let (mut pixel, mut part) = ([0; BLOCK], [[0; BLOCK]; 4]);
        for start in (0..self.axis.len()).step_by(BLOCK) {
            let stop = self.axis.len().min(start + BLOCK);
            let (axis, livetime_s) = (&self.axis[start..stop], &self.livetime_s[start..stop]);
            for (pixel, axis) in pixel.iter_mut().zip(axis) {
                *pixel = self.grid.pixel(axis);
            }
            for (i, (axis, livetime_s)) in axis.iter().zip(livetime_s).enumerate() {
                part[0][i] = to_units(*livetime_s);
                for k in 0..3 {
                    part[k + 1][i] = to_units(livetime_s * axis[k]);
                }
            }
            for i in (0..axis.len()).filter(|i| part[0][*i] != 0) {
                let place = pixel[i] as usize * self.n_class + usize::from(self.class[start + i]);
                let row = [part[0][i], part[1][i], part[2][i], part[3][i]];
                match out.last_mut() {
                    Some((last, sum)) if *last == place => {
                        for (sum, value) in sum.iter_mut().zip(row) {
                            *sum += value;
                        }
                    }
                    _ => out.push((place, row)),
                }
            }
        }
        out
    }
}

fn greatest(cells: &[Cell]) -> i64 {
    cells.as_flattened().iter().map(|value| value.saturating_abs()).max().unwrap_or(0)
}

pub(crate) fn check_class(class: &[u8], n_class: usize) -> Result<()> {
    match class.iter().position(|&c| usize::from(c) >= n_class) {
        None => Ok(()),
        Some(i) => Err(Error::OutOfRange {
            place: format!("cutoff_class[{i}]"),
            found: class[i].to_string(),
            allowed: format!("[0, {n_class})"),
        }),
    }
}

#[cfg(test)]
mod tests;
