//! A field, a floor and a limit, checked: what all trajectories of a call share.

use super::run::Run;
use super::{End, Limits, Start};
use crate::check::{first, within};
use crate::earth::{WGS84_A_KM, WGS84_F};
use crate::igrf::{EARTH_RADIUS_KM, Field};
use crate::vector::{Vector, norm2, scaled};
use crate::{Error, Result};
use pulp::Arch;

/// Depth below the floor, in F of [`Floor`], that rounding of a start on the floor itself may reach.
pub(super) const ROUNDING: f64 = 1e-9;

/// F(x) = across (x^2 + y^2) + along z^2 - 1: zero on the ellipsoid whose half axes are those of WGS 84 plus the floor's altitude.
///
/// It departs from the surface of constant altitude by less than h f / 2 x f = 6e-6 h: 3 m at 500 km.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    pub(super) across: f64,
    pub(super) along: f64,
}

/// A field and limits, checked.
#[derive(Debug, Clone)]
pub(crate) struct Tracer {
    pub(super) field: Field,
    pub(super) floor: Floor,
    pub(super) escape2: f64,
    escape_radius_km: f64,
    floor_altitude_km: f64,
    pub(super) per_bound2: f64,
    pub(super) first_bend: f64,
    pub(super) path_max: f64,
    pub(super) n_step_max: f64,
}

impl Tracer {
    pub fn new(coefficients_nt: &[f64], limits: &Limits) -> Result<Self> {
        within("floor_altitude_km", limits.floor_altitude_km, -100.0, 50_000.0)?;
        within("escape_radius_km", limits.escape_radius_km, WGS84_A_KM + limits.floor_altitude_km, 1e6)?;
        within("error_bound", limits.error_bound, 1e-12, 1e-2)?;
        within("path_max_km", limits.path_max_km, f64::MIN_POSITIVE, 1e9)?;
        within("n_step_max", limits.n_step_max as f64, 1.0, 1e9)?;
        let axis = |half: f64| EARTH_RADIUS_KM / (half + limits.floor_altitude_km);
        let (across, along) = (axis(WGS84_A_KM), axis(WGS84_A_KM * (1.0 - WGS84_F)));
        Ok(Self {
            field: Field::new(coefficients_nt, limits.loss_nt)?,
            floor: Floor { across: across * across, along: along * along },
            escape2: (limits.escape_radius_km / EARTH_RADIUS_KM).powi(2),
            escape_radius_km: limits.escape_radius_km,
            floor_altitude_km: limits.floor_altitude_km,
            per_bound2: 1.0 / (limits.error_bound * limits.error_bound),
            // Turning by this angle in a uniform field costs about the bound: the first step, cut or grown later.
            first_bend: 2.0 * libm::pow(limits.error_bound, 0.2),
            path_max: limits.path_max_km / EARTH_RADIUS_KM,
            n_step_max: limits.n_step_max as f64,
        })
    }

    pub fn check_starts(&self, name: &str, position_km: &[Vector]) -> Result<()> {
        let wrong = |p: &Vector| {
            let x = scaled(p, 1.0 / EARTH_RADIUS_KM);
            !(self.height(&x) >= -ROUNDING && norm2(&x) <= self.escape2)
        };
        match first(position_km, wrong) {
            None => Ok(()),
            Some(i) => Err(Error::Rule {
                place: format!("{name}[{i}]"),
                found: format!("{:?}", position_km[i]),
                rule: format!(
                    "a start at {} km above WGS 84 or higher and within {} km of the centre is wanted",
                    self.floor_altitude_km, self.escape_radius_km
                ),
            }),
        }
    }

    pub(super) fn height(&self, x: &Vector) -> f64 {
        self.floor.across * (x[0] * x[0] + x[1] * x[1]) + self.floor.along * (x[2] * x[2]) - 1.0
    }

    /// Trace all `starts`, which must have been checked, on the calling thread.
    pub fn run(&self, starts: &[Start], ends: &mut [End]) {
        Arch::new().dispatch(Run { tracer: self, starts, ends, seen: &mut |_| () });
    }
}
