"""Frames: earth-fixed, TEME (true equator, mean equinox of date), GCRS, galactic.

Inside, a frame change is a matrix that erfa gives at knots in time and kernels read linearly between them;
astropy and its downloads are not involved. Aberration is left out: directions are those that the detector sees,
which differ from those of an observer at rest in the solar system by at most 21 arcsec.
"""

import warnings
from dataclasses import dataclass

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import floats, number

__all__ = [
    "FrameKnots",
    "attitude_in_frame",
    "earth_fixed_to_teme",
    "galactic_to_icrs",
    "geodetic",
    "icrs_to_galactic",
    "teme_to_earth_fixed",
    "teme_to_galactic",
    "teme_to_gcrs",
    "vector_in_frame",
]

# Hipparcos Catalogue (ESA SP-1200, volume 1, section 1.5.3): equatorial J2000 (ICRS) to galactic.
_ICRS_TO_GALACTIC = np.array(
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [0.4941094279, -0.4448296300, 0.7469822445],
        [-0.8676661490, -0.1980763734, 0.4559837762],
    ]
)
_UNIX_EPOCH_JD = 2440587.5  # Julian date of 1970-01-01 00:00 UTC
_TAI_TO_TT_S = 32.184  # IAU 1991 definition of TT
KNOT_STEP_S = 21_600.0  # linear between 6-hour knots errs by 0.0004 arcsec: nutation's fastest term has 5.6 days


@dataclass(frozen=True)
class FrameKnots:
    """Rotation from one frame to another at knots in time.

    Attributes
    ----------
    time_s : numpy.ndarray of float64, shape (k,)
        Unix times of the knots [s], rising.
    matrix : numpy.ndarray of float64, shape (k, 3, 3)
        Rotation at each knot.
    """

    time_s: NDArray[np.float64]
    matrix: NDArray[np.float64]


def icrs_to_galactic() -> NDArray[np.float64]:
    """Return the rotation from ICRS (equatorial J2000) to galactic axes.

    Returns
    -------
    numpy.ndarray of float64, shape (3, 3)
        Rows: the galactic centre, l = 90 deg, the north galactic pole, in equatorial axes.

    References
    ----------
    .. [1] The Hipparcos and Tycho Catalogues, ESA SP-1200 (1997), volume 1, section 1.5.3

    Examples
    --------
    >>> icrs_to_galactic()[2].round(4)
    array([-0.8677, -0.1981,  0.456 ])
    """
    return _ICRS_TO_GALACTIC.copy()


def galactic_to_icrs() -> NDArray[np.float64]:
    """Return the rotation from galactic to ICRS (equatorial J2000) axes.

    Returns
    -------
    numpy.ndarray of float64, shape (3, 3)
        Transpose of `icrs_to_galactic`.

    Examples
    --------
    >>> (galactic_to_icrs() @ [0.0, 0.0, 1.0]).round(4)
    array([-0.8677, -0.1981,  0.456 ])
    """
    return _ICRS_TO_GALACTIC.T.copy()


def teme_to_gcrs(start_s: float, stop_s: float) -> FrameKnots:
    """Give the rotation from TEME to GCRS at knots that cover a time span.

    Parameters
    ----------
    start_s, stop_s : float
        Unix times [s], 1960 to 2100.

    Returns
    -------
    FrameKnots
        Knots at multiples of 6 hours, so that they do not depend on the span.

    Raises
    ------
    RangeError
        A time is outside 1960 to 2100, or `stop_s` lies before `start_s`.

    Notes
    -----
    TEME is turned to the pseudo-earth-fixed frame by the mean sidereal time of 1982, from there to the celestial
    intermediate frame by the Earth rotation angle, and on to GCRS by precession and nutation of IAU 2006/2000A. The
    two fast angles nearly cancel, so that taking UT1 = UTC (at most 0.9 s) costs less than 1e-4 arcsec.

    References
    ----------
    .. [1] Vallado et al. 2006, AIAA 2006-6753, appendix C
    .. [2] IERS Conventions (2010), chapter 5

    Examples
    --------
    >>> teme_to_gcrs(0.0, 86400.0).time_s / 3600
    array([ 0.,  6., 12., 18., 24.])
    """
    low, high = -315_619_200.0, 4_102_444_800.0  # 1960-01-01 and 2100-01-01
    start = number("start_s", start_s, low=low, high=high)
    stop = number("stop_s", stop_s, low=start, high=high)
    first, last = np.floor(start / KNOT_STEP_S), np.floor(stop / KNOT_STEP_S) + 1
    if stop == first * KNOT_STEP_S + KNOT_STEP_S * (last - 1 - first) and last - 1 > first:
        last -= 1
    time_s = np.arange(first, last + 1) * KNOT_STEP_S
    return FrameKnots(time_s, _teme_to_gcrs_at(time_s))


