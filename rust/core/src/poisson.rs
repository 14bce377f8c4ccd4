//! Poisson numbers from uniform numbers that the caller drew, by the inverse of the distribution function.

use crate::Result;
use crate::check::{all_within, same_length};
use rayon::prelude::*;

/// Greatest expectation of a pixel: its table then has some 60,000 entries.
pub const MEAN_MAX: f64 = 1e7;
/// Greatest uniform number: the one below 1.
const UNIFORM_MAX: f64 = 1.0 - f64::EPSILON / 2.0;
/// Terms below this share of the greatest are left out; together they weigh less than a rounding of 1.
const LEAST_TERM: f64 = 1e-20;
/// Slots of the table of first guesses.
const N_GUESS: usize = 128;
/// Pixels that one task fills: their tables stay in a core's cache, and each row is visited some cache lines at a time.
const BLOCK: usize = 32;

/// The number whose distribution function first exceeds `uniform`, for each sky and pixel.
///
/// # Arguments
/// `uniform` has a row of `mean.len()` numbers in [0, 1) for each sky; `mean` is the expectation of each pixel.
///
/// # Errors
/// A length that is no multiple of the number of pixels; a uniform number outside [0, 1); a mean outside
/// [0, [`MEAN_MAX`]].
pub fn poisson_counts(uniform: &[f64], mean: &[f64]) -> Result<Vec<f64>> {
    let npix = mean.len();
    let n_sky = uniform.len().checked_div(npix).unwrap_or(0);
    same_length("uniform", uniform.len(), n_sky * npix)?;
    all_within("mean", mean, 0.0, MEAN_MAX)?;
    all_within("uniform", uniform, 0.0, UNIFORM_MAX)?;
    let mut counts = vec![0.0; uniform.len()];
    let mut columns: Vec<Vec<&mut [f64]>> = (0..npix.div_ceil(BLOCK)).map(|_| Vec::with_capacity(n_sky)).collect();
    for row in counts.chunks_mut(npix.max(1)) {
        for (column, part) in columns.iter_mut().zip(row.chunks_mut(BLOCK)) {
            column.push(part);
        }
    }
    columns.par_iter_mut().enumerate().for_each(|(block, column)| {
        let first = block * BLOCK;
        let tables: Vec<Table> = mean[first..npix.min(first + BLOCK)].iter().map(|m| Table::new(*m)).collect();
        for (sky, out) in column.iter_mut().enumerate() {
            let uniform = &uniform[sky * npix + first..][..tables.len()];
            for ((out, table), u) in out.iter_mut().zip(&tables).zip(uniform) {
                *out = table.number(*u);
            }
        }
    });
    drop(columns);
    Ok(counts)
}

/// Distribution function of one expectation, from the first number with a share that counts.
struct Table {
    first: f64,
    cumulative: Vec<f64>,
    guess: [u32; N_GUESS],
}

impl Table {
    fn new(mean: f64) -> Self {
        if mean == 0.0 {
            return Self { first: 0.0, cumulative: vec![f64::INFINITY], guess: [0; N_GUESS] };
        }
        // Terms relative to the greatest, by their ratios: no logarithm of a factorial, and no underflow.
        let mode = mean.floor();
        let mut below = Vec::new();
        let (mut k, mut term) = (mode, 1.0);
        while k > 0.0 && term > LEAST_TERM {
            term *= k / mean;
            k -= 1.0;
            below.push(term);
        }
        let first = k;
        let mut cumulative: Vec<f64> = below.iter().rev().copied().collect();
        (k, term) = (mode, 1.0);
        while term > LEAST_TERM {
            cumulative.push(term);
            k += 1.0;
            term *= mean / k;
        }
        let mut total = 0.0;
        for value in &mut cumulative {
            total += *value;
            *value = total;
        }
        for value in &mut cumulative {
            *value /= total;
        }
        if let Some(last) = cumulative.last_mut() {
            *last = f64::INFINITY;
        }
        let mut guess = [0; N_GUESS];
        let mut at = 0;
        for (i, slot) in guess.iter_mut().enumerate() {
            while cumulative[at] <= i as f64 / N_GUESS as f64 {
                at += 1;
            }
            *slot = at as u32;
        }
        Self { first, cumulative, guess }
    }

    #[inline]
    fn number(&self, uniform: f64) -> f64 {
        let mut at = self.guess[(uniform * N_GUESS as f64) as usize] as usize;
        while self.cumulative[at] <= uniform {
            at += 1;
        }
        self.first + at as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Share of the numbers up to `k`, summed from logarithms of the terms.
    fn cumulative(k: f64, mean: f64) -> f64 {
        let mut total = 0.0;
        for i in 0..=k as u64 {
            let i = i as f64;
            total += (i * mean.ln() - mean - libm::lgamma(i + 1.0)).exp();
        }
        total
    }

    proptest! {
        #[test]
        fn a_number_is_the_first_whose_share_exceeds_the_uniform(u in 0.0..1.0f64, mean in 0.001..400.0f64) {
            let k = poisson_counts(&[u], &[mean]).expect("good")[0];
            // The logarithms lose some 1e-13; the chance to draw so close to a step is as small.
            prop_assert!(cumulative(k, mean) > u - 1e-12);
            prop_assert!(k == 0.0 || cumulative(k - 1.0, mean) <= u + 1e-12);
        }

        #[test]
        fn a_greater_uniform_gives_no_smaller_number(a in 0.0..1.0f64, b in 0.0..1.0f64, mean in 0.0..1e6f64) {
            let found = poisson_counts(&[a.min(b), a.max(b)], &[mean]).expect("good");
            prop_assert!(found[0] <= found[1]);
        }
    }

    #[test]
    fn the_ends_have_an_answer() {
        let last = UNIFORM_MAX;
        for mean in [0.0, 1e-300, 0.5, 745.0, MEAN_MAX] {
            let found = poisson_counts(&[0.0, last], &[mean]).expect("good");
            assert!(found[0] <= mean && found[1] <= mean + 9.0 * mean.sqrt() + 40.0, "{mean}: {found:?}");
        }
        assert_eq!(poisson_counts(&[0.3; 2], &[0.0]), Ok(vec![0.0; 2]));
        assert_eq!(poisson_counts(&[], &[]), Ok(vec![]));
    }

    #[test]
    fn what_is_no_probability_or_expectation_is_refused() {
        for (uniform, mean) in [(1.0, 1.0), (-0.1, 1.0), (f64::NAN, 1.0), (0.5, -1.0), (0.5, 1.1e7), (0.5, f64::NAN)] {
            assert!(poisson_counts(&[uniform], &[mean]).is_err());
        }
        assert!(poisson_counts(&[0.5; 3], &[1.0; 2]).is_err());
    }
}
