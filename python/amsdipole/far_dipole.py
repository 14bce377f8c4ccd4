"""From the dipole that local directions show to the one far from the Earth. Composition only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config
from amsdipole.constants import AMS_MOUNTING_DEG
from amsdipole.errors import ConfigError
from amsdipole.geomagnetism import DeflectionResponse
from amsdipole.geomagnetism.deflection_orbit import orbit_response
from amsdipole.geomagnetism.igrf import decimal_year
from amsdipole.instrument import Instrument
from amsdipole.sky import galactic_to_icrs
from amsdipole.statistics import DipoleFit

__all__ = ["far_dipole", "range_response"]

_N_ARRIVAL = 40_000
_SEED = 27
_SINGULAR = 0.1  # least singular value of D of which the dipole can be unfolded


def range_response(config: Config, instrument: Instrument, low_gev: float, high_gev: float) -> DeflectionResponse:
    """Compute the response of one range of energy to a far dipole, by spectrum, acceptance and cutoff of an analysis.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.
    instrument : Instrument
        What `amsdipole.instrument.instrument` makes of it.
    low_gev, high_gev : float
        The range [GeV].

    Returns
    -------
    DeflectionResponse
        In equatorial axes, averaged over sidereal time.

    Raises
    ------
    ConfigError
        The mounting is a matrix: where its axis points against the motion is not known here.
    RangeError
        No place of the orbit is open.

    Notes
    -----
    Arrivals are drawn by flux times acceptance, evenly over a precessing orbit and the field of view, in the field of
    the middle of the mission; those that the cutoff rule shuts by the lower edge of their bin are left out.
    """
    mounting = config.detector.mounting
    if not isinstance(mounting, str):
        raise ConfigError("fit.directions = 'forward_folded' wants detector.mounting 'ams' or 'zenith'")
    rng = np.random.default_rng([_SEED, round(1e3 * low_gev), round(1e3 * high_gev)])
    energy = np.geomspace(low_gev, high_gev, 2000)
    density = instrument.flux(energy) * instrument.acceptance(energy) * energy
    total = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    drawn = np.interp(rng.uniform(0.0, total[-1], _N_ARRIVAL), total, energy)
    edge = instrument.navigator.energy_edge_gev
    gate = edge[np.clip(np.searchsorted(edge, drawn, side="right") - 1, 0, len(edge) - 2)]
    rule = instrument.navigator.rule
    middle_s = (instrument.seconds.start_s + instrument.seconds.stop_s) / 2.0
    return orbit_response(
        rule.charge_sign * drawn,
        gate_gv=gate,
        n=_N_ARRIVAL,
        rng=rng,
        coefficients=instrument.field,
        decimal_year=float(decimal_year([middle_s])[0]),
        cutoff_factor=rule.factor,
        cutoff_half_angle_rad=rule.half_angle_rad,
        field_of_view_rad=float(np.arccos(instrument.geometry.cos_least)),
        tilt_rad=float(np.deg2rad(AMS_MOUNTING_DEG if mounting == "ams" else 0.0)),
    )


def far_dipole(fit: DipoleFit, response: DeflectionResponse) -> dict[str, Any]:
    """Fold the dipole of local directions back to the one far from the Earth.

    Parameters
    ----------
    fit : DipoleFit
        Dipole of local directions, galactic.
    response : DeflectionResponse
        Response of the range, equatorial.

    Returns
    -------
    dict
        As ``result.json`` holds it: response in galactic axes and its error, far dipole, covariance and amplitude.
        Where the response cannot be inverted, the dipole is None.

    Notes
    -----
    With rho = D d for the dipole d far from the Earth, d = D^-1 rho has the covariance D^-1 C D^-T: the fit of D d in
    the place of rho. Isotropy is not touched by the field, so chi2 and p-value are those of the local dipole. The poles
    of the Earth and of ICRS are taken for one, which errs by 0.1 deg. See docs/design/deflection.md.
    """
    turn = galactic_to_icrs()
    matrix = np.asarray(turn.T @ response.matrix @ turn)
    least = float(np.linalg.svd(matrix, compute_uv=False)[-1])
    error = np.sqrt((turn.T**2) @ response.error**2 @ turn**2)
    found: dict[str, Any] = {
        "rotation_deg": float(np.degrees(response.rotation_rad)),
        "rotation_error_deg": float(np.degrees(response.rotation_error_rad)),
        "equatorial_factor": response.equatorial,
        "equatorial_factor_error": response.equatorial_error,
        "axial_factor": response.axial,
        "axial_factor_error": response.axial_error,
        "response": matrix.tolist(),
        "response_error": error.tolist(),
        "response_order": ["fb", "ew", "ns"],
        "least_singular_value": least,
        "rho": None,
    }
    if least < _SINGULAR:
        return found
    back = np.linalg.inv(matrix)
    rho = back @ fit.rho
    covariance = back @ fit.covariance @ back.T
    from_response = np.sqrt(back**2 @ (error**2 @ rho**2))
    return found | {
        "rho": _components(rho),
        "error": _components(np.sqrt(np.diag(covariance))),
        "error_of_response": _components(from_response),
        "covariance_fb_ew_ns": covariance.tolist(),
        "delta": float(np.linalg.norm(rho)),
    }


def _components(vector: NDArray[np.float64]) -> dict[str, float]:
    fb, ew, ns = (float(v) for v in vector)
    return {"ew": ew, "ns": ns, "fb": fb}
