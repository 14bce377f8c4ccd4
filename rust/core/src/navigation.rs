//! What each second means: orientation in the sky and cutoff on the Earth, in one pass.

use crate::Result;
use crate::attitude::{Attitude, FLAT, body_to_local, check_attitude, check_frame, local_to_inertial};
use crate::check::{CHUNK, finite, same_length};
use crate::cutoff::{DipoleKnots, Shield, check_position};
use crate::earth::{sidereal, turned};
use crate::interpolation::{Knots, at_tile};
use crate::tile::{Column, TILE, column, columns, row, set_row, tile};
use crate::vector::{Matrix, Vector, apply, cross, norm2, product, scaled};
use rayon::prelude::*;

/// Seconds as rows of a table.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Start of each second [s].
    pub time_s: &'a [f64],
    /// Inertial position [km].
    pub position_km: &'a [Vector],
    /// Inertial velocity [km/s].
    pub velocity_km_s: &'a [Vector],
    /// Yaw, pitch, roll of the body against the local vertical [rad].
    pub angle_rad: &'a [Vector],
}

/// How a detector lies, and what the Earth's field keeps from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Navigation {
    /// Orientation in the axes that the frame knots lead to.
    pub attitude: Attitude,
    /// Greatest cutoff over the cone about the axis [GV].
    pub cutoff_gv: Vec<f64>,
}

/// Orientation in the sky and cutoff of each second; bit for bit what [`crate::attitude::detector_attitude`],
/// [`crate::attitude::attitude_in_frame`], [`crate::earth::teme_to_earth_fixed`] and [`crate::cutoff::stormer_cutoff`]
/// give one after the other.
///
/// # Errors
/// As those four.
pub fn navigation(
    rows: &Rows<'_>,
    mounting: &[f64],
    knot_time_s: &[f64],
    knot_matrix: &[Matrix],
    half_angle_rad: f64,
    charge_sign: i64,
    dipole: &DipoleKnots<'_>,
) -> Result<Navigation> {
    let n = rows.time_s.len();
    same_length("position_km", rows.position_km.len(), n)?;
    let refusal = || check_attitude(rows.position_km, rows.velocity_km_s, rows.angle_rad, mounting);
    let frame = check_frame(rows.time_s, knot_time_s, knot_matrix).or_else(|fault| refusal().and(Err(fault)))?;
    let mut mount = [0.0; 9];
    if rows.velocity_km_s.len() == n && rows.angle_rad.len() == n && mounting.len() == 9 {
        mount.copy_from_slice(mounting);
    } else {
        mount = refusal()?;
    }
    let shield = Shield::new(half_angle_rad, charge_sign, dipole)?;
    shield.cover(rows.time_s)?;
    let setting = Setting { mount, frame, matrix: knot_matrix, shield };
    let attitude = Attitude { rotation: vec![[0.0; 9]; n], rate: vec![[0.0; 3]; n] };
    let mut out = Navigation { attitude, cutoff_gv: vec![0.0; n] };
    let good = out
        .attitude
        .rotation
        .par_chunks_mut(CHUNK)
        .zip(out.attitude.rate.par_chunks_mut(CHUNK))
        .zip(out.cutoff_gv.par_chunks_mut(CHUNK))
        .enumerate()
        .map(|(chunk, ((rotation, rate), cutoff_gv))| {
            let part = chunk * CHUNK..chunk * CHUNK + rotation.len();
            let rows = Rows {
                time_s: &rows.time_s[part.clone()],
                position_km: &rows.position_km[part.clone()],
                velocity_km_s: &rows.velocity_km_s[part.clone()],
                angle_rad: &rows.angle_rad[part],
            };
            pulp::Arch::new().dispatch(Pass { setting: &setting, rows, rotation, rate, cutoff_gv })
        })
        .reduce(|| true, |a, b| a & b);
    if !(good && finite(mounting)) {
        // Something has no attitude: look again, one column after the other, for what to say.
        let _ = refusal()?;
    }
    check_position(rows.position_km)?;
    Ok(out)
}

