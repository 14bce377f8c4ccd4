"""IGRF field, eccentric dipole, Størmer cutoff, traced trajectories and cutoffs, deflection."""

from amsdipole.geomagnetism.cutoff import CutoffRule, cutoff_class, stormer_cutoff
from amsdipole.geomagnetism.cutoff_cone import cone_cutoffs, cone_directions
from amsdipole.geomagnetism.cutoff_scan import TracedCutoffs, traced_cutoffs
from amsdipole.geomagnetism.cutoff_shell import cutoff_table, shell_axes
from amsdipole.geomagnetism.cutoff_table import CutoffTable, read_cutoff_table, write_cutoff_table
from amsdipole.geomagnetism.deflection import DeflectionResponse, deflection_response
from amsdipole.geomagnetism.deflection_orbit import OrbitSample, orbit_response, orbit_sample
from amsdipole.geomagnetism.eccentric_dipole import (
    EccentricDipole,
    EccentricDipoleKnots,
    dipole_of_date,
    eccentric_dipole,
    eccentric_dipole_knots,
)
from amsdipole.geomagnetism.field import coefficients_at, magnetic_field, magnetic_field_geodetic
from amsdipole.geomagnetism.igrf import GaussCoefficients, decimal_year, igrf14, read_shc
from amsdipole.geomagnetism.places import earth_fixed_position, local_axes
from amsdipole.geomagnetism.trajectory import TracingLimits, Trajectories, trace

__all__ = [
    "CutoffRule",
    "CutoffTable",
    "DeflectionResponse",
    "EccentricDipole",
    "EccentricDipoleKnots",
    "GaussCoefficients",
    "OrbitSample",
    "TracedCutoffs",
    "TracingLimits",
    "Trajectories",
    "coefficients_at",
    "cone_cutoffs",
    "cone_directions",
    "cutoff_class",
    "cutoff_table",
    "decimal_year",
    "deflection_response",
    "dipole_of_date",
    "earth_fixed_position",
    "eccentric_dipole",
    "eccentric_dipole_knots",
    "igrf14",
    "local_axes",
    "magnetic_field",
    "magnetic_field_geodetic",
    "orbit_response",
    "orbit_sample",
    "read_cutoff_table",
    "read_shc",
    "shell_axes",
    "stormer_cutoff",
    "trace",
    "traced_cutoffs",
    "write_cutoff_table",
]
