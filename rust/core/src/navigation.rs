//! What each second means: orientation in the sky, place and axis on the Earth, in one pass.

use crate::Result;
use crate::attitude::{Attitude, FLAT, body_to_local, check_attitude, check_frame, local_to_inertial};
use crate::check::{CHUNK, finite, same_length};
use crate::earth::{sidereal, turned};
use crate::interpolation::Knots;
use crate::interpolation::at_tile;
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

/// Where a detector is and how it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Navigation {
    /// Orientation in the axes that the frame knots lead to.
    pub attitude: Attitude,
    /// Earth-fixed position [km].
    pub position_km: Vec<Vector>,
    /// Earth-fixed axis of the detector.
    pub axis: Vec<Vector>,
}

/// Orientation in the sky, earth-fixed position and axis of each second; bit for bit what
/// [`crate::attitude::detector_attitude`], [`crate::attitude::attitude_in_frame`] and
/// [`crate::earth::teme_to_earth_fixed`] give one after the other.
///
/// # Errors
/// As those three.
pub fn navigation(
    rows: &Rows<'_>,
    mounting: &[f64],
    knot_time_s: &[f64],
    knot_matrix: &[Matrix],
) -> Result<Navigation> {
    let n = rows.time_s.len();
    same_length("position_km", rows.position_km.len(), n)?;
    let refusal = || check_attitude(rows.position_km, rows.velocity_km_s, rows.angle_rad, mounting);
    let frame = check_frame(rows.time_s, knot_time_s, knot_matrix).or_else(|fault| refusal().and(Err(fault)))?;
    let mount = if rows.velocity_km_s.len() == n && rows.angle_rad.len() == n && mounting.len() == 9 {
        let mut matrix = [0.0; 9];
        matrix.copy_from_slice(mounting);
        matrix
    } else {
        refusal()?
    };
    let mut out = Navigation {
        attitude: Attitude { rotation: vec![[0.0; 9]; n], rate: vec![[0.0; 3]; n] },
        position_km: vec![[0.0; 3]; n],
        axis: vec![[0.0; 3]; n],
    };
    let setting = Setting { mount, frame, matrix: knot_matrix };
    let good = out
        .attitude
        .rotation
        .par_chunks_mut(CHUNK)
        .zip(out.attitude.rate.par_chunks_mut(CHUNK))
        .zip(out.position_km.par_chunks_mut(CHUNK).zip(out.axis.par_chunks_mut(CHUNK)))
        .enumerate()
        .map(|(chunk, ((rotation, rate), (position, axis)))| {
            let part = chunk * CHUNK..chunk * CHUNK + rotation.len();
            let rows = Rows {
                time_s: &rows.time_s[part.clone()],
                position_km: &rows.position_km[part.clone()],
                velocity_km_s: &rows.velocity_km_s[part.clone()],
                angle_rad: &rows.angle_rad[part],
            };
            pulp::Arch::new().dispatch(Pass { setting: &setting, rows, rotation, rate, position, axis })
        })
        .reduce(|| true, |a, b| a & b);
    if !(good && finite(mounting)) {
        // Something has no attitude: look again, one column after the other, for what to say.
        let _ = refusal()?;
    }
    Ok(out)
}

/// What all rows have in common.
struct Setting<'a> {
    mount: Matrix,
    frame: Knots<'a>,
    matrix: &'a [Matrix],
}

/// One chunk, to be compiled for each width of vectors.
struct Pass<'a> {
    setting: &'a Setting<'a>,
    rows: Rows<'a>,
    rotation: &'a mut [Matrix],
    rate: &'a mut [Vector],
    position: &'a mut [Vector],
    axis: &'a mut [Vector],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = bool;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
    #[expect(
        clippy::needless_range_loop,
        reason = "a counter with a constant end lets the compiler leave out bounds checks"
    )]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> bool {
        let Self { setting, rows, rotation, rate, position, axis } = self;
        let (mut interval, mut body) = (0, Body::new(setting.mount));
        let mut good = true;
        for first in (0..rows.time_s.len()).step_by(TILE) {
            let part = first..rows.time_s.len().min(first + TILE);
            good &= body.take(&rows.angle_rad[part.clone()]);
            let time = column(&rows.time_s[part.clone()]);
            let frame = at_tile(&setting.frame, setting.matrix, &time, &mut interval);
            let (at, moving) = (columns(&rows.position_km[part.clone()]), columns(&rows.velocity_km_s[part.clone()]));
            let momentum = tile(|j| cross(&row(&at, j), &row(&moving, j)));
            let local = tile(|j| local_to_inertial(&row(&at, j), &row(&momentum, j)));
            let inertial = tile(|j| product(&row(&local, j), &row(&body.column, j)));
            let turned_to = tile(|j| product(&row(&frame, j), &row(&inertial, j)));
            let turning = tile(|j| apply(&row(&frame, j), &scaled(&row(&momentum, j), 1.0 / norm2(&row(&at, j)))));
            let spin = tile(|j| sidereal(time[j]).into());
            let place = tile(|j| turned(&row(&at, j), spin[0][j], spin[1][j]));
            let up = tile(|j| turned(&[inertial[2][j], inertial[5][j], inertial[8][j]], spin[0][j], spin[1][j]));
            let fit = tile(|j| [f64::from(fit(&row(&at, j), &row(&moving, j), &row(&momentum, j)))]);
            good &= fit[0].iter().fold(1.0, |all, one| all * one) > 0.0;
            for (j, i) in part.enumerate() {
                rotation[i] = row(&turned_to, j);
                rate[i] = row(&turning, j);
                position[i] = row(&place, j);
                axis[i] = row(&up, j);
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
