"""Parts of a page of HTML that opens without a network."""

import base64
import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from amsdipole.report.drawn import Drawn

__all__ = ["details", "figure", "page", "paragraph", "pre", "section", "table"]

# Colours: text on white 12.6 to 1, links 7.0 to 1; WCAG 2.2 asks for 4.5.
_STYLE: Final = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #222; background: #fff;
  margin: 0 auto; max-width: 72rem; padding: 1rem; }
h1 { line-height: 1.2; } h2 { border-bottom: 2px solid #0072b2; margin-top: 2.5rem; }
a { color: #00548a; } nav ul { columns: 18rem; column-gap: 2rem; padding-left: 1.2rem; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 3px solid #0072b2; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
caption span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 2.5rem); }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #ccc; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; } tbody th { white-space: nowrap; }
thead th { border-bottom: 2px solid #444; }
td { white-space: nowrap; } td.text, th.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; } figcaption { font-size: .95rem; }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; }
@media print { body { max-width: none; font-size: 10pt; } nav { display: none; } h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; } .wide { overflow: visible; } a { color: inherit; text-decoration: none; } }
"""


def page(title: str, sections: Iterable[tuple[str, str]], *, lead: str) -> str:
    """Lay out a page: title, lead, contents, sections.

    Parameters
    ----------
    title : str
        Title, plain text.
    sections : iterable of (str, str)
        Heading in plain text, and body in HTML.
    lead : str
        What stands below the title, in HTML.

    Returns
    -------
    str
        A whole document.
    """
    items = list(sections)
    links = "".join(f'<li><a href="#{_anchor(h)}">{escape(h)}</a></li>' for h, _ in items)
    body = "".join(section(heading, content) for heading, content in items)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # No request can leave the page, whatever its contents.
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'\">\n"
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<header><h1>{escape(title)}</h1>{lead}</header>\n"
        f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n<main>\n{body}</main>\n</body>\n</html>\n'
    )


def _anchor(heading: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in heading.lower())


def section(heading: str, content: str) -> str:
    """Wrap HTML in a section with a heading."""
    name = _anchor(heading)
    title = f'<h2 id="{name}">{escape(heading)}</h2>'
    return f'<section aria-labelledby="{name}">{title}\n{content}\n</section>\n'


def paragraph(text: str) -> str:
    """Make a paragraph of plain text."""
    return f"<p>{escape(text)}</p>\n"


def pre(content: Any) -> str:
    """Show text as it is, or a document as JSON."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    return f"<pre>{escape(text)}</pre>\n"


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, text: bool = False) -> str:
    """Make a table of plain text.

    Parameters
    ----------
    caption : str
        What it holds.
    header : sequence of str
        Heads of columns.
    rows : iterable of sequence of str
        Cells; the first of a row is its head.
    text : bool
        Whether cells are text, aligned to the left and broken anywhere.

    Returns
    -------
    str
        HTML.
    """
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in header)
    cell = '<td class="text">' if text else "<td>"
    first = '<th scope="row" class="text">' if text else '<th scope="row">'
    body = "".join(
        f"<tr>{first}{escape(row[0])}</th>" + "".join(f"{cell}{escape(c)}</td>" for c in row[1:]) + "</tr>\n"
        for row in rows
    )
    name = escape(caption, quote=True)
    return (
        f'<div class="wide" role="group" tabindex="0" aria-label="{name}"><table>'
        f"<caption><span>{escape(caption)}</span></caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def figure(drawn: Drawn) -> str:
    """Embed a figure with its caption, and its numbers as a table to open where they are few."""
    image = base64.b64encode(drawn.png).decode("ascii")
    caption = escape(drawn.caption)
    alt = escape(drawn.caption, quote=True)
    html = f'<figure><img alt="{alt}" src="data:image/png;base64,{image}"><figcaption>{caption}</figcaption></figure>\n'
    n_row = len(next(iter(drawn.columns.values()), ()))
    if 0 < n_row <= 50:
        rows = [[_cell(v) for v in row] for row in zip(*drawn.columns.values(), strict=True)]
        numbers = table(f"Numbers of the figure {drawn.name}", list(drawn.columns), rows)
        html += details("Numbers of this figure", numbers)
    return html


def details(summary: str, content: str) -> str:
    """Make a part that opens on demand."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
