"""Every kernel again in plain NumPy, with the same names and arguments: the definition of what it computes.

Only tests and benchmarks import this package.
"""

from amsdipole._oracle.attitude import attitude_in_frame, detector_attitude, vector_in_frame
from amsdipole._oracle.axis_livetime import AxisLivetime, axes_at
from amsdipole._oracle.counts import Counts
from amsdipole._oracle.cutoff import cutoff_class, stormer_cutoff
from amsdipole._oracle.cutoff_scan import cone_cutoff, cutoff_scan
from amsdipole._oracle.earth import earth_fixed_to_teme, geodetic, teme_to_earth_fixed
from amsdipole._oracle.fold import folded_axes
from amsdipole._oracle.fold_roll import folded_attitudes
from amsdipole._oracle.healpix import pixel_to_vector, vector_to_pixel
from amsdipole._oracle.igrf import magnetic_field
from amsdipole._oracle.livetime import livetime_cube
from amsdipole._oracle.navigation import navigation
from amsdipole._oracle.orbit_axes import orbit_axes
from amsdipole._oracle.poisson import poisson_counts
from amsdipole._oracle.purity import PurityTable
from amsdipole._oracle.roll_livetime import RollLivetime
from amsdipole._oracle.seconds import inside_polygon
from amsdipole._oracle.slopes import maximum_slopes
from amsdipole._oracle.states import interpolated_states
from amsdipole._oracle.trace import trace, trajectory

__all__ = [
    "AxisLivetime",
    "Counts",
    "PurityTable",
    "RollLivetime",
    "attitude_in_frame",
    "axes_at",
    "cone_cutoff",
    "cutoff_class",
    "cutoff_scan",
    "detector_attitude",
    "earth_fixed_to_teme",
    "folded_attitudes",
    "folded_axes",
    "geodetic",
    "inside_polygon",
    "interpolated_states",
    "livetime_cube",
    "magnetic_field",
    "maximum_slopes",
    "navigation",
    "orbit_axes",
    "pixel_to_vector",
    "poisson_counts",
    "stormer_cutoff",
    "teme_to_earth_fixed",
    "trace",
    "trajectory",
    "vector_in_frame",
    "vector_to_pixel",
]
