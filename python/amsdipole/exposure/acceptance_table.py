"""Effective area against energy and angle to the axis, from a table."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.exposure.acceptance import AcceptanceCurve
from amsdipole.models import Flux

__all__ = ["AcceptanceTable", "AngleTable", "energy_average"]

Floats = NDArray[np.float64]
_N_ENERGY = 65  # energies over which a bin's shape is averaged, evenly in their logarithm


@dataclass(frozen=True, eq=False)
class AngleTable:
    """Effective area against the cosine of the angle to the axis, straight between points.

    Attributes
    ----------
    cos_zenith : numpy.ndarray of float64, shape (n,)
        Rising cosines from above 0 to 1.
    area : numpy.ndarray of float64, shape (n,)
        Effective area at each [m^2]; 0 below the first.
    """

    cos_zenith: Floats
    area: Floats

    @property
    def cos_least(self) -> float:
        """Cosine of the greatest angle to the axis that is accepted."""
        return float(self.cos_zenith[0])

    @property
    def acceptance_m2_sr(self) -> float:
        """2 pi times the integral of the area over cos(zenith) [m^2 sr]."""
        return float(2.0 * np.pi * np.trapezoid(self.area, self.cos_zenith))

    def area_m2(self, cos_zenith: ArrayLike) -> Floats:
        """Give the area seen from a direction [m^2]."""
        return np.asarray(np.interp(np.asarray(cos_zenith, dtype=np.float64), self.cos_zenith, self.area, left=0.0))

    def density_per_sr(self, cos_edge: ArrayLike) -> Floats:
        """Share of the acceptance per solid angle, averaged over each bin of cos(zenith) [1/sr]; integrates to 1."""
        edge = finite_floats("cos_edge", cos_edge, (None,))
        point = np.unique(np.concatenate([self.cos_zenith, np.clip(edge, self.cos_zenith[0], 1.0)]))
        area = self.area_m2(point)
        up_to = np.concatenate([[0.0], np.cumsum((area[1:] + area[:-1]) / 2.0 * np.diff(point))])
        inside = np.interp(np.clip(edge, point[0], 1.0), point, up_to)
        return np.asarray(np.diff(inside) / np.diff(edge) / self.acceptance_m2_sr)


@dataclass(frozen=True, eq=False)
class AcceptanceTable:
    """Effective area against energy and angle: straight in the logarithm of energy and in the cosine.

    Attributes
    ----------
    energy_gev : numpy.ndarray of float64, shape (n_energy,)
        Rising energies [GeV], two or more.
    cos_zenith : numpy.ndarray of float64, shape (n_cosine,)
        Rising cosines from above 0 to 1, two or more.
    area : numpy.ndarray of float64, shape (n_energy, n_cosine)
        Effective area [m^2], not negative.

    Raises
    ------
    ShapeError
        Sizes differ or are too small.
    RangeError
        A value is not finite, negative, or the cosines do not end at 1.
    DataError
        Energies or cosines do not rise, or at an energy nothing is accepted.
    """

    energy_gev: Floats
    cos_zenith: Floats
    area: Floats

    def __post_init__(self) -> None:
        """Check the grid."""
        energy, cosine = (finite_floats(n, getattr(self, n), (None,)) for n in ("energy_gev", "cos_zenith"))
        area = finite_floats("area_m2", self.area, (None, None))
        if len(energy) < 2 or len(cosine) < 2 or area.shape != (len(energy), len(cosine)):
            raise ShapeError(
                f"area_m2 has shape {area.shape}; {len(energy)} energies by {len(cosine)} cosines, 2 or more"
            )
        for name, values in (("energy_gev", energy), ("cos_zenith", cosine)):
            if np.any(np.diff(values) <= 0.0):
                raise DataError(f"{name}[{int(np.argmax(np.diff(values) <= 0.0)) + 1}] does not rise")
        if energy[0] <= 0.0 or cosine[0] <= 0.0 or cosine[-1] != 1.0:
            raise RangeError(f"energies above 0 and cosines above 0 that end at 1 are wanted; found {cosine[-1]} last")
        if area.min() < 0.0:
            i, j = np.unravel_index(int(area.argmin()), area.shape)
            raise RangeError(f"area_m2[{i}, {j}] = {area[i, j]} is outside [0, inf)")
        if not (area.max(axis=1) > 0.0).all():
            raise DataError(f"at energy_gev = {energy[int(np.argmin(area.max(axis=1)))]} nothing is accepted")
        for name, values in (("energy_gev", energy), ("cos_zenith", cosine), ("area", area)):
            object.__setattr__(self, name, values)

    @property
    def curve(self) -> AcceptanceCurve:
        """Acceptance against energy: 2 pi times the integral of the area over the cosine [m^2 sr]."""
        return AcceptanceCurve(
            self.energy_gev, np.asarray(2.0 * np.pi * np.trapezoid(self.area, self.cos_zenith, axis=1))
        )

    def shape(self, flux: Flux, low_gev: float, high_gev: float) -> AngleTable:
        """Give the area against angle, averaged over a bin of energy by a spectrum.

        Parameters
        ----------
        flux : callable
            Flux against energy.
        low_gev, high_gev : float
            Bin [GeV], inside the table.

        Returns
        -------
        AngleTable
            Average by flux times width of energy.

        Raises
        ------
        RangeError
            The bin leaves the table.
        """
        return AngleTable(self.cos_zenith, energy_average(self.energy_gev, self.area, flux, low_gev, high_gev))


def energy_average(energy_gev: Floats, area: Floats, flux: Flux, low_gev: float, high_gev: float) -> Floats:
    """Average areas over a bin of energy by a spectrum.

    Parameters
    ----------
    energy_gev : numpy.ndarray of float64, shape (n_energy,)
        Rising energies of the table [GeV].
    area : numpy.ndarray of float64, shape (n_energy, ...)
        Effective areas [m^2], straight in the logarithm of energy.
    flux : callable
        Flux against energy.
    low_gev, high_gev : float
        Bin [GeV], inside the table.

    Returns
    -------
    numpy.ndarray of float64, shape (...)
        Average by flux times width of energy [m^2].

    Raises
    ------
    RangeError
        The bin leaves the table.
    """
    if low_gev < energy_gev[0] or high_gev > energy_gev[-1]:
        raise RangeError(
            f"{low_gev} to {high_gev} GeV is outside the table of acceptance, {energy_gev[0]} to {energy_gev[-1]} GeV"
        )
    energy = np.exp(np.linspace(np.log(low_gev), np.log(high_gev), _N_ENERGY))
    place = np.interp(np.log(energy), np.log(energy_gev), np.arange(len(energy_gev)))
    i = np.minimum(place.astype(np.int64), len(energy_gev) - 2)
    share = place - i
    weight = np.asarray(flux(np.clip(energy, low_gev, high_gev))) * energy
    weight[[0, -1]] /= 2.0
    # Weight of each energy of the table.
    of_table = np.bincount(i, weight * (1.0 - share), len(energy_gev))
    of_table += np.bincount(i + 1, weight * share, len(energy_gev))
    return np.asarray(np.tensordot(of_table / weight.sum(), area, axes=1))
