"""Acceptance, live time by pixel, and the reference map that an isotropic flux would give."""

from amsdipole.exposure.acceptance import (
    AMS_LEPTON_ACCEPTANCE,
    AcceptanceCurve,
    TwoDiscs,
    ams_lepton_geometry,
)
from amsdipole.exposure.acceptance_azimuth import AzimuthAcceptance, AzimuthAngles
from amsdipole.exposure.acceptance_file import read_acceptance
from amsdipole.exposure.acceptance_table import AcceptanceTable, AngleTable
from amsdipole.exposure.axes import LivetimeAxes, LivetimeBudget
from amsdipole.exposure.axes_file import read_axes, write_axes, write_cube
from amsdipole.exposure.axis_merge import merged_axes
from amsdipole.exposure.axis_pass import livetime_axes, livetime_axes_in, sums_identity
from amsdipole.exposure.azimuth_cube import AzimuthCube
from amsdipole.exposure.back_traced import BackTracedReference, back_traced_reference
from amsdipole.exposure.by_place import PlaceReference, place_reference
from amsdipole.exposure.drawing import SpectrumQuantiles, drawn_azimuths, drawn_directions
from amsdipole.exposure.efficiency import EfficiencyMap, efficiency_map, efficiency_variations, geographic_pixel
from amsdipole.exposure.efficiency_table import (
    EfficiencyTable,
    control_efficiency,
    efficiency_covariance,
)
from amsdipole.exposure.frames import EXPOSURE_FRAMES, FrameTurn, frame_turn
from amsdipole.exposure.ground import ground_exposure
from amsdipole.exposure.live_share import ams_live_share
from amsdipole.exposure.livetime import (
    LivetimeCube,
    livetime_cube,
    spread_attitudes,
    spread_livetime,
    zenith_edges,
)
from amsdipole.exposure.plane_response import PlaneResponse, plane_response
from amsdipole.exposure.range_fold import RangeFold, range_fold
from amsdipole.exposure.reference import (
    FOLD_NSIDE,
    Response,
    Shape,
    expected_counts,
    exposure_map,
    folded_attitudes,
    folded_axes,
    range_reference,
    shape_response,
)
from amsdipole.exposure.systematics import Shift, dipole_shift, reference_dipole, resolution_shift, shift_table

__all__ = [
    "AMS_LEPTON_ACCEPTANCE",
    "EXPOSURE_FRAMES",
    "FOLD_NSIDE",
    "AcceptanceCurve",
    "AcceptanceTable",
    "AngleTable",
    "AzimuthAcceptance",
    "AzimuthAngles",
    "AzimuthCube",
    "BackTracedReference",
    "EfficiencyMap",
    "EfficiencyTable",
    "FrameTurn",
    "LivetimeAxes",
    "LivetimeBudget",
    "LivetimeCube",
    "PlaceReference",
    "PlaneResponse",
    "RangeFold",
    "Response",
    "Shape",
    "Shift",
    "SpectrumQuantiles",
    "TwoDiscs",
    "ams_lepton_geometry",
    "ams_live_share",
    "back_traced_reference",
    "control_efficiency",
    "dipole_shift",
    "drawn_azimuths",
    "drawn_directions",
    "efficiency_covariance",
    "efficiency_map",
    "efficiency_variations",
    "expected_counts",
    "exposure_map",
    "folded_attitudes",
    "folded_axes",
    "frame_turn",
    "geographic_pixel",
    "ground_exposure",
    "livetime_axes",
    "livetime_axes_in",
    "livetime_cube",
    "merged_axes",
    "place_reference",
    "plane_response",
    "range_fold",
    "range_reference",
    "read_acceptance",
    "read_axes",
    "reference_dipole",
    "resolution_shift",
    "shape_response",
    "shift_table",
    "spread_attitudes",
    "spread_livetime",
    "sums_identity",
    "write_axes",
    "write_cube",
    "zenith_edges",
]
