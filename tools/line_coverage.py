"""Run the tests and say which lines of the package and of the core crate they never reach.

    python tools/line_coverage.py rust
    python tools/line_coverage.py python [--part unit|other|report]

`rust` counts the lines of rust/core by its own tests alone (those of `cargo test`; what the Python tests reach through
the compiled module does not count), the test code itself left out. It wants `rustup component add llvm-tools`.

`python` counts python/amsdipole by all tests and doctests, the processes that they start included. The parts can be run
at different times; `report` puts them together. Lines that are not reached are listed, and the exit code is 1
at 95 % or less.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "coverage"
WANTED = 95.0
PARTS = {
    "unit": ["tests/unit"],
    "other": ["tests/contract", "tests/parity", "tests/physics", "tests/real", "python/amsdipole"],
}


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=["rust", "python"])
    parser.add_argument("--part", choices=[*PARTS, "report"], help="only this part of the Python tests, or the report")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    return rust() if options.language == "rust" else python(options.part)


def python(part: str | None) -> int:
    """Run the tests of the package, in parts, and report."""
    coverage = [sys.executable, "-m", "coverage"]
    for name, tests in PARTS.items():
        if part in (None, name):
            for old in BUILD.glob(f"python-{name}*"):
                old.unlink()
            data = {"COVERAGE_FILE": str(BUILD / f"python-{name}")}
            _ = _run([*coverage, "run", "-m", "pytest", "-q", *tests], data)
    if part in PARTS:
        return 0
    together = os.environ | {"COVERAGE_FILE": str(BUILD / "together")}
    _ = _run([*coverage, "combine", "--keep", "--quiet", *map(str, BUILD.glob("python-*"))], together)
    report = [*coverage, "report", f"--fail-under={WANTED}", "--precision=2"]
    return subprocess.run(report, cwd=ROOT, env=together, check=False).returncode


def rust() -> int:
    """Run the tests of the core crate with counters and report."""
    tools = {name: _llvm(name) for name in ("llvm-profdata", "llvm-cov")}
    for old in BUILD.glob("*.profraw"):
        old.unlink()
    counters = {
        "RUSTFLAGS": "-C instrument-coverage",
        "CARGO_TARGET_DIR": str(ROOT / "target" / "coverage"),
        "LLVM_PROFILE_FILE": str(BUILD / "rust-%p-%m.profraw"),
    }
    test = ["cargo", "test", "--locked", "--profile", "probe", "--package", "amsdipole-core", "--lib"]
    built = _run([*test, "--no-run"], counters, capture=True)
    program = re.search(r"\((\S*deps/amsdipole_core-\w+)\)", built)
    if program is None:
        raise SystemExit(f"cargo did not say what it built:\n{built}")
    _ = _run(test, counters)
    profile = str(BUILD / "rust.profdata")
    raw = [str(path) for path in BUILD.glob("rust-*.profraw")]
    _ = _run([tools["llvm-profdata"], "merge", "--sparse", *raw, "--output", profile])
    export = [tools["llvm-cov"], "export", "--format=lcov", f"--instr-profile={profile}", str(ROOT / program[1])]
    lcov = _run(export, capture=True)
    return _report(_counted(lcov))


def _counted(lcov: str) -> dict[str, dict[int, int]]:
    """Counts by file of the core crate and line, without the lines of tests."""
    source = ROOT / "rust" / "core" / "src"
    counts: dict[str, dict[int, int]] = {}
    for record in lcov.split("end_of_record"):
        name = re.search(r"^SF:(.*)$", record, re.MULTILINE)
        path = Path(name[1]) if name else ROOT
        if not path.is_relative_to(source) or path.name == "tests.rs":
            continue
        lines = path.read_text("utf-8").splitlines()
        # Tests stand at the end of a file.
        end = next((i for i, line in enumerate(lines) if line.startswith("#[cfg(test)]")), len(lines))
        found = (pair.split(",")[:2] for pair in re.findall(r"^DA:(.*)$", record, re.MULTILINE))
        counts[str(path.relative_to(ROOT))] = {int(a): int(b) for a, b in found if int(a) <= end}
    return counts


def _report(counts: dict[str, dict[int, int]]) -> int:
    total: dict[bool, int] = defaultdict(int)
    for name, lines in sorted(counts.items()):
        missed = [line for line, count in sorted(lines.items()) if count == 0]
        total[True] += len(lines) - len(missed)
        total[False] += len(missed)
        if missed:
            share = 100 * (1 - len(missed) / len(lines))
            print(f"{name:38} {len(lines):5} lines {share:6.1f} %   not {_ranges(missed)}")
    share = 100 * total[True] / (total[True] + total[False])
    print(f"core crate: {total[True]} of {total[True] + total[False]} lines, {share:.2f} %")
    return int(share <= WANTED)


def _ranges(numbers: list[int]) -> str:
    spans: list[list[int]] = []
    for n in numbers:
        if spans and n == spans[-1][1] + 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def _llvm(name: str) -> str:
    """Path of a tool of the LLVM that rustc has: no other reads what its programs write."""
    host = re.search(r"host: (\S+)", _run(["rustc", "--version", "--verbose"], capture=True))
    sysroot = _run(["rustc", "--print", "sysroot"], capture=True).strip()
    tool = shutil.which(name, path=f"{sysroot}/lib/rustlib/{host[1] if host else ''}/bin")
    if tool is None:
        raise SystemExit(f"{name} is not beside rustc: rustup component add llvm-tools")
    return tool


def _run(command: list[str], more: dict[str, str] | None = None, *, capture: bool = False) -> str:
    out = subprocess.PIPE if capture else None
    variables = os.environ | (more or {})
    err = subprocess.STDOUT if capture else None
    done = subprocess.run(command, cwd=ROOT, env=variables, stdout=out, stderr=err, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[:4])} ... failed with {done.returncode}\n{done.stdout or ''}")
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
