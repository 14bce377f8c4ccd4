//! From the detector to the sky: mounting, attitude against the local vertical, precession and nutation.

use crate::check::{CHUNK, all_directed, all_finite, all_finite_vectors, at_least, same_length};
use crate::interpolation::{Knots, between};
use crate::vector::{Matrix, Vector, apply, cross, norm2, product, scaled, unit};
use crate::{Error, Result};
use rayon::prelude::*;

/// Orientation of the detector: rotation to the axes of the positions, and how fast those of the local vertical turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Attitude {
    /// Detector to sky, row by row.
    pub rotation: Vec<Matrix>,
    /// Angular velocity of the local vertical [rad/s], in the axes of the positions.
    pub rate: Vec<Vector>,
}

/// Rotation from the detector to the inertial axes of `position` and `velocity`, at each row.
///
/// `angle_rad` is (yaw, pitch, roll) of the body against local vertical, local horizontal (x ram, y starboard,
/// z nadir), applied as roll about x, then pitch about y, then yaw about z; `mounting` is detector to body.
///
/// # Errors
/// Lengths that differ; a value that is not finite; a position along its velocity, which has no orbit plane.
#[expect(clippy::float_cmp, reason = "the same angles, bit for bit, share a matrix")]
pub fn detector_attitude(
    position_km: &[Vector],
    velocity_km_s: &[Vector],
    angle_rad: &[Vector],
    mounting: &[f64],
) -> Result<Attitude> {
    let mount = check_attitude(position_km, velocity_km_s, angle_rad, mounting)?;
    let mut rotation = vec![[0.0; 9]; position_km.len()];
    let mut rate = vec![[0.0; 3]; position_km.len()];
    rotation
        .par_chunks_mut(CHUNK)
        .zip(rate.par_chunks_mut(CHUNK))
        .zip(position_km.par_chunks(CHUNK).zip(velocity_km_s.par_chunks(CHUNK)).zip(angle_rad.par_chunks(CHUNK)))
        .for_each(|((rotation, rate), ((position, velocity), angle))| {
            let mut last = angle[0];
            let mut body = product(&body_to_local(&last), &mount);
            for i in 0..rotation.len() {
                if angle[i] != last {
                    last = angle[i];
                    body = product(&body_to_local(&last), &mount);
                }
                let momentum = cross(&position[i], &velocity[i]);
                rotation[i] = product(&local_to_inertial(&position[i], &momentum), &body);
                rate[i] = scaled(&momentum, 1.0 / norm2(&position[i]));
            }
        });
    Ok(Attitude { rotation, rate })
}

/// Refuse what has no attitude; the mounting as a matrix.
pub(crate) fn check_attitude(
    position_km: &[Vector],
    velocity_km_s: &[Vector],
    angle_rad: &[Vector],
    mounting: &[f64],
) -> Result<Matrix> {
    same_length("velocity_km_s", velocity_km_s.len(), position_km.len())?;
    same_length("angle_rad", angle_rad.len(), position_km.len())?;
    same_length("mounting", mounting.len(), 9)?;
    all_directed("position_km", position_km)?;
    all_finite_vectors("velocity_km_s", velocity_km_s)?;
    all_finite_vectors("angle_rad", angle_rad)?;
    all_finite("mounting", mounting)?;
    let plane = position_km
        .par_chunks(CHUNK)
        .zip(velocity_km_s.par_chunks(CHUNK))
        .position_first(|(r, v)| r.iter().zip(v).any(|(r, v)| flat(r, v)));
    if let Some(chunk) = plane {
        let start = chunk * CHUNK;
        let row = (start..position_km.len()).find(|&i| flat(&position_km[i], &velocity_km_s[i])).unwrap_or(start);
        return Err(Error::Rule {
            place: format!("velocity_km_s[{row}]"),
            found: format!("{:?}", velocity_km_s[row]),
            rule: format!("a velocity across position_km[{row}] = {:?} is wanted", position_km[row]),
        });
    }
    let mut mount = [0.0; 9];
    mount.copy_from_slice(mounting);
    Ok(mount)
}

/// Squared sine of the angle below which a position and a velocity span no plane.
pub(crate) const FLAT: f64 = 1e-12;

/// Whether position and velocity are too nearly parallel to span an orbit plane.
#[inline]
fn flat(position: &Vector, velocity: &Vector) -> bool {
    norm2(&cross(position, velocity)) <= FLAT * norm2(position) * norm2(velocity)
}

/// Yaw about z times pitch about y times roll about x.
pub(crate) fn body_to_local(angle_rad: &Vector) -> Matrix {
    let [(sy, cy), (sp, cp), (sr, cr)] = angle_rad.map(libm::sincos);
    let roll = [1.0, 0.0, 0.0, 0.0, cr, -sr, 0.0, sr, cr];
    let pitch = [cp, 0.0, sp, 0.0, 1.0, 0.0, -sp, 0.0, cp];
    let yaw = [cy, -sy, 0.0, sy, cy, 0.0, 0.0, 0.0, 1.0];
    product(&yaw, &product(&pitch, &roll))
}

/// Columns: X = Y x Z (ram), Y against the orbit's angular momentum (starboard), Z to the Earth's centre.
#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub(crate) fn local_to_inertial(position: &Vector, momentum: &Vector) -> Matrix {
    let z = scaled(&unit(position), -1.0);
    let y = scaled(&unit(momentum), -1.0);
    let x = cross(&y, &z);
    [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]]
}

