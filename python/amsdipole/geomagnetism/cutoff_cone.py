"""The greatest cutoffs over cones of directions by tracing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, floats, number
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff import charge, stormer_cutoff
from amsdipole.geomagnetism.eccentric_dipole import dipole_of_date
from amsdipole.geomagnetism.field import coefficients_at
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.trajectory import TracingLimits

__all__ = ["AMS_CONES_RAD", "cone_cutoffs", "cone_directions", "edge_directions"]

AMS_CONES_RAD = tuple(float(np.deg2rad(angle)) for angle in (25, 30, 35, 40))  # AMS's per-second columns (method, 2.1)


def cone_directions(axis: ArrayLike, half_angle_rad: Sequence[float], *, spacing_rad: float) -> NDArray[np.float64]:
    """Give directions that fill nested cones about axes, edges included.

    Parameters
    ----------
    axis : array_like of float, shape (n, 3)
        Unit vectors.
    half_angle_rad : sequence of float, length c
        Rising half angles of the cones [rad], above 0 and up to pi.
    spacing_rad : float
        Greatest distance of neighbours along a ring [rad].

    Returns
    -------
    numpy.ndarray of float64, shape (n, k, 3)
        Directions: the axis, a ring at half the first angle, and a ring on the edge of each cone.

    Raises
    ------
    RangeError
        Angles that do not rise or lie outside their range.

    Notes
    -----
    The cutoff rises towards magnetic east (west for negative charge), so its maximum over a cone lies on the edge but
    for the structure of the penumbra. A ring holds points at equal angles, the first nearest to geographic east.

    Examples
    --------
    >>> cone_directions([[0.0, 0.0, 1.0]], [0.5], spacing_rad=1.0).shape
    (1, 9, 3)
    """
    rings, _ = _rings(half_angle_rad, spacing_rad)
    return _about(floats("axis", axis, (None, 3)), rings)


def edge_directions(
    axis: ArrayLike, facing: ArrayLike, half_angle_rad: float, *, spacing_rad: float, sector_rad: float
) -> NDArray[np.float64]:
    """Give directions along the part of a cone's edge that faces somewhere.

    Parameters
    ----------
    axis : array_like of float, shape (n, 3)
        Unit vectors.
    facing : array_like of float, shape (n, 3)
        Vectors of any length.
    half_angle_rad : float
        Half angle of the cone [rad], above 0 and up to pi.
    spacing_rad : float
        Greatest distance of neighbours [rad].
    sector_rad : float
        Greatest angle about the axis from the half plane of `facing`, to either side [rad]; pi is the whole edge.

    Returns
    -------
    numpy.ndarray of float64, shape (n, k, 3)
        Directions, those that face `facing` most in the middle.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        An angle lies outside its range.

    Notes
    -----
    The cutoff rises towards magnetic east (west for negative charge). Where `facing` is along the axis any direction
    stands in the middle.

    Examples
    --------
    >>> edge_directions(
    ...     [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]], np.pi / 2, spacing_rad=1.0, sector_rad=1.0
    ... ).round(3)[0, 1] + 0.0
    array([0., 1., 0.])
    """
    towards = floats("axis", axis, (None, 3))
    wanted = floats("facing", facing, (len(towards), 3))
    angle = number("half_angle_rad", half_angle_rad, low=0.0, high=np.pi, open_low=True)
    spacing = number("spacing_rad", spacing_rad, low=1e-3, high=np.pi)
    sector = number("sector_rad", sector_rad, low=0.0, high=np.pi)
    n = max(1, int(np.ceil(sector * np.sin(angle) / spacing)))
    turn = sector / n * np.arange(-n, n + 1) if sector < np.pi else np.pi / n * np.arange(-n, n)
    first = wanted - (wanted * towards).sum(axis=1, keepdims=True) * towards
    size = np.linalg.norm(first, axis=1, keepdims=True)
    # Any direction across the axis will do where none is nearer.
    spare = np.cross(towards, np.eye(3)[np.argmin(np.abs(towards), axis=1)])
    first = np.where(size > 1e-9, first, spare)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(towards, first)
    across = np.cos(turn)[:, None] * first[:, None] + np.sin(turn)[:, None] * second[:, None]
    return np.ascontiguousarray(np.cos(angle) * towards[:, None] + np.sin(angle) * across)


def _about(towards: NDArray[np.float64], rings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn directions about +z to stand about axes."""
    east = np.cross([0.0, 0.0, 1.0], towards)
    flat = np.linalg.norm(east, axis=1) < 1e-9
    east[flat] = [1.0, 0.0, 0.0]
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    north = np.cross(towards, east)
    frame = np.stack([east, north, towards], axis=1)
    return np.ascontiguousarray(np.einsum("kj,njx->nkx", rings, frame))


