"""The dipole of a weighted counts map, given the map that an isotropic flux would make."""

from collections.abc import Mapping
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.statistics._goodness import goodness
from amsdipole.statistics._maximum import maximum_slope
from amsdipole.statistics.components import BLOCK, SINGULAR_EIGENVALUE, check_sky, checked_components
from amsdipole.statistics.dipole_fit import DipoleFit, Estimator, Weighting, isotropy_p_value

__all__ = ["DipoleFit", "Estimator", "Weighting", "fit_dipole", "isotropy_p_value"]

UNIT_TOLERANCE = 1e-6  # float32 direction tables keep unit length to some 1e-7
LEAST_N_EFF = 3.0  # three components cannot be had from fewer than three events


def fit_dipole(
    counts: ArrayLike,
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    sum_weight2: ArrayLike | None = None,
    estimator: Estimator = "likelihood",
    weighting: Weighting = "purity",
    l_max: int = 1,
    templates: Mapping[str, ArrayLike] | None = None,
) -> DipoleFit:
    """Fit the dipole vector of a counts map, with higher multipoles and templates if they are asked for.

    Parameters
    ----------
    counts : array_like of float, shape (npix,)
        Sum of the weights of the events in each pixel; the counts where every weight is 1.
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale: only its shape is used.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres, in the frame in which the dipole is wanted.
    sum_weight2 : array_like of float, shape (npix,), optional
        Sum of the squared weights in each pixel, in [0, inf); `counts` (unit weights) if not given.
    estimator : {"likelihood", "score"}, optional
        Maximum of the likelihood, or one step from rho = 0, which is unbiased to first order in rho.
    weighting : {"purity", "signal"}, optional
        "purity": a weight is the chance that the event is signal, and the background is isotropic.
        "signal": the weights already estimate the signal (sWeights, corrections of the exposure).
    l_max : int, optional
        Greatest degree of the multipoles that are fitted together, 1 to 4.
    templates : mapping of str to array_like of float, shape (npix,), optional
        Relative change of the reference for a shift of one standard error of a systematic; the amplitude of each is
        held by a unit Gaussian.

    Returns
    -------
    DipoleFit
        The vector, its covariance, n_eff and goodness of fit.

    Raises
    ------
    ShapeError
        An argument has the wrong shape, or the arrays differ in length.
    RangeError
        A value is not finite, a reference or sum of squares is negative, a direction is not of unit length,
        a choice is unknown or out of range, or a template does not change the shape of the reference.
    DataError
        A pixel holds counts where the reference is 0, or counts without squared weights.
    FitError
        The reference is 0 everywhere, the total weight is not above 0, n_eff is below 3, M is singular
        (lowest eigenvalue below 1e-12), or the likelihood has no maximum with a flux above 0.

    Notes
    -----
    With <.> the mean over the reference and ``M = <n n^T> - <n><n>^T``, the score estimator is
    ``rho = M^-1 sum_i w_i (n_i - <n>) / S`` with ``S = sum w**2`` (purity) or ``S = sum w`` (signal). Purities
    dilute: an event of purity p shows only ``p rho``, so that dividing by ``sum p`` would give
    ``rho sum p**2 / sum p``.

    The likelihood estimator maximises ``L = k sum_j W_j [ln(1 + D rho.n_j) - ln(1 + D rho.<n>)]``, with
    ``D = sum w**2 / sum w, k = 1 / D`` (purity) or ``D = 1, k = sum w / sum w**2`` (signal), whose Fisher matrix
    at rho = 0 is ``n_eff M``. For unit weights it is the binned Poisson likelihood with the scale profiled. The
    mean dilution D stands for all events; what that neglects is of second order in rho, as is the bias of
    the score. The sandwich is ``H^-1 [sum w**2 s s^T] H^-1`` with s the score of one event and H the
    information; for the score estimator ``M^-1 [sum w**2 (n - <n>)(n - <n>)^T] M^-1 / S**2``.

    References
    ----------
    .. [1] Ahlers et al. 2016, ApJ 823, 10, https://doi.org/10.3847/0004-637X/823/1/10 (profiled likelihood)
    .. [2] Langenbruch 2022, Eur. Phys. J. C 82, 393, https://doi.org/10.1140/epjc/s10052-022-10254-8 (sandwich)
    .. [3] Bohm & Zech 2014, Nucl. Instrum. Meth. A 748, 1, https://doi.org/10.1016/j.nima.2014.02.021
       (scaled Poisson errors of weighted counts)
    .. [4] Haldane 1937, Biometrika 29, 133, https://doi.org/10.1093/biomet/29.1-2.133 (variance of chi-squared)

    Examples
    --------
    >>> axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    >>> fit = fit_dipole([110, 90, 100, 100, 100, 100], [1, 1, 1, 1, 1, 1], axes)
    >>> fit.rho.round(6) + 0.0
    array([0.1, 0. , 0. ])
    >>> round(fit.sigma, 4), round((3 / 600) ** 0.5, 4)
    (0.0706, 0.0707)
    """
    _check_choice("estimator", estimator, get_args(Estimator))
    _check_choice("weighting", weighting, get_args(Weighting))
    total, total2, exposure, unit = _checked_maps(counts, reference, direction, sum_weight2)
    sum_weight, sum_square, n_eff = _checked_sums(total, total2, weighting)
    parts = checked_components(exposure, unit, l_max=l_max, templates=templates)
    _check_moment(parts.moment[:3, :3])
    check_sky(parts)
    if len(parts.shape) < len(total):
        total, total2 = total[parts.seen], total2[parts.seen]
    n, offset, is_sky = len(parts.names), parts.offset, parts.is_sky
    dilution = np.where(is_sky, sum_square / sum_weight if weighting == "purity" else 1.0, 1.0)
    scale = sum_weight / sum_square  # per unit of weight, so that the information at 0 is n_eff M
    penalty = np.diag(np.where(is_sky, 0.0, 1.0))
    if estimator == "score":
        curvature = scale * sum_weight * parts.moment + penalty
        slope = np.asarray(np.linalg.solve(curvature, scale * (total @ offset)), dtype=np.float64)
        event2 = (offset.T * total2) @ offset
        jacobian, n_iteration = np.eye(n), 0
    else:
        bent, information, event2, steps = maximum_slope(total, total2, offset, parts.moment, scale, penalty)
        curvature, n_iteration = scale * information + penalty, int(steps)
        norm = 1.0 - float(bent @ parts.mean)
        if not norm > 0.0:
            raise FitError(
                f"the likelihood has no maximum at a finite dipole: the slope {bent.tolist()} seen across the exposed "
                f"pixels takes the flux averaged over the sky to 0 or below (1 - slope . <n> = {norm:.3g})"
            )
        slope = bent / norm
        # d(slope)/d(bent), with slope = bent / (1 - bent.<b>).
        jacobian = np.eye(n) / norm + np.outer(bent, parts.mean) / norm**2
    average = 1.0 + float(parts.mean @ slope)
    flux = average + offset @ slope
    inverse = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
    bread = (jacobian / dilution[:, None]) @ inverse
    covariance = _symmetric(bread @ (jacobian / dilution[:, None]).T)
    sandwich = _symmetric(bread @ (scale**2 * event2 + penalty) @ bread.T)
    chi2, chi2_sigma, dof = goodness(total, parts.shape, flux, offset, sum_square / sum_weight)
    return DipoleFit(
        rho=(slope / dilution)[:3],
        covariance=covariance[:3, :3].copy(),
        sandwich_covariance=sandwich[:3, :3].copy(),
        n_eff=n_eff,
        sum_weight=sum_weight,
        reference_dipole=parts.mean[:3].copy(),
        pearson_chi2=chi2,
        pearson_sigma=chi2_sigma,
        pearson_dof=dof,
        estimator=estimator,
        weighting=weighting,
        n_iteration=n_iteration,
        names=parts.names,
        coefficient=slope / dilution,
        coefficient_covariance=covariance,
        lowest_flux=float(flux.min()) / average,
    )


