"""Commands that turn events into weights and maps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amsdipole.commands._shared import ConfigPath, Json, Overwrite, Quiet, components, print_json, print_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (count, templates, simulate):
        _ = app.command()(command)


def count(
    config: ConfigPath,
    folder: Annotated[Path, typer.Argument(help="Folder to make for the maps.", show_default=False)],
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count events into maps: sums of weights and of squared weights for each range, and the cut flow."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.instrument import instrument
    from amsdipole.report.counts_report import cut_flow_table, write_counts
    from amsdipole.report.folder import check_output
    from amsdipole.threads import set_threads
    from amsdipole.weighting import weighted_maps

    chosen = read_config(config)
    set_threads(chosen.threads)
    check_output(str(folder), overwrite=overwrite)
    with ProgressReport(quiet=quiet) as progress:
        maps = weighted_maps(chosen, instrument(chosen), progress=progress).signal
    document = write_counts(folder, maps, chosen, overwrite=overwrite)
    if as_json:
        print_json(document)
    else:
        print_text(cut_flow_table(document) + f"\n\nFiles are in {folder}")


def templates(
    config: ConfigPath,
    folder: Annotated[Path, typer.Argument(help="Folder to make for weights and figures.", show_default=False)],
    figures: Annotated[bool, typer.Option(help="Draw every fit.")] = True,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit templates in each energy bin and region; write purities, sWeights and a figure of every fit."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.instrument import instrument
    from amsdipole.report.folder import check_output
    from amsdipole.report.template_report import template_table, write_templates
    from amsdipole.threads import set_threads
    from amsdipole.weighting import make_weights

    chosen = read_config(config)
    set_threads(chosen.threads)
    check_output(str(folder), overwrite=overwrite)
    with ProgressReport(quiet=quiet) as progress:
        tables = make_weights(chosen, instrument(chosen), progress=progress)
        document = write_templates(folder, tables, figures=figures, overwrite=overwrite, progress=progress)
    if as_json:
        print_json(document)
    else:
        print_text(template_table(document) + f"\n\nFiles are in {folder}")


def simulate(
    config: ConfigPath,
    path: Annotated[Path, typer.Argument(help="Parquet file to make.", show_default=False)],
    events: Annotated[float, typer.Option(help="Expected number of events, as 1e6.")] = 1e6,
    proton_share: Annotated[float, typer.Option(help="Share of protons.")] = 0.2,
    electron_share: Annotated[float, typer.Option(help="Share of electrons.")] = 0.0,
    inject: Annotated[str, typer.Option(help="Dipole of the positrons: rho_EW,rho_NS,rho_FB.")] = "0,0,0",
    inject_background: Annotated[str, typer.Option(help="Dipole of protons and electrons.")] = "0,0,0",
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 2021,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate positrons, protons and electrons with their responses, streamed to a Parquet file in time order."""
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.instrument import instrument
    from amsdipole.simulate import ELECTRON, POSITRON, PROTON, simulate_candidates

    chosen = read_config(config)
    share = {POSITRON: 1.0 - proton_share - electron_share, PROTON: proton_share, ELECTRON: electron_share}
    rho = {kind: _dipole(inject if kind is POSITRON else inject_background) for kind in share}
    with ProgressReport(quiet=quiet) as progress:
        written = simulate_candidates(
            path,
            instrument(chosen),
            share=share,
            rho=rho,
            n_event=events,
            seed=seed,
            overwrite=overwrite,
            progress=lambda done, total: progress("simulation", done, total),
        )
    if as_json:
        print_json({"path": str(path), "events": written, "seed": seed})
    else:
        print_text(f"{path}: {written:,} events")


def _dipole(text: str) -> "NDArray[np.float64]":
    """Read components in galactic axes (FB, EW, NS) from the published order."""
    import numpy as np

    ew, ns, fb = components(text)
    return np.array([fb, ew, ns])
