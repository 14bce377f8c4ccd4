//! Events to maps: locate in time, gate by the cutoff class, turn to the sky, add the weight exactly.

use crate::axis_livetime::{STEP_MAX_S, check_class};
use crate::check::{CHUNK, all_finite, all_unit, all_within, rising, same_length, within};
use crate::cutoff::check_edges;
use crate::fixed::{grown_bound, merge, to_units};
use crate::healpix::Grid;
use crate::vector::{Matrix, Vector, apply, carried};
use crate::{Error, Result};
use rayon::prelude::*;

/// Greatest absolute weight: its square keeps all digits of the fixed point.
pub const WEIGHT_MAX: f64 = 512.0;

/// Where an event can end; the first cut that it fails names it.
pub const CUTS: [&str; 6] = ["energy_below", "energy_above", "field_of_view", "dead_second", "cutoff", "accepted"];

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
    pub direction: &'a [Vector],
    /// Energy [GeV].
    pub energy_gev: &'a [f64],
    /// Weight: the purity.
    pub weight: &'a [f64],
}

/// Weighted counts by energy bin and pixel, summed exactly.
#[derive(Debug, Clone)]
pub struct Counts {
    grid: Grid,
    edge: Vec<f64>,
    cos_least: f64,
    bound: (i64, i64),
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    /// Sum of weights and of squared weights, side by side.
    sum: Vec<[i64; 2]>,
    cut_flow: [i64; CUTS.len()],
}

impl Counts {
    /// No events yet.
    ///
    /// # Errors
    /// An `nside` that is no power of two in range; edges that do not rise; a cosine outside [-1, 1].
    pub fn new(nside: i64, energy_edge_gev: &[f64], cos_least: f64) -> Result<Self> {
        let grid = Grid::new(nside)?;
        check_edges(energy_edge_gev)?;
        within("cos_least", cos_least, -1.0, 1.0)?;
        Ok(Self { grid, edge: energy_edge_gev.to_vec(), cos_least, bound: (0, 0), parts: Vec::new() })
    }

    /// Number of energy bins.
    #[must_use]
    pub fn n_bin(&self) -> usize {
        self.edge.len() - 1
    }

    /// Number of pixels.
    #[must_use]
    pub fn npix(&self) -> usize {
        self.grid.npix() as usize
    }

    /// Add events; all of them are checked before any is counted.
    ///
    /// # Errors
    /// Lengths that differ; a value that is not finite or out of range; a direction that is no unit vector;
    /// seconds that are not in order or overlap; an event outside every second; a sum that would overflow.
    pub fn add(&mut self, events: &Events<'_>, seconds: &Navigation<'_>) -> Result<()> {
        check_events(events)?;
        check_navigation(seconds, self.n_bin())?;
        let rows = locate(events.time_s, seconds.time_s, seconds.step_s)?;
        let added = total_magnitude(events.weight);
        let grown = (
            grown_bound("weight", self.bound.0, added.0, || self.greatest(0))?,
            grown_bound("squared weight", self.bound.1, added.1, || self.greatest(1))?,
        );
        self.bound = grown;
        let n_part = rayon::current_num_threads();
        let n_cell = self.n_bin() * self.npix();
        while self.parts.len() < n_part {
            self.parts.push(Part { sum: vec![[0; 2]; n_cell], cut_flow: [0; CUTS.len()] });
        }
        let size = rows.len().div_ceil(n_part).max(1);
        let (grid, edge, cos_least) = (self.grid, &self.edge, self.cos_least);
        self.parts.par_iter_mut().zip(rows.par_chunks(size)).enumerate().for_each(|(i, (part, rows))| {
            let first = i * size;
            for (start, rows) in rows.chunks(BLOCK).enumerate().map(|(j, r)| (first + j * BLOCK, r)) {
                part.add_block(&grid, edge, cos_least, events, seconds, start, rows);
            }
        });
        Ok(())
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
            let column: Vec<i64> = part.sum.iter().map(|cell| cell[which.min(1)]).collect();
            merge("weight", &mut total, &column)?;
        }
        Ok(total)
    }

    /// Events by the first cut that they failed, in the order of [`CUTS`]; they add up to all events.
    #[must_use]
    pub fn cut_flow(&self) -> [i64; CUTS.len()] {
        let mut total = [0; CUTS.len()];
        for part in &self.parts {
            for (t, p) in total.iter_mut().zip(part.cut_flow) {
                *t += p;
            }
        }
        total
    }
}

/// Events that go through the steps together, so that each step is a loop of its own over what the cache holds.
const BLOCK: usize = 512;

