"""IGRF field, eccentric dipole, Størmer cutoff."""

from amsdipole.geomagnetism.cutoff import CutoffRule, cutoff_class, stormer_cutoff
from amsdipole.geomagnetism.eccentric_dipole import (
    EccentricDipole,
    EccentricDipoleKnots,
    eccentric_dipole,
    eccentric_dipole_knots,
)
from amsdipole.geomagnetism.igrf import GaussCoefficients, decimal_year, igrf14, read_shc

__all__ = [
    "CutoffRule",
    "EccentricDipole",
    "EccentricDipoleKnots",
    "GaussCoefficients",
    "cutoff_class",
    "decimal_year",
    "eccentric_dipole",
    "eccentric_dipole_knots",
    "igrf14",
    "read_shc",
    "stormer_cutoff",
]
