"""The ordering of Feldman and Cousins for the amplitude of a vector with any covariance, along one direction."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.stats import norm

from amsdipole.statistics.amplitude_law import amplitude_cdf, node_numbers, sphere_nodes
from amsdipole.statistics.feldman_cousins import most_likely

__all__ = ["AmplitudeOrdering"]

PER_SIGMA = 8  # points of a table in one sigma; the splines through them err by some 1e-4 at the kink of the best
NEWTON_STEPS = 60
SPACING = 1.1  # of the nodes of quadratures: 2e-7 of a density (see `amplitude_cdf`)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AmplitudeOrdering:
    """Accept amplitudes by the ratio ``R(x | t) = p(x | t u) / max_t' p(x | t' u)``.

    Attributes
    ----------
    covariance : numpy.ndarray of float64, shape (3, 3)
        Covariance of the measured vector.
    unit : numpy.ndarray of float64, shape (3,)
        Direction u of the true dipole.
    tail : float
        One less the confidence.
    most : float
        Greatest amplitude that is asked for, measured or true.
    """

    covariance: Floats
    unit: Floats
    tail: float
    most: float
    _sigma: float = field(init=False)
    _reach: float = field(init=False)
    _principal: tuple[Floats, Floats] = field(init=False)
    _best: CubicSpline = field(init=False)
    _place: tuple[Floats, Floats] = field(init=False)

    def __post_init__(self) -> None:
        """Make the table of the best likelihoods."""
        sigma = float(np.sqrt(np.trace(self.covariance) / 3.0))
        # Beyond it a measurement has a probability far below the tail, whatever the ratio says.
        reach = sigma * (float(norm.isf(self.tail)) + 4.0)
        end = self.most + reach + 2.0 * sigma
        value, axis = np.linalg.eigh(self.covariance)
        for name, what in (("_sigma", sigma), ("_reach", reach), ("_principal", (value, axis.T @ self.unit))):
            object.__setattr__(self, name, what)
        n_point = int(np.ceil(PER_SIGMA * end / sigma))
        x = np.linspace(end / n_point, end, n_point)
        place = self._best_place(x)
        object.__setattr__(self, "_place", (x, place))
        object.__setattr__(self, "_best", CubicSpline(x, self._log_pdf(x, place)))

    def interval(self, x: float) -> tuple[float, float]:
        """Return the edges of the interval of true amplitudes for a measured one."""
        at = self._likeliest(x)
        two_sided = at > 0.0 and self._excess(x, 0.0) > 0.0
        return self._edge(x, 0.0, at) if two_sided else 0.0, self.upper_edge(x)

    def upper_edge(self, x: float) -> float:
        """Return the upper edge of the interval alone."""
        at = self._likeliest(x)
        high = at + self._sigma
        while self._excess(x, high) < 0.0:
            high += 0.5 * self._sigma
        return self._edge(x, at, high)

    def _likeliest(self, x: float) -> float:
        return float(np.interp(x, *self._place))

    def _excess(self, x: float, t: float) -> float:
        return self._more_likely(x, t) - (1.0 - self.tail)

    def _edge(self, x: float, low: float, high: float) -> float:
        return float(brentq(lambda t: self._excess(x, t), low, high, xtol=1e-6 * self._sigma))

    def acceptance(self, t: float) -> tuple[float, float]:
        """Return the edges of the measured amplitudes that are accepted for a true one."""
        grid, ratio = self._ratio(t)
        spline = CubicSpline(grid, ratio)
        top = int(ratio.argmax())

        def edges(cut: float) -> tuple[float, float]:
            rising, falling = ratio[: top + 1] < cut, ratio[top:] < cut
            low, high = 0.0, float(grid[-1])
            if rising.any():
                i = int(np.flatnonzero(rising)[-1])
                low = float(brentq(lambda y: spline(y) - cut, grid[i], grid[i + 1]))
            if falling.any():
                i = top + int(falling.argmax())
                high = float(brentq(lambda y: spline(y) - cut, grid[i - 1], grid[i]))
            return low, high

        def excess(cut: float) -> float:
            return self._probability(t, *edges(cut)) - (1.0 - self.tail)

        return edges(float(brentq(excess, ratio[top] - 25.0, ratio[top] - 1e-9, xtol=1e-8)))

    def _more_likely(self, x: float, t: float) -> float:
        """Return the probability, given t, of the measurements with a greater ratio than x."""
        grid, ratio = self._ratio(t)
        x = max(x, float(self._place[0][0]) * 1e-3)
        own = float(self._log_pdf(np.array([x]), np.array([t]))[0] - self._best(x))
        more = ratio > own
        if not more.any():
            return 0.0
        spline = CubicSpline(grid, ratio - own)
        first, last = int(more.argmax()), len(more) - 1 - int(more[::-1].argmax())
        low = 0.0 if first == 0 else float(brentq(spline, grid[first - 1], grid[first]))
        high = float(grid[-1]) if last == len(grid) - 1 else float(brentq(spline, grid[last], grid[last + 1]))
        return self._probability(t, low, high)

    def _ratio(self, t: float) -> tuple[Floats, Floats]:
        """Return measured amplitudes about a true one, and the logarithms of their ratios."""
        low, high = max(0.0, t - self._reach), t + self._reach + 2.0 * self._sigma
        n_point = int(np.ceil(PER_SIGMA * (high - low) / self._sigma))
        grid = np.linspace(max(low, 1e-3 * self._sigma), high, n_point)
        return grid, self._log_pdf(grid, np.full(n_point, t)) - self._best(grid)

    def _probability(self, t: float, low: float, high: float) -> float:
        inside = amplitude_cdf([low, high], t * np.stack([self.unit] * 2), self.covariance, spacing=SPACING)
        return float(inside[1] - inside[0])

    def _log_pdf(self, x: Floats, t: Floats) -> Floats:
        """Return ln(p / x**2) up to a constant: the factor is the same for all t, and cancels in the ratio."""
        mass, top, area, _ = self._on_the_sphere(x, t)
        return np.asarray(top + np.log(mass @ area) - 0.5 * self._curvature() * t**2)

    def _slope_and_bend(self, x: Floats, t: Floats) -> tuple[Floats, Floats]:
        """Return the first two derivatives of ln p with respect to t."""
        mass, _, area, linear = self._on_the_sphere(x, t)
        total, c = mass @ area, self._curvature()
        mean, square = mass @ (area * linear) / total, mass @ (area * linear**2) / total
        return x * mean - c * t, x**2 * (square - mean**2) - c

    def _curvature(self) -> float:
        value, turned = self._principal
        return float(turned**2 @ (1.0 / value))

    def _on_the_sphere(self, x: Floats, t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the law over directions of measured vectors of lengths x, over exp(top); top, areas, and u C^-1 d."""
        value, turned = self._principal
        nodes = node_numbers(x.max(keepdims=True), np.sqrt(value)[None], 1.0, spacing=SPACING)
        direction, area = sphere_nodes(*nodes)
        linear = direction @ (turned / value)
        power = np.multiply.outer(-0.5 * x**2, direction**2 @ (1.0 / value))
        power += np.multiply.outer(x * t, linear)
        top = power.max(axis=1)
        power -= top[:, None]
        return np.exp(power, out=power), top, area, linear

    def _best_place(self, x: Floats) -> Floats:
        """Return the t of greatest likelihood for each x: 0, or the root of the first derivative above it."""
        at_zero = self._slope_and_bend(x, np.zeros_like(x))[1]
        start = self._sigma * np.array([most_likely(float(y)) for y in x / self._sigma])
        # Where the likelihood falls from 0 on, 0 is its maximum.
        place = np.where(at_zero > 0.0, np.maximum(start, 0.3 * self._sigma), 0.0)
        moving = np.flatnonzero(at_zero > 0.0)
        most = 0.5 * self._sigma
        for _ in range(NEWTON_STEPS):
            if not moving.size:
                break
            t = place[moving]
            slope, bend = self._slope_and_bend(x[moving], t)
            # Where the likelihood is not concave, a step of half a sigma along its slope leads on.
            step = np.where(bend < 0.0, -slope / np.where(bend < 0.0, bend, 1.0), np.sign(slope) * most)
            place[moving] = np.maximum(t + np.clip(step, -most, most), 0.0)
            moving = moving[np.abs(place[moving] - t) > 1e-7 * self._sigma]
        return place
