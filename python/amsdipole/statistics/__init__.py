"""The dipole fit, upper limits, first harmonics and toy skies."""

from amsdipole.statistics.amplitude_law import amplitude_cdf, amplitude_pdf, posterior_tail
from amsdipole.statistics.components import Components, sky_components
from amsdipole.statistics.coverage_study import CoverageRow, coverage_study
from amsdipole.statistics.cumulative import CumulativeRanges, GlobalPValue, cumulative_ranges
from amsdipole.statistics.dipole_fit import DipoleFit, Estimator, Weighting, isotropy_p_value
from amsdipole.statistics.feldman_cousins import feldman_cousins_interval, feldman_cousins_limit
from amsdipole.statistics.fit import fit_dipole
from amsdipole.statistics.joint import JointFit, fit_bins
from amsdipole.statistics.limit_methods import (
    cls_limit,
    flat_delta_limit,
    flat_rho_limit,
    neyman_limit,
    proportional_delta_limit,
)
from amsdipole.statistics.limits import (
    LIMIT_METHODS,
    ExpectedLimit,
    LimitMethod,
    UpperLimit,
    coverage,
    expected_limit,
    limits,
    upper_limit,
)
from amsdipole.statistics.noncentral_chi import delta_cdf, delta_pdf, delta_quantile, sigma_isotropic
from amsdipole.statistics.pull_study import Pulls, pull_study, purity_classes, sweight_classes
from amsdipole.statistics.rayleigh import FirstHarmonic, GroundDipole, first_harmonic, ground_dipole
from amsdipole.statistics.sky_fits import SkyFits, fit_components, fit_skies
from amsdipole.statistics.systematics import Impact, impacts, with_shifts
from amsdipole.statistics.toy_skies import WeightClass, poisson_skies, toy_rng, weighted_skies
from amsdipole.statistics.toys import Total, toy_counts
from amsdipole.statistics.unbinned import fit_events
from amsdipole.statistics.vector_limits import (
    LimitDirection,
    expected_vector_limit,
    significance,
    vector_limit,
    vector_limits,
)

__all__ = [
    "LIMIT_METHODS",
    "Components",
    "CoverageRow",
    "CumulativeRanges",
    "DipoleFit",
    "Estimator",
    "ExpectedLimit",
    "FirstHarmonic",
    "GlobalPValue",
    "GroundDipole",
    "Impact",
    "JointFit",
    "LimitDirection",
    "LimitMethod",
    "Pulls",
    "SkyFits",
    "Total",
    "UpperLimit",
    "WeightClass",
    "Weighting",
    "amplitude_cdf",
    "amplitude_pdf",
    "cls_limit",
    "coverage",
    "coverage_study",
    "cumulative_ranges",
    "delta_cdf",
    "delta_pdf",
    "delta_quantile",
    "expected_limit",
    "expected_vector_limit",
    "feldman_cousins_interval",
    "feldman_cousins_limit",
    "first_harmonic",
    "fit_bins",
    "fit_components",
    "fit_dipole",
    "fit_events",
    "fit_skies",
    "flat_delta_limit",
    "flat_rho_limit",
    "ground_dipole",
    "impacts",
    "isotropy_p_value",
    "limits",
    "neyman_limit",
    "poisson_skies",
    "posterior_tail",
    "proportional_delta_limit",
    "pull_study",
    "purity_classes",
    "sigma_isotropic",
    "significance",
    "sky_components",
    "sweight_classes",
    "toy_counts",
    "toy_rng",
    "upper_limit",
    "vector_limit",
    "vector_limits",
    "weighted_skies",
    "with_shifts",
]
