"""Pulls of fitted components, counted on toy skies of weighted events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from amsdipole._arrays import finite_floats, number, whole_number
from amsdipole.errors import RangeError
from amsdipole.statistics.components import sky_components
from amsdipole.statistics.dipole_fit import Weighting
from amsdipole.statistics.sky_fits import fit_components
from amsdipole.statistics.toy_skies import WeightClass, weighted_skies

__all__ = ["Pulls", "pull_study", "purity_classes", "sweight_classes"]

Progress = Callable[[str, int, int], None]
Floats = NDArray[np.float64]

BATCH = 250  # skies at a time: two maps each, 50 MB at nside 32


@dataclass(frozen=True, eq=False)
class Pulls:
    """Hold the pulls of some components over toys.

    Attributes
    ----------
    names : tuple of str
        Names of the components.
    pull : numpy.ndarray of float64, shape (n_toy, n)
        (fitted - true) / error, with the covariance of the fit.
    sandwich_pull : numpy.ndarray of float64, shape (n_toy, n)
        The same with the covariance from the squared weights.
    """

    names: tuple[str, ...]
    pull: Floats
    sandwich_pull: Floats

    @property
    def mean(self) -> Floats:
        """Mean of each pull; its error is ``1 / sqrt(n_toy)``."""
        return np.asarray(self.pull.mean(axis=0))

    @property
    def width(self) -> Floats:
        """Standard deviation of each pull; its error is ``1 / sqrt(2 n_toy)``."""
        return np.asarray(self.pull.std(axis=0, ddof=1))

    @property
    def sandwich_width(self) -> Floats:
        """Standard deviation of each pull with the sandwich errors."""
        return np.asarray(self.sandwich_pull.std(axis=0, ddof=1))


def purity_classes(
    n_signal: float, *, lowest: float = 0.5, highest: float = 1.0, n_class: int = 6
) -> list[WeightClass]:
    """Return classes of events that are weighted by their purity.

    Parameters
    ----------
    n_signal : float
        Expected signal events, above 0.
    lowest, highest : float, optional
        Range of the purities, in (0, 1].
    n_class : int, optional
        Number of classes, 1 to 100, with equal signal.

    Returns
    -------
    list of WeightClass
        Purity p with ``n_signal / n_class`` signal events and ``(1 - p) / p`` times as many of background.

    Raises
    ------
    RangeError
        A value is out of range.

    Examples
    --------
    >>> purity_classes(100.0, n_class=1)
    [WeightClass(weight=0.75, n_signal=100.0, n_background=33.333333333333336)]
    """
    number("n_signal", n_signal, low=0.0, open_low=True)
    n = whole_number("n_class", n_class, low=1, high=100)
    low = number("lowest", lowest, low=0.0, high=1.0, open_low=True)
    high = number("highest", highest, low=low, high=1.0)
    purity = low + (high - low) * (np.arange(n) + 0.5) / n
    return [WeightClass(float(p), n_signal / n, float(n_signal / n * (1.0 - p) / p)) for p in purity]


def sweight_classes(
    n_signal: float, n_background: float, *, separation: float = 2.0, n_class: int = 24
) -> list[WeightClass]:
    """Return classes of events that carry sWeights from two unit Gaussians in a discriminant.

    Parameters
    ----------
    n_signal, n_background : float
        Expected events, above 0.
    separation : float, optional
        Distance of the two means in their widths, in (0, 10].
    n_class : int, optional
        Bins of the discriminant, 2 to 200.

    Returns
    -------
    list of WeightClass
        Weights sum to `n_signal`; those of bins in which the background prevails are negative.

    Raises
    ------
    RangeError
        A value is out of range.

    References
    ----------
    .. [1] Pivk & Le Diberder 2005, Nucl. Instrum. Meth. A 555, 356, https://doi.org/10.1016/j.nima.2005.08.106

    Examples
    --------
    >>> classes = sweight_classes(1000.0, 500.0)
    >>> round(sum(c.weight * (c.n_signal + c.n_background) for c in classes), 6), min(c.weight for c in classes) < 0
    (1000.0, True)
    """
    s = number("n_signal", n_signal, low=0.0, open_low=True)
    b = number("n_background", n_background, low=0.0, open_low=True)
    shift = number("separation", separation, low=0.0, high=10.0, open_low=True)
    n = whole_number("n_class", n_class, low=2, high=200)
    edge = np.linspace(-4.0, shift + 4.0, n + 1)
    signal, background = np.diff(norm.cdf(edge)), np.diff(norm.cdf(edge, shift))
    signal, background = signal / signal.sum(), background / background.sum()
    events = s * signal + b * background
    shape = np.stack([signal, background])
    inverse = (shape / events) @ shape.T
    weight = np.linalg.solve(inverse, shape)[0] / events
    return [
        WeightClass(float(w), float(s * f), float(b * g)) for w, f, g in zip(weight, signal, background, strict=True)
    ]


def pull_study(
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    classes: Sequence[WeightClass],
    rho: ArrayLike = (0.0, 0.0, 0.0),
    weighting: Weighting = "purity",
    l_max: int = 1,
    n_toy: int = 10_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> Pulls:
    """Draw, weight and fit toy skies, and return the pulls.

    Parameters
    ----------
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    classes : sequence of WeightClass
        Weights that occur, with their expected events.
    rho : array_like of float, shape (3,), optional
        Dipole of the signal, shorter than 1.
    weighting : {"purity", "signal"}, optional
        What weights mean: see `fit_dipole`.
    l_max : int, optional
        Greatest degree of the multipoles of the fit.
    n_toy : int, optional
        Number of skies.
    seed : int, optional
        Seed of the study.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    Pulls
        Pulls of each component; the multipoles above the dipole are truly zero.

    Raises
    ------
    ShapeError, RangeError, FitError
        As `sky_components`, `weighted_skies` and `fit_components`.
    """
    components = sky_components(reference, direction, l_max=l_max)
    unit = finite_floats("direction", direction, (None, 3))
    dipole = finite_floats("rho", rho, (3,))
    if np.linalg.norm(dipole) >= 1.0:
        raise RangeError(f"rho = {dipole.tolist()} has the length {np.linalg.norm(dipole):.3g}; below 1 is wanted")
    n = whole_number("n_toy", n_toy, low=2, high=10_000_000)
    truth = np.concatenate([dipole, np.zeros(len(components.names) - 3)])
    flux = 1.0 + unit @ dipole
    pulls: list[Floats] = []
    robust: list[Floats] = []
    for first in range(0, n, BATCH):
        toys = range(first, min(first + BATCH, n))
        w, w2 = weighted_skies(reference, flux, classes, seed=seed, toys=toys)
        fits = fit_components(w, components, sum_weight2=w2, weighting=weighting)
        away = fits.coefficient - truth
        pulls.append(away / fits.error)
        robust.append(away / np.sqrt(np.einsum("sii->si", fits.sandwich_covariance)))
        if progress is not None:
            progress("pulls", toys.stop, n)
    return Pulls(components.names, np.concatenate(pulls), np.concatenate(robust))
