//! HEALPix pixels in RING order (Górski et al. 2005, ApJ 622, 759).

mod guess;

use crate::check::{CHUNK, all_directed, all_indices};
use crate::rounding::{greatest, least, whole};
use crate::vector::{Vector, norm2, quarter_turns};
use crate::{Error, Result};
use rayon::prelude::*;

/// Finest grid that the kernels take.
pub const NSIDE_MAX: i64 = 8192;

/// How far a squared length may be from 1 to count as near: what rotations leave of the tolerance of directions.
pub const NEAR_UNIT: f64 = 4e-6;

/// The numbers of one grid that every pixel needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    nside: i64,
    cap: i64,
    npix: i64,
}

impl Grid {
    /// Grid of the given resolution.
    ///
    /// # Errors
    /// [`Error::Rule`] if `nside` is not a power of two from 1 to [`NSIDE_MAX`].
    pub fn new(nside: i64) -> Result<Self> {
        if !(1..=NSIDE_MAX).contains(&nside) || nside & (nside - 1) != 0 {
            return Err(Error::Rule {
                place: "nside".into(),
                found: nside.to_string(),
                rule: format!("a power of two from 1 to {NSIDE_MAX} is wanted"),
            });
        }
        Ok(Self { nside, cap: 2 * nside * (nside - 1), npix: 12 * nside * nside })
    }

    /// Number of pixels.
    #[must_use]
    pub fn npix(&self) -> i64 {
        self.npix
    }

    /// Resolution.
    #[must_use]
    pub fn nside(&self) -> i64 {
        self.nside
    }

    /// Pixel that holds a direction of any length but zero.
    ///
    /// Belt and cap are both worked out and one is chosen, and whole numbers below 2^31 are kept as floats, which hold
    /// them exactly: a loop around this has neither branches nor conversions and is compiled to wide vectors. The
    /// formula that does not apply gives a number that means nothing.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    #[must_use]
    pub fn pixel(&self, v: &Vector) -> i32 {
        self.scaled_pixel(v, 1.0 / norm2(v).sqrt())
    }

    /// Pixel that holds a direction whose squared length is within [`NEAR_UNIT`] of 1: without a root or a quotient
    /// for the length.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    #[must_use]
    pub fn pixel_of_near_unit(&self, v: &Vector) -> i32 {
        // (1 + e)^(-1/2) by its series; the next term is 35/128 e^4, below 1e-20.
        let e = 1.0 - norm2(v);
        self.scaled_pixel(v, 1.0 + e * (0.5 + e * (0.375 + e * 0.3125)))
    }

    /// Pixel that holds a direction, by the formula of its own length.
    #[must_use]
    pub fn pixel_by_length(&self, v: &Vector) -> i32 {
        if (norm2(v) - 1.0).abs() <= NEAR_UNIT { self.pixel_of_near_unit(v) } else { self.pixel(v) }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    fn scaled_pixel(&self, v: &Vector, scale: f64) -> i32 {
        let turn = quarter_turns(v[0], v[1]);
        let z = v[2] * scale;
        let za = z.abs();
        let belt = self.belt_pixel(z, turn);
        let cap = self.cap_pixel(v, z, za, scale, turn);
        whole(if za <= 2.0 / 3.0 { belt } else { cap })
    }

    /// Equatorial belt: pixels lie between rising and falling lines of slope 1 in (quarter turns, 3 z / 4).
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    fn belt_pixel(&self, z: f64, turn: f64) -> f64 {
        let n = self.nside as f64;
        let across = n * (0.5 + turn);
        let up = n * (z * 0.75);
        let falling = (across - up).floor();
        let rising = (across + up).floor();
        // At |z| = 2/3 rounding may lead beyond the belt, where its numbers mean nothing.
        let ring = least(greatest(n + 1.0 + falling - rising, 1.0), 2.0 * n + 1.0);
        let shift = 1.0 - (ring - 2.0 * (0.5 * ring).floor());
        let place = (0.5 * (falling + rising + shift + 1.0 + 7.0 * n)).floor();
        // 4 n is a power of two: its inverse is exact.
        let place = place - 4.0 * n * (place * (0.25 / n)).floor();
        2.0 * n * (n - 1.0) + (ring - 1.0) * (4.0 * n) + place
    }

    /// Polar caps: ring number counts from the pole; near it, 1 - |z| is taken from the distance to the axis.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    fn cap_pixel(&self, v: &Vector, z: f64, za: f64, scale: f64, turn: f64) -> f64 {
        let n = self.nside as f64;
        let within = turn - turn.floor();
        // 1 - |z| = (x^2 + y^2) / (1 + |z|) of the unit vector, without cancellation.
        let near = (v[0] * v[0] + v[1] * v[1]) * (scale * scale) / (1.0 + za);
        let edge = n * (3.0 * if za < 0.99 { 1.0 - za } else { near }).sqrt();
        let rising = (within * edge).floor();
        let falling = ((1.0 - within) * edge).floor();
        // Likewise beyond the last ring of the cap.
        let ring = least(rising + falling + 1.0, n);
        let place = (turn * ring).floor();
        let north = 2.0 * ring * (ring - 1.0) + place;
        let south = 12.0 * n * n - 2.0 * ring * (ring + 1.0) + place;
        if z > 0.0 { north } else { south }
    }

