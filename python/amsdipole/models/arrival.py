"""What arrives from one pulsar: its flux and its dipole, by diffusion with losses."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole.constants import PARSEC_M, SPEED_OF_LIGHT_M_S
from amsdipole.models.propagation import KPC_PER_KYR, Propagation
from amsdipole.models.sources import Injection, Pulsar
from amsdipole.models.spectrum import flux_integral, positive_energies

__all__ = ["pulsar_dipole", "pulsar_flux"]

_CUBIC_METRES: Final = (1e3 * PARSEC_M) ** 3  # in a kpc^3
# Panels of 32 nodes in the logarithm of the time since birth; twice as many change fluxes by less than 1e-6.
_PANELS: Final = 16
_NODE, _NODE_WEIGHT = np.polynomial.legendre.leggauss(32)


def pulsar_flux(
    energy_gev: ArrayLike,
    pulsar: Pulsar,
    *,
    injection: Injection | None = None,
    propagation: Propagation | None = None,
) -> NDArray[np.float64]:
    """Flux of positrons from a pulsar; that of electrons is the same.

    Parameters
    ----------
    energy_gev : array_like of float, any shape
        Energies [GeV]; above 0.
    pulsar : Pulsar
        The source.
    injection : Injection, optional
        How it gives energy to pairs; ``Injection()`` by default.
    propagation : Propagation, optional
        Diffusion and losses; ``Propagation()`` by default.

    Returns
    -------
    numpy.ndarray of float64, shape of `energy_gev`
        Flux [1/(m^2 sr s GeV)]; 0 above the energy that losses leave.

    Raises
    ------
    RangeError
        An energy is not finite or not above 0.

    Notes
    -----
    ``c / (4 pi)`` times ``Q(E_s) (E_s / E)**2 exp(-d**2 / r**2) / (pi r**2)**1.5``; continuous injection adds up such
    bursts by ``(1 + t / tau)**-2``, from birth to the last that light could bring.

    References
    ----------
    .. [1] method, section 8.2
    .. [2] Atoyan, Aharonian and Völk 1995, Phys. Rev. D 52, 3265, https://doi.org/10.1103/PhysRevD.52.3265

    Examples
    --------
    >>> from amsdipole.models.sources import GEMINGA
    >>> bool(pulsar_flux(700.0, GEMINGA) == 0.0)
    True
    """
    return _moments(energy_gev, pulsar, injection or Injection(), propagation or Propagation())[0]


def pulsar_dipole(
    energy_gev: ArrayLike,
    pulsar: Pulsar,
    *,
    injection: Injection | None = None,
    propagation: Propagation | None = None,
) -> NDArray[np.float64]:
    """Amplitude of the dipole of a pulsar's own flux, towards it.

    Parameters
    ----------
    energy_gev : array_like of float, any shape
        Energies [GeV]; above 0.
    pulsar : Pulsar
        The source.
    injection : Injection, optional
        How it gives energy to pairs.
    propagation : Propagation, optional
        Diffusion and losses.

    Returns
    -------
    numpy.ndarray of float64, shape of `energy_gev`
        ``3 D |grad N| / (c N)``; 0 where nothing arrives.

    Raises
    ------
    RangeError
        An energy is not finite or not above 0.

    Notes
    -----
    ``6 D d / (c r**2)`` for a burst, which is 3 d / (2 c T) at low energy. First order in the gradient: a value that is
    not small against 1 is outside diffusion.

    References
    ----------
    .. [1] method, section 8.2

    Examples
    --------
    >>> from amsdipole.models.sources import MONOGEM
    >>> pulsar_dipole([1.0, 100.0], MONOGEM).round(4)
    array([0.0127, 0.0126])
    """
    return _moments(energy_gev, pulsar, injection or Injection(), propagation or Propagation())[1]


def _moments(
    energy_gev: ArrayLike, pulsar: Pulsar, injection: Injection, propagation: Propagation
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Flux and dipole; the dipole is a ratio that stays where the flux is too small for float64."""
    energy = positive_energies("energy_gev", energy_gev)
    time, share = _times(pulsar, injection)
    elapsed, share = (a.reshape(-1, *[1] * energy.ndim) for a in (time, share))
    source = propagation.source_energy(energy, elapsed)
    radius2 = propagation.radius_squared(energy, elapsed)
    arrives = np.isfinite(source)
    start = np.where(arrives, source, 1.0)
    log_spectrum = (injection.index + 2.0) * np.log(start) - 2.0 * np.log(energy) - start / injection.cutoff_gev
    log_kernel = -(pulsar.distance_kpc**2) / radius2 - 1.5 * np.log(np.pi * radius2)
    log_part = np.where(arrives, np.log(share) + log_spectrum + log_kernel, -np.inf)
    most = log_part.max(axis=0)
    nothing = np.isneginf(most)
    part = np.exp(log_part - np.where(nothing, 0.0, most))
    total = part.sum(axis=0)
    amplitude = 6.0 * propagation.diffusion(energy) * pulsar.distance_kpc / (KPC_PER_KYR * radius2)
    dipole = (part * amplitude).sum(axis=0) / np.where(nothing, 1.0, total)
    speed = SPEED_OF_LIGHT_M_S / (4.0 * np.pi * _CUBIC_METRES)
    return np.asarray(np.exp(most) * total * speed * _spectrum_scale(pulsar, injection)), np.asarray(dipole)


def _spectrum_scale(pulsar: Pulsar, injection: Injection) -> float:
    """Positrons at 1 GeV without the cutoff [1/GeV]: half of the pairs' energy is theirs."""

    def energy_spectrum(e: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(e ** (injection.index + 1.0) * np.exp(-e / injection.cutoff_gev))

    # e**-20 is left above 20 cutoffs
    total = float(flux_integral(energy_spectrum, injection.low_gev, 20.0 * injection.cutoff_gev))
    return 0.5 * injection.pair_energy_gev(pulsar) / total


def _times(pulsar: Pulsar, injection: Injection) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give times since injection [kyr] and the shares of the energy given there, which add up to 1 or less."""
    if injection.kind == "burst":
        return np.array([pulsar.age_kyr]), np.array([1.0])
    tau = injection.decay_kyr
    last = pulsar.age_kyr - pulsar.distance_kpc / KPC_PER_KYR  # what left later has not arrived even as light
    edge = np.linspace(0.0, np.log1p(last / tau), _PANELS + 1)
    middle, half = 0.5 * (edge[1:] + edge[:-1]), 0.5 * np.diff(edge)
    log_time = (middle[:, None] + half[:, None] * _NODE).ravel()
    # dt / (tau (1 + t / tau)**2) = exp(-w) dw with w = log(1 + t / tau); normalised to what is given until now
    share = (half[:, None] * _NODE_WEIGHT).ravel() * np.exp(-log_time)
    given = pulsar.age_kyr / (pulsar.age_kyr + tau)
    return pulsar.age_kyr - tau * np.expm1(log_time), share / given
