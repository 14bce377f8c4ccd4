"""The law of a measured amplitude |rho| for any covariance: distribution, density and posterior, by quadrature."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, ndtr

from amsdipole._arrays import finite_floats
from amsdipole.errors import RangeError
from amsdipole.statistics._covariance import principal_axes

__all__ = ["amplitude_cdf", "amplitude_pdf", "posterior_tail", "posterior_tails"]

Floats = NDArray[np.float64]

# Spacing of the nodes in the smallest standard deviation: a periodic sum over a Gaussian errs by
# 2 exp(-2 pi**2 / 0.8**2) = 8e-14 of it.
SPACING = 0.8
LEAST_NODES = 24
MOST_NODES = 600  # on an axis: beyond, an amplitude is more than some 70 standard deviations away from zero
CHUNK = 2_000_000  # values of an integrand at a time: some 16 MB an array
ROWS = 25  # posteriors at a time, of some 10,000 directions each: 2 MB an array


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
        A value is not finite, a covariance is not symmetric, an amplitude is negative, or it exceeds some 70 of the
        smallest standard deviations.
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
    x = _amplitudes("delta_m", delta_m)
    mean, width = _principal(rho, covariance, len(x))
    out = np.empty(len(x))
    n_theta, n_angle = node_numbers(x, width, 0.5, spacing=spacing)
    node, weight = gauss_legendre(n_theta)
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
    x = _amplitudes("delta_m", delta_m)
    mean, width = _principal(rho, covariance, len(x))
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
    t = _amplitudes("delta", delta)
    vector = finite_floats("rho", rho, (len(t), 3))
    matrix, _, _ = principal_axes(covariance, len(t))
    return np.concatenate(
        [
            posterior_tails(vector[at], matrix if matrix.ndim == 2 else matrix[at], powers=(power,))(t[at])[0]
            for at in (slice(first, first + ROWS) for first in range(0, max(len(t), 1), ROWS))
        ]
    )


def posterior_tails(
    rho: ArrayLike, covariance: ArrayLike, *, powers: Sequence[int], spacing: float = SPACING
) -> Callable[[Floats], Floats]:
    """Prepare `posterior_tail` of some measured vectors for several priors, to be called with many amplitudes.

    Parameters
    ----------
    rho : array_like of float, shape (n, 3)
        Measured vectors.
    covariance : array_like of float, shape (3, 3) or (n, 3, 3)
        Covariance of all or of each.
    powers : sequence of int
        What `posterior_tail` takes for `power`, one or more: they share nearly all of the work.
    spacing : float, optional
        As for `amplitude_cdf`.

    Returns
    -------
    callable
        From amplitudes, shape (n,), to the probabilities that the true ones exceed them, shape (n_power, n).

    Raises
    ------
    ShapeError, RangeError, FitError
        As `posterior_tail`.

    Examples
    --------
    >>> import numpy as np
    >>> posterior_tails([[0.0, 0.0, 0.0]], np.eye(3), powers=(0, 1))(np.array([1.959964])).round(4)
    array([[0.05  ],
           [0.1465]])
    """
    for power in powers:
        if power not in (0, 1, 2):
            raise RangeError(f"power = {power!r} is none of 0, 1, 2")
    mean, width = _principal(rho, covariance, None)
    # The likelihood is widest in angle at small delta; where it is sharpest it sits at |rho|.
    reach = np.linalg.norm(mean, axis=1) + 3.0 * width.max(axis=1)
    sphere, area = sphere_nodes(*node_numbers(reach, width, 1.0, spacing=spacing))
    # Along a direction the exponent is -(a (r - centre)**2 + rest) / 2.
    inverse = width**-2
    a = inverse @ (sphere**2).T
    centre = (inverse * mean) @ sphere.T / a
    peak = np.exp(-0.5 * ((inverse * mean**2).sum(axis=1)[:, None] - a * centre**2))

    def integrals(t: Floats) -> Floats:
        """Integrate ``r**power`` times the likelihood from t to infinity, over all directions."""
        z = np.sqrt(0.5 * a) * (t - centre)
        edge = peak * np.exp(-(z**2))
        beyond = edge * erfcx(np.abs(z))  # erfcx does not underflow
        zeroth = np.sqrt(0.5 * np.pi / a) * np.where(z > 0.0, beyond, 2.0 * peak - beyond)
        found = [zeroth]
        if max(powers) > 0:
            found.append(centre * zeroth + edge / a)
        if max(powers) > 1:
            found.append(centre * found[1] + (t * edge + zeroth) / a)
        return np.stack([found[power] @ area for power in powers])

    whole = integrals(np.zeros((1, 1)))
    return lambda t: np.asarray(integrals(t[:, None]) / whole)


def _amplitudes(name: str, value: ArrayLike) -> Floats:
    x = finite_floats(name, value, (None,))
    if (x < 0.0).any():
        i = int((x < 0.0).argmax())
        raise RangeError(f"{name}[{i}] = {x[i]} is outside [0, inf)")
    return x


def _principal(vector: ArrayLike, covariance: ArrayLike, n: int | None) -> tuple[Floats, Floats]:
    """Return n vectors in principal axes and their standard deviations there."""
    mean = finite_floats("rho", vector, (n, 3))
    _, value, axis = principal_axes(covariance, len(mean))
    turned = mean @ axis if axis.ndim == 2 else np.einsum("ni,nij->nj", mean, axis)
    return turned, np.broadcast_to(np.sqrt(value), turned.shape)


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


@lru_cache(maxsize=256)
def gauss_legendre(n: int) -> tuple[Floats, Floats]:
    """Return nodes and weights in [-1, 1]; read-only, kept because they cost more than what they are used for."""
    node, weight = np.polynomial.legendre.leggauss(n)
    node.setflags(write=False)
    weight.setflags(write=False)
    return node, weight


def sphere_nodes(n_polar: int, n_angle: int) -> tuple[Floats, Floats]:
    """Return directions and their shares of the solid angle."""
    cosine, weight = gauss_legendre(n_polar)
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