impl Part {
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "one caller, in the innermost loop; a struct would only rename them")]
    fn add_block(
        &mut self,
        grid: &Grid,
        edge: &[f64],
        cos_least: f64,
        events: &Events<'_>,
        seconds: &Navigation<'_>,
        start: usize,
        rows: &[u32],
    ) {
        let n = rows.len();
        let time = &events.time_s[start..start + n];
        let direction = &events.direction[start..start + n];
        let energy = &events.energy_gev[start..start + n];
        let weight = &events.weight[start..start + n];
        let mut pixel = [0_usize; BLOCK];
        for i in 0..n {
            let row = rows[i] as usize;
            let turned = apply(&seconds.rotation[row], &direction[i]);
            let sky = carried(&turned, &seconds.rate[row], time[i] - seconds.time_s[row]);
            pixel[i] = grid.pixel(&sky) as usize;
        }
        let npix = grid.npix() as usize;
        let n_bin = edge.len() - 1;
        for i in 0..n {
            let row = rows[i] as usize;
            // Edges not above the energy: 0 is below the first bin, n_bin + 1 at or above the last edge.
            let above = edge.partition_point(|e| *e <= energy[i]);
            let cut = if above == 0 {
                0
            } else if above > n_bin {
                1
            } else if direction[i][2] < cos_least {
                2
            } else if seconds.livetime_s[row] <= 0.0 {
                3
            } else if above - 1 < usize::from(seconds.class[row]) {
                4
            } else {
                let cell = &mut self.sum[(above - 1) * npix + pixel[i]];
                cell[0] += to_units(weight[i]);
                cell[1] += to_units(weight[i] * weight[i]);
                5
            };
            self.cut_flow[cut] += 1;
        }
    }
}

/// Sums of the magnitudes of weights and of squared weights, in units: no cell can grow by more.
fn total_magnitude(weight: &[f64]) -> (i128, i128) {
    weight
        .par_chunks(CHUNK)
        .map(|part| {
            // A chunk of weights up to WEIGHT_MAX stays below 2^62 units.
            part.iter().fold((0_i64, 0_i64), |(a, b), w| (a + to_units(w.abs()), b + to_units(w * w)))
        })
        .map(|(a, b)| (i128::from(a), i128::from(b)))
        .reduce(|| (0, 0), |x, y| (x.0 + y.0, x.1 + y.1))
}

fn check_events(events: &Events<'_>) -> Result<()> {
    let n = events.time_s.len();
    same_length("direction", events.direction.len(), n)?;
    same_length("energy_gev", events.energy_gev.len(), n)?;
    same_length("weight", events.weight.len(), n)?;
    all_finite("time_s", events.time_s)?;
    all_unit("direction", events.direction)?;
    all_within("energy_gev", events.energy_gev, f64::MIN_POSITIVE, f64::MAX)?;
    all_within("weight", events.weight, -WEIGHT_MAX, WEIGHT_MAX)
}

fn check_navigation(seconds: &Navigation<'_>, n_bin: usize) -> Result<()> {
    let n = seconds.time_s.len();
    same_length("rotation", seconds.rotation.len(), n)?;
    same_length("rate", seconds.rate.len(), n)?;
    same_length("livetime_s", seconds.livetime_s.len(), n)?;
    same_length("cutoff_class", seconds.class.len(), n)?;
    within("step_s", seconds.step_s, 1e-3, STEP_MAX_S)?;
    rising("second_time_s", seconds.time_s)?;
    // A hundredth of a step allows for times that were rounded on their way.
    if let Some(i) = (1..n).find(|&i| seconds.time_s[i] - seconds.time_s[i - 1] < 0.99 * seconds.step_s) {
        return Err(Error::Table(format!(
            "second_time_s[{i}] = {:?} starts before the end of second_time_s[{}] = {:?}, which lasts {:?} s",
            seconds.time_s[i],
            i - 1,
            seconds.time_s[i - 1],
            seconds.step_s
        )));
    }
    all_finite("rotation", seconds.rotation.as_flattened())?;
    all_finite("rate", seconds.rate.as_flattened())?;
    all_within("livetime_s", seconds.livetime_s, 0.0, STEP_MAX_S)?;
    check_class(seconds.class, n_bin + 1)
}

