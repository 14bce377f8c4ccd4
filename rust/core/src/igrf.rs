//! The Earth's main field from Gauss coefficients, regular at the poles.
//!
//! With the reference radius R as unit of length the potential is Re sum C I with I = q (x + i y)^m and
//! q = r^-(n+m+1) d^m P(n) / du^m (u = z / r), C = k (g - i h), k^2 = (2 - \[m = 0\]) (n - m)! / (n + m)!
//! (Schmidt). Every Cartesian component of the gradient is again harmonic and one degree higher,
//!
//! * dI(n, m)/dz = -(n - m + 1) I(n+1, m),
//! * (d/dx + i d/dy) I(n, m) = -I(n+1, m+1),
//! * (d/dx - i d/dy) I(n, m) = (n - m + 2) (n - m + 1) I(n+1, m-1), for m > 0
//!
//! (Cunningham 1970, Celestial Mechanics 2, 207), so its coefficients are made once, and a point costs one upward
//! recursion in n for each m and six sums. Scaled to a leading factor 1 the recursion is
//! p(n+1) = (z / r^2) p(n) - (n + m) (n - m) / ((2n + 1) (2n - 1)) p(n-1) / r^2. Nothing divides by the distance from the axis.
#![allow(clippy::inline_always)]

use crate::check::{CHUNK, all_finite, first, within};
use crate::lanes::{LANES_MAX, Lanes, dot};
use crate::vector::{Vector, norm2};
use crate::{Error, Result};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Radius of the IGRF reference sphere [km] (IAGA).
pub const EARTH_RADIUS_KM: f64 = 6_371.2;
/// Highest degree of the IGRF (Alken et al. 2021, Earth Planets Space 73, 49).
pub const DEGREE_MAX: usize = 13;
/// The sources lie below the first radius [km] (core and mantle, PREM); beyond the second the internal field is not the field.
const RADIUS_KM: (f64, f64) = (3_480.0, 1e6);
/// Rows of a table by degree: the gradient is one degree higher than the potential.
pub(crate) const ROWS: usize = DEGREE_MAX + 2;

/// Factor of the recursion and the weights of the real and imaginary part in x, y and z.
type Term = [f64; 7];

/// A field ready for synthesis.
#[derive(Debug, Clone)]
pub struct Field {
    /// `terms[m][n - m]` for harmonics of degree n.
    terms: Vec<Vec<Term>>,
    /// Squared radius in units of R below which harmonics of degree n count; falls with n.
    reach2: [f64; ROWS],
    /// Degree of the gradient.
    top: usize,
}

impl Field {
    /// Prepare Gauss coefficients g10, g11, h11, g20, g21, h21, ... \[nT\].
    ///
    /// Terms of the potential above degree N are left out from the radius on where the bound
    /// `sum_(n > N) (n + 1) G_n (R/r)^(n+2)`, `G_n^2 = sum_m g^2 + h^2`, on what they can add falls below
    /// `loss_nt (R/r)^2`. The bound holds in every direction: by the addition theorem the squares of the Schmidt
    /// functions of one degree sum to 1 and those of their surface gradients to n (n + 1), evenly in both directions.
    ///
    /// # Errors
    /// A number of coefficients that is not N (N + 2) with N from 1 to 13; a coefficient that is not finite; a
    /// loss that is negative or not finite.
    pub fn new(coefficients_nt: &[f64], loss_nt: f64) -> Result<Self> {
        let degree = (1..=DEGREE_MAX).find(|n| n * (n + 2) == coefficients_nt.len()).ok_or_else(|| Error::Length {
            name: "coefficients_nt",
            found: coefficients_nt.len(),
            wanted: "N (N + 2) with N from 1 to 13".into(),
        })?;
        all_finite("coefficients_nt", coefficients_nt)?;
        within("loss_nt", loss_nt, 0.0, f64::MAX)?;
        let top = degree + 1;
        Ok(Self { terms: terms(coefficients_nt, degree), reach2: reach2(coefficients_nt, degree, loss_nt), top })
    }

    /// Highest degree of the gradient that counts at any radius beyond the root of `r2`.
    #[inline(always)]
    pub(crate) fn top_at(&self, r2: f64) -> usize {
        let mut top = self.top;
        while top > 2 && r2 >= self.reach2[top] {
            top -= 1;
        }
        top
    }
}

