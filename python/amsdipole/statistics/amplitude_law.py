"""The law of a measured amplitude |rho| for any covariance: distribution, density and posterior, by quadrature."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc, erfcx, ndtr

from amsdipole._arrays import finite_floats
from amsdipole.errors import FitError, RangeError

__all__ = ["amplitude_cdf", "amplitude_pdf", "posterior_tail", "posterior_tails"]

Floats = NDArray[np.float64]

# Spacing of the nodes in the smallest standard deviation: a periodic sum over a Gaussian errs by
# 2 exp(-2 pi**2 / 0.8**2) = 8e-14 of it.
SPACING = 0.8
LEAST_NODES = 24
MOST_NODES = 600  # on an axis: beyond, an amplitude is more than some 70 standard deviations away from zero
CHUNK = 2_000_000  # values of an integrand at a time: some 16 MB an array


def amplitude_cdf(delta_m: ArrayLike, rho: ArrayLike, covariance: ArrayLike, *, spacing: float = SPACING) -> Floats:
    """Return the probability of measuring at most an amplitude for a true dipole.

    Parameters
    ----------
    delta_m : array_like of float, shape (n,)
        Measured amplitudes, in [0, inf).
    rho : array_like of float, shape (n, 3)
        True dipole vectors.
    covariance : array_like of float, shape (3, 3) or (n, 3, 3)
        Covariance of the measured vector, one for all or one for each.

    spacing : float, optional
        Distance of the nodes of the quadrature in the smallest standard deviation; the error is some
        ``2 exp(-2 (pi / spacing)**2)``: 1e-13, and 3e-4 at 1.5.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        ``P(|y| <= delta_m)`` for ``y ~ N(rho, covariance)``.

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is not finite, an amplitude is negative, or it exceeds some 70 of the smallest standard deviations.
    FitError
        A covariance is not positive definite.

    Notes
    -----
    In the principal axes the third component is integrated in closed form, the other two in polar coordinates over
    the disc, Gauss-Legendre in ``theta`` with radius ``delta_m sin(theta)`` and a periodic sum in the angle. The
    number of nodes grows with ``delta_m`` over the smallest standard deviation.

    References
    ----------
    .. [1] Imhof 1961, Biometrika 48, 419, https://doi.org/10.1093/biomet/48.3-4.419 (quadratic forms of normal
       variables)

    Examples
    --------
    >>> import numpy as np
    >>> amplitude_cdf([1.538172], [[0.0, 0.0, 0.0]], np.eye(3)).round(6)
    array([0.5])
    """
    x, mean, width, _ = _principal(delta_m, rho, covariance)
    out = np.empty(len(x))
    n_theta, n_angle = node_numbers(x, width, 0.5, spacing=spacing)
    node, weight = np.polynomial.legendre.leggauss(n_theta)
    theta = 0.25 * np.pi * (1.0 + node)
    angle = 2.0 * np.pi * np.arange(n_angle) / n_angle
    sine, cosine = np.sin(theta), np.cos(theta)
    first = (sine[:, None] * np.cos(angle)).ravel()
    second = (sine[:, None] * np.sin(angle)).ravel()
    third = np.repeat(cosine, n_angle)
    area = np.repeat(0.25 * np.pi * weight * sine * cosine, n_angle) * (2.0 * np.pi / n_angle)
    step = max(1, CHUNK // len(area))
    for start in range(0, len(x), step):
        at = slice(start, start + step)
        r, m, s = x[at, None], mean[at], width[at]
        density = np.exp(
            -0.5 * ((r * first - m[:, :1]) / s[:, :1]) ** 2 - 0.5 * ((r * second - m[:, 1:2]) / s[:, 1:2]) ** 2
        )
        height, centre, spread = r * third, m[:, 2:], s[:, 2:]
        inside = ndtr((height - centre) / spread) - ndtr((-height - centre) / spread)
        out[at] = x[at] ** 2 / (2.0 * np.pi * s[:, 0] * s[:, 1]) * ((density * inside) @ area)
    return out


def amplitude_pdf(delta_m: ArrayLike, rho: ArrayLike, covariance: ArrayLike) -> Floats:
    """Return the probability density of the measured amplitude for a true dipole.

    Parameters
    ----------
    delta_m : array_like of float, shape (n,)
        Measured amplitudes, in [0, inf).
    rho : array_like of float, shape (n, 3)
        True dipole vectors.
    covariance : array_like of float, shape (3, 3) or (n, 3, 3)
        Covariance of the measured vector.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Density per unit of `delta_m`.

    Raises
    ------
    ShapeError, RangeError, FitError
        As `amplitude_cdf`.

    Notes
    -----
    The Gaussian summed over the sphere of radius `delta_m`, Gauss-Legendre in the cosine of the polar angle and a
    periodic sum in the azimuth.

    Examples
    --------
    >>> import numpy as np
    >>> amplitude_pdf([1.5], [[0.0, 0.0, 0.0]], np.eye(3)).round(6)
    array([0.582829])
    """
    x, mean, width, _ = _principal(delta_m, rho, covariance)
    out = np.empty(len(x))
    sphere, area = sphere_nodes(*node_numbers(x, width, 1.0))
    step = max(1, CHUNK // len(area))
    for start in range(0, len(x), step):
        at = slice(start, start + step)
        power = sum(((x[at, None] * sphere[:, k] - mean[at, k : k + 1]) / width[at, k : k + 1]) ** 2 for k in range(3))
        out[at] = x[at] ** 2 / ((2.0 * np.pi) ** 1.5 * width[at].prod(axis=1)) * (np.exp(-0.5 * power) @ area)
    return out


def posterior_tail(delta: ArrayLike, rho: ArrayLike, covariance: ArrayLike, *, power: int) -> Floats:
    """Return the posterior probability that the true amplitude exceeds a value.

    Parameters
    ----------
    delta : array_like of float, shape (n,)
        Amplitudes, in [0, inf).
    rho : array_like of float, shape (n, 3)
        Measured vectors.
    covariance : array_like of float, shape (3, 3) or (n, 3, 3)
        Covariance of the measured vector.
    power : int
        Prior proportional to ``delta**power`` in the amplitude, and uniform in direction: 0, 1 or 2.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Probability, in [0, 1].

    Raises
    ------
    ShapeError, RangeError, FitError
        As `amplitude_cdf`.

    Notes
    -----
    The posterior is ``delta**power`` times the likelihood ``exp(-(rho - delta u)^T C^-1 (rho - delta u) / 2)``
    summed over directions u; along each direction its integral over delta is closed (error functions).

    Examples
    --------
    >>> import numpy as np
    >>> posterior_tail([1.959964], [[0.0, 0.0, 0.0]], np.eye(3), power=0).round(6)
    array([0.05])
    """
    if power not in (0, 1, 2):
        raise RangeError(f"power = {power!r} is none of 0, 1, 2")
    t, mean, width, _ = _principal(delta, rho, covariance)
    out = np.empty(len(t))
    # The likelihood is widest in angle at small delta; where it is sharpest it sits at |rho|.
    reach = np.linalg.norm(mean, axis=1) + 3.0 * width.max(axis=1)
    sphere, area = sphere_nodes(*node_numbers(reach, width, 1.0))
    step = max(1, CHUNK // (8 * len(area)))
    for start in range(0, len(t), step):
        at = slice(start, start + step)
        a, b, c = _quadratic(mean[at], width[at], sphere)
        # Scaled by the likelihood at its greatest value, 1.
        above = _radial(t[at, None], a, b, c, power) @ area
        whole = _radial(np.zeros((1, 1)), a, b, c, power) @ area
        out[at] = above / whole
    return out


def posterior_tails(
    rho: ArrayLike, covariance: ArrayLike, *, power: int, spacing: float = SPACING
) -> Callable[[Floats], Floats]:
    """Prepare `posterior_tail` of some measured vectors with one covariance, to be called with many amplitudes.

    Parameters
    ----------
    rho : array_like of float, shape (n, 3)
        Measured vectors.
    covariance : array_like of float, shape (3, 3)
        Covariance of each.
    power : int
        As for `posterior_tail`.
    spacing : float, optional
        As for `amplitude_cdf`.

    Returns
    -------
    callable
        From amplitudes, shape (n,), to the probabilities that the true ones exceed them.

    Raises
    ------
    ShapeError, RangeError, FitError
        As `posterior_tail`.

    Examples
    --------
    >>> import numpy as np
    >>> posterior_tails([[0.0, 0.0, 0.0]], np.eye(3), power=0)(np.array([1.959964])).round(6)
    array([0.05])
    """
    if power not in (0, 1, 2):
        raise RangeError(f"power = {power!r} is none of 0, 1, 2")
    vector = finite_floats("rho", rho, (None, 3))
    _, mean, width, _ = _principal(np.zeros(len(vector)), vector, covariance)
    reach = np.linalg.norm(mean, axis=1) + 3.0 * width.max(axis=1)
    sphere, area = sphere_nodes(*node_numbers(reach, width, 1.0, spacing=spacing))
    a, b, c = _quadratic(mean, width, sphere)
    whole = _radial(np.zeros((1, 1)), a, b, c, power) @ area
    return lambda t: np.asarray(_radial(t[:, None], a, b, c, power) @ area / whole)


def _quadratic(mean: Floats, width: Floats, sphere: Floats) -> tuple[Floats, Floats, Floats]:
    """Return a, b, c of ``a r**2 - 2 b r + c``, the exponent along each direction in principal axes."""
    inverse = width**-2
    return inverse @ (sphere**2).T, (inverse * mean) @ sphere.T, (inverse * mean**2).sum(axis=1)[:, None]


def _radial(t: Floats, a: Floats, b: Floats, c: Floats, power: int) -> Floats:
    """Integrate ``r**power exp(-(a r**2 - 2 b r + c) / 2)`` from t to infinity."""
    centre = b / a
    z = np.sqrt(0.5 * a) * (t - centre)
    edge = np.exp(-0.5 * (a * t**2 - 2.0 * b * t + c))
    # erfcx does not underflow above the centre, erfc does not overflow below it.
    up = z > 0.0
    tail = np.where(
        up, edge * erfcx(np.where(up, z, 0.0)), np.exp(-0.5 * (c - b * centre)) * erfc(np.where(up, 0.0, z))
    )
    zeroth = np.sqrt(0.5 * np.pi / a) * tail
    if power == 0:
        return np.asarray(zeroth)
    first = centre * zeroth + edge / a
    if power == 1:
        return np.asarray(first)
    return np.asarray(centre * first + (t * edge + zeroth) / a)


def _principal(size: ArrayLike, vector: ArrayLike, covariance: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Return sizes, vectors in principal axes, standard deviations there, and the axes."""
    x = finite_floats("delta", size, (None,))
    mean = finite_floats("rho", vector, (len(x), 3))
    one = np.ndim(covariance) == 2
    matrix = finite_floats("covariance", covariance, (3, 3) if one else (len(x), 3, 3))
    if (x < 0.0).any():
        i = int((x < 0.0).argmax())
        raise RangeError(f"delta[{i}] = {x[i]} is outside [0, inf)")
    value, axis = np.linalg.eigh(matrix)
    lowest = float(value.min(initial=np.inf))
    if not lowest > 0.0:
        raise FitError(f"covariance has the eigenvalue {lowest}; it must be positive definite")
    turned = mean @ axis if one else np.einsum("ni,nij->nj", mean, axis)
    width = np.broadcast_to(np.sqrt(value), turned.shape)
    return x, turned, width, axis


