"""The command line."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from amsdipole.commands import analysis, cutoff, events, exposure, fits, models, production, report, statistics
from amsdipole.commands._shared import print_text
from amsdipole.errors import AmsDipoleError, ConfigError, DataError, FitError

__all__ = ["app", "main"]


class _Stopped(BaseException):
    """Ctrl-C, under a name that typer does not end the process by without a word."""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> object:
        """Run the command that was chosen."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _Stopped from None


app = typer.Typer(
    name="amsdipole",
    cls=_Commands,
    help=(
        "Dipole anisotropy of cosmic rays from an orbiting detector: events and orbit in, an upper limit out.\n\n"
        "Begin with `amsdipole demo --quick`, which leaves a report to read, or with `amsdipole init`, which writes a "
        "configuration for your own events; then `validate`, `run` and `report`."
    ),
    epilog=(
        "Exit codes: 0 done, 2 wrong usage or a value out of range, 3 configuration, 4 data, 5 a fit without answer, "
        "6 shards were set aside, 7 shards whose files could not be read or written, 130 interrupted. "
        "Every command has --help and --json; --install-completion completes commands in your shell."
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for topic in (analysis, cutoff, events, exposure, fits, models, production, report, statistics):
    topic.register(app)

EXIT = {ConfigError: 3, DataError: 4, FitError: 5}  # other refusals end with 2, as wrong usage does


def main() -> None:
    """Run the command line; a user's mistake ends with one line and an exit code, never a traceback."""
    try:
        app()
    except AmsDipoleError as error:
        sys.stderr.write(f"amsdipole: {error}\n")
        sys.exit(next((code for kind, code in EXIT.items() if isinstance(error, kind)), 2))
    except (_Stopped, KeyboardInterrupt):
        sys.stderr.write("amsdipole: stopped by Ctrl-C; nothing was left half-written\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _version(asked: bool) -> None:
    if asked:
        from amsdipole import __version__

        print_text(f"amsdipole {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
