"""Results as one page of HTML that opens without a network, and its figures."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from amsdipole._files import replacing
from amsdipole.errors import DataError
from amsdipole.report.drawn import Drawn, save_drawn
from amsdipole.report.html_parts import figure, page, paragraph, pre, table
from amsdipole.report.html_result import result_sections
from amsdipole.report.html_study import study_html
from amsdipole.report.missing import missing_lines
from amsdipole.report.reading import read_document, read_result, result_path
from amsdipole.report.summary import SUMMARY_NOTE, summary_rows

__all__ = ["Report", "report_page", "write_report"]


@dataclass(frozen=True, eq=False)
class Report:
    """Hold a page and the figures on it.

    Attributes
    ----------
    html : str
        The page.
    figures : tuple of Drawn
        Figures with their numbers, each with a name of its own.
    """

    html: str
    figures: tuple[Drawn, ...]


def report_page(
    paths: Sequence[str | os.PathLike[str]],
    *,
    also: Sequence[dict[str, Any]] = (),
    title: str | None = None,
    command: str | None = None,
) -> Report:
    """Tell all of some results in one page of HTML that needs nothing else.

    Parameters
    ----------
    paths : sequence of path-like
        Folders of results, or their ``result.json`` with the maps beside them; one or more.
    also : sequence of dict
        Documents that other commands printed with ``--json`` (systematics, null tests, projection, models, ...), each
        under its ``title``.
    title : str, optional
        Title of the page; the name of the first result without it.
    command : str, optional
        The command that makes all of it again, where there is one.

    Returns
    -------
    Report
        The page and its figures.

    Raises
    ------
    DataError
        A result or a map of it cannot be read, or two results have one name.
    """
    documents = [read_result(path) for path in paths]
    names = [document["name"] for document in documents]
    if len(set(names)) < len(names):
        raise DataError(f"results are called {', '.join(names)}; a name for each is wanted")
    figures: list[Drawn] = []

    def shown(prefix: str, drawn: Drawn) -> str:
        named = replace(drawn, name=f"{prefix}{drawn.name}")
        figures.append(named)
        return figure(named)

    several = len(paths) > 1
    sections = [("Summary", _summary(documents))] if several else []
    provenance = []
    for path, document in zip(paths, documents, strict=True):
        prefix = f"{result_path(path).parent.name}_" if several else ""
        found = result_sections(path, document, partial(shown, prefix))
        before = f"{document['name']}: " if several else ""
        named = [(before + (heading.lower() if several else heading), content) for heading, content in found]
        sections += named[:-1]
        provenance.append(named[-1])
    for document in also:
        heading = str(document.get("title", document.get("format", document.get("name", "more"))))
        start = "".join(c if c.isalnum() else "_" for c in heading.lower()) + "_" if len(also) > 1 else ""
        sections.append((heading, study_html(document, partial(shown, start))))
    if command is not None:
        sections.append(("Made by", paragraph("All of this is made again by:") + pre(command)))
    lead = "".join(_lead(document) for document in documents)
    return Report(page(title or names[0], [*sections, *provenance], lead=lead), tuple(figures))


def _summary(documents: Sequence[dict[str, Any]]) -> str:
    header, rows = summary_rows(documents)
    return table("First range of each result, and what is published", header, rows) + paragraph(SUMMARY_NOTE)


def _lead(document: dict[str, Any]) -> str:
    what = ", ".join(Path(f).name for f in document["config"]["events"]["files"])
    components = document["components"]
    return (
        f"<p><strong>{escape(document['name'])}</strong>: "
        + escape(
            f"dipole anisotropy of {what} in galactic coordinates. Components: EW {components['ew']}, NS "
            f"{components['ns']}, FB {components['fb']}. Arrival directions are {components['directions']}."
        )
        + "</p>\n"
        + "".join(f"<p><strong>{escape(line)}</strong></p>\n" for line in missing_lines(document))
    )


def write_report(
    file: Path,
    paths: Sequence[str | os.PathLike[str]],
    *,
    also: Sequence[Path] = (),
    title: str | None = None,
    command: str | None = None,
    figures: Path | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write the page of some results, and its figures with their numbers.

    Parameters
    ----------
    file : pathlib.Path
        The page.
    paths : sequence of path-like
        Folders of results.
    also : sequence of pathlib.Path
        JSON of other commands; the name of a file is the heading of its section.
    title, command : str, optional
        As in `report_page`.
    figures : pathlib.Path, optional
        An existing folder for the figures; earlier files of the same names are replaced.
    overwrite : bool
        Whether an earlier page may be replaced.

    Returns
    -------
    list of pathlib.Path
        What was written.

    Raises
    ------
    DataError
        Something cannot be read or written, or the page exists and may not be replaced.
    """
    if file.exists() and not overwrite:
        raise DataError(f"{file}: it exists already; choose another, or allow overwrite")
    documents = [{"title": path.stem.replace("_", " ").capitalize(), **read_document(path)} for path in also]
    made = report_page(paths, also=documents, title=title, command=command)
    with replacing(file, overwrite=overwrite) as temporary:
        _ = Path(temporary).write_text(made.html, encoding="utf-8")
    files = [file]
    if figures is not None:
        for drawn in made.figures:
            files += save_drawn(drawn, figures)
    return files
