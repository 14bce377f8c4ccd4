"""Acceptance, live time by pixel, and the reference map that an isotropic flux would give."""

from amsdipole.exposure.acceptance import (
    AMS_LEPTON_ACCEPTANCE,
    AcceptanceCurve,
    TwoDiscs,
    ams_lepton_geometry,
)
from amsdipole.exposure.ground import ground_exposure
from amsdipole.exposure.livetime import (
    AxisLivetime,
    LivetimeBudget,
    LivetimeCube,
    livetime_cube,
    spread_livetime,
    zenith_edges,
)
from amsdipole.exposure.reference import expected_counts

__all__ = [
    "AMS_LEPTON_ACCEPTANCE",
    "AcceptanceCurve",
    "AxisLivetime",
    "LivetimeBudget",
    "LivetimeCube",
    "TwoDiscs",
    "ams_lepton_geometry",
    "expected_counts",
    "ground_exposure",
    "livetime_cube",
    "spread_livetime",
    "zenith_edges",
]
