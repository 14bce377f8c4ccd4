//! The last step of a trajectory, cut where it crosses the floor or the escape sphere.

use super::tracer::Tracer;
use super::{ALLOWED, End, FORBIDDEN, TRAPPED};
use crate::igrf::EARTH_RADIUS_KM;
use crate::vector::{Vector, norm2, scaled, unit};

/// Both ends of a step.
pub(super) struct Span {
    pub(super) x: [Vector; 2],
    pub(super) t: [Vector; 2],
    pub(super) a: [Vector; 2],
    pub(super) step: f64,
}

impl Span {
    /// Position and tangent a share of the step further: quintic through position, tangent and curvature of both ends.
    fn at(&self, share: f64) -> (Vector, Vector) {
        let (mut x, mut t) = ([0.0; 3], [0.0; 3]);
        for i in 0..3 {
            let slope = self.step * self.t[0][i];
            let bow = self.step * self.step * self.a[0][i];
            let rise = self.x[1][i] - self.x[0][i] - slope - 0.5 * bow;
            let tilt = self.step * self.t[1][i] - slope - bow;
            let bend = self.step * self.step * self.a[1][i] - bow;
            let cubic = 10.0 * rise - 4.0 * tilt + 0.5 * bend;
            let quartic = 7.0 * tilt - 15.0 * rise - bend;
            let quintic = 6.0 * rise - 3.0 * tilt + 0.5 * bend;
            x[i] = self.x[0][i]
                + share * (slope + share * (0.5 * bow + share * (cubic + share * (quartic + share * quintic))));
            t[i] = slope + share * (bow + share * (3.0 * cubic + share * (4.0 * quartic + share * (5.0 * quintic))));
        }
        (x, t)
    }

    /// Share of the step at which `value` falls through zero, by false position after Illinois; 1 where it does not.
    fn crossing(&self, value: impl Fn(&Vector) -> f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        let (mut above, mut below) = (value(&self.x[0]), value(&self.x[1]));
        if below > 0.0 || above <= 0.0 {
            return if above <= 0.0 { 0.0 } else { 1.0 };
        }
        let mut last = 0.0;
        for _ in 0..12 {
            let middle = low + (high - low) * (above / (above - below));
            let found = value(&self.at(middle).0);
            if found == 0.0 {
                return middle;
            }
            // The end that was kept twice counts half.
            if found > 0.0 {
                (low, above) = (middle, found);
                below *= if last > 0.0 { 0.5 } else { 1.0 };
            } else {
                (high, below) = (middle, found);
                above *= if last < 0.0 { 0.5 } else { 1.0 };
            }
            last = found;
        }
        high
    }
}

impl Tracer {
    /// The end of a trajectory, cut where it crosses the floor or the escape sphere.
    pub(super) fn end(&self, outcome: u8, span: &Span, path: f64, n_step: f64) -> End {
        let at = match outcome {
            FORBIDDEN => span.crossing(|x| self.height(x)),
            ALLOWED => span.crossing(|x| self.escape2 - norm2(x)),
            _ => 1.0,
        };
        let (x, t) = if at < 1.0 { span.at(at) } else { (span.x[1], span.t[1]) };
        let cut = if outcome == TRAPPED { 0.0 } else { (1.0 - at) * span.step };
        End {
            outcome,
            direction: unit(&t),
            position_km: scaled(&x, EARTH_RADIUS_KM),
            path_km: (path - cut) * EARTH_RADIUS_KM,
            n_step: n_step as i64,
        }
    }
}
