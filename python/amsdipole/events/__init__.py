"""Event tables, their selection and the counts maps made from them."""

from amsdipole.events.counts import CUTS, Counts, CountsMaps, count_events, count_sky_events
from amsdipole.events.files import EVENT_COLUMNS, EventFiles, write_events
from amsdipole.events.sky_table import SkyEvents, read_sky_events

__all__ = [
    "CUTS",
    "EVENT_COLUMNS",
    "Counts",
    "CountsMaps",
    "EventFiles",
    "SkyEvents",
    "count_events",
    "count_sky_events",
    "read_sky_events",
    "write_events",
]
