"""The dipole that sources give to the whole flux, by energy and by range, far from the Earth and as it is seen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import number
from amsdipole.errors import FitError, RangeError
from amsdipole.models.arrival import pulsar_dipole, pulsar_flux
from amsdipole.models.flux import AMS_POSITRONS, PositronFlux, positron_flux
from amsdipole.models.propagation import Propagation
from amsdipole.models.sources import Injection, Pulsar
from amsdipole.models.spectrum import Flux, positive_energies

__all__ = ["RangeDipole", "SourceModel", "Turning", "range_dipole", "source_term"]

Turning = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Matrices (n, 3, 3) by energy [GeV], from the dipole far from the Earth to the local one, in galactic axes."""

_NODE, _NODE_WEIGHT = np.polynomial.legendre.leggauss(8)
_PANELS = 64  # the acceptance has kinks: 64 panels of 8 nodes leave 1e-5


@dataclass(frozen=True)
class SourceModel:
    """Hold pulsars, and how much of the positrons is theirs.

    Parameters
    ----------
    name : str
        What to call it.
    pulsars : tuple of Pulsar
        The sources; one or more.
    normalisation : {"power", "source_term"}
        By the power of each pulsar, or such that they make the source term of the positron flux together at every
        energy, in shares by their computed fluxes; a single one then makes all of it.
    injection : Injection
        How they give energy to pairs.
    propagation : Propagation
        Diffusion and losses.

    Raises
    ------
    RangeError
        No pulsars, or an unknown normalisation.

    Examples
    --------
    >>> from amsdipole.models.sources import GEMINGA
    >>> model = SourceModel("Geminga alone", (GEMINGA,), normalisation="source_term")
    >>> bool(np.isclose(model.flux([100.0]), source_term([100.0])))
    True
    """

    name: str
    pulsars: tuple[Pulsar, ...]
    normalisation: Literal["power", "source_term"] = "power"
    injection: Injection = field(default_factory=Injection)
    propagation: Propagation = field(default_factory=Propagation)

    def __post_init__(self) -> None:
        """Check the choices."""
        if not self.pulsars:
            raise RangeError("pulsars is empty; one or more are wanted")
        if self.normalisation not in ("power", "source_term"):
            raise RangeError(f"normalisation = {self.normalisation!r} is unknown; power and source_term are allowed")

    def flux(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Flux of positrons of all the pulsars together [1/(m^2 sr s GeV)], of the shape of `energy_gev`."""
        energy = positive_energies("energy_gev", energy_gev)
        return np.asarray(self._fluxes(energy).sum(axis=0))

    def vector(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Sum of flux, amplitude and direction of each, shape of `energy_gev` and 3 (FB, EW, NS)."""
        energy = positive_energies("energy_gev", energy_gev)
        amplitude = np.stack([self._dipole(energy, p) for p in self.pulsars]) * self._fluxes(energy)
        return np.asarray(np.einsum("i...,ik->...k", amplitude, np.stack([p.direction for p in self.pulsars])))

    def _dipole(self, energy: NDArray[np.float64], pulsar: Pulsar) -> NDArray[np.float64]:
        return pulsar_dipole(energy, pulsar, injection=self.injection, propagation=self.propagation)

    def _fluxes(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Flux of each pulsar, shape (pulsars, ...)."""
        own = np.stack(
            [pulsar_flux(energy, p, injection=self.injection, propagation=self.propagation) for p in self.pulsars]
        )
        if self.normalisation == "power":
            return own
        total = own.sum(axis=0)
        if np.any(total <= 0.0):
            low = float(energy[total <= 0.0].min())
            raise FitError(f"{self.name}: nothing arrives at {low:.4g} GeV, so it cannot make the source term there")
        return np.asarray(own / total * source_term(energy))


@dataclass(frozen=True, eq=False)
class RangeDipole:
    """Hold the dipole of a range of energy.

    Attributes
    ----------
    far : numpy.ndarray of float64, shape (3,)
        Dipole of the whole flux far from the Earth (FB, EW, NS).
    local : numpy.ndarray of float64, shape (3,)
        The same as local arrival directions show it; equal to `far` where no turning was given.
    flux_share : float
        Share of the sources in the events of the range.
    largest_share : float
        Largest share in the flux at any energy of the range; above 1 the flux contradicts the model.
    """

    far: NDArray[np.float64]
    local: NDArray[np.float64]
    flux_share: float
    largest_share: float


def source_term(energy_gev: ArrayLike, *, parameters: PositronFlux = AMS_POSITRONS) -> NDArray[np.float64]:
    """Source term of the positron flux, without the diffuse one.

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
    The second term of `positron_flux`.

    Examples
    --------
    >>> (source_term([16.0, 100.0]) / positron_flux([16.0, 100.0])).round(2)
    array([0.5 , 0.93])
    """
    p = parameters
    alone = PositronFlux(p.phi_gev, 0.0, p.gamma_diffuse, p.c_source, p.gamma_source, p.inverse_cutoff_per_gev)
    return positron_flux(energy_gev, parameters=alone)


def range_dipole(
    model: SourceModel,
    low_gev: float,
    high_gev: float,
    *,
    total: Flux,
    weight: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    turning: Turning | None = None,
) -> RangeDipole:
    """Dipole of a range of energy, diluted by the flux that is not the sources'.

    Parameters
    ----------
    model : SourceModel
        The sources.
    low_gev, high_gev : float
        The range [GeV]; above 0 and rising.
    total : callable
        Whole flux of the species [1/(m^2 sr s GeV)].
    weight : callable
        Acceptance times live time by energy, in any unit.
    turning : callable, optional
        Deflection by energy.

    Returns
    -------
    RangeDipole
        Far and local.

    Raises
    ------
    RangeError
        The range does not rise from above 0, or a callable refuses an energy.
    FitError
        The model cannot make the source term.

    Notes
    -----
    ``integral of sum_i F_i delta_i n_i A T dE / integral of F A T dE``, each energy turned by its own matrix before.

    References
    ----------
    .. [1] method, sections 2.7 and 8.2

    Examples
    --------
    >>> from amsdipole.models.sources import MONOGEM
    >>> model = SourceModel("Monogem", (MONOGEM,), normalisation="source_term")
    >>> found = range_dipole(model, 16.0, 500.0, total=positron_flux, weight=np.ones_like)
    >>> (100 * found.far).round(2)
    array([-0.76, -0.29,  0.12])
    """
    low = number("low_gev", low_gev, low=0.0, open_low=True)
    high = number("high_gev", high_gev, low=low, open_low=True)
    edge = np.linspace(np.log(low), np.log(high), _PANELS + 1)
    middle, half = 0.5 * (edge[1:] + edge[:-1]), 0.5 * np.diff(edge)
    log_energy = (middle[:, None] + half[:, None] * _NODE).ravel()
    energy = np.clip(np.exp(log_energy), low, high)  # rounding alone could leave the range
    measure = (half[:, None] * _NODE_WEIGHT).ravel() * energy * weight(energy)
    whole, own, vector = total(energy), model.flux(energy), model.vector(energy)
    expected = float((whole * measure).sum())
    seen = vector if turning is None else np.einsum("nij,nj->ni", turning(energy), vector)
    return RangeDipole(
        measure @ vector / expected,
        measure @ seen / expected,
        float((own * measure).sum() / expected),
        float((own / whole).max()),
    )
