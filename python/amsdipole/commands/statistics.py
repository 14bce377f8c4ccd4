"""Commands on the statistics: coverage, pulls, nulls, impacts, project."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amsdipole.commands._shared import (
    Confidence,
    ConfigPath,
    Counts,
    Expected,
    Figure,
    Json,
    Quiet,
    Squared,
    Weighting,
    components,
    print_json,
    print_text,
)

if TYPE_CHECKING:
    from amsdipole._progress import ProgressReport

__all__ = ["register"]

Reference = Annotated[
    Path | None,
    typer.Option(help="Map that isotropy would give, FITS; without it nine years of AMS positrons are made."),
]
Nside = Annotated[int, typer.Option(help="Resolution of the map that is made.")]
Toys = Annotated[int, typer.Option("--toys", min=1, help="Toy skies.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed; toy i is the same on any number of threads.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (coverage, pulls, nulls, impacts, project):
        _ = app.command()(command)


def coverage(
    reference: Reference = None,
    nside: Nside = 16,
    n_event: Annotated[float, typer.Option("--n-event", help="Expected events of a sky.")] = 180_000,
    toys: Toys = 10_000,
    amplitudes: Annotated[str, typer.Option(help="True amplitudes in sigma.")] = "0,1,2,3,4,5",
    methods: Annotated[str, typer.Option(help="Methods by name; all without it.")] = "",
    confidence: Confidence = 0.95,
    seed: Seed = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count how often each upper limit covers the truth, on toys through an exposure."""
    from amsdipole._progress import ProgressReport
    from amsdipole.report.statistics_report import coverage_document, coverage_table

    with ProgressReport(quiet=quiet) as progress:
        document = coverage_document(
            _map(reference, nside, progress),
            n_event=n_event,
            delta_sigma=_numbers("amplitudes", amplitudes),
            methods=[name.strip() for name in methods.split(",") if name.strip()] or None,
            confidence=confidence,
            n_toy=toys,
            seed=seed,
            progress=progress,
        )
    if as_json:
        print_json(document)
    else:
        print_text(coverage_table(document))


