"""Geomagnetic cutoffs of single directions by tracing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import floats, number
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff import charge, stormer_cutoff
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipoleKnots, dipole_of_date
from amsdipole.geomagnetism.field import coefficients_at
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.trajectory import TracingLimits

__all__ = ["TracedCutoffs", "traced_cutoffs"]


@dataclass(frozen=True, eq=False)
class TracedCutoffs:
    """Hold the cutoffs of many directions, element by element.

    Parameters
    ----------
    upper_gv : numpy.ndarray of float64, shape (n,)
        Rigidity from which on all are allowed [GV]; infinite where it lies above the scan.
    lower_gv : numpy.ndarray of float64, shape (n,)
        Lowest rigidity allowed [GV]; infinite where none of the scan is.
    effective_gv : numpy.ndarray of float64, shape (n,)
        Upper cutoff less the allowed part of the penumbra [GV].
    band_gv : numpy.ndarray of float64, shape (n,)
        Lower edge of the lowest band that is allowed over the width asked for [GV]; infinite where none is.
    above : numpy.ndarray of bool, shape (n,)
        The upper cutoff lies above the scan.
    below : numpy.ndarray of bool, shape (n,)
        The lowest rigidity of the scan was allowed: the lower cutoff is no higher than what is given.
    decimal_year : float
        Date of the field.

    Notes
    -----
    The penumbra is chaotic: a lower cutoff, and to a lesser degree an upper one, may move by single spikes when the
    error bound, the path limit or the step of the scan changes. Effective cutoffs are sums and move little; the lowest
    band is wider than any spike.

    Examples
    --------
    >>> TracedCutoffs(*np.full((4, 1), 4.0), *np.zeros((2, 1), bool), 2015.0).effective_gv
    array([4.])
    """

    upper_gv: NDArray[np.float64]
    lower_gv: NDArray[np.float64]
    effective_gv: NDArray[np.float64]
    band_gv: NDArray[np.float64]
    above: NDArray[np.bool_]
    below: NDArray[np.bool_]
    decimal_year: float


def traced_cutoffs(
    position_km: ArrayLike,
    direction: ArrayLike,
    *,
    charge_sign: int,
    coefficients: GaussCoefficients,
    decimal_year: float,
    step_gv: float = 0.01,
    penumbra_step_gv: float | None = 0.0001,
    band_width_gv: float = 0.05,
    low_gv: ArrayLike | None = None,
    high_gv: ArrayLike | None = None,
    limits: TracingLimits | None = None,
) -> TracedCutoffs:
    """Find upper, lower and effective cutoffs by scanning rigidity.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Earth-fixed positions [km].
    direction : array_like of float, shape (n, 3)
        Earth-fixed unit vectors to where particles come from.
    charge_sign : int
        Sign of the charge, 1 or -1.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    step_gv : float
        Step of the scan [GV].
    penumbra_step_gv : float, optional
        Step with which a window that the function chose is scanned again from below the lower to above the upper
        cutoff [GV]; None leaves it at the first scan, which is some ten times faster.
    band_width_gv : float
        Width over which the lowest band must be allowed [GV]; 0 takes any, which is the lower cutoff.
    low_gv, high_gv : array_like of float, shape (n,), optional
        Range of the scan [GV]. Without them it starts around the Størmer cutoff and grows until its top, 1 GV and a
        tenth of the upper cutoff, is allowed and 0.5 GV at its bottom, or all down to 0.1 GV, is forbidden.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    TracedCutoffs
        Cutoffs, and which lie beyond the scan.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        As for `trace`; a step or range that makes no sense; only one end of the range.

    Notes
    -----
    Every multiple of the step in the range is traced: no step from coarse to fine can be proved safe in the penumbra.
    Outcomes of long paths are chaotic, so an effective cutoff, a sum of them, is as reproducible as its step is fine:
    docs/design/tracing.md has the figures. Trapped counts as forbidden. R_C = R_U - sum of the allowed steps between
    R_L and R_U. A scan of a window that the function chose ends at 200 GV; a direction that is shut even there (below
    the horizon) is reported as `above`.

    References
    ----------
    .. [1] Cooke et al. 1991, Nuovo Cimento C 14, 213, https://doi.org/10.1007/BF02509357

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> from amsdipole.geomagnetism.places import earth_fixed_position, local_axes
    >>> rome, up = earth_fixed_position([12.5], [41.9], [20.0]), local_axes([12.5], [41.9])[:, 2]
    >>> found = traced_cutoffs(rome, up, charge_sign=1, coefficients=igrf14(), decimal_year=2015.0, step_gv=0.05,
    ...     penumbra_step_gv=None)
    >>> bool(6.0 < found.effective_gv[0] < 6.5)
    True
    """
    position = floats("position_km", position_km, (None, 3))
    towards = floats("direction", direction, (None, 3))
    step = number("step_gv", step_gv, low=1e-6, high=1e3)
    gauss = coefficients_at(coefficients, decimal_year)
    ends = (limits or TracingLimits()).arguments()
    sign = charge(charge_sign)
    width = number("band_width_gv", band_width_gv, low=0.0, high=1e6)
    if (low_gv is None) != (high_gv is None):
        raise RangeError("low_gv and high_gv go together; both or neither are wanted")
    if low_gv is not None and high_gv is not None:
        low, high = floats("low_gv", low_gv, (len(position),)), floats("high_gv", high_gv, (len(position),))
        *found, beyond = _core.cutoff_scan(position, towards, sign, low, high, step, width, gauss, *ends)
    else:
        found, beyond = _scan_around_stormer(
            position, towards, sign, step, width, gauss, ends, dipole_of_date(coefficients, decimal_year)
        )
        if penumbra_step_gv is not None:
            fine = number("penumbra_step_gv", penumbra_step_gv, low=1e-6, high=step)
            upper, lower = found[:2]
            known = np.flatnonzero(np.isfinite(upper) & ((beyond & 2) == 0))
            low = np.maximum(np.minimum(lower[known] - 0.5, 0.6 * upper[known]), fine)
            high = 1.02 * upper[known] + 0.2
            *finer, beyond[known] = _core.cutoff_scan(
                position[known], towards[known], sign, low, high, fine, width, gauss, *ends
            )
            for target, value in zip(found, finer, strict=True):
                target[known] = value
    upper, lower, effective, band = found
    return TracedCutoffs(upper, lower, effective, band, (beyond & 1) > 0, (beyond & 2) > 0, float(decimal_year))


def _scan_around_stormer(
    position: NDArray[np.float64],
    towards: NDArray[np.float64],
    sign: int,
    step: float,
    width: float,
    gauss: NDArray[np.float64],
    ends: tuple[float, float, float, float, float, int],
    dipole: EccentricDipoleKnots,
) -> tuple[list[NDArray[np.float64]], NDArray[np.uint8]]:
    """Upper, lower and effective cutoff and lowest band, and what lies beyond, in a window that grows to hold them."""
    n = len(position)
    guess = stormer_cutoff(np.full(n, 0.5), position, towards, dipole=dipole, charge_sign=sign)
    least = max(0.1, step)
    low, high = np.maximum(least, 0.5 * guess - 0.5), np.minimum(1.3 * guess + 2.5, 200.0)
    out = [np.full(n, np.inf) for _ in range(4)]
    beyond = np.zeros(n, np.uint8)
    todo = np.arange(n)
    while len(todo):
        *found, flag = _core.cutoff_scan(
            position[todo], towards[todo], sign, low[todo], high[todo], step, width, gauss, *ends
        )
        for target, value in zip(out, found, strict=True):
            target[todo] = value
        beyond[todo] = flag
        # An open gap of the penumbra can pass for its end: 1 GV and a tenth above it must be open too.
        short = ~(1.1 * found[0] + 1.0 <= high[todo]) & (high[todo] < 200.0)
        deep = ~short & (found[1] < low[todo] + 0.5) & (low[todo] > least)
        high[todo[short]] = np.minimum(1.5 * high[todo[short]], 200.0)
        low[todo[deep]] = np.maximum(least, low[todo[deep]] - 1.0)
        todo = todo[short | deep]
    return out, beyond
