"""What any flux can do: be a power law, be integrated over energy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import RangeError, ShapeError

__all__ = ["Flux", "PowerLaw", "flux_integral", "positive_energies", "power_law"]

Flux = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A flux [1/(m^2 sr s GeV)] as a function of energy [GeV]."""

# 64 nodes reach the rounding of float64 even from 0.5 GeV to 100 TeV; 48 would leave 4e-13 from 0.1 GeV to 10 TeV.
_NODE, _NODE_WEIGHT = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True)
class PowerLaw:
    """Hold a power law of energy, 1 at 1 GeV; call it with energies [GeV].

    Parameters
    ----------
    index : float
        Exponent; negative for a falling spectrum.

    Raises
    ------
    RangeError
        `index` is not finite.

    Notes
    -----
    An object and not a closure, so that it can be sent to another process.

    Examples
    --------
    >>> PowerLaw(-3.0)([1.0, 10.0])
    array([1.   , 0.001])
    """

    index: float

    def __post_init__(self) -> None:
        """Check the index."""
        number("index", self.index)

    def __call__(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Flux at each energy [1/(m^2 sr s GeV)], of the shape of `energy_gev`."""
        return np.asarray(positive_energies("energy_gev", energy_gev) ** self.index)


def power_law(index: float) -> PowerLaw:
    """Make a power law of energy, 1 at 1 GeV.

    Parameters
    ----------
    index : float
        Exponent; negative for a falling spectrum.

    Returns
    -------
    PowerLaw
        Function of energy [GeV].

    Raises
    ------
    RangeError
        `index` is not finite.

    Notes
    -----
    ``E**index`` with E in GeV; only its shape is meant.

    Examples
    --------
    >>> power_law(-2.0)(10.0)
    array(0.01)
    """
    return PowerLaw(index)


def flux_integral(flux: Flux, low_gev: ArrayLike, high_gev: ArrayLike) -> NDArray[np.float64]:
    """Integrate a flux over energy.

    Parameters
    ----------
    flux : callable
        Flux [1/(m^2 sr s GeV)] of an array of energies [GeV], element by element; smooth in log E.
    low_gev, high_gev : array_like of float, shapes that broadcast
        Ends of the intervals [GeV]; above 0, the lower not above the upper.

    Returns
    -------
    numpy.ndarray of float64, broadcast shape
        Integrals [1/(m^2 sr s)]; exactly 0 for an empty interval.

    Raises
    ------
    ShapeError
        The shapes do not broadcast, or `flux` returns another shape than it is given.
    RangeError
        An end is not finite or not above 0, or an interval runs backwards.

    Notes
    -----
    Gauss-Legendre quadrature with 64 nodes in log E. For the AMS-02 fluxes it is exact to 1e-13 for any interval
    within 0.1 GeV to 10 TeV.

    References
    ----------
    .. [1] Abramowitz and Stegun 1964, Handbook of Mathematical Functions, 25.4.29

    Examples
    --------
    >>> flux_integral(power_law(-2.0), 1.0, 2.0).round(12)
    np.float64(0.5)
    """
    low, high = positive_energies("low_gev", low_gev), positive_energies("high_gev", high_gev)
    try:
        low, high = np.broadcast_arrays(low, high)
    except ValueError as error:
        raise ShapeError(f"low_gev has shape {low.shape} and high_gev {high.shape}, which do not broadcast") from error
    backwards = np.flatnonzero(low.ravel() > high.ravel())
    if len(backwards):
        i = int(backwards[0])
        raise RangeError(f"low_gev[{i}] = {low.flat[i]} is above high_gev[{i}] = {high.flat[i]}")
    middle, half = 0.5 * np.log(high * low), 0.5 * np.log(high / low)
    energy = np.exp(middle[..., None] + half[..., None] * _NODE)
    value = np.asarray(flux(energy))
    if value.shape != energy.shape:
        raise ShapeError(f"flux has shape {value.shape} for energies of shape {energy.shape}; the same is wanted")
    integral: NDArray[np.float64] = np.asarray(half * (value * energy * _NODE_WEIGHT).sum(axis=-1))
    return integral


def positive_energies(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Convert to float64 of any shape, or refuse an energy that is not finite or not above 0."""
    shape = np.shape(value)
    energy = finite_floats(name, np.ravel(value), (None,))
    wrong = np.flatnonzero(energy <= 0.0)
    if len(wrong):
        i = int(wrong[0])
        raise RangeError(f"{name}[{i}] = {energy[i]} is outside (0, inf)")
    return energy.reshape(shape)
