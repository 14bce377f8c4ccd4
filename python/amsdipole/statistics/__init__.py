"""The dipole fit, upper limits, first harmonics and toy skies."""

from amsdipole.statistics.components import Components, sky_components
from amsdipole.statistics.dipole_fit import DipoleFit, Estimator, Weighting, isotropy_p_value
from amsdipole.statistics.feldman_cousins import feldman_cousins_interval, feldman_cousins_limit
from amsdipole.statistics.fit import fit_dipole
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
from amsdipole.statistics.rayleigh import FirstHarmonic, GroundDipole, first_harmonic, ground_dipole
from amsdipole.statistics.sky_fits import SkyFits, fit_components, fit_skies
from amsdipole.statistics.toy_skies import WeightClass, poisson_skies, toy_rng, weighted_skies
from amsdipole.statistics.toys import Total, toy_counts

__all__ = [
    "LIMIT_METHODS",
    "Components",
    "DipoleFit",
    "Estimator",
    "ExpectedLimit",
    "FirstHarmonic",
    "GroundDipole",
    "LimitMethod",
    "SkyFits",
    "Total",
    "UpperLimit",
    "WeightClass",
    "Weighting",
    "cls_limit",
    "coverage",
    "delta_cdf",
    "delta_pdf",
    "delta_quantile",
    "expected_limit",
    "feldman_cousins_interval",
    "feldman_cousins_limit",
    "first_harmonic",
    "fit_components",
    "fit_dipole",
    "fit_skies",
    "flat_delta_limit",
    "flat_rho_limit",
    "ground_dipole",
    "isotropy_p_value",
    "limits",
    "neyman_limit",
    "poisson_skies",
    "proportional_delta_limit",
    "sigma_isotropic",
    "sky_components",
    "toy_counts",
    "toy_rng",
    "upper_limit",
    "weighted_skies",
]
