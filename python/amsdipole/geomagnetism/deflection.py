"""How the Earth's field turns the sky: the dipole of local directions that a dipole far from the Earth makes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import floats
from amsdipole.errors import FitError, RangeError

__all__ = ["DeflectionResponse", "deflection_response"]

_N_BLOCK = 50  # blocks of the jackknife


@dataclass(frozen=True, eq=False)
class DeflectionResponse:
    """Hold the linear map from a dipole far from the Earth to the one that local directions show.

    Parameters
    ----------
    matrix : numpy.ndarray of float64, shape (3, 3)
        D in local = D far, in the frame of the directions that it was made from.
    error : numpy.ndarray of float64, shape (3, 3)
        Standard errors of the elements from the finite sample.
    rotation_rad : float
        Angle about +z by which the equatorial part of a local dipole leads that of the far one [rad].
    rotation_error_rad : float
        Its standard error [rad].
    equatorial : float
        Length of the local equatorial part over that of the far one.
    axial : float
        The same along +z; negative where the sense is turned round.
    equatorial_error, axial_error : float
        Their standard errors.

    Notes
    -----
    Rotation and factors are those of the part of D that commutes with turns about +z: the average over sidereal time.

    Examples
    --------
    >>> v = np.random.default_rng(1).normal(size=(5000, 3))
    >>> v /= np.linalg.norm(v, axis=1, keepdims=True)
    >>> deflection_response(v, v).matrix.round(6) + 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """

    matrix: NDArray[np.float64]
    error: NDArray[np.float64]
    rotation_rad: float
    rotation_error_rad: float
    equatorial: float
    equatorial_error: float
    axial: float
    axial_error: float


def deflection_response(direction: ArrayLike, asymptotic: ArrayLike) -> DeflectionResponse:
    """Fit the map from a far dipole to the local one.

    Parameters
    ----------
    direction : array_like of float, shape (n, 3)
        Local arrival directions of an isotropic flux through the exposure; n at least 100.
    asymptotic : array_like of float, shape (n, 3)
        Where the same particles came from, in the same axes.

    Returns
    -------
    DeflectionResponse
        Matrix, rotation and suppression, with standard errors.

    Raises
    ------
    ShapeError
        Shapes do not match.
    RangeError
        Fewer than 100 rows, or a value that is not finite.
    FitError
        The local directions do not span space.

    Notes
    -----
    A far dipole d makes the local intensity 1 + d . a(n); the fit of 1 + rho . n about the mean of the exposure gives
    rho = D d with D = Cov(n, n)^-1 Cov(n, a). Isotropy stays isotropy (Liouville). Errors are from a jackknife over 50
    blocks of successive rows, which must be independent of each other.

    References
    ----------
    .. [1] method, section 2.7

    Examples
    --------
    >>> v = np.random.default_rng(1).normal(size=(5000, 3))
    >>> v /= np.linalg.norm(v, axis=1, keepdims=True)
    >>> turned = v @ np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    >>> round(deflection_response(v, turned).rotation_rad, 6)
    -1.570796
    """
    local = floats("direction", direction, (None, 3))
    far = floats("asymptotic", asymptotic, (len(local), 3))
    if len(local) < 100:
        raise RangeError(f"direction has {len(local)} rows; 100 or more are wanted")
    for name, value in (("direction", local), ("asymptotic", far)):
        if not np.isfinite(value).all():
            raise RangeError(f"{name}[{int(np.argmin(np.isfinite(value).all(axis=1)))}] is not finite")
    edge = np.linspace(0, len(local), _N_BLOCK + 1).astype(np.int64)
    sums = np.array([_moments(local[a:b], far[a:b]) for a, b in pairwise(edge)])
    total = sums.sum(axis=0)
    matrix = _response(total)
    left_out = np.array([_response(total - part) for part in sums])
    scale = np.sqrt((_N_BLOCK - 1) / _N_BLOCK)
    values = np.array([_axial_parts(m) for m in left_out])
    best = _axial_parts(matrix)
    gap = values - best
    gap[:, 0] = (gap[:, 0] + np.pi) % (2 * np.pi) - np.pi
    rotation_error, equatorial_error, axial_error = scale * np.sqrt(((gap - gap.mean(axis=0)) ** 2).sum(axis=0))
    error = scale * np.sqrt(((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    return DeflectionResponse(
        matrix, error, best[0], float(rotation_error), best[1], float(equatorial_error), best[2], float(axial_error)
    )


def _moments(local: NDArray[np.float64], far: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count, sums and products of a block, in one row."""
    parts = [
        [float(len(local))],
        local.sum(axis=0),
        far.sum(axis=0),
        (local.T @ local).ravel(),
        (local.T @ far).ravel(),
    ]
    return np.concatenate(parts)


def _response(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    n = moments[0]
    mean, far_mean = moments[1:4] / n, moments[4:7] / n
    spread = moments[7:16].reshape(3, 3) / n - np.outer(mean, mean)
    shared = moments[16:].reshape(3, 3) / n - np.outer(mean, far_mean)
    if np.linalg.cond(spread) > 1e8:
        raise FitError("the local directions do not span space: no dipole can be fitted to them")
    return np.linalg.solve(spread, shared)


def _axial_parts(matrix: NDArray[np.float64]) -> tuple[float, float, float]:
    """Rotation about +z, equatorial and axial factor."""
    cos, sin = 0.5 * (matrix[0, 0] + matrix[1, 1]), 0.5 * (matrix[1, 0] - matrix[0, 1])
    return float(np.arctan2(sin, cos)), float(np.hypot(cos, sin)), float(matrix[2, 2])
