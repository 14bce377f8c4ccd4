"""Shapes of the TRD response: Gaussian plus Novosibirsk, fitted to control samples."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from iminuit import Minuit
from iminuit.cost import ExtendedBinnedNLL
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import FitError, RangeError

__all__ = ["FittedShape", "fitted_shape", "novosibirsk"]

Kind = Literal["electron", "proton"]
_TAIL = np.sqrt(np.log(4.0))
_N_SUB = 8  # points a bin of the quadrature of the Novosibirsk: 1e-5 of a bin for bins below sigma


def novosibirsk(x: ArrayLike, mu: float, sigma: float, tau: float) -> NDArray[np.float64]:
    """Novosibirsk function, 1 at its peak.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Where.
    mu : float
        Peak.
    sigma : float
        Width (full width at half maximum over 2.36); above 0.
    tau : float
        Asymmetry; 0 is a Gaussian.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        ``exp(-((ln q / tau)**2 + tau**2) / 2)`` with
        ``q = 1 + tau (x - mu) sinh(tau sqrt(ln 4)) / (sigma tau sqrt(ln 4))``;
        0 where q is not above 0.

    Raises
    ------
    RangeError
        `sigma` is not above 0, or a value is not finite.

    References
    ----------
    .. [1] Ikeda et al. 2000, Nucl. Instrum. Methods A 441, 401, https://doi.org/10.1016/S0168-9002(99)00992-4

    Examples
    --------
    >>> novosibirsk([0.0, 1.0], 0.0, 1.0, 1e-9).round(4)
    array([1.    , 0.6065])
    """
    place, width = finite_floats("x", x, (None,)), number("sigma", sigma, low=0.0, open_low=True)
    return _novosibirsk(place, number("mu", mu), width, number("tau", tau))


def _novosibirsk(x: NDArray[np.float64], mu: float, sigma: float, tau: float) -> NDArray[np.float64]:
    if abs(tau) < 1e-6:  # below this the third order, tau^3 / 6, is lost in rounding
        return np.asarray(np.exp(-0.5 * ((x - mu) / sigma) ** 2))
    q = 1.0 + (x - mu) * (np.sinh(tau * _TAIL) / (sigma * _TAIL))
    log = np.log(np.where(q > 0.0, q, 1.0))
    return np.where(q > 0.0, np.exp(-0.5 * ((log / tau) ** 2 + tau * tau)), 0.0)


@dataclass(frozen=True)
class FittedShape:
    """A smooth shape fitted to a control sample.

    Attributes
    ----------
    density : numpy.ndarray of float64, shape (n_bin + 2,)
        Share of each cell: below the range, the bins, above it. The outer two are those of the sample.
    values, errors : dict of str to float
        Parameters and their errors.
    chi2, dof : float, int
        Goodness of fit.
    """

    density: NDArray[np.float64]
    values: dict[str, float]
    errors: dict[str, float]
    chi2: float
    dof: int


def fitted_shape(histogram: ArrayLike, low: float, high: float, *, kind: Kind) -> FittedShape:
    """Fit the shape of a response to a control sample.

    Parameters
    ----------
    histogram : array_like of float, shape (n_bin + 2,)
        Events below the range, in equal bins from `low` to `high`, and above it.
    low, high : float
        The range.
    kind : {"electron", "proton"}
        Gaussian plus Novosibirsk, or Novosibirsk alone.

    Returns
    -------
    FittedShape
        The shape, which has no statistical noise of its own bin by bin.

    Raises
    ------
    RangeError
        A count is negative, the range does not rise or the kind is unknown.
    FitError
        The fit did not converge.

    References
    ----------
    .. [1] method, section 1.3
    """
    counts = finite_floats("histogram", histogram, (None,))
    if kind not in ("electron", "proton"):
        raise RangeError(f"kind = {kind!r} is neither 'electron' nor 'proton'")
    if not low < high or len(counts) < 8 or (counts < 0).any():
        raise RangeError("six bins or more over a range that rises, with counts not below 0, are wanted")
    inner = counts[1:-1]
    if inner.sum() < 20:
        raise FitError(f"the control sample has {inner.sum():g} events in range; 20 or more are wanted")
    edge = np.linspace(low, high, len(inner) + 1)
    centre = 0.5 * (edge[1:] + edge[:-1])
    mean = float(np.average(centre, weights=inner))
    width = float(np.sqrt(np.average((centre - mean) ** 2, weights=inner)))
    start: dict[str, float] = {"n": float(inner.sum()), "mu": mean, "sigma": width, "tau": 0.05}
    model: Callable[..., NDArray[np.float64]] = _proton
    if kind == "electron":
        start |= {"share": 0.7, "mu_tail": mean + 0.5 * width, "sigma_tail": 1.5 * width}
        model = _electron
    minuit = Minuit(ExtendedBinnedNLL(inner, edge, _cumulative(model, edge)), **start, name=tuple(start))
    for name in [n for n in start if n.startswith("sigma")]:
        minuit.limits[name] = (1e-4 * width, 20 * width)
    minuit.limits["tau"] = (-2.0, 2.0)
    minuit.limits["n"] = (0.0, None)
    if kind == "electron":
        minuit.limits["share"] = (0.0, 1.0)
    minuit.migrad(ncall=20_000, iterate=10)
    if not minuit.valid:
        raise FitError(f"the {kind} shape did not converge: {minuit.fmin}")
    values = minuit.values.to_dict()
    share = np.diff(_cumulative(model, edge)(edge, *values.values())) / values["n"]
    total = counts.sum()
    density = np.concatenate([counts[:1] / total, share * (inner.sum() / total), counts[-1:] / total])
    n_par = len(start)
    return FittedShape(density, values, minuit.errors.to_dict(), float(minuit.fval or 0.0), len(inner) - n_par)


def _electron(
    x: NDArray[np.float64],
    n: float,
    mu: float,
    sigma: float,
    tau: float,
    share: float,
    mu_tail: float,
    sigma_tail: float,
) -> NDArray[np.float64]:
    tail = _novosibirsk(x, mu_tail, sigma_tail, tau)
    core = np.exp(-0.5 * ((x - mu) / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))
    core /= ndtr((x[-1] - mu) / sigma) - ndtr((x[0] - mu) / sigma)
    return np.asarray(n * (share * core + (1.0 - share) * tail / np.trapezoid(tail, x)))


def _proton(x: NDArray[np.float64], n: float, mu: float, sigma: float, tau: float) -> NDArray[np.float64]:
    value = _novosibirsk(x, mu, sigma, tau)
    return np.asarray(n * value / np.trapezoid(value, x))


def _cumulative(
    model: Callable[..., NDArray[np.float64]], edge: NDArray[np.float64]
) -> Callable[..., NDArray[np.float64]]:
    """Integral of a density from the first edge to each, by the trapezium rule on a finer grid, scaled to its yield."""
    fine = np.linspace(edge[0], edge[-1], _N_SUB * (len(edge) - 1) + 1)

    def cumulative(_: NDArray[np.float64], *parameters: float) -> NDArray[np.float64]:
        value = model(fine, *parameters)
        total = np.concatenate([[0.0], np.cumsum(0.5 * (value[1:] + value[:-1]) * np.diff(fine))])
        return np.asarray(total[::_N_SUB] * (parameters[0] / total[-1]) if total[-1] > 0 else total[::_N_SUB])

    return cumulative
