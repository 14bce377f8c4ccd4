"""What a limit is expected to be under isotropy, for any covariance."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import chi

from amsdipole._arrays import number
from amsdipole.errors import RangeError
from amsdipole.statistics._covariance import principal_axes
from amsdipole.statistics._ordering import AmplitudeOrdering
from amsdipole.statistics.amplitude_law import amplitude_cdf, posterior_tails
from amsdipole.statistics.limits import LIMIT_METHODS, ExpectedLimit, LimitMethod
from amsdipole.statistics.vector_limits import LEAST_X, POWER, LimitDirection

__all__ = ["expected_vector_limit"]

QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
TOP = 3.8  # greatest amplitude, in the greatest standard deviation: one measurement in 400 is beyond, less than 2.5 %
# Chebyshev nodes: an interpolated limit errs by less than 1e-3 sigma. The unified one has a kink where the likeliest
# amplitude leaves 0, and errs by 1.6e-3 with 13 nodes.
N_AMPLITUDE, N_UNIFIED = 9, 13
TOLERANCE = 1e-5  # of the normal quantile of a chance: 1e-5 sigma of a limit
# Of the nodes of quadratures, in the smallest standard deviation: 3e-4 of a posterior's tail, 2e-7 of a measurement's,
# of which a limit near zero is the square root.
POSTERIOR_SPACING, SPACING = 1.5, 1.1
FINE = 2001  # points at which the interpolated limit is inverted
MOST_STEPS = 60

Floats = NDArray[np.float64]


def expected_vector_limit(
    covariance: ArrayLike,
    *,
    method: LimitMethod,
    confidence: float = 0.95,
    direction: LimitDirection = "fitted",
) -> ExpectedLimit:
    """Return the median limit and its bands under isotropy for any covariance.

    Parameters
    ----------
    covariance : array_like of float, shape (3, 3)
        Covariance of a measured vector.
    method : str
        A key of `LIMIT_METHODS`.
    confidence : float, optional
        In (0, 1).
    direction : {"fitted", "weakest"}, optional
        Direction of the true dipole for the frequentist limits: see `vector_limit`.

    Returns
    -------
    ExpectedLimit
        Median and central bands, good to 1e-3 of sigma, and to 2e-3 where one variance is nine times another and for
        the unified limit; to 0.02 in the lower edges of frequentist ones where variances differ by more than a half.

    Raises
    ------
    ShapeError, RangeError, FitError
        As `vector_limit`.

    Notes
    -----
    ``P(limit <= t) = sum_u w_u F(r_u(t) sqrt(u^T C^-1 u))``, with F the chi distribution of 3 degrees of freedom and
    r_u(t) the amplitude along u at which the limit is t: no limit falls when the amplitude rises. Directions u are
    those of ``C^(1/2) z``, with z the nodes of a quadrature, of weights w_u, over an octant of the principal axes, in
    which the law is the same in all octants.

    Examples
    --------
    >>> import numpy as np
    >>> expected = expected_vector_limit(np.eye(3), method="flat_delta")
    >>> round(expected.median, 2), [round(edge, 2) for edge in expected.band68]
    (2.72, [2.24, 3.5])
    """
    matrix, value, axis = principal_axes(covariance)
    if method not in LIMIT_METHODS:
        raise RangeError(f"method = {method!r} is none of {', '.join(LIMIT_METHODS)}")
    if direction not in ("fitted", "weakest"):
        raise RangeError(f"direction = {direction!r} is none of fitted, weakest")
    tail = 1.0 - number("confidence", confidence, low=0.0, high=1.0, open_low=True, open_high=True)
    sigma, top = float(np.sqrt(value.mean())), TOP * float(np.sqrt(value[2]))
    # Limits in units of sigma: tolerances are pure numbers then.
    scaled, top = matrix / sigma**2, top / sigma
    unit, share = _octant(value, smooth=method not in ("cls", "neyman"))
    steepness = np.sqrt((unit**2) @ (sigma**2 / value))
    unit = unit @ axis.T
    least = _least_amplitude(scaled, tail) if method == "neyman" else 0.0
    n = N_UNIFIED if method == "feldman_cousins" else N_AMPLITUDE
    node = np.cos((np.arange(n) + 0.5) * np.pi / n)
    # A Neyman limit leaves zero as a square root does.
    power = 2 if method == "neyman" else 1
    amplitude = least + (top - least) * ((1.0 + node) / 2.0) ** power
    true = np.broadcast_to(axis[:, -1], unit.shape) if direction == "weakest" else unit
    limit = _limits(unit, true, amplitude, scaled, method, tail)
    fit = np.polynomial.chebyshev.chebfit(node, limit.T, n - 1)
    place = np.linspace(-1.0, 1.0, FINE)
    fine = least + (top - least) * ((1.0 + place) / 2.0) ** power
    # Interpolation may undulate by what it errs by.
    curve = np.maximum.accumulate(np.maximum(np.polynomial.chebyshev.chebval(place, fit), 0.0), axis=1)

    def chance(t: float) -> float:
        # Below the least limit of a direction this is `least`: up to it amplitudes have the limit 0.
        reached = np.array([np.interp(t, row, fine) for row in curve])
        return float(share @ chi.cdf(reached * steepness, 3))

    greatest = float(curve[:, -1].max())
    low95, low68, median, high68, high95 = (
        sigma * (0.0 if chance(0.0) >= p else float(brentq(lambda t, p=p: chance(t) - p, 0.0, greatest, xtol=1e-7)))
        for p in QUANTILES
    )
    return ExpectedLimit(method, float(confidence), sigma, median, (low68, high68), (low95, high95))


def _octant(value: Floats, *, smooth: bool) -> tuple[Floats, Floats]:
    """Return directions in one octant of the principal axes, such as vectors of these variances have, and weights."""
    ratio = float(value[2] / value[0])
    # Two nodes leave 3 % of the terms of fourth degree, which are of second order in the ratio less 1.
    # A posterior's limit is smooth in the direction, and the unified one nearly; a one-sided one is 0 in some of them.
    n = 2 if ratio < 1.2 else 3 if ratio < 1.5 else 4 if smooth else 6
    node, weight = np.polynomial.legendre.leggauss(n)
    cosine, angle = (1.0 + node) / 2.0, (np.arange(n) + 0.5) * np.pi / (2.0 * n)
    sine = np.sqrt(1.0 - cosine**2)
    even = np.stack(
        [np.outer(sine, np.cos(angle)).ravel(), np.outer(sine, np.sin(angle)).ravel(), np.repeat(cosine, n)], axis=1
    )
    vector = even * np.sqrt(value)
    unit = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    return unit, np.repeat(weight, n) / (2.0 * n)


def _least_amplitude(matrix: Floats, tail: float) -> float:
    """Return the amplitude below which a one-sided construction accepts no true dipole but 0."""
    zero = np.zeros((1, 3))
    # Were all variances the least or the greatest of them, it would be a quantile of the chi distribution.
    low, high = np.sqrt(np.linalg.eigvalsh(matrix)[[0, 2]]) * float(chi.ppf(tail, 3)) * [0.999, 1.001]
    return float(brentq(lambda x: float(amplitude_cdf([x], zero, matrix)[0]) - tail, low, high))


def _limits(unit: Floats, true: Floats, amplitude: Floats, matrix: Floats, method: LimitMethod, tail: float) -> Floats:
    """Return the limit for each direction and amplitude, shape (n_direction, n_amplitude)."""
    if method == "feldman_cousins":
        most = float(amplitude.max()) + 6.0
        rows = [AmplitudeOrdering(matrix, u, tail, most) for u in true]
        return np.array([[row.upper_edge(float(x)) for x in amplitude] for row in rows])
    out = np.empty((len(unit), len(amplitude)))
    start = np.full(len(unit), amplitude.max() + 1.0)
    # One amplitude at a time, from the greatest: the nodes of the quadratures grow with it.
    for i in np.argsort(-amplitude):
        x = max(float(amplitude[i]), LEAST_X)
        level = tail * (float(amplitude_cdf([x], np.zeros((1, 3)), matrix)[0]) if method == "cls" else 1.0)
        if method in POWER:
            tails = posterior_tails(x * unit, matrix, powers=(POWER[method],), spacing=POSTERIOR_SPACING)
            left_of: Callable[[Floats], Floats] = partial(_first, tails)
        else:
            left_of = partial(_below, x=x, true=true, matrix=matrix)
        out[:, i] = start = _falling_roots(left_of, level, start)
    return out


def _first(tails: Callable[[Floats], Floats], t: Floats) -> Floats:
    return np.asarray(tails(t)[0])


def _below(t: Floats, *, x: float, true: Floats, matrix: Floats) -> Floats:
    """Probability of measuring less than an amplitude for true ones along some directions."""
    return amplitude_cdf(np.full(len(t), x), t[:, None] * true, matrix, spacing=SPACING)


def _falling_roots(chance: Callable[[Floats], Floats], level: float, start: Floats) -> Floats:
    """Find where chances fall to a level, all at once; 0 where they are not above it anywhere.

    False position by Anderson and Bjorck's rule for the end that stays, on the normal quantiles of the chances, which
    are almost straight lines.
    """

    def excess(t: Floats) -> Floats:
        return np.asarray(ndtri(np.clip(chance(t), 1e-300, 1.0 - 1e-16)) - ndtri(level))

    low, high = np.maximum(start - 1.0, 0.0), start + 0.25
    at_low, at_high = excess(low), excess(high)
    while (at_high > 0.0).any():
        high = np.where(at_high > 0.0, 1.5 * high, high)
        at_high = excess(high)
    while ((at_low <= 0.0) & (low > 0.0)).any():
        low = np.where(at_low > 0.0, low, np.where(low > 0.5, 0.5 * low, 0.0))
        at_low = excess(low)
    for _ in range(MOST_STEPS):
        # Where the chance is not above the level at 0 itself, the limit is 0.
        middle = np.where(
            at_low > 0.0, low + (high - low) * at_low / np.where(at_low > 0.0, at_low - at_high, 1.0), 0.0
        )
        found = excess(middle)
        if (np.abs(found)[at_low > 0.0] < TOLERANCE).all():
            break
        above = found > 0.0
        # An end that stays has its value reduced by as much as the other's fell, or halved (Anderson and Bjorck).
        other = np.where(above, np.where(at_low > 0.0, at_low, 1.0), np.where(at_high < 0.0, at_high, -1.0))
        fall = 1.0 - found / other
        fall = np.where(fall > 0.0, fall, 0.5)
        at_high = np.where(above, fall * at_high, found)
        at_low = np.where(above, found, np.where(at_low > 0.0, fall * at_low, at_low))
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return middle
