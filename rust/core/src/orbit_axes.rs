//! What the exposure needs of the rows of an orbit, in one pass: axis, place and cutoff.

use crate::Result;
use crate::attitude::{body_to_local, check_frame, local_to_inertial, matrix_at};
use crate::axis_livetime::STEP_MAX_S;
use crate::check::{CHUNK, all_finite, same_length, within};
use crate::cutoff::{Cone, DipoleKnots, check_position, cone_cutoff, dipole_knots, sign_of};
use crate::earth::{EARTH_ROTATION_RAD_S, geodetic_of, sidereal, turned};
use crate::states::{StateKnots, segment_of, state_in};
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
    within("half_angle_rad", setting.half_angle_rad, 0.0, std::f64::consts::PI)?;
    let sign = sign_of(setting.charge_sign)?;
    let dipole = dipole_knots(&setting.dipole)?;
    dipole.cover("time_s", time_s)?;
    check_position(knots.position_km)?;
    let mut mount = [0.0; 9];
    mount.copy_from_slice(setting.mounting);
    let angle = [setting.angle_rad[0], setting.angle_rad[1], setting.angle_rad[2]];
    let body = product(&body_to_local(&angle), &mount);
    let local_axis = [body[2], body[5], body[8]];
    let (sin_cone, cos_cone) = libm::sincos(setting.half_angle_rad);
    let cone = Cone { sign, sin: sin_cone, cos: cos_cone };
    // Within a row the Earth turns evenly.
    let (sin_offset, cos_offset) = libm::sincos(EARTH_ROTATION_RAD_S * setting.offset_s);
    let n = time_s.len();
    let mut out = OrbitAxes {
        sky: vec![[0.0; 3]; n],
        earth: vec![[0.0; 3]; n],
        place: vec![[0.0; 3]; n],
        cutoff_gv: vec![0.0; n],
    };
    out.sky
        .par_chunks_mut(CHUNK)
        .zip(out.earth.par_chunks_mut(CHUNK))
        .zip(out.place.par_chunks_mut(CHUNK).zip(out.cutoff_gv.par_chunks_mut(CHUNK)))
        .zip(time_s.par_chunks(CHUNK))
        .for_each(|(((sky, earth), (place, cutoff)), time)| {
            let mut segment = 0;
            for i in 0..time.len() {
                let t = time[i];
                segment = segment_of(knots, segment, t);
                let (position, velocity) = state_in(knots, segment, t);
                let momentum = cross(&position, &velocity);
                let axis = apply(&local_to_inertial(&position, &momentum), &local_axis);
                let rate = scaled(&momentum, 1.0 / norm2(&position));
                let to_sky = matrix_at(&frame, setting.knot_matrix, t);
                sky[i] = carried(&apply(&to_sky, &axis), &apply(&to_sky, &rate), setting.offset_s);
                let (sin, cos) = sidereal(t);
                earth[i] = turned(&turned(&carried(&axis, &rate, setting.offset_s), sin, cos), sin_offset, cos_offset);
                let here = turned(&position, sin, cos);
                place[i] = geodetic_of(&here);
                let direction = turned(&axis, sin, cos);
                cutoff[i] = cone_cutoff(&dipole, &setting.dipole, t, &here, &direction, cone);
            }
        });
    Ok(out)
}