/// What all rows have in common.
struct Setting<'a> {
    mount: Matrix,
    frame: Knots<'a>,
    matrix: &'a [Matrix],
    shield: Shield<'a>,
}

/// One chunk, to be compiled for each width of vectors.
struct Pass<'a> {
    setting: &'a Setting<'a>,
    rows: Rows<'a>,
    rotation: &'a mut [Matrix],
    rate: &'a mut [Vector],
    cutoff_gv: &'a mut [f64],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = bool;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> bool {
        let Self { setting, rows, rotation, rate, cutoff_gv } = self;
        let mut shield = setting.shield;
        let (mut interval, mut body) = (0, Body::new(setting.mount));
        let mut good = true;
        for first in (0..rows.time_s.len()).step_by(TILE) {
            let part = first..rows.time_s.len().min(first + TILE);
            good &= body.take(&rows.angle_rad[part.clone()]);
            let time = column(&rows.time_s[part.clone()]);
            let frame = at_tile(&setting.frame, setting.matrix, &time, &mut interval);
            let (at, moving) = (columns(&rows.position_km[part.clone()]), columns(&rows.velocity_km_s[part.clone()]));
            let momentum = tile(|j| cross(&row(&at, j), &row(&moving, j)));
            let fit = tile(|j| [f64::from(fit(&row(&at, j), &row(&moving, j), &row(&momentum, j)))]);
            good &= fit[0].iter().all(|fit| *fit > 0.0);
            let local = tile(|j| local_to_inertial(&row(&at, j), &row(&momentum, j)));
            let inertial = tile(|j| product(&row(&local, j), &row(&body.column, j)));
            let spin = tile(|j| sidereal(time[j]).into());
            let position_km = tile(|j| turned(&row(&at, j), spin[0][j], spin[1][j]));
            let axis = tile(|j| turned(&[inertial[2][j], inertial[5][j], inertial[8][j]], spin[0][j], spin[1][j]));
            let cutoff = shield.cutoff(&time, &position_km, &axis);
            cutoff_gv[part.clone()].copy_from_slice(&cutoff[..part.len()]);
            let sky = tile(|j| product(&row(&frame, j), &row(&inertial, j)));
            let turning = tile(|j| apply(&row(&frame, j), &scaled(&row(&momentum, j), 1.0 / norm2(&row(&at, j)))));
            for (j, i) in part.enumerate() {
                rotation[i] = row(&sky, j);
                rate[i] = row(&turning, j);
            }
        }
        good
    }
}

/// Detector to local vertical, which changes with the angles only.
struct Body {
    mount: Matrix,
    /// The angles, where they are the same in all rows of the columns.
    everywhere: Option<Vector>,
    matrix: Matrix,
    column: [Column; 9],
}

impl Body {
    fn new(mount: Matrix) -> Self {
        Self { mount, everywhere: None, matrix: [0.0; 9], column: [[0.0; TILE]; 9] }
    }

    /// Fill the columns for the angles of a tile, and say whether those are finite.
    fn take(&mut self, angle_rad: &[Vector]) -> bool {
        if angle_rad.iter().all(|angle| Some(*angle) == self.everywhere) {
            return true;
        }
        let mut last = None;
        for (j, angle) in angle_rad.iter().enumerate() {
            if Some(*angle) != last {
                last = Some(*angle);
                self.matrix = product(&body_to_local(angle), &self.mount);
            }
            set_row(&mut self.column, j, &self.matrix);
        }
        self.everywhere = last.filter(|last| angle_rad.iter().all(|angle| Some(*angle) == Some(*last)));
        if self.everywhere.is_some() {
            self.column = self.matrix.map(|element| [element; TILE]);
        }
        finite(angle_rad.as_flattened())
    }
}

