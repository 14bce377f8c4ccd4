"""The two analyses of the demonstration, as the configurations that a user would write."""

from pathlib import Path
from typing import Any

from amsdipole._files import replacing
from amsdipole.config import Config, config_from
from amsdipole.config.toml_text import toml_text
from amsdipole.demo.files import ECAL_LEAST

__all__ = ["SPECIES", "config_document", "species_config", "write_config"]

SPECIES = ("electrons", "positrons")
_SIGN = {"electrons": -1, "positrons": 1}

_ABOUT = {
    "electrons": """\
# The electrons of `amsdipole demo`: analyse them again by `amsdipole run electrons.toml`.
# Negative charge, fitted in the TRD. A simulation gives the template of the electrons; positive particles that the
# calorimeter calls protons give that of the protons, whose charge is confused.
""",
    "positrons": """\
# The positrons of `amsdipole demo`: analyse them again by `amsdipole run positrons.toml`.
# Positive charge, fitted in the TRD and in the estimator of charge confusion. Electrons of data give the template of
# the positrons, particles that the calorimeter calls protons that of the protons, and a simulation that of electrons
# whose charge is confused.
""",
}


def config_document(
    species: str,
    *,
    stop: str,
    step_s: float,
    control_error: float,
    fit_edges_gev: tuple[float, ...],
    response_bins: tuple[int, int],
    edges_gev: tuple[float, ...],
    nside: int,
) -> dict[str, Any]:
    """Give the configuration of one species.

    Parameters
    ----------
    species : str
        "electrons" or "positrons".
    stop : str
        End of the mission (UTC); it starts on 2011-05-19.
    step_s : float
        Length of a row of the seconds [s].
    control_error : float
        Greatest error of the efficiency of a pixel.
    fit_edges_gev : tuple of float
        Bins of the template fits [GeV].
    response_bins : tuple of int
        Bins of the TRD and of the charge-confusion response.
    edges_gev : tuple of float
        Bins of energy [GeV].
    nside : int
        Resolution of the maps.

    Returns
    -------
    dict
        What the TOML holds.
    """
    sign = _SIGN[species]
    protons = {"selection": {"charge_sign": 1, "quality": {"ecal_estimator": [-1.0, 0.7]}}}

    def simulated(charge_sign: int) -> dict[str, Any]:
        return {
            "files": ["simulated.parquet"],
            "selection": {"charge_sign": charge_sign, "ecal_least": ECAL_LEAST},
        }

    trd = {"column": "trd_lambda", "low": 0.2, "high": 1.6, "n_bin": response_bins[0]}
    if species == "electrons":
        components = {"electrons": simulated(-1), "protons": protons}
        responses = [trd]
    else:
        components = {
            "positrons": {"selection": {"charge_sign": -1, "ecal_least": ECAL_LEAST}},
            "protons": protons,
            "confused_electrons": simulated(1),
        }
        responses = [trd, {"column": "charge_confusion_lambda", "low": -0.2, "high": 1.2, "n_bin": response_bins[1]}]
    return {
        "name": f"Simulated AMS {species}",
        "seconds": {
            "source": "elements", "elements": "iss", "start": "2011-05-19T00:00:00Z", "stop": stop, "step_s": step_s,
        },
        "cutoff": {"charge_sign": sign},
        "spectrum": {"model": f"ams_{species}"},
        "events": {"files": ["events.parquet"]},
        "selection": {"charge_sign": sign, "ecal_least": ECAL_LEAST},
        "templates": {"edges_gev": list(fit_edges_gev), "responses": responses, "components": components},
        # Too few protons are left among electrons for a sky of their own.
        "weights": {"method": "purity", "check_background": species != "electrons"},
        "efficiency": {"files": ["control.parquet"], "nside": 8, "error_most": control_error},
        "map": {"nside": nside},
        "energy": {"edges_gev": list(edges_gev)},
        "output": {"folder": species, "overwrite": True},
    }  # fmt: skip


def species_config(folder: Path, document: dict[str, Any]) -> Config:
    """Check a configuration whose files are in a folder."""
    return config_from(document, folder=folder, source="the demonstration")


def write_config(folder: Path, species: str, document: dict[str, Any], *, truth: str) -> None:
    """Write a configuration with what it is about and the truth that was simulated."""
    text = f"{_ABOUT[species]}# Simulated truth: {truth}\n{toml_text(document)}"
    with replacing(folder / f"{species}.toml", overwrite=True) as temporary:
        _ = Path(temporary).write_text(text, encoding="utf-8")
