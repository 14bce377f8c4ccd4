"""Systematics as nuisance parameters: what each does to the dipole, ranked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import RangeError
from amsdipole.statistics.dipole_fit import DIPOLE_NAMES, DipoleFit

__all__ = ["Impact", "impacts", "with_shifts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Impact:
    """Hold what one systematic does.

    Attributes
    ----------
    name : str
        Name of the systematic.
    pull : float
        Fitted amplitude in units of its constraint; 0 for a shift, which the data do not constrain.
    pull_error : float
        Error of the amplitude: 1 if the data say nothing on it.
    before, after : numpy.ndarray of float64, shape (3,)
        Shift of (fb, ew, ns) for one standard error of the amplitude, before and after the fit.
    """

    name: str
    pull: float
    pull_error: float
    before: Floats
    after: Floats

    @property
    def size(self) -> float:
        """Length of the shift after the fit: what impacts are ranked by."""
        return float(np.linalg.norm(self.after))


def impacts(fit: DipoleFit, *, shifts: Mapping[str, ArrayLike] | None = None) -> tuple[Impact, ...]:
    """Return the impact of each systematic on the dipole, the greatest first.

    Parameters
    ----------
    fit : DipoleFit
        A fit with templates.
    shifts : mapping of str to array_like of float, shape (3,), optional
        Further systematics, given as the shift of (fb, ew, ns) for one standard error.

    Returns
    -------
    tuple of Impact
        One for each template and shift, ranked by the length of the shift after the fit.

    Raises
    ------
    ShapeError, RangeError
        A shift is no vector of three finite numbers, or has the name of a template.

    Notes
    -----
    After the fit: ``Cov(rho, theta) / sigma(theta)``, by which rho moves if theta is moved by its fitted error and all
    else is fitted again. Before: the same per unit of the constraint, ``Cov(rho, theta) / sigma(theta)**2``.

    References
    ----------
    .. [1] ATLAS collaboration 2013, ATLAS-CONF-2013-034 (ranking of nuisance parameters)
    """
    found = []
    covariance = fit.coefficient_covariance
    for k in range(3, len(fit.names)):
        name = fit.names[k]
        if _is_multipole(name):
            continue
        error = float(np.sqrt(covariance[k, k]))
        shared = covariance[:3, k]
        found.append(Impact(name, float(fit.coefficient[k]), error, shared / error**2, shared / error))
    for name, shift in (shifts or {}).items():
        if name in fit.names:
            raise RangeError(f"a shift has the name {name!r}, which a component of the fit has")
        vector = finite_floats(f"shifts[{name!r}]", shift, (3,))
        found.append(Impact(name, 0.0, 1.0, vector, vector))
    return tuple(sorted(found, key=lambda impact: -impact.size))


def with_shifts(fit: DipoleFit, shifts: Mapping[str, ArrayLike]) -> DipoleFit:
    """Return a fit whose covariance holds further systematics, given as shifts.

    Parameters
    ----------
    fit : DipoleFit
        A fit.
    shifts : mapping of str to array_like of float, shape (3,)
        Shift of (fb, ew, ns) for one standard error of each.

    Returns
    -------
    DipoleFit
        The same values; ``sum s s^T`` is added to the covariances of the dipole.

    Raises
    ------
    ShapeError, RangeError
        A shift is no vector of three finite numbers.

    Notes
    -----
    A nuisance parameter theta with a unit Gaussian constraint that moves rho by ``s theta`` and leaves no other trace
    in the map adds ``s s^T`` to the covariance.

    Examples
    --------
    >>> from amsdipole.statistics import fit_dipole
    >>> axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    >>> fit = fit_dipole([100] * 6, [1] * 6, axes)
    >>> wider = with_shifts(fit, {"cutoff": [0.0, 0.0, 0.05]})
    >>> round(float(wider.covariance[2, 2] - fit.covariance[2, 2]), 6)
    0.0025
    """
    vectors = [finite_floats(f"shifts[{name!r}]", shift, (3,)) for name, shift in shifts.items()]
    added = sum((np.outer(v, v) for v in vectors), np.zeros((3, 3)))
    full = fit.coefficient_covariance.copy()
    full[:3, :3] += added
    return replace(
        fit,
        covariance=fit.covariance + added,
        sandwich_covariance=fit.sandwich_covariance + added,
        coefficient_covariance=full,
    )


def _is_multipole(name: str) -> bool:
    return name in DIPOLE_NAMES or (name.startswith("a_") and name[2:3].isdigit())
