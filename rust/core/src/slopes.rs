//! Maxima of many dipole likelihoods: Newton's method inside the region where the flux is positive.
#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the vectors chosen at run time")]

use crate::Result;
use crate::check::{all_finite, all_within, same_length, within};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use sums::{LANES, Lanes, Sky, Square};

mod sums;

/// Most components that are fitted together.
pub const COMPONENTS_MAX: usize = 24;
/// A step shorter than this many standard errors ends the search: Newton's error squares at each step.
const STEP_TOLERANCE: f64 = 1e-8;
/// So does one that changes no pixel's flux by more than this share, and with it the information by twice as much.
const FLUX_TOLERANCE: f64 = 1e-8;
/// Damped Newton took 3 to 10 steps in 4,000 random skies, some within 1 % of the edge.
const ITERATION_MAX: i64 = 100;
/// Relative flux at which a search has run into the edge of the physical region.
const LOWEST_FLUX: f64 = 1e-9;
/// 1 - 1 / sqrt(2): a full step that takes no more than this share of any pixel's flux cannot lose.
const SAFE_FALL: f64 = 0.292_893_218_813_452_4;

/// No maximum was found: the search ran into the edge of the physical region, or did not end.
pub const NO_MAXIMUM: i64 = -1;
/// The point found is no maximum: the information there is not positive definite.
pub const NOT_CONCAVE: i64 = -2;

/// Maxima of some skies, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Slopes {
    /// Components of each sky.
    pub slope: Vec<f64>,
    /// `sum W p p^T` at the maximum, `p = d / (1 + r . d)`; all rows of each sky's matrix.
    pub information: Vec<f64>,
    /// `sum W2 p p^T` at the maximum.
    pub squared: Vec<f64>,
    /// Newton steps taken, or why there is no maximum: [`NO_MAXIMUM`], [`NOT_CONCAVE`]; then all else is zero.
    pub status: Vec<i64>,
}

/// Maximise `k sum_j W_j ln(1 + r . d_j) - r^T P r / 2` over r for each sky.
///
/// # Arguments
/// `counts` W and `squared` W2 have a row of `npix` numbers for each sky, `scale` has one k for each; `offset` has the
/// `n` components of d for each pixel, less their mean over the reference; `moment` (n x n) is the mean of d d^T over
/// the reference, and `penalty` P (n x n) the inverse covariance of constraints, 0 where there are none.
///
/// # Errors
/// Lengths that differ, no component or too many, a value that is not finite, a scale that is not above 0, squared
/// weights below 0.
pub fn maximum_slopes(
    counts: &[f64],
    squared: &[f64],
    offset: &[f64],
    n: usize,
    moment: &[f64],
    scale: &[f64],
    penalty: &[f64],
) -> Result<Slopes> {
    within("components", n as f64, 1.0, COMPONENTS_MAX as f64)?;
    let npix = offset.len() / n;
    same_length("offset", offset.len(), npix * n)?;
    same_length("counts", counts.len(), scale.len() * npix)?;
    same_length("squared", squared.len(), counts.len())?;
    same_length("moment", moment.len(), n * n)?;
    same_length("penalty", penalty.len(), n * n)?;
    // Unit weights come as one array: what holds for squares holds for it.
    if !std::ptr::eq(counts, squared) || all_within("squared", squared, 0.0, f64::MAX).is_err() {
        all_finite("counts", counts)?;
        all_within("squared", squared, 0.0, f64::MAX)?;
    }
    all_finite("offset", offset)?;
    all_finite("moment", moment)?;
    all_within("scale", scale, f64::MIN_POSITIVE, f64::MAX)?;
    all_finite("penalty", penalty)?;
    let problem = Problem { npix, n, offset, moment, penalty };
    Ok(match n {
        1..=3 => all_skies::<3>(&problem, counts, squared, scale),
        4..=8 => all_skies::<8>(&problem, counts, squared, scale),
        9..=16 => all_skies::<16>(&problem, counts, squared, scale),
        _ => all_skies::<COMPONENTS_MAX>(&problem, counts, squared, scale),
    })
}

/// What all skies share.
struct Problem<'a> {
    npix: usize,
    n: usize,
    offset: &'a [f64],
    moment: &'a [f64],
    penalty: &'a [f64],
}

