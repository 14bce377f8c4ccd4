"""Efficiency by geographic place from a control sample, with intervals, and its variations."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from amsdipole._arrays import finite_floats, indices, number
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.sky import pixel_centers, vector_to_pixel

__all__ = ["EfficiencyMap", "efficiency_map", "efficiency_variations", "geographic_pixel"]


@dataclass(frozen=True)
class EfficiencyMap:
    """Efficiency by geographic pixel.

    Attributes
    ----------
    value : numpy.ndarray of float64, shape (12 nside^2,)
        Efficiency of each HEALPix RING pixel of longitude and geodetic latitude, in [0, 1].
    low, high : numpy.ndarray of float64, shape (12 nside^2,)
        Ends of the central 68.3 % interval.
    level : numpy.ndarray of int64, shape (12 nside^2,)
        How often the pixel was joined with its neighbours before it held enough counts.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check sizes and ranges."""
        for name in ("value", "low", "high"):
            values = finite_floats(name, getattr(self, name), (None,))
            nside = round((len(values) / 12) ** 0.5)
            if 12 * nside**2 != len(values) or nside & (nside - 1) or not nside:
                raise ShapeError(f"{name} has {len(values)} pixels; 12 nside^2 with nside a power of two is wanted")
            bad = (values < 0.0) | (values > 1.0)
            if bad.any():
                i = int(bad.argmax())
                raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, 1]")

    @property
    def nside(self) -> int:
        """Resolution."""
        return math.isqrt(len(self.value) // 12)

    @property
    def sha256(self) -> str:
        """Checksum of the values: part of the identity of sums that they weigh."""
        return hashlib.sha256(np.ascontiguousarray(self.value).tobytes()).hexdigest()

    def at(self, place: NDArray[np.float64]) -> NDArray[np.float64]:
        """Efficiency at places (longitude [deg], geodetic latitude [deg], ...)."""
        return self.value[geographic_pixel(place, nside=self.nside)]


def geographic_pixel(place: NDArray[np.float64], *, nside: int) -> NDArray[np.int64]:
    """Give the pixel of places.

    Parameters
    ----------
    place : numpy.ndarray of float64, shape (n, 2) or (n, 3)
        Longitude [deg], geodetic latitude [deg].
    nside : int
        Resolution.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        HEALPix RING pixels of longitude and latitude taken as angles on a sphere.
    """
    lon, lat = np.radians(place[:, 0]), np.radians(place[:, 1])
    return vector_to_pixel(np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]), nside)


def efficiency_map(
    passed: ArrayLike, total: ArrayLike, *, error_most: float = 0.01, confidence: float = 0.6827
) -> EfficiencyMap:
    """Estimate an efficiency by geographic pixel, smoothed only as far as the statistics ask.

    Parameters
    ----------
    passed, total : array_like of int, shape (12 nside^2,)
        Control events that pass and all control events in each pixel, RING order.
    error_most : float
        Greatest binomial error of a pixel, in (0, 1): the rule of the smoothing.
    confidence : float
        Content of the intervals.

    Returns
    -------
    EfficiencyMap
        Efficiencies with central Clopper-Pearson intervals.

    Raises
    ------
    ShapeError
        Sizes differ or are no HEALPix grid.
    RangeError
        A count is negative, more pass than there are, or a choice is out of range.
    DataError
        There are no control events.

    Notes
    -----
    Stated rule: a pixel uses its own counts if they make sqrt(p (1 - p) / n) at most `error_most`, with p that of the
    whole Earth; else those of the coarser pixel that holds its centre, and so on, at last of the whole Earth.

    References
    ----------
    .. [1] Clopper, Pearson 1934, Biometrika 26, 404, https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    >>> m = efficiency_map([80] + [0] * 11, [100] + [0] * 11, error_most=0.1)
    >>> m.value[:2], m.level[:2]
    (array([0.8, 0.8]), array([0, 1]))
    """
    k, n = indices("passed", passed, (None,)), indices("total", total, (None,))
    nside = round((len(n) / 12) ** 0.5)
    if len(k) != len(n) or 12 * nside**2 != len(n) or not nside or nside & (nside - 1):
        raise ShapeError(f"{len(k)} and {len(n)} pixels; twice 12 nside^2 with nside a power of two is wanted")
    bad = (k < 0) | (k > n)
    if bad.any():
        i = int(bad.argmax())
        raise RangeError(f"passed[{i}] = {k[i]} is outside [0, total[{i}] = {n[i]}]")
    if not n.sum():
        raise DataError("the control sample is empty")
    number("error_most", error_most, low=0.0, high=1.0, open_low=True)
    mean = float(k.sum() / n.sum())
    least = max(1.0, mean * (1.0 - mean) / error_most**2)
    center = pixel_centers(nside)
    chosen_k, chosen_n = k.copy(), n.copy()
    level = np.zeros(len(n), dtype=np.int64)
    short = n < least
    step = 0
    while short.any():
        step += 1
        coarse = nside >> step
        if coarse:
            parent = vector_to_pixel(center, coarse)
            joined_k = np.bincount(parent, weights=k, minlength=12 * coarse**2)[parent].astype(np.int64)
            joined_n = np.bincount(parent, weights=n, minlength=12 * coarse**2)[parent].astype(np.int64)
        else:
            joined_k, joined_n = np.full(len(n), k.sum()), np.full(len(n), n.sum())
        chosen_k[short], chosen_n[short], level[short] = joined_k[short], joined_n[short], step
        short &= (chosen_n < least) & bool(coarse)
    tail = (1.0 - number("confidence", confidence, low=0.0, high=1.0, open_low=True, open_high=True)) / 2.0
    with np.errstate(invalid="ignore"):
        low = np.where(chosen_k == 0, 0.0, beta.ppf(tail, chosen_k, chosen_n - chosen_k + 1))
        high = np.where(chosen_k == chosen_n, 1.0, beta.ppf(1.0 - tail, chosen_k + 1, chosen_n - chosen_k))
    return EfficiencyMap(chosen_k / chosen_n, low, high, level)


def efficiency_variations(
    efficiency: EfficiencyMap, n_variation: int, *, rng: np.random.Generator
) -> "list[EfficiencyMap]":
    """Draw efficiency maps within the intervals.

    Parameters
    ----------
    efficiency : EfficiencyMap
        The estimate.
    n_variation : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of EfficiencyMap
        Maps whose pixels vary as their intervals say.

    Notes
    -----
    Pixels that share the same joined counts vary together. Each side of the interval is the width of half a Gaussian,
    cut at 0 and 1.
    """
    _, group = np.unique(np.column_stack([efficiency.level, _owner(efficiency)]), axis=0, return_inverse=True)
    out = []
    for _ in range(n_variation):
        pull = rng.normal(size=int(group.max()) + 1)[group.ravel()]
        width = np.where(pull > 0.0, efficiency.high - efficiency.value, efficiency.value - efficiency.low)
        varied = np.clip(efficiency.value + pull * width, 0.0, 1.0)
        out.append(EfficiencyMap(varied, efficiency.low, efficiency.high, efficiency.level))
    return out


def _owner(efficiency: EfficiencyMap) -> NDArray[np.int64]:
    """Give the number of the coarse pixel whose counts each pixel uses, at its level."""
    center = pixel_centers(efficiency.nside)
    owner = np.zeros(len(center), dtype=np.int64)
    for level in np.unique(efficiency.level):
        at = efficiency.level == level
        coarse = efficiency.nside >> int(level)
        owner[at] = vector_to_pixel(center[at], coarse) if coarse else 0
    return owner
