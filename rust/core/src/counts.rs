//! Events to maps: locate in time, gate by the cutoff class, turn to the sky, add the weight exactly.

mod block;
mod decide;
mod located;
mod queue;
mod scan;

use crate::axis_livetime::{STEP_MAX_S, check_class};
use crate::check::{all_finite, all_unit, all_within, first, rising, same_length, within};
use crate::column::{Column, Directions};
use crate::cutoff::check_edges;
use crate::fixed::{merge_from, overflowed};
use crate::healpix::Grid;
use crate::purity::{PurityTable, WEIGHT_MAX};
use crate::rows::RowIndex;
use crate::vector::{Matrix, Vector};
use crate::{Error, Result};
use rayon::prelude::*;
use scan::{Binning, Inputs, Scan, Sign};
use std::ops::Range;

/// Where an event can end; the first cut that it fails names it. The selection's own cuts follow these.
pub const CUTS: [&str; 6] = ["energy_below", "energy_above", "field_of_view", "dead_second", "cutoff", "accepted"];
/// Most cuts that a selection can have.
pub const N_SELECTION_MAX: usize = 64;

/// What a second tells about the events in it.
#[derive(Debug, Clone, Copy)]
pub struct Navigation<'a> {
    /// Start of each second [s], rising.
    pub time_s: &'a [f64],
    /// Length of each second [s].
    pub step_s: f64,
    /// Detector to sky at the start of the second.
    pub rotation: &'a [Matrix],
    /// Angular velocity of the detector [rad/s], in sky axes.
    pub rate: &'a [Vector],
    /// Live time of the second [s]; 0 closes it.
    pub livetime_s: &'a [f64],
    /// First open energy bin.
    pub class: &'a [u8],
}

/// Events as columns.
#[derive(Debug, Clone, Copy)]
pub struct Events<'a> {
    /// Time [s].
    pub time_s: &'a [f64],
    /// Unit vector in the detector to where the particle came from.
    pub direction: Directions<'a>,
    /// Energy [GeV].
    pub energy_gev: Column<'a>,
    /// Weight: the purity, or what the purity looked up is multiplied by. None: 1.
    pub weight: Option<Column<'a>>,
    /// Number from 1 of the first cut of a selection that the event failed; 0 if it passed. None: all passed.
    pub failed: Option<&'a [u8]>,
    /// Response of each event, and the table that turns it into a purity.
    pub purity: Option<(Column<'a>, &'a PurityTable)>,
}

/// Weighted counts by energy bin and pixel, summed exactly.
#[derive(Debug, Clone)]
pub struct Counts {
    binning: Binning,
    /// No cell of the sums of weights and of squared weights is greater.
    bound: [i64; 2],
    parts: Vec<Part>,
}

/// What one thread adds to.
#[derive(Debug, Clone)]
struct Part {
    /// Sum of weights and of squared weights, side by side.
    sum: Vec<[i64; 2]>,
    /// Events by energy bin (one below and one above them all) and by cut.
    cut_flow: Vec<i64>,
    scan: Scan,
}

impl Counts {
    /// No events yet.
    ///
    /// # Errors
    /// An `nside` that is no power of two in range; edges that do not rise; a cosine outside [-1, 1]; more than 64
    /// cuts of the selection; more than 2^32 cells.
    pub fn new(nside: i64, energy_edge_gev: &[f64], cos_least: f64, n_selection: usize) -> Result<Self> {
        let grid = Grid::new(nside)?;
        check_edges(energy_edge_gev)?;
        within("cos_least", cos_least, -1.0, 1.0)?;
        within("n_selection", n_selection as f64, 0.0, N_SELECTION_MAX as f64)?;
        let n_cell = (energy_edge_gev.len() - 1) as f64 * grid.npix() as f64;
        within("energy bins times pixels", n_cell, 1.0, f64::from(u32::MAX))?;
        let binning = Binning { grid, edge: energy_edge_gev.to_vec(), cos_least, n_selection };
        Ok(Self { binning, bound: [0, 0], parts: Vec::new() })
    }

    /// Number of energy bins.
    #[must_use]
    pub fn n_bin(&self) -> usize {
        self.binning.n_bin()
    }

    /// Number of pixels.
    #[must_use]
    pub fn npix(&self) -> usize {
        self.binning.grid.npix() as usize
    }

    /// Number of cuts, those of the selection among them.
    #[must_use]
    pub fn n_cut(&self) -> usize {
        self.binning.n_cut()
    }

