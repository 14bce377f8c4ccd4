"""The dipole of single events, without a map of counts."""

from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import DataError, FitError, RangeError, ShapeError
from amsdipole.sky import mean_harmonics, pixel_centers, real_harmonics, vector_to_pixel
from amsdipole.statistics._goodness import goodness
from amsdipole.statistics._profiled import Terms, profiled_maximum
from amsdipole.statistics.components import sky_components
from amsdipole.statistics.dipole_fit import DipoleFit, Weighting
from amsdipole.statistics.fit import LEAST_N_EFF

__all__ = ["fit_events"]

Floats = NDArray[np.float64]


def fit_events(
    direction: ArrayLike,
    reference: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    weighting: Weighting = "purity",
    l_max: int = 1,
) -> DipoleFit:
    """Fit the dipole of events, each at its own direction and with its own weight.

    Parameters
    ----------
    direction : array_like of float, shape (n_event, 3)
        Unit vectors to where the events came from, in the frame of the reference.
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, HEALPix RING, on any scale.
    weight : array_like of float, shape (n_event,), optional
        Weights; 1 if not given. Purities are in (0, 1].
    weighting : {"purity", "signal"}, optional
        What weights mean: see `fit_dipole`.
    l_max : int, optional
        Greatest degree of the multipoles, 1 to 4.

    Returns
    -------
    DipoleFit
        With the estimator "unbinned"; the goodness of fit is that of the events counted into the pixels of the
        reference.

    Raises
    ------
    ShapeError
        An argument has the wrong shape, or `reference` is no HEALPix map.
    RangeError
        A value is not finite, a direction is not of unit length, a purity is outside (0, 1], or a choice is unknown.
    DataError
        An event lies where the reference is 0.
    FitError
        As `fit_dipole`.

    Notes
    -----
    Purity: ``L = sum_i [ln(1 + p_i q.b_i) - ln(1 + p_i q.<b>)]``, which gives every event its own dilution, where
    `fit_dipole` has the mean one. Signal: ``L = k sum_i w_i [ln(1 + q.b_i) - ln(1 + q.<b>)]`` with
    ``k = sum w / sum w**2``. Newton steps that leave every flux above zero. <b> is the mean over the sky, not over
    pixel centres (`amsdipole.sky.mean_harmonics`).

    References
    ----------
    .. [1] Barlow 1987, J. Comput. Phys. 72, 202, https://doi.org/10.1016/0021-9991(87)90078-7 (extended likelihood)

    Examples
    --------
    >>> axes = [[1.0, 0, 0]] * 11 + [[-1.0, 0, 0]] * 9 + [[0, 1.0, 0], [0, -1.0, 0], [0, 0, 1.0], [0, 0, -1.0]] * 10
    >>> fit_events(axes, [1.0] * 192).rho.round(2) + 0.0
    array([0.1, 0. , 0. ])
    """
    if weighting not in get_args(Weighting):
        raise RangeError(f"weighting = {weighting!r} is none of {', '.join(get_args(Weighting))}")
    unit = finite_floats("direction", direction, (None, 3))
    exposure = finite_floats("reference", reference, (None,))
    nside = round((len(exposure) / 12) ** 0.5)
    if nside < 1 or 12 * nside**2 != len(exposure):
        raise ShapeError(f"reference has {len(exposure)} pixels, which no HEALPix map has")
    value = np.ones(len(unit)) if weight is None else finite_floats("weight", weight, (len(unit),))
    if weighting == "purity" and not ((value > 0.0) & (value <= 1.0)).all():
        i = int((~((value > 0.0) & (value <= 1.0))).argmax())
        raise RangeError(f"weight[{i}] = {value[i]} is outside (0, 1], where purities are")
    pixel = vector_to_pixel(unit, nside)  # refuses what is no unit vector
    if (exposure[pixel] == 0.0).any():
        i = int((exposure[pixel] == 0.0).argmax())
        raise DataError(f"direction[{i}] = {unit[i].tolist()} lies in pixel {pixel[i]}, where the reference is 0")
    parts = sky_components(exposure, pixel_centers(nside), l_max=l_max)
    sum_weight, sum_square = float(value.sum()), float((value**2).sum())
    if not sum_weight > 0.0:
        raise FitError(f"the total weight is {sum_weight}; it must be above 0")
    n_eff = sum_square if weighting == "purity" else sum_weight**2 / sum_square
    if not n_eff >= LEAST_N_EFF:
        raise FitError(f"n_eff = {n_eff} is below {LEAST_N_EFF}: too few events for three components")
    pure = weighting == "purity"
    scale = 1.0 if pure else sum_weight / sum_square
    harmonic = mean_harmonics(exposure / exposure.max(), l_max)
    # Y_11, Y_1-1, Y_10 are the components of n, but for their norm.
    mean = np.concatenate([harmonic[[3, 1, 2]] / np.sqrt(3.0 / (4.0 * np.pi)), harmonic[4:]])
    mass = np.ones(len(unit)) if pure else scale * value
    terms = Terms(
        weight=mass,
        squared=mass**2,
        basis=np.concatenate([unit, real_harmonics(unit, l_max)[:, 4:]], axis=1),
        dilution=value if pure else np.ones(len(unit)),
        mean=mean[None],
        group=np.zeros(len(unit), dtype=np.int64),
    )
    q, information, squared, n_iteration = profiled_maximum(terms)
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    sandwich = covariance @ squared @ covariance
    dilution = sum_square / sum_weight if pure else 1.0
    total = np.bincount(pixel, weights=value, minlength=len(exposure)).astype(np.float64)[parts.seen]
    basis = parts.offset + parts.mean
    flux = 1.0 + dilution * (basis @ q)
    chi2, chi2_sigma, dof = goodness(total, parts.shape, flux, basis, sum_square / sum_weight)
    return DipoleFit(
        rho=q[:3].copy(),
        covariance=covariance[:3, :3].copy(),
        sandwich_covariance=sandwich[:3, :3].copy(),
        n_eff=n_eff,
        sum_weight=sum_weight,
        reference_dipole=mean[:3].copy(),
        pearson_chi2=chi2,
        pearson_sigma=chi2_sigma,
        pearson_dof=dof,
        estimator="unbinned",
        weighting=weighting,
        n_iteration=n_iteration,
        names=parts.names,
        coefficient=q,
        coefficient_covariance=covariance,
        lowest_flux=terms.lowest(q),
    )
