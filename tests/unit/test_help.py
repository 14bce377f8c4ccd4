"""What the command line teaches of itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from amsdipole.cli import app


def every(command: typer.core.TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Give all commands with their names."""
    for name, found in command.commands.items():
        if hasattr(found, "commands"):
            yield from every(found, (*path, name))
        else:
            yield (*path, name), found


COMMANDS = dict(every(get_command(app)))  # type: ignore[arg-type]  # typed as any command; ours is a group


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_a_command_says_what_it_does_and_what_each_option_means(name: tuple[str, ...]) -> None:
    command = COMMANDS[name]
    assert command.help
    assert "--json" in {option for p in command.params for option in p.opts}
    unsaid = [p.name for p in command.params if p.name != "help" and not getattr(p, "help", None)]
    assert unsaid == []


@pytest.mark.parametrize("words", [["-m", "amsdipole", "--help"], ["-m", "amsdipole", "config", "--help"]])
def test_the_help_is_printed_by_the_module(words: list[str]) -> None:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    if len(words) == 3:
        assert "amsdipole init" in done.stdout
        assert "Exit codes" in done.stdout
        assert "--install-completion" in done.stdout


def test_init_tells_its_file_in_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "amsdipole", "init", str(tmp_path / "c.toml"), "--json"]
    assert json.loads(subprocess.run(command, capture_output=True, check=True).stdout) == {
        "path": str(tmp_path / "c.toml")
    }
