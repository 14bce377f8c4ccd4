"""What the detector accepts: a curve against energy times a shape against the angle to its axis."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import DataError, RangeError, ShapeError

__all__ = ["AMS_LEPTON_ACCEPTANCE", "AcceptanceCurve", "TwoDiscs", "ams_lepton_geometry"]


@dataclass(frozen=True)
class AcceptanceCurve:
    """Acceptance against energy, read linearly in the logarithm of energy.

    Attributes
    ----------
    energy_gev : numpy.ndarray of float64, shape (n,)
        Rising energies [GeV].
    acceptance_m2_sr : numpy.ndarray of float64, shape (n,)
        Acceptance at each energy [m^2 sr], not negative.

    Raises
    ------
    ShapeError
        The two differ in length, or there are fewer than two points.
    RangeError
        A value is not finite, an energy not positive or an acceptance negative.
    DataError
        The energies do not rise.
    """

    energy_gev: NDArray[np.float64]
    acceptance_m2_sr: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the points."""
        energy = finite_floats("energy_gev", self.energy_gev, (None,))
        acceptance = finite_floats("acceptance_m2_sr", self.acceptance_m2_sr, (None,))
        if len(energy) != len(acceptance) or len(energy) < 2:
            raise ShapeError(f"{len(energy)} energies and {len(acceptance)} acceptances; two or more pairs are wanted")
        if energy[0] <= 0 or acceptance.min() < 0:
            raise RangeError("energies above zero and acceptances that are not negative are wanted")
        if np.any(np.diff(energy) <= 0):
            raise DataError(f"energy_gev[{int(np.argmax(np.diff(energy) <= 0)) + 1}] does not rise")
        object.__setattr__(self, "energy_gev", energy)
        object.__setattr__(self, "acceptance_m2_sr", acceptance)

    def __call__(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Read the curve [m^2 sr]; an energy outside it is refused."""
        energy = finite_floats("energy_gev", np.atleast_1d(np.asarray(energy_gev)).ravel(), (None,))
        low, high = self.energy_gev[0], self.energy_gev[-1]
        bad = (energy < low) | (energy > high)
        if bad.any():
            i = int(bad.argmax())
            raise RangeError(f"energy_gev[{i}] = {energy[i]} is outside the acceptance curve, [{low}, {high}]")
        read = np.interp(np.log(energy), np.log(self.energy_gev), self.acceptance_m2_sr)
        return np.asarray(read.reshape(np.shape(energy_gev)))


# Effective acceptance of AMS for e+ and e- over nine years (CIEMAT, fAcc.root, read in cm^2 sr; method, section 3.4).
AMS_LEPTON_ACCEPTANCE = AcceptanceCurve(
    np.array([1.0, 2.0, 5.0, 7.0, 10.0, 16.0, 20.0, 25.0, 40.0, 65.0, 100.0, 200.0, 300.0, 500.0, 700.0, 1000.0]),
    np.array([403, 449, 471, 474, 473, 465, 459, 452, 434, 415, 401, 368, 345, 308, 279, 234]) * 1e-4,
)


@dataclass(frozen=True)
class TwoDiscs:
    """A telescope of two parallel discs on one axis: a particle is accepted if it crosses both.

    Attributes
    ----------
    upper_radius_m, lower_radius_m : float
        Radii of the discs [m].
    distance_m : float
        Distance of the discs [m].

    Raises
    ------
    RangeError
        A length is not positive.
    """

    upper_radius_m: float
    lower_radius_m: float
    distance_m: float

    def __post_init__(self) -> None:
        """Check the lengths."""
        for name in ("upper_radius_m", "lower_radius_m", "distance_m"):
            number(name, getattr(self, name), low=0.0, open_low=True)

    @property
    def cos_least(self) -> float:
        """Cosine of the greatest angle to the axis that is accepted."""
        reach = self.upper_radius_m + self.lower_radius_m
        return float(self.distance_m / np.hypot(self.distance_m, reach))

    @property
    def acceptance_m2_sr(self) -> float:
        """Geometric acceptance, 2 pi times the integral of the area over cos(zenith) [m^2 sr]."""
        return float(2.0 * np.pi * self._integral(np.array([self.cos_least, 1.0]))[0])

    def area_m2(self, cos_zenith: ArrayLike) -> NDArray[np.float64]:
        """Area seen from a direction: the overlap of the discs' shadows times cos(zenith) [m^2]."""
        cosine = finite_floats("cos_zenith", np.atleast_1d(np.asarray(cos_zenith)), (None,))
        if cosine.size and (cosine.min() <= 0.0 or cosine.max() > 1.0):
            raise RangeError("cos_zenith outside (0, 1]")
        shift = self.distance_m * np.sqrt(1.0 - cosine**2) / cosine
        return np.asarray(_overlap(shift, self.upper_radius_m, self.lower_radius_m) * cosine)

    def density_per_sr(self, cos_edge: ArrayLike) -> NDArray[np.float64]:
        """Share of the acceptance per solid angle, averaged over each bin of cos(zenith) [1/sr]; integrates to 1."""
        edge = finite_floats("cos_edge", cos_edge, (None,))
        return np.asarray(self._integral(edge) / np.diff(edge) / self.acceptance_m2_sr)

    def _integral(self, edge: NDArray[np.float64]) -> NDArray[np.float64]:
        """Integral of the area over cos(zenith) in each bin [m^2].

        Gauss-Legendre with 64 nodes on each side of the angle at which the smaller disc's shadow begins to leave the
        larger, with a power 3/2 of the distance to it: 1e-7 is left, and 2e-6 for equal discs, which leave at once.
        """
        node, weight = np.polynomial.legendre.leggauss(64)
        kink = float(self.distance_m / np.hypot(self.distance_m, self.upper_radius_m - self.lower_radius_m))
        inside = np.clip(edge, self.cos_least, 1.0)
        point = np.unique(np.append(inside, np.clip(kink, inside[0], inside[-1])))
        half = np.diff(point) / 2.0
        cosine = (point[1:] + point[:-1])[:, None] / 2.0 + half[:, None] * node
        area = self.area_m2(cosine.ravel()).reshape(cosine.shape)
        up_to = np.concatenate([[0.0], np.cumsum(half * (area @ weight))])
        return np.asarray(np.diff(up_to[np.searchsorted(point, inside)]))


def _overlap(shift: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Area common to two discs of radii a and b whose centres are `shift` apart."""
    apart = np.clip(shift, abs(a - b), a + b)
    safe = np.where(apart > 0.0, apart, 1.0)
    cos_a = np.clip((safe**2 + a**2 - b**2) / (2.0 * safe * a), -1.0, 1.0)
    cos_b = np.clip((safe**2 + b**2 - a**2) / (2.0 * safe * b), -1.0, 1.0)
    triangle = (a + b - apart) * (apart + a - b) * (apart - a + b) * (apart + a + b)
    lens = a**2 * np.arccos(cos_a) + b**2 * np.arccos(cos_b) - 0.5 * np.sqrt(np.maximum(triangle, 0.0))
    lens = np.maximum(lens, 0.0)  # where the discs touch, rounding leaves some -1e-8
    inside = shift <= abs(a - b)
    return np.asarray(np.where(inside, np.pi * min(a, b) ** 2, np.where(shift >= a + b, 0.0, lens)))


def ams_lepton_geometry() -> TwoDiscs:
    """Return two discs that stand for AMS's lepton trigger: the TRD above, the ECAL below.

    Returns
    -------
    TwoDiscs
        Greatest angle 26 deg. A model, not a survey of the detector: only the shape is used, scaled to
        `AMS_LEPTON_ACCEPTANCE`.

    Notes
    -----
    ECAL: a square of 65 cm, taken as a disc of the same area, at z = -142 cm. TRD: a disc of 85 cm, 2.5 m above it,
    which limits the angle to 26 deg as method section 3.4 says.

    Examples
    --------
    >>> round(float(np.degrees(np.arccos(ams_lepton_geometry().cos_least))), 1)
    26.0
    """
    return TwoDiscs(upper_radius_m=0.8526, lower_radius_m=0.3667, distance_m=2.5)
