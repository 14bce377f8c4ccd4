"""First ranges of some results in one table, with what is published beside them."""

from collections.abc import Sequence
from typing import Any, Final

from amsdipole.report.missing import missing_lines
from amsdipole.report.published import talk_row
from amsdipole.report.text import METHOD_TITLES

__all__ = ["SUMMARY_NOTE", "summary_rows", "summary_text"]

SUMMARY_NOTE: Final = (
    "* sqrt(3 / N) of the published number of events: no error of a component is published. † The method of the "
    "published limit is not public. Published values: M. Molero for AMS-02, ICRC 2021, 15 July 2021."
)
_COMPONENTS = ("ew", "ns", "fb")


def summary_rows(documents: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Give heads of columns, and a row for each result and for what is published of its range.

    Parameters
    ----------
    documents : sequence of dict
        Contents of each ``result.json``; limits are by the same methods.

    Returns
    -------
    header : list of str
        Heads; percentages say so.
    rows : list of list of str
        Cells.
    """
    methods = [METHOD_TITLES[u["method"]] for u in documents[0]["ranges"][0]["limits"]]
    header = ["result", "N_eff", *(f"sigma {c.upper()} [%]" for c in _COMPONENTS), "delta_M [%]"]
    header += [*(f"limit, {m} (expected) [%]" for m in methods), "limit, published [%]"]
    rows = []
    for document in documents:
        first, talk = document["ranges"][0], talk_row(document)
        cells = zip(first["limits"], first["expected_limits"], strict=True)
        rows.append(
            [
                document["name"] + (" (incomplete)" if missing_lines(document) else ""),
                f"{first['n_eff']:,.0f}",
                *(f"{100 * first['error'][c]:.3f}" for c in _COMPONENTS),
                f"{100 * first['delta_m']:.3f}",
                *(f"{100 * u['delta_ul']:.3f} ({100 * x['median']:.3f})" for u, x in cells),
                "",
            ]
        )
        if talk is not None and talk.delta_m is not None and talk.n_event is not None:
            sigma = f"{100 * (3.0 / talk.n_event) ** 0.5:.3f}*"
            found = [f"{100 * talk.delta_m:.2f}", *[""] * len(methods), f"{100 * talk.delta_ul:.2f}†"]
            label = f"{talk.experiment} {talk.species}, published"
            rows.append([label, f"{talk.n_event:,.0f}", *[sigma] * 3, *found])
    return header, rows


def summary_text(documents: Sequence[dict[str, Any]]) -> str:
    """Lay the table out for a terminal, with what its marks mean.

    Parameters
    ----------
    documents : sequence of dict
        Contents of each ``result.json``.

    Returns
    -------
    str
        Lines of text: the table turned, a column for each row of `summary_rows`.
    """
    header, rows = summary_rows(documents)
    width = [max(len(cell) for cell in row) + 2 for row in rows]
    lines = [
        f"{head:<36}" + "".join(f"{row[i]:>{w}}" for row, w in zip(rows, width, strict=True))
        for i, head in enumerate(header)
    ]
    return "\n".join([lines[0].replace("result", "first range", 1), *lines[1:], SUMMARY_NOTE])
