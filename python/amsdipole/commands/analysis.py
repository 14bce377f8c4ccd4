"""Commands of a whole analysis: demo, run, validate, selftest, config schema."""

from pathlib import Path
from typing import Annotated

import typer

from amsdipole.commands._shared import ConfigPath, Json, Overwrite, Quiet, components, print_json, print_text

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (demo, init, run, validate, selftest):
        _ = app.command()(command)
    config = typer.Typer(help="Configurations.", no_args_is_help=True)
    _ = config.command()(schema)
    app.add_typer(config, name="config")


def demo(
    folder: Annotated[Path, typer.Option(help="Folder for the files that are made.")] = Path("amsdipole-demo"),
    inject: Annotated[
        str, typer.Option(help="Dipole of electrons and positrons: rho_EW,rho_NS,rho_FB, as 0.05,0,0.")
    ] = "0,0,0",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 2021,
    quick: Annotated[
        bool, typer.Option("--quick", help="One year, 100,000 electrons and 20,000 positrons: less than a minute.")
    ] = False,
    studies: Annotated[
        bool, typer.Option(help="Make systematics, null tests, models and the report, not the two results alone.")
    ] = True,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate nine years of electrons and positrons on the real ISS orbit, analyse them, and report."""
    from amsdipole._progress import ProgressReport
    from amsdipole.demo import QUICK, run_demo

    dipole = components(inject)
    with ProgressReport(quiet=quiet) as progress:
        found = run_demo(
            folder,
            inject=dipole,
            seed=seed,
            size=QUICK if quick else None,
            studies=studies,
            overwrite=overwrite,
            progress=progress,
        )
    documents = {name: result.document() for name, result in found.items()}
    if as_json:
        injected = dict(zip(("ew", "ns", "fb"), dipole, strict=True))
        print_json({"results": documents, "injected": injected, "seed": seed})
        return
    from amsdipole.report import result_table
    from amsdipole.report.summary import summary_text

    for document in documents.values():
        print_text(result_table(document) + "\n")
    print_text(summary_text(list(documents.values())))
    print_text(f"\nInjected (EW, NS, FB): {', '.join(f'{100 * c:g} %' for c in dipole)}; seed {seed}.")
    print_text(f"Files are in {folder}: " + ("read report.html first." if studies else "electrons/ and positrons/."))


def init(
    config: Annotated[Path, typer.Argument(help="File to write.")] = Path("config.toml"),
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write a commented configuration to start from, with every key and its default."""
    from amsdipole._files import replacing
    from amsdipole.config.template import config_template
    from amsdipole.errors import DataError

    if config.exists() and not overwrite:
        raise DataError(f"{config}: it exists already; choose another, or allow overwrite")
    with replacing(config, overwrite=overwrite) as temporary:
        _ = Path(temporary).write_text(config_template(), encoding="utf-8")
    if as_json:
        print_json({"path": str(config)})
    else:
        print_text(f"{config}: name your events in [events], then check it by: amsdipole validate {config}")


def run(
    config: ConfigPath,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run an analysis: events and orbit in, maps, dipole, limits and figure out; one that was killed goes on.

    What is done of a long run is kept beside the output until all is done.
    """
    from amsdipole._progress import ProgressReport
    from amsdipole.config import read_config
    from amsdipole.resuming import run_resumed

    chosen = read_config(config)
    if overwrite:
        chosen = chosen.model_copy(update={"output": chosen.output.model_copy(update={"overwrite": True})})
    with ProgressReport(quiet=quiet) as progress:
        document = run_resumed(chosen, progress=progress).document()
    if as_json:
        print_json(document)
        return
    from amsdipole.report import result_table

    print_text(result_table(document))
    print_text(f"\nFiles are in {chosen.output.folder}")


def validate(config: ConfigPath, as_json: Json = False) -> None:
    """Check a configuration and the files that it names, without running it."""
    from amsdipole.analysis import check_inputs
    from amsdipole.config import read_config

    found = check_inputs(read_config(config))
    if as_json:
        print_json({"valid": True, **found})
        return
    print_text(f"{config}: valid")
    for name, value in found.items():
        print_text(f"  {name.replace('_', ' ')}: {value}")


def selftest(as_json: Json = False) -> None:
    """Check in some seconds whether what is installed works here: known numbers, exact sums, files; no network."""
    from dataclasses import asdict

    from amsdipole.selftest import selftest as checks

    found = []
    for check in checks():
        found.append(check)
        if not as_json:
            print_text(f"{'ok  ' if check.good else 'FAIL'} {check.name}: asked {check.asked}, got {check.got}")
    bad = sum(not check.good for check in found)
    if as_json:
        print_json({"good": not bad, "checks": [asdict(check) for check in found]})
    else:
        print_text("all is well" if not bad else f"{bad} of {len(found)} checks failed: do not trust this installation")
    if bad:
        raise typer.Exit(1)


def schema(as_json: Json = False) -> None:
    """Print the JSON schema of a configuration; it is JSON with --json and without."""
    from amsdipole.config import Config

    print_json(Config.model_json_schema())
