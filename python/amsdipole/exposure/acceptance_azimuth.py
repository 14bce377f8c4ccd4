"""Effective area against energy, angle to the axis and azimuth about it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.exposure.acceptance import AcceptanceCurve
from amsdipole.exposure.acceptance_table import AcceptanceTable, AngleTable, energy_average
from amsdipole.models import Flux

__all__ = ["AzimuthAcceptance", "AzimuthAngles"]

Floats = NDArray[np.float64]
TURN = 2.0 * np.pi


@dataclass(frozen=True, eq=False)
class AzimuthAngles:
    """Effective area against the cosine of the angle to the axis and the azimuth about it, straight between points.

    Attributes
    ----------
    cos_zenith : numpy.ndarray of float64, shape (n,)
        Rising cosines from above 0 to 1.
    azimuth_rad : numpy.ndarray of float64, shape (m,)
        Rising azimuths in [0, 2 pi), from the detector's x by its y; after the last comes the first again [rad].
    area : numpy.ndarray of float64, shape (n, m)
        Effective area at each [m^2]; 0 below the first cosine.
    """

    cos_zenith: Floats
    azimuth_rad: Floats
    area: Floats

    @property
    def cos_least(self) -> float:
        """Cosine of the greatest angle to the axis that is accepted."""
        return float(self.cos_zenith[0])

    @property
    def mean(self) -> AngleTable:
        """Average over azimuth."""
        return AngleTable(self.cos_zenith, self.area @ _azimuth_weight(self.azimuth_rad))

    @property
    def acceptance_m2_sr(self) -> float:
        """Integral of the area over the solid angle [m^2 sr]."""
        return self.mean.acceptance_m2_sr

    @property
    def mean_direction(self) -> Floats:
        """Mean of the directions in the detector, weighted by their acceptance, shape (3,)."""
        edge = np.linspace(self.cos_zenith[0], 1.0, 2001)
        cosine, azimuth = (edge[1:] + edge[:-1])[:, None] / 2.0, (np.arange(720) + 0.5) * (TURN / 720)
        area, sine = self.area_m2(cosine, azimuth), np.sqrt(1.0 - cosine**2)
        parts = [(area * along).sum() for along in (sine * np.cos(azimuth), sine * np.sin(azimuth), cosine)]
        return np.asarray(parts, dtype=np.float64) / float(area.sum())

    def area_m2(self, cos_zenith: ArrayLike, azimuth_rad: ArrayLike) -> Floats:
        """Give the area seen from directions [m^2]."""
        cosine = np.asarray(cos_zenith, dtype=np.float64)
        i, share = _cell(self.cos_zenith, np.clip(cosine, self.cos_zenith[0], 1.0))
        around = np.append(self.azimuth_rad, self.azimuth_rad[0] + TURN)
        turned = np.asarray(azimuth_rad, dtype=np.float64) % TURN
        j, part = _cell(around, np.where(turned < around[0], turned + TURN, turned))
        k = (j + 1) % len(self.azimuth_rad)
        low = self.area[i, j] + (self.area[i, k] - self.area[i, j]) * part
        high = self.area[i + 1, j] + (self.area[i + 1, k] - self.area[i + 1, j]) * part
        return np.where(cosine < self.cos_zenith[0], 0.0, low + (high - low) * share)

    def density_per_sr(self, cos_edge: ArrayLike) -> Floats:
        """Share of the acceptance per solid angle, averaged over azimuth and each bin of cos(zenith) [1/sr]."""
        return self.mean.density_per_sr(cos_edge)

    def half(self, toward_rad: float) -> "AzimuthAngles":
        """Keep the half of the view whose azimuth lies within a quarter turn of an angle, on 720 azimuths."""
        azimuth = (np.arange(720, dtype=np.float64) + 0.5) * (TURN / 720)
        area = self.area_m2(self.cos_zenith[:, None], azimuth)
        return AzimuthAngles(self.cos_zenith, azimuth, np.where(np.cos(azimuth - toward_rad) > 0.0, area, 0.0))


@dataclass(frozen=True, eq=False)
class AzimuthAcceptance:
    """Effective area against energy, angle to the axis and azimuth: straight in ln(energy), cosine and azimuth.

    Attributes
    ----------
    energy_gev : numpy.ndarray of float64, shape (n_energy,)
        Rising energies [GeV], two or more.
    cos_zenith : numpy.ndarray of float64, shape (n_cosine,)
        Rising cosines from above 0 to 1, two or more.
    azimuth_rad : numpy.ndarray of float64, shape (n_azimuth,)
        Rising azimuths in [0, 2 pi), three or more, from the detector's x by its y [rad].
    area : numpy.ndarray of float64, shape (n_energy, n_cosine, n_azimuth)
        Effective area [m^2], not negative; along the axis the same at all azimuths.

    Raises
    ------
    ShapeError
        Sizes differ or are too small.
    RangeError
        A value is not finite or outside its range.
    DataError
        Energies, cosines or azimuths do not rise, at an energy nothing is accepted, or along the axis areas differ.
    """

    energy_gev: Floats
    cos_zenith: Floats
    azimuth_rad: Floats
    area: Floats

    def __post_init__(self) -> None:
        """Check the grid."""
        azimuth = finite_floats("azimuth_rad", self.azimuth_rad, (None,))
        area = finite_floats("area_m2", self.area, (None, None, None))
        if len(azimuth) < 3 or area.shape[2] != len(azimuth):
            raise ShapeError(f"area_m2 has shape {area.shape}; {len(azimuth)} azimuths, 3 or more, are wanted")
        if np.any(np.diff(azimuth) <= 0.0):
            raise DataError(f"azimuth_rad[{int(np.argmax(np.diff(azimuth) <= 0.0)) + 1}] does not rise")
        if azimuth[0] < 0.0 or azimuth[-1] >= TURN:
            raise RangeError(f"azimuths from {azimuth[0]} to {azimuth[-1]} rad are outside [0, 2 pi)")
        if area.size and area.min() < 0.0:
            place = tuple(int(i) for i in np.unravel_index(int(area.argmin()), area.shape))
            raise RangeError(f"area_m2{list(place)} = {area[place]} is outside [0, inf)")
        mean = AcceptanceTable(self.energy_gev, self.cos_zenith, area @ _azimuth_weight(azimuth))
        apart = np.ptp(area[:, -1], axis=1)
        if apart.max() > 0.0:
            i = int(apart.argmax())
            raise DataError(
                f"at energy_gev = {mean.energy_gev[i]} areas along the axis differ by {apart[i]} m^2; there azimuth "
                "means nothing"
            )
        for name, values in (
            ("energy_gev", mean.energy_gev), ("cos_zenith", mean.cos_zenith), ("azimuth_rad", azimuth), ("area", area),
        ):  # fmt: skip
            object.__setattr__(self, name, values)

    @property
    def mean(self) -> AcceptanceTable:
        """Average over azimuth."""
        return AcceptanceTable(self.energy_gev, self.cos_zenith, self.area @ _azimuth_weight(self.azimuth_rad))

    @property
    def curve(self) -> AcceptanceCurve:
        """Acceptance against energy: the integral of the area over the solid angle [m^2 sr]."""
        return self.mean.curve

    def shape(self, flux: Flux, low_gev: float, high_gev: float) -> AzimuthAngles:
        """Give the area against angles, averaged over a bin of energy by a spectrum.

        Parameters
        ----------
        flux : callable
            Flux against energy.
        low_gev, high_gev : float
            Bin [GeV], inside the table.

        Returns
        -------
        AzimuthAngles
            Average by flux times width of energy.

        Raises
        ------
        RangeError
            The bin leaves the table.
        """
        area = energy_average(self.energy_gev, self.area, flux, low_gev, high_gev)
        return AzimuthAngles(self.cos_zenith, self.azimuth_rad, area)


def _azimuth_weight(azimuth_rad: Floats) -> Floats:
    """Share of the circle that each azimuth stands for."""
    width = np.diff(azimuth_rad, append=azimuth_rad[:1] + TURN)
    return np.asarray((width + np.roll(width, 1)) / (2.0 * TURN))


def _cell(edge: Floats, at: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Index of the point before, and the share of the way to the next."""
    i = np.clip(np.searchsorted(edge, at, side="right") - 1, 0, len(edge) - 2)
    return i, (at - edge[i]) / (edge[i + 1] - edge[i])
