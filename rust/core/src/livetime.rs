//! Live time of detector axes spread over the pixels that the detector sees.

use crate::check::{all_unit, all_within, at_least, rising, same_length, within};
use crate::fixed::grown_bound;
use crate::healpix::Grid;
use crate::roll_livetime::{all_square, sector_of};
use crate::vector::{Vector, cross};
use crate::{Error, Result};
use rayon::prelude::*;

/// Live time [units of 2^-32 s] by pixel, bin of cos(zenith in the detector), sector of azimuth in it and cutoff class.
///
/// Each axis hands its live time to every pixel whose centre it sees; `units` has `n_class` entries an axis.
/// The last bin of cos(zenith) is closed above. `side` is the detector's x direction, from which `n_azimuth` sectors
/// count; it has no rows for a single sector.
///
/// # Errors
/// Lengths that differ; an axis or side that is no unit vector, or not square to the other; negative units; edges of
/// cos(zenith) that do not rise within [-1, 1]; a total that leaves the range of the sums.
pub fn livetime_cube(
    axis: &[Vector],
    side: &[Vector],
    units: &[i64],
    n_class: usize,
    nside: i64,
    cos_edge: &[f64],
    n_azimuth: usize,
) -> Result<Vec<i64>> {
    let grid = Grid::new(nside)?;
    within("n_class", n_class as f64, 1.0, 255.0)?;
    within("n_azimuth", n_azimuth as f64, 1.0, 255.0)?;
    same_length("side", side.len(), if n_azimuth > 1 { axis.len() } else { 0 })?;
    same_length("units", units.len(), axis.len() * n_class)?;
    all_unit("axis", axis)?;
    all_unit("side", side)?;
    if n_azimuth > 1 {
        all_square(axis, side)?;
    }
    at_least("cos_edge", cos_edge.len(), 2)?;
    all_within("cos_edge", cos_edge, -1.0, 1.0)?;
    rising("cos_edge", cos_edge)?;
    if let Some(i) = units.iter().position(|u| *u < 0) {
        return Err(Error::OutOfRange {
            place: format!("units[{i}]"),
            found: units[i].to_string(),
            allowed: "[0, inf)".into(),
        });
    }
    let total: i128 = units.iter().map(|u| i128::from(*u)).sum();
    let _ = grown_bound("units", 0, total, || 0)?;
    let cells = Cells::new(axis, side, units, n_class, cos_edge[0]);
    let bins = CosineBins::new(cos_edge);
    let shape = Shape { azimuths: n_azimuth, classes: n_class, rows: (cos_edge.len() - 1) * n_azimuth };
    let n_pixel = shape.rows * n_class;
    let mut cube = vec![0; grid.npix() as usize * n_pixel];
    let arch = pulp::Arch::new();
    // Tasks own pixels, so nothing is shared and no partial cube exists.
    cube.par_chunks_mut(BLOCK * n_pixel).enumerate().for_each(|(block, out)| {
        let first = (block * BLOCK) as i64;
        arch.dispatch(|| spread_block(&cells, &bins, &grid, first, out, &shape));
    });
    Ok(cube)
}

/// Pixels that one task fills.
const BLOCK: usize = 64;

/// How many entries a pixel has: `rows` bins of zenith and azimuth together, each of all classes.
struct Shape {
    azimuths: usize,
    classes: usize,
    rows: usize,
}

/// Axes that hold live time, with the heights that their cones reach.
struct Cells<'a> {
    axis: Vec<&'a Vector>,
    /// The detector's x and y directions, where azimuth counts.
    across: Vec<(Vector, Vector)>,
    reach: Vec<(f64, f64)>,
    /// Classes from the first to the last that hold live time.
    share: Vec<(usize, Vec<i64>)>,
}