def node_numbers(x: Floats, width: Floats, turns: float, *, spacing: float = SPACING) -> tuple[int, int]:
    """Return nodes in the polar angle, which spans `turns` times pi, and around."""
    ratio = float((x / width.min(axis=1)).max(initial=0.0))
    around = 2.0 * np.pi * ratio / spacing
    if around > MOST_NODES:
        raise RangeError(
            f"an amplitude of {ratio:.3g} times the smallest standard deviation is beyond the {MOST_NODES} nodes of "
            "the quadrature: nothing is left to limit"
        )
    # Gauss-Legendre needs pi / 2 times the nodes of an even grid.
    least = int(LEAST_NODES * SPACING / spacing)
    return least + int(0.25 * np.pi * turns * around), least + int(around)


def sphere_nodes(n_polar: int, n_angle: int) -> tuple[Floats, Floats]:
    """Return directions and their shares of the solid angle."""
    cosine, weight = np.polynomial.legendre.leggauss(n_polar)
    angle = 2.0 * np.pi * np.arange(n_angle) / n_angle
    sine = np.sqrt(1.0 - cosine**2)
    direction = np.stack(
        [
            (sine[:, None] * np.cos(angle)).ravel(),
            (sine[:, None] * np.sin(angle)).ravel(),
            np.repeat(cosine, n_angle),
        ],
        axis=1,
    )
    return direction, np.repeat(weight, n_angle) * (2.0 * np.pi / n_angle)
