"""Fits of many skies against one reference: dipole, multipoles and constrained templates, with full covariances."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.statistics._maximum import maxima
from amsdipole.statistics.components import Components, sky_components
from amsdipole.statistics.dipole_fit import Weighting
from amsdipole.statistics.fit import LEAST_N_EFF

__all__ = ["SkyFits", "fit_components", "fit_skies"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SkyFits:
    """Hold the fits of some skies.

    Attributes
    ----------
    names : tuple of str
        Names of the components.
    coefficient : numpy.ndarray of float64, shape (n_sky, n)
        Best values.
    covariance, sandwich_covariance : numpy.ndarray of float64, shape (n_sky, n, n)
        Inverse of the observed information, and the covariance that holds for any weights.
    n_eff, sum_weight : numpy.ndarray of float64, shape (n_sky,)
        Effective number of signal events, and sum of the weights.
    n_iteration : numpy.ndarray of int64, shape (n_sky,)
        Newton steps taken.
    """

    names: tuple[str, ...]
    coefficient: Floats
    covariance: Floats
    sandwich_covariance: Floats
    n_eff: Floats
    sum_weight: Floats
    n_iteration: NDArray[np.int64]

    @property
    def rho(self) -> Floats:
        """Dipole vectors, shape (n_sky, 3)."""
        return self.coefficient[:, :3]

    @property
    def error(self) -> Floats:
        """Standard errors, shape (n_sky, n)."""
        return np.asarray(np.sqrt(np.einsum("sii->si", self.covariance)))

    @property
    def delta_m(self) -> Floats:
        """Measured amplitudes, shape (n_sky,)."""
        return np.asarray(np.linalg.norm(self.rho, axis=1))

    @property
    def sigma(self) -> Floats:
        """Error of one dipole component, ``sqrt(trace / 3)``, shape (n_sky,)."""
        return np.asarray(np.sqrt(np.einsum("sii->s", self.covariance[:, :3, :3]) / 3.0))

    @property
    def chi2(self) -> Floats:
        """Distance of each dipole from isotropy, shape (n_sky,)."""
        solved = np.linalg.solve(self.covariance[:, :3, :3], self.rho[:, :, np.newaxis])[:, :, 0]
        return np.asarray((self.rho * solved).sum(axis=1))


def fit_skies(
    counts: ArrayLike,
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    sum_weight2: ArrayLike | None = None,
    weighting: Weighting = "purity",
    l_max: int = 1,
    templates: Mapping[str, ArrayLike] | None = None,
) -> SkyFits:
    """Fit the dipole, and what else is asked for, of many counts maps.

    Parameters
    ----------
    counts : array_like of float, shape (n_sky, npix)
        Sum of the weights of the events in each pixel.
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    sum_weight2 : array_like of float, shape (n_sky, npix), optional
        Sum of the squared weights; `counts` (unit weights) if not given.
    weighting : {"purity", "signal"}, optional
        What weights mean: see `fit_dipole`.
    l_max : int, optional
        Greatest degree of the multipoles, 1 to 4.
    templates : mapping of str to array_like of float, shape (npix,), optional
        Relative change of the reference for one standard error; each amplitude is held by a unit Gaussian.

    Returns
    -------
    SkyFits
        Values, covariances and n_eff.

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is not finite or negative where it may not be, or a choice is unknown.
    DataError
        A sky holds counts where the reference is 0, or counts without squared weights.
    FitError
        There is no exposure, components cannot be told apart, n_eff is below 3, or a sky has no maximum.

    Notes
    -----
    The likelihood of `fit_dipole`, with more components and many skies at once; the constraint of a template acts on
    ``theta / (1 + rho.<n>)``, which is theta within the few 1e-3 of ``rho.<n>``. Purity dilutes what is in the
    sky, and leaves templates as they are: the background passes the same detector.

    References
    ----------
    .. [1] Ahlers et al. 2016, ApJ 823, 10, https://doi.org/10.3847/0004-637X/823/1/10

    Examples
    --------
    >>> from amsdipole.sky import pixel_centers
    >>> n = pixel_centers(4)
    >>> fits = fit_skies([100 + 10 * n[:, 0], 100 + 5 * n[:, 2]], [1.0] * 192, n)
    >>> fits.rho.round(3) + 0.0
    array([[0.1 , 0.  , 0.  ],
           [0.  , 0.  , 0.05]])
    """
    return fit_components(
        counts,
        sky_components(reference, direction, l_max=l_max, templates=templates),
        sum_weight2=sum_weight2,
        weighting=weighting,
    )


def fit_components(
    counts: ArrayLike, components: Components, *, sum_weight2: ArrayLike | None = None, weighting: Weighting = "purity"
) -> SkyFits:
    """Fit components that were prepared before; see `fit_skies`."""
    if weighting not in get_args(Weighting):
        raise RangeError(f"weighting = {weighting!r} is none of {', '.join(get_args(Weighting))}")
    total, total2 = _checked(counts, sum_weight2, components.seen)
    sum_weight = total.sum(axis=1)
    sum_square = sum_weight if total2 is total else total2.sum(axis=1)
    n_eff = _effective(sum_weight, sum_square, weighting)
    n = len(components.names)
    penalty = np.diag(np.where(components.is_sky, 0.0, 1.0))
    scale = sum_weight / sum_square
    bent, information, event2, n_iteration = maxima(total, total2, components.offset, components.moment, scale, penalty)
    norm = 1.0 - bent @ components.mean
    if not (norm > 0.0).all():
        i = int((norm > 0.0).argmin())
        raise FitError(f"sky {i}: no maximum at a finite dipole, the flux averaged over the sky would be {norm[i]:.3g}")
    dilution = np.ones((len(total), n))
    if weighting == "purity":
        dilution[:, components.is_sky] = (sum_square / sum_weight)[:, np.newaxis]
    # d(coefficient)/d(bent), with coefficient = bent / (1 - bent.<b>) / dilution.
    jacobian = np.eye(n) / norm[:, None, None] + bent[:, :, None] * components.mean / (norm**2)[:, None, None]
    jacobian = jacobian / dilution[:, :, None]
    inverse = np.linalg.inv(scale[:, None, None] * information + penalty)
    meat = inverse @ (scale[:, None, None] ** 2 * event2 + penalty) @ inverse
    turned = jacobian.transpose(0, 2, 1)
    return SkyFits(
        names=components.names,
        coefficient=bent / norm[:, None] / dilution,
        covariance=_symmetric(jacobian @ inverse @ turned),
        sandwich_covariance=_symmetric(jacobian @ meat @ turned),
        n_eff=n_eff,
        sum_weight=sum_weight,
        n_iteration=n_iteration,
    )


def _checked(counts: ArrayLike, sum_weight2: ArrayLike | None, seen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    total = finite_floats("counts", counts, (None, len(seen)))
    total2 = total if sum_weight2 is None else finite_floats("sum_weight2", sum_weight2, total.shape)
    if total2.min(initial=0.0) < 0.0:
        name = "counts" if sum_weight2 is None else "sum_weight2"
        raise RangeError(f"{_place(name, total2, total2 < 0.0)} is outside [0, inf)")
    if not seen.all():
        stray = (total != 0.0) & ~seen
        if stray.any():
            raise DataError(f"{_place('counts', total, stray)} but the reference is 0 there: nothing can be seen")
        total = np.ascontiguousarray(total[:, seen])
        total2 = total if sum_weight2 is None else np.ascontiguousarray(total2[:, seen])
    if sum_weight2 is not None:
        bare = (total != 0.0) & (total2 == 0.0)
        if bare.any():
            raise DataError(f"{_place('counts', total, bare)} of the exposed pixels has no squared weight")
    return total, total2


def _place(name: str, values: Floats, bad: NDArray[np.bool_]) -> str:
    i, j = (int(k) for k in np.unravel_index(int(bad.argmax()), bad.shape))
    return f"{name}[{i}, {j}] = {values[i, j]}"


def _effective(sum_weight: Floats, sum_square: Floats, weighting: Weighting) -> Floats:
    if not (sum_weight > 0.0).all():
        i = int((sum_weight > 0.0).argmin())
        raise FitError(f"sky {i}: the total weight is {sum_weight[i]}; it must be above 0")
    n_eff = sum_square if weighting == "purity" else sum_weight**2 / sum_square
    if not (n_eff >= LEAST_N_EFF).all():
        i = int(n_eff.argmin())
        raise FitError(f"sky {i}: n_eff = {n_eff[i]} is below {LEAST_N_EFF}: too few events for three components")
    return np.asarray(n_eff)


def _symmetric(matrix: Floats) -> Floats:
    return np.asarray(0.5 * (matrix + matrix.transpose(0, 2, 1)))
