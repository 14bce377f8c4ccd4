"""Covariances that callers give: symmetric and positive definite, or refused."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import FitError, RangeError

__all__ = ["principal_axes"]

# Of the root of the product of two variances: more than rounding leaves of the inverse of an information of which one
# eigenvalue is 1e9 times another, and less than the digits that tables print.
SYMMETRY = 1e-6
LEAST_EIGENVALUE = 4.0 * np.finfo(float).eps  # of the greatest: what rounding leaves of an eigenvalue of zero

Floats = NDArray[np.float64]


def principal_axes(covariance: ArrayLike, n: int | None = None) -> tuple[Floats, Floats, Floats]:
    """Return a covariance of three components, or one of each of n, with its eigenvalues and axes.

    Parameters
    ----------
    covariance : array_like of float, shape (3, 3) or (n, 3, 3)
        What the caller gave.
    n : int, optional
        Length of a stack of matrices that may be given instead of one.

    Returns
    -------
    matrix : numpy.ndarray of float64, shape (3, 3) or (n, 3, 3)
        The covariance.
    value : numpy.ndarray of float64, shape (3,) or (n, 3)
        Its eigenvalues, which rise.
    axis : numpy.ndarray of float64, shape (3, 3) or (n, 3, 3)
        Axes, in columns.

    Raises
    ------
    ShapeError
        The shape is another.
    RangeError
        A value is not finite, or a matrix is not symmetric.
    FitError
        A matrix is not positive definite.
    """
    one = n is None or np.ndim(covariance) == 2
    matrix = finite_floats("covariance", covariance, (3, 3) if one else (n, 3, 3))
    scale = np.sqrt(np.abs(np.diagonal(matrix, axis1=-2, axis2=-1)))
    apart = np.abs(matrix - matrix.swapaxes(-1, -2)) > SYMMETRY * scale[..., :, None] * scale[..., None, :]
    if apart.any():
        *row, i, j = (int(k) for k in np.argwhere(apart)[0])
        raise RangeError(
            f"covariance{[*row, i, j]} = {matrix[*row, i, j]} and covariance{[*row, j, i]} = {matrix[*row, j, i]}; "
            "it must be symmetric"
        )
    value, axis = np.linalg.eigh(matrix)
    flat = ~(value[..., 0] > LEAST_EIGENVALUE * value[..., 2])
    if flat.any():
        row = [int(k) for k in np.argwhere(flat)[0]]
        least, most = value[*row, 0], value[*row, 2]
        raise FitError(
            f"covariance{row or ''} has {least} and {most} as its least and greatest eigenvalues; "
            "it must be positive definite"
        )
    return matrix, value, axis
