"""The dipole fit, upper limits, first harmonics and toy skies."""

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
from amsdipole.statistics.toys import Total, toy_counts

__all__ = [
    "LIMIT_METHODS",
    "DipoleFit",
    "Estimator",
    "ExpectedLimit",
    "FirstHarmonic",
    "GroundDipole",
    "LimitMethod",
    "Total",
    "UpperLimit",
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
    "fit_dipole",
    "flat_delta_limit",
    "flat_rho_limit",
    "ground_dipole",
    "isotropy_p_value",
    "limits",
    "neyman_limit",
    "proportional_delta_limit",
    "sigma_isotropic",
    "toy_counts",
    "upper_limit",
]
