"""Whether the dipole alone says the same as the dipole with the quadrupole."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from amsdipole.errors import RangeError
from amsdipole.statistics.dipole_fit import DipoleFit

__all__ = ["MultipoleCheck", "multipole_check"]

BIASED_P_VALUE = 0.01  # below it the multipoles above the dipole are called seen


@dataclass(frozen=True, eq=False)
class MultipoleCheck:
    """Hold the comparison of a fit of the dipole alone with one of more multipoles.

    Attributes
    ----------
    joint : DipoleFit
        The fit with more multipoles.
    shift_sigma : float
        Greatest change of a component between the two, in errors of the joint fit.
    chi2 : float
        Distance of the multipoles above the dipole from zero.
    dof : int
        Their number.
    """

    joint: DipoleFit
    shift_sigma: float
    chi2: float
    dof: int

    @property
    def p_value(self) -> float:
        """Chance of at least this `chi2` in a sky of a dipole alone."""
        return float(chi2_distribution.sf(self.chi2, self.dof))

    @property
    def verdict(self) -> str:
        """What the comparison says, in words."""
        if self.p_value < BIASED_P_VALUE:
            return (
                f"multipoles above the dipole are seen (p = {self.p_value:.2g}): the dipole alone is biased, "
                f"by {self.shift_sigma:.1f} sigma here; take the joint fit"
            )
        return f"no multipole above the dipole is seen (p = {self.p_value:.2g})"


def multipole_check(alone: DipoleFit, joint: DipoleFit) -> MultipoleCheck:
    """Compare a fit of the dipole alone with one of more multipoles on the same maps.

    Parameters
    ----------
    alone, joint : DipoleFit
        Fits with ``l_max=1``, and with a greater one.

    Returns
    -------
    MultipoleCheck
        How far they are apart, and what the higher multipoles are.

    Raises
    ------
    RangeError
        `joint` has no component above the dipole.

    Examples
    --------
    >>> from amsdipole.sky import pixel_centers
    >>> from amsdipole.statistics import fit_dipole
    >>> n = pixel_centers(4)
    >>> counts = 1000.0 * (1.0 + 0.2 * n[:, 2] ** 2)
    >>> check = multipole_check(fit_dipole(counts, [1.0] * 192, n), fit_dipole(counts, [1.0] * 192, n, l_max=2))
    >>> check.dof, check.p_value < 1e-6
    (5, True)
    """
    chosen = [i for i, name in enumerate(joint.names) if name.startswith("a_") and name[2:3].isdigit()]
    if not chosen:
        raise RangeError(f"joint has the components {', '.join(joint.names)}: one above the dipole is wanted")
    value = joint.coefficient[chosen]
    covariance = joint.coefficient_covariance[np.ix_(chosen, chosen)]
    shift = float((np.abs(joint.rho - alone.rho) / np.sqrt(np.diag(joint.covariance))).max())
    return MultipoleCheck(joint, shift, float(value @ np.linalg.solve(covariance, value)), len(chosen))