/// Whether a position and a velocity are finite and span a plane.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
fn fit(at: &Vector, moving: &Vector, momentum: &Vector) -> bool {
    let (distance2, speed2) = (norm2(at), norm2(moving));
    let mut good = distance2 >= f64::MIN_POSITIVE;
    good &= distance2 < f64::MAX;
    good &= speed2 < f64::MAX;
    good &= norm2(momentum) > FLAT * distance2 * speed2;
    good
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attitude::{attitude_in_frame, detector_attitude};
    use crate::cutoff::stormer_cutoff;
    use crate::earth::teme_to_earth_fixed;
    use proptest::prelude::*;

    const TURN: Matrix = [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];

    proptest! {
        // Lengths beside those of tiles, and angles that change within one.
        #[test]
        fn one_pass_has_the_bits_of_the_kernels_one_after_the_other(
            n in 1..200_usize, phase in 0.0..6.0f64, tilt in 0.0..3.0f64, change in 0..200_usize,
            angle in prop::array::uniform3(-3.0..3.0f64), cone in 0.0..1.0f64, positive: bool,
        ) {
            let place = |i: usize, ahead: f64, size: f64| {
                let (sin, cos) = (phase + ahead + 1.13e-3 * i as f64).sin_cos();
                [size * cos, size * sin * tilt.cos(), size * sin * tilt.sin()]
            };
            let time_s: Vec<f64> = (0..n).map(|i| 1.4e9 + i as f64).collect();
            let position_km: Vec<Vector> = (0..n).map(|i| place(i, 0.0, 6780.0)).collect();
            let velocity_km_s: Vec<Vector> = (0..n).map(|i| place(i, std::f64::consts::FRAC_PI_2, 7.66)).collect();
            let angle_rad: Vec<Vector> = (0..n).map(|i| if i < change { angle } else { [0.1, -0.2, 0.3] }).collect();
            let rows = Rows {
                time_s: &time_s, position_km: &position_km, velocity_km_s: &velocity_km_s, angle_rad: &angle_rad,
            };
            let (knot_s, knots) = ([1.4e9, 1.4e9 + 90.5, 1.4e9 + 500.0], [TURN, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], TURN]);
            let dipole = DipoleKnots {
                time_s: &[1.3e9, 1.5e9], k_gv: &[57.0, 58.0], center_km: &[[-400.0, 300.0, 200.0]; 2],
                pole: &[[0.0, 0.0, 1.0]; 2],
            };
            let sign = if positive { 1 } else { -1 };
            let start = detector_attitude(&position_km, &velocity_km_s, &angle_rad, &TURN).expect("an orbit");
            let attitude = attitude_in_frame(&time_s, &start.rotation, &start.rate, &knot_s, &knots).expect("knots");
            let up: Vec<Vector> = start.rotation.iter().map(|m| [m[2], m[5], m[8]]).collect();
            let position = teme_to_earth_fixed(&time_s, &position_km).expect("times");
            let axis = teme_to_earth_fixed(&time_s, &up).expect("times");
            let cutoff_gv = stormer_cutoff(&time_s, &position, &axis, cone, sign, &dipole).expect("a dipole");
            let whole = navigation(&rows, &TURN, &knot_s, &knots, cone, sign, &dipole).expect("good rows");
            prop_assert_eq!(whole, Navigation { attitude, cutoff_gv });
        }
    }

    #[test]
    fn a_row_without_a_plane_is_refused_by_its_number() {
        let (along, across) = ([7.0, 0.0, 0.0], [0.0, 7.0, 0.0]);
        let mut velocity = vec![across; 100];
        velocity[77] = along;
        let rows = Rows {
            time_s: &(0..100).map(f64::from).collect::<Vec<_>>(),
            position_km: &[[7000.0, 0.0, 0.0]; 100],
            velocity_km_s: &velocity,
            angle_rad: &[[0.0; 3]; 100],
        };
        let dipole = DipoleKnots {
            time_s: &[0.0, 100.0],
            k_gv: &[57.0; 2],
            center_km: &[[0.0; 3]; 2],
            pole: &[[0.0, 0.0, 1.0]; 2],
        };
        let error = navigation(&rows, &TURN, &[0.0, 100.0], &[TURN; 2], 0.5, 1, &dipole).expect_err("a fall");
        assert!(error.to_string().contains("velocity_km_s[77]"), "{error}");
    }
}