def pulls(
    reference: Reference = None,
    nside: Nside = 16,
    n_event: Annotated[float, typer.Option("--n-event", help="Expected signal events of a sky.")] = 180_000,
    toys: Toys = 10_000,
    inject: Annotated[str, typer.Option(help="Dipole of the signal: rho_EW,rho_NS,rho_FB.")] = "0,0,0",
    weights: Annotated[str, typer.Option(help="unit, purity (0.5 to 1) or sweights.")] = "unit",
    l_max: Annotated[int, typer.Option("--l-max", min=1, max=4, help="Multipoles that are fitted.")] = 1,
    seed: Seed = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit toys of known dipole, and give the mean and the width of the pulls."""
    from amsdipole._progress import ProgressReport
    from amsdipole.report.statistics_report import pulls_document, pulls_table

    ew, ns, fb = components(inject)
    with ProgressReport(quiet=quiet) as progress:
        document = pulls_document(
            _map(reference, nside, progress),
            n_event=n_event,
            rho=(fb, ew, ns),
            weights=weights,
            l_max=l_max,
            n_toy=toys,
            seed=seed,
            progress=progress,
        )
    if as_json:
        print_json(document)
    else:
        print_text(pulls_table(document))


def nulls(
    config: ConfigPath,
    low_gev: Annotated[float | None, typer.Option(help="Lower edge of the energy range [GeV].")] = None,
    toys: Annotated[int, typer.Option("--toys", min=0, help="Isotropic toys whose p-values must be uniform.")] = 0,
    toy_events: Annotated[int, typer.Option(help="Events of a toy.")] = 20_000,
    seed: Seed = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test what must vanish in any sky: the events of a mission against its seconds."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.nulls import run_nulls
    from amsdipole.report.statistics_report import nulls_table

    with ProgressReport(quiet=quiet) as progress:
        document = run_nulls(
            read_config(config), low_gev=low_gev, n_toy=toys, toy_events=toy_events, seed=seed, progress=progress
        )
    if as_json:
        print_json(document)
    else:
        print_text(nulls_table(document))


def impacts(
    counts: Counts,
    reference: Expected,
    squared: Squared = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            help="name=map.fits: the reference with this systematic at one sigma; name=map.fits,unmoved.fits where it "
            "was moved from another one, as those of `amsdipole systematics --templates`; repeat."
        ),
    ] = None,
    shifts: Annotated[
        Path | None, typer.Option(help="What `amsdipole systematics --json` printed: shifts of the dipole.")
    ] = None,
    low_gev: Annotated[float | None, typer.Option(help="Range of the shifts [GeV]; the first without it.")] = None,
    weighting: Weighting = "purity",
    l_max: Annotated[int, typer.Option("--l-max", min=1, max=4, help="Multipoles that are fitted.")] = 1,
    confidence: Confidence = 0.95,
    figure: Figure = None,
    as_json: Json = False,
) -> None:
    """Fit with systematics as nuisance parameters, rank their impacts, and give limits that hold them."""
    from amsdipole.report.impact_report import impact_document, impact_table, read_shifts
    from amsdipole.sky import read_map

    nominal = read_map(reference)
    varied = {}
    for text in template or []:
        name, _, paths = text.partition("=")
        moved, _, own = paths.partition(",")
        if not (name and moved):
            raise typer.BadParameter(f"{text!r}: name=map.fits is wanted", param_hint="--template")
        varied[name] = (read_map(moved), read_map(own) if own else nominal)
    document = impact_document(
        read_map(counts),
        nominal,
        None if squared is None else read_map(squared),
        varied=varied,
        shifts={} if shifts is None else read_shifts(shifts, low_gev),
        weighting=weighting,
        l_max=l_max,
        confidence=confidence,
    )
    if figure is not None:
        from amsdipole.report.figures import save_figure
        from amsdipole.report.statistics_figures import impact_figure

        save_figure(impact_figure(document), figure)
    if as_json:
        print_json(document)
    else:
        print_text(impact_table(document))


def project(
    species: Annotated[str, typer.Option(help="positrons or electrons.")] = "positrons",
    until: Annotated[str, typer.Option(help="Last date (UTC), as 2030-05-19.")] = "2030-05-19",
    events_per_year: Annotated[
        float | None, typer.Option(help="Events in a year of the first nine; those of the talk without it.")
    ] = None,
    acceptance: Annotated[
        list[str] | None, typer.Option(help="date:factor, as 2026-06-01:3: an upgrade from a date on; repeat.")
    ] = None,
    livetime: Annotated[list[str] | None, typer.Option(help="date:factor on the live time; repeat.")] = None,
    purity: Annotated[float, typer.Option(help="Mean purity of the events.")] = 1.0,
    sigma_factor: Annotated[float, typer.Option(help="What the exposure costs: 1 to 1.04 for AMS.")] = 1.0,
    method: Annotated[str, typer.Option(help="Method of the limit.")] = "flat_delta",
    confidence: Annotated[float, typer.Option(help="Confidence of the limit.")] = 0.95,
    figure: Figure = None,
    as_json: Json = False,
) -> None:
    """Project statistics, error, amplitude and limit to later years."""
    from amsdipole.report.projection_report import projection_document, projection_table

    document = projection_document(
        species,
        until=until,
        events_per_year=events_per_year,
        acceptance=acceptance or [],
        livetime=livetime or [],
        purity=purity,
        sigma_factor=sigma_factor,
        method=method,
        confidence=confidence,
    )
    if figure is not None:
        from amsdipole.report.figures import save_figure
        from amsdipole.report.statistics_figures import projection_figure

        save_figure(projection_figure(document), figure)
    if as_json:
        print_json(document)
    else:
        print_text(projection_table(document))


def _map(reference: Path | None, nside: int, progress: "ProgressReport") -> Any:
    """Read the reference, or make that of nine years of AMS."""
    from amsdipole.sky import read_map
    from amsdipole.toy_exposure import ams_reference

    return ams_reference(nside=nside, progress=progress) if reference is None else read_map(reference).values


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r}: numbers with commas are wanted", param_hint=f"--{name}") from None
