"""Reference maps that use the events themselves: shuffled times, and rates by place."""

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import indices, whole_number
from amsdipole.errors import FitError
from amsdipole.sky import vector_to_pixel
from amsdipole.statistics.null_sample import NullSample
from amsdipole.statistics.toy_skies import toy_rng

__all__ = ["event_map", "rate_weights", "shuffled_reference"]

Floats = NDArray[np.float64]


def event_map(sample: NullSample, nside: int) -> Floats:
    """Sum the weights of events by galactic pixel.

    Parameters
    ----------
    sample : NullSample
        Events.
    nside : int
        Resolution, HEALPix RING.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside**2,)
        Sums of weights.
    """
    pixel = vector_to_pixel(sample.galactic(), nside)
    return np.bincount(pixel, weights=sample.weight, minlength=12 * nside**2).astype(np.float64)


def shuffled_reference(
    sample: NullSample,
    *,
    nside: int,
    n_shuffle: int = 20,
    window: NDArray[np.int64] | None = None,
    seed: int = 1,
) -> Floats:
    """Return the mean map of the events when their seconds are permuted among them.

    Parameters
    ----------
    sample : NullSample
        Events.
    nside : int
        Resolution, HEALPix RING.
    n_shuffle : int, optional
        Permutations that are averaged, 1 to 10,000.
    window : numpy.ndarray of int64, shape (n,), optional
        Label of a span of time for each event; times are exchanged within a span only.
    seed : int, optional
        Seed of the permutations.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside**2,)
        Mean sums of weights.

    Raises
    ------
    ShapeError, RangeError
        An argument is out of range.

    Notes
    -----
    The distribution of the directions in the detector, and the times, are those of the events. A structure of the sky
    that is wider than the field of view raises the rate while the detector looks at it, and so is taken into the
    reference, and lost.

    References
    ----------
    .. [1] Fermi-LAT collaboration 2010, PRD 82, 092003, https://doi.org/10.1103/PhysRevD.82.092003
    """
    n = whole_number("n_shuffle", n_shuffle, low=1, high=10_000)
    order = None
    if window is not None:
        label = indices("window", window, (len(sample.row),))
        order = np.argsort(label, kind="stable")
    total = np.zeros(12 * nside**2)
    for k in range(n):
        rng = toy_rng(seed, k)
        row = rng.permutation(sample.row) if order is None else _within(sample.row, label, order, rng)
        total += event_map(NullSample(sample.rows, row, sample.direction, sample.weight), nside)
    return total / n


def _within(
    row: NDArray[np.int64], label: NDArray[np.int64], order: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Permute inside each span: sort by span and a random number, and hand the rows out in the order of the spans."""
    mixed = np.lexsort((rng.random(len(row)), label))
    out = np.empty_like(row)
    out[order] = row[mixed]
    return out


def rate_weights(live: Floats, place: NDArray[np.int64], event_place: NDArray[np.int64], weight: Floats) -> Floats:
    """Return the expected events of each second by the mean rate at its place.

    Parameters
    ----------
    live : numpy.ndarray of float64, shape (n_row,)
        Live time of each second; any scale.
    place : numpy.ndarray of int64, shape (n_row,)
        Label of the place, as a cell of geomagnetic latitude.
    event_place : numpy.ndarray of int64, shape (n_event,)
        Label of the second of each event.
    weight : numpy.ndarray of float64, shape (n_event,)
        Weights of the events.

    Returns
    -------
    numpy.ndarray of float64, shape (n_row,)
        Live time times the rate of the place.

    Raises
    ------
    FitError
        Events lie at a place without live time.

    Notes
    -----
    It takes cutoff and efficiency from the events, place by place, and needs no flux. What varies with the place alone
    cannot be seen as an anisotropy any more, right or wrong; a dipole of the sky survives, but for the part that moves
    the rate with the place.

    Examples
    --------
    >>> import numpy as np
    >>> rate_weights(np.ones(4), np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.ones(4))
    array([0.5, 0.5, 1.5, 1.5])
    """
    n = int(max(place.max(), event_place.max())) + 1
    time = np.bincount(place, weights=live, minlength=n)
    events = np.bincount(event_place, weights=weight, minlength=n)
    bare = (events > 0.0) & (time == 0.0)
    if bare.any():
        raise FitError(f"place {int(bare.argmax())} has events and no live time")
    rate = np.divide(events, time, out=np.zeros(n), where=time > 0.0)
    return np.asarray(live * rate[place])
