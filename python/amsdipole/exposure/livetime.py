"""Live time by pixel, detector zenith and cutoff class."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, floats, indices, number, whole_number
from amsdipole.exposure.axes import UNIT_S, LivetimeAxes, LivetimeBudget
from amsdipole.exposure.axis_pass import livetime_axes
from amsdipole.exposure.efficiency import EfficiencyMap
from amsdipole.exposure.efficiency_table import EfficiencyTable
from amsdipole.exposure.pixel_window import pixel_radius
from amsdipole.orbit import Navigator, SecondsSource

__all__ = [
    "LivetimeCube",
    "livetime_cube",
    "spread_attitudes",
    "spread_livetime",
    "zenith_edges",
]

SPREAD_NSIDE = 128  # axes of the cube: bins of cos(zenith) cost far more accuracy than their pixels of 0.46 deg


@dataclass(frozen=True)
class LivetimeCube:
    """Live time by pixel, bin of cos(zenith in the detector) and cutoff class.

    Attributes
    ----------
    axes : LivetimeAxes
        The exact sums that the cube is spread from.
    nside : int
        Resolution of the pixels.
    cos_edge : numpy.ndarray of float64, shape (n_zenith + 1,)
        Rising edges of cos(zenith).
    frame : str, optional
        Frame of the pixels; none is that of the axes.
    matrix : numpy.ndarray of float64, shape (3, 3), optional
        Rotation from the frame of the axes to it.
    """

    axes: LivetimeAxes
    nside: int
    cos_edge: NDArray[np.float64]
    frame: str | None = None
    matrix: NDArray[np.float64] | None = None

    @cached_property
    def units(self) -> NDArray[np.int64]:
        """Live time in units of 2^-32 s, shape (npix, n_zenith, n_class): how long each pixel's centre was seen."""
        axis, units = self.axes.without_roll().coarser(SPREAD_NSIDE).mean_axes()
        if self.matrix is not None:
            axis = axis @ self.matrix.T
            axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        return spread_livetime(axis, units, nside=self.nside, cos_edge=self.cos_edge)

    @property
    def energy_edge_gev(self) -> NDArray[np.float64]:
        """Energy bins that the classes count; n_class = n_bin + 1."""
        return self.axes.energy_edge_gev

    @property
    def class_livetime_s(self) -> NDArray[np.float64]:
        """Live time of the mission in each class [s]."""
        return self.axes.class_livetime_s()

    @property
    def budget(self) -> LivetimeBudget:
        """Where the seconds went."""
        return self.axes.budget

    def livetime_s(self, energy_bin: int) -> NDArray[np.float64]:
        """Live time in which an energy bin is open, shape (npix, n_zenith) [s]."""
        return np.asarray(self.units[:, :, : energy_bin + 1].sum(axis=2) * UNIT_S)

    def open_livetime_s(self) -> NDArray[np.float64]:
        """Live time of the mission in which each energy bin is open, shape (n_bin,) [s]."""
        return self.axes.open_livetime_s()


def zenith_edges(cos_least: float, n_bin: int, *, nside: int) -> NDArray[np.float64]:
    """Divide a field of view, with the pixels that reach into it, into bins of equal solid angle.

    Parameters
    ----------
    cos_least : float
        Cosine of the greatest angle to the axis, in [-1, 1).
    n_bin : int
        Number of bins, 1 to 1000.
    nside : int
        Resolution of the pixels.

    Returns
    -------
    numpy.ndarray of float64, shape (n_bin + 1,)
        Edges from the angle at which a pixel's centre may lie while its corner is in view, to 1.

    Raises
    ------
    RangeError
        A value is outside its range.

    Examples
    --------
    >>> zenith_edges(0.8, 2, nside=64).round(3)
    array([0.785, 0.892, 1.   ])
    """
    angle = np.arccos(number("cos_least", cos_least, low=-1.0, high=1.0, open_high=True))
    margin = pixel_radius(nside).greatest + pixel_radius(SPREAD_NSIDE).greatest
    low = np.cos(min(float(angle) + margin, np.pi))
    edge = np.linspace(low, 1.0, whole_number("n_bin", n_bin, low=1, high=1000) + 1)
    edge[-1] = 1.0
    return edge