fn all_skies<const K: usize>(problem: &Problem<'_>, counts: &[f64], squared: &[f64], scale: &[f64]) -> Slopes {
    let (npix, n) = (problem.npix, problem.n);
    let mut tiles = vec![[[0.0; LANES]; K]; npix.div_ceil(LANES)];
    for (pixel, row) in problem.offset.chunks_exact(n).enumerate() {
        for (a, value) in row.iter().enumerate() {
            tiles[pixel / LANES][a][pixel % LANES] = *value;
        }
    }
    let longest =
        problem.offset.chunks_exact(n).map(|row| row.iter().map(|d| d * d).sum::<f64>()).fold(0.0, f64::max).sqrt();
    // Components beyond n have no offset; a one on the diagonal keeps them at zero.
    let (moment, penalty) = (padded::<K>(problem.moment, n, 1.0), padded::<K>(problem.penalty, n, 0.0));
    let arch = Arch::new();
    let found: Vec<Found<K>> = (0..scale.len())
        .into_par_iter()
        .map_init(
            || (Vec::new(), Vec::new()),
            |(spare, spare2), sky| {
                let rows = sky * npix..(sky + 1) * npix;
                let weights = rows_of(&counts[rows.clone()], spare);
                // Unit weights come as one array, for which the two sums are the same to the last bit.
                let unit = std::ptr::eq(counts, squared);
                let weights2 = if unit { weights } else { rows_of(&squared[rows], spare2) };
                let sums = Sky { tiles: &tiles, counts: weights, squared: weights2, longest, n };
                // Wide vectors where the machine has them: the same sums in the same order, and so the same bits.
                arch.dispatch(Search { sky: &sums, moment: &moment, penalty: &penalty, scale: scale[sky] })
            },
        )
        .collect();
    let mut out = Slopes { slope: Vec::new(), information: Vec::new(), squared: Vec::new(), status: Vec::new() };
    for sky in &found {
        out.slope.extend_from_slice(&sky.slope[..n]);
        out.status.push(sky.status);
        for a in 0..n {
            out.information.extend_from_slice(&sky.information[a][..n]);
            out.squared.extend_from_slice(&sky.squared[a][..n]);
        }
    }
    out
}

fn padded<const K: usize>(matrix: &[f64], n: usize, diagonal: f64) -> Square<K> {
    let mut out = [[0.0; K]; K];
    for (a, row) in out.iter_mut().enumerate() {
        if a < n {
            row[..n].copy_from_slice(&matrix[a * n..(a + 1) * n]);
        } else {
            row[a] = diagonal;
        }
    }
    out
}

struct Found<const K: usize> {
    slope: [f64; K],
    information: Square<K>,
    squared: Square<K>,
    status: i64,
}

struct Search<'a, const K: usize> {
    sky: &'a Sky<'a, K>,
    moment: &'a Square<K>,
    penalty: &'a Square<K>,
    scale: f64,
}

impl<const K: usize> WithSimd for Search<'_, K> {
    type Output = Found<K>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Found<K> {
        match S::F64_LANES {
            8 => self.search(Lanes::<S, 1>(simd)),
            4 => self.search(Lanes::<S, 2>(simd)),
            2 => self.search(Lanes::<S, 4>(simd)),
            _ => self.search(Lanes::<S, 8>(simd)),
        }
    }
}

impl<const K: usize> Search<'_, K> {
    #[inline(always)]
    fn search<S: Simd, const R: usize>(&self, v: Lanes<S, R>) -> Found<K> {
        let Self { sky, moment, penalty, scale } = *self;
        let (total, least) = sky.total(v);
        let expected: Square<K> =
            std::array::from_fn(|a| std::array::from_fn(|b| scale * total * moment[a][b] + penalty[a][b]));
        let expected = cholesky(&expected, sky.n);
        // From isotropy the information of the reference gives a step as good as Newton's, for a tenth of the work.
        let mut slope = [0.0; K];
        if let Some(factor) = &expected {
            let step = solved(factor, &sky.pull(v).map(|g| scale * g), sky.n);
            let fraction = sky.fraction(v, &slope, &step, 1.0);
            slope = step.map(|s| fraction * s);
        }
        let mut status = NO_MAXIMUM;
        let mut information = [[0.0; K]; K];
        for iteration in 1..=ITERATION_MAX {
            let (pull, lowest);
            (pull, information, lowest) = sky.sums(v, &slope);
            if lowest < LOWEST_FLUX {
                break;
            }
            let gradient: [f64; K] = std::array::from_fn(|a| scale * pull[a] - dot(&penalty[a], &slope));
            let curvature: Square<K> =
                std::array::from_fn(|a| std::array::from_fn(|b| scale * information[a][b] + penalty[a][b]));
            // Signed weights may bend the likelihood upwards: there the information of the reference gives the step.
            let concave = cholesky(&curvature, sky.n);
            let factor = concave.or(expected);
            let Some(factor) = factor else { break };
            let step = solved(&factor, &gradient, sky.n);
            let length = dot(&gradient, &step).max(0.0).sqrt();
            // Counts that are not negative: along the step the information changes by no more than 2 / (1 - share) of the
            // share of a pixel's flux, and what is left of the step is its product with that.
            let small = least >= 0.0 && length < 1.0 && sky.most(&step) < FLUX_TOLERANCE * lowest;
            if length < STEP_TOLERANCE || small {
                status = if concave.is_some() { iteration } else { NOT_CONCAVE };
                for a in 0..K {
                    slope[a] += step[a];
                }
                break;
            }
            let fraction = sky.fraction(v, &slope, &step, lowest);
            for a in 0..K {
                slope[a] += fraction * step[a];
            }
        }
        if status < 0 {
            return Found { slope: [0.0; K], information: [[0.0; K]; K], squared: [[0.0; K]; K], status };
        }
        let unit = std::ptr::eq(sky.counts, sky.squared);
        let squared = if unit { information } else { sky.squares(v, &slope) };
        Found { slope, information, squared, status }
    }
}

