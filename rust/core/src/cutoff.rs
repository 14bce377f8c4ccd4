//! The geomagnetic cutoff of Størmer in an eccentric dipole, and the one rule that gates events and seconds.

use crate::check::{CHUNK, all_finite, all_unit, all_within, at_least, first, rising, same_length, within};
use crate::interpolation::{Knots, at_tile};
use crate::rounding::{greatest, least};
use crate::tile::{Column, TILE, column, columns, row, tile};
use crate::vector::{Vector, cross, dot, norm2, scaled, unit};
use crate::{Error, Result};
use rayon::prelude::*;

/// Radius of the IGRF reference sphere [km] (IAGA).
const EARTH_RADIUS_KM: f64 = 6_371.2;
/// Positions nearer to the centre or further out than this [km] are mistakes of unit or frame.
const RADIUS_KM: (f64, f64) = (6_350.0, 100_000.0);
/// Most energy bins that a cutoff class can number.
pub const N_BIN_MAX: usize = 254;

/// Eccentric dipole at rising knots of time, earth-fixed.
#[derive(Debug, Clone, Copy)]
pub struct DipoleKnots<'a> {
    /// Times [s].
    pub time_s: &'a [f64],
    /// Strength c B0 R / 10^9 [GV].
    pub k_gv: &'a [f64],
    /// Centre [km].
    pub center_km: &'a [Vector],
    /// Unit vector to the north geomagnetic pole.
    pub pole: &'a [Vector],
}

/// Størmer cutoff [GV], the greatest over a cone of `half_angle_rad` about each direction (0: the direction itself).
///
/// `R = K cos^4 L / (r^2 (1 + sqrt(1 - Q cos(g) cos^3 L))^2)` rises with Q cos(g), the cosine to magnetic east
/// (west for Q = -1), so its maximum over a cone lies at the direction of the cone nearest to that horizon point.
///
/// # Errors
/// Lengths that differ; a direction that is no unit vector; a position outside 6350 to 100,000 km from the
/// centre; a charge sign that is not 1 or -1; knots that do not cover a time.
pub fn stormer_cutoff(
    time_s: &[f64],
    position_km: &[Vector],
    direction: &[Vector],
    half_angle_rad: f64,
    charge_sign: i64,
    dipole: &DipoleKnots<'_>,
) -> Result<Vec<f64>> {
    same_length("position_km", position_km.len(), time_s.len())?;
    same_length("direction", direction.len(), time_s.len())?;
    let shield = Shield::new(half_angle_rad, charge_sign, dipole)?;
    shield.cover(time_s)?;
    check_position(position_km)?;
    all_unit("direction", direction)?;
    let mut cutoff = vec![0.0; time_s.len()];
    cutoff
        .par_chunks_mut(CHUNK)
        .zip(time_s.par_chunks(CHUNK).zip(position_km.par_chunks(CHUNK)).zip(direction.par_chunks(CHUNK)))
        .for_each(|(cutoff, ((time, position), direction))| {
            pulp::Arch::new().dispatch(Pass { shield, time, position, direction, cutoff });
        });
    Ok(cutoff)
}

/// The directions of a charge over which the greatest cutoff is sought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cone {
    /// Sign of the charge.
    pub sign: f64,
    /// Sine of the half angle.
    pub sin: f64,
    /// Cosine of the half angle.
    pub cos: f64,
}

/// A dipole and a cone of directions in it, for tiles of rows that follow each other in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shield<'a> {
    knots: Knots<'a>,
    dipole: DipoleKnots<'a>,
    cone: Cone,
    /// Where the knots of the last tile were found.
    interval: [usize; 3],
}

impl<'a> Shield<'a> {
    /// Check the dipole and the cone.
    ///
    /// # Errors
    /// An angle beyond half a turn; a charge sign that is not 1 or -1; a dipole that is none.
    pub fn new(half_angle_rad: f64, charge_sign: i64, dipole: &DipoleKnots<'a>) -> Result<Self> {
        within("half_angle_rad", half_angle_rad, 0.0, std::f64::consts::PI)?;
        let (sin, cos) = libm::sincos(half_angle_rad);
        let cone = Cone { sign: sign_of(charge_sign)?, sin, cos };
        Ok(Self { knots: dipole_knots(dipole)?, dipole: *dipole, cone, interval: [0; 3] })
    }

    /// Refuse times that the dipole's knots do not cover.
    pub fn cover(&self, time_s: &[f64]) -> Result<()> {
        self.knots.cover("time_s", time_s)
    }

    /// Cutoffs of a tile of places and directions [GV].
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    pub fn cutoff(&mut self, time_s: &Column, position_km: &[Column; 3], direction: &[Column; 3]) -> Column {
        let strength: &[[f64; 1]] = self.dipole.k_gv.as_chunks().0;
        let [k_gv] = at_tile(&self.knots, strength, time_s, &mut self.interval[0]);
        let center = at_tile(&self.knots, self.dipole.center_km, time_s, &mut self.interval[1]);
        let pole = at_tile(&self.knots, self.dipole.pole, time_s, &mut self.interval[2]);
        let [cutoff] = tile(|j| {
            let (at, towards) = (row(position_km, j), row(direction, j));
            [cutoff_in(k_gv[j], &row(&center, j), &row(&pole, j), &at, &towards, self.cone)]
        });
        cutoff
    }
}

