"""Responses of events as the kernel's table of weights wants them."""

from dataclasses import dataclass

import numpy as np

from amsdipole import _core
from amsdipole.errors import ShapeError
from amsdipole.events.files import Column, EventBatch
from amsdipole.events.responses import ResponseBins

__all__ = ["PurityLookup"]


@dataclass(frozen=True)
class PurityLookup:
    """A table of weights and the responses that it goes by.

    Attributes
    ----------
    table : PurityTable
        See `PurityWeights.table`.
    bins : tuple of ResponseBins
        One response, or two that are laid out in a row.
    """

    table: "_core.PurityTable"
    bins: tuple[ResponseBins, ...]

    def response(self, batch: EventBatch) -> Column:
        """Give what the table is entered with: the response, or the number of the cell of two."""
        for bins in self.bins:
            if bins.column not in batch.extra:
                raise ShapeError(f"column {bins.column!r} was not read; the weights need it ({batch.source})")
        if len(self.bins) == 1:
            return batch.extra[self.bins[0].column]
        first, second = self.bins
        return np.asarray(
            first.cell(batch.extra[first.column]) * second.n_cell + second.cell(batch.extra[second.column]) + 0.5
        )