/// Share of a Newton step that is sure to gain, for counts that are not negative.
///
/// Along the step the second derivative grows at most as `1 / (1 - t fall)^2`, so that the gain is at least
/// `length^2 (t - t^2 / (2 (1 - t fall)^2))`: positive for a full step up to [`SAFE_FALL`], and at least half of
/// `t length^2` for the root of `t = (1 - t fall)^2`, which stays inside the region.
fn damping(fall: f64) -> f64 {
    if fall <= SAFE_FALL { 1.0 } else { 2.0 / (2.0 * fall + 1.0 + (4.0 * fall + 1.0).sqrt()) }
}

/// Rows of `LANES` numbers: the numbers themselves, or a copy padded with zeros where they do not fill the last row.
fn rows_of<'a>(values: &'a [f64], spare: &'a mut Vec<[f64; LANES]>) -> &'a [[f64; LANES]] {
    let (rows, rest) = values.as_chunks();
    if rest.is_empty() {
        return rows;
    }
    spare.clear();
    spare.extend_from_slice(rows);
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    spare.push(last);
    spare
}

#[inline(always)]
fn dot<const K: usize>(a: &[f64; K], b: &[f64; K]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Lower triangle L with L L^T the leading n x n block of a matrix; none if that is not positive definite.
fn cholesky<const K: usize>(matrix: &Square<K>, n: usize) -> Option<Square<K>> {
    let mut lower = [[0.0; K]; K];
    for a in 0..n {
        for b in 0..=a {
            let known: f64 = lower[a][..b].iter().zip(&lower[b][..b]).map(|(x, y)| x * y).sum();
            let rest = matrix[a][b] - known;
            if b < a {
                lower[a][b] = rest / lower[b][b];
            } else if rest > 0.0 && rest < f64::MAX {
                lower[a][a] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(lower)
}

fn solved<const K: usize>(lower: &Square<K>, right: &[f64; K], n: usize) -> [f64; K] {
    let mut out = [0.0; K];
    for a in 0..n {
        let mut rest = right[a];
        for b in 0..a {
            rest -= lower[a][b] * out[b];
        }
        out[a] = rest / lower[a][a];
    }
    for a in (0..n).rev() {
        let mut rest = out[a];
        for b in a + 1..n {
            rest -= lower[b][a] * out[b];
        }
        out[a] = rest / lower[a][a];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AXES: [f64; 18] = [1., 0., 0., -1., 0., 0., 0., 1., 0., 0., -1., 0., 0., 0., 1., 0., 0., -1.];
    const THIRD: [f64; 9] = [1. / 3., 0., 0., 0., 1. / 3., 0., 0., 0., 1. / 3.];

    proptest! {
        #[test]
        fn six_axes_have_the_answer_of_three_coins(counts in prop::array::uniform6(1.0..1e4f64)) {
            let found = maximum_slopes(&counts, &counts, &AXES, 3, &THIRD, &[1.0], &[0.0; 9]).expect("good");
            prop_assert!(found.status[0] > 0);
            for a in 0..3 {
                let (plus, minus) = (counts[2 * a], counts[2 * a + 1]);
                prop_assert!((found.slope[a] - (plus - minus) / (plus + minus)).abs() < 1e-12);
            }
        }

        #[test]
        fn bits_are_the_same_for_any_width_of_vectors(
            counts in prop::collection::vec(0.0..50.0f64, 96), directions in prop::collection::vec(-1.0..1.0f64, 288)
        ) {
            let tiles: Vec<[[f64; LANES]; 3]> = directions
                .chunks_exact(3 * LANES)
                .map(|d| std::array::from_fn(|a| std::array::from_fn(|i| d[a * LANES + i])))
                .collect();
            let rows = counts.as_chunks().0;
            let sky = Sky { tiles: &tiles, counts: rows, squared: rows, longest: 2.0, n: 3 };
            let third = std::array::from_fn(|a| std::array::from_fn(|b| THIRD[3 * a + b]));
            let search = || Search { sky: &sky, moment: &third, penalty: &[[0.0; 3]; 3], scale: 1.0 };
            let (wide, narrow) = (Arch::new().dispatch(search()), search().with_simd(pulp::Scalar));
            prop_assert_eq!(wide.slope.map(f64::to_bits), narrow.slope.map(f64::to_bits));
            prop_assert_eq!(wide.information.map(|r| r.map(f64::to_bits)), narrow.information.map(|r| r.map(f64::to_bits)));
            prop_assert_eq!(wide.status, narrow.status);
        }

        #[test]
        fn a_likelihood_never_falls_along_a_damped_step(
            counts in prop::array::uniform6(0.0..1e3f64), start in prop::array::uniform3(-0.9..0.9f64)
        ) {
            prop_assume!(counts.iter().sum::<f64>() > 1.0);
            let mut tile = [[0.0; LANES]; 3];
            for (j, axis) in AXES.chunks_exact(3).enumerate() {
                for a in 0..3 { tile[a][j] = axis[a]; }
            }
            let tiles = [tile];
            let mut padded = [0.0; LANES];
            padded[..6].copy_from_slice(&counts);
            let sky = Sky { tiles: &tiles, counts: &[padded], squared: &[padded], longest: 1.0, n: 3 };
            let value = |r: &[f64; 3]| -> f64 {
                (0..6).map(|j| counts[j] * (1.0 + (0..3).map(|a| r[a] * AXES[3 * j + a]).sum::<f64>()).ln()).sum()
            };
            let v = Lanes::<_, LANES>(pulp::Scalar);
            let (gradient, information, _) = sky.sums(v, &start);
            if let Some(factor) = cholesky(&information, 3) {
                let step = solved(&factor, &gradient, 3);
                let t = damping(sky.fall(v, &start, &step));
                let there = std::array::from_fn(|a| start[a] + t * step[a]);
                prop_assert!(value(&there) >= value(&start) - 1e-9 * value(&start).abs());
            }
        }
    }

    #[test]
    fn what_has_no_maximum_says_so() {
        let one_side = [5.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let upside_down = [-1.0, -1.0, 4.0, 4.0, 4.0, 4.0];
        for (counts, status) in [(one_side, NO_MAXIMUM), (upside_down, NOT_CONCAVE)] {
            let found = maximum_slopes(&counts, &[1.0; 6], &AXES, 3, &THIRD, &[1.0], &[0.0; 9]).expect("good");
            assert_eq!(found.status[0], status, "{found:?}");
        }
    }

    #[test]
    fn a_constraint_holds_a_component_back() {
        let counts = [130.0, 70.0, 100.0, 100.0, 100.0, 100.0];
        let mut penalty = [0.0; 9];
        penalty[0] = 1e12;
        let found = maximum_slopes(&counts, &counts, &AXES, 3, &THIRD, &[1.0], &penalty).expect("good");
        assert!(found.slope[0].abs() < 1e-9);
    }

    #[test]
    fn bad_arguments_are_refused() {
        let good = [1.0; 6];
        assert!(maximum_slopes(&good[1..], &good, &AXES, 3, &THIRD, &[1.0], &[0.0; 9]).is_err());
        assert!(maximum_slopes(&good, &[-1.0; 6], &AXES, 3, &THIRD, &[1.0], &[0.0; 9]).is_err());
        assert!(maximum_slopes(&good, &good, &AXES, 3, &THIRD, &[0.0], &[0.0; 9]).is_err());
        assert!(maximum_slopes(&good, &good, &AXES, 3, &THIRD, &[f64::NAN], &[0.0; 9]).is_err());
        assert!(maximum_slopes(&good, &good, &[], 0, &[], &[1.0], &[]).is_err());
    }
}
