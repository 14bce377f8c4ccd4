"""The positron and electron fluxes of AMS-02 as formulae of energy."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import number
from amsdipole.models.spectrum import Flux, PowerLaw, flux_integral, positive_energies, power_law

__all__ = [
    "AMS_ELECTRONS",
    "AMS_POSITRONS",
    "ElectronFlux",
    "Flux",
    "PositronFlux",
    "PowerLaw",
    "electron_flux",
    "flux_integral",
    "positron_flux",
    "power_law",
]


@dataclass(frozen=True)
class PositronFlux:
    """Hold the parameters of the positron flux: a diffuse term and a source term with a cutoff.

    Parameters
    ----------
    phi_gev : float
        Effective potential of solar modulation [GeV]; not negative.
    c_diffuse : float
        Diffuse term at 7 GeV [1/(m^2 sr s GeV)].
    gamma_diffuse : float
        Index of the diffuse term; negative for a falling spectrum.
    c_source : float
        Source term at 60 GeV without its cutoff [1/(m^2 sr s GeV)].
    gamma_source : float
        Index of the source term.
    inverse_cutoff_per_gev : float
        One over the cutoff energy of the source term [1/GeV]; not negative.

    Raises
    ------
    RangeError
        A parameter is not finite, or a value that may not be negative is.

    Notes
    -----
    The formula is in `positron_flux`. The defaults are the published values, rounded as published.

    Examples
    --------
    >>> PositronFlux(inverse_cutoff_per_gev=0.0).c_source  # no cutoff, other things equal
    6.8e-05
    """

    phi_gev: float = 1.10
    c_diffuse: float = 6.51e-2
    gamma_diffuse: float = -4.07
    c_source: float = 6.80e-5
    gamma_source: float = -2.58
    inverse_cutoff_per_gev: float = 1.23e-3

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("phi_gev", "c_diffuse", "c_source", "inverse_cutoff_per_gev"):
            number(name, getattr(self, name), low=0.0)
        for name in ("gamma_diffuse", "gamma_source"):
            number(name, getattr(self, name))


@dataclass(frozen=True)
class ElectronFlux:
    """Hold the parameters of the electron flux: two power laws and a turnover at low energy.

    Parameters
    ----------
    phi_gev : float
        Effective potential of solar modulation [GeV]; not negative.
    turnover_gev : float
        Energy of the turnover [GeV]; above 0.
    gamma_turnover : float
        Change of the index at the turnover.
    c_a : float
        First power law at 20 GeV [1/(m^2 sr s GeV)].
    gamma_a : float
        Its index; negative for a falling spectrum.
    c_b : float
        Second power law at 300 GeV [1/(m^2 sr s GeV)].
    gamma_b : float
        Its index.

    Raises
    ------
    RangeError
        A parameter is not finite, or outside its range.

    Notes
    -----
    The formula is in `electron_flux`. The defaults are the published values, rounded as published.

    Examples
    --------
    >>> ElectronFlux().turnover_gev
    3.94
    """

    phi_gev: float = 0.87
    turnover_gev: float = 3.94
    gamma_turnover: float = -2.14
    c_a: float = 1.13e-2
    gamma_a: float = -4.31
    c_b: float = 3.96e-6
    gamma_b: float = -3.14

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("phi_gev", "c_a", "c_b"):
            number(name, getattr(self, name), low=0.0)
        number("turnover_gev", self.turnover_gev, low=0.0, open_low=True)
        for name in ("gamma_turnover", "gamma_a", "gamma_b"):
            number(name, getattr(self, name))


AMS_POSITRONS: Final = PositronFlux()  # Aguilar et al. 2019, PRL 122, 041102
AMS_ELECTRONS: Final = ElectronFlux()  # Aguilar et al. 2019, PRL 122, 101101


def positron_flux(energy_gev: ArrayLike, *, parameters: PositronFlux = AMS_POSITRONS) -> NDArray[np.float64]:
    """Positron flux of AMS-02.

    Parameters
    ----------
    energy_gev : array_like of float, any shape
        Energies [GeV]; above 0.
    parameters : PositronFlux
        Parameters of the formula.

    Returns
    -------
    numpy.ndarray of float64, shape of `energy_gev`
        Flux [1/(m^2 sr s GeV)].

    Raises
    ------
    RangeError
        An energy is not finite or not above 0.

    Notes
    -----
    With ``F = E + phi``: ``E**2 / F**2 (C_d (F / 7)**gamma_d + C_s (F / 60)**gamma_s exp(-F / E_s))``. Against the 74
    points from 0.57 to 832 GV, with energy taken equal to rigidity, chi squared is 37.2 (method, section 8.1: 37.9);
    rounding of the published phi alone moves it by up to 10.

    References
    ----------
    .. [1] Aguilar et al. 2019, Phys. Rev. Lett. 122, 041102, https://doi.org/10.1103/PhysRevLett.122.041102

    Examples
    --------
    >>> positron_flux([16.0, 100.0])
    array([2.98978580e-03, 1.65029875e-05])
    """
    energy = positive_energies("energy_gev", energy_gev)
    shifted = energy + parameters.phi_gev
    diffuse = parameters.c_diffuse * (shifted / 7.0) ** parameters.gamma_diffuse
    source = parameters.c_source * (shifted / 60.0) ** parameters.gamma_source
    cutoff = np.exp(-shifted * parameters.inverse_cutoff_per_gev)
    return np.asarray((energy / shifted) ** 2 * (diffuse + source * cutoff))


def electron_flux(energy_gev: ArrayLike, *, parameters: ElectronFlux = AMS_ELECTRONS) -> NDArray[np.float64]:
    """Electron flux of AMS-02.

    Parameters
    ----------
    energy_gev : array_like of float, any shape
        Energies [GeV]; above 0.
    parameters : ElectronFlux
        Parameters of the formula.

    Returns
    -------
    numpy.ndarray of float64, shape of `energy_gev`
        Flux [1/(m^2 sr s GeV)].

    Raises
    ------
    RangeError
        An energy is not finite or not above 0.

    Notes
    -----
    With ``F = E + phi``: ``E**2 / F**2 (1 + (F / E_t)**gamma_t)**-1 (C_a (F / 20)**gamma_a + C_b (F / 300)**gamma_b)``.
    Against the 72 points above 1 GV, with energy taken equal to rigidity, chi squared is 40.4.

    References
    ----------
    .. [1] Aguilar et al. 2019, Phys. Rev. Lett. 122, 101101, https://doi.org/10.1103/PhysRevLett.122.101101

    Examples
    --------
    >>> electron_flux([16.0, 100.0])
    array([0.04896106, 0.00012954])
    """
    energy = positive_energies("energy_gev", energy_gev)
    shifted = energy + parameters.phi_gev
    turnover = 1.0 + (shifted / parameters.turnover_gev) ** parameters.gamma_turnover
    first = parameters.c_a * (shifted / 20.0) ** parameters.gamma_a
    second = parameters.c_b * (shifted / 300.0) ** parameters.gamma_b
    return np.asarray((energy / shifted) ** 2 / turnover * (first + second))
