"""Live time by pixel, detector zenith, azimuth in the detector and cutoff class."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import RangeError
from amsdipole.exposure.axes import UNIT_S, LivetimeAxes
from amsdipole.exposure.livetime import SPREAD_NSIDE, spread_attitudes

__all__ = ["AzimuthCube"]

N_ENTRY_MAX = 2**28  # 2 GB


@dataclass(frozen=True)
class AzimuthCube:
    """Live time by pixel, bin of cos(zenith in the detector), sector of azimuth about its axis and cutoff class.

    Attributes
    ----------
    axes : LivetimeAxes
        The exact sums that the cube is spread from; they resolve the roll.
    nside : int
        Resolution of the pixels.
    cos_edge : numpy.ndarray of float64, shape (n_zenith + 1,)
        Rising edges of cos(zenith).
    n_azimuth : int
        Sectors of azimuth, 2 to 255: equal ones, from the detector's x by its y.
    frame : str, optional
        Frame of the pixels; none is that of the axes.
    matrix : numpy.ndarray of float64, shape (3, 3), optional
        Rotation from the frame of the axes to it.

    Raises
    ------
    RangeError
        A choice is out of range, or the cube would have more than 2^28 entries.
    DataError
        The sums do not resolve the roll.
    """

    axes: LivetimeAxes
    nside: int
    cos_edge: NDArray[np.float64]
    n_azimuth: int
    frame: str | None = None
    matrix: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Check the size."""
        edge = finite_floats("cos_edge", self.cos_edge, (None,))
        n = whole_number("n_azimuth", self.n_azimuth, low=2, high=255)
        entries = 12 * self.nside**2 * max(len(edge) - 1, 1) * n * self.axes.n_class
        if entries > N_ENTRY_MAX:
            raise RangeError(f"the cube would have {entries} entries; {N_ENTRY_MAX} at most, of 8 bytes, can be")

    @cached_property
    def units(self) -> NDArray[np.int64]:
        """Live time in units of 2^-32 s, shape (npix, n_zenith, n_azimuth, n_class)."""
        axes = self.axes.coarser(SPREAD_NSIDE)
        (axis, units), side = axes.mean_axes(), axes.mean_sides()
        if self.matrix is not None:
            axis, side = axis @ self.matrix.T, side @ self.matrix.T
            axis /= np.linalg.norm(axis, axis=1, keepdims=True)
            side /= np.linalg.norm(side, axis=1, keepdims=True)
        return spread_attitudes(axis, side, units, nside=self.nside, cos_edge=self.cos_edge, n_azimuth=self.n_azimuth)

    def livetime_s(self, energy_bin: int) -> NDArray[np.float64]:
        """Live time in which an energy bin is open, shape (npix, n_zenith, n_azimuth) [s]."""
        return np.asarray(self.units[..., : energy_bin + 1].sum(axis=-1) * UNIT_S)
