"""What each second means for events and exposure: orientation in the galaxy and the class of the cutoff."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.errors import DataError
from amsdipole.geomagnetism import CutoffRule, CutoffTable, EccentricDipoleKnots, cutoff_class
from amsdipole.orbit.attitude import detector_attitude
from amsdipole.orbit.seconds import Seconds
from amsdipole.sky import FrameKnots, teme_to_earth_fixed, vector_in_frame

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
    table : CutoffTable, optional
        Shares of traced cutoffs in those of Størmer, which they then take the place of.
    """

    mounting: NDArray[np.float64]
    rule: CutoffRule
    energy_edge_gev: NDArray[np.float64]
    frame: FrameKnots
    dipole: EccentricDipoleKnots
    table: CutoffTable | None = None

    def __post_init__(self) -> None:
        """Check that the table is of the rule's charge."""
        if self.table is not None and self.table.charge_sign != self.rule.charge_sign:
            raise DataError(
                f"table.charge_sign = {self.table.charge_sign}: {self.rule.charge_sign} of the rule is wanted"
            )

    def __call__(self, seconds: Seconds) -> Navigation:
        """Navigate some rows; each row's result depends on that row alone."""
        rotation, rate, cutoff_gv = _core.navigation(
            floats("time_s", seconds.time_s, (None,)),
            floats("position_km", seconds.position_km, (None, 3)),
            floats("velocity_km_s", seconds.velocity_km_s, (None, 3)),
            floats("angle_rad", seconds.angle_rad, (None, 3)),
            floats("mounting", self.mounting, (3, 3)),
            self.frame.time_s,
            self.frame.matrix,
            self.rule.half_angle_rad,
            self.rule.charge_sign,
            self.dipole.time_s,
            self.dipole.k_gv,
            self.dipole.center_km,
            self.dipole.pole,
        )
        if seconds.rate_rad_s is not None:
            rate = vector_in_frame(seconds.time_s, seconds.rate_rad_s, self.frame)
        if self.table is not None:
            here = teme_to_earth_fixed(seconds.time_s, seconds.position_km)
            cutoff_gv = cutoff_gv * self.table.share_at(here, seconds.velocity_km_s)
        classes = cutoff_class(cutoff_gv, self.energy_edge_gev, factor=self.rule.factor)
        livetime_s = seconds.livetime_fraction * seconds.step_s
        return Navigation(seconds.time_s, seconds.step_s, rotation, rate, livetime_s, cutoff_gv, classes)

    def attitude(self, seconds: Seconds) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the rotation from the detector to TEME, and its angular velocity there."""
        rotation, rate = detector_attitude(
            seconds.position_km, seconds.velocity_km_s, seconds.angle_rad, mounting=self.mounting
        )
        return rotation, rate if seconds.rate_rad_s is None else seconds.rate_rad_s
