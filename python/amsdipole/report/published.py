"""Published limits on dipoles of cosmic rays, each with its source."""

from dataclasses import asdict, dataclass
from typing import Any, Final

__all__ = ["PUBLISHED_LIMITS", "TALK_ESTIMATES", "TALK_LIMITS", "PublishedLimit", "published_document", "talk_row"]


@dataclass(frozen=True)
class PublishedLimit:
    """Hold one published limit.

    Attributes
    ----------
    experiment, species, range, data : str
        What was measured, over which energies or rigidities, with how much data.
    n_event : float or None
        Events, where they are given.
    delta_m : float or None
        Measured amplitude.
    delta_ul : float
        Upper limit on the amplitude at 95 %.
    source : str
        Where the number stands.
    verified : bool
        Whether the number was read in a public text; where not, it is common knowledge of the field.
    """

    experiment: str
    species: str
    range: str
    data: str
    n_event: float | None
    delta_m: float | None
    delta_ul: float
    source: str
    verified: bool = True


_TALK: Final = "M. Molero for AMS-02, ICRC 2021, 15 July 2021"
_ICRC_2017: Final = "PoS(ICRC2017)186"
_ICRC_2019: Final = "PoS(ICRC2019)150, PoS(EPS-HEP2019)045; e+: PRL 122, 041102"
_ICRC_2021: Final = "PoS(ICRC2021)108"

# method, section 6.4; rows without a number for the limit (CALET, DAMPE) or with a signal (Auger, HAWC) have none here
PUBLISHED_LIMITS: Final = (
    PublishedLimit("AMS-02", "e+/e-", "> 16 GeV", "18 months", None, None, 0.036, "PRL 110, 141102", verified=False),
    PublishedLimit(
        "AMS-02", "positron fraction", "> 16 GeV", "30 months", None, None, 0.030, "PRL 113, 121101", verified=False
    ),
    PublishedLimit("AMS-02", "e+/p", "> 16 GeV", "5 years", None, None, 0.02, _ICRC_2017),
    PublishedLimit("AMS-02", "e-/p", "> 16 GeV", "5 years", None, None, 0.004, _ICRC_2017),
    PublishedLimit("AMS-02", "p, high over low rigidity", "> 80 GV", "5 years", None, None, 0.002, _ICRC_2017),
    PublishedLimit("AMS-02", "e+", "> 16 GeV", "6.5 years", 9.9e4, None, 0.019, _ICRC_2019),
    PublishedLimit("AMS-02", "e-", "> 16 GeV", "6.5 years", 1.3e6, None, 0.005, _ICRC_2019),
    PublishedLimit("AMS-02", "p", "> 200 GV", "7.5 years", 2.0e6, None, 0.0038, _ICRC_2019),
    PublishedLimit("AMS-02", "He", "> 200 GV", "7.5 years", 2.2e6, None, 0.0036, _ICRC_2019),
    PublishedLimit("AMS-02", "C", "> 200 GV", "7.5 years", 6.1e4, None, 0.019, _ICRC_2019),
    PublishedLimit("AMS-02", "O", "> 200 GV", "7.5 years", 6.3e4, None, 0.017, _ICRC_2019),
    PublishedLimit("AMS-02", "p", "> 200 GV", "9 years", None, None, 0.0032, _ICRC_2021),
    PublishedLimit("AMS-02", "He", "> 200 GV", "9 years", None, None, 0.0032, _ICRC_2021),
    PublishedLimit("AMS-02", "C", "> 200 GV", "9 years", None, None, 0.0162, _ICRC_2021),
    PublishedLimit("AMS-02", "O", "> 200 GV", "9 years", None, None, 0.0169, _ICRC_2021),
    PublishedLimit("AMS-02", "e+", "16-500 GeV", "9 years", 1.8e5, 0.0109, 0.0165, _TALK),
    PublishedLimit("AMS-02", "e-", "16-500 GeV", "9 years", 2.4e6, 0.0020, 0.0036, _TALK),
    PublishedLimit("Fermi-LAT", "p", "> 78 GeV", "8 years", 1.79e8, 3.9e-4, 1.3e-3, "arXiv:1903.02905"),
    PublishedLimit("PAMELA", "e+", "10-200 GeV", "", 1.5e3, None, 0.166, "ApJ 811, 21", verified=False),
)

TALK_LIMITS: Final = {row.species: row for row in PUBLISHED_LIMITS if row.source == _TALK}

# Events by lower edge [GeV], up to 500 GeV (method, section 5.4). Only the first of each is published; the others are
# folds of flux, acceptance and exposure, scaled to it, good to 10 % or so.
TALK_ESTIMATES: Final = {
    "e+": {16.0: 1.8e5, 25.0: 8.2e4, 40.0: 3.3e4, 65.0: 1.33e4, 100.0: 5.7e3},
    "e-": {16.0: 2.4e6, 25.0: 9.3e5, 40.0: 3.1e5, 65.0: 1.0e5, 100.0: 3.7e4},
}


def published_document() -> list[dict[str, Any]]:
    """Give the published limits as JSON takes them.

    Returns
    -------
    list of dict
        One for each limit.

    Examples
    --------
    >>> published_document()[5]["delta_ul"]
    0.019
    """
    return [asdict(row) for row in PUBLISHED_LIMITS]


def talk_row(document: dict[str, Any]) -> PublishedLimit | None:
    """Give what the talk says of the species and the first range of a result, if it does.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.

    Returns
    -------
    PublishedLimit or None
        Its row.
    """
    species = {"ams_positrons": "e+", "ams_electrons": "e-"}.get(document["config"]["spectrum"]["model"])
    first = document["ranges"][0]
    if species is None or (first["energy_low_gev"], first["energy_high_gev"]) != (16.0, 500.0):
        return None
    return TALK_LIMITS[species]
