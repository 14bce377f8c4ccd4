"""Effective areas in files."""

import os

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError
from amsdipole.exposure.acceptance_azimuth import AzimuthAcceptance
from amsdipole.exposure.acceptance_table import AcceptanceTable
from amsdipole.orbit.seconds_columns import column_names, open_columns

__all__ = ["read_acceptance"]

_AXES = ("energy_gev", "cos_zenith", "azimuth_deg")


def read_acceptance(path: str | os.PathLike[str]) -> AcceptanceTable | AzimuthAcceptance:
    """Read a table of effective areas.

    Parameters
    ----------
    path : path-like
        Parquet, CSV or FITS with columns ``energy_gev``, ``cos_zenith``, ``area_m2``, and ``azimuth_deg`` in [0, 360)
        from the detector's x by its y where the area depends on it: a full grid, in any order.

    Returns
    -------
    AcceptanceTable or AzimuthAcceptance
        The table; the second where the file has azimuths.

    Raises
    ------
    DataError
        The file is at fault, or a place of the grid is missing or there twice.
    RangeError, ShapeError
        As the classes.
    """
    name = os.fspath(path)
    axes = _AXES if "azimuth_deg" in column_names(name) else _AXES[:2]
    file = open_columns(name, {})
    groups = [file.columns(group, (*axes, "area_m2")) for group in range(file.n_group)]
    *places, area = (np.concatenate(column) for column in zip(*groups, strict=True))
    points, grid = _grid(name, axes, places, area)
    if len(axes) == 2:
        return AcceptanceTable(points[0], points[1], grid)
    return AzimuthAcceptance(points[0], points[1], np.radians(points[2]), grid)


def _grid(
    name: str, axes: tuple[str, ...], places: list[NDArray[np.float64]], area: NDArray[np.float64]
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Values of each axis, and the areas on their grid."""
    found = [np.unique(place, return_inverse=True) for place in places]
    points, shape = [values for values, _ in found], tuple(len(values) for values, _ in found)
    cell = np.ravel_multi_index(tuple(index for _, index in found), shape) if len(area) else np.zeros(0, np.int64)
    count = np.bincount(cell, minlength=int(np.prod(shape)))
    if (count != 1).any():
        k = int(np.argmax(count != 1))
        at = zip(axes, np.unravel_index(k, shape), points, strict=True)
        where = ", ".join(f"{axis} = {values[i]}" for axis, i, values in at)
        raise DataError(f"{name}: {where} is there {count[k]} times; once is wanted")
    grid = np.empty(int(np.prod(shape)))
    grid[cell] = area
    return points, grid.reshape(shape)