/// Weights of the gradient of minus the potential.
fn terms(coefficients_nt: &[f64], degree: usize) -> Vec<Vec<Term>> {
    // complex[m][n][axis] multiplies I(n, m).
    let mut complex = vec![[[[0.0; 2]; 3]; ROWS]; ROWS];
    let mut add = |m: usize, n: usize, axis: usize, re: f64, im: f64| {
        complex[m][n][axis][0] += re;
        complex[m][n][axis][1] += im;
    };
    let mut given = coefficients_nt.iter().copied();
    for n in 1..=degree {
        let mut k2 = 1.0;
        for m in 0..=n {
            if m > 0 {
                k2 *= if m == 1 { 2.0 } else { 1.0 } / ((n + m) * (n - m + 1)) as f64;
            }
            let k = f64::sqrt(k2);
            // B is minus the gradient of Re sum C I, hence the sign; C = re + i im.
            let re = -k * given.next().unwrap_or(0.0);
            let im = if m > 0 { k * given.next().unwrap_or(0.0) } else { 0.0 };
            let down = (n - m + 1) as f64;
            add(m, n + 1, 2, -down * re, -down * im);
            if m == 0 {
                add(1, n + 1, 0, -re, 0.0);
                add(1, n + 1, 1, 0.0, re);
            } else {
                let back = 0.5 * down * (n - m + 2) as f64;
                add(m + 1, n + 1, 0, -0.5 * re, -0.5 * im);
                add(m + 1, n + 1, 1, -0.5 * im, 0.5 * re);
                add(m - 1, n + 1, 0, back * re, back * im);
                add(m - 1, n + 1, 1, -back * im, back * re);
            }
        }
    }
    let mut table = Vec::with_capacity(ROWS);
    for (m, complex) in complex.iter().enumerate().take(degree + 2) {
        let mut row = Vec::with_capacity(degree + 2 - m);
        // Leading factor of q: (2m - 1)!! at n = m, times (2n + 1) / (n - m + 1) from n to n + 1.
        let mut scale = (1..=m).fold(1.0, |product, i| product * (2 * i - 1) as f64);
        for (n, c) in complex.iter().enumerate().take(degree + 2).skip(m) {
            let beta = if n <= m + 1 {
                0.0
            } else {
                // Of the step from n - 1 to n.
                let (l, m) = ((n - 1) as f64, m as f64);
                (l + m) * (l - m) / ((2.0 * l + 1.0) * (2.0 * l - 1.0))
            };
            let sum = |axis: usize, part: usize| scale * c[axis][part];
            // Re (C I) = Re C Re I - Im C Im I; at m = 0 the imaginary part of I is zero.
            row.push([beta, sum(0, 0), -sum(0, 1), sum(1, 0), -sum(1, 1), sum(2, 0), -sum(2, 1)]);
            scale *= (2 * n + 1) as f64 / (n - m + 1) as f64;
        }
        table.push(row);
    }
    table
}

/// Squared radius at which each degree stops to count.
fn reach2(coefficients_nt: &[f64], degree: usize, loss_nt: f64) -> [f64; ROWS] {
    let mut reach2 = [f64::INFINITY; ROWS];
    if loss_nt <= 0.0 {
        return reach2;
    }
    let strength: Vec<f64> =
        (1..=degree).map(|n| norm_of(&coefficients_nt[(n - 1) * (n + 1)..n * (n + 2)]) * (n + 1) as f64).collect();
    for least in 2..=degree {
        // What degrees from `least` on can add at r, against loss (R/r)^2: falls with r.
        let left_out = |r: f64| -> f64 {
            (least..=degree).map(|n| strength[n - 1] * (0..n).fold(1.0, |power, _| power / r)).sum()
        };
        let (mut low, mut high) = (0.5, 1e3);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if left_out(middle) > loss_nt { low = middle } else { high = middle }
        }
        reach2[least + 1] = high * high;
    }
    reach2
}

