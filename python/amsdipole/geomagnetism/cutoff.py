"""The geomagnetic cutoff, and the one rule by which it gates events and seconds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import floats, number
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipoleKnots

__all__ = ["CutoffRule", "charge", "cutoff_class", "stormer_cutoff"]


@dataclass(frozen=True)
class CutoffRule:
    """How a second's cutoff opens energy bins: those whose lower edge is at least `factor` times the cutoff.

    Attributes
    ----------
    factor : float
        Safety factor, 0 to 100; AMS uses 1.2 for leptons.
    half_angle_rad : float
        Half angle of the cone about the detector axis over which the cutoff is the greatest [rad], 0 to pi.
    charge_sign : int
        Sign of the particles' charge, 1 or -1.

    Raises
    ------
    RangeError
        A value is outside its range.
    """

    factor: float
    half_angle_rad: float
    charge_sign: int

    def __post_init__(self) -> None:
        """Check the ranges."""
        number("factor", self.factor, low=0.0, high=100.0)
        number("half_angle_rad", self.half_angle_rad, low=0.0, high=float(np.pi))
        _ = charge(self.charge_sign)


def stormer_cutoff(
    time_s: ArrayLike,
    position_km: ArrayLike,
    direction: ArrayLike,
    *,
    dipole: EccentricDipoleKnots,
    charge_sign: int,
    half_angle_rad: float = 0.0,
) -> NDArray[np.float64]:
    """Compute the Størmer cutoff in an eccentric dipole, the greatest over a cone.

    Parameters
    ----------
    time_s : array_like of float, shape (n,)
        Unix times [s], within the dipole's knots.
    position_km : array_like of float, shape (n, 3)
        Earth-fixed positions [km], 6350 to 100,000 km from the Earth's centre.
    direction : array_like of float, shape (n, 3)
        Earth-fixed unit vectors to where particles come from; the axis of each cone.
    dipole : EccentricDipoleKnots
        Dipole against time.
    charge_sign : int
        Sign of the charge, 1 or -1.
    half_angle_rad : float
        Half angle of the cone [rad], 0 to pi; 0 takes the direction alone.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Cutoff rigidity [GV].

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A time is outside the knots, a position too near or too far (metres in place of kilometres), a direction
        no unit vector, or a choice out of range.

    Notes
    -----
    R = K cos^4 L / (r^2 (1 + sqrt(1 - Q cos g cos^3 L))^2), with L the latitude and r the distance from the dipole's
    centre in Earth radii, g the angle to magnetic east. R rises with Q cos g, so its maximum over a cone is met at the
    smallest angle to the horizon point from which the cutoff is greatest: no directions are scanned.

    References
    ----------
    .. [1] Størmer 1955, The Polar Aurora
    .. [2] Smart, Shea, Flückiger 2000, Space Sci. Rev. 93, 305, https://doi.org/10.1023/A:1026556831199

    Examples
    --------
    >>> knots = EccentricDipoleKnots(
    ...     np.array([0.0, 1.0]), np.array([57.0, 57.0]), np.zeros((2, 3)), np.array([[0.0, 0.0, 1.0]] * 2)
    ... )
    >>> stormer_cutoff([0.5], [[6371.2, 0.0, 0.0]], [[1.0, 0.0, 0.0]], dipole=knots, charge_sign=1)
    array([14.25])
    """
    sign = charge(charge_sign)
    return _core.stormer_cutoff(
        floats("time_s", time_s, (None,)),
        floats("position_km", position_km, (None, 3)),
        floats("direction", direction, (None, 3)),
        number("half_angle_rad", half_angle_rad, low=0.0, high=float(np.pi)),
        sign,
        floats("dipole_time_s", dipole.time_s, (None,)),
        floats("dipole_k_gv", dipole.k_gv, (None,)),
        floats("dipole_center_km", dipole.center_km, (None, 3)),
        floats("dipole_pole", dipole.pole, (None, 3)),
    )


def cutoff_class(cutoff_gv: ArrayLike, energy_edge_gev: ArrayLike, *, factor: float) -> NDArray[np.uint8]:
    """Give the first energy bin that each cutoff leaves open.

    Parameters
    ----------
    cutoff_gv : array_like of float, shape (n,)
        Cutoffs [GV], not negative.
    energy_edge_gev : array_like of float, shape (n_bin + 1,)
        Rising edges of the energy bins [GeV]; at most 254 bins.
    factor : float
        Safety factor, 0 to 100.

    Returns
    -------
    numpy.ndarray of uint8, shape (n,)
        Number of bins whose lower edge is below `factor` times the cutoff: the class of the second.

    Raises
    ------
    ShapeError
        Too few or too many edges.
    RangeError
        A cutoff or the factor is negative or not finite.
    DataError
        The edges do not rise.

    Notes
    -----
    This is the one cutoff rule. A bin is open if and only if its number is not below the class; events and exposure
    both ask that and nothing else. Charge one is meant: an energy in GeV stands for a rigidity in GV.

    Examples
    --------
    >>> cutoff_class([10.0, 15.0, 30.0], [16.0, 25.0, 40.0, 500.0], factor=1.2)
    array([0, 1, 2], dtype=uint8)
    """
    return _core.cutoff_class(
        floats("cutoff_gv", cutoff_gv, (None,)),
        number("factor", factor, low=0.0, high=100.0),
        floats("energy_edge_gev", energy_edge_gev, (None,)),
    )


def charge(charge_sign: int) -> int:
    """Give a sign of charge if it is one."""
    if isinstance(charge_sign, bool) or charge_sign not in (1, -1):
        raise RangeError(f"charge_sign = {charge_sign}: 1 or -1 is wanted")
    return int(charge_sign)
