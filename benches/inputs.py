"""One mission of three days and a million events: what all benchmarks run on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.exposure import ams_lepton_geometry
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, Seconds, ams_mounting, builtin_iss_elements
from amsdipole.sky import teme_to_galactic

Floats = NDArray[np.float64]

ENERGY_EDGE_GEV = np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])
NSIDE = 64
START_S, N_SECOND = 1_400_000_000.0, 3 * 86_400
COS_LEAST = ams_lepton_geometry().cos_least
RULE = CutoffRule(factor=1.2, half_angle_rad=float(np.radians(30.0)), charge_sign=1)


@dataclass(frozen=True)
class Events:
    """Events as columns, in time order."""

    time_s: Floats
    direction: Floats
    energy_gev: Floats
    weight: Floats

    def part(self, which: slice) -> "Events":
        """Some of the events."""
        return Events(self.time_s[which], self.direction[which], self.energy_gev[which], self.weight[which])


def navigator() -> Navigator:
    """AMS on the ISS."""
    stop = START_S + N_SECOND
    frame, dipole = teme_to_galactic(START_S, stop), eccentric_dipole_knots(igrf14(), START_S, stop)
    return Navigator(ams_mounting(), RULE, ENERGY_EDGE_GEV, frame, dipole)


def seconds() -> Seconds:
    """Rows of one second along the real orbit, with the South Atlantic closed."""
    source = ElementSeconds(
        builtin_iss_elements(), START_S, START_S + N_SECOND, angle_rad=(-0.07, -0.035, 0.017), livetime_fraction=0.9
    )
    return source.covering(START_S + np.array([0.0, N_SECOND - 0.5] * (N_SECOND // 2)))


def events(n: int = 1_000_000, seed: int = 2026) -> Events:
    """Events of a falling spectrum in the field of view, some beyond it, with purities as weights."""
    rng = np.random.default_rng(seed)
    cosine, phi = rng.uniform(0.88, 1.0, n), rng.uniform(0.0, 2.0 * np.pi, n)
    sine = np.sqrt(1.0 - cosine**2)
    return Events(
        np.sort(rng.uniform(START_S, START_S + N_SECOND, n)),
        np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine]),
        np.asarray(15.0 * (1.0 - rng.random(n)) ** (-1.0 / 2.2)),  # E^-3.2 above 15 GeV
        rng.uniform(0.05, 1.0, n),
    )
