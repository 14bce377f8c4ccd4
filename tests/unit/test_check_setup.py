import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELL_TOOLS = ("sh", "sed", "awk", "mktemp", "dirname", "rm")
GOOD = {"python3": "3.11.7", "cargo": "cargo 1.88.0 (x 2026-01-01)", "rustc": "rustc 1.88.0 (x 2026-01-01)", "cc": ""}


def check(folder: Path, **answers: str | None) -> subprocess.CompletedProcess[str]:
    """Run the check where each tool is a script that prints an answer, and is absent where that is None."""
    for name in SHELL_TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    for name, answer in {**GOOD, **answers}.items():
        if answer is not None:
            (folder / name).write_text(f"#!{folder}/sh\necho '{answer}'\n")
            (folder / name).chmod(0o755)
    command = [str(folder / "sh"), str(ROOT / "tools" / "check_setup.sh")]
    return subprocess.run(command, env={"PATH": os.fspath(folder)}, capture_output=True, text=True, check=False)


def test_what_is_new_enough_passes_in_silence(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("version", ["3.11.0", "3.12.1", "3.20.0", "4.0.0"])
def test_newer_pythons_pass(tmp_path: Path, version: str) -> None:
    assert check(tmp_path, python3=version).returncode == 0


@pytest.mark.parametrize(
    ("tool", "answer", "named", "cure"),
    [
        ("python3", None, "python3 is missing", "apt-get install python3"),
        ("python3", "3.9.18", "Python 3.9.18, which is too old; 3.11 or newer", "make PYTHON="),
        ("python3", "3.11.7 no-venv", "venv and ensurepip are missing", "apt-get install python3-venv"),
        ("python3", "3.14.0 free-threaded", "free-threaded", "make PYTHON="),
        ("cargo", None, "cargo is missing", "https://rustup.rs"),
        ("cargo", "cargo 1.75.0 (x 2023-12-01)", "cargo is version 1.75.0, which is too old; 1.88", "rustup update"),
        ("cargo", "error: no default toolchain", "cargo is missing or does not start", "rustup default stable"),
        ("rustc", "rustc 1.87.0", "rustc is version 1.87.0", "rustup update"),
        ("cc", None, "the C compiler 'cc'", "build-essential"),
    ],
)
def test_what_is_missing_or_too_old_is_named_with_its_cure(
    tmp_path: Path, tool: str, answer: str | None, named: str, cure: str
) -> None:
    result = check(tmp_path, **{tool: answer})
    assert result.returncode == 1
    assert result.stderr.count("amsdipole cannot be built:") == 1
    assert named in result.stderr
    assert cure in result.stderr


def test_a_compiler_that_cannot_link_is_named_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "cc").write_text(f"#!{tmp_path}/sh\necho 'ld: cannot find crt1.o' >&2\nexit 1\n")
    (tmp_path / "cc").chmod(0o755)
    result = check(tmp_path, cc=None)
    assert result.returncode == 1
    assert "cannot find crt1.o" in result.stderr


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    result = check(tmp_path, python3=None, cargo=None, rustc=None, cc=None)
    assert result.stderr.count("amsdipole cannot be built:") == 4
    assert "Traceback" not in result.stderr
    assert "not found" not in result.stderr.replace("cc: not found", "")