    /// Add events; if one of them is refused, none is counted.
    ///
    /// # Errors
    /// Lengths that differ; a value that is not finite or out of range; a direction that is no unit vector;
    /// seconds that are not in order or overlap; an event outside every second; a sum that would overflow.
    pub fn add(&mut self, events: &Events<'_>, seconds: &Navigation<'_>) -> Result<()> {
        check_lengths(events)?;
        self.check_table(events)?;
        let index = index_of(seconds).or_else(|fault| self.check_events(events).and(Err(fault)))?;
        let (gates, good) = scan::gates(seconds, self.n_bin());
        if !good {
            self.check_events(events)?;
            check_navigation(seconds, self.n_bin())?;
        }
        let n_part = rayon::current_num_threads();
        self.grow(n_part);
        let (size, n_row) = (share(events.time_s.len(), n_part), share(seconds.time_s.len(), n_part));
        let inputs = Inputs { binning: &self.binning, events, seconds, index: &index, gates: &gates };
        let run = |parts: &mut [Part], sign| {
            parts.par_iter_mut().enumerate().for_each(|(i, part)| {
                let (events, rows) = (piece(i, size, events.time_s.len()), piece(i, n_row, seconds.time_s.len()));
                part.scan.run(inputs, events, rows, &mut part.sum, sign);
            });
        };
        run(&mut self.parts, Sign::Add);
        if self.parts.iter().any(|part| part.scan.refused()) {
            run(&mut self.parts, Sign::Undo);
            // Look again, one column after the other, for what to say.
            self.check_events(events)?;
            check_navigation(seconds, self.n_bin())?;
            return check_located(events, &index);
        }
        let added = self.parts.iter().map(|part| part.scan.magnitude()).fold([0, 0], |a, b| [a[0] + b[0], a[1] + b[1]]);
        if let Some(bound) = grown(self.bound, added) {
            self.bound = bound;
        } else {
            // The bounds counted what may have cancelled or gone to other cells: ask the cells of before.
            run(&mut self.parts, Sign::Undo);
            let greatest = [self.greatest(0), self.greatest(1)];
            self.bound = grown(greatest, added).ok_or_else(|| overflow(greatest, added))?;
            run(&mut self.parts, Sign::Add);
        }
        self.parts.iter_mut().for_each(Part::collect);
        Ok(())
    }

    fn grow(&mut self, n_part: usize) {
        let (n_cell, n_flow) = (self.n_bin() * self.npix(), (self.n_bin() + 2) * self.n_cut());
        while self.parts.len() < n_part {
            self.parts.push(Part { sum: vec![[0; 2]; n_cell], cut_flow: vec![0; n_flow], scan: Scan::new() });
        }
        // Parts that a larger pool left behind keep their sums and see no events.
        for part in &mut self.parts {
            part.scan.clear();
        }
    }

    /// Greatest cell so far, or more: the parts are added without looking at cells.
    fn greatest(&self, which: usize) -> i64 {
        self.parts
            .iter()
            .map(|part| part.sum.iter().map(|cell| cell[which].saturating_abs()).max().unwrap_or(0))
            .fold(0, i64::saturating_add)
    }

    /// Sums of weights (0) or of squared weights (1) in units of 2^-32, by energy bin and pixel.
    ///
    /// # Errors
    /// [`Error::Overflow`] if a sum leaves its range.
    pub fn units(&self, which: usize) -> Result<Vec<i64>> {
        let mut total = vec![0; self.n_bin() * self.npix()];
        for part in &self.parts {
            merge_from("weight", &mut total, part.sum.iter().map(|cell| cell[which.min(1)]))?;
        }
        Ok(total)
    }

    /// Events by the first cut that they failed, in the order of [`CUTS`] and then of the selection; they add up to
    /// all events.
    #[must_use]
    pub fn cut_flow(&self) -> Vec<i64> {
        let n_cut = self.n_cut();
        let by_bin = self.cut_flow_by_bin();
        (0..n_cut).map(|cut| by_bin[cut..].iter().step_by(n_cut).sum()).collect()
    }

    /// The same by energy bin, the first of them below all edges and the last above.
    #[must_use]
    pub fn cut_flow_by_bin(&self) -> Vec<i64> {
        let mut total = vec![0; (self.n_bin() + 2) * self.n_cut()];
        for part in &self.parts {
            for (t, p) in total.iter_mut().zip(&part.cut_flow) {
                *t += p;
            }
        }
        total
    }

    fn check_table(&self, events: &Events<'_>) -> Result<()> {
        let Some((_, table)) = events.purity else {
            return Ok(());
        };
        let found = table.shape();
        if found == (self.n_bin(), self.npix()) {
            return Ok(());
        }
        Err(Error::Rule {
            place: "purity".into(),
            found: format!("{} energy bins and {} pixels", found.0, found.1),
            rule: format!("a table for {} energy bins and {} pixels is wanted", self.n_bin(), self.npix()),
        })
    }

    fn check_events(&self, events: &Events<'_>) -> Result<()> {
        all_finite("time_s", events.time_s)?;
        all_unit("direction", &events.direction.to_vectors())?;
        all_within("energy_gev", &events.energy_gev.to_double(), f64::MIN_POSITIVE, f64::MAX)?;
        if let Some(weight) = events.weight {
            all_within("weight", &weight.to_double(), -events.weight_max(), events.weight_max())?;
        }
        let n_selection = self.binning.n_selection;
        if let Some(failed) = events.failed
            && let Some(i) = first(failed, |f| usize::from(*f) > n_selection)
        {
            return Err(Error::OutOfRange {
                place: format!("failed[{i}]"),
                found: failed[i].to_string(),
                allowed: format!("[0, {n_selection}]"),
            });
        }
        events.purity.map_or(Ok(()), |(response, _)| all_finite("response", &response.to_double()))
    }
}

