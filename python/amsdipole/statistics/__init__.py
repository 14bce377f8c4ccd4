"""The dipole fit, upper limits, first harmonics and toy skies."""

from amsdipole.statistics.amplitude_law import amplitude_cdf, amplitude_pdf, posterior_tail
from amsdipole.statistics.class_moments import ClassMoments
from amsdipole.statistics.components import Components, sky_components
from amsdipole.statistics.coverage_study import CoverageRow, coverage_study
from amsdipole.statistics.cumulative import CumulativeRanges, GlobalPValue, cumulative_ranges
from amsdipole.statistics.dipole_fit import DipoleFit, Estimator, Weighting, isotropy_p_value
from amsdipole.statistics.expected_limits import expected_vector_limit
from amsdipole.statistics.feldman_cousins import feldman_cousins_interval, feldman_cousins_limit
from amsdipole.statistics.fit import fit_dipole
from amsdipole.statistics.fit_limits import expected_fit_limits, fit_limits
from amsdipole.statistics.iterative import IterativeSky, iterative_sky
from amsdipole.statistics.joint import JointFit, fit_bins
from amsdipole.statistics.li_ma import li_ma_map
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
from amsdipole.statistics.multipole_check import MultipoleCheck, multipole_check
from amsdipole.statistics.noncentral_chi import delta_cdf, delta_pdf, delta_quantile, sigma_isotropic
from amsdipole.statistics.null_sample import ExposureMoments, FieldOfView, NullSample, RowTable, drawn_sample
from amsdipole.statistics.null_tests import NULL_TESTS, NullResult, null_tests
from amsdipole.statistics.power import BAND_PERCENTILES, AngularPower, angular_power
from amsdipole.statistics.projection import MISSION_START, NINE_YEAR_EVENTS, Change, ProjectionRow, projection
from amsdipole.statistics.pull_study import Pulls, pull_study, purity_classes, sweight_classes
from amsdipole.statistics.rayleigh import FirstHarmonic, GroundDipole, first_harmonic, ground_dipole
from amsdipole.statistics.relative import RelativeFit, fit_relative
from amsdipole.statistics.shuffled import event_map, rate_weights, shuffled_reference
from amsdipole.statistics.sky_fits import SkyFits, fit_components, fit_skies
from amsdipole.statistics.strength import Strength, pattern_strength
from amsdipole.statistics.systematics import Impact, impacts, with_shifts
from amsdipole.statistics.toy_skies import WeightClass, poisson_skies, toy_rng, weighted_skies
from amsdipole.statistics.toys import Total, toy_counts
from amsdipole.statistics.unbinned import fit_events
from amsdipole.statistics.vector_limits import (
    LimitDirection,
    significance,
    vector_limit,
    vector_limits,
)

__all__ = [
    "BAND_PERCENTILES",
    "LIMIT_METHODS",
    "MISSION_START",
    "NINE_YEAR_EVENTS",
    "NULL_TESTS",
    "AngularPower",
    "Change",
    "ClassMoments",
    "Components",
    "CoverageRow",
    "CumulativeRanges",
    "DipoleFit",
    "Estimator",
    "ExpectedLimit",
    "ExposureMoments",
    "FieldOfView",
    "FirstHarmonic",
    "GlobalPValue",
    "GroundDipole",
    "Impact",
    "IterativeSky",
    "JointFit",
    "LimitDirection",
    "LimitMethod",
    "MultipoleCheck",
    "NullResult",
    "NullSample",
    "ProjectionRow",
    "Pulls",
    "RelativeFit",
    "RowTable",
    "SkyFits",
    "Strength",
    "Total",
    "UpperLimit",
    "WeightClass",
    "Weighting",
    "amplitude_cdf",
    "amplitude_pdf",
    "angular_power",
    "cls_limit",
    "coverage",
    "coverage_study",
    "cumulative_ranges",
    "delta_cdf",
    "delta_pdf",
    "delta_quantile",
    "drawn_sample",
    "event_map",
    "expected_fit_limits",
    "expected_limit",
    "expected_vector_limit",
    "feldman_cousins_interval",
    "feldman_cousins_limit",
    "first_harmonic",
    "fit_bins",
    "fit_components",
    "fit_dipole",
    "fit_events",
    "fit_limits",
    "fit_relative",
    "fit_skies",
    "flat_delta_limit",
    "flat_rho_limit",
    "ground_dipole",
    "impacts",
    "isotropy_p_value",
    "iterative_sky",
    "li_ma_map",
    "limits",
    "multipole_check",
    "neyman_limit",
    "null_tests",
    "pattern_strength",
    "poisson_skies",
    "posterior_tail",
    "projection",
    "proportional_delta_limit",
    "pull_study",
    "purity_classes",
    "rate_weights",
    "shuffled_reference",
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