impl<'a> Cells<'a> {
    fn new(axis: &'a [Vector], side: &[Vector], units: &[i64], n_class: usize, cos_least: f64) -> Self {
        let mut cells = Self { axis: Vec::new(), across: Vec::new(), reach: Vec::new(), share: Vec::new() };
        let sin_least = (1.0 - cos_least * cos_least).max(0.0).sqrt();
        for (i, (axis, units)) in axis.iter().zip(units.chunks_exact(n_class)).enumerate() {
            let Some(first) = units.iter().position(|u| *u > 0) else { continue };
            let last = units.iter().rposition(|u| *u > 0).unwrap_or(first);
            let share = (first, units[first..=last].to_vec());
            let z = axis[2].clamp(-1.0, 1.0);
            let rho = (1.0 - z * z).sqrt();
            // Heights of the cone's rim, or the pole if the cone holds it; widened by the unit tolerance.
            let high = if z >= cos_least { 1.0 } else { z * cos_least + rho * sin_least };
            let low = if -z >= cos_least { -1.0 } else { z * cos_least - rho * sin_least };
            cells.axis.push(axis);
            cells.across.extend(side.get(i).map(|side| (*side, cross(axis, side))));
            cells.reach.push((low - 1e-5, high + 1e-5));
            cells.share.push(share);
        }
        cells
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for several widths of vectors")]
fn spread_block(cells: &Cells<'_>, bins: &CosineBins<'_>, grid: &Grid, start: i64, out: &mut [i64], shape: &Shape) {
    let n = out.len() / (shape.rows * shape.classes);
    let (mut x, mut y, mut z) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
    for i in 0..n {
        [x[i], y[i], z[i]] = grid.centre(start + i as i64);
    }
    let (low, high) = z[..n].iter().fold((1.0, -1.0), |(a, b), v| (f64::min(a, *v), f64::max(b, *v)));
    let mut cosine = [-2.0; BLOCK];
    for (cell, axis) in cells.axis.iter().enumerate() {
        let reach = cells.reach[cell];
        if high < reach.0 || low > reach.1 {
            continue;
        }
        let mut most = -2.0_f64;
        for i in 0..BLOCK {
            cosine[i] = axis[0] * x[i] + axis[1] * y[i] + axis[2] * z[i];
            most = if cosine[i] > most { cosine[i] } else { most };
        }
        if most < bins.least() {
            continue;
        }
        for (i, cosine) in cosine[..n].iter().enumerate() {
            if let Some(bin) = bins.find(*cosine) {
                let sector = cells.across.get(cell).map_or(0, |(u, v)| {
                    let along = |w: &Vector| w[0] * x[i] + w[1] * y[i] + w[2] * z[i];
                    sector_of(along(u), along(v), shape.azimuths)
                });
                let first = (i * shape.rows + bin * shape.azimuths + sector) * shape.classes;
                let (class, units) = &cells.share[cell];
                for (sum, units) in out[first + class..].iter_mut().zip(units) {
                    *sum += units;
                }
            }
        }
    }
}

/// Bins of a cosine, the last closed above, found through a table of first guesses.
struct CosineBins<'a> {
    edge: &'a [f64],
    guess: Vec<usize>,
    density: f64,
    closed: bool,
}

impl<'a> CosineBins<'a> {
    const N_GUESS: usize = 1024;

    fn new(edge: &'a [f64]) -> Self {
        let last = edge.len() - 1;
        let width = (edge[last] - edge[0]) / Self::N_GUESS as f64;
        let guess = (0..=Self::N_GUESS)
            .map(|i| edge.partition_point(|e| *e <= edge[0] + width * i as f64).clamp(1, last) - 1)
            .collect();
        Self { edge, guess, density: 1.0 / width, closed: edge[last] >= 1.0 }
    }

    fn least(&self) -> f64 {
        self.edge[0]
    }

    /// A cosine that rounding put above 1 belongs to the last bin of a list that ends at 1.
    #[inline]
    fn find(&self, cosine: f64) -> Option<usize> {
        let last = self.edge.len() - 1;
        if cosine < self.edge[0] || (cosine > self.edge[last] && !self.closed) {
            return None;
        }
        let mut bin = self.guess[(((cosine - self.edge[0]) * self.density) as usize).min(Self::N_GUESS)];
        while bin > 0 && cosine < self.edge[bin] {
            bin -= 1;
        }
        while bin + 1 < last && cosine >= self.edge[bin + 1] {
            bin += 1;
        }
        Some(bin)
    }
}

#[cfg(test)]
mod tests;
