"""Commands that turn events into weights and maps."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["register"]

ConfigPath = Annotated[Path, typer.Argument(help="Configuration in TOML.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier files.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(count)
    app.command()(templates)
    app.command()(simulate)


def count(
    config: ConfigPath,
    folder: Annotated[Path, typer.Argument(help="Folder to make for the maps.", show_default=False)],
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count events into maps: sums of weights and of squared weights for each range, and the cut flow."""
    from amsdipole._progress import ProgressReport
    from amsdipole.analysis import counted, instrument
    from amsdipole.config import read_config
    from amsdipole.report.counts_report import cut_flow_table, write_counts
    from amsdipole.report.result import check_output
    from amsdipole.threads import set_threads

    chosen = read_config(config)
    set_threads(chosen.threads)
    check_output(str(folder), overwrite=overwrite)
    with ProgressReport(quiet=quiet) as progress:
        maps = counted(chosen, instrument(chosen), progress=progress)
    document = write_counts(folder, maps, chosen, overwrite=overwrite)
    _out(document if as_json else cut_flow_table(document) + f"\n\nFiles are in {folder}")


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
    from amsdipole.analysis import instrument
    from amsdipole.config import read_config
    from amsdipole.report.result import check_output
    from amsdipole.report.template_report import template_table, write_templates
    from amsdipole.threads import set_threads
    from amsdipole.weighting import make_weights

    chosen = read_config(config)
    set_threads(chosen.threads)
    check_output(str(folder), overwrite=overwrite)
    with ProgressReport(quiet=quiet) as progress:
        tables = make_weights(chosen, instrument(chosen), progress=progress)
        document = write_templates(folder, tables, figures=figures, overwrite=overwrite, progress=progress)
    _out(document if as_json else template_table(document) + f"\n\nFiles are in {folder}")


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
    import numpy as np

    from amsdipole._progress import ProgressReport
    from amsdipole.analysis import instrument
    from amsdipole.config import read_config
    from amsdipole.simulation import ELECTRON, POSITRON, PROTON, simulate_candidates

    chosen = read_config(config)
    share = {POSITRON: 1.0 - proton_share - electron_share, PROTON: proton_share, ELECTRON: electron_share}
    rho = {kind: np.array(_dipole(inject if kind is POSITRON else inject_background)) for kind in share}
    with ProgressReport(quiet=quiet) as progress:
        written = simulate_candidates(
            path,
            instrument(chosen),
            share=share,
            rho=rho,
            n_event=events,
            rng=np.random.default_rng(seed),
            overwrite=overwrite,
            progress=lambda done: progress("simulation", done, round(events)),
        )
    _out({"path": str(path), "events": written, "seed": seed} if as_json else f"{path}: {written:,} events")


def _dipole(text: str) -> tuple[float, float, float]:
    """Read components in galactic axes (FB, EW, NS) from the published order."""
    try:
        ew, ns, fb = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: three numbers rho_EW,rho_NS,rho_FB are wanted") from None
    return fb, ew, ns


def _out(content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content, indent=2, allow_nan=False)
    sys.stdout.write(text + "\n")
