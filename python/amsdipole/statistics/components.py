"""What a sky is made of besides the isotropic flux: dipole, higher multipoles and templates of the reference."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import FitError, RangeError, ShapeError
from amsdipole.sky import real_harmonics
from amsdipole.statistics._maximum import MOST_COMPONENTS
from amsdipole.statistics.dipole_fit import DIPOLE_NAMES

__all__ = ["SINGULAR_EIGENVALUE", "Components", "check_sky", "checked_components", "sky_components"]

SINGULAR_EIGENVALUE = 1e-12  # rounding in M is 1e-16: below this the weak axis is lost to worse than 1e-4
MOST_DEGREE = 4  # 24 components
BLOCK = 8192  # pixels at a time: new arrays of a whole map cost more than what is done with them

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Components:
    """Hold the components of a fit on the pixels that have exposure.

    Attributes
    ----------
    names : tuple of str
        Names: "fb", "ew", "ns", then "a_lm" by degree, then the templates.
    n_sky : int
        How many of them describe the sky; the others are templates.
    seen : numpy.ndarray of bool, shape (npix,)
        Pixels with exposure.
    mean : numpy.ndarray of float64, shape (n,)
        Mean of each component over the reference.
    offset : numpy.ndarray of float64, shape (n_seen, n)
        Components less their mean.
    moment : numpy.ndarray of float64, shape (n, n)
        Mean of offset offset^T over the reference.
    shape : numpy.ndarray of float64, shape (n_seen,)
        The reference, with sum 1.
    """

    names: tuple[str, ...]
    n_sky: int
    seen: NDArray[np.bool_]
    mean: Floats
    offset: Floats
    moment: Floats
    shape: Floats

    @property
    def is_sky(self) -> NDArray[np.bool_]:
        """Which components describe the sky, shape (n,)."""
        return np.arange(len(self.names)) < self.n_sky


def sky_components(
    reference: ArrayLike,
    direction: ArrayLike,
    *,
    l_max: int = 1,
    templates: Mapping[str, ArrayLike] | None = None,
) -> Components:
    """Prepare the components of a fit.

    Parameters
    ----------
    reference : array_like of float, shape (npix,)
        What an isotropic flux would give, in [0, inf), on any scale.
    direction : array_like of float, shape (npix, 3)
        Unit vectors to the pixel centres.
    l_max : int, optional
        Greatest degree of the multipoles, 1 to 4.
    templates : mapping of str to array_like of float, shape (npix,), optional
        Relative change of the reference for a shift of one standard error; values where the reference is 0 are not
        looked at.

    Returns
    -------
    Components
        Components, centred on the reference.

    Raises
    ------
    ShapeError
        An argument has the wrong shape.
    RangeError
        A value is not finite, a reference is negative, `l_max` is out of range, there are more than 24 components,
        a name is taken, or a template does not change the shape of the reference.
    FitError
        The reference is 0 everywhere, or the components of the sky cannot be told apart through it.

    Notes
    -----
    The flux is ``1 + rho.n + sum_lm a_lm Y_lm + sum_k theta_k t_k`` with orthonormal real harmonics from l = 2 on.
    A template's mean is taken out: it would change the normalisation alone, which is free.

    References
    ----------
    .. [1] Billoir & Deligny 2008, JCAP 02, 009, https://doi.org/10.1088/1475-7516/2008/02/009 (partial skies)

    Examples
    --------
    >>> from amsdipole.sky import pixel_centers
    >>> np.diag(sky_components([1.0] * 3072, pixel_centers(16)).moment).round(3)
    array([0.333, 0.333, 0.333])
    """
    exposure = finite_floats("reference", reference, (None,))
    unit = finite_floats("direction", direction, (len(exposure), 3))
    if (exposure < 0.0).any():
        i = int((exposure < 0.0).argmax())
        raise RangeError(f"reference[{i}] = {exposure[i]} is outside [0, inf)")
    if not (exposure > 0.0).any():
        raise FitError("reference is 0 in every pixel: there is no exposure")
    parts = checked_components(exposure, unit, l_max=l_max, templates=templates)
    check_sky(parts)
    return parts


def checked_components(
    exposure: Floats, unit: Floats, *, l_max: int, templates: Mapping[str, ArrayLike] | None
) -> Components:
    """Return components for arrays that were checked; whether they tell the sky apart is left to `check_sky`."""
    degree = whole_number("l_max", l_max, low=1, high=MOST_DEGREE)
    seen = exposure > 0.0
    if not seen.all():
        exposure, unit = exposure[seen], unit[seen]
    # Divide by the largest first: sums of huge or tiny exposures must not overflow or vanish.
    shape = exposure / exposure.max()
    shape /= shape.sum()
    names = [*DIPOLE_NAMES, *(f"a_{l}{m:+d}" for l in range(2, degree + 1) for m in range(-l, l + 1))]  # noqa: E741 - as in harmonics
    n_sky = len(names)
    basis = [unit]
    if degree > 1:
        basis.append(real_harmonics(unit, degree)[:, 4:])
    for name, values in (templates or {}).items():
        template = _template(name, values, seen, shape, taken=names)
        names.append(name)
        basis.append(template[:, np.newaxis])
    if len(names) > MOST_COMPONENTS:
        raise RangeError(f"there are {len(names)} components; at most {MOST_COMPONENTS} are fitted together")
    stacked = unit if len(basis) == 1 else np.concatenate(basis, axis=1)
    mean = shape @ stacked
    offset, moment = _centred(stacked, mean, shape)
    return Components(tuple(names), n_sky, seen, mean, offset, moment, shape)


def _centred(basis: Floats, mean: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return basis less its mean, and the weighted sum of the products of its columns."""
    n = basis.shape[1]
    offset, moment = np.empty(basis.shape), np.zeros((n, n))
    repeated = np.tile(mean, (min(BLOCK, len(basis)), 1))  # loops over rows of three numbers are slow
    for first in range(0, len(basis), BLOCK):
        at = slice(first, first + BLOCK)
        np.subtract(basis[at], repeated[: len(basis) - first], out=offset[at])
        column = np.ascontiguousarray(offset[at].T)
        moment += (column * weight[at]) @ column.T
    return offset, moment


def _template(name: str, values: ArrayLike, seen: NDArray[np.bool_], shape: Floats, *, taken: list[str]) -> Floats:
    if name in taken:
        raise RangeError(f"a template has the name {name!r}, which is taken")
    array = np.asarray(values, dtype=np.float64)
    if array.shape != seen.shape:
        raise ShapeError(f"templates[{name!r}] has shape {array.shape}; {seen.shape} is wanted")
    template = finite_floats(f"templates[{name!r}]", array[seen], (None,))
    greatest = float(np.abs(template).max())
    template = template - shape @ template
    if not float(np.abs(template).max()) > 1e-12 * greatest:  # what rounding leaves of a constant is some 1e-16
        raise RangeError(f"templates[{name!r}] does not change the shape of the reference")
    return template


def check_sky(parts: Components) -> None:
    """Refuse components of the sky that the exposure does not tell apart."""
    # Of the sky alone: a template is held by its constraint, even one that looks like a dipole to the last pixel.
    value, axis = np.linalg.eigh(parts.moment[: parts.n_sky, : parts.n_sky])
    if value[0] < SINGULAR_EIGENVALUE:
        weak = ", ".join(name for name, part in zip(parts.names, axis[:, 0], strict=False) if abs(part) > 0.1)
        raise FitError(
            f"the components are singular: {weak} cannot be told apart through this exposure (eigenvalue "
            f"{value[0]:.3g}, below {SINGULAR_EIGENVALUE})"
        )
