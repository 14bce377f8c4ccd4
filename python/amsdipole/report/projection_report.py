"""A projection to later years as a document and as text."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from amsdipole.errors import ConfigError
from amsdipole.report.text import METHOD_TITLES
from amsdipole.statistics import LIMIT_METHODS, MISSION_START, NINE_YEAR_EVENTS, Change, projection

__all__ = ["projection_document", "projection_table"]


def projection_document(
    species: str,
    *,
    until: str,
    events_per_year: float | None = None,
    acceptance: Sequence[str] = (),
    livetime: Sequence[str] = (),
    purity: float = 1.0,
    sigma_factor: float = 1.0,
    method: str = "flat_delta",
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Project from the start of AMS, year by year.

    Parameters
    ----------
    species : str
        "positrons" or "electrons".
    until : str
        Last date, ISO.
    events_per_year : float, optional
        Events in a year of the first nine; those of the talk if not given.
    acceptance, livetime : sequence of str, optional
        "date:factor", from that date on.
    purity, sigma_factor, confidence : float, optional
        See `amsdipole.statistics.projection`.
    method : str, optional
        Method of the limit.

    Returns
    -------
    dict
        Numbers as JSON takes them; a row each 19 May, and one for the last date.

    Raises
    ------
    ConfigError
        A date, a change, the species or the method is not understood.
    RangeError
        A number is out of range.
    """
    if species not in NINE_YEAR_EVENTS:
        raise ConfigError(f"species = {species!r} is none of {', '.join(NINE_YEAR_EVENTS)}")
    chosen = next((name for name in LIMIT_METHODS if name == method), None)
    if chosen is None:
        raise ConfigError(f"method = {method!r} is none of {', '.join(LIMIT_METHODS)}")
    end = _date("until", until)
    if end <= MISSION_START:
        raise ConfigError(f"until = {until}: a date after {MISSION_START.date().isoformat()} is wanted")
    years = range(MISSION_START.year + 1, end.year + 1)
    times = [time for year in years if (time := MISSION_START.replace(year=year)) < end]
    rate = NINE_YEAR_EVENTS[species] / 9.0 if events_per_year is None else events_per_year
    rows = projection(
        [*times, end],
        events_per_year=rate,
        acceptance=[_change("acceptance", text) for text in acceptance],
        livetime=[_change("livetime", text) for text in livetime],
        purity=purity,
        sigma_factor=sigma_factor,
        method=chosen,
        confidence=confidence,
    )
    return {
        "format": "amsdipole-projection",
        "species": species,
        "start": MISSION_START.date().isoformat(),
        "events_per_year": rate,
        "acceptance": list(acceptance),
        "livetime": list(livetime),
        "purity": purity,
        "sigma_factor": sigma_factor,
        "method": chosen,
        "confidence": confidence,
        "rows": [
            {
                "date": row.time.date().isoformat(),
                "years": row.years,
                "n_eff": row.n_eff,
                "sigma": row.sigma,
                "delta_m": row.delta_m,
                "delta_m_spread": row.delta_m_spread,
                "delta_m_68": list(row.delta_m_68),
                "delta_m_95": list(row.delta_m_95),
                "limit": row.limit.median,
                "limit_68": list(row.limit.band68),
                "limit_95": list(row.limit.band95),
            }
            for row in rows
        ],
    }


def projection_table(document: dict[str, Any]) -> str:
    """Lay out a projection for a terminal."""
    title = METHOD_TITLES[document["method"]]
    lines = [
        (
            f"Isotropic {document['species']}, {document['events_per_year']:g} a year from {document['start']}; "
            f"limits at {100 * document['confidence']:g} %, {title}; all in per cent:"
        ),
        (
            f"{'date':>10} {'years':>6} {'N_eff':>10} {'sigma':>7} {'delta_M':>8} {'spread':>7} {'68 %':>15} "
            f"{'limit':>7} {'68 %':>15} {'95 %':>15}"
        ),
    ]
    for row in document["rows"]:
        delta68, limit68, limit95 = (
            f"{100 * row[key][0]:.3f} to {100 * row[key][1]:.3f}" for key in ("delta_m_68", "limit_68", "limit_95")
        )
        lines.append(
            f"{row['date']:>10} {row['years']:>6.2f} {row['n_eff']:>10.4g} {100 * row['sigma']:>7.3f} "
            f"{100 * row['delta_m']:>8.3f} {100 * row['delta_m_spread']:>7.3f} {delta68:>15} "
            f"{100 * row['limit']:>7.3f} {limit68:>15} {limit95:>15}"
        )
    return "\n".join(lines)


def _date(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{name} = {text!r} is no date, as 2028-05-19") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _change(name: str, text: str) -> Change:
    date, _, factor = text.rpartition(":")
    try:
        return Change(_date(name, date), float(factor))
    except ValueError as error:
        raise ConfigError(f"{name} = {text!r}: date:factor is wanted, as 2026-06-01:3") from error
