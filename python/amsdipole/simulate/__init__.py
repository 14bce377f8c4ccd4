"""A mission in a box: simulated events of known truth, written as a real mission would."""

from amsdipole.simulate.mission import Mission, kept_candidates, simulate_events
from amsdipole.simulate.species import ELECTRON, POSITRON, PROTON, Species
from amsdipole.simulate.stream import simulate_candidates

__all__ = [
    "ELECTRON",
    "POSITRON",
    "PROTON",
    "Mission",
    "Species",
    "kept_candidates",
    "simulate_candidates",
    "simulate_events",
]