fn norm_of(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Factors of the recursion to one degree, in whole cache lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Step<S: Simd>([Lanes<S>; 3]);

/// Field \[nT\] in each lane at positions in units of R.
#[inline(always)]
pub(crate) fn field_in<S: Simd>(field: &Field, position: &[Lanes<S>; 3]) -> [Lanes<S>; 3] {
    let [x, y, z] = *position;
    let zero = x.like(0.0);
    let one = x.like(1.0);
    let r2 = dot(position, position);
    let rr = one / r2;
    let (xx, yy, zz) = (x * rr, y * rr, z * rr);
    let (top, sure) = (field.top_at(r2.least()), field.top_at(r2.greatest()));
    // A lane beyond the reach of a degree takes zeros there, which add nothing to its sums. Up to `sure` none is.
    let mut steps = [Step([zz, rr, one]); ROWS];
    for (step, reach2) in steps[..=top].iter_mut().zip(&field.reach2).skip(sure + 1) {
        let counts = r2.below(x.like(*reach2));
        step.0 = [counts.choose(zz, zero), counts.choose(rr, zero), counts.choose(one, zero)];
    }
    let mut power = [rr.sqrt(), zero];
    let mut sum = [zero; 3];
    for (m, terms) in field.terms[..=top].iter().enumerate() {
        let mut before = zero;
        let mut p = steps[m].0[2];
        let mut part = [zero; 6];
        for (part, weight) in part.iter_mut().zip(&terms[0][1..]) {
            *part = p * *weight;
        }
        for (step, term) in steps[m + 1..=top].iter().zip(&terms[1..]) {
            // What waits for `p` is one fused step; the product with `before` is ready earlier.
            let next = step.0[0].mul_add(p, step.0[1] * before * -term[0]);
            before = p;
            p = next;
            for (part, weight) in part.iter_mut().zip(&term[1..]) {
                *part = p.mul_add(p.like(*weight), *part);
            }
        }
        for axis in 0..3 {
            sum[axis] = power[1].mul_add(part[2 * axis + 1], power[0].mul_add(part[2 * axis], sum[axis]));
        }
        power = [power[0] * xx - power[1] * yy, power[0] * yy + power[1] * xx];
    }
    sum
}

/// Magnetic field \[nT\] at earth-fixed positions \[km\], in the same axes, from Gauss coefficients \[nT\].
///
/// `loss_nt` 0 takes every degree everywhere; otherwise degrees are left out where [`Field::new`] bounds the loss.
///
/// # Errors
/// As [`Field::new`]; a position nearer to the centre than 3480 km or further than 10^6 km, or not finite.
pub fn magnetic_field(position_km: &[Vector], coefficients_nt: &[f64], loss_nt: f64) -> Result<Vec<Vector>> {
    let field = Field::new(coefficients_nt, loss_nt)?;
    let wrong = |p: &Vector| !(RADIUS_KM.0.powi(2)..=RADIUS_KM.1.powi(2)).contains(&norm2(p));
    if let Some(i) = first(position_km, wrong) {
        return Err(Error::Rule {
            place: format!("position_km[{i}]"),
            found: format!("{:?}", position_km[i]),
            rule: format!("a distance of {} to {} km from the centre is wanted", RADIUS_KM.0, RADIUS_KM.1),
        });
    }
    let arch = Arch::new();
    let mut out = vec![[0.0; 3]; position_km.len()];
    out.par_chunks_mut(CHUNK).zip(position_km.par_chunks(CHUNK)).for_each(|(out, position_km)| {
        arch.dispatch(Points { field: &field, position_km, unit_km: EARTH_RADIUS_KM, out });
    });
    Ok(out)
}

/// The field at many points of one machine's width.
pub(crate) struct Points<'a> {
    pub field: &'a Field,
    pub position_km: &'a [Vector],
    pub unit_km: f64,
    pub out: &'a mut [Vector],
}

impl WithSimd for Points<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (position, out) in self.position_km.chunks(S::F64_LANES).zip(self.out.chunks_mut(S::F64_LANES)) {
            // Lanes without a point stand on the axis, one radius out.
            let mut columns = [[0.0; LANES_MAX], [0.0; LANES_MAX], [1.0; LANES_MAX]];
            for (i, p) in position.iter().enumerate() {
                for axis in 0..3 {
                    columns[axis][i] = p[axis] / self.unit_km;
                }
            }
            let found = field_in(self.field, &columns.map(|column| Lanes::load(simd, &column))).map(Lanes::array);
            for (i, out) in out.iter_mut().enumerate() {
                *out = [found[0][i], found[1][i], found[2][i]];
            }
        }
    }
}

