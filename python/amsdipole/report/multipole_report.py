"""The standing check of a dipole by a joint fit with higher multipoles, as a document."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import FitError
from amsdipole.sky import pixel_centers
from amsdipole.statistics import DipoleFit, fit_dipole, multipole_check

__all__ = ["multipole_line", "multipoles_of"]


def multipoles_of(
    fit: DipoleFit,
    counts: NDArray[np.float64],
    reference: NDArray[np.float64],
    *,
    sum_weight2: NDArray[np.float64] | None,
    l_max: int = 2,
) -> dict[str, Any]:
    """Fit higher multipoles together with the dipole, and compare.

    Parameters
    ----------
    fit : DipoleFit
        The fit of the dipole alone.
    counts, reference : numpy.ndarray of float64, shape (npix,)
        The maps that it was made from, HEALPix RING.
    sum_weight2 : numpy.ndarray of float64, shape (npix,), or None
        Sum of squared weights.
    l_max : int, optional
        Greatest degree, 2 to 4.

    Returns
    -------
    dict
        Numbers as JSON takes them, components along x, y, z (FB, EW, NS); or the reason why there is no joint fit.
    """
    center = pixel_centers(round((len(counts) / 12) ** 0.5))
    try:
        joint = fit_dipole(counts, reference, center, sum_weight2=sum_weight2, weighting=fit.weighting, l_max=l_max)
    except FitError as error:  # a patch of sky does not hold as many components: the dipole stands alone
        return {"l_max": l_max, "reason": str(error)}
    check = multipole_check(fit, joint)
    return {
        "l_max": l_max,
        "rho": dict(zip("xyz", joint.rho.tolist(), strict=True)),
        "error": dict(zip("xyz", np.sqrt(np.diag(joint.covariance)).tolist(), strict=True)),
        "coefficients": dict(zip(joint.names[3:], joint.coefficient[3:].tolist(), strict=True)),
        "shift_sigma": check.shift_sigma,
        "chi2": check.chi2,
        "dof": check.dof,
        "p_value": check.p_value,
        "verdict": check.verdict,
    }


def multipole_line(document: dict[str, Any]) -> str:
    """Say in a line what the joint fit says."""
    if "reason" in document:
        return f"No joint fit to l = {document['l_max']}: {document['reason']}"
    return f"Joint fit to l = {document['l_max']}: {document['verdict']}."
