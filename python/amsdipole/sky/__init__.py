"""Frames, HEALPix pixels and maps, real spherical harmonics."""

from amsdipole.sky.frames import (
    FrameKnots,
    attitude_in_frame,
    earth_fixed_to_teme,
    galactic_to_icrs,
    geodetic,
    icrs_to_galactic,
    teme_to_earth_fixed,
    teme_to_galactic,
    teme_to_gcrs,
    vector_in_frame,
)
from amsdipole.sky.harmonics import (
    dipole_from_harmonics,
    dipole_from_power,
    harmonics_from_dipole,
    power_from_dipole,
    real_harmonics,
)
from amsdipole.sky.maps import FRAMES, SkyMap, read_map, write_map
from amsdipole.sky.pixel_moments import mean_harmonics
from amsdipole.sky.pixels import pixel_centers, pixel_to_vector, summed_pixels, vector_to_pixel

__all__ = [
    "FRAMES",
    "FrameKnots",
    "SkyMap",
    "attitude_in_frame",
    "dipole_from_harmonics",
    "dipole_from_power",
    "earth_fixed_to_teme",
    "galactic_to_icrs",
    "geodetic",
    "harmonics_from_dipole",
    "icrs_to_galactic",
    "mean_harmonics",
    "pixel_centers",
    "pixel_to_vector",
    "power_from_dipole",
    "read_map",
    "real_harmonics",
    "summed_pixels",
    "teme_to_earth_fixed",
    "teme_to_galactic",
    "teme_to_gcrs",
    "vector_in_frame",
    "vector_to_pixel",
    "write_map",
]
