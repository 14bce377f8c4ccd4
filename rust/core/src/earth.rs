//! The Earth's rotation and shape: inertial to earth-fixed, earth-fixed to geodetic.

use crate::Result;
use crate::check::{CHUNK, all_directed, all_finite, all_finite_vectors, same_length};
use crate::vector::{Vector, quarter_turns, sin_cos_of_turn};
use rayon::prelude::*;

/// 2000-01-01 12:00 UTC as Unix time [s].
const J2000_UNIX_S: f64 = 946_728_000.0;
/// Rate of the sidereal angle at J2000 [rad/s] (Aoki et al. 1982, A&A 105, 359).
pub(crate) const EARTH_ROTATION_RAD_S: f64 = 7.292_115_855_306_589e-5;
/// WGS 84 equatorial radius [km] (NIMA TR8350.2).
pub(crate) const WGS84_A_KM: f64 = 6_378.137;
/// WGS 84 flattening (NIMA TR8350.2).
pub(crate) const WGS84_F: f64 = 1.0 / 298.257_223_563;

/// Sine and cosine of Greenwich mean sidereal time, IAU 1982 (Aoki et al., A&A 105, 359), with UT1 = UTC.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
#[must_use]
pub fn sidereal(time_s: f64) -> (f64, f64) {
    let since = time_s - J2000_UNIX_S;
    let t = since * (1.0 / (86_400.0 * 36_525.0));
    // Whole days drop out of the fast term exactly, so that no digits are lost to many turns.
    let day = since - (since * (1.0 / 86_400.0)).floor() * 86_400.0;
    let seconds = 67_310.548_41 + 8_640_184.812_866 * t + (0.093_104 - 6.2e-6 * t) * t * t + day;
    sin_cos_of_turn(seconds * (1.0 / 86_400.0))
}

/// Turn vectors from the true equator and mean equinox of date (TEME) to earth-fixed axes.
///
/// # Errors
/// Lengths that differ; a time or a component that is not finite.
pub fn teme_to_earth_fixed(time_s: &[f64], vector: &[Vector]) -> Result<Vec<Vector>> {
    spun(time_s, vector, 1.0)
}

/// Turn vectors from earth-fixed axes to the true equator and mean equinox of date (TEME).
///
/// # Errors
/// As [`teme_to_earth_fixed`].
pub fn earth_fixed_to_teme(time_s: &[f64], vector: &[Vector]) -> Result<Vec<Vector>> {
    spun(time_s, vector, -1.0)
}

fn spun(time_s: &[f64], vector: &[Vector], sense: f64) -> Result<Vec<Vector>> {
    same_length("vector", vector.len(), time_s.len())?;
    all_finite("time_s", time_s)?;
    all_finite_vectors("vector", vector)?;
    let mut out = vec![[0.0; 3]; vector.len()];
    out.par_chunks_mut(CHUNK).zip(time_s.par_chunks(CHUNK).zip(vector.par_chunks(CHUNK))).for_each(
        |(out, (time, vector))| {
            for ((o, t), v) in out.iter_mut().zip(time).zip(vector) {
                let (sin, cos) = sidereal(*t);
                *o = turned(v, sense * sin, cos);
            }
        },
    );
    Ok(out)
}

/// A vector in axes that are turned about z by an angle of this sine and cosine.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub(crate) fn turned(v: &Vector, sin: f64, cos: f64) -> Vector {
    [cos * v[0] + sin * v[1], cos * v[1] - sin * v[0], v[2]]
}

/// Geodetic longitude [deg, -180 to 180), latitude [deg] and altitude [km] above WGS 84 of earth-fixed positions [km].
///
/// Bowring's formula (1976, Survey Review 23, 323) with one step: good to 1e-9 deg and 1e-7 km below 2000 km.
///
/// # Errors
/// A position that is zero or not finite.
pub fn geodetic(position_km: &[Vector]) -> Result<Vec<Vector>> {
    all_directed("position_km", position_km)?;
    let mut out = vec![[0.0; 3]; position_km.len()];
    out.par_chunks_mut(CHUNK).zip(position_km.par_chunks(CHUNK)).for_each(|(out, position)| {
        for (o, p) in out.iter_mut().zip(position) {
            *o = geodetic_of(p);
        }
    });
    Ok(out)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub(crate) fn geodetic_of(p: &Vector) -> Vector {
    let b = WGS84_A_KM * (1.0 - WGS84_F);
    let e2 = WGS84_F * (2.0 - WGS84_F);
    let ep2 = e2 / (1.0 - e2);
    let rho = (p[0] * p[0] + p[1] * p[1]).sqrt();
    let r = (rho * rho + p[2] * p[2]).sqrt();
    // Bowring's parametric latitude, with his starting value for points off the surface.
    let (y, x) = (p[2] * b * (1.0 + ep2 * b / r), rho * WGS84_A_KM);
    let length = (x * x + y * y).sqrt();
    let (sin_u, cos_u) = (y / length, x / length);
    let up = p[2] + ep2 * b * (sin_u * sin_u * sin_u);
    let out = rho - e2 * WGS84_A_KM * (cos_u * cos_u * cos_u);
    let slope = (up * up + out * out).sqrt();
    let (sin, cos) = (up / slope, out / slope);
    let normal = WGS84_A_KM / (1.0 - e2 * sin * sin).sqrt();
    let altitude = rho * cos + p[2] * sin - normal * (1.0 - e2 * sin * sin);
    let longitude = quarter_turns(p[0], p[1]) * 90.0;
    let latitude = quarter_turns(out, up) * 90.0;
    [wrapped(longitude), wrapped(latitude), altitude]
}

#[inline]
fn wrapped(degrees: f64) -> f64 {
    if degrees >= 180.0 { degrees - 360.0 } else { degrees }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn geodetic_inverts_its_definition(lon in -180.0..179.9f64, lat in -90.0..90.0f64, h in 0.0..1000.0f64) {
            let (l, b) = (lon.to_radians(), lat.to_radians());
            let e2 = WGS84_F * (2.0 - WGS84_F);
            let n = WGS84_A_KM / (1.0 - e2 * b.sin() * b.sin()).sqrt();
            let p = [(n + h) * b.cos() * l.cos(), (n + h) * b.cos() * l.sin(), (n * (1.0 - e2) + h) * b.sin()];
            let found = geodetic(&[p]).expect("a finite position")[0];
            prop_assert!((found[1] - lat).abs() < 1e-9 && (found[2] - h).abs() < 1e-7, "{found:?}");
            prop_assert!(lat.abs() > 89.999 || (found[0] - lon).abs() < 1e-9, "{found:?}");
        }

        #[test]
        fn spinning_there_and_back_is_nothing(t in 0.0..2.0e9f64, v in prop::array::uniform3(-7000.0..7000.0f64)) {
            let there = teme_to_earth_fixed(&[t], &[v]).expect("finite");
            let back = earth_fixed_to_teme(&[t], &there).expect("finite")[0];
            for i in 0..3 { prop_assert!((back[i] - v[i]).abs() < 1e-11); }
        }
    }
}