/// One chunk, to be compiled for each width of vectors.
struct Pass<'a> {
    shield: Shield<'a>,
    time: &'a [f64],
    position: &'a [Vector],
    direction: &'a [Vector],
    cutoff: &'a mut [f64],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    fn with_simd<S: pulp::Simd>(mut self, _simd: S) {
        for first in (0..self.cutoff.len()).step_by(TILE) {
            let part = first..self.cutoff.len().min(first + TILE);
            let time = column(&self.time[part.clone()]);
            let (at, towards) = (columns(&self.position[part.clone()]), columns(&self.direction[part.clone()]));
            let found = self.shield.cutoff(&time, &at, &towards);
            let n = part.len();
            self.cutoff[part].copy_from_slice(&found[..n]);
        }
    }
}

/// The sign of a charge as a number.
pub(crate) fn sign_of(charge_sign: i64) -> Result<f64> {
    match charge_sign {
        1 => Ok(1.0),
        -1 => Ok(-1.0),
        other => {
            Err(Error::Rule { place: "charge_sign".into(), found: other.to_string(), rule: "1 or -1 is wanted".into() })
        }
    }
}

/// Refuse positions that no satellite has.
pub(crate) fn check_position(position_km: &[Vector]) -> Result<()> {
    let too_far = |p: &Vector| !(RADIUS_KM.0.powi(2)..=RADIUS_KM.1.powi(2)).contains(&norm2(p));
    match first(position_km, too_far) {
        None => Ok(()),
        Some(i) => Err(Error::Rule {
            place: format!("position_km[{i}]"),
            found: format!("{:?}", position_km[i]),
            rule: format!("a distance of {} to {} km from the centre is wanted", RADIUS_KM.0, RADIUS_KM.1),
        }),
    }
}

pub(crate) fn dipole_knots<'a>(dipole: &DipoleKnots<'a>) -> Result<Knots<'a>> {
    let knots = Knots::new("dipole_time_s", dipole.time_s)?;
    same_length("dipole_k_gv", dipole.k_gv.len(), dipole.time_s.len())?;
    same_length("dipole_center_km", dipole.center_km.len(), dipole.time_s.len())?;
    same_length("dipole_pole", dipole.pole.len(), dipole.time_s.len())?;
    all_within("dipole_k_gv", dipole.k_gv, 0.0, 1e6)?;
    all_within("dipole_center_km", dipole.center_km.as_flattened(), -5000.0, 5000.0)?;
    all_unit("dipole_pole", dipole.pole)?;
    Ok(knots)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
fn cutoff_in(k_gv: f64, center: &Vector, pole: &Vector, position: &Vector, direction: &Vector, cone: Cone) -> f64 {
    let from = [position[0] - center[0], position[1] - center[1], position[2] - center[2]];
    let up = unit(&from);
    let r2 = norm2(&from) * (1.0 / (EARTH_RADIUS_KM * EARTH_RADIUS_KM));
    let east = cross(&unit(pole), &up);
    let cos2_latitude = norm2(&east);
    let cos_latitude = cos2_latitude.sqrt();
    // On the axis there is no east, but there the cutoff is zero whatever the direction.
    let towards = scaled(&east, cone.sign / greatest(cos_latitude, f64::MIN_POSITIVE));
    let cos_east = dot(direction, &towards) / norm2(direction).sqrt();
    let cos_east = least(greatest(cos_east, -1.0), 1.0);
    let turned = cos_east * cone.cos + greatest(1.0 - cos_east * cos_east, 0.0).sqrt() * cone.sin;
    let most = if cos_east >= cone.cos { 1.0 } else { turned };
    let root = 1.0 + greatest(1.0 - most * cos2_latitude * cos_latitude, 0.0).sqrt();
    k_gv * (cos2_latitude * cos2_latitude) / (r2 * (root * root))
}

/// Class of each second: its first energy bin whose lower edge is not below `factor` times the cutoff.
///
/// This is the one cutoff rule: a bin is open in a second if and only if its number is not below the class, and
/// events and exposure both ask that. A second in which no bin is open has the class `n_bin`.
///
/// # Errors
/// A cutoff or factor that is negative or not finite; edges that do not rise, or more than 254 bins.
pub fn cutoff_class(cutoff_gv: &[f64], factor: f64, energy_edge_gev: &[f64]) -> Result<Vec<u8>> {
    within("factor", factor, 0.0, 100.0)?;
    check_edges(energy_edge_gev)?;
    all_within("cutoff_gv", cutoff_gv, 0.0, 1e6)?;
    let lower = &energy_edge_gev[..energy_edge_gev.len() - 1];
    let class = |cutoff: &f64| {
        let least = factor * cutoff;
        lower.partition_point(|edge| *edge < least) as u8
    };
    Ok(cutoff_gv.par_iter().with_min_len(CHUNK).map(class).collect())
}

/// Refuse energy edges that are not positive and rising, or too many.
pub(crate) fn check_edges(energy_edge_gev: &[f64]) -> Result<()> {
    at_least("energy_edge_gev", energy_edge_gev.len(), 2)?;
    if energy_edge_gev.len() > N_BIN_MAX + 1 {
        return Err(Error::Length {
            name: "energy_edge_gev",
            found: energy_edge_gev.len(),
            wanted: format!("{} or fewer", N_BIN_MAX + 1),
        });
    }
    all_finite("energy_edge_gev", energy_edge_gev)?;
    all_within("energy_edge_gev", energy_edge_gev, f64::MIN_POSITIVE, f64::MAX)?;
    rising("energy_edge_gev", energy_edge_gev)
}

#[cfg(test)]
mod tests;
