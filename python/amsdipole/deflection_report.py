"""How the sky is turned against rigidity, as a table and a figure. Composition only."""

from pathlib import Path
from typing import Any

import numpy as np

from amsdipole.counting import Progress
from amsdipole.geomagnetism import GaussCoefficients
from amsdipole.geomagnetism.deflection_orbit import orbit_response
from amsdipole.report.figures import save_figure

__all__ = ["deflection_figure", "deflection_rows"]

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


def deflection_figure(rows: list[dict[str, Any]], path: str | Path) -> None:
    """Draw rotation and suppression against rigidity.

    Parameters
    ----------
    rows : list of dict
        What `deflection_rows` gives.
    path : path-like
        PNG file to make.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    turn, factor = figure.subplots(2, 1, sharex=True)
    for sign, name, marker in ((1, "e+", "o"), (-1, "e-", "s")):
        part = [row for row in rows if row["charge_sign"] == sign]
        at = [row["rigidity_gv"] for row in part]
        for axes, key, label, style in (
            (turn, "rotation", name, "-"),
            (factor, "equatorial_factor", f"equatorial, {name}", "-"),
            (factor, "axial_factor", f"axial, {name}", "--"),
        ):
            unit = "_deg" if key == "rotation" else ""
            values, errors = ([row[f"{key}{end}{unit}"] for row in part] for end in ("", "_error"))
            _ = axes.errorbar(at, values, yerr=errors, marker=marker, linestyle=style, markersize=4, label=label)
    rigidity = np.geomspace(16.0, 500.0, 100)
    for sign in (1, -1):
        _ = turn.plot(rigidity, -sign * 13.2 * 100.0 / rigidity, color="grey", linewidth=0.8)
    _ = turn.set(
        ylabel="rotation in right ascension [deg]", ylim=(-95.0, 95.0), title="A dipole seen in local directions"
    )
    _ = turn.text(18.0, -90.0, "grey: 13.2 deg x 100 GV / R", fontsize="small")
    _ = factor.set(xlabel="rigidity [GV]", ylabel="factor", xscale="log")
    for axes in (turn, factor):
        _ = axes.axhline(0.0, color="black", linewidth=0.5)
        _ = axes.legend(fontsize="small")
    save_figure(figure, Path(path))
