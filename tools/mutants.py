"""Change the code in small ways and count the changes that no test notices.

    python tools/mutants.py rust [files] [--sample 200 --seed 1] [--minutes 8]
    python tools/mutants.py python [groups] [--sample 200 --seed 1]
    python tools/mutants.py all [--sample 200 --seed 1]
    python tools/mutants.py report

`rust` takes the mutants that cargo-mutants lists for the files of the core crate that weight, gate by the cutoff and
add up exposure, writes them into one program (`mutant_program.py`; what an operator binds does not change with it) and
runs the crate's unit tests with each: those of the file's module, and all if these pass. `python` takes groups of
modules, and runs mutmut on each with the tests that are named for it below. A sample is the beginning of the list of
all mutants in an order drawn by the seed; the report then gives the upper end of the one-sided 95 % interval of the
share too (Clopper and Pearson 1934, Biometrika 26, 404).

What was killed stays so in build/mutants until the code of its file changes, so that a run can go on where another
ended, and a larger sample holds the smaller. Survivors are tried again. A mutant that runs out of time is killed: no
test passes. Survivors that tools/surviving_mutants.toml explains are counted; the others are listed too.
"""

import argparse
import difflib
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutant_program import VARIABLE, Program, built
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "mutants"
CARGO_MUTANTS = ROOT / "build" / "cargo-mutants" / "bin" / "cargo-mutants"

# Files of the core crate that weight events, gate by the cutoff and add up exposure.
RUST = (
    "purity.rs",
    "fold.rs",
    "fold_roll.rs",
    "counts/decide.rs",
    "fixed.rs",
    "cutoff.rs",
    "cutoff_scan.rs",
    "livetime.rs",
    "axis_livetime.rs",
    "roll_livetime.rs",
    "seconds.rs",
)

# Group: modules below python/amsdipole, and the tests that judge them.
PYTHON = {
    "limits": (
        ["statistics/limits.py", "statistics/limit_methods.py"],
        ["tests/unit/test_limits.py", "tests/physics/test_limits_golden.py"],
    ),
    "vector_limits": (
        ["statistics/vector_limits.py", "statistics/amplitude_law.py", "statistics/_covariance.py"],
        ["tests/unit/test_vector_limits.py", "tests/physics/test_limits_golden.py"],
    ),
    "limit_laws": (
        [
            "statistics/noncentral_chi.py",
            "statistics/feldman_cousins.py",
            "statistics/fit_limits.py",
        ],
        [
            "tests/unit/test_limits.py",
            "tests/unit/test_vector_limits.py",
            "tests/unit/test_fit_limits.py",
            "tests/physics/test_limits_golden.py",
        ],
    ),
    "expected_limits": (
        ["statistics/expected_limits.py", "statistics/_ordering.py"],
        ["tests/unit/test_expected_limits.py"],
    ),
    "weights": (["events/purity.py", "events/weight_tables.py"], ["tests/unit/test_weight_tables.py"]),
    "cutoff": (["geomagnetism/cutoff.py"], ["tests/unit/test_cutoff_rule.py"]),
    "exposure": (
        ["exposure/livetime.py", "exposure/reference.py"],
        ["tests/unit/test_reference_maps.py", "tests/unit/test_livetime.py"],
    ),
}

# Exit codes of mutmut's runs of pytest.
SURVIVED, TIMED_OUT = (0, 5, 33), (24, -24, 36, 152, 255)


@dataclass
class Found:
    """What became of the mutants of a file or group: killed, late, alive or unviable by the mutant's name."""

    code: str  # hash of what was mutated
    all: list[str] = field(default_factory=list)
    sample: list[str] = field(default_factory=list)
    fate: dict[str, str] = field(default_factory=dict)
    change: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # of survivors: file, before, after

    @classmethod
    def read(cls, path: Path, code: str) -> "Found":
        """What is known of this code, survivors forgotten."""
        known = cls(**json.loads(path.read_text())) if path.exists() else cls(code)
        if known.code != code:
            return cls(code)
        known.fate = {name: fate for name, fate in known.fate.items() if fate != "alive"}
        return known

    def write(self, path: Path) -> None:
        """Keep it."""
        path.write_text(json.dumps(vars(self), indent=1))


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rust", "python", "all", "report"])
    parser.add_argument("names", nargs="*", help="files of the core crate or groups of modules; all if none is named")
    parser.add_argument("--sample", type=int, help="mutants to draw: of the core crate, or of each group of modules")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no mutants of the core crate later")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    known: list[str] = {"rust": [*RUST], "python": [*PYTHON]}.get(options.what, [])
    if unknown := set(options.names) - set(known):
        wanted = f"one of {', '.join(known)} is wanted" if known else f"{options.what} takes no names"
        raise SystemExit(f"{', '.join(sorted(unknown))}: {wanted}")
    if options.what in ("rust", "all"):
        rust(options.names or [*RUST], options.sample, options.seed, time.monotonic() + 60 * options.minutes)
    for name in options.names or [*PYTHON] if options.what in ("python", "all") else []:
        python(name, options.sample, options.seed)
    return report()


