//! Sums over the pixels of one sky, eight pixels at a time on every machine, so that the bits are the same on all.
#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the vectors chosen at run time")]

use super::{SAFE_FALL, damping, dot};
use pulp::Simd;
use std::array::from_fn;

/// Pixels that are worked on at a time: the widest vector there is.
pub const LANES: usize = 8;

pub type Square<const K: usize> = [[f64; K]; K];
/// Components of the offset of [`LANES`] pixels.
pub type Tile<const K: usize> = [[f64; LANES]; K];

/// Arithmetic on [`LANES`] numbers in R vectors.
#[derive(Clone, Copy)]
pub struct Lanes<S, const R: usize>(pub S);

#[expect(clippy::unused_self, reason = "loads and stores are called as the arithmetic is")]
impl<S: Simd, const R: usize> Lanes<S, R> {
    #[inline(always)]
    fn all(self, value: f64) -> [S::f64s; R] {
        [self.0.splat_f64s(value); R]
    }

    #[inline(always)]
    fn load(self, from: &[f64; LANES]) -> [S::f64s; R] {
        let (vectors, _) = S::as_simd_f64s(from);
        from_fn(|r| vectors[r])
    }

    #[inline(always)]
    fn stored(self, values: [S::f64s; R]) -> [f64; LANES] {
        let mut out = [0.0; LANES];
        S::as_mut_simd_f64s(&mut out).0.copy_from_slice(&values);
        out
    }

    #[inline(always)]
    fn sum(self, values: [S::f64s; R]) -> f64 {
        self.stored(values).iter().sum()
    }

    #[inline(always)]
    fn add(self, a: [S::f64s; R], b: [S::f64s; R]) -> [S::f64s; R] {
        from_fn(|r| self.0.add_f64s(a[r], b[r]))
    }

    #[inline(always)]
    fn mul(self, a: [S::f64s; R], b: [S::f64s; R]) -> [S::f64s; R] {
        from_fn(|r| self.0.mul_f64s(a[r], b[r]))
    }

    #[inline(always)]
    fn div(self, a: [S::f64s; R], b: [S::f64s; R]) -> [S::f64s; R] {
        from_fn(|r| self.0.div_f64s(a[r], b[r]))
    }

    #[inline(always)]
    fn min(self, a: [S::f64s; R], b: [S::f64s; R]) -> [S::f64s; R] {
        from_fn(|r| self.0.min_f64s(a[r], b[r]))
    }

    #[inline(always)]
    fn max(self, a: [S::f64s; R], b: [S::f64s; R]) -> [S::f64s; R] {
        from_fn(|r| self.0.max_f64s(a[r], b[r]))
    }

    #[inline(always)]
    fn components<const K: usize>(self, tile: &Tile<K>) -> [[S::f64s; R]; K] {
        from_fn(|a| self.load(&tile[a]))
    }

    /// `1 + r . d`.
    #[inline(always)]
    fn flux<const K: usize>(self, slope: &[f64; K], d: &[[S::f64s; R]; K]) -> [S::f64s; R] {
        let mut flux = self.all(1.0);
        for a in 0..K {
            flux = self.add(flux, self.mul(self.all(slope[a]), d[a]));
        }
        flux
    }
}

/// The pixels of one sky.
pub struct Sky<'a, const K: usize> {
    pub tiles: &'a [Tile<K>],
    pub counts: &'a [[f64; LANES]],
    pub squared: &'a [[f64; LANES]],
    /// Length of the longest offset.
    pub longest: f64,
    /// Components that are fitted, at most K.
    pub n: usize,
}

