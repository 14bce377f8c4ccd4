//! What the exposure needs of the rows of an orbit, in one pass: axis, place and cutoff.

use crate::Result;
use crate::attitude::{body_to_local, check_frame, local_to_inertial};
use crate::axis_livetime::STEP_MAX_S;
use crate::check::{CHUNK, all_finite, same_length, within};
use crate::cutoff::{DipoleKnots, Shield, check_position};
use crate::earth::{EARTH_ROTATION_RAD_S, geodetic_of, sidereal, turned};
use crate::interpolation::{Knots, at_tile};
use crate::states::{StateKnots, segment_of, state_in};
use crate::tile::{Column, TILE, column, row, set_row, tile};
use crate::vector::{Matrix, Vector, apply, carried, cross, norm2, product, scaled};
use rayon::prelude::*;

/// Rows of an orbit as the exposure wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct OrbitAxes {
    /// Detector axis, `offset_s` after the start of each row, in the axes that the frame knots lead to.
    pub sky: Vec<Vector>,
    /// The same axis in earth-fixed axes.
    pub earth: Vec<Vector>,
    /// Longitude [deg], geodetic latitude [deg] and altitude [km] at the start of each row.
    pub place: Vec<Vector>,
    /// Cutoff at the start of each row, the greatest over the cone [GV].
    pub cutoff_gv: Vec<f64>,
}

/// How the detector sits on its orbit: attitude, mounting, frame, cutoff.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Yaw, pitch, roll [rad].
    pub angle_rad: &'a [f64],
    /// Detector to body, by rows.
    pub mounting: &'a [f64],
    /// Time from the start of a row to where its axis is taken [s].
    pub offset_s: f64,
    /// Knots of the frame [s].
    pub knot_time_s: &'a [f64],
    /// Rotations from the frame of the states.
    pub knot_matrix: &'a [Matrix],
    /// Half angle of the cone [rad].
    pub half_angle_rad: f64,
    /// Sign of the charge.
    pub charge_sign: i64,
    /// Eccentric dipole.
    pub dipole: DipoleKnots<'a>,
}

/// Axis, place and cutoff of each row; bit for bit what the kernels give that it puts together.
///
/// # Errors
/// As [`crate::states::interpolated_states`], [`crate::attitude::attitude_in_frame`] and
/// [`crate::cutoff::stormer_cutoff`].
pub fn orbit_axes(knots: &StateKnots<'_>, time_s: &[f64], setting: &Setting<'_>) -> Result<OrbitAxes> {
    crate::states::check(knots, time_s)?;
    same_length("angle_rad", setting.angle_rad.len(), 3)?;
    all_finite("angle_rad", setting.angle_rad)?;
    same_length("mounting", setting.mounting.len(), 9)?;
    all_finite("mounting", setting.mounting)?;
    within("offset_s", setting.offset_s, 0.0, STEP_MAX_S)?;
    let frame = check_frame(time_s, setting.knot_time_s, setting.knot_matrix)?;
    let shield = Shield::new(setting.half_angle_rad, setting.charge_sign, &setting.dipole)?;
    shield.cover(time_s)?;
    check_position(knots.position_km)?;
    let mut mount = [0.0; 9];
    mount.copy_from_slice(setting.mounting);
    let angle = [setting.angle_rad[0], setting.angle_rad[1], setting.angle_rad[2]];
    let body = product(&body_to_local(&angle), &mount);
    let local_axis = [body[2], body[5], body[8]];
    // Within a row the Earth turns evenly.
    let turn = libm::sincos(EARTH_ROTATION_RAD_S * setting.offset_s);
    let n = time_s.len();
    let mut out = OrbitAxes {
        sky: vec![[0.0; 3]; n],
        earth: vec![[0.0; 3]; n],
        place: vec![[0.0; 3]; n],
        cutoff_gv: vec![0.0; n],
    };
    let arch = pulp::Arch::new();
    out.sky
        .par_chunks_mut(CHUNK)
        .zip(out.earth.par_chunks_mut(CHUNK))
        .zip(out.place.par_chunks_mut(CHUNK).zip(out.cutoff_gv.par_chunks_mut(CHUNK)))
        .zip(time_s.par_chunks(CHUNK))
        .for_each(|(((sky, earth), (place, cutoff_gv)), time_s)| {
            let out = Out { sky, earth, place, cutoff_gv };
            arch.dispatch(Pass { knots, frame, setting, shield, local_axis, turn, time_s, out });
        });
    Ok(out)
}

/// Where a chunk's rows go.
struct Out<'a> {
    sky: &'a mut [Vector],
    earth: &'a mut [Vector],
    place: &'a mut [Vector],
    cutoff_gv: &'a mut [f64],
}

/// One chunk, to be compiled for each width of vectors.
struct Pass<'a> {
    knots: &'a StateKnots<'a>,
    frame: Knots<'a>,
    setting: &'a Setting<'a>,
    shield: Shield<'a>,
    local_axis: Vector,
    turn: (f64, f64),
    time_s: &'a [f64],
    out: Out<'a>,
}

impl pulp::WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self { knots, frame, setting, mut shield, local_axis, turn, time_s, out } = self;
        let (mut segment, mut interval) = (0, 0);
        for first in (0..time_s.len()).step_by(TILE) {
            let part = first..time_s.len().min(first + TILE);
            let time = column(&time_s[part.clone()]);
            let (mut at, mut moving): ([Column; 3], [Column; 3]) = ([[1.0; TILE]; 3], [[1.0; TILE]; 3]);
            for (j, t) in time_s[part.clone()].iter().enumerate() {
                segment = segment_of(knots, segment, *t);
                let (position, velocity) = state_in(knots, segment, *t);
                set_row(&mut at, j, &position);
                set_row(&mut moving, j, &velocity);
            }
            let matrix = at_tile(&frame, setting.knot_matrix, &time, &mut interval);
            let momentum = tile(|j| cross(&row(&at, j), &row(&moving, j)));
            let axis = tile(|j| apply(&local_to_inertial(&row(&at, j), &row(&momentum, j)), &local_axis));
            let rate = tile(|j| scaled(&row(&momentum, j), 1.0 / norm2(&row(&at, j))));
            let pointing = tile(|j| apply(&row(&matrix, j), &row(&axis, j)));
            let turning = tile(|j| apply(&row(&matrix, j), &row(&rate, j)));
            let sky = tile(|j| carried(&row(&pointing, j), &row(&turning, j), setting.offset_s));
            let spin = tile(|j| sidereal(time[j]).into());
            let later = tile(|j| carried(&row(&axis, j), &row(&rate, j), setting.offset_s));
            let earth = tile(|j| turned(&turned(&row(&later, j), spin[0][j], spin[1][j]), turn.0, turn.1));
            let here = tile(|j| turned(&row(&at, j), spin[0][j], spin[1][j]));
            let direction = tile(|j| turned(&row(&axis, j), spin[0][j], spin[1][j]));
            let cutoff_gv = shield.cutoff(&time, &here, &direction);
            let place = tile(|j| geodetic_of(&row(&here, j)));
            for (j, i) in part.clone().enumerate() {
                out.sky[i] = row(&sky, j);
                out.earth[i] = row(&earth, j);
                out.place[i] = row(&place, j);
            }
            let n = part.len();
            out.cutoff_gv[part].copy_from_slice(&cutoff_gv[..n]);
        }
    }
}

#[cfg(test)]
mod tests;
