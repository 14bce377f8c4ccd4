"""Commands on the exposure: exposure, exposure-merge, efficiency, systematics."""

from pathlib import Path
from typing import Annotated

import typer

from amsdipole.commands._shared import ConfigPath, Json, Overwrite, Quiet, print_json, print_text

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (exposure, exposure_merge, efficiency, systematics):
        _ = app.command()(command)


def exposure(
    config: ConfigPath,
    folder: Annotated[Path, typer.Option(help="Folder for the files that are made.")] = Path("amsdipole-exposure"),
    cubes: Annotated[bool, typer.Option("--cubes", help="Write the cubes of live time by zenith too.")] = False,
    roll_sectors: Annotated[
        int | None, typer.Option(help="Sectors of the roll that live times keep [default: what the acceptance needs].")
    ] = None,
    azimuth_bins: Annotated[int, typer.Option(help="Sectors of azimuth in the detector that cubes resolve.")] = 1,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the live time and the reference maps of a mission, and say where its seconds went."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.exposure_report import budget_table, exposure_report

    with ProgressReport(quiet=quiet) as progress:
        document = exposure_report(
            read_config(config),
            folder,
            overwrite=overwrite,
            with_cubes=cubes,
            n_sector=roll_sectors,
            n_azimuth=azimuth_bins,
            progress=progress,
        )
    if as_json:
        print_json(document)
        return
    print_text(budget_table(document))
    print_text(f"\n{'E [GeV] >':>10} {'open [s]':>16}")
    for row in document["open_s"]:
        print_text(f"{row['energy_low_gev']:>10g} {row['open_s']:>16,.1f}")
    print_text(f"\n{'dipole of the reference':<28} {'x (FB)':>9} {'y (EW)':>9} {'z (NS)':>9}")
    for row in document["references"]:
        x, y, z = (row["dipole"][axis] for axis in "xyz")
        print_text(f"{row['frame']:<16} > {row['energy_low_gev']:<8g} {x:>10.5f} {y:>9.5f} {z:>9.5f}")
    print_text(f"\nFiles are in {folder}")


def exposure_merge(
    files: Annotated[list[Path], typer.Argument(help="Files livetime_*.fits of disjoint stretches.")],
    out: Annotated[Path, typer.Option(help="File to make.")],
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Merge files of live time; the same seconds twice are refused."""
    from amsdipole.exposure_report import budget_table, merge_livetimes

    document = merge_livetimes([str(path) for path in files], out, overwrite=overwrite)
    if as_json:
        print_json(document)
    else:
        print_text(budget_table(document))


def efficiency(
    config: ConfigPath,
    step_s: Annotated[float, typer.Option(help="Length of the rows made from element sets [s].")] = 20.0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the live time open to each energy, and what an efficiency by place makes of the exposure."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.efficiency_report import efficiency_document, efficiency_table_text

    with ProgressReport(quiet=quiet) as progress:
        document = efficiency_document(read_config(config), step_s=step_s, progress=progress)
    if as_json:
        print_json(document)
    else:
        print_text(efficiency_table_text(document))


def systematics(
    config: ConfigPath,
    step_s: Annotated[float, typer.Option(help="Length of the rows made from element sets [s].")] = 3.0,
    store: Annotated[
        Path | None, typer.Option(help="Folder in which sums of live time are kept, and read if they are there.")
    ] = None,
    traced: Annotated[Path | None, typer.Option(help="Table of traced cutoffs, as a variation of Størmer's.")] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Folder to make, for the reference maps of each variation and the unmoved one.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how each variation of the exposure alone would shift the dipole of data that the nominal rule selects."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.exposure_systematics import systematics_report

    with ProgressReport(quiet=quiet) as progress:
        document = systematics_report(
            read_config(config),
            step_s=step_s,
            store=store,
            templates=templates,
            traced=None if traced is None else str(traced),
            progress=progress,
        )
    if as_json:
        print_json(document)
        return
    nominal = document["nominal"]
    origin = "stored sums, read" if nominal["stored"] else "sums made"
    print_text(f"nominal: rows of {document['step_s']:g} s, {origin} in {nominal['made_s']:.1f} s")
    print_text(f"{'shift in units of 1e-4':<40} {'EW':>8} {'NS':>8} {'FB':>8} {'delta':>8} {'time [s]':>9}  from")
    for row in document["shifts"]:
        values = [*row["rho"].values(), row["delta"]]
        label = f"> {row['energy_low_gev']:g} GeV, {row['variation']}"
        numbers = " ".join(f"{1e4 * value:>8.2f}" for value in values)
        print_text(f"{label:<40} {numbers} {row['time_s']:>9.2f}  {'a pass' if row['passes'] else 'sums'}")
