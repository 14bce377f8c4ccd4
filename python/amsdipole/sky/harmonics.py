"""Real spherical harmonics and the dipole in them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import sph_harm_y_all

from amsdipole._arrays import finite_floats, number, whole_number
from amsdipole.errors import RangeError

__all__ = [
    "dipole_from_harmonics",
    "dipole_from_power",
    "harmonics_from_dipole",
    "power_from_dipole",
    "real_harmonics",
]

_DIPOLE_FACTOR = float(np.sqrt(3.0 / (4.0 * np.pi)))


def real_harmonics(vector: ArrayLike, l_max: int) -> NDArray[np.float64]:
    """Evaluate the real spherical harmonics up to a degree.

    Parameters
    ----------
    vector : array_like of float, shape (n, 3)
        Unit vectors.
    l_max : int
        Greatest degree, 0 to 64.

    Returns
    -------
    numpy.ndarray of float64, shape (n, (l_max + 1)^2)
        Y_lm at column l (l + 1) + m, for m from -l to l.

    Raises
    ------
    ShapeError
        `vector` does not have shape (n, 3).
    RangeError
        A vector is not of unit length, or `l_max` is out of range.

    Notes
    -----
    Orthonormal on the sphere, without the Condon-Shortley phase: Y_lm = sqrt(2) |N| P_l^|m| times sin(|m| phi) for
    m < 0 and cos(m phi) for m > 0, so that Y_1-1, Y_10, Y_11 = sqrt(3 / 4 pi) (y, z, x).

    References
    ----------
    .. [1] Molero for the AMS collaboration, ICRC 2021: the dipole in this basis
    .. [2] Blanco, Flórez, Bermejo 1997, J. Mol. Struct. THEOCHEM 419, 19, https://doi.org/10.1016/S0166-1280(97)00185-1

    Examples
    --------
    >>> (real_harmonics([[0.0, 0.0, 1.0]], 1) / np.sqrt(3 / (4 * np.pi))).round(3) + 0.0
    array([[0.577, 0.   , 1.   , 0.   ]])
    """
    direction = finite_floats("vector", vector, (None, 3))
    degree = whole_number("l_max", l_max, low=0, high=64)
    norm2 = (direction**2).sum(axis=1)
    if direction.size and not np.all(np.abs(norm2 - 1.0) <= 1e-6):
        i = int(np.abs(norm2 - 1.0).argmax())
        raise RangeError(f"vector[{i}] = {direction[i]} has length {np.sqrt(norm2[i])}; a unit vector is wanted")
    theta = np.arccos(np.clip(direction[:, 2], -1.0, 1.0))
    phi = np.arctan2(direction[:, 1], direction[:, 0])
    complex_y = sph_harm_y_all(degree, degree, theta, phi)
    out = np.empty((len(direction), (degree + 1) ** 2))
    for l in range(degree + 1):  # noqa: E741 - the degree of a harmonic is l everywhere
        out[:, l * (l + 1)] = complex_y[l, 0].real
        for m in range(1, l + 1):
            phase = np.sqrt(2.0) * (-1.0) ** m  # the library's harmonics carry the Condon-Shortley phase
            out[:, l * (l + 1) + m] = phase * complex_y[l, m].real
            out[:, l * (l + 1) - m] = phase * complex_y[l, m].imag
    return out


def dipole_from_harmonics(a_1m: ArrayLike) -> NDArray[np.float64]:
    """Turn the coefficients of degree one into a dipole vector.

    Parameters
    ----------
    a_1m : array_like of float, shape (3,)
        Coefficients a_1-1, a_10, a_11 of the relative flux 1 + sum a_lm Y_lm.

    Returns
    -------
    numpy.ndarray of float64, shape (3,)
        Dipole (x, y, z); in galactic axes (rho_FB, rho_EW, rho_NS).

    Raises
    ------
    ShapeError
        There are not three coefficients.
    RangeError
        A coefficient is not finite.

    Notes
    -----
    rho_EW = sqrt(3 / 4 pi) a_1-1, rho_NS = sqrt(3 / 4 pi) a_10, rho_FB = sqrt(3 / 4 pi) a_11.

    Examples
    --------
    >>> dipole_from_harmonics([0.1, 0.0, 0.0]).round(4)
    array([0.    , 0.0489, 0.    ])
    """
    a_minus, a_zero, a_plus = finite_floats("a_1m", a_1m, (3,))
    return np.array([a_plus, a_minus, a_zero]) * _DIPOLE_FACTOR


def harmonics_from_dipole(rho: ArrayLike) -> NDArray[np.float64]:
    """Turn a dipole vector into the coefficients of degree one.

    Parameters
    ----------
    rho : array_like of float, shape (3,)
        Dipole (x, y, z); in galactic axes (rho_FB, rho_EW, rho_NS).

    Returns
    -------
    numpy.ndarray of float64, shape (3,)
        Coefficients a_1-1, a_10, a_11.

    Raises
    ------
    ShapeError
        There are not three components.
    RangeError
        A component is not finite.

    Notes
    -----
    The inverse of `dipole_from_harmonics`.

    Examples
    --------
    >>> harmonics_from_dipole([0.01, 0.0, 0.0]).round(5)
    array([0.     , 0.     , 0.02047])
    """
    x, y, z = finite_floats("rho", rho, (3,))
    return np.array([y, z, x]) / _DIPOLE_FACTOR


def dipole_from_power(c_1: float) -> float:
    """Turn the angular power of degree one into a dipole amplitude.

    Parameters
    ----------
    c_1 : float
        C_1 = sum of a_1m^2 / 3 of the relative flux; not negative.

    Returns
    -------
    float
        Amplitude delta = 3 sqrt(C_1 / 4 pi).

    Raises
    ------
    RangeError
        `c_1` is negative or not finite.

    Examples
    --------
    >>> round(dipole_from_power(power_from_dipole(0.01)), 12)
    0.01
    """
    return float(3.0 * np.sqrt(number("c_1", c_1, low=0.0) / (4.0 * np.pi)))


def power_from_dipole(delta: float) -> float:
    """Turn a dipole amplitude into the angular power of degree one.

    Parameters
    ----------
    delta : float
        Amplitude, not negative.

    Returns
    -------
    float
        C_1 = 4 pi delta^2 / 9.

    Raises
    ------
    RangeError
        `delta` is negative or not finite.

    Examples
    --------
    >>> round(power_from_dipole(0.3), 6)
    0.125664
    """
    return float(4.0 * np.pi * number("delta", delta, low=0.0) ** 2 / 9.0)
