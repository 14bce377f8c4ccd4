"""Element sets, attitude, the table of seconds and the navigation made from it."""

from amsdipole.orbit.arrivals import asymptotic_directions
from amsdipole.orbit.attitude import ams_mounting, axes_at, detector_attitude
from amsdipole.orbit.axis_rows import AxisRows, axis_rows
from amsdipole.orbit.element_seconds import ElementSeconds
from amsdipole.orbit.elements import ElementSets, builtin_iss_elements, read_elements
from amsdipole.orbit.knots import StateKnots, state_knots
from amsdipole.orbit.navigation import Navigation, Navigator
from amsdipole.orbit.region import inside_polygon
from amsdipole.orbit.seconds import Seconds, SecondsSource, TableSeconds
from amsdipole.orbit.seconds_file import FileSeconds, write_seconds
from amsdipole.orbit.selection import CAUSES, SecondRule, SelectedSeconds, narrowed, stepped
from amsdipole.orbit.south_atlantic import SAA_LATITUDE_DEG, SAA_LONGITUDE_DEG
from amsdipole.orbit.states import interpolated_states

__all__ = [
    "CAUSES",
    "SAA_LATITUDE_DEG",
    "SAA_LONGITUDE_DEG",
    "AxisRows",
    "ElementSeconds",
    "ElementSets",
    "FileSeconds",
    "Navigation",
    "Navigator",
    "SecondRule",
    "Seconds",
    "SecondsSource",
    "SelectedSeconds",
    "StateKnots",
    "TableSeconds",
    "ams_mounting",
    "asymptotic_directions",
    "axes_at",
    "axis_rows",
    "builtin_iss_elements",
    "detector_attitude",
    "inside_polygon",
    "interpolated_states",
    "narrowed",
    "read_elements",
    "state_knots",
    "stepped",
    "write_seconds",
]
