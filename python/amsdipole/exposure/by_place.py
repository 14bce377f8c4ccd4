"""Reference maps by geographic place, so that another efficiency costs a product of matrices and no pass."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError, FrameError, ShapeError
from amsdipole.exposure.efficiency import EfficiencyMap, geographic_pixel
from amsdipole.exposure.pixel_window import AxisResponse
from amsdipole.exposure.reference import folded_axes
from amsdipole.orbit import Navigator, SecondsSource, axis_rows
from amsdipole.sky import vector_to_pixel

__all__ = ["PlaceReference", "place_reference"]


@dataclass(frozen=True, eq=False)
class PlaceReference:
    """What each place contributes to a reference map.

    Attributes
    ----------
    value : numpy.ndarray of float64, shape (12 nside_place^2, 12 nside^2)
        Map of the live time spent over each geographic pixel, folded with the response.
    live_s : numpy.ndarray of float64, shape (12 nside_place^2,)
        Weighted live time over each geographic pixel [s].
    """

    value: NDArray[np.float64]
    live_s: NDArray[np.float64]

    def reference(self, efficiency: EfficiencyMap | None = None) -> NDArray[np.float64]:
        """Give the reference map with an efficiency, or with none.

        Parameters
        ----------
        efficiency : EfficiencyMap, optional
            Efficiency by place, of the resolution of `value`.

        Returns
        -------
        numpy.ndarray of float64, shape (12 nside^2,)
            Reference map.

        Raises
        ------
        ShapeError
            The efficiency has another resolution.
        """
        if efficiency is None:
            return np.asarray(self.value.sum(axis=0))
        if len(efficiency.value) != len(self.value):
            raise ShapeError(f"efficiency has {len(efficiency.value)} pixels; {len(self.value)} are wanted")
        return np.asarray(efficiency.value @ self.value)


def place_reference(
    seconds: SecondsSource,
    navigator: Navigator,
    response: AxisResponse,
    *,
    nside: int,
    nside_place: int,
    class_weight: ArrayLike,
    frame: str = "galactic",
    every: int = 1,
    axis_nside: int | None = None,
) -> PlaceReference:
    """Fold the rows of a mission with a response, by the place over which they were spent.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit.
    response : AxisResponse
        Response against the angle to the axis.
    nside : int
        Resolution of the reference map.
    nside_place : int
        Resolution of the geographic pixels, that of the efficiency.
    class_weight : array_like of float, shape (n_class,)
        Weight of each cutoff class: 1 or the rate where the range is open, 0 where it is shut.
    frame : str
        "galactic" (the navigator's) or "earth_fixed".
    every : int
        Use one row in so many; 1 uses all.
    axis_nside : int, optional
        Join the axes over a place that lie in one pixel of this resolution, and let their mean stand for them; none
        folds row by row. The response must then be averaged over such pixels.

    Returns
    -------
    PlaceReference
        One map a place. Rows are held in memory, 40 bytes each.

    Raises
    ------
    DataError
        No row is live with the range open.
    FrameError
        The frame is unknown.
    ShapeError
        There is not one weight a class.
    RangeError
        A value is out of range.
    """
    if frame not in ("galactic", "earth_fixed"):
        raise FrameError(f"frame = {frame!r} is unknown; 'galactic' or 'earth_fixed' is wanted")
    weight_of = finite_floats("class_weight", class_weight, (len(navigator.energy_edge_gev),))
    step = whole_number("every", every, low=1, high=1_000_000)
    axes, weights, places = [], [], []
    first = 0
    for row in axis_rows(seconds, navigator):
        used = np.arange(-first % step, len(row.time_s), step)
        weight = row.livetime_s[used] * weight_of[row.cutoff_class[used]] * step
        used, weight = used[weight > 0.0], weight[weight > 0.0]
        axes.append((row.sky if frame == "galactic" else row.earth)[used])
        weights.append(weight)
        places.append(geographic_pixel(row.place[used], nside=nside_place))
        first += len(row.time_s)
    place = np.concatenate(places)
    if not len(place):
        raise DataError("the exposure is zero: no second is live with the range open")
    order = np.argsort(place, kind="stable")
    axis, weight, place = np.concatenate(axes)[order], np.concatenate(weights)[order], place[order]
    live_s = np.bincount(place, weights=weight, minlength=12 * nside_place**2).astype(np.float64)
    if axis_nside is not None:
        axis, weight, place = _joined(axis, weight, place, axis_nside)
    n_place = 12 * nside_place**2
    value = np.zeros((n_place, 12 * nside**2))
    edge = np.searchsorted(place, np.arange(n_place + 1))
    for i in np.flatnonzero(np.diff(edge)):
        part = slice(edge[i], edge[i + 1])
        value[i] = folded_axes(axis[part], weight[part], response, nside=nside)
    return PlaceReference(value, live_s)


def _joined(
    axis: NDArray[np.float64], weight: NDArray[np.float64], place: NDArray[np.int64], nside: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Mean axis and weight of the rows over each place in each pixel of axes."""
    n_axis = 12 * nside**2
    cell = place * n_axis + vector_to_pixel(axis, nside)
    held, row = np.unique(cell, return_inverse=True)
    moment = np.column_stack([np.bincount(row, weights=weight * axis[:, k], minlength=len(held)) for k in range(3)])
    total = np.bincount(row, weights=weight, minlength=len(held)).astype(np.float64)
    return moment / np.linalg.norm(moment, axis=1, keepdims=True), total, held // n_axis
