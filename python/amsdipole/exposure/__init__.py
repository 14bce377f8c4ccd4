"""Acceptance, live time by pixel, and the reference map that an isotropic flux would give."""

from amsdipole.exposure.acceptance import (
    AMS_LEPTON_ACCEPTANCE,
    AcceptanceCurve,
    TwoDiscs,
    ams_lepton_geometry,
)
from amsdipole.exposure.acceptance_table import AcceptanceTable, AngleTable, read_acceptance
from amsdipole.exposure.axes import LivetimeAxes, LivetimeBudget, livetime_axes, livetime_axes_in, merged_axes
from amsdipole.exposure.axes_file import read_axes, write_axes, write_cube
from amsdipole.exposure.back_traced import BackTracedReference, back_traced_reference
from amsdipole.exposure.by_place import PlaceReference, place_reference
from amsdipole.exposure.drawing import SpectrumQuantiles, drawn_directions
from amsdipole.exposure.efficiency import EfficiencyMap, efficiency_map, efficiency_variations, geographic_pixel
from amsdipole.exposure.efficiency_table import (
    EfficiencyTable,
    control_efficiency,
    efficiency_covariance,
)
from amsdipole.exposure.frames import EXPOSURE_FRAMES, FrameTurn, frame_turn
from amsdipole.exposure.ground import ground_exposure
from amsdipole.exposure.half_views import half_references
from amsdipole.exposure.live_share import ams_live_share
from amsdipole.exposure.livetime import (
    LivetimeCube,
    livetime_cube,
    spread_livetime,
    zenith_edges,
)
from amsdipole.exposure.reference import FOLD_NSIDE, expected_counts, exposure_map, folded_axes, range_reference
from amsdipole.exposure.systematics import Shift, dipole_shift, reference_dipole, resolution_shift, shift_table

__all__ = [
    "AMS_LEPTON_ACCEPTANCE",
    "EXPOSURE_FRAMES",
    "FOLD_NSIDE",
    "AcceptanceCurve",
    "AcceptanceTable",
    "AngleTable",
    "BackTracedReference",
    "EfficiencyMap",
    "EfficiencyTable",
    "FrameTurn",
    "LivetimeAxes",
    "LivetimeBudget",
    "LivetimeCube",
    "PlaceReference",
    "Shift",
    "SpectrumQuantiles",
    "TwoDiscs",
    "ams_lepton_geometry",
    "ams_live_share",
    "back_traced_reference",
    "control_efficiency",
    "dipole_shift",
    "drawn_directions",
    "efficiency_covariance",
    "efficiency_map",
    "efficiency_variations",
    "expected_counts",
    "exposure_map",
    "folded_axes",
    "frame_turn",
    "geographic_pixel",
    "ground_exposure",
    "half_references",
    "livetime_axes",
    "livetime_axes_in",
    "livetime_cube",
    "merged_axes",
    "place_reference",
    "range_reference",
    "read_acceptance",
    "read_axes",
    "reference_dipole",
    "resolution_shift",
    "shift_table",
    "spread_livetime",
    "write_axes",
    "write_cube",
    "zenith_edges",
]
