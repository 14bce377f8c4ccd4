"""Toy skies by their numbers: toy i is the same on any number of workers and in any batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, floats, number, whole_number
from amsdipole.errors import RangeError, ShapeError

__all__ = ["WeightClass", "poisson_skies", "toy_rng", "weighted_skies"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WeightClass:
    """Hold events of one weight.

    Attributes
    ----------
    weight : float
        Weight of each event.
    n_signal, n_background : float
        Expected events of the signal, which has the anisotropy, and of an isotropic background.
    """

    weight: float
    n_signal: float
    n_background: float = 0.0


def toy_rng(seed: int, toy: int) -> np.random.Generator:
    """Return the generator of one toy.

    Parameters
    ----------
    seed : int
        Seed of the study, in [0, 2**64).
    toy : int
        Number of the toy, in [0, 2**64).

    Returns
    -------
    numpy.random.Generator
        Philox with the key (seed, toy): nothing has to be drawn before it, and no two toys share numbers.

    Raises
    ------
    RangeError
        A number is out of range.

    References
    ----------
    .. [1] Salmon et al. 2011, SC '11, https://doi.org/10.1145/2063384.2063405

    Examples
    --------
    >>> toy_rng(1, 5).random() == toy_rng(1, 5).random() != toy_rng(1, 6).random()
    True
    """
    key = [whole_number("seed", seed, low=0, high=2**64 - 1), whole_number("toy", toy, low=0, high=2**64 - 1)]
    return np.random.Generator(np.random.Philox(key=np.array(key, dtype=np.uint64)))


def poisson_skies(expected: ArrayLike, *, seed: int, toys: Sequence[int] | range) -> Floats:
    """Draw counts maps from their expectation.

    Parameters
    ----------
    expected : array_like of float, shape (npix,)
        Expected counts of each pixel, in [0, 1e7].
    seed : int
        Seed of the study.
    toys : sequence of int
        Numbers of the toys.

    Returns
    -------
    numpy.ndarray of float64, shape (n_toy, npix)
        Whole numbers.

    Raises
    ------
    ShapeError
        `expected` is no list.
    RangeError
        An expectation or a number is out of range.

    Notes
    -----
    The inverse of the Poisson distribution function at uniform numbers of each toy's own generator, in the order of
    the pixels.

    References
    ----------
    .. [1] Devroye 1986, Non-Uniform Random Variate Generation, section III.2, https://doi.org/10.1007/978-1-4613-8643-8

    Examples
    --------
    >>> skies = poisson_skies([3.0, 0.0, 5.0], seed=1, toys=range(4))
    >>> bool((poisson_skies([3.0, 0.0, 5.0], seed=1, toys=[2]) == skies[2]).all())
    True
    """
    return _poisson([toy_rng(seed, toy) for toy in toys], finite_floats("expected", expected, (None,)))


def weighted_skies(
    reference: ArrayLike, flux: ArrayLike, classes: Sequence[WeightClass], *, seed: int, toys: Sequence[int] | range
) -> tuple[Floats, Floats]:
    """Draw maps of weighted events, of a signal over an isotropic background.

    Parameters
    ----------
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale.
    flux : array_like of float, shape (npix,)
        Relative flux of the signal, not negative.
    classes : sequence of WeightClass
        Weights that occur, with their expected numbers under isotropy.
    seed : int
        Seed of the study.
    toys : sequence of int
        Numbers of the toys.

    Returns
    -------
    sum_weight, sum_weight2 : numpy.ndarray of float64, shape (n_toy, npix)
        Sums of the weights and of their squares.

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is out of range.

    Notes
    -----
    Each class is a Poisson map about ``A (n_signal f / <f> + n_background) / sum A``.

    Examples
    --------
    >>> w, w2 = weighted_skies([1.0, 1.0], [1.5, 0.5], [WeightClass(0.5, 40.0)], seed=1, toys=range(2))
    >>> w.shape, bool((w2 == w / 2).all())
    ((2, 2), True)
    """
    exposure = finite_floats("reference", reference, (None,))
    relative = finite_floats("flux", flux, exposure.shape)
    for name, values in (("reference", exposure), ("flux", relative)):
        if (values < 0.0).any():
            i = int((values < 0.0).argmax())
            raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, inf)")
    isotropic = exposure / exposure.sum()
    signal = isotropic * relative / (isotropic @ relative)
    rngs = [toy_rng(seed, toy) for toy in toys]
    total, total2 = np.zeros((2, len(rngs), len(exposure)))
    for entry in classes:
        weight = number("weight", entry.weight)
        counts = _poisson(rngs, entry.n_signal * signal + entry.n_background * isotropic)
        total += weight * counts
        total2 += weight**2 * counts
    return total, total2


def _poisson(rngs: list[np.random.Generator], expected: Floats) -> Floats:
    if expected.ndim != 1:
        raise ShapeError(f"expected has shape {expected.shape}; a list is wanted")
    uniform = np.empty((len(rngs), len(expected)))
    for rng, row in zip(rngs, uniform, strict=True):
        rng.random(out=row)
    return _core.poisson_counts(uniform, floats("expected", expected, (None,)))
