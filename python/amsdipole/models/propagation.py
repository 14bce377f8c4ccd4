"""How electrons and positrons diffuse and lose energy on their way."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.constants import JULIAN_YEAR_S, PARSEC_M, SPEED_OF_LIGHT_M_S
from amsdipole.errors import RangeError
from amsdipole.models.spectrum import positive_energies

__all__ = ["KPC_PER_KYR", "Propagation", "free_limit"]

KPC_PER_KYR: Final = SPEED_OF_LIGHT_M_S * JULIAN_YEAR_S / PARSEC_M  # the speed of light: parsec a year is kpc a kyr
_KYR_S: Final = 1e3 * JULIAN_YEAR_S


@dataclass(frozen=True)
class Propagation:
    """Hold diffusion ``D0 (E / GeV)**slope`` and losses ``b0 E**2``, the same everywhere.

    Parameters
    ----------
    d0_kpc2_per_myr : float
        Diffusion coefficient at 1 GeV [kpc^2/Myr]; above 0. 0.05 is 1.51e28 cm^2/s.
    slope : float
        Exponent of energy, in [0, 1).
    loss_per_gev_s : float
        Energy losses b0 by synchrotron radiation and inverse Compton scattering [1/(GeV s)]; above 0.

    Raises
    ------
    RangeError
        A parameter is out of range.

    Notes
    -----
    One zone, steady losses in the Thomson limit. Slow diffusion around a source, the halo's edge and the fall of the
    cross section above some 10 GeV (Klein and Nishina) are left out; the last makes losses about 1.5 to 2 times smaller
    at 1 TeV (unverified).

    References
    ----------
    .. [1] method, section 8.2

    Examples
    --------
    >>> Propagation().maximum_energy(342.0).round()
    np.float64(662.0)
    """

    d0_kpc2_per_myr: float = 0.05
    slope: float = 0.445
    loss_per_gev_s: float = 1.4e-16

    def __post_init__(self) -> None:
        """Check the ranges."""
        number("d0_kpc2_per_myr", self.d0_kpc2_per_myr, low=0.0, open_low=True)
        number("slope", self.slope, low=0.0, high=0.999)
        number("loss_per_gev_s", self.loss_per_gev_s, low=0.0, open_low=True)

    def diffusion(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Diffusion coefficient [kpc^2/kyr], of the shape of `energy_gev`."""
        energy = positive_energies("energy_gev", energy_gev)
        return np.asarray(1e-3 * self.d0_kpc2_per_myr * energy**self.slope)

    def maximum_energy(self, age_kyr: ArrayLike) -> NDArray[np.float64]:
        """Energy that is left after `age_kyr` of losses from an infinite one [GeV]."""
        age = finite_floats("age_kyr", np.ravel(age_kyr), (None,))
        if len(age) and age.min() <= 0.0:
            raise RangeError(f"age_kyr[{int(age.argmin())}] = {age.min()} is outside (0, inf)")
        return np.asarray(1.0 / (self.loss_per_gev_s * _KYR_S * age.reshape(np.shape(age_kyr))))

    def source_energy(self, energy_gev: ArrayLike, age_kyr: ArrayLike) -> NDArray[np.float64]:
        """Energy at the source of what arrives with `energy_gev` after `age_kyr` [GeV]; inf where there is none."""
        energy = positive_energies("energy_gev", energy_gev)
        left = 1.0 - energy / self.maximum_energy(age_kyr)
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(left > 0.0, energy / np.maximum(left, 0.0), np.inf))

    def radius_squared(self, energy_gev: ArrayLike, age_kyr: ArrayLike) -> NDArray[np.float64]:
        """Square of the diffusion radius of what arrives with `energy_gev` after `age_kyr` [kpc^2].

        Parameters
        ----------
        energy_gev, age_kyr : array_like of float, shapes that broadcast
            Energy on arrival [GeV] and time since injection [kyr]; above 0.

        Returns
        -------
        numpy.ndarray of float64, broadcast shape
            ``4 D T (1 - (1 - x)**(1 - slope)) / ((1 - slope) x)`` with x the energy over the greatest possible one;
            from x = 1 on the value at 1.

        Raises
        ------
        RangeError
            An energy or age is not finite or not above 0.
        """
        age = np.asarray(age_kyr, dtype=np.float64)
        x = np.minimum(positive_energies("energy_gev", energy_gev) / self.maximum_energy(age), 1.0)
        rest = 1.0 - self.slope
        with np.errstate(divide="ignore"):
            # expm1 and log1p keep the free limit, 1, for x near 0; x = 1 has log1p = -inf, and expm1 of it is -1.
            factor = -np.expm1(rest * np.log1p(-x)) / (rest * x)
        return np.asarray(4.0 * self.diffusion(energy_gev) * age * factor)


def free_limit(distance_kpc: float, age_kyr: float) -> float:
    """Dipole of a burst far below the energy where losses bite, 3 d / (2 c T): diffusion cancels.

    Parameters
    ----------
    distance_kpc : float
        Distance [kpc]; not negative.
    age_kyr : float
        Time since the burst [kyr]; above 0.

    Returns
    -------
    float
        Amplitude.

    Raises
    ------
    RangeError
        A value is out of range.

    Notes
    -----
    ``3 D |grad N| / (c N)`` with ``N ~ exp(-d**2 / (4 D T))``.

    References
    ----------
    .. [1] method, section 8.2

    Examples
    --------
    >>> [round(100 * free_limit(d, t), 2) for d, t in ((0.25, 342.0), (0.288, 111.0), (0.287, 11.3))]
    [0.36, 1.27, 12.43]
    """
    distance = number("distance_kpc", distance_kpc, low=0.0)
    age = number("age_kyr", age_kyr, low=0.0, open_low=True)
    return 1.5 * distance / (KPC_PER_KYR * age)