def rust(names: list[str], sample: int | None, seed: int, end: float) -> None:
    """Mutants of files of the core crate."""
    files = [f"--file=rust/core/src/{name}" for name in names]
    tool = [str(CARGO_MUTANTS), "mutants", "--package=amsdipole-core", *files, "--list", "--json"]
    listed = {mutant["name"]: mutant for mutant in json.loads(_said(tool))}
    file_of = {name: mutant["file"].removeprefix("rust/core/src/") for name, mutant in listed.items()}
    found = {name: Found.read(_path("rust", name), _code(ROOT / "rust" / "core" / "src" / name)) for name in names}
    drawn = _drawn(list(listed), sample, seed)
    for name, of_file in found.items():
        of_file.all = sorted(mutant for mutant in listed if file_of[mutant] == name)
        of_file.sample = [mutant for mutant in drawn if file_of[mutant] == name]
        of_file.write(_path("rust", name))
    program = built(ROOT, BUILD / "program", list(listed.values()))
    for mutant in program.unviable:
        found[file_of[mutant]].fate[mutant] = "unviable"
    fate, seconds = _fate(program, None, "", 3600.0)
    if fate != "alive":
        raise SystemExit("the unit tests of the core crate fail without any mutant")
    for mutant in drawn:
        of_file = found[file_of[mutant]]
        if mutant in of_file.fate or mutant not in program.number:
            continue
        if time.monotonic() > end:
            break
        module = file_of[mutant].removesuffix(".rs").replace("/", "::") + "::"
        for tests in (module, ""):
            fate, _ = _fate(program, program.number[mutant], tests, 10.0 + 10.0 * seconds)
            if fate != "alive":
                break
        of_file.fate[mutant] = fate
        if fate == "alive":
            of_file.change[mutant] = _rust_change(listed[mutant])
            print(f"alive: {mutant}", flush=True)
        of_file.write(_path("rust", file_of[mutant]))
    left = [mutant for mutant in drawn if mutant not in found[file_of[mutant]].fate]
    constant = len(listed) - len(program.number) - len(program.unviable)
    print(f"not tried: {len(left)}, of which {constant} change constants, which no program can choose")


def _fate(program: Program, number: int | None, tests: str, most_s: float) -> tuple[str, float]:
    """What becomes of a mutant, and the seconds of processors that it took."""
    # Tests draw the same each time, and nothing that failed once is tried first the next time.
    variables = os.environ | {"PROPTEST_RNG_SEED": "1", "PROPTEST_MAX_SHRINK_ITERS": "0", "RUST_BACKTRACE": "0"}
    variables |= {"PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1"}
    if number is not None:
        variables[VARIABLE] = str(number)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    limit = ["prlimit", f"--cpu={int(most_s)}", str(program.path), "--quiet", *([tests] if tests else [])]
    try:
        done = subprocess.run(
            limit, cwd=program.folder, env=variables, capture_output=True, timeout=60 + 20 * most_s, check=False
        )
        code = done.returncode
    except subprocess.TimeoutExpired:  # it waits for itself
        code = -signal.SIGXCPU
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    late = code in (-signal.SIGXCPU, -signal.SIGKILL)
    return "alive" if code == 0 else "late" if late else "killed", seconds


def _rust_change(mutant: dict[str, Any]) -> tuple[str, str, str]:
    lines = (ROOT / mutant["file"]).read_text("utf-8").splitlines()
    start, end = mutant["span"]["start"], mutant["span"]["end"]
    before = " ".join(line.strip() for line in lines[start["line"] - 1 : end["line"]])
    first, last = lines[start["line"] - 1], lines[end["line"] - 1]
    after = first[: start["column"] - 1] + mutant["replacement"] + last[end["column"] - 1 :]
    return mutant["file"], before, after.strip()


def python(name: str, sample: int | None, seed: int) -> None:
    """Mutants of a group of modules."""
    modules, tests = PYTHON[name]
    files = [f"src/amsdipole/{module}" for module in modules]
    stage, path = BUILD / "python" / name, _path("python", name)
    found = Found.read(path, _code(*(ROOT / "python" / "amsdipole" / module for module in modules)))
    shutil.rmtree(stage, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "corpus")
    shutil.copytree(ROOT / "python" / "amsdipole", stage / "src" / "amsdipole", ignore=ignored)
    shutil.copytree(ROOT / "tests", stage / "tests", ignore=ignored)
    (stage / "pyproject.toml").write_text(_settings(files, tests))
    mutmut = [str(Path(sys.executable).with_name("mutmut"))]
    # A name that no mutant has: only to make the mutants and the list of tests by function.
    run = [*mutmut, "run", "--max-children=1"]
    first = subprocess.run([*run, "none"], cwd=stage, capture_output=True, text=True, check=False)
    if "nothing matches" not in first.stdout + first.stderr:
        raise SystemExit(f"mutmut failed on {name}:\n{first.stdout[-4000:]}{first.stderr[-4000:]}")
    of = {key: file for file in files for key in _exit_codes(stage, file)}
    found.all, found.sample = sorted(of), _drawn(list(of), sample, seed)
    found.write(path)
    left = [key for key in found.sample if key not in found.fate]
    try:
        if left and (done := subprocess.run([*run, *left], cwd=stage, check=False)).returncode != 0:
            raise SystemExit(f"mutmut failed on {name} with {done.returncode}")
    finally:
        # What was tried before Ctrl-C is kept too.
        codes = {key: code for file in files for key, code in _exit_codes(stage, file).items()}
        for key in left:
            code = codes[key]
            if code is not None:
                found.fate[key] = "alive" if code in SURVIVED else "late" if code in TIMED_OUT else "killed"
            if code in SURVIVED:
                found.change[key] = _python_change(mutmut, stage, key, of[key])
        found.write(path)


