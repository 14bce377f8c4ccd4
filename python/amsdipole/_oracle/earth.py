"""Twins of `earth.rs`."""

import numpy as np

from amsdipole._oracle.check import Floats, all_directed, all_finite, all_finite_vectors, same_length
from amsdipole.constants import J2000_UNIX_S, WGS84_A_KM, WGS84_FLATTENING


def _sidereal_angle(time_s: Floats) -> Floats:
    """Greenwich mean sidereal time [rad], IAU 1982, UT1 = UTC."""
    since = time_s - J2000_UNIX_S
    t = since / (86400.0 * 36525.0)
    seconds = 67310.54841 + 8640184.812866 * t + 0.093104 * t**2 - 6.2e-6 * t**3 + since % 86400.0
    return seconds / 86400.0 % 1.0 * (2.0 * np.pi)


def _spun(time_s: Floats, vector: Floats, sense: float) -> Floats:
    same_length("vector", len(vector), len(time_s))
    all_finite("time_s", time_s)
    all_finite_vectors("vector", vector)
    angle = _sidereal_angle(time_s)
    x, y, z = vector.T
    sin, cos = sense * np.sin(angle), np.cos(angle)
    return np.column_stack([cos * x + sin * y, cos * y - sin * x, z])


def teme_to_earth_fixed(time_s: Floats, vector: Floats) -> Floats:
    return _spun(time_s, vector, 1.0)


def earth_fixed_to_teme(time_s: Floats, vector: Floats) -> Floats:
    return _spun(time_s, vector, -1.0)


def geodetic(position_km: Floats) -> Floats:
    """Geodetic longitude, latitude [deg] and altitude [km] by fixed-point iteration to convergence."""
    all_directed("position_km", position_km)
    x, y, z = position_km.T
    e2 = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
    rho = np.hypot(x, y)
    latitude = np.arctan2(z, rho * (1.0 - e2))
    for _ in range(30):
        normal = WGS84_A_KM / np.sqrt(1.0 - e2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + e2 * normal * np.sin(latitude), rho)
    normal = WGS84_A_KM / np.sqrt(1.0 - e2 * np.sin(latitude) ** 2)
    altitude = rho * np.cos(latitude) + z * np.sin(latitude) - WGS84_A_KM**2 / normal
    longitude = np.degrees(np.arctan2(y, x))
    return np.column_stack([np.where(longitude >= 180.0, -180.0, longitude), np.degrees(latitude), altitude])