/// The same orientation in the axes that `knot_matrix` leads to, read linearly between knots.
///
/// # Errors
/// Lengths that differ; knots that do not rise or do not cover a time; a value that is not finite.
pub fn attitude_in_frame(
    time_s: &[f64],
    rotation: &[Matrix],
    rate: &[Vector],
    knot_time_s: &[f64],
    knot_matrix: &[Matrix],
) -> Result<Attitude> {
    same_length("rotation", rotation.len(), time_s.len())?;
    same_length("rate", rate.len(), time_s.len())?;
    let knots = check_frame(time_s, knot_time_s, knot_matrix)?;
    all_finite("rotation", rotation.as_flattened())?;
    all_finite("rate", rate.as_flattened())?;
    let mut out = Attitude { rotation: vec![[0.0; 9]; time_s.len()], rate: vec![[0.0; 3]; time_s.len()] };
    out.rotation
        .par_chunks_mut(CHUNK)
        .zip(out.rate.par_chunks_mut(CHUNK))
        .zip(time_s.par_chunks(CHUNK).zip(rotation.par_chunks(CHUNK)).zip(rate.par_chunks(CHUNK)))
        .for_each(|((new_rotation, new_rate), ((time, rotation), rate))| {
            for i in 0..time.len() {
                let frame = matrix_at(&knots, knot_matrix, time[i]);
                new_rotation[i] = product(&frame, &rotation[i]);
                new_rate[i] = apply(&frame, &rate[i]);
            }
        });
    Ok(out)
}

/// Vectors in the axes that `knot_matrix` leads to, read linearly between knots.
///
/// # Errors
/// As [`attitude_in_frame`].
pub fn vector_in_frame(
    time_s: &[f64],
    vector: &[Vector],
    knot_time_s: &[f64],
    knot_matrix: &[Matrix],
) -> Result<Vec<Vector>> {
    same_length("vector", vector.len(), time_s.len())?;
    let knots = check_frame(time_s, knot_time_s, knot_matrix)?;
    all_finite_vectors("vector", vector)?;
    let mut out = vec![[0.0; 3]; time_s.len()];
    out.par_chunks_mut(CHUNK).zip(time_s.par_chunks(CHUNK).zip(vector.par_chunks(CHUNK))).for_each(
        |(out, (time, vector))| {
            for i in 0..time.len() {
                out[i] = apply(&matrix_at(&knots, knot_matrix, time[i]), &vector[i]);
            }
        },
    );
    Ok(out)
}

pub(crate) fn check_frame<'a>(time_s: &[f64], knot_time_s: &'a [f64], knot_matrix: &[Matrix]) -> Result<Knots<'a>> {
    let knots = Knots::new("knot_time_s", knot_time_s)?;
    at_least("knot_matrix", knot_matrix.len(), 2)?;
    same_length("knot_matrix", knot_matrix.len(), knot_time_s.len())?;
    all_finite("knot_matrix", knot_matrix.as_flattened())?;
    knots.cover("time_s", time_s)?;
    Ok(knots)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "inlined into loops that are compiled for several widths of vectors")]
pub(crate) fn matrix_at(knots: &Knots<'_>, matrix: &[Matrix], time_s: f64) -> Matrix {
    let (i, share) = knots.locate(time_s);
    between(&matrix[i], &matrix[i + 1], share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::dot;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_attitude_is_a_rotation(
            r in prop::array::uniform3(-7000.0..7000.0f64),
            v in prop::array::uniform3(-8.0..8.0f64),
            angle in prop::array::uniform3(-3.0..3.0f64),
        ) {
            prop_assume!(norm2(&cross(&r, &v)) > 1.0);
            let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
            let m = detector_attitude(&[r], &[v], &[angle], &identity).expect("an orbit").rotation[0];
            let rows = [[m[0], m[1], m[2]], [m[3], m[4], m[5]], [m[6], m[7], m[8]]];
            for i in 0..3 {
                for j in 0..3 {
                    let expected = f64::from(u8::from(i == j));
                    prop_assert!((dot(&rows[i], &rows[j]) - expected).abs() < 1e-14);
                }
            }
            prop_assert!((dot(&cross(&rows[0], &rows[1]), &rows[2]) - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_fall_along_the_vertical_is_refused() {
        let error = detector_attitude(&[[7000.0, 0.0, 0.0]], &[[7.0, 0.0, 0.0]], &[[0.0; 3]], &[0.0; 9]);
        assert!(matches!(error, Err(Error::Rule { .. })));
    }

    #[test]
    fn vectors_turn_with_the_frame_between_its_knots() {
        let turned = |sin: f64, cos: f64| [cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0];
        // From no turn to a quarter: half way the mean of the two matrices, which is no rotation.
        let knots = [turned(0.0, 1.0), turned(1.0, 0.0)];
        let found = vector_in_frame(&[0.0, 5.0, 10.0], &[[2.0, 0.0, 1.0]; 3], &[0.0, 10.0], &knots).expect("covered");
        assert_eq!(found, [[2.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 2.0, 1.0]]);
        let attitude = attitude_in_frame(&[10.0], &[turned(0.0, 1.0)], &[[1e-3, 0.0, 0.0]], &[0.0, 10.0], &knots);
        let attitude = attitude.expect("covered");
        assert_eq!((attitude.rotation[0], attitude.rate[0]), (knots[1], [0.0, 1e-3, 0.0]));
        let beyond = vector_in_frame(&[11.0], &[[1.0; 3]], &[0.0, 10.0], &knots).expect_err("beyond the knots");
        assert_eq!(beyond.to_string(), "time_s[0] = 11.0 is outside [0, 10]");
    }
}