def spread_livetime(axis: ArrayLike, units: ArrayLike, *, nside: int, cos_edge: ArrayLike) -> NDArray[np.int64]:
    """Hand the live time of each axis to every pixel that it sees.

    Parameters
    ----------
    axis : array_like of float, shape (n, 3)
        Unit vectors along which the detector's axis pointed.
    units : array_like of int, shape (n, n_class)
        Live time of each axis and cutoff class, in units of 2^-32 s; not negative.
    nside : int
        Resolution of the pixels.
    cos_edge : array_like of float, shape (n_zenith + 1,)
        Rising edges of cos(zenith) in [-1, 1]; the last bin is closed above.

    Returns
    -------
    numpy.ndarray of int64, shape (12 nside^2, n_zenith, n_class)
        Live time in the same units.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        An axis is no unit vector, live time is negative, or a choice is out of range.
    DataError
        The edges do not rise.
    OverflowedError
        The total exceeds 2^63 units.

    Notes
    -----
    A pixel counts as seen when its centre is.

    Examples
    --------
    >>> cube = spread_livetime([[0.0, 0.0, 1.0]], [[2**32]], nside=2, cos_edge=[0.9, 1.0])
    >>> int(cube.sum() / 2**32)
    4
    """
    return spread_attitudes(axis, np.zeros((0, 3)), units, nside=nside, cos_edge=cos_edge, n_azimuth=1)[:, :, 0]


def spread_attitudes(
    axis: ArrayLike, side: ArrayLike, units: ArrayLike, *, nside: int, cos_edge: ArrayLike, n_azimuth: int
) -> NDArray[np.int64]:
    """Hand the live time of each attitude to every pixel that it sees, by where it sees it.

    Parameters
    ----------
    axis : array_like of float, shape (n, 3)
        Unit vectors along which the detector's axis pointed.
    side : array_like of float, shape (n, 3)
        Unit vectors along which its x direction pointed, square to the axis; no rows for a single sector.
    units : array_like of int, shape (n, n_class)
        Live time of each attitude and cutoff class, in units of 2^-32 s; not negative.
    nside : int
        Resolution of the pixels.
    cos_edge : array_like of float, shape (n_zenith + 1,)
        Rising edges of cos(zenith) in [-1, 1]; the last bin is closed above.
    n_azimuth : int
        Equal sectors of azimuth in the detector, from its x by its y; 1 to 255.

    Returns
    -------
    numpy.ndarray of int64, shape (12 nside^2, n_zenith, n_azimuth, n_class)
        Live time in the same units.

    Raises
    ------
    ShapeError, RangeError, DataError, OverflowedError
        As `spread_livetime`; also where a side is no unit vector, or not square to its axis.

    Examples
    --------
    >>> up, x = [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]]
    >>> cube = spread_attitudes(up, x, [[2**32]], nside=2, cos_edge=[0.9, 1.0], n_azimuth=4)
    >>> (cube.sum(axis=(0, 1, 3)) / 2**32).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    return _core.livetime_cube(
        floats("axis", axis, (None, 3)),
        floats("side", side, (None, 3)),
        indices("units", units, (None, None)),
        nside,
        floats("cos_edge", cos_edge, (None,)),
        n_azimuth,
    )


def livetime_cube(
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    nside: int,
    cos_edge: ArrayLike,
    n_sector: int = 1,
    efficiency: "EfficiencyMap | EfficiencyTable | None" = None,
    progress: Callable[[int], None] | None = None,
) -> LivetimeCube:
    """Add up the live time of a mission.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit.
    nside : int
        Resolution of the galactic pixels.
    cos_edge : array_like of float, shape (n_zenith + 1,)
        Rising edges of cos(zenith).
    n_sector : int
        Sectors of the roll about the axis that its sums keep, for an acceptance that depends on azimuth; 1 keeps none.
    efficiency : EfficiencyMap or EfficiencyTable, optional
        Efficiency, which weighs the live time.
    progress : callable, optional
        Called with the number of rows done after each block.

    Returns
    -------
    LivetimeCube
        The same bits for any number of threads and any division of the rows into blocks.

    Raises
    ------
    DataError
        No row is live, or the table is at fault.
    RangeError
        A choice is out of range.

    Notes
    -----
    `livetime_axes` adds up the rows by pixel of the axis; the cube is spread from their mean axes when it is asked for.
    """
    edge = finite_floats("cos_edge", cos_edge, (None,))
    n_class = len(navigator.energy_edge_gev)
    spread_livetime(np.zeros((0, 3)), np.zeros((0, n_class), dtype=np.int64), nside=nside, cos_edge=edge)
    axes = livetime_axes(seconds, navigator, n_sector=n_sector, efficiency=efficiency, progress=progress)
    return LivetimeCube(axes, nside, edge)
