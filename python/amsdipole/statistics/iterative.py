"""Sky, detector and rates at once, by the iterative maximum likelihood of Ahlers and others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats, indices, number, whole_number
from amsdipole.errors import FitError, RangeError

__all__ = ["IterativeSky", "iterative_sky"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IterativeSky:
    """Hold what the iteration found.

    Attributes
    ----------
    intensity : numpy.ndarray of float64, shape (npix,)
        Relative intensity of the sky, with mean 1 over the exposure; 1 where nothing was seen.
    acceptance : numpy.ndarray of float64, shape (n_local,)
        Relative acceptance of the detector's cells, with sum 1.
    rate : numpy.ndarray of float64, shape (n_time,)
        Events expected of an isotropic sky in each span of time.
    reference : numpy.ndarray of float64, shape (npix,)
        Events expected of an isotropic sky in each pixel: a reference map for `fit_dipole`.
    n_iteration : int
        Rounds made.
    """

    intensity: Floats
    acceptance: Floats
    rate: Floats
    reference: Floats
    n_iteration: int


def iterative_sky(
    time_bin: NDArray[np.int64],
    local_bin: NDArray[np.int64],
    sky_pixel: NDArray[np.int64],
    *,
    npix: int,
    weight: Floats | None = None,
    n_iteration: int = 20,
    tolerance: float = 1e-4,
) -> IterativeSky:
    """Find intensity, acceptance and rates that make the events most likely.

    Parameters
    ----------
    time_bin, local_bin : numpy.ndarray of int64, shape (n_event,)
        Span of time, and cell of the detector, of each event.
    sky_pixel : numpy.ndarray of int64, shape (n_time, n_local)
        Pixel of the sky that each cell sees in each span.
    npix : int
        Pixels of the sky.
    weight : numpy.ndarray of float64, shape (n_event,), optional
        Weights of the events; 1 if not given.
    n_iteration : int, optional
        Most rounds, 1 to 10,000.
    tolerance : float, optional
        The iteration ends where a round gains less log likelihood than this.

    Returns
    -------
    IterativeSky
        Intensity, acceptance, rates and the reference that they make.

    Raises
    ------
    ShapeError, RangeError
        An argument has the wrong shape, or an index is out of range.
    FitError
        There are no events.

    Notes
    -----
    Expected are ``mu = N_t A_i I_a(t,i)`` events; by turns each of the three is set to its maximum for the other two,
    from ``I = 1``. It needs no simulation and no live time. A detector that turned about one axis alone would leave
    the part of the sky along that axis undetermined; one whose orbit turns with time leaves nothing.

    References
    ----------
    .. [1] Ahlers et al. 2016, ApJ 823, 10, https://doi.org/10.3847/0004-637X/823/1/10
    """
    pixel = indices("sky_pixel", sky_pixel, (None, None))
    n_time, n_local = pixel.shape
    when = indices("time_bin", time_bin, (None,))
    where = indices("local_bin", local_bin, (len(when),))
    value = np.ones(len(when)) if weight is None else finite_floats("weight", weight, (len(when),))
    most = whole_number("n_iteration", n_iteration, low=1, high=10_000)
    least = number("tolerance", tolerance, low=0.0)
    for name, found, n in (("time_bin", when, n_time), ("local_bin", where, n_local), ("sky_pixel", pixel, npix)):
        if found.size and not (found.min() >= 0 and found.max() < n):
            raise RangeError(f"{name} holds {int(found.min())} to {int(found.max())}; [0, {n}) is wanted")
    if not value.sum() > 0.0:
        raise FitError("there are no events")
    seen = pixel[when, where]
    in_sky = _summed(seen, value, npix)
    in_time = _summed(when, value, n_time)
    in_cell = _summed(where, value, n_local)
    flat = pixel.ravel()
    intensity = np.ones(npix)
    acceptance = in_cell / in_cell.sum()
    rate = in_time
    before = -np.inf
    rounds = 0
    while rounds < most:
        rounds += 1
        lit = intensity[pixel]
        rate = _ratio(in_time, lit @ acceptance)
        acceptance = _ratio(in_cell, rate @ lit)
        scale = acceptance.sum()
        acceptance, rate = acceptance / scale, rate * scale
        reference = _summed(flat, np.outer(rate, acceptance).ravel(), npix)
        intensity = np.where(reference > 0.0, _ratio(in_sky, reference), 1.0)
        mean = float((intensity * reference).sum() / reference.sum())
        intensity, rate = intensity / mean, rate * mean
        # The sum of mu is the number of events after each round, so that only the logarithms move.
        gain = value @ np.log(np.maximum(rate[when] * acceptance[where] * intensity[seen], 1e-300))
        if gain - before < least:
            break
        before = gain
    reference = _summed(flat, np.outer(rate, acceptance).ravel(), npix)
    return IterativeSky(intensity, acceptance, rate, reference, rounds)


def _summed(where: NDArray[np.int64], weight: Floats, n: int) -> Floats:
    return np.bincount(where, weights=weight, minlength=n).astype(np.float64)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0.0)