    /// Unit vector to the centre of a pixel, which must lie in `0..npix`.
    #[must_use]
    pub fn centre(&self, pixel: i64) -> Vector {
        let mirrored = self.npix - 1 - pixel;
        let (z, rho, turn) = if pixel < self.cap {
            self.cap_centre(pixel, 1.0)
        } else if mirrored < self.cap {
            let (z, rho, turn) = self.cap_centre(mirrored, -1.0);
            (z, rho, 4.0 - turn)
        } else {
            self.belt_centre(pixel)
        };
        let angle = turn * std::f64::consts::FRAC_PI_2;
        let (sin, cos) = libm::sincos(angle);
        [rho * cos, rho * sin, z]
    }

    fn cap_centre(&self, pixel: i64, sign: f64) -> (f64, f64, f64) {
        let ring = i64::midpoint(1, ((1 + 2 * pixel) as u64).isqrt() as i64);
        let place = pixel - 2 * ring * (ring - 1);
        let drop = (ring * ring) as f64 * (4.0 / self.npix as f64);
        let turn = (place as f64 + 0.5) / ring as f64;
        (sign * (1.0 - drop), (drop * (2.0 - drop)).sqrt(), turn)
    }

    fn belt_centre(&self, pixel: i64) -> (f64, f64, f64) {
        let inside = pixel - self.cap;
        let ring = inside / (4 * self.nside) + self.nside;
        let place = inside % (4 * self.nside);
        let half = if (ring + self.nside) & 1 == 1 { 0.0 } else { 0.5 };
        let z = (2 * self.nside - ring) as f64 * (8 * self.nside) as f64 / self.npix as f64;
        let turn = (place as f64 + half) / self.nside as f64;
        (z, ((1.0 - z) * (1.0 + z)).sqrt(), turn)
    }

    /// Range of ring-ordered pixels of rings whose centres have `low <= z <= high`, widened by a ring on each side.
    #[must_use]
    pub fn band(&self, low: f64, high: f64) -> (i64, i64) {
        let top = self.ring_above(high);
        let bottom = self.ring_above(low) + 2;
        (self.ring_start(top), self.ring_start(bottom.min(4 * self.nside)))
    }

    /// A ring at or above the height `z`; rings count from 1.
    fn ring_above(&self, z: f64) -> i64 {
        let n = self.nside as f64;
        let za = z.abs().min(1.0);
        let ring = if za <= 2.0 / 3.0 {
            return ((n * (2.0 - 1.5 * z)) as i64).max(1);
        } else {
            (n * (3.0 * (1.0 - za)).sqrt()) as i64
        };
        if z > 0.0 { ring.max(1) } else { (4 * self.nside - ring - 1).max(1) }
    }

    /// First pixel of a ring; `npix` for the ring after the last.
    pub(crate) fn ring_start(&self, ring: i64) -> i64 {
        if ring <= self.nside {
            2 * ring * (ring - 1)
        } else if ring <= 3 * self.nside {
            self.cap + (ring - self.nside) * 4 * self.nside
        } else {
            let left = 4 * self.nside - ring;
            self.npix - 2 * left * (left + 1)
        }
    }
}

