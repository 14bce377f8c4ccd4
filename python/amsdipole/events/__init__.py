"""Event tables, their selection, purities and the counts maps made from them."""

from amsdipole.events._tables import open_table
from amsdipole.events.back_traced import BackTracedCounts, accepted_by_bin, count_back_traced
from amsdipole.events.counts import CUTS, UNIT, Counts, CountsMaps, count_events, count_sky_events, count_weighted
from amsdipole.events.files import EVENT_COLUMNS, EventBatch, EventFiles, EventStream
from amsdipole.events.lookup import PurityLookup
from amsdipole.events.merged_counts import CountsCells, merged_counts, merged_counts_of
from amsdipole.events.purity import PurityWeights, purity_weights, regions
from amsdipole.events.response_counts import response_counts
from amsdipole.events.responses import ResponseBins, histogram, table_range
from amsdipole.events.selection import Selection
from amsdipole.events.shapes import FittedShape, fitted_shape, novosibirsk
from amsdipole.events.sky_table import SkyEvents, read_sky_events
from amsdipole.events.sweights import s_weights, sweight_cells
from amsdipole.events.template_fit import TemplateFit, fit_templates
from amsdipole.events.weight_tables import Method, WeightTables, read_weights, weight_tables, write_weights
from amsdipole.events.writing import write_events

__all__ = [
    "CUTS",
    "EVENT_COLUMNS",
    "UNIT",
    "BackTracedCounts",
    "Counts",
    "CountsCells",
    "CountsMaps",
    "EventBatch",
    "EventFiles",
    "EventStream",
    "FittedShape",
    "Method",
    "PurityLookup",
    "PurityWeights",
    "ResponseBins",
    "Selection",
    "SkyEvents",
    "TemplateFit",
    "WeightTables",
    "accepted_by_bin",
    "count_back_traced",
    "count_events",
    "count_sky_events",
    "count_weighted",
    "fit_templates",
    "fitted_shape",
    "histogram",
    "merged_counts",
    "merged_counts_of",
    "novosibirsk",
    "open_table",
    "purity_weights",
    "read_sky_events",
    "read_weights",
    "regions",
    "response_counts",
    "s_weights",
    "sweight_cells",
    "table_range",
    "weight_tables",
    "write_events",
    "write_weights",
]
