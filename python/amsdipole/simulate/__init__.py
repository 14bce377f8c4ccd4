"""A mission in a box: simulated events of known truth, written as a real mission would."""

from amsdipole.simulate.candidates import CandidateSource
from amsdipole.simulate.mission import Mission, simulate_events
from amsdipole.simulate.species import ELECTRON, POSITRON, PROTON, Species
from amsdipole.simulate.stream import charged_navigator, simulate_candidates, species_source

__all__ = [
    "ELECTRON",
    "POSITRON",
    "PROTON",
    "CandidateSource",
    "Mission",
    "Species",
    "charged_navigator",
    "simulate_candidates",
    "simulate_events",
    "species_source",
]
