"""Candidates of known truth: positrons, protons and electrons with the responses of the detector."""

from amsdipole.simulation.species import ELECTRON, POSITRON, PROTON, Species
from amsdipole.simulation.stream import simulate_candidates

__all__ = ["ELECTRON", "POSITRON", "PROTON", "Species", "simulate_candidates"]
