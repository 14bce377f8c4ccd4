"""Commands on models: what pulsars predict, and fluxes fitted to tables."""

from pathlib import Path
from typing import Annotated

import typer

from amsdipole.commands._shared import Json, print_json, print_text

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (models, flux):
        _ = app.command()(command)


def models(
    result: Annotated[
        Path | None,
        typer.Argument(help="Folder of a result, or result.json; the published values without.", show_default=False),
    ] = None,
    species: Annotated[str, typer.Option(help="e+ or e-, of the published values.")] = "e+",
    pulsars: Annotated[
        Path | None,
        typer.Option(help="CSV: name, distance_kpc, age_kyr, glon_deg, glat_deg, spin_down_erg_s.", show_default=False),
    ] = None,
    injection: Annotated[str, typer.Option(help="burst or continuous.")] = "burst",
    efficiency: Annotated[float, typer.Option(help="Share of the pulsars' energy that goes into pairs.")] = 0.3,
    confidence: Annotated[float, typer.Option(help="Confidence of the exclusion.")] = 0.95,
    growth: Annotated[float, typer.Option(help="Events of 2028 over those of now.")] = 17.0 / 9.0,
    turn: Annotated[bool, typer.Option("--turn/--no-turn", help="Turn models by the deflection, as data are.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the traced arrivals.")] = 2021,
    figures: Annotated[
        Path | None, typer.Option(help="Existing folder for the figure and its numbers.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell which pulsar models a measured dipole excludes, by which range, and what 2028 adds."""
    from amsdipole.errors import ConfigError
    from amsdipole.models import NEARBY_PULSARS, Injection, read_pulsars
    from amsdipole.report.model_report import model_document
    from amsdipole.report.model_text import model_table
    from amsdipole.report.reading import read_result

    if species not in ("e+", "e-"):
        raise ConfigError(f"--species = {species!r} is not allowed; e+ and e- are")
    if injection not in ("burst", "continuous"):
        raise ConfigError(f"--injection = {injection!r} is not allowed; burst and continuous are")
    if figures is not None and not figures.is_dir():
        raise ConfigError(f"--figures {figures}: no such folder")
    document = model_document(
        None if result is None else read_result(result),
        species=species,
        pulsars=NEARBY_PULSARS if pulsars is None else read_pulsars(pulsars),
        injection=Injection(kind="burst" if injection == "burst" else "continuous", efficiency=efficiency),
        confidence=confidence,
        growth=growth,
        turn=turn,
        seed=seed,
    )
    if figures is not None:
        from amsdipole.report.drawn import save_drawn
        from amsdipole.report.model_figure import models_against_energy

        _ = save_drawn(models_against_energy(document), figures)
    if as_json:
        print_json(document)
    else:
        print_text(model_table(document))


def flux(
    table: Annotated[
        Path,
        typer.Argument(help="Text of six columns: energy, flux, two statistical, two systematic errors."),
    ],
    species: Annotated[str, typer.Option(help="e+ or e-.")] = "e+",
    above: Annotated[float, typer.Option(help="Take the points above this energy [GeV].")] = 0.0,
    as_json: Json = False,
) -> None:
    """Fit the flux of positrons or electrons to a published table."""
    from amsdipole.errors import ConfigError
    from amsdipole.models import read_flux_table
    from amsdipole.report.flux_report import flux_document, flux_table_text

    if species not in ("e+", "e-"):
        raise ConfigError(f"--species = {species!r} is not allowed; e+ and e- are")
    document = flux_document(read_flux_table(table).above(above), species=species)
    if as_json:
        print_json(document)
    else:
        print_text(flux_table_text(document))