impl Events<'_> {
    /// What is multiplied by a purity stays below it.
    fn weight_max(&self) -> f64 {
        if self.purity.is_some() { 1.0 } else { WEIGHT_MAX }
    }
}

impl Part {
    /// Add the cut flow that the pass found.
    fn collect(&mut self) {
        for (t, n) in self.cut_flow.iter_mut().zip(self.scan.cut_flow()) {
            *t += n;
        }
    }
}

fn check_lengths(events: &Events<'_>) -> Result<()> {
    let n = events.time_s.len();
    match events.direction {
        Directions::Rows(rows) => same_length("direction", rows.len(), n)?,
        Directions::Columns(columns) => {
            for (name, column) in ["direction_x", "direction_y", "direction_z"].into_iter().zip(columns) {
                same_length(name, column.len(), n)?;
            }
        }
    }
    same_length("energy_gev", events.energy_gev.len(), n)?;
    same_length("weight", events.weight.map_or(n, |weight| weight.len()), n)?;
    same_length("failed", events.failed.map_or(n, <[u8]>::len), n)?;
    same_length("response", events.purity.map_or(n, |(response, _)| response.len()), n)
}

fn check_located(events: &Events<'_>, index: &RowIndex<'_>) -> Result<()> {
    let outside = |t: &f64| index.find(*t, index.slot(*t), 0).is_none();
    first(events.time_s, outside).map_or(Ok(()), |i| Err(index.refusal(i, events.time_s[i])))
}

/// Bounds after a batch, where they fit.
fn grown(bound: [i64; 2], added: [i128; 2]) -> Option<[i64; 2]> {
    let fits = |which: usize| i64::try_from(i128::from(bound[which]) + added[which]).ok();
    Some([fits(0)?, fits(1)?])
}

/// The refusal of a batch after which a cell could leave its range.
fn overflow(bound: [i64; 2], added: [i128; 2]) -> Error {
    let what = if grown([bound[0], 0], [added[0], 0]).is_some() { "squared weight" } else { "weight" };
    overflowed(what)
}

/// Items that each of some parts gets.
fn share(n: usize, n_part: usize) -> usize {
    n.div_ceil(n_part).max(1)
}

/// Range of the items of one part.
fn piece(part: usize, size: usize, n: usize) -> Range<usize> {
    (part * size).min(n)..((part + 1) * size).min(n)
}

/// Index the rows, after refusing what finding them by time relies on.
fn index_of<'a>(seconds: &Navigation<'a>) -> Result<RowIndex<'a>> {
    let n = seconds.time_s.len();
    same_length("rotation", seconds.rotation.len(), n)?;
    same_length("rate", seconds.rate.len(), n)?;
    same_length("livetime_s", seconds.livetime_s.len(), n)?;
    same_length("cutoff_class", seconds.class.len(), n)?;
    within("step_s", seconds.step_s, 1e-3, STEP_MAX_S)?;
    let index = RowIndex::new(seconds.time_s, seconds.step_s)?;
    if !index.is_uniform() {
        check_order(seconds)?;
    }
    Ok(index)
}

fn check_navigation(seconds: &Navigation<'_>, n_bin: usize) -> Result<()> {
    all_finite("rotation", seconds.rotation.as_flattened())?;
    all_finite("rate", seconds.rate.as_flattened())?;
    all_within("livetime_s", seconds.livetime_s, 0.0, STEP_MAX_S)?;
    check_class(seconds.class, n_bin + 1)
}

/// Refuse seconds that are not in order; a hundredth of a step allows for times that were rounded on their way.
fn check_order(seconds: &Navigation<'_>) -> Result<()> {
    let (time_s, least) = (seconds.time_s, 0.99 * seconds.step_s);
    let ends_finite = time_s.first().is_none_or(|t| t.is_finite()) && time_s.last().is_none_or(|t| t.is_finite());
    let n_in_order = time_s.iter().skip(1).zip(time_s).filter(|(after, before)| *after - *before >= least).count();
    if ends_finite && n_in_order + 1 >= time_s.len() {
        return Ok(());
    }
    rising("second_time_s", time_s)?;
    match (1..time_s.len()).find(|&i| time_s[i] - time_s[i - 1] < least) {
        None => Ok(()),
        Some(i) => Err(Error::Table(format!(
            "second_time_s[{i}] = {:?} starts before the end of second_time_s[{}] = {:?}, which lasts {:?} s",
            time_s[i],
            i - 1,
            time_s[i - 1],
            seconds.step_s
        ))),
    }
}

#[cfg(test)]
mod tests;