/// Pixel of each direction.
///
/// # Errors
/// [`Error::Rule`] if `nside` is no power of two in range, or a vector is zero or not finite.
pub fn vector_to_pixel(vector: &[Vector], nside: i64) -> Result<Vec<i64>> {
    let grid = Grid::new(nside)?;
    all_directed("vector", vector)?;
    let mut pixel = vec![0; vector.len()];
    pixel.par_chunks_mut(CHUNK).zip(vector.par_chunks(CHUNK)).for_each(|(pixel, vector)| {
        for (p, v) in pixel.iter_mut().zip(vector) {
            *p = i64::from(grid.pixel(v));
        }
    });
    Ok(pixel)
}

/// Unit vector to the centre of each pixel.
///
/// # Errors
/// [`Error::Rule`] if `nside` is no power of two in range; [`Error::OutOfRange`] if a pixel is not in `0..npix`.
pub fn pixel_to_vector(pixel: &[i64], nside: i64) -> Result<Vec<Vector>> {
    let grid = Grid::new(nside)?;
    all_indices("pixel", pixel, grid.npix)?;
    let mut vector = vec![[0.0; 3]; pixel.len()];
    vector.par_chunks_mut(CHUNK).zip(pixel.par_chunks(CHUNK)).for_each(|(vector, pixel)| {
        for (v, p) in vector.iter_mut().zip(pixel) {
            *v = grid.centre(*p);
        }
    });
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_centre_lies_in_its_pixel(order in 0..14_u32, share in 0.0..1.0f64) {
            let grid = Grid::new(1 << order).expect("a power of two");
            let pixel = ((grid.npix() as f64) * share) as i64;
            prop_assert_eq!(i64::from(grid.pixel(&grid.centre(pixel))), pixel);
        }

        #[test]
        fn length_does_not_matter(v in prop::array::uniform3(-1.0..1.0f64), order in 0..14_u32) {
            prop_assume!(norm2(&v) > 1e-6);
            let grid = Grid::new(1 << order).expect("a power of two");
            prop_assert_eq!(grid.pixel(&v), grid.pixel(&[4.0 * v[0], 4.0 * v[1], 4.0 * v[2]]));
        }

        #[test]
        fn pixels_are_those_of_cdshealpix(lon in 0.0..std::f64::consts::TAU, z in -1.0..1.0f64, order in 0..14_u8) {
            let rho = (1.0 - z * z).sqrt();
            let v = [rho * lon.cos(), rho * lon.sin(), z];
            let nside = 1_u32 << order;
            let theirs = cdshealpix::ring::hash(nside, lon, z.asin()) as i64;
            let grid = Grid::new(i64::from(nside)).expect("a power of two");
            // A random point within rounding of a border has a chance of 1e-12; none of the cases drawn is one.
            prop_assert_eq!(i64::from(grid.pixel(&v)), theirs);
        }

        #[test]
        fn a_band_holds_its_pixels(order in 0..8_u32, share in 0.0..1.0f64, below in 0.0..0.5f64, above in 0.0..0.5f64) {
            let grid = Grid::new(1 << order).expect("a power of two");
            let pixel = ((grid.npix() as f64) * share) as i64;
            let z = grid.centre(pixel)[2];
            let (first, last) = grid.band(z - below, z + above);
            prop_assert!((first..last).contains(&pixel));
        }
    }

    #[test]
    fn a_resolution_that_is_no_power_of_two_is_refused() {
        for nside in [0, -1, 3, 12, 16384] {
            assert!(Grid::new(nside).is_err());
        }
    }

    #[test]
    fn lists_are_worked_out_one_by_one() {
        // Centres of the base pixels: four about each pole at z = 2/3, four on the equator (Gorski et al. 2005).
        let centre = pixel_to_vector(&[0, 4, 11], 1).expect("pixels");
        let rho = 5.0_f64.sqrt() / 3.0 * 0.5_f64.sqrt();
        for (found, wanted) in centre.iter().zip([[rho, rho, 2.0 / 3.0], [1.0, 0.0, 0.0], [rho, -rho, -2.0 / 3.0]]) {
            assert!((0..3).all(|k| (found[k] - wanted[k]).abs() < 1e-15), "{found:?}");
        }
        assert_eq!(vector_to_pixel(&centre, 1), Ok(vec![0, 4, 11]));
        assert_eq!(
            pixel_to_vector(&[0, 12], 1).expect_err("12 pixels").to_string(),
            "pixel[1] = 12 is outside [0, 12)"
        );
        assert!(vector_to_pixel(&[[0.0; 3]], 1).expect_err("no direction").to_string().starts_with("vector[0] = "));
    }
}
