"""How the sky is turned against rigidity, as a table. Composition only."""

from typing import Any

import numpy as np

from amsdipole.counting import Progress
from amsdipole.geomagnetism import GaussCoefficients
from amsdipole.geomagnetism.deflection_orbit import orbit_response

__all__ = ["deflection_rows"]

RIGIDITIES_GV = (16.0, 20.0, 25.0, 32.0, 40.0, 50.0, 65.0, 80.0, 100.0, 140.0, 200.0, 300.0, 500.0)
_SEED = 8


def deflection_rows(
    *,
    coefficients: GaussCoefficients,
    decimal_year: float,
    cone_deg: float,
    n: int,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Compute rotation and suppression of a far dipole against rigidity, for both signs of charge.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date.
    cone_deg : float
        Half angle of the cone of the cutoff rule [deg].
    n : int
        Arrivals drawn for each row.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    list of dict
        A row for each sign and rigidity: rotation in right ascension, local less far [deg], factors of the equatorial
        and of the axial part, and standard errors.
    """
    rows: list[dict[str, Any]] = []
    for sign in (1, -1):
        for rigidity in RIGIDITIES_GV:
            found = orbit_response(
                sign * rigidity,
                n=n,
                rng=np.random.default_rng(_SEED),
                coefficients=coefficients,
                decimal_year=decimal_year,
                cutoff_half_angle_rad=float(np.radians(cone_deg)),
            )
            rows.append(
                {
                    "charge_sign": sign,
                    "rigidity_gv": rigidity,
                    "rotation_deg": float(np.degrees(found.rotation_rad)),
                    "rotation_error_deg": float(np.degrees(found.rotation_error_rad)),
                    "equatorial_factor": found.equatorial,
                    "equatorial_factor_error": found.equatorial_error,
                    "axial_factor": found.axial,
                    "axial_factor_error": found.axial_error,
                    "decimal_year": decimal_year,
                }
            )
            if progress is not None:
                progress("rigidities", len(rows), 2 * len(RIGIDITIES_GV))
    return rows
