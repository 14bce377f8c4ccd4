"""Look at a wheel, and use it where there is nothing but Python.

    python tools/check_wheel.py dist [--python python3 --python python3.13] [--root bookworm --root trixie]

Prints its size, what systems it is for, whether it keeps to the stable ABI, and what it says of its parts. Then a new
environment is made by each Python, with no compiler on the path, and `amsdipole selftest` and `amsdipole demo --quick`
run from the wheel. With --root the same is done where there is no other file of this machine: in a root of that suite
of Debian (tools/clean_root.py). The exit code counts the failures.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from clean_root import COMPILERS, clean_root, inside, missing_programs

MOST_BYTES = 5_000_000
TAG = "manylinux_2_17_x86_64"  # also known as manylinux2014
_failures: list[str] = []


def say(what: str, asked: str, got: str, good: bool) -> None:
    """Print one result."""
    print(f"{'ok  ' if good else 'FAIL'} {what}: asked {asked}, got {got}", flush=True)
    if not good:
        _failures.append(what)


def newest(folder: Path) -> Path:
    """Find the wheel that was built last."""
    wheels = sorted(folder.glob("amsdipole-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        raise SystemExit(f"{folder}: there is no wheel; `make wheel` builds one")
    return wheels[-1]


def tool(*words: object) -> str:
    """Run a tool of this environment, and give what it says."""
    command = [str(Path(sys.executable).with_name(str(words[0]))), *map(str, words[1:])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def look(wheel: Path) -> None:
    """Check what is in the wheel."""
    size = wheel.stat().st_size
    say("size", f"below {MOST_BYTES:,} bytes", f"{size:,}", size < MOST_BYTES)
    said = tool("auditwheel", "show", wheel)
    print("     auditwheel: " + " ".join(said.split()), flush=True)
    say("platform, by auditwheel", TAG, TAG if f'"{TAG}"' in said else "another", f'"{TAG}"' in said)
    report = tool("abi3audit", "--strict", "--report", wheel)
    results = [item["result"] for spec in json.loads(report)["specs"].values() for item in spec["wheel"]]
    good = len(results) == 1 and all(r["is_abi3"] and r["is_abi3_baseline_compatible"] for r in results)
    say("stable ABI, by abi3audit", "3.11", ", ".join(f"computed {r['computed']}" for r in results), good)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        boms = [name for name in names if "/sboms/" in name]
        parts = [part["name"] for name in boms for part in json.loads(archive.read(name)).get("components", [])]
        say(
            "bill of materials",
            "the crates",
            f"{len(parts)} in {', '.join(boms)}",
            "pyo3" in parts and "rayon" in parts,
        )
        licences = sorted(name.split("/licenses/")[1] for name in names if "/licenses/" in name)
        say("licence and notices", "3 files", ", ".join(licences), len(licences) == 3)


def use(wheel: Path, python: str, extras: str) -> None:
    """Install the wheel into a new environment without a compiler, and run it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        clean = {"PATH": f"{folder}/venv/bin", "HOME": name, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        for program in COMPILERS:
            if shutil.which(program, path=clean["PATH"]):
                raise SystemExit(f"{program} is on the path; the environment is not clean")

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            command = [f"{folder}/venv/bin/{words[0]}", *words[1:]]
            return subprocess.run(command, env=clean, cwd=folder, capture_output=True, text=True, check=False)

        tried(run, f"{wheel}{extras}", run("python", "--version").stdout.strip())


def use_in_root(wheel: Path, suite: str, extras: str) -> None:
    """Install the wheel where there is nothing but Python, and run it."""
    if missing := missing_programs():
        say(f"a root of {suite}", "mmdebstrap, apt, unshare, root", f"{', '.join(missing)} missing", good=False)
        return
    with clean_root(suite) as root:
        shutil.copy(wheel, root / "root")
        done = inside(root, "/usr/bin/python3", "-m", "venv", "/venv")
        if done.returncode:
            say(f"{suite}, an environment", "it is made", done.stderr[-300:], good=False)
            return

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return inside(root, f"/venv/bin/{words[0]}", *words[1:])

        about = "import platform as p; print('Python', p.python_version() + ',', *p.libc_ver())"
        size = sum(file.lstat().st_size for file in (root / "usr").rglob("*"))
        version = f"root of {suite}, {run('python', '-c', about).stdout.strip()}"
        print(f"     {version}: {size / 1e6:.0f} MB in /usr, without {', '.join(COMPILERS)}", flush=True)
        tried(run, f"/root/{wheel.name}{extras}", version)


def tried(run: Callable[..., subprocess.CompletedProcess[str]], wanted: str, version: str) -> None:
    """Install by pip, and run what a new user would."""
    pip = ("python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:")
    everything = f"{wanted.partition('[')[0]}[all]"
    done = run(*pip, "--dry-run", "--report", "-", everything)
    got = done.stderr.strip()[-500:] if done.returncode else f"{len(json.loads(done.stdout)['install'])} packages"
    say(f"{version}, pip install {Path(everything).name}", "it resolves", got, done.returncode == 0)
    start = time.perf_counter()
    done = run(*pip, wanted)
    n = len(json.loads(run("python", "-m", "pip", "list", "--format", "json").stdout or "[]"))
    got = f"{n} packages in {time.perf_counter() - start:.0f} s"
    got = got if not done.returncode else done.stderr.strip()[-500:]
    say(f"{version}, pip install {Path(wanted).name}", "it installs", got, done.returncode == 0)
    if done.returncode:
        return
    for words in (("selftest",), ("demo", "--quick", "--quiet")):
        start = time.perf_counter()
        done = run("amsdipole", *words)
        last = (done.stdout.strip().splitlines() or [""])[-1]
        got = f"exit code {done.returncode} in {time.perf_counter() - start:.0f} s: {last or done.stderr[-300:]}"
        say(f"{version}, amsdipole {' '.join(words)}", "exit code 0", got, done.returncode == 0)


def main() -> int:
    """Check the newest wheel of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", action="append", help="Python of the new environments; several may be named")
    parser.add_argument("--root", action="append", help="suite of Debian to make a root of; several may be named")
    parser.add_argument("--extras", default="", help="as [all]")
    options = parser.parse_args()
    wheel = newest(options.folder).resolve()
    print(wheel.name)
    look(wheel)
    for python in options.python or ([] if options.root else ["python3"]):
        use(wheel, python, options.extras)
    for suite in options.root or []:
        use_in_root(wheel, suite, options.extras)
    print(f"{len(_failures)} failed")
    return len(_failures)


if __name__ == "__main__":
    sys.exit(main())