def _settings(files: list[str], tests: list[str]) -> str:
    return f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = {json.dumps(files)}
pytest_add_cli_args_test_selection = {json.dumps(tests)}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:benchmark"]
use_git_change_detection = false
timeout_constant = 2.0
timeout_multiplier = 3.0

[tool.pytest]
pythonpath = ["tests", "tests/parity"]
addopts = ["--import-mode=importlib"]
filterwarnings = ["error"]
"""


def _exit_codes(stage: Path, file: str) -> dict[str, int | None]:
    found: dict[str, int | None] = json.loads((stage / "mutants" / f"{file}.meta").read_text())["exit_code_by_key"]
    return found


def _python_change(mutmut: list[str], stage: Path, key: str, file: str) -> tuple[str, str, str]:
    shown = [line for line in _said([*mutmut, "show", key], cwd=stage).splitlines() if line[:3] not in ("---", "+++")]
    before, after = (" ".join(line[1:].strip() for line in shown if line.startswith(sign)) for sign in "-+")
    return file.replace("src/", "python/", 1), before, after


def _path(what: str, name: str) -> Path:
    return BUILD / f"{what}-{name.replace('/', '-')}.json"


def _code(*files: Path) -> str:
    """Hash of files without the tests at their ends."""
    text = "".join(file.read_text("utf-8").split("\n#[cfg(test)]\n")[0] for file in files)
    return hashlib.sha256(text.encode()).hexdigest()


def _drawn(names: list[str], sample: int | None, seed: int) -> list[str]:
    order = sorted(names)
    random.Random(seed).shuffle(order)
    return order[:sample]


def report() -> int:
    """Print what became of all mutants, and the survivors that nothing explains."""
    reasons = tomllib.loads((ROOT / "tools" / "surviving_mutants.toml").read_text("utf-8"))
    explained = {(m["file"], m["before"], m["after"]) for m in reasons.get("mutant", [])}
    print(f"{'':26} generated  tested  killed  timed out  alive   share")
    total: Counter[str] = Counter()
    drawn = True
    alive: list[tuple[str, str, str]] = []
    for path in sorted(BUILD.glob("*.json")):
        found = Found(**json.loads(path.read_text()))
        fates = Counter(found.fate[name] for name in found.sample if name in found.fate)
        fates["generated"] = len(found.all) - sum(fate == "unviable" for fate in found.fate.values())
        # mutmut does not go by the order that was drawn: a run that ended early is no sample.
        fates["drawn"] = path.stem.startswith("rust") or len(found.sample) == _tested(fates)
        drawn = drawn and bool(fates["drawn"])
        print(_row(path.stem, fates))
        total += fates
        alive += [found.change[name] for name in found.sample if found.fate.get(name) == "alive"]
    total["drawn"] = drawn
    print(_row("all", total))
    unexplained = [change for change in map(tuple, alive) if change not in explained]
    print(f"survivors explained: {len(alive) - len(unexplained)} of {len(alive)}")
    for file, before, after in unexplained:
        print(f"\n{file}\n  - {before}\n  + {_marked(before, after)}")
    return int(_tested(total) == 0 or total["alive"] >= 0.05 * _tested(total) or bool(unexplained))


def _tested(fates: Counter[str]) -> int:
    return fates["killed"] + fates["late"] + fates["alive"]


def _row(name: str, fates: Counter[str]) -> str:
    n, n_alive = _tested(fates), fates["alive"]
    share = f"{100 * n_alive / n:6.1f} %" if n else "     - "
    if 0 < n < fates["generated"] and fates["drawn"] and n_alive < n:
        share += f", below {100 * float(stats.beta.ppf(0.95, n_alive + 1, n - n_alive)):.1f} % at 95 %"
    return f"{name:26} {fates['generated']:9} {n:7} {fates['killed']:7} {fates['late']:10} {n_alive:6} {share}"


def _marked(before: str, after: str) -> str:
    parts = []
    for tag, _, _, a, b in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        parts.append(after[a:b] if tag == "equal" else f"«{after[a:b]}»")
    return "".join(parts)


def _said(command: list[str], cwd: Path = ROOT) -> str:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