/// Row of the second that holds each time.
///
/// # Errors
/// [`Error::Table`] names the first time that lies in no second.
fn locate(time_s: &[f64], second_s: &[f64], step_s: f64) -> Result<Vec<u32>> {
    if second_s.len() > u32::MAX as usize {
        return Err(Error::Length { name: "second_time_s", found: second_s.len(), wanted: "fewer than 2^32".into() });
    }
    let index = RowIndex::new(second_s, step_s);
    let mut row = vec![0; time_s.len()];
    let outside =
        |row: u32, t: f64| second_s.get(row as usize).is_none_or(|start| !(t >= *start && t < *start + step_s));
    let chunks = row.par_chunks_mut(CHUNK).zip(time_s.par_chunks(CHUNK)).map(|(row, time)| {
        let mut last = 0;
        let mut any = false;
        for (r, t) in row.iter_mut().zip(time) {
            last = index.find(*t, last);
            *r = last as u32;
            any |= outside(*r, *t);
        }
        any
    });
    let bad: Vec<bool> = chunks.collect();
    let first = bad.iter().position(|any| *any).map_or(time_s.len(), |chunk| chunk * CHUNK);
    match (first..time_s.len()).find(|&i| outside(row[i], time_s[i])) {
        None => Ok(row),
        Some(i) => Err(Error::Table(format!(
            "time_s[{i}] = {:?} lies in no second; the nearest starts at {}",
            time_s[i],
            second_s.get(row[i] as usize).map_or("none".into(), |s| format!("{s:?}"))
        ))),
    }
}

/// Rows by time: through a table of one entry a second where the seconds are dense, else by bisection.
struct RowIndex<'a> {
    second_s: &'a [f64],
    rate: f64,
    table: Vec<u32>,
}

impl<'a> RowIndex<'a> {
    fn new(second_s: &'a [f64], step_s: f64) -> Self {
        let n = second_s.len();
        let span = if n == 0 { 0.0 } else { (second_s[n - 1] - second_s[0]) / step_s };
        let mut table = Vec::new();
        if span < 4.0 * n as f64 {
            let mut row = 0_u32;
            table = (0..=span as usize)
                .map(|slot| {
                    let start = second_s[0] + slot as f64 * step_s;
                    while ((row + 1) as usize) < n && second_s[(row + 1) as usize] <= start {
                        row += 1;
                    }
                    row
                })
                .collect();
        }
        Self { second_s, rate: 1.0 / step_s, table }
    }

    /// Last row that starts at or before `time_s`, or the first row; `last` is where the previous event lay.
    #[inline]
    fn find(&self, time_s: f64, last: usize) -> usize {
        let n = self.second_s.len();
        if n == 0 {
            return 0;
        }
        let mut row = if self.table.is_empty() {
            let near = last < n && self.second_s[last] <= time_s && last + 1 < n && time_s < self.second_s[last + 1];
            if near { last } else { self.second_s.partition_point(|s| *s <= time_s).max(1) - 1 }
        } else {
            let slot = ((time_s - self.second_s[0]) * self.rate) as usize;
            self.table[slot.min(self.table.len() - 1)] as usize
        };
        while row + 1 < n && self.second_s[row + 1] <= time_s {
            row += 1;
        }
        while row > 0 && self.second_s[row] > time_s {
            row -= 1;
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TURN: Matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];

    proptest! {
        #[test]
        fn every_event_is_found_in_its_second(gaps in prop::collection::vec(1_u32..9, 1..80), pick in 0.0..1.0f64, inside in 0.0..0.999f64) {
            let second: Vec<f64> = gaps.iter().scan(100.0, |t, g| { *t += f64::from(*g); Some(*t) }).collect();
            let row = ((second.len() as f64) * pick) as usize;
            prop_assert_eq!(locate(&[second[row] + inside], &second, 1.0).expect("inside"), vec![row as u32]);
            prop_assert!(locate(&[99.0], &second, 1.0).is_err());
            prop_assert!(locate(&[second[second.len() - 1] + 1.0], &second, 1.0).is_err());
        }

        #[test]
        fn the_cut_flow_adds_up(energy in prop::collection::vec(1.0..900.0f64, 0..300), class in 0_u8..4, least in 0.0..1.0f64) {
            let n = energy.len();
            let mut counts = Counts::new(2, &[16.0, 40.0, 100.0, 500.0], least).expect("good");
            let seconds = Navigation { time_s: &[0.0], step_s: 1.0, rotation: &[TURN], rate: &[[0.0; 3]], livetime_s: &[1.0], class: &[class] };
            let events = Events { time_s: &vec![0.5; n], direction: &vec![[0.6, 0.0, 0.8]; n], energy_gev: &energy, weight: &vec![0.5; n] };
            counts.add(&events, &seconds).expect("good events");
            let flow = counts.cut_flow();
            prop_assert_eq!(flow.iter().sum::<i64>(), n as i64);
            let sum: i64 = counts.units(0).expect("fits").iter().sum();
            prop_assert_eq!(sum, flow[5] * to_units(0.5));
            let sum2: i64 = counts.units(1).expect("fits").iter().sum();
            prop_assert_eq!(sum2, flow[5] * to_units(0.25));
        }
    }
}
