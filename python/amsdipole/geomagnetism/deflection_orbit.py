"""Arrivals over the space station's orbit, where they came from, and the response that they make."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import floats, number, whole_number
from amsdipole.constants import AMS_MOUNTING_DEG, EARTH_RADIUS_KM
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff import stormer_cutoff
from amsdipole.geomagnetism.deflection import DeflectionResponse, deflection_response
from amsdipole.geomagnetism.eccentric_dipole import dipole_of_date
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.trajectory import ALLOWED, TracingLimits, trace

__all__ = ["OrbitSample", "orbit_response", "orbit_sample"]


@dataclass(frozen=True, eq=False)
class OrbitSample:
    """Hold arrivals spread over an orbit and a field of view, and where they came from.

    Parameters
    ----------
    direction : numpy.ndarray of float64, shape (n, 3)
        Local arrival directions.
    asymptotic : numpy.ndarray of float64, shape (n, 3)
        Asymptotic directions of the same particles, in the same axes.
    n_shut : int
        Arrivals above the cutoff rule that tracing nevertheless found shut; they are not among the rows.

    Notes
    -----
    In axes whose +z is the Earth's and whose +x has any right ascension: sidereal time is uniform.

    Examples
    --------
    >>> OrbitSample(np.eye(3), np.eye(3), 0).n_shut
    0
    """

    direction: NDArray[np.float64]
    asymptotic: NDArray[np.float64]
    n_shut: int


def orbit_sample(
    rigidity_gv: ArrayLike,
    *,
    n: int,
    rng: np.random.Generator,
    coefficients: GaussCoefficients,
    decimal_year: float,
    cutoff_factor: float = 1.2,
    cutoff_half_angle_rad: float = float(np.deg2rad(40.0)),
    inclination_deg: float = 51.64,
    altitude_km: float = 410.0,
    field_of_view_rad: float = float(np.deg2rad(25.0)),
    tilt_rad: float = float(np.deg2rad(AMS_MOUNTING_DEG)),
    gate_gv: ArrayLike | None = None,
    limits: TracingLimits | None = None,
) -> OrbitSample:
    """Draw arrivals over a precessing circular orbit and trace them back.

    Parameters
    ----------
    rigidity_gv : float or array_like of float, shape (n,)
        Rigidity of all or of each arrival [GV], all of one sign, negative for negative charge.
    n : int
        Arrivals drawn, before the cutoff rule.
    rng : numpy.random.Generator
        Source of random numbers.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    cutoff_factor : float
        Places are open where the rigidity is at least this times the greatest Størmer cutoff of a cone.
    cutoff_half_angle_rad : float
        Half angle of that cone about the axis of the field of view [rad]; AMS takes 40 deg.
    inclination_deg, altitude_km : float
        Circular orbit [deg, km]; height above 6371.2 km.
    field_of_view_rad : float
        Half angle of the field of view, filled evenly in solid angle [rad].
    tilt_rad : float
        Angle of its axis from the zenith to port, which is left of the motion [rad].
    gate_gv : float or array_like of float, shape (n,), optional
        Rigidities that the cutoff rule looks at [GV], as lower edges of energy bins; those of the arrivals if absent.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    OrbitSample
        Local and asymptotic directions of the arrivals that are allowed.

    Raises
    ------
    RangeError
        A choice out of range, or no place is open.

    Notes
    -----
    Longitude and sidereal time are uniform and independent, as over years of a precessing orbit.

    References
    ----------
    .. [1] method, sections 2.7 and 3.1

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> rng = np.random.default_rng(1)
    >>> sample = orbit_sample(100.0, n=1000, rng=rng, coefficients=igrf14(), decimal_year=2015.0)
    >>> sample.direction.shape
    (1000, 3)
    """
    count = whole_number("n", n, low=1, high=10**9)
    rigidity = _of_each("rigidity_gv", rigidity_gv, count)
    gate = np.abs(rigidity) if gate_gv is None else _of_each("gate_gv", gate_gv, count)
    if not ((rigidity > 0.0).all() or (rigidity < 0.0).all()):
        raise RangeError("rigidity_gv: rigidities of one sign, and not zero, are wanted")
    inclination = np.deg2rad(number("inclination_deg", inclination_deg, low=0.0, high=180.0))
    radius = EARTH_RADIUS_KM + number("altitude_km", altitude_km, low=100.0, high=50_000.0)
    view = number("field_of_view_rad", field_of_view_rad, low=0.0, high=np.pi, open_low=True)
    tilt = number("tilt_rad", tilt_rad, low=-np.pi, high=np.pi)
    phase, node, azimuth = rng.uniform(0.0, 2 * np.pi, (3, count))
    cos_view = rng.uniform(np.cos(view), 1.0, count)
    along = np.array([np.cos(phase), np.sin(phase), -np.sin(phase), np.cos(phase)])

    def in_plane(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        up = y * np.cos(inclination)
        return np.column_stack(
            [x * np.cos(node) - up * np.sin(node), x * np.sin(node) + up * np.cos(node), y * np.sin(inclination)]
        )

    zenith, motion = in_plane(along[0], along[1]), in_plane(along[2], along[3])
    port = np.cross(zenith, motion)
    axis = np.cos(tilt) * zenith + np.sin(tilt) * port
    side = np.cross(motion, axis)
    sin_view = np.sqrt(1.0 - cos_view**2)
    direction = cos_view[:, None] * axis + sin_view[:, None] * (
        np.cos(azimuth)[:, None] * motion + np.sin(azimuth)[:, None] * side
    )
    position = radius * zenith
    cutoff = stormer_cutoff(
        np.full(count, 0.5),
        position,
        axis / np.linalg.norm(axis, axis=1, keepdims=True),
        dipole=dipole_of_date(coefficients, decimal_year),
        charge_sign=1 if rigidity[0] > 0.0 else -1,
        half_angle_rad=number("cutoff_half_angle_rad", cutoff_half_angle_rad, low=0.0, high=np.pi),
    )
    open_places = gate >= number("cutoff_factor", cutoff_factor, low=0.0, high=100.0) * cutoff
    if not open_places.any():
        raise RangeError(
            f"rigidity_gv = {np.abs(rigidity).max()}: no place of the orbit is open at {cutoff_factor} times its cutoff"
        )
    direction, position = direction[open_places], position[open_places]
    ends = trace(
        position,
        direction,
        rigidity[open_places],
        coefficients=coefficients,
        decimal_year=decimal_year,
        limits=limits,
    )
    allowed = ends.outcome == ALLOWED
    return OrbitSample(direction[allowed], ends.direction[allowed], int((~allowed).sum()))


def _of_each(name: str, value: ArrayLike, n: int) -> NDArray[np.float64]:
    """One number for all rows, or one for each."""
    given = np.asarray(value, dtype=np.float64)
    each = floats(name, np.full(n, given) if given.ndim == 0 else given, (n,))
    if not np.isfinite(each).all():
        raise RangeError(f"{name}[{int(np.argmin(np.isfinite(each)))}] is not finite")
    return each


def orbit_response(
    rigidity_gv: ArrayLike,
    *,
    n: int,
    rng: np.random.Generator,
    coefficients: GaussCoefficients,
    decimal_year: float,
    cutoff_factor: float = 1.2,
    cutoff_half_angle_rad: float = float(np.deg2rad(40.0)),
    field_of_view_rad: float = float(np.deg2rad(25.0)),
    tilt_rad: float = float(np.deg2rad(AMS_MOUNTING_DEG)),
    gate_gv: ArrayLike | None = None,
    limits: TracingLimits | None = None,
) -> DeflectionResponse:
    """Compute the response of the space station's orbit to a far dipole, averaged over sidereal time.

    Parameters
    ----------
    rigidity_gv : float or array_like of float, shape (n,)
        As for `orbit_sample`.
    n : int
        Arrivals drawn.
    rng : numpy.random.Generator
        Source of random numbers.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    cutoff_factor, cutoff_half_angle_rad, field_of_view_rad, tilt_rad : float
        As for `orbit_sample`.
    gate_gv : float or array_like of float, shape (n,), optional
        As for `orbit_sample`.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    DeflectionResponse
        In equatorial axes.

    Raises
    ------
    RangeError
        As for `orbit_sample`.

    Notes
    -----
    Each arrival stands at four sidereal times six hours apart, which averages the first harmonics exactly.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> rng = np.random.default_rng(1)
    >>> response = orbit_response(200.0, n=20_000, rng=rng, coefficients=igrf14(), decimal_year=2015.0)
    >>> bool(-0.14 < response.rotation_rad < -0.09)
    True
    """
    sample = orbit_sample(
        rigidity_gv,
        n=n,
        rng=rng,
        coefficients=coefficients,
        decimal_year=decimal_year,
        cutoff_factor=cutoff_factor,
        cutoff_half_angle_rad=cutoff_half_angle_rad,
        field_of_view_rad=field_of_view_rad,
        tilt_rad=tilt_rad,
        gate_gv=gate_gv,
        limits=limits,
    )
    quarter = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    local, far = [sample.direction], [sample.asymptotic]
    for _ in range(3):
        local.append(local[-1] @ quarter)
        far.append(far[-1] @ quarter)
    # The four times of one arrival stand together, so that the blocks of the jackknife stay independent.
    return deflection_response(np.stack(local, axis=1).reshape(-1, 3), np.stack(far, axis=1).reshape(-1, 3))
