"""What more time will bring: statistics, error, amplitude and limit against time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from scipy.stats import chi

from amsdipole._arrays import number
from amsdipole.errors import RangeError
from amsdipole.statistics.limits import ExpectedLimit, LimitMethod, expected_limit

__all__ = ["MISSION_START", "NINE_YEAR_EVENTS", "Change", "ProjectionRow", "projection"]

MISSION_START = datetime(2011, 5, 19, tzinfo=UTC)
NINE_YEARS = 9.0
NINE_YEAR_EVENTS = {"positrons": 1.8e5, "electrons": 2.4e6}  # 16 to 500 GeV, nine years (Molero, ICRC 2021)
YEAR_S = 365.25 * 86_400.0


@dataclass(frozen=True)
class Change:
    """Hold a factor on the rate from a date on.

    Attributes
    ----------
    start : datetime.datetime
        From when (UTC).
    factor : float
        Rate relative to the first years; it replaces that of the change before.
    """

    start: datetime
    factor: float


@dataclass(frozen=True)
class ProjectionRow:
    """Hold what is expected of an isotropic sky at one time.

    Attributes
    ----------
    time : datetime.datetime
        When (UTC).
    years : float
        Years since the start.
    n_eff : float
        Effective events.
    sigma : float
        Error of one component.
    delta_m, delta_m_spread : float
        Median and standard deviation of the measured amplitude.
    delta_m_68, delta_m_95 : tuple of float
        Central bands of the measured amplitude.
    limit : ExpectedLimit
        Expected upper limit with bands.
    """

    time: datetime
    years: float
    n_eff: float
    sigma: float
    delta_m: float
    delta_m_spread: float
    delta_m_68: tuple[float, float]
    delta_m_95: tuple[float, float]
    limit: ExpectedLimit


def projection(
    times: Sequence[datetime],
    *,
    events_per_year: float,
    start: datetime = MISSION_START,
    acceptance: Sequence[Change] = (),
    livetime: Sequence[Change] = (),
    purity: float = 1.0,
    sigma_factor: float = 1.0,
    method: LimitMethod = "flat_delta",
    confidence: float = 0.95,
) -> tuple[ProjectionRow, ...]:
    """Project the sensitivity to an isotropic sky.

    Parameters
    ----------
    times : sequence of datetime
        When to report, after the start.
    events_per_year : float
        Events in a year of the first years.
    start : datetime, optional
        Start of the mission; 19 May 2011 if not given.
    acceptance, livetime : sequence of Change, optional
        Factors on the rate from dates on; both multiply.
    purity : float, optional
        Mean purity p of the events, in (0, 1]: ``n_eff = p**2 N``.
    sigma_factor : float, optional
        What the exposure costs: sigma over ``sqrt(3 / n_eff)``; 1 to 1.04 for AMS.
    method : str, optional
        A key of `LIMIT_METHODS`.
    confidence : float, optional
        Of the limit.

    Returns
    -------
    tuple of ProjectionRow
        In the order of `times`.

    Raises
    ------
    RangeError
        A value is out of range, a time is not after the start, or a date has no time zone.

    Notes
    -----
    ``N(t)`` is the integral of the rate; under isotropy ``delta_M / sigma`` follows the chi distribution with three
    degrees of freedom, whose standard deviation is 0.673, and limits scale with sigma.

    References
    ----------
    .. [1] Molero for the AMS collaboration, ICRC 2021: by 2028 an accuracy of 0.2 % on delta_M

    Examples
    --------
    >>> row = projection([datetime(2028, 5, 19, tzinfo=UTC)], events_per_year=1.8e5 / 9)[0]
    >>> round(row.n_eff, -3), round(100 * row.delta_m_spread, 2)
    (340000.0, 0.2)
    """
    rate = number("events_per_year", events_per_year, low=0.0, open_low=True)
    pure = number("purity", purity, low=0.0, high=1.0, open_low=True)
    factor = number("sigma_factor", sigma_factor, low=1.0)
    unit = expected_limit(1.0, method=method, confidence=confidence)
    quantile = {p: float(chi.ppf(p, 3)) for p in (0.025, 0.16, 0.5, 0.84, 0.975)}
    spread = float(chi.std(3))
    rows = []
    for time in times:
        years = _years(start, time)
        n_eff = pure**2 * rate * _integral(start, time, (acceptance, livetime))
        if not n_eff > 0.0:
            raise RangeError(f"time {time.isoformat()}: no events are expected by then")
        sigma = factor * float(np.sqrt(3.0 / n_eff))
        limit = ExpectedLimit(
            method,
            unit.confidence,
            sigma,
            sigma * unit.median,
            (sigma * unit.band68[0], sigma * unit.band68[1]),
            (sigma * unit.band95[0], sigma * unit.band95[1]),
        )
        rows.append(
            ProjectionRow(
                time,
                years,
                n_eff,
                sigma,
                sigma * quantile[0.5],
                sigma * spread,
                (sigma * quantile[0.16], sigma * quantile[0.84]),
                (sigma * quantile[0.025], sigma * quantile[0.975]),
                limit,
            )
        )
    return tuple(rows)


def _years(start: datetime, time: datetime) -> float:
    if start.tzinfo is None or time.tzinfo is None:
        raise RangeError(f"{time.isoformat()}: a time without a time zone; UTC is wanted")
    years = (time - start).total_seconds() / YEAR_S
    if not years > 0.0:
        raise RangeError(f"time {time.isoformat()} is not after the start, {start.isoformat()}")
    return years


def _integral(start: datetime, time: datetime, changes: tuple[Sequence[Change], ...]) -> float:
    """Integrate the product of the factors [years]."""
    for group in changes:
        for k, change in enumerate(group):
            number(f"factor of change {k}", change.factor, low=0.0)
    dates = {change.start for group in changes for change in group if start < change.start < time}
    edge = [start, *sorted(dates), time]
    total = 0.0
    for first, last in pairwise(edge):
        factor = 1.0
        for group in changes:
            before = [change for change in sorted(group, key=lambda c: c.start) if change.start <= first]
            factor *= before[-1].factor if before else 1.0
        total += factor * (last - first).total_seconds() / YEAR_S
    return total
