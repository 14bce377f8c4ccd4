"""What each second means for events and exposure: orientation in the galaxy and the class of the cutoff."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import floats
from amsdipole.geomagnetism import CutoffRule, EccentricDipoleKnots, cutoff_class, stormer_cutoff
from amsdipole.orbit.attitude import detector_attitude
from amsdipole.orbit.seconds import Seconds
from amsdipole.sky import FrameKnots, attitude_in_frame, teme_to_earth_fixed

__all__ = ["Navigation", "Navigator"]


@dataclass(frozen=True)
class Navigation:
    """Seconds as the kernels want them.

    Attributes
    ----------
    time_s : numpy.ndarray of float64, shape (n,)
        Start of each second [s].
    step_s : float
        Length of a second [s].
    rotation : numpy.ndarray of float64, shape (n, 3, 3)
        Detector to galactic axes at the start of the second.
    rate : numpy.ndarray of float64, shape (n, 3)
        Angular velocity of the detector in galactic axes [rad/s].
    livetime_s : numpy.ndarray of float64, shape (n,)
        Live time [s].
    cutoff_gv : numpy.ndarray of float64, shape (n,)
        Greatest cutoff over the cone [GV].
    cutoff_class : numpy.ndarray of uint8, shape (n,)
        First open energy bin.
    """

    time_s: NDArray[np.float64]
    step_s: float
    rotation: NDArray[np.float64]
    rate: NDArray[np.float64]
    livetime_s: NDArray[np.float64]
    cutoff_gv: NDArray[np.float64]
    cutoff_class: NDArray[np.uint8]


@dataclass(frozen=True)
class Navigator:
    """The instrument on its orbit: turns rows of seconds into navigation, for events and exposure alike.

    Attributes
    ----------
    mounting : numpy.ndarray of float64, shape (3, 3)
        Detector to body.
    rule : CutoffRule
        The one cutoff rule.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Edges of the energy bins [GeV].
    frame : FrameKnots
        TEME to galactic axes.
    dipole : EccentricDipoleKnots
        Eccentric dipole of the Earth's field.
    """

    mounting: NDArray[np.float64]
    rule: CutoffRule
    energy_edge_gev: NDArray[np.float64]
    frame: FrameKnots
    dipole: EccentricDipoleKnots

    def __call__(self, seconds: Seconds) -> Navigation:
        """Navigate some rows; each row's result depends on that row alone."""
        rotation, rate = self.attitude(seconds)
        axis = floats("axis", rotation[:, :, 2], (None, 3))
        cutoff_gv = stormer_cutoff(
            seconds.time_s,
            teme_to_earth_fixed(seconds.time_s, seconds.position_km),
            teme_to_earth_fixed(seconds.time_s, axis),
            dipole=self.dipole,
            charge_sign=self.rule.charge_sign,
            half_angle_rad=self.rule.half_angle_rad,
        )
        classes = cutoff_class(cutoff_gv, self.energy_edge_gev, factor=self.rule.factor)
        rotation, rate = attitude_in_frame(seconds.time_s, rotation, rate, self.frame)
        livetime_s = seconds.livetime_fraction * seconds.step_s
        return Navigation(seconds.time_s, seconds.step_s, rotation, rate, livetime_s, cutoff_gv, classes)

    def attitude(self, seconds: Seconds) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the rotation from the detector to TEME, and its angular velocity there."""
        rotation, rate = detector_attitude(
            seconds.position_km, seconds.velocity_km_s, seconds.angle_rad, mounting=self.mounting
        )
        return rotation, rate if seconds.rate_rad_s is None else seconds.rate_rad_s
