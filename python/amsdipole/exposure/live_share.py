"""Share of the live time that is open at an energy, where no live time of one's own is at hand."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import RangeError

__all__ = ["ams_live_share"]

# Nine-year exposure time of AMS over its plateau of 1.909e8 s (CIEMAT, fExpo.root; method, section 2.5).
_ENERGY_GEV: Final = np.array([1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 12.0, 14.0, 16.05, 18.99, 20.04, 22.25, 25.0])
_TIME_1E7_S: Final = np.array([0.573, 1.64, 2.77, 5.66, 8.05, 9.37, 10.3, 11.6, 13.2, 16.6, 17.6, 18.9, 19.09])


def ams_live_share(energy_gev: ArrayLike) -> NDArray[np.float64]:
    """Live time of AMS above the cutoff over that without one.

    Parameters
    ----------
    energy_gev : array_like of float, any shape
        Energies [GeV]; 1 or more.

    Returns
    -------
    numpy.ndarray of float64, shape of `energy_gev`
        In (0, 1]; 1 from 25 GeV.

    Raises
    ------
    RangeError
        An energy is not finite or below 1 GeV.

    Notes
    -----
    Linear in the logarithm of energy between 13 points.

    References
    ----------
    .. [1] method, section 2.5

    Examples
    --------
    >>> ams_live_share([16.05, 25.0, 300.0]).round(2)
    array([0.69, 1.  , 1.  ])
    """
    energy = finite_floats("energy_gev", np.ravel(energy_gev), (None,))
    if len(energy) and energy.min() < _ENERGY_GEV[0]:
        raise RangeError(f"energy_gev[{int(energy.argmin())}] = {energy.min()} is outside [{_ENERGY_GEV[0]}, inf)")
    share = np.interp(np.log(energy), np.log(_ENERGY_GEV), _TIME_1E7_S / _TIME_1E7_S[-1])
    return np.asarray(share.reshape(np.shape(energy_gev)))
