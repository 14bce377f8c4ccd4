"""Random skies with a known dipole."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import FitError, RangeError, ShapeError

__all__ = ["Total", "toy_counts"]

Total = Literal["fixed", "poisson"]

MAX_EVENT = 2**53  # beyond it a count is not exact as a float64


def toy_counts(
    reference: ArrayLike,
    direction: ArrayLike,
    rho: ArrayLike,
    n_event: int,
    rng: np.random.Generator,
    *,
    total: Total = "fixed",
) -> NDArray[np.int64]:
    """Draw a counts map from an isotropic reference and an injected dipole.

    Parameters
    ----------
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    rho : array_like of float, shape (3,)
        Dipole vector; ``1 + rho . n`` must not be negative in any exposed pixel.
    n_event : int
        Number of events, or its expectation, in [0, 2**53].
    rng : numpy.random.Generator
        Source of the random numbers; seeded by the caller.
    total : {"fixed", "poisson"}, optional
        Exactly `n_event` events (multinomial), or independent Poisson pixels.

    Returns
    -------
    numpy.ndarray of int64, shape (npix,)
        Counts of each pixel.

    Raises
    ------
    ShapeError
        An argument has the wrong shape, or `rng` is no `numpy.random.Generator`.
    RangeError
        A value is not finite, a reference is negative, the flux is negative in an exposed pixel, or `total` is
        unknown.
    FitError
        The expectation is 0 in every pixel.

    Notes
    -----
    The expectation is ``n_event A (1 + rho.n) / sum A (1 + rho.n)`` with A the reference.

    References
    ----------
    .. [1] James 2006, Statistical Methods in Experimental Physics, 2nd ed., section 4.1,
       https://doi.org/10.1142/6096

    Examples
    --------
    >>> import numpy as np
    >>> axes = [[0, 0, 1], [0, 0, -1]]
    >>> toy_counts([1, 1], axes, [0, 0, 1], 10, np.random.default_rng(1))
    array([10,  0])
    """
    if not isinstance(rng, np.random.Generator):
        raise ShapeError(f"rng is a {type(rng).__name__}; a numpy.random.Generator is wanted")
    exposure = finite_floats("reference", reference, (None,))
    unit = finite_floats("direction", direction, (len(exposure), 3))
    vector = finite_floats("rho", rho, (3,))
    n_event = whole_number("n_event", n_event, low=0, high=MAX_EVENT)
    if total not in get_args(Total):
        raise RangeError(f"total = {total!r} is none of {', '.join(get_args(Total))}")
    flux = 1.0 + unit @ vector
    for name, bad, values in (
        ("reference", exposure < 0.0, exposure),
        ("1 + rho . direction", (flux < 0.0) & (exposure > 0.0), flux),
    ):
        if bad.any():
            i = int(bad.argmax())
            raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, inf)")
    seen = exposure > 0.0
    expected = np.zeros(len(exposure))
    expected[seen] = exposure[seen] / exposure[seen].max(initial=0.0) * flux[seen]
    norm = float(expected.sum())
    if norm <= 0.0:
        raise FitError("the expectation is 0 in every pixel: there is no exposure")
    if total == "fixed":
        return rng.multinomial(n_event, expected / norm).astype(np.int64)
    return rng.poisson(n_event * (expected / norm)).astype(np.int64)