def _symmetric(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * (matrix + matrix.T)


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise RangeError(f"{name} = {value!r} is none of {', '.join(allowed)}")


def _checked_maps(
    counts: ArrayLike, reference: ArrayLike, direction: ArrayLike, sum_weight2: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return counts, squared weights, reference and directions."""
    total = finite_floats("counts", counts, (None,))
    npix = total.shape[0]
    exposure = finite_floats("reference", reference, (npix,))
    unit = finite_floats("direction", direction, (npix, 3))
    name2 = "counts" if sum_weight2 is None else "sum_weight2"
    total2 = total if sum_weight2 is None else finite_floats(name2, sum_weight2, (npix,))
    for name, values in (("reference", exposure), (name2, total2)):
        if npix and values.min() < 0.0:
            i = int((values < 0.0).argmax())
            hint = " where no sum_weight2 is given" if name == "counts" else ""
            raise RangeError(f"{name}[{i}] = {values[i]} is outside [0, inf){hint}")
    for first in range(0, npix, BLOCK):
        block = unit[first : first + BLOCK]
        length = np.sqrt((block * block) @ np.ones(3))
        if max(length.max() - 1.0, 1.0 - length.min()) > UNIT_TOLERANCE:
            i = int((np.abs(length - 1.0) > UNIT_TOLERANCE).argmax())
            raise RangeError(f"direction[{first + i}] has length {length[i]}; 1 within {UNIT_TOLERANCE} is wanted")
    seen = exposure > 0.0
    if not seen.any():
        raise FitError("reference is 0 in every pixel: there is no exposure")
    stray = ~seen & ((total != 0.0) | (total2 != 0.0)) if not seen.all() else np.zeros(0, dtype=bool)
    if stray.any():
        i = int(stray.argmax())
        raise DataError(
            f"counts[{i}] = {total[i]} (sum_weight2 {total2[i]}) but reference[{i}] = 0: nothing can be seen there"
        )
    bare = (total != 0.0) & (total2 == 0.0)
    if bare.any():
        i = int(bare.argmax())
        raise DataError(f"sum_weight2[{i}] = 0 but counts[{i}] = {total[i]}: the two maps contradict each other")
    return total, total2, exposure, unit


def _checked_sums(
    total: NDArray[np.float64], total2: NDArray[np.float64], weighting: Weighting
) -> tuple[float, float, float]:
    """Return sum of weights, sum of squared weights, n_eff."""
    sum_weight, sum_square = float(total.sum()), float(total2.sum())
    if not sum_weight > 0.0:
        raise FitError(f"the total weight is {sum_weight}; it must be above 0")
    n_eff = sum_square if weighting == "purity" else sum_weight**2 / sum_square
    if not n_eff >= LEAST_N_EFF:
        raise FitError(f"n_eff = {n_eff} is below {LEAST_N_EFF}: too few events for three components")
    return sum_weight, sum_square, n_eff


def _check_moment(moment: NDArray[np.float64]) -> None:
    value, axis = np.linalg.eigh(moment)
    if value[0] < SINGULAR_EIGENVALUE:
        along = ", ".join(f"{component:.3f}" for component in axis[:, 0])
        raise FitError(
            f"M = <n n^T> - <n><n>^T is singular: its eigenvalue along ({along}) is {value[0]:.3g}, below "
            f"{SINGULAR_EIGENVALUE}; the exposure does not determine that component"
        )
