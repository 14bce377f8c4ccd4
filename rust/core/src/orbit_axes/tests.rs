//! What the file beside it promises, by the kernels that it puts together.

use super::*;
use crate::attitude::{attitude_in_frame, detector_attitude};
use crate::axis_livetime::axes_at;
use crate::cutoff::stormer_cutoff;
use crate::earth::{geodetic, teme_to_earth_fixed};
use crate::states::interpolated_states;
use proptest::prelude::*;

/// Knots a minute apart on a circle of 6790 km, 51.6 degrees to the equator, in two segments.
fn circle() -> (Vec<Vector>, Vec<Vector>) {
    let rate = (398_600.441_8 / 6790.0_f64.powi(3)).sqrt();
    let (sin_i, cos_i) = 51.6_f64.to_radians().sin_cos();
    let at = |time: f64| {
        let (sin, cos) = (rate * time).sin_cos();
        let position = [6790.0 * cos, 6790.0 * sin * cos_i, 6790.0 * sin * sin_i];
        let speed = 6790.0 * rate;
        (position, [-speed * sin, speed * cos * cos_i, speed * cos * sin_i])
    };
    // The second segment begins at 300 s with knots of its own, from 270 s on.
    (0..6).map(|i| 60.0 * f64::from(i)).chain((0..6).map(|i| 270.0 + 60.0 * f64::from(i))).map(at).unzip()
}

const DIPOLE: DipoleKnots<'_> = DipoleKnots {
    time_s: &[0.0, 600.0],
    k_gv: &[57.0, 58.0],
    center_km: &[[-400.0, 200.0, 100.0], [-300.0, 300.0, 250.0]],
    pole: &[[0.0, 0.0, 1.0], [0.0, 0.6, 0.8]],
};

fn frame(angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    [cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0]
}

proptest! {
    #[test]
    fn a_row_is_what_the_kernels_give_one_after_the_other(
        time in prop::collection::vec(0.0..570.0f64, 1..150), angle in prop::array::uniform3(-1.0..1.0f64),
        offset in 0.0..60.0f64, half_angle in 0.0..0.7f64, positive: bool,
    ) {
        let (position_km, velocity_km_s) = circle();
        let knots = StateKnots {
            segment_start_s: &[0.0, 300.0, 570.0], segment_offset: &[0, 6, 12], knot_start_s: &[0.0, 270.0], step_s: 60.0,
            position_km: &position_km, velocity_km_s: &velocity_km_s,
        };
        let mounting = frame(0.3);
        let setting = Setting {
            angle_rad: &angle, mounting: &mounting, offset_s: offset, knot_time_s: &[0.0, 200.0, 600.0],
            knot_matrix: &[frame(0.0), frame(1e-4), frame(3e-4)], half_angle_rad: half_angle,
            charge_sign: if positive { 1 } else { -1 }, dipole: DIPOLE,
        };
        let found = orbit_axes(&knots, &time, &setting).expect("a good orbit");
        let (position, velocity) = interpolated_states(&knots, &time).expect("inside");
        let attitude = detector_attitude(&position, &velocity, &vec![angle; time.len()], &mounting).expect("an orbit");
        let framed =
            attitude_in_frame(&time, &attitude.rotation, &attitude.rate, setting.knot_time_s, setting.knot_matrix)
                .expect("covered");
        let sky = axes_at(&framed.rotation, &framed.rate, offset).expect("finite");
        let later = axes_at(&attitude.rotation, &attitude.rate, offset).expect("finite");
        // The Earth of the moment at which the axis is taken: the code turns it evenly from the start of the row.
        let moment: Vec<f64> = time.iter().map(|t| t + offset).collect();
        let earth = teme_to_earth_fixed(&moment, &later).expect("finite");
        let here = teme_to_earth_fixed(&time, &position).expect("finite");
        let axis: Vec<Vector> = attitude.rotation.iter().map(|r| [r[2], r[5], r[8]]).collect();
        let axis = teme_to_earth_fixed(&time, &axis).expect("finite");
        let place = geodetic(&here).expect("not zero");
        let cutoff =
            stormer_cutoff(&time, &here, &axis, half_angle, setting.charge_sign, &DIPOLE).expect("a good place");
        for i in 0..time.len() {
            for k in 0..3 {
                // Products of three matrices may be grouped in two ways: some roundings of 1e-16.
                prop_assert!((found.sky[i][k] - sky[i][k]).abs() < 1e-14);
                // Seconds since J2000 are held to 1.2e-7 s in 1970, in which the Earth turns by 9e-12 rad.
                prop_assert!((found.earth[i][k] - earth[i][k]).abs() < 1e-11);
                prop_assert!((found.place[i][k] - place[i][k]).abs() < 1e-10);
            }
            // A rounding of 1e-16 in the cosine is one of 1e-8 under the root, where it is zero.
            prop_assert!((found.cutoff_gv[i] - cutoff[i]).abs() < 1e-7 * (1.0 + cutoff[i]));
        }
    }
}

#[test]
fn a_setting_that_makes_no_sense_is_refused() {
    let (position_km, velocity_km_s) = circle();
    let knots = StateKnots {
        segment_start_s: &[0.0, 300.0, 570.0],
        segment_offset: &[0, 6, 12],
        knot_start_s: &[0.0, 270.0],
        step_s: 60.0,
        position_km: &position_km,
        velocity_km_s: &velocity_km_s,
    };
    let mounting = frame(0.0);
    let good = Setting {
        angle_rad: &[0.0; 3],
        mounting: &mounting,
        offset_s: 0.0,
        knot_time_s: &[0.0, 600.0],
        knot_matrix: &[frame(0.0), frame(0.0)],
        half_angle_rad: 0.0,
        charge_sign: 1,
        dipole: DIPOLE,
    };
    let refused = |setting: Setting<'_>, time: f64, wanted: &str| {
        let message = orbit_axes(&knots, &[time], &setting).expect_err(wanted).to_string();
        assert!(message.starts_with(wanted), "{message}");
    };
    refused(Setting { angle_rad: &[0.0; 2], ..good }, 1.0, "angle_rad has length 2; 3 is wanted");
    refused(Setting { mounting: &mounting[..8], ..good }, 1.0, "mounting has length 8; 9 is wanted");
    refused(Setting { offset_s: 60.5, ..good }, 1.0, "offset_s = 60.5 is outside [0, 60]");
    refused(Setting { charge_sign: 2, ..good }, 1.0, "charge_sign = 2: 1 or -1 is wanted");
    refused(Setting { knot_time_s: &[0.0, 0.5], ..good }, 1.0, "time_s[0] = 1.0 is outside [0, 0.5]");
    refused(good, 571.0, "time_s[0] = 571.0 is outside [0, 570]");
}
