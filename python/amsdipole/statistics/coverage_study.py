"""Coverage of limits, counted on toy skies that pass through an exposure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number, whole_number
from amsdipole.errors import RangeError
from amsdipole.statistics._ordering import AmplitudeOrdering
from amsdipole.statistics.amplitude_law import ROWS, amplitude_cdf, posterior_tails
from amsdipole.statistics.components import Components, sky_components
from amsdipole.statistics.limits import LIMIT_METHODS, LimitMethod, coverage
from amsdipole.statistics.sky_fits import SkyFits, fit_components
from amsdipole.statistics.toy_skies import poisson_skies
from amsdipole.statistics.vector_limits import POWER

__all__ = ["CoverageRow", "coverage_study", "covers"]

Progress = Callable[[str, int, int], None]
Floats = NDArray[np.float64]

BATCH = 500  # skies at a time: 50 MB at nside 32
# Of the nodes of quadratures, in the smallest standard deviation: chances err by 1e-12 for a covariance such as that of
# AMS, and by at most 3e-4 for a very thin one, where a share of 10,000 toys errs by 2e-3.
SPACING = 1.5
SPREAD = 2**32  # toys of one amplitude are numbered from a multiple of it


@dataclass(frozen=True)
class CoverageRow:
    """Hold how often one limit was at or above one true amplitude.

    Attributes
    ----------
    method : str
        Name of the method.
    delta_sigma : float
        True amplitude in units of sigma.
    n_covered, n_toy : int
        Toys that were covered, and all.
    theory : float
        Coverage of the method for the covariance ``sigma**2 I``; for "feldman_cousins" that of the interval and for
        "neyman" that of the set of amplitudes, which may be empty.
    """

    method: LimitMethod
    delta_sigma: float
    n_covered: int
    n_toy: int
    theory: float

    @property
    def coverage(self) -> float:
        """Share of the toys that were covered."""
        return self.n_covered / self.n_toy

    @property
    def error(self) -> float:
        """Binomial error of the share, with the theory as its expectation."""
        return float(np.sqrt(max(self.theory * (1.0 - self.theory), 0.0) / self.n_toy))


def coverage_study(
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    n_event: float,
    delta_sigma: Sequence[float] = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
    methods: Sequence[LimitMethod] = tuple(LIMIT_METHODS),
    confidence: float = 0.95,
    n_toy: int = 10_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[CoverageRow, ...]:
    """Count how often each limit covers the amplitude that was put into toy skies.

    Parameters
    ----------
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    n_event : float
        Expected events of a sky.
    delta_sigma : sequence of float, optional
        Amplitudes in units of ``sigma = sqrt(trace(C) / 3)`` of this exposure.
    methods : sequence of str, optional
        Keys of `LIMIT_METHODS`.
    confidence : float, optional
        In (0, 1).
    n_toy : int, optional
        Skies for each amplitude; the dipole of toy i points along direction i modulo 14 of the six faces and eight
        corners of a cube.
    seed : int, optional
        Seed of the study.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    tuple of CoverageRow
        By method, then by amplitude.

    Raises
    ------
    ShapeError, RangeError, FitError
        As `sky_components` and `fit_components`; an amplitude makes the flux negative.

    Notes
    -----
    Every sky is drawn, fitted by `fit_components` and judged with its own covariance, as `vector_limit` would with
    the fitted direction. For "feldman_cousins" the edges of the acceptance are found along the 13 axes of the cube
    with the expected covariance, and read off for the fitted direction.

    References
    ----------
    .. [1] Neyman 1937, Phil. Trans. R. Soc. A 236, 333, https://doi.org/10.1098/rsta.1937.0005
    """
    components = sky_components(reference, direction)
    unit = finite_floats("direction", direction, (None, 3))
    exposure = finite_floats("reference", reference, (len(unit),))
    total = number("n_event", n_event, low=10.0, high=1e12)
    tail = 1.0 - number("confidence", confidence, low=0.0, high=1.0, open_low=True, open_high=True)
    n = whole_number("n_toy", n_toy, low=1, high=10_000_000)
    for method in methods:
        if method not in LIMIT_METHODS:
            raise RangeError(f"method = {method!r} is none of {', '.join(LIMIT_METHODS)}")
    covariance = np.asarray(np.linalg.inv(components.moment) / total, dtype=np.float64)
    sigma = float(np.sqrt(np.trace(covariance) / 3.0))
    counted = {(m, k): 0 for m in methods for k in range(len(delta_sigma))}
    for k, size in enumerate(delta_sigma):
        delta = number(f"delta_sigma[{k}]", size, low=0.0) * sigma
        if delta >= 1.0:
            raise RangeError(f"delta_sigma[{k}] = {size} is an amplitude of {delta:.3g}; below 1 is wanted")
        edges = _accepted(covariance, delta, tail) if "feldman_cousins" in methods else None
        for first in range(0, n, BATCH):
            fits = _fits(exposure, unit, components, total, delta, k, range(first, min(first + BATCH, n)), seed)
            for method, good in covers(fits, delta, methods=methods, tail=tail, edges=edges).items():
                counted[method, k] += int(good.sum())
            if progress is not None:
                progress("coverage", k * n + min(first + BATCH, n), n * len(delta_sigma))
    return tuple(
        CoverageRow(method, float(size), counted[method, k], n, _theory(method, float(size), 1.0 - tail))
        for method in methods
        for k, size in enumerate(delta_sigma)
    )


def covers(
    fits: SkyFits,
    delta: float,
    *,
    methods: Sequence[LimitMethod],
    tail: float,
    edges: tuple[Floats, Floats] | None = None,
) -> dict[LimitMethod, NDArray[np.bool_]]:
    """Tell for each fit whether the limits are at or above an amplitude; see `coverage_study`."""
    covariance = fits.covariance[:, :3, :3]
    x, rho = fits.delta_m, fits.rho
    unit = rho / x[:, None]
    out: dict[LimitMethod, NDArray[np.bool_]] = {}
    credible = [method for method in methods if method in POWER]
    if credible:
        powers = [POWER[method] for method in credible]
        rows = [slice(first, first + ROWS) for first in range(0, len(x), ROWS)]
        tails = [
            posterior_tails(rho[at], covariance[at], powers=powers, spacing=SPACING)(np.full(len(x[at]), delta))
            for at in rows
        ]
        out.update(zip(credible, np.concatenate(tails, axis=1) >= tail, strict=True))
    if "feldman_cousins" in methods:
        if edges is None:
            raise RangeError("edges of the acceptance are wanted for feldman_cousins")
        low, high = (_even(unit) @ edge for edge in edges)
        out["feldman_cousins"] = (low <= x) & (x <= high)
    if "cls" in methods or "neyman" in methods:
        chance = amplitude_cdf(x, delta * unit, covariance, spacing=SPACING)
        if "neyman" in methods:
            out["neyman"] = chance > tail
        if "cls" in methods:
            out["cls"] = chance > tail * amplitude_cdf(x, np.zeros_like(rho), covariance, spacing=SPACING)
    return out


def _fits(
    exposure: Floats,
    unit: Floats,
    components: Components,
    n_event: float,
    delta: float,
    k: int,
    toys: range,
    seed: int,
) -> SkyFits:
    """Draw and fit some toys of one amplitude, in their own order."""
    axis = _cube()
    counts = np.empty((len(toys), len(exposure)))
    place = np.array(toys) % len(axis)
    for a, u in enumerate(axis):
        mine = np.flatnonzero(place == a)
        if not mine.size:
            continue
        expected = exposure * (1.0 + delta * (unit @ u))
        expected *= n_event / expected.sum()
        counts[mine] = poisson_skies(expected, seed=seed, toys=[k * SPREAD + toys[i] for i in mine])
        if delta == 0.0:  # all directions are the same sky
            rest = np.flatnonzero(place != a)
            counts[rest] = poisson_skies(expected, seed=seed, toys=[k * SPREAD + toys[i] for i in rest])
            break
    return fit_components(counts, components)


def _cube() -> Floats:
    """Return the six faces and eight corners of a cube."""
    faces = np.concatenate([np.eye(3), -np.eye(3)])
    corner = np.array([[x, y, z] for x in (1, -1) for y in (1, -1) for z in (1, -1)]) / np.sqrt(3.0)
    return np.concatenate([faces, corner])


def _even(unit: Floats) -> Floats:
    """Return the six products of components: what is even in the direction, up to second degree."""
    x, y, z = unit.T
    return np.stack([x * x, y * y, z * z, x * y, y * z, z * x], axis=1)


def _accepted(covariance: Floats, delta: float, tail: float) -> tuple[Floats, Floats]:
    """Return the edges of the acceptance as quadratic forms in the direction."""
    edge = np.array([[1, 1, 0], [1, -1, 0], [0, 1, 1], [0, 1, -1], [1, 0, 1], [-1, 0, 1]]) / np.sqrt(2.0)
    axis = np.concatenate([np.eye(3), edge, _cube()[6:10]])
    found = np.array([AmplitudeOrdering(covariance, u, tail, delta).acceptance(delta) for u in axis])
    forms = np.linalg.lstsq(_even(axis), found)[0]
    return forms[:, 0], forms[:, 1]


def _theory(method: LimitMethod, delta_sigma: float, confidence: float) -> float:
    if method in ("feldman_cousins", "neyman"):
        return confidence
    return coverage(delta_sigma, 1.0, method=method, confidence=confidence)
