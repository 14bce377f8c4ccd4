"""All energy ranges together, as a document."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError, FitError
from amsdipole.sky import pixel_centers
from amsdipole.statistics import Weighting, cumulative_ranges, fit_bins, significance

__all__ = ["together_document", "together_lines"]

Floats = NDArray[np.float64]


def together_document(
    counts: Floats, reference: Floats, *, sum_weight2: Floats, weighting: Weighting
) -> dict[str, Any]:
    """Find what nested ranges say together.

    Parameters
    ----------
    counts, reference, sum_weight2 : numpy.ndarray of float64, shape (n_range, npix)
        Maps of the differential bins from each range's lower edge to the next, HEALPix RING.
    weighting : {"purity", "signal"}
        What weights mean.

    Returns
    -------
    dict
        Numbers as JSON takes them; or the reason why there are none.
    """
    center = pixel_centers(round((counts.shape[1] / 12) ** 0.5))
    try:
        ranges = cumulative_ranges(counts, reference, center, sum_weight2=sum_weight2, weighting=weighting)
        joint = fit_bins(counts, reference, center, sum_weight2=sum_weight2, weighting=weighting)
    except (DataError, FitError) as error:  # a bin with hardly an event has no dipole: the ranges stand as they are
        return {"reason": str(error)}
    overall = ranges.global_p_value()
    common = joint.common
    return {
        "correlation": ranges.correlation.tolist(),
        "chi2": ranges.chi2,
        "dof": ranges.rho.size,
        "p_value": ranges.joint_p_value,
        "least_p_value": overall.least,
        "global_p_value": overall.value,
        "global_p_value_error": overall.error,
        "global_significance": significance(min(max(overall.value, 1e-7), 1.0 - 1e-7)),
        "n_toy": overall.n_toy,
        "if_independent": overall.independent,
        "common": {
            "rho": {"ew": common.rho_ew, "ns": common.rho_ns, "fb": common.rho_fb},
            "error": dict(zip(("fb", "ew", "ns"), np.sqrt(np.diag(common.covariance)).tolist(), strict=True)),
            "p_value": common.p_value,
            "agreement_chi2": joint.chi2,
            "agreement_dof": joint.dof,
            "agreement_p_value": joint.agreement_p_value,
        },
    }


def together_lines(document: dict[str, Any]) -> list[str]:
    """Say it in lines for a terminal."""
    if "reason" in document:
        return [f"The ranges are not put together: {document['reason']}"]
    common = document["common"]
    return [
        (
            f"Ranges from each edge to the last: lowest p-value {document['least_p_value']:.3f}; chance of one as low "
            f"in any of these overlapping ranges {document['global_p_value']:.3f}"
        ),
        (
            f"  (it would be {document['if_independent']:.3f} for independent ranges); joint chi2 "
            f"{document['chi2']:.1f} for {document['dof']}, p = {document['p_value']:.3f}."
        ),
        (
            f"  One dipole for the bins between their edges: p = {common['p_value']:.3f}; the bins agree with it, "
            f"p = {common['agreement_p_value']:.3f}."
        ),
    ]
