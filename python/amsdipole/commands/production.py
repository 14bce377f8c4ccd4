"""Commands of production on many machines: plan, work, status, merge, submit."""

import re
import signal
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from amsdipole.commands._shared import ConfigPath, Json, Overwrite, Quiet, print_json, print_text
from amsdipole.errors import DataError

__all__ = ["register"]

SET_ASIDE, INPUT_OUTPUT = 6, 7  # exit codes: shards that will fail again, shards that may not

EngineName = Literal["threads", "processes", "dask", "mpi"]
PlanPath = Annotated[Path, typer.Argument(help="Plan that `amsdipole plan` made.", show_default=False)]
Folder = Annotated[
    Path | None, typer.Option(help="Where results of shards are; beside the plan if not given.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (plan, work, status, merge, submit):
        _ = app.command()(command)


def plan(
    config: ConfigPath,
    plan: Annotated[Path, typer.Argument(help="File to write.")] = Path("plan.json"),
    events_per_shard: Annotated[
        int | None, typer.Option(min=1, help="Most events of a shard; some minutes of a core if not given.")
    ] = None,
    seconds_per_shard: Annotated[
        int | None,
        typer.Option(min=1, help="Most rows of the seconds of a shard; some minutes of a core if not given."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Divide an analysis into shards that any machines can work on; only footers of files are read."""
    from amsdipole.config import read_config
    from amsdipole.producing import EVENTS_PER_SHARD, SECONDS_PER_SHARD, make_plan
    from amsdipole.production import write_plan

    made = make_plan(
        read_config(config),
        events_per_shard=events_per_shard or EVENTS_PER_SHARD,
        seconds_per_shard=seconds_per_shard or SECONDS_PER_SHARD,
    )
    write_plan(plan, made, overwrite=overwrite)
    kinds = {kind: [s for s in made.shards if s.kind == kind] for kind in ("events", "seconds")}
    document = {
        "plan": str(plan),
        "identity": made.identity,
        "n_shard": len(made.shards),
        "shards": {kind: len(found) for kind, found in kinds.items()},
        "rows": {kind: sum(s.n_row for s in found) for kind, found in kinds.items()},
    }
    if as_json:
        print_json(document)
        return
    print_text(f"{plan}: {len(made.shards)} shards, identity {made.identity[:16]}...")
    for kind, found in kinds.items():
        print_text(f"  {kind}: {sum(s.n_row for s in found):,} rows in {len(found)} shards")
    print_text(f"Next: amsdipole work {plan}    (or --shard 0/{len(made.shards)} and so on, on any machine)")


def work(
    plan: PlanPath,
    shard: Annotated[
        str | None, typer.Option(help="One shard, as i/N with i from 0; all that are not done if not given.")
    ] = None,
    folder: Folder = None,
    engine: Annotated[
        EngineName, typer.Option(help="What shards are worked on by; one worker of processes is this process.")
    ] = "processes",
    workers: Annotated[
        int, typer.Option(min=1, max=1024, help="Shards that are worked on at a time; MPI has its ranks.")
    ] = 1,
    threads: Annotated[
        int | None,
        typer.Option(
            min=0, max=1024, help="Threads of each worker, 0 for one a core; the configuration's if not given."
        ),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a scheduler of dask; a cluster on this machine if not given.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Do shards of a plan: each leaves one whole result file, and one that is done is not done again."""
    from functools import partial

    from amsdipole._progress import ProgressReport
    from amsdipole.producing import note_failure, work_file
    from amsdipole.production import open_engine, read_plan, run_shards, shard_states

    if scheduler is not None and engine != "dask":
        raise typer.BadParameter(f"--scheduler is dask's; the engine is {engine}")
    _ = signal.signal(signal.SIGTERM, _terminated)
    chosen, target = read_plan(plan), _folder(plan, folder)
    here = engine == "processes" and workers == 1
    with nullcontext() if here else open_engine(engine, workers=workers, scheduler=scheduler) as opened:
        if opened is None and not here:
            return  # a rank of MPI that served the first
        if shard is None:
            indices = [found.index for found in shard_states(chosen, target) if found.state != "done"]
        else:
            indices = [_index(shard, len(chosen.shards))]
        # Another process or machine may work in another folder.
        task = partial(work_file, str(plan.resolve()), str(target.resolve()), threads)
        with ProgressReport(quiet=quiet) as progress:
            failures = run_shards(
                task, indices, engine=opened, done=lambda done: progress("shards", done, len(indices))
            )
    for failure in failures:
        # A folder that takes no results takes no notes either; the reason is printed below.
        with suppress(OSError, DataError):
            note_failure(target, failure)
    if as_json:
        print_json(
            {
                "done": len(indices) - len(failures),
                "failed": [{"shard": f.index, "kind": f.kind, "reason": f.reason} for f in failures],
            }
        )
    else:
        print_text(f"{len(indices) - len(failures)} shards done, {len(failures)} set aside; results are in {target}")
        for failure in failures:
            print_text(f"  shard {failure.index} ({failure.kind}): {failure.reason}")
    if failures:
        raise typer.Exit(INPUT_OUTPUT if all(f.kind == "input/output" for f in failures) else SET_ASIDE)


def status(plan: PlanPath, folder: Folder = None, as_json: Json = False) -> None:
    """Say which shards are done, missing, failed, damaged or of another plan."""
    from amsdipole.production import read_plan, shard_states

    chosen, target = read_plan(plan), _folder(plan, folder)
    states = shard_states(chosen, target)
    count = {name: sum(s.state == name for s in states) for name in ("done", "missing", "failed", "damaged", "foreign")}
    wrong = [s for s in states if s.reason]
    if as_json:
        listed: list[dict[str, Any]] = [{"shard": s.index, "state": s.state, "reason": s.reason} for s in states]
        print_json({"identity": chosen.identity, "count": count, "shards": listed})
        return
    print_text(f"{plan}: " + ", ".join(f"{n} {name}" for name, n in count.items()) + f" of {len(states)} shards")
    for found in wrong:
        print_text(f"  shard {found.index} is {found.state}: {found.reason}")


def merge(
    plan: PlanPath,
    folder: Folder = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave out shards that are not done; the result says which.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put the results of all shards together and finish the analysis, to the same bits as `amsdipole run`."""
    from amsdipole._progress import ProgressReport
    from amsdipole.merging import merge_shards
    from amsdipole.production import read_plan
    from amsdipole.report import result_table

    chosen = read_plan(plan)
    with ProgressReport(quiet=quiet) as progress:
        document = merge_shards(
            chosen, _folder(plan, folder), allow_missing=allow_missing, overwrite=overwrite, progress=progress
        ).document()
    if as_json:
        print_json(document)
        return
    print_text(result_table(document))
    print_text(f"\nFiles are in {chosen.config['output']['folder']}")


def submit(
    plan: PlanPath,
    slurm: Annotated[bool, typer.Option("--slurm", help="Print a script for sbatch.")] = False,
    htcondor: Annotated[bool, typer.Option("--htcondor", help="Print a description for condor_submit.")] = False,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Print an array job that does a plan on a batch farm, one shard a task, for a site to edit."""
    from amsdipole.production import htcondor_job, read_plan, slurm_job

    if slurm == htcondor:
        raise typer.BadParameter("one of --slurm and --htcondor is wanted")
    n_shard, target = len(read_plan(plan).shards), _folder(plan, folder)
    made = (slurm_job if slurm else htcondor_job)(str(plan.resolve()), str(target.resolve()), n_shard)
    if as_json:
        print_json({"system": "slurm" if slurm else "htcondor", "n_task": n_shard, "job": made})
    else:
        print_text(made.rstrip("\n"))


def _folder(plan: Path, folder: Path | None) -> Path:
    return plan.with_name(f"{plan.stem}-shards") if folder is None else folder


def _index(text: str, n_shard: int) -> int:
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if found is None:
        raise typer.BadParameter(f"--shard {text!r}: i/N is wanted, as 0/{n_shard}")
    index, n = int(found[1]), int(found[2])
    if n != n_shard:
        raise typer.BadParameter(f"--shard {text!r}: the plan has {n_shard} shards, not {n}")
    if index >= n:
        raise typer.BadParameter(f"--shard {text!r}: i is from 0 to {n - 1}")
    return index


def _terminated(_signal: int, _frame: object) -> None:
    """Unwind, so that temporary files go."""
    raise SystemExit(143)