def _teme_to_gcrs_at(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    day = np.floor(time_s / 86_400.0)
    utc1, utc2 = _UNIX_EPOCH_JD + day, time_s / 86_400.0 - day
    with warnings.catch_warnings():
        # Beyond its table of leap seconds erfa keeps the last: a second of TT moves the pole by 1e-6 arcsec.
        warnings.filterwarnings("ignore", message='.*"utctai".*dubious year', category=erfa.ErfaWarning)
        tai1, tai2 = erfa.utctai(utc1, utc2)
    tt1, tt2 = tai1, tai2 + _TAI_TO_TT_S / 86_400.0
    sidereal = erfa.gmst82(utc1, utc2)
    rotation = erfa.era00(utc1, utc2)
    celestial = erfa.c2i06a(tt1, tt2)
    angle = rotation - sidereal  # from TEME to the celestial intermediate frame, about the common pole
    matrix: NDArray[np.float64] = np.swapaxes(celestial, -1, -2) @ erfa.rz(-angle, np.eye(3))
    return matrix


def teme_to_galactic(start_s: float, stop_s: float) -> FrameKnots:
    """Give the rotation from TEME to galactic axes at knots that cover a time span.

    Parameters
    ----------
    start_s, stop_s : float
        Unix times [s], 1960 to 2100.

    Returns
    -------
    FrameKnots
        As `teme_to_gcrs`, followed by `icrs_to_galactic`.

    Raises
    ------
    RangeError
        A time is outside 1960 to 2100, or `stop_s` lies before `start_s`.

    Notes
    -----
    GCRS and ICRS have the same axes.

    Examples
    --------
    >>> teme_to_galactic(1.4e9, 1.4e9).matrix.shape
    (2, 3, 3)
    """
    knots = teme_to_gcrs(start_s, stop_s)
    return FrameKnots(knots.time_s, _ICRS_TO_GALACTIC @ knots.matrix)


def vector_in_frame(time_s: ArrayLike, vector: ArrayLike, knots: FrameKnots) -> NDArray[np.float64]:
    """Turn vectors to the frame that knots lead to.

    Parameters
    ----------
    time_s : array_like of float, shape (n,)
        Unix times [s], within the knots.
    vector : array_like of float, shape (n, 3)
        Vectors in the frame that the knots start from.
    knots : FrameKnots
        Rotations against time.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Vectors in the other frame.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A time is outside the knots, or a value is not finite.

    Examples
    --------
    >>> knots = FrameKnots(np.array([0.0, 1.0]), np.array([np.eye(3), np.eye(3)]))
    >>> vector_in_frame([0.5], [[1.0, 2.0, 3.0]], knots)
    array([[1., 2., 3.]])
    """
    return _core.vector_in_frame(
        floats("time_s", time_s, (None,)), floats("vector", vector, (None, 3)), *_knot_arrays(knots)
    )


def attitude_in_frame(
    time_s: ArrayLike, rotation: ArrayLike, rate: ArrayLike, knots: FrameKnots
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn rotations and angular velocities to the frame that knots lead to.

    Parameters
    ----------
    time_s : array_like of float, shape (n,)
        Unix times [s], within the knots.
    rotation : array_like of float, shape (n, 3, 3)
        Rotations into the frame that the knots start from.
    rate : array_like of float, shape (n, 3)
        Angular velocities [rad/s] in the same frame.
    knots : FrameKnots
        Rotations against time.

    Returns
    -------
    rotation : numpy.ndarray of float64, shape (n, 3, 3)
        Rotations into the other frame.
    rate : numpy.ndarray of float64, shape (n, 3)
        Angular velocities [rad/s] in the other frame.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A time is outside the knots, or a value is not finite.

    Examples
    --------
    >>> knots = FrameKnots(np.array([0.0, 1.0]), np.array([np.eye(3), np.eye(3)]))
    >>> attitude_in_frame([0.5], [np.eye(3)], [[0.0, 0.0, 1e-3]], knots)[1]
    array([[0.   , 0.   , 0.001]])
    """
    return _core.attitude_in_frame(
        floats("time_s", time_s, (None,)),
        floats("rotation", rotation, (None, 3, 3)),
        floats("rate", rate, (None, 3)),
        *_knot_arrays(knots),
    )


def _knot_arrays(knots: FrameKnots) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return floats("knot_time_s", knots.time_s, (None,)), floats("knot_matrix", knots.matrix, (None, 3, 3))


def teme_to_earth_fixed(time_s: ArrayLike, vector: ArrayLike) -> NDArray[np.float64]:
    """Turn vectors from TEME to earth-fixed axes.

    Parameters
    ----------
    time_s : array_like of float, shape (n,)
        Unix times [s].
    vector : array_like of float, shape (n, 3)
        Vectors in TEME.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Vectors in earth-fixed axes (x to Greenwich, z to the north pole).

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite.

    Notes
    -----
    A turn by Greenwich mean sidereal time (IAU 1982) with UT1 = UTC and no polar motion: longitudes err by at most
    0.004 deg (UT1 - UTC stays below 0.9 s), positions by at most 15 m from polar motion.

    References
    ----------
    .. [1] Aoki et al. 1982, A&A 105, 359

    Examples
    --------
    >>> teme_to_earth_fixed([946728000.0], [[1.0, 0.0, 0.0]]).round(4)
    array([[0.1816, 0.9834, 0.    ]])
    """
    return _core.teme_to_earth_fixed(floats("time_s", time_s, (None,)), floats("vector", vector, (None, 3)))


def earth_fixed_to_teme(time_s: ArrayLike, vector: ArrayLike) -> NDArray[np.float64]:
    """Turn vectors from earth-fixed axes to TEME.

    Parameters
    ----------
    time_s : array_like of float, shape (n,)
        Unix times [s].
    vector : array_like of float, shape (n, 3)
        Vectors in earth-fixed axes. A velocity must already be the inertial one.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Vectors in TEME.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is not finite.

    Notes
    -----
    The inverse of `teme_to_earth_fixed`.

    Examples
    --------
    >>> earth_fixed_to_teme([946728000.0], [[0.0, 0.0, 2.0]])
    array([[0., 0., 2.]])
    """
    return _core.earth_fixed_to_teme(floats("time_s", time_s, (None,)), floats("vector", vector, (None, 3)))


def geodetic(position_km: ArrayLike) -> NDArray[np.float64]:
    """Give geodetic longitude, latitude and altitude of earth-fixed positions.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Earth-fixed positions [km].

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Longitude [deg, -180 to 180), latitude [deg] and altitude [km] above the WGS 84 ellipsoid.

    Raises
    ------
    RangeError
        A position is zero or not finite.

    Notes
    -----
    One step of Bowring's formula: good to 1e-9 deg and 1e-7 km below 2000 km of altitude.

    References
    ----------
    .. [1] Bowring 1976, Survey Review 23, 323, https://doi.org/10.1179/sre.1976.23.181.323

    Examples
    --------
    >>> geodetic([[6778.137, 0.0, 0.0]]).round(6)
    array([[  0.,   0., 400.]])
    """
    return _core.geodetic(floats("position_km", position_km, (None, 3)))
