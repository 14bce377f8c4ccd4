"""Commands on maps and numbers: fit, limit."""

from typing import Annotated

import typer

from amsdipole.commands._shared import (
    Confidence,
    Counts,
    Expected,
    Json,
    Squared,
    Weighting,
    print_json,
    print_text,
)

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (fit, limit):
        _ = app.command()(command)


def fit(
    counts: Counts,
    reference: Expected,
    squared: Squared = None,
    weighting: Weighting = "purity",
    estimator: Annotated[str, typer.Option(help="likelihood or score.")] = "likelihood",
    l_max: Annotated[int, typer.Option("--l-max", min=2, max=4, help="Multipoles of the joint fit beside.")] = 2,
    confidence: Confidence = 0.95,
    as_json: Json = False,
) -> None:
    """Fit the dipole of a map of counts against a reference map."""
    from amsdipole.report.fit_report import fit_document, fit_table
    from amsdipole.sky import read_map

    maps = [read_map(path) for path in (counts, reference, squared) if path is not None]
    document = fit_document(*maps, weighting=weighting, estimator=estimator, confidence=confidence, l_max=l_max)
    if as_json:
        print_json(document)
    else:
        print_text(fit_table(document))


def limit(
    n_eff: Annotated[float, typer.Option("--n-eff", help="Effective number of events.")],
    delta_m: Annotated[float, typer.Option("--delta-m", help="Measured amplitude (0.01 is 1 %).")],
    confidence: Confidence = 0.95,
    as_json: Json = False,
) -> None:
    """Give upper limits on the amplitude by every method, each under its name."""
    from amsdipole.report.fit_report import limit_document
    from amsdipole.report.text import limit_table

    document = limit_document(n_eff, delta_m, confidence=confidence)
    if as_json:
        print_json(document)
    else:
        print_text(limit_table(document))
