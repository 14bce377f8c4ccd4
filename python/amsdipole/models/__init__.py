"""Models of what arrives: fluxes of positrons and electrons."""

from amsdipole.models.flux import (
    AMS_ELECTRONS,
    AMS_POSITRONS,
    ElectronFlux,
    PositronFlux,
    electron_flux,
    positron_flux,
)
from amsdipole.models.spectrum import Flux, PowerLaw, flux_integral, power_law

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
