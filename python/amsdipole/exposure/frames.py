"""The four frames of an exposure: two that are summed, and two that are turned from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number
from amsdipole.errors import FrameError
from amsdipole.geomagnetism import EccentricDipoleKnots
from amsdipole.sky import galactic_to_icrs

__all__ = ["EXPOSURE_FRAMES", "FrameTurn", "frame_turn"]

EXPOSURE_FRAMES = ("galactic", "icrs", "earth_fixed", "geomagnetic")


@dataclass(frozen=True, eq=False)
class FrameTurn:
    """How to come to a frame.

    Attributes
    ----------
    source : str
        Frame of the sums: "galactic" or "earth_fixed".
    matrix : numpy.ndarray of float64, shape (3, 3)
        Rotation from there.
    """

    source: str
    matrix: NDArray[np.float64]


def frame_turn(frame: str, *, dipole: EccentricDipoleKnots, time_s: float) -> FrameTurn:
    """Say which sums a frame is made from, and by which rotation.

    Parameters
    ----------
    frame : str
        One of `EXPOSURE_FRAMES`: galactic; icrs, which is equatorial; earth_fixed, which is geographic; geomagnetic.
    dipole : EccentricDipoleKnots
        Dipole of the Earth's field, for the geomagnetic pole.
    time_s : float
        Time of that pole, the middle of the mission [s].

    Returns
    -------
    FrameTurn
        Sums and rotation.

    Raises
    ------
    FrameError
        The frame is unknown.
    RangeError
        The time is not finite.

    Notes
    -----
    Geomagnetic axes: z to the north geomagnetic pole, y along the cross product of the geographic pole and it. The pole
    moves by 0.3 deg in nine years, by which the axes of the first and the last year differ from those taken.

    Examples
    --------
    >>> from amsdipole.geomagnetism import eccentric_dipole_knots, igrf14
    >>> turn = frame_turn("geomagnetic", dipole=eccentric_dipole_knots(igrf14(), 1.4e9, 1.4e9), time_s=1.4e9)
    >>> turn.source, turn.matrix[2].round(2).tolist()
    ('earth_fixed', [0.05, -0.16, 0.99])
    """
    if frame == "galactic":
        return FrameTurn("galactic", np.eye(3))
    if frame == "icrs":
        return FrameTurn("galactic", galactic_to_icrs())
    if frame == "earth_fixed":
        return FrameTurn("earth_fixed", np.eye(3))
    if frame != "geomagnetic":
        raise FrameError(f"frame = {frame!r} is unknown; one of {EXPOSURE_FRAMES} is wanted")
    time = number("time_s", time_s)
    pole = np.array([np.interp(time, dipole.time_s, dipole.pole[:, k]) for k in range(3)])
    z = pole / np.linalg.norm(pole)
    y = np.cross([0.0, 0.0, 1.0], z)
    y /= np.linalg.norm(y)
    return FrameTurn("earth_fixed", np.array([np.cross(y, z), y, z]))