impl<const K: usize> Sky<'_, K> {
    /// Sum and least of the weights; the least is at most 0.
    #[inline(always)]
    pub fn total<S: Simd, const R: usize>(&self, v: Lanes<S, R>) -> (f64, f64) {
        let (mut sum, mut least) = (v.all(0.0), v.all(0.0));
        for counts in self.counts {
            let counts = v.load(counts);
            (sum, least) = (v.add(sum, counts), v.min(least, counts));
        }
        (v.sum(sum), v.stored(least).iter().copied().fold(0.0, f64::min))
    }

    /// Sum of `W d`.
    #[inline(always)]
    pub fn pull<S: Simd, const R: usize>(&self, v: Lanes<S, R>) -> [f64; K] {
        let mut sum = [v.all(0.0); K];
        for (tile, counts) in self.tiles.iter().zip(self.counts) {
            let counts = v.load(counts);
            for a in 0..K {
                sum[a] = v.add(sum[a], v.mul(counts, v.load(&tile[a])));
            }
        }
        sum.map(|s| v.sum(s))
    }

    /// Sums of `W p` and `W p p^T`, and the lowest flux.
    #[inline(always)]
    pub fn sums<S: Simd, const R: usize>(&self, v: Lanes<S, R>, slope: &[f64; K]) -> ([f64; K], Square<K>, f64) {
        let mut gradient = [v.all(0.0); K];
        let mut information = [[v.all(0.0); K]; K];
        let mut lowest = v.all(f64::INFINITY);
        for (tile, counts) in self.tiles.iter().zip(self.counts) {
            let d = v.components(tile);
            let flux = v.flux(slope, &d);
            lowest = v.min(lowest, flux);
            let inverse = v.div(v.all(1.0), flux);
            let bent = v.mul(v.load(counts), inverse);
            for a in 0..K {
                let pull = v.mul(bent, d[a]);
                gradient[a] = v.add(gradient[a], pull);
                let pulled = v.mul(pull, inverse);
                for b in 0..=a {
                    information[a][b] = v.add(information[a][b], v.mul(pulled, d[b]));
                }
            }
        }
        let lowest = v.stored(lowest).iter().copied().fold(f64::INFINITY, f64::min);
        (gradient.map(|g| v.sum(g)), mirrored(v, &information), lowest)
    }

    /// Sum of `W2 p p^T`.
    #[inline(always)]
    pub fn squares<S: Simd, const R: usize>(&self, v: Lanes<S, R>, slope: &[f64; K]) -> Square<K> {
        let mut sum = [[v.all(0.0); K]; K];
        for (tile, squared) in self.tiles.iter().zip(self.squared) {
            let d = v.components(tile);
            let flux = v.flux(slope, &d);
            let bent = v.div(v.load(squared), v.mul(flux, flux));
            for a in 0..K {
                let pulled = v.mul(bent, d[a]);
                for b in 0..=a {
                    sum[a][b] = v.add(sum[a][b], v.mul(pulled, d[b]));
                }
            }
        }
        mirrored(v, &sum)
    }

    /// Most by which a step can change the flux of a pixel.
    pub fn most(&self, step: &[f64; K]) -> f64 {
        dot(step, step).sqrt() * self.longest
    }

    /// Share of a step to take; pixels are looked at only where the longest offset could lose too much.
    #[inline(always)]
    pub fn fraction<S: Simd, const R: usize>(
        &self,
        v: Lanes<S, R>,
        slope: &[f64; K],
        step: &[f64; K],
        lowest: f64,
    ) -> f64 {
        if self.most(step) <= SAFE_FALL * lowest { 1.0 } else { damping(self.fall(v, slope, step)) }
    }

    /// Greatest share of a pixel's flux that a step would take.
    #[inline(always)]
    pub fn fall<S: Simd, const R: usize>(&self, v: Lanes<S, R>, slope: &[f64; K], step: &[f64; K]) -> f64 {
        let mut most = v.all(0.0);
        let back = step.map(|s| -s);
        for tile in self.tiles {
            let d = v.components(tile);
            let mut change = v.all(0.0);
            for a in 0..K {
                change = v.add(change, v.mul(v.all(back[a]), d[a]));
            }
            most = v.max(most, v.div(change, v.flux(slope, &d)));
        }
        v.stored(most).iter().copied().fold(0.0, f64::max)
    }
}

#[inline(always)]
fn mirrored<S: Simd, const R: usize, const K: usize>(v: Lanes<S, R>, lower: &[[[S::f64s; R]; K]; K]) -> Square<K> {
    from_fn(|a| from_fn(|b| v.sum(lower[a.max(b)][a.min(b)])))
}
