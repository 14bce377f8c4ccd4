"""Models of what arrives: fluxes of positrons and electrons, and the dipoles of nearby pulsars."""

from amsdipole.models.arrival import pulsar_dipole, pulsar_flux
from amsdipole.models.flux import (
    AMS_ELECTRONS,
    AMS_POSITRONS,
    ElectronFlux,
    PositronFlux,
    electron_flux,
    positron_flux,
)
from amsdipole.models.flux_fit import (
    CutoffEnergy,
    FluxFit,
    chi_squared,
    cutoff_energy,
    fit_electron_flux,
    fit_positron_flux,
)
from amsdipole.models.flux_table import FluxTable, read_flux_table
from amsdipole.models.propagation import Propagation, free_limit
from amsdipole.models.source_dipole import RangeDipole, SourceModel, Turning, range_dipole, source_term
from amsdipole.models.sources import GEMINGA, MONOGEM, NEARBY_PULSARS, VELA, Injection, Pulsar, read_pulsars
from amsdipole.models.spectrum import Flux, PowerLaw, flux_integral, power_law
from amsdipole.models.turning import DeflectionTable, deflection_table

__all__ = [
    "AMS_ELECTRONS",
    "AMS_POSITRONS",
    "GEMINGA",
    "MONOGEM",
    "NEARBY_PULSARS",
    "VELA",
    "CutoffEnergy",
    "DeflectionTable",
    "ElectronFlux",
    "Flux",
    "FluxFit",
    "FluxTable",
    "Injection",
    "PositronFlux",
    "PowerLaw",
    "Propagation",
    "Pulsar",
    "RangeDipole",
    "SourceModel",
    "Turning",
    "chi_squared",
    "cutoff_energy",
    "deflection_table",
    "electron_flux",
    "fit_electron_flux",
    "fit_positron_flux",
    "flux_integral",
    "free_limit",
    "positron_flux",
    "power_law",
    "pulsar_dipole",
    "pulsar_flux",
    "range_dipole",
    "read_flux_table",
    "read_pulsars",
    "source_term",
]
