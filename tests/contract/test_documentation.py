"""The documentation builds without a warning, and what it shows runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from amsdipole.config import config_from

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == kind]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_python_of_a_page_runs_from_top_to_bottom(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": page.stem}
    for text in blocks(page, "python"):
        exec(compile(text, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_configurations_of_a_page_are_valid(page: Path, tmp_path: Path) -> None:
    import tomllib

    for text in blocks(page, "toml"):
        document = tomllib.loads(text)
        if {"name", "events", "output"} <= set(document):
            _ = config_from(document, folder=tmp_path, source=page.name)


@pytest.mark.parametrize("name", ["tutorial", "your_detector", "models"])
def test_commands_of_a_page_run_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    lines = [line for text in blocks(ROOT / "docs" / f"{name}.md", "console") for line in text.splitlines()]
    for line in lines:
        assert line.startswith("$ ")
        words = shlex.split(line[2:])
        if words[0] == "mkdir":
            (tmp_path / words[1]).mkdir()
            continue
        assert words[0] == "amsdipole"
        more = ["--overwrite"] if words[1] == "run" else []
        done = subprocess.run(
            [sys.executable, "-m", "amsdipole", *words[1:], *more], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, (line, done.stderr.decode())


def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(ROOT / "docs"), str(tmp_path / "html")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    outside = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://")
    for page in (tmp_path / "html").glob("*.html"):
        assert not outside.search(page.read_text(encoding="utf-8")), page
