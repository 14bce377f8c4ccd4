"""The command line."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from amsdipole.commands import events as event_commands
from amsdipole.errors import AmsDipoleError, ConfigError, DataError, FitError

__all__ = ["app", "main"]

app = typer.Typer(
    name="amsdipole",
    help="Dipole anisotropy of cosmic rays from an orbiting detector: events and orbit in, an upper limit out.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Configurations.", no_args_is_help=True)
app.add_typer(config_app, name="config")

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
ConfigPath = Annotated[Path, typer.Argument(help="Configuration in TOML.", show_default=False)]

EXIT = {ConfigError: 3, DataError: 4, FitError: 5}  # other refusals end with 2, as wrong usage does


def main() -> None:
    """Run the command line; a user's mistake ends with one line and an exit code, never a traceback."""
    try:
        app()
    except AmsDipoleError as error:
        sys.stderr.write(f"amsdipole: {error}\n")
        sys.exit(next((code for kind, code in EXIT.items() if isinstance(error, kind)), 2))
    except KeyboardInterrupt:
        sys.stderr.write("amsdipole: interrupted; nothing was left half-written\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print_json(document: Any) -> None:
    _print(json.dumps(document, indent=2, allow_nan=False))


def _version(asked: bool) -> None:
    if asked:
        from amsdipole import __version__

        _print(f"amsdipole {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass


def _components(text: str) -> tuple[float, float, float]:
    try:
        ew, ns, fb = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: three numbers rho_EW,rho_NS,rho_FB are wanted") from None
    return ew, ns, fb


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Folder for the files that are made.")] = Path("amsdipole-demo"),
    inject: Annotated[
        str, typer.Option(help="Dipole of the simulated flux: rho_EW,rho_NS,rho_FB, as 0.05,0,0.")
    ] = "0,0,0",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 2021,
    quick: Annotated[bool, typer.Option("--quick", help="One year and 20,000 positrons.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier demonstration.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate nine years of positrons on the real ISS orbit, and analyse them."""
    from amsdipole._progress import ProgressReport
    from amsdipole.demo import QUICK, run_demo

    dipole = _components(inject)
    with ProgressReport(quiet=quiet) as progress:
        size = QUICK if quick else None
        result = run_demo(folder, inject=dipole, seed=seed, size=size, overwrite=overwrite, progress=progress)
    document = result.document()
    if as_json:
        _print_json({**document, "injected": dict(zip(("ew", "ns", "fb"), dipole, strict=True)), "seed": seed})
        return
    from amsdipole.report import result_table

    _print(result_table(document))
    _print(f"\nInjected (EW, NS, FB): {', '.join(f'{100 * c:g} %' for c in dipole)}; seed {seed}.")
    _print(f"Files are in {folder}: config.toml, events.parquet, results/")


@app.command()
def run(
    config: ConfigPath,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run an analysis: events and orbit in, maps, dipole, limits and figure out."""
    from amsdipole._progress import ProgressReport
    from amsdipole.analysis import run as run_analysis
    from amsdipole.config import read_config

    chosen = read_config(config)
    if overwrite:
        chosen = chosen.model_copy(update={"output": chosen.output.model_copy(update={"overwrite": True})})
    with ProgressReport(quiet=quiet) as progress:
        document = run_analysis(chosen, progress=progress).document()
    if as_json:
        _print_json(document)
        return
    from amsdipole.report import result_table

    _print(result_table(document))
    _print(f"\nFiles are in {chosen.output.folder}")


@app.command()
def validate(config: ConfigPath, as_json: Json = False) -> None:
    """Check a configuration and the files that it names, without running it."""
    from amsdipole.analysis import check_inputs
    from amsdipole.config import read_config

    found = check_inputs(read_config(config))
    if as_json:
        _print_json({"valid": True, **found})
        return
    _print(f"{config}: valid")
    for name, value in found.items():
        _print(f"  {name.replace('_', ' ')}: {value}")


@app.command()
def fit(
    counts: Annotated[Path, typer.Argument(help="Map of counts (sum of weights), FITS.", show_default=False)],
    reference: Annotated[Path, typer.Argument(help="Map that isotropy would give, FITS.", show_default=False)],
    squared: Annotated[Path | None, typer.Option(help="Map of the sum of squared weights, FITS.")] = None,
    weighting: Annotated[str, typer.Option(help="What weights mean: purity or signal.")] = "purity",
    estimator: Annotated[str, typer.Option(help="likelihood or score.")] = "likelihood",
    confidence: Annotated[float, typer.Option(help="Confidence of the limits.")] = 0.95,
    as_json: Json = False,
) -> None:
    """Fit the dipole of a map of counts against a reference map."""
    from amsdipole.report.fit_report import fit_document, fit_table
    from amsdipole.sky import read_map

    maps = [read_map(path) for path in (counts, reference, squared) if path is not None]
    document = fit_document(*maps, weighting=weighting, estimator=estimator, confidence=confidence)
    if as_json:
        _print_json(document)
    else:
        _print(fit_table(document))


@app.command()
def limit(
    n_eff: Annotated[float, typer.Option("--n-eff", help="Effective number of events.")],
    delta_m: Annotated[float, typer.Option("--delta-m", help="Measured amplitude (0.01 is 1 %).")],
    confidence: Annotated[float, typer.Option(help="Confidence of the limits.")] = 0.95,
    as_json: Json = False,
) -> None:
    """Give upper limits on the amplitude by every method, each under its name."""
    from amsdipole.report.fit_report import limit_document
    from amsdipole.report.text import limit_table

    document = limit_document(n_eff, delta_m, confidence=confidence)
    if as_json:
        _print_json(document)
    else:
        _print(limit_table(document))


@config_app.command("schema")
def schema() -> None:
    """Print the JSON schema of a configuration."""
    from amsdipole.config import Config

    _print_json(Config.model_json_schema())


event_commands.register(app)


if __name__ == "__main__":
    main()
