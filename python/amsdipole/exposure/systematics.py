"""What a variation of the exposure does to the fitted dipole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import FitError, ShapeError
from amsdipole.sky import pixel_centers, summed_pixels

__all__ = ["Shift", "dipole_shift", "reference_dipole", "resolution_shift", "shift_table"]


@dataclass(frozen=True)
class Shift:
    """Shift of the fitted dipole when a reference map is used that is not the true one.

    Attributes
    ----------
    name : str
        The variation.
    rho : numpy.ndarray of float64, shape (3,)
        Shift of (FB, EW, NS).
    """

    name: str
    rho: NDArray[np.float64]

    @property
    def delta(self) -> float:
        """Length of the shift."""
        return float(np.linalg.norm(self.rho))


def reference_dipole(reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the dipole of a reference map in units of delta.

    Parameters
    ----------
    reference : numpy.ndarray of float64, shape (12 nside^2,)
        Map in RING order.

    Returns
    -------
    numpy.ndarray of float64, shape (3,)
        Three times the mean direction: what a full and even sky would show as (FB, EW, NS).

    Raises
    ------
    FitError
        The map is empty.
    """
    values = finite_floats("reference", reference, (None,))
    if values.sum() <= 0.0:
        raise FitError("the reference map is empty")
    return np.asarray(3.0 * (values @ pixel_centers(round((len(values) / 12) ** 0.5))) / values.sum())


def dipole_shift(nominal: NDArray[np.float64], varied: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the dipole that isotropic data of the varied exposure show against the nominal reference.

    Parameters
    ----------
    nominal, varied : numpy.ndarray of float64, shape (12 nside^2,)
        Reference maps in RING order; only their shapes count.

    Returns
    -------
    numpy.ndarray of float64, shape (3,)
        Shift of (FB, EW, NS) of the score estimator, M^-1 (<n>_varied - <n>_nominal).

    Raises
    ------
    ShapeError
        The maps differ in size.
    FitError
        A map is empty or seen from too few directions.

    Notes
    -----
    M is the covariance of directions of the nominal map: the fit's own response (method, section 5.2).
    """
    a, b = finite_floats("nominal", nominal, (None,)), finite_floats("varied", varied, (None,))
    if len(a) != len(b):
        raise ShapeError(f"varied has {len(b)} pixels; {len(a)} is wanted")
    if a.sum() <= 0.0 or b.sum() <= 0.0:
        raise FitError("a reference map is empty")
    center = pixel_centers(round((len(a) / 12) ** 0.5))
    mean = a @ center / a.sum()
    spread = (center * a[:, None]).T @ center / a.sum() - np.outer(mean, mean)
    try:
        return np.asarray(np.linalg.solve(spread, b @ center / b.sum() - mean))
    except np.linalg.LinAlgError:
        raise FitError("the reference map is seen from too few directions") from None


def resolution_shift(nominal: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the shift of the dipole between two reference maps of one exposure on grids of their own.

    Parameters
    ----------
    nominal : numpy.ndarray of float64, shape (12 nside^2,)
        Reference map in RING order.
    other : numpy.ndarray of float64, shape (12 nside_other^2,)
        Reference map of another resolution.

    Returns
    -------
    numpy.ndarray of float64, shape (3,)
        As `dipole_shift`.

    Raises
    ------
    ShapeError
        A map is no HEALPix map.
    FitError
        A map is empty or seen from too few directions.

    Notes
    -----
    The finer map is summed to the pixels of the coarser first: what pixel centres do to a mean direction they do to
    the events' as well.
    """
    a, b = finite_floats("nominal", nominal, (None,)), finite_floats("other", other, (None,))
    nside = min(round((len(m) / 12) ** 0.5) for m in (a, b))
    return dipole_shift(summed_pixels(a, nside), summed_pixels(b, nside))


def shift_table(
    nominal: NDArray[np.float64], variations: Mapping[str, Callable[[], NDArray[np.float64]]]
) -> list[Shift]:
    """Compute the shift of each variation.

    Parameters
    ----------
    nominal : numpy.ndarray of float64, shape (12 nside^2,)
        Nominal reference map.
    variations : mapping of str to callable
        What makes each varied map.

    Returns
    -------
    list of Shift
        One entry a variation, in their order.

    Raises
    ------
    ShapeError, FitError
        As `dipole_shift`.
    """
    return [Shift(name, dipole_shift(nominal, make())) for name, make in variations.items()]
