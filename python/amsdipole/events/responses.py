"""Bins of a response, with a cell below and a cell above its range."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number, whole_number
from amsdipole.errors import RangeError

__all__ = ["ResponseBins", "histogram", "table_range"]


@dataclass(frozen=True)
class ResponseBins:
    """Equal bins of one response.

    Attributes
    ----------
    column : str
        Column of the event table, as ``trd_lambda`` or ``charge_confusion_lambda``.
    low, high : float
        The range.
    n_bin : int
        Bins in it.

    Raises
    ------
    RangeError
        The range does not rise, or the number of bins is out of range.
    """

    column: str = "trd_lambda"
    low: float = 0.0
    high: float = 2.0
    n_bin: int = 100

    def __post_init__(self) -> None:
        """Check the range."""
        number("low", self.low)
        number("high", self.high)
        whole_number("n_bin", self.n_bin, low=1, high=10_000)
        if not self.low < self.high:
            raise RangeError(f"[{self.low}, {self.high}] is no range that rises")

    @property
    def n_cell(self) -> int:
        """Bins, and one below and one above."""
        return self.n_bin + 2

    def cell(self, response: ArrayLike) -> NDArray[np.int64]:
        """Cell of each response, 0 below the range; by the rule of the kernel."""
        values = finite_floats(self.column, response, (None,))
        place = (values - self.low) * (self.n_bin / (self.high - self.low))
        return np.floor(np.clip(place, -1.0, float(self.n_bin))).astype(np.int64) + 1


def histogram(bins: tuple[ResponseBins, ...], responses: tuple[ArrayLike, ...]) -> NDArray[np.int64]:
    """Events by cell of one or two responses, two laid out in a row, shape (n_cell,) or (n_cell_1 n_cell_2,)."""
    cell = bins[0].cell(responses[0])
    n_cell = bins[0].n_cell
    for other, response in zip(bins[1:], responses[1:], strict=True):
        cell = cell * other.n_cell + other.cell(response)
        n_cell *= other.n_cell
    return np.bincount(cell, minlength=n_cell)


def table_range(bins: tuple[ResponseBins, ...]) -> tuple[float, float]:
    """Range with which `PurityWeights.table` is entered: of the response, or of the numbers of cells of two."""
    if len(bins) == 1:
        return bins[0].low, bins[0].high
    n_cell = int(np.prod([b.n_cell for b in bins]))
    # The first and the last cell of the row stand below and above the table's range.
    return 1.0, float(n_cell - 1)
