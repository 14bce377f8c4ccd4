"""A mission in a box: simulated events of known truth, written as a real mission would."""

from amsdipole.simulate.candidates import CandidateSource
from amsdipole.simulate.mission import Mission, simulate_events
from amsdipole.simulate.species import ELECTRON, POSITRON, PROTON, Species
from amsdipole.simulate.stream import simulate_candidates

__all__ = [
    "ELECTRON",
    "POSITRON",
    "PROTON",
    "CandidateSource",
    "Mission",
    "Species",
    "simulate_candidates",
    "simulate_events",
]
