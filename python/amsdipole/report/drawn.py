"""A figure and its numbers, saved together."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from amsdipole._files import replacing
from amsdipole.errors import ShapeError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLORS", "Drawn", "save_drawn"]

# Okabe and Ito 2008, Color Universal Design: told apart by the colour-blind, and by their lightness in grey print.
COLORS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


@dataclass(frozen=True, eq=False)
class Drawn:
    """Hold a figure with the numbers that it shows.

    Parameters
    ----------
    name : str
        Name of its files, without an ending.
    caption : str
        What it shows, in a sentence or two.
    figure : matplotlib.figure.Figure
        The figure.
    columns : mapping of str to sequence
        Its numbers by column, of one length; names carry units.

    Raises
    ------
    ShapeError
        The columns differ in length.
    """

    name: str
    caption: str
    figure: "Figure"
    columns: Mapping[str, Sequence[Any]]

    def __post_init__(self) -> None:
        """Check the columns."""
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ShapeError(f"the columns of {self.name} have lengths {lengths}; one length is wanted")

    def csv(self) -> str:
        """Give the numbers as CSV with a header; what is not known is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return text.getvalue()

    def json(self) -> str:
        """Give caption and numbers as JSON."""
        document = {"name": self.name, "caption": self.caption, "columns": dict(self.columns)}
        return json.dumps(document, indent=1, allow_nan=False) + "\n"

    @cached_property
    def png(self) -> bytes:
        """The figure at 130 dots an inch, rendered once."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=130, metadata={"Software": "amsdipole"})
        return buffer.getvalue()


def save_drawn(drawn: Drawn, folder: Path) -> tuple[Path, ...]:
    """Save a figure as PNG, and its numbers beside it as CSV and JSON, each whole or not at all.

    Parameters
    ----------
    drawn : Drawn
        Figure and numbers.
    folder : pathlib.Path
        An existing folder; earlier files of the same names are replaced.

    Returns
    -------
    tuple of pathlib.Path
        The three files.
    """
    contents = {"png": drawn.png, "csv": drawn.csv().encode(), "json": drawn.json().encode()}
    made = []
    for ending, content in contents.items():
        path = folder / f"{drawn.name}.{ending}"
        with replacing(path, overwrite=True) as temporary:
            _ = Path(temporary).write_bytes(content)
        made.append(path)
    return tuple(made)
