"""Commands on a result that was kept: report, export."""

from pathlib import Path
from typing import Annotated

import typer

from amsdipole.commands._shared import Json, Overwrite, print_json, print_text

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (report, export):
        _ = app.command()(command)


def report(
    result: Annotated[
        list[Path], typer.Argument(help="Folder of a result; several make one page.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write; report.html in the first result's folder by default.")
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(help="Existing folder for the figures as PNG, each with CSV and JSON.", show_default=False),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="JSON of another command to show (models, systematics, ...); may be repeated."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make one HTML page of results that opens offline, and its figures with their numbers."""
    from amsdipole.errors import ConfigError
    from amsdipole.report.html_report import write_report
    from amsdipole.report.reading import result_path

    file = result_path(result[0]).parent / "report.html" if out is None else out
    if figures is not None and not figures.is_dir():
        raise ConfigError(f"--figures {figures}: no such folder")
    made = write_report(file, result, also=also or (), figures=figures, overwrite=overwrite)
    if as_json:
        print_json({"files": [str(f) for f in made]})
    else:
        print_text("\n".join(str(f) for f in made))


def export(
    result: Annotated[Path, typer.Argument(help="Folder of a result.", show_default=False)],
    hepdata: Annotated[Path, typer.Option(help="Folder to make, in HEPData's YAML.", show_default=False)],
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write a result in the formats of others."""
    from amsdipole.report.hepdata import write_hepdata
    from amsdipole.report.reading import read_result

    files = write_hepdata(hepdata, read_result(result), overwrite=overwrite)
    if as_json:
        print_json({"folder": str(hepdata), "files": list(files)})
    else:
        print_text("\n".join(str(hepdata / file) for file in files))
