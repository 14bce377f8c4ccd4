"""Energies and directions of an isotropic flux in a detector, drawn from uniform numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.exposure.acceptance import TwoDiscs
from amsdipole.exposure.acceptance_azimuth import AzimuthAngles
from amsdipole.exposure.acceptance_table import AngleTable
from amsdipole.models import Flux

__all__ = ["SpectrumQuantiles", "drawn_azimuths", "drawn_directions"]

_N_GRID = 4096  # points of the tables that energies and angles are drawn from

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SpectrumQuantiles:
    """The integral of flux times acceptance, to be read backwards.

    Attributes
    ----------
    grid_gev : numpy.ndarray of float64, shape (n,)
        Rising energies [GeV].
    total : numpy.ndarray of float64, shape (n,)
        Integral from the first energy on, in any unit; straight in log E between the points.
    """

    grid_gev: Floats
    total: Floats

    @classmethod
    def of(
        cls, flux: Flux, acceptance: Callable[[Floats], Floats], low_gev: float, high_gev: float
    ) -> "SpectrumQuantiles":
        """Make the table over an interval of energy [GeV]."""
        grid = np.exp(np.linspace(np.log(low_gev), np.log(high_gev), _N_GRID))
        grid[0], grid[-1] = low_gev, high_gev
        density = flux(grid) * acceptance(grid) * grid
        return cls(grid, np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0)]))

    def energy_gev(self, total: Floats) -> Floats:
        """Give the energies up to which the integral has some values, in the unit of `total` [GeV]."""
        energy = np.exp(np.interp(total, self.total, np.log(self.grid_gev)))
        return np.asarray(np.clip(energy, self.grid_gev[0], np.nextafter(self.grid_gev[-1], 0.0)))

    def up_to(self, energy_gev: Floats) -> Floats:
        """Give the integral up to some energies [GeV]."""
        return np.asarray(np.interp(np.log(energy_gev), np.log(self.grid_gev), self.total))


def drawn_directions(geometry: TwoDiscs | AngleTable | AzimuthAngles, polar: Floats, turn: Floats) -> Floats:
    """Draw unit vectors in the detector by the shape of the acceptance.

    Parameters
    ----------
    geometry : TwoDiscs, AngleTable or AzimuthAngles
        Shape of the acceptance against the angle to the axis, and azimuth about it.
    polar, turn : numpy.ndarray of float64, shape (n,)
        Uniform numbers in [0, 1): for the angle to the axis and for that about it.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Directions to where particles come from, +z along the axis.
    """
    edge = np.linspace(geometry.cos_least, 1.0, _N_GRID)
    total = np.concatenate([[0.0], np.cumsum(geometry.density_per_sr(edge) * np.diff(edge))])
    cosine = np.interp(polar * total[-1], total, edge)
    azimuth = drawn_azimuths(geometry, cosine, turn)
    sine = np.sqrt(1.0 - cosine**2)
    return np.column_stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine])


def drawn_azimuths(geometry: TwoDiscs | AngleTable | AzimuthAngles, cosine: Floats, turn: Floats) -> Floats:
    """Draw azimuths in the detector by the shape of the acceptance.

    Parameters
    ----------
    geometry : TwoDiscs, AngleTable or AzimuthAngles
        Shape of the acceptance against the angle to the axis, and azimuth about it.
    cosine : numpy.ndarray of float64, shape (n,)
        Cosines of the angles to the axis.
    turn : numpy.ndarray of float64, shape (n,)
        Uniform numbers in [0, 1).

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        From the detector's x by its y, in [0, 2 pi): the share of the area up to an azimuth is read backwards, straight
        between 720 azimuths.
    """
    if not isinstance(geometry, AzimuthAngles):
        return np.asarray(turn * (2.0 * np.pi))
    edge = np.linspace(0.0, 2.0 * np.pi, 721)
    out = np.empty(len(cosine))
    for first in range(0, len(cosine), 4096):  # 24 MB at once
        part = slice(first, first + 4096)
        area = geometry.area_m2(cosine[part, None], edge)
        total = np.cumsum(np.column_stack([np.zeros(len(area)), (area[:, 1:] + area[:, :-1]) / 2.0]), axis=1)
        wanted = turn[part, None] * total[:, -1:]
        i = np.minimum((total <= wanted).sum(axis=1) - 1, 719)
        row = np.arange(len(area))
        gap = total[row, i + 1] - total[row, i]
        share = np.divide(wanted[:, 0] - total[row, i], gap, out=np.zeros(len(area)), where=gap > 0.0)
        out[part] = edge[i] + share * (edge[1] - edge[0])
    return out