#[cfg(test)]
// Bits are compared on purpose.
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coefficients(degree: usize) -> Vec<f64> {
        // Strength by degree as in the Earth's field; signs and sizes from a fixed sequence.
        (1..=degree)
            .flat_map(|n| {
                (0..=2 * n).map(move |i| {
                    let size = 30_000.0 * 0.3_f64.powi(n as i32 - 1);
                    size * (((n * 37 + i * 101) % 17) as f64 / 8.0 - 1.0)
                })
            })
            .collect()
    }

    fn place() -> impl Strategy<Value = Vector> {
        (prop::array::uniform3(-1.0..1.0f64), 6371.2..200_000.0f64)
            .prop_filter("a direction", |(v, _)| norm2(v) > 1e-3)
            .prop_map(|(v, r)| crate::vector::scaled(&crate::vector::unit(&v), r))
    }

    proptest! {
        #[test]
        fn the_axial_dipole_is_its_formula(p in place()) {
            let found = magnetic_field(&[p], &[-30_000.0, 0.0, 0.0], 0.0).expect("good input")[0];
            let r = norm2(&p).sqrt();
            // B = g R^3 / r^5 (3 z r - r^2 e_z)
            let factor = -30_000.0 * (EARTH_RADIUS_KM / r).powi(3);
            let expected = [3.0 * p[2] * p[0] / (r * r), 3.0 * p[2] * p[1] / (r * r), 3.0 * p[2] * p[2] / (r * r) - 1.0];
            for i in 0..3 { prop_assert!((found[i] - factor * expected[i]).abs() <= 1e-11 * factor.abs()); }
        }

        #[test]
        fn the_field_has_no_sources_and_no_curl(p in place()) {
            let g = coefficients(13);
            let r = norm2(&p).sqrt();
            let h = 1e-4 * r;
            let size = norm2(&magnetic_field(&[p], &g, 0.0).expect("good input")[0]).sqrt() + 1e5 * (EARTH_RADIUS_KM / r).powi(3);
            let d = |i: usize, j: usize| {
                let (mut ahead, mut behind) = (p, p);
                ahead[j] += h;
                behind[j] -= h;
                let found = magnetic_field(&[ahead, behind], &g, 0.0).expect("good input");
                (found[0][i] - found[1][i]) / (2.0 * h) * r
            };
            prop_assert!((d(0, 0) + d(1, 1) + d(2, 2)).abs() < 1e-4 * size);
            prop_assert!((d(0, 1) - d(1, 0)).abs() < 1e-4 * size);
            prop_assert!((d(1, 2) - d(2, 1)).abs() < 1e-4 * size);
            prop_assert!((d(2, 0) - d(0, 2)).abs() < 1e-4 * size);
        }

        #[test]
        fn the_loss_keeps_its_bound(p in place(), loss in 1e-3..100.0f64) {
            let g = coefficients(13);
            let all = magnetic_field(&[p], &g, 0.0).expect("good input")[0];
            let some = magnetic_field(&[p], &g, loss).expect("good input")[0];
            let gap = norm2(&[all[0] - some[0], all[1] - some[1], all[2] - some[2]]).sqrt();
            let bound = loss * EARTH_RADIUS_KM * EARTH_RADIUS_KM / norm2(&p);
            prop_assert!(gap <= bound * (1.0 + 1e-9) + 1e-9, "{gap} {bound}");
        }

        #[test]
        fn a_point_has_the_same_bits_beside_any_other(points in prop::collection::vec(place(), 1..40), loss in 0.0..10.0f64) {
            let g = coefficients(13);
            let together = magnetic_field(&points, &g, loss).expect("good input");
            for (p, b) in points.iter().zip(&together) {
                prop_assert_eq!(magnetic_field(&[*p], &g, loss).expect("good input")[0], *b);
            }
            let field = Field::new(&g, loss).expect("good input");
            let mut scalar = vec![[0.0; 3]; points.len()];
            Points { field: &field, position_km: &points, unit_km: EARTH_RADIUS_KM, out: &mut scalar }.with_simd(pulp::Scalar);
            prop_assert_eq!(scalar, together);
        }
    }

    #[test]
    fn bad_input_is_refused() {
        let wrong = |p: Vector, g: &[f64], loss: f64| magnetic_field(&[p], g, loss).is_err();
        let here = [7000.0, 0.0, 0.0];
        assert!(!wrong(here, &[1.0, 0.0, 0.0], 0.0));
        assert!(wrong([0.0; 3], &[1.0, 0.0, 0.0], 0.0));
        assert!(wrong([f64::NAN, 7000.0, 0.0], &[1.0, 0.0, 0.0], 0.0));
        assert!(wrong(here, &[1.0, 0.0], 0.0));
        assert!(wrong(here, &[1.0, f64::INFINITY, 0.0], 0.0));
        assert!(wrong(here, &[1.0, 0.0, 0.0], -1.0));
    }
}
