"""Geomagnetic cutoffs by tracing: of single directions, and the greatest over cones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, floats, number
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff import stormer_cutoff
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipoleKnots, eccentric_dipole
from amsdipole.geomagnetism.field import coefficients_at
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.trajectory import TracingLimits

__all__ = ["AMS_CONES_RAD", "TracedCutoffs", "cone_cutoffs", "cone_directions", "dipole_of_date", "traced_cutoffs"]

AMS_CONES_RAD = tuple(float(np.deg2rad(angle)) for angle in (25, 30, 35, 40))  # AMS's per-second columns (method, 2.1)


@dataclass(frozen=True, eq=False)
class TracedCutoffs:
    """Hold the cutoffs of many directions, element by element.

    Parameters
    ----------
    upper_gv : numpy.ndarray of float64, shape (n,)
        Rigidity from which on all are allowed [GV]; infinite where it lies above the scan.
    lower_gv : numpy.ndarray of float64, shape (n,)
        Lowest rigidity allowed [GV]; infinite where none of the scan is.
    effective_gv : numpy.ndarray of float64, shape (n,)
        Upper cutoff less the allowed part of the penumbra [GV].
    above : numpy.ndarray of bool, shape (n,)
        The upper cutoff lies above the scan.
    below : numpy.ndarray of bool, shape (n,)
        The lowest rigidity of the scan was allowed: the lower cutoff is no higher than what is given.
    decimal_year : float
        Date of the field.

    Notes
    -----
    The penumbra is chaotic: a lower cutoff, and to a lesser degree an upper one, may move by single spikes when the
    error bound, the path limit or the step of the scan changes. Effective cutoffs are sums and move little.

    Examples
    --------
    >>> TracedCutoffs(*np.full((3, 1), 4.0), *np.zeros((2, 1), bool), 2015.0).effective_gv
    array([4.])
    """

    upper_gv: NDArray[np.float64]
    lower_gv: NDArray[np.float64]
    effective_gv: NDArray[np.float64]
    above: NDArray[np.bool_]
    below: NDArray[np.bool_]
    decimal_year: float


def traced_cutoffs(
    position_km: ArrayLike,
    direction: ArrayLike,
    *,
    charge_sign: int,
    coefficients: GaussCoefficients,
    decimal_year: float,
    step_gv: float = 0.01,
    low_gv: ArrayLike | None = None,
    high_gv: ArrayLike | None = None,
    limits: TracingLimits | None = None,
) -> TracedCutoffs:
    """Find upper, lower and effective cutoffs by scanning rigidity.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Earth-fixed positions [km].
    direction : array_like of float, shape (n, 3)
        Earth-fixed unit vectors to where particles come from.
    charge_sign : int
        Sign of the charge, 1 or -1.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    step_gv : float
        Step of the scan [GV].
    low_gv, high_gv : array_like of float, shape (n,), optional
        Range of the scan [GV]. Without them it starts around the Størmer cutoff and grows until its top, 1 GV and a
        tenth of the upper cutoff, is allowed and 0.5 GV at its bottom, or all down to 0.1 GV, is forbidden.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    TracedCutoffs
        Cutoffs, and which lie beyond the scan.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        As for `trace`; a step or range that makes no sense; only one end of the range.

    Notes
    -----
    Every multiple of the step in the range is traced: no step from coarse to fine can be proved safe in the penumbra.
    Trapped counts as forbidden. R_C = R_U - sum of the allowed steps between R_L and R_U. A scan of a window that the
    function chose ends at 200 GV; a direction that is shut even there (below the horizon) is reported as `above`.

    References
    ----------
    .. [1] Cooke et al. 1991, Nuovo Cimento C 14, 213, https://doi.org/10.1007/BF02509357

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> from amsdipole.geomagnetism.places import earth_fixed_position, local_axes
    >>> rome, up = earth_fixed_position([12.5], [41.9], [20.0]), local_axes([12.5], [41.9])[:, 2]
    >>> found = traced_cutoffs(rome, up, charge_sign=1, coefficients=igrf14(), decimal_year=2015.0, step_gv=0.05)
    >>> bool(6.0 < found.effective_gv[0] < 6.5)
    True
    """
    position = floats("position_km", position_km, (None, 3))
    towards = floats("direction", direction, (None, 3))
    step = number("step_gv", step_gv, low=1e-6, high=1e3)
    gauss = coefficients_at(coefficients, decimal_year)
    ends = (limits or TracingLimits()).arguments()
    sign = _sign(charge_sign)
    if (low_gv is None) != (high_gv is None):
        raise RangeError("low_gv and high_gv go together; both or neither are wanted")
    if low_gv is not None and high_gv is not None:
        low, high = floats("low_gv", low_gv, (len(position),)), floats("high_gv", high_gv, (len(position),))
        upper, lower, effective, beyond = _core.cutoff_scan(position, towards, sign, low, high, step, gauss, *ends)
    else:
        upper, lower, effective, beyond = _scan_around_stormer(
            position, towards, sign, step, gauss, ends, dipole_of_date(coefficients, decimal_year)
        )
    return TracedCutoffs(upper, lower, effective, (beyond & 1) > 0, (beyond & 2) > 0, float(decimal_year))


def _scan_around_stormer(
    position: NDArray[np.float64],
    towards: NDArray[np.float64],
    sign: int,
    step: float,
    gauss: NDArray[np.float64],
    ends: tuple[float, float, float, float, float, int],
    dipole: EccentricDipoleKnots,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    n = len(position)
    guess = stormer_cutoff(np.full(n, 0.5), position, towards, dipole=dipole, charge_sign=sign)
    least = max(0.1, step)
    low, high = np.maximum(least, 0.5 * guess - 0.5), np.minimum(1.3 * guess + 2.5, 200.0)
    out = [np.full(n, np.inf) for _ in range(3)]
    beyond = np.zeros(n, np.uint8)
    todo = np.arange(n)
    while len(todo):
        *found, flag = _core.cutoff_scan(position[todo], towards[todo], sign, low[todo], high[todo], step, gauss, *ends)
        for target, value in zip(out, found, strict=True):
            target[todo] = value
        beyond[todo] = flag
        # An open gap of the penumbra can pass for its end: 1 GV and a tenth above it must be open too.
        short = ~(1.1 * found[0] + 1.0 <= high[todo]) & (high[todo] < 200.0)
        deep = ~short & (found[1] < low[todo] + 0.5) & (low[todo] > least)
        high[todo[short]] = np.minimum(1.5 * high[todo[short]], 200.0)
        low[todo[deep]] = np.maximum(least, low[todo[deep]] - 1.0)
        todo = todo[short | deep]
    return out[0], out[1], out[2], beyond


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
    towards = floats("axis", axis, (None, 3))
    rings, _ = _rings(half_angle_rad, spacing_rad)
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
    sign = _sign(charge_sign)
    _, cone = _rings(half_angle_rad, spacing_rad)
    n = len(position)
    direction = cone_directions(towards, half_angle_rad, spacing_rad=spacing_rad)
    guess = stormer_cutoff(
        np.full(n, 0.5),
        position,
        towards,
        dipole=dipole_of_date(coefficients, decimal_year),
        charge_sign=sign,
        half_angle_rad=float(half_angle_rad[-1]),
    )
    out = np.full((n, len(half_angle_rad)), np.inf)
    low, high = np.full(n, 0.1), np.minimum(1.15 * guess + 0.5, 200.0)
    todo = np.arange(n)
    while len(todo):
        out[todo] = _core.cone_cutoff(
            position[todo], direction[todo], cone, out.shape[1], sign, low[todo], high[todo], ratio, gauss, *ends
        )
        todo = todo[~np.isfinite(out[todo]).all(axis=1) & (high[todo] < 200.0)]
        high[todo] = np.minimum(1.5 * high[todo], 200.0)
    return out


def dipole_of_date(coefficients: GaussCoefficients, decimal_year: float) -> EccentricDipoleKnots:
    """Give the dipole of one date as knots at 0 s and 1 s: eccentric, or centred where the field has degree 1 only.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.

    Returns
    -------
    EccentricDipoleKnots
        The same dipole at both knots.

    Raises
    ------
    RangeError
        The date lies outside the epochs.

    Notes
    -----
    With degree 1 alone L0 = L1 = L2 = 0 and the centre is the Earth's.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> dipole_of_date(igrf14(), 2015.0).k_gv.round(2)
    array([57.05, 57.05])
    """
    full = coefficients
    if int(coefficients.degree.max(initial=1)) < 2:
        degree, order = np.full(5, 2), np.array([0, 1, -1, 2, -2])
        full = GaussCoefficients(
            epoch=coefficients.epoch,
            degree=np.concatenate([coefficients.degree, degree]),
            order=np.concatenate([coefficients.order, order]),
            value_nt=np.hstack([coefficients.value_nt, np.zeros((len(coefficients.epoch), 5))]),
            model=coefficients.model,
            sha256=coefficients.sha256,
        )
    dipole = eccentric_dipole(full, decimal_year)
    return EccentricDipoleKnots(
        np.array([0.0, 1.0]), np.full(2, dipole.k_gv), np.tile(dipole.center_km, (2, 1)), np.tile(dipole.pole, (2, 1))
    )


def _sign(charge_sign: int) -> int:
    if isinstance(charge_sign, bool) or charge_sign not in (1, -1):
        raise RangeError(f"charge_sign = {charge_sign}: 1 or -1 is wanted")
    return int(charge_sign)
