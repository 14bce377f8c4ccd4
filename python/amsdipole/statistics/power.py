"""Angular power spectrum of a counts map, with the band that isotropy gives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.sky import real_harmonics
from amsdipole.statistics.toy_skies import poisson_skies

__all__ = ["BAND_PERCENTILES", "AngularPower", "angular_power"]

Floats = NDArray[np.float64]

BAND_PERCENTILES = (0.15, 2.5, 16.0, 50.0, 84.0, 97.5, 99.85)
BATCH = 250


@dataclass(frozen=True, eq=False)
class AngularPower:
    """Hold a power spectrum and what isotropic skies give.

    Attributes
    ----------
    degree : numpy.ndarray of int64, shape (n,)
        Degrees l, from 1.
    power : numpy.ndarray of float64, shape (n,)
        Power of the sky that was measured, its noise included.
    band : numpy.ndarray of float64, shape (7, n)
        Percentiles `BAND_PERCENTILES` of isotropic skies.
    noise : float
        ``4 pi / n_event``: the mean power of the noise on a uniform full sky.
    p_value : numpy.ndarray of float64, shape (n,)
        Share of isotropic skies with at least this power; at least ``1 / (n_toy + 1)``.
    """

    degree: NDArray[np.int64]
    power: Floats
    band: Floats
    noise: float
    p_value: Floats


def angular_power(
    counts: ArrayLike,
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    l_max: int = 8,
    n_toy: int = 1000,
    seed: int = 1,
) -> AngularPower:
    """Measure the power of a counts map by degree.

    Parameters
    ----------
    counts : array_like of float, shape (npix,)
        Counts.
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale; pixels of equal area.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    l_max : int, optional
        Greatest degree, 1 to 32.
    n_toy : int, optional
        Isotropic skies of the band, 100 to 1,000,000.
    seed : int, optional
        Seed of the skies.

    Returns
    -------
    AngularPower
        Power, band and p-values.

    Raises
    ------
    ShapeError, RangeError, DataError, FitError
        An argument has the wrong shape or is out of range, counts where the reference is 0, or no events.

    Notes
    -----
    ``a_lm = 4 pi / N sum_j (n_j - mu_j) Y_lm(j)``: the relative intensity weighted by the exposure, so that pixels
    that are hardly seen bring no noise; ``C_l = sum_m a_lm**2 / (2 l + 1)``. Degrees mix where the exposure is not
    uniform. An amplitude from C_1 is biased by the noise: no fit is to be replaced by it.

    References
    ----------
    .. [1] Fermi-LAT collaboration 2017, PRD 95, 091103, https://doi.org/10.1103/PhysRevD.95.091103
    """
    events = finite_floats("counts", counts, (None,))
    exposure = finite_floats("reference", reference, (len(events),))
    degree = whole_number("l_max", l_max, low=1, high=32)
    n = whole_number("n_toy", n_toy, low=100, high=1_000_000)
    for name, values in (("counts", events), ("reference", exposure)):
        if (values < 0.0).any():
            i = int((values < 0.0).argmax())
            raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, inf)")
    total, whole = float(events.sum()), float(exposure.sum())
    if not (total > 0.0 and whole > 0.0):
        raise FitError(f"{total:g} events and a reference of {whole:g}: there is nothing to measure")
    stray = (events > 0.0) & (exposure == 0.0)
    if stray.any():
        raise DataError(f"counts[{int(stray.argmax())}] = {events[stray][0]} where the reference is 0")
    shape = exposure / whole
    harmonics = real_harmonics(direction, degree)[:, 1:]
    label = np.concatenate([np.full(2 * l + 1, l - 1) for l in range(1, degree + 1)])  # noqa: E741 - as in harmonics

    def spectrum(skies: Floats) -> Floats:
        size = skies.sum(axis=1, keepdims=True)
        square = (4.0 * np.pi * (skies / size - shape) @ harmonics) ** 2
        power = np.stack([square[:, label == k].mean(axis=1) for k in range(degree)], axis=1)
        return np.asarray(power)

    power = spectrum(events[None])[0]
    toys = np.concatenate(
        [
            spectrum(poisson_skies(total * shape, seed=seed, toys=range(first, min(first + BATCH, n))))
            for first in range(0, n, BATCH)
        ]
    )
    p_value = (1.0 + (toys >= power).sum(axis=0)) / (n + 1.0)
    band = np.percentile(toys, BAND_PERCENTILES, axis=0)
    return AngularPower(np.arange(1, degree + 1), power, band, 4.0 * np.pi / total, p_value)