def _rings(half_angle_rad: Sequence[float], spacing_rad: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Directions about +z, and the number of the smallest cone that holds each."""
    angles = finite_floats("half_angle_rad", list(half_angle_rad), (None,))
    spacing = number("spacing_rad", spacing_rad, low=1e-3, high=np.pi)
    if not len(angles) or angles[0] <= 0.0 or angles[-1] > np.pi or (np.diff(angles) <= 0.0).any():
        raise RangeError(f"half_angle_rad = {angles.tolist()}: angles that rise from above 0 to pi at most are wanted")
    direction, cone = [np.array([[0.0, 0.0, 1.0]])], [np.zeros(1, np.int64)]
    for number_of_cone, angle in [(0, 0.5 * angles[0]), *enumerate(angles)]:
        n = max(4, int(np.ceil(2 * np.pi * np.sin(angle) / spacing)))
        turn = 2 * np.pi * np.arange(n) / n
        ring = [np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.full(n, np.cos(angle))]
        direction.append(np.column_stack(ring))
        cone.append(np.full(n, number_of_cone, np.int64))
    return np.concatenate(direction), np.concatenate(cone)


def cone_cutoffs(
    position_km: ArrayLike,
    axis: ArrayLike,
    *,
    charge_sign: int,
    coefficients: GaussCoefficients,
    decimal_year: float,
    half_angle_rad: Sequence[float] = AMS_CONES_RAD,
    ratio: float = 0.01,
    spacing_rad: float = 0.15,
    high_gv: ArrayLike | None = None,
    limits: TracingLimits | None = None,
) -> NDArray[np.float64]:
    """Find the greatest upper cutoff over nested cones of directions.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Earth-fixed positions [km].
    axis : array_like of float, shape (n, 3)
        Earth-fixed unit vectors: the axis of the cones, as that of the detector.
    charge_sign : int
        Sign of the charge, 1 or -1.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    half_angle_rad : sequence of float, length c
        Rising half angles of the cones [rad].
    ratio : float
        Relative step of the scan.
    spacing_rad : float
        Spacing of directions along the rings of the cones [rad].
    high_gv : array_like of float, shape (n,), optional
        Where the scan begins [GV], above 0.1, and higher if that is shut; by default well above the Størmer cutoff.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    numpy.ndarray of float64, shape (n, c)
        Rigidity from which on every direction of the cone is allowed [GV], to `ratio`; infinite where 200 GV is not
        enough, as for a cone that reaches below the horizon; 0.1 GV or a little more where the cutoff is no higher.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        As for `trace`; angles that do not rise.

    Notes
    -----
    The scan falls from above until a direction is shut, so that the upper cutoff is found without assumption about the
    penumbra below; a shut band narrower than `ratio` can be missed.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> cones = cone_cutoffs(
    ...     [[6778.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], charge_sign=1, coefficients=igrf14(), decimal_year=2015.0
    ... )
    >>> bool((np.diff(cones[0]) >= 0.0).all()), cones.shape
    (True, (1, 4))
    """
    position, towards = floats("position_km", position_km, (None, 3)), floats("axis", axis, (None, 3))
    gauss = coefficients_at(coefficients, decimal_year)
    ends = (limits or TracingLimits()).arguments()
    sign = charge(charge_sign)
    _, cone = _rings(half_angle_rad, spacing_rad)
    n = len(position)
    direction = cone_directions(towards, half_angle_rad, spacing_rad=spacing_rad)
    if high_gv is None:
        guess = stormer_cutoff(
            np.full(n, 0.5),
            position,
            towards,
            dipole=dipole_of_date(coefficients, decimal_year),
            charge_sign=sign,
            half_angle_rad=float(half_angle_rad[-1]),
        )
        start = 1.15 * guess + 0.5
    else:
        start = floats("high_gv", high_gv, (n,))
    out = np.full((n, len(half_angle_rad)), np.inf)
    low, high = np.full(n, 0.1), np.minimum(start, 200.0)
    todo = np.arange(n)
    while len(todo):
        out[todo] = _core.cone_cutoff(
            position[todo], direction[todo], cone, out.shape[1], sign, low[todo], high[todo], ratio, gauss, *ends
        )
        todo = todo[~np.isfinite(out[todo]).all(axis=1) & (high[todo] < 200.0)]
        high[todo] = np.minimum(1.5 * high[todo], 200.0)
    return out
