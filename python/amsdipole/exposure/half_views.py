"""Reference maps of parts of the field of view, row by row: what lies on one side of a plane through the axis."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError
from amsdipole.exposure.pixel_window import AxisResponse
from amsdipole.orbit import Navigator, SecondsSource, axes_at
from amsdipole.sky import pixel_centers

__all__ = ["half_references"]

_BATCH = 2048  # rows that are compared with all pixels at once


def half_references(
    seconds: SecondsSource,
    navigator: Navigator,
    response: AxisResponse,
    *,
    nside: int,
    class_weight: NDArray[np.float64],
    side: NDArray[np.float64],
    n_row_most: int = 200_000,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fold the rows of a mission with either half of the field of view.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit.
    response : AxisResponse
        Response against the angle to the axis.
    nside : int
        Resolution of the maps.
    class_weight : numpy.ndarray of float64, shape (n_class,)
        Weight of each cutoff class.
    side : numpy.ndarray of float64, shape (3,)
        Vector of the detector, square to its axis: the first half is where directions have a positive component along.
    n_row_most : int
        Rows that are used at most, evenly taken from all.

    Returns
    -------
    tuple of numpy.ndarray of float64, shape (12 nside^2,)
        Maps of the half on the side of `side`, and of the other; their sum is that of the whole view.

    Raises
    ------
    DataError
        No row is live with a bin open.
    RangeError, ShapeError
        A value is not finite or out of range.
    """
    weight_of = finite_floats("class_weight", class_weight, (len(navigator.energy_edge_gev),))
    direction = finite_floats("side", side, (3,))
    every = -(-seconds.n_row // whole_number("n_row_most", n_row_most, low=1, high=100_000_000))
    center = pixel_centers(nside)
    halves = (np.zeros(len(center)), np.zeros(len(center)))
    place = np.linspace(response.cos_least, 1.0, len(response.value))
    first = 0
    for block in seconds.blocks():
        row = navigator(block.rows(np.arange(-first % every, len(block), every)))
        first += len(block)
        weight = row.livetime_s * weight_of[row.cutoff_class]
        axis = axes_at(row.rotation, row.rate, offset_s=row.step_s / 2.0)
        port = row.rotation @ direction
        port += np.cross(row.rate, port) * (row.step_s / 2.0)
        held = np.flatnonzero(weight > 0.0)
        for start in range(0, len(held), _BATCH):
            part = held[start : start + _BATCH]
            cosine = np.minimum(axis[part] @ center.T, 1.0)
            seen, pixel = np.nonzero(cosine > response.cos_least)
            value = np.interp(cosine[seen, pixel], place, response.value) * weight[part][seen]
            on_side = np.einsum("ij,ij->i", port[part][seen], center[pixel]) > 0.0
            for half, chosen in zip(halves, (on_side, ~on_side), strict=True):
                half += np.bincount(pixel[chosen], weights=value[chosen], minlength=len(center))
    if not sum(float(half.sum()) for half in halves):
        raise DataError("the exposure is zero: no second is live with an energy bin open")
    return halves
