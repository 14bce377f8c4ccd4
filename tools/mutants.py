"""Change the code in small ways and count the changes that no test notices.

    python tools/mutants.py rust [files] [--sample 100 --seed 1]
    python tools/mutants.py python [groups] [--sample 100 --seed 1]
    python tools/mutants.py report

`rust` takes the files of the core crate that weight, gate by the cutoff and add up exposure, and runs cargo-mutants on
each with all unit tests of the crate. `python` takes groups of modules, and runs mutmut on each with the tests
that are named for it below. A sample is drawn by a seed from the sorted names of all mutants, and the report then gives
the upper end of the one-sided 95 % interval of the share too (Clopper and Pearson 1934, Biometrika 26, 404). Results
are kept in build/mutants; `report` adds up the last of each. A mutant that runs out of time is killed: no test passes.
Survivors that tools/surviving_mutants.toml explains are counted; the others are listed too.
"""

import argparse
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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
        ["statistics/vector_limits.py", "statistics/amplitude_law.py"],
        ["tests/unit/test_vector_limits.py", "tests/physics/test_limits_golden.py"],
    ),
    "weights": (
        ["events/purity.py", "events/weight_tables.py"],
        ["tests/unit/test_weight_tables.py"],
    ),
    "cutoff": (
        ["geomagnetism/cutoff.py"],
        ["tests/unit/test_cutoff_rule.py"],
    ),
    "exposure": (
        ["exposure/livetime.py", "exposure/reference.py"],
        ["tests/unit/test_reference_maps.py"],
    ),
}

# Exit codes of mutmut's runs of pytest.
SURVIVED, NO_TEST, TIMED_OUT = (0,), (5, 33), (24, -24, 36, 152, 255)


@dataclass
class Survivor:
    """A change that no test notices."""

    file: str
    before: str
    after: str


@dataclass
class Tally:
    """What became of the mutants of a file or group."""

    name: str
    generated: int
    tested: int
    killed: int
    timed_out: int
    alive: list[Survivor]


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rust", "python", "report"])
    parser.add_argument("names", nargs="*", help="files of the core crate or groups of modules; all if none is named")
    parser.add_argument("--sample", type=int, help="mutants to draw from each file or group")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    known = {"rust": [*RUST], "python": [*PYTHON], "report": []}[options.what]
    if unknown := set(options.names) - set(known):
        raise SystemExit(f"{', '.join(sorted(unknown))}: one of {', '.join(known)} is wanted")
    names = options.names or known
    if options.what == "rust":
        _keep("rust", rust(names, options.sample, options.seed))
    for name in names if options.what == "python" else []:
        _keep("python", [python(name, options.sample, options.seed)])
    return report()


def _keep(what: str, tallies: list[Tally]) -> None:
    for tally in tallies:
        file = BUILD / f"{what}-{tally.name.replace('/', '-')}.json"
        file.write_text(json.dumps(asdict(tally), indent=1))


def rust(names: list[str], sample: int | None, seed: int) -> list[Tally]:
    """Mutants of files of the core crate."""
    out = BUILD / "cargo"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    tool = [str(CARGO_MUTANTS), "mutants", "--package=amsdipole-core", *(f"--file=rust/core/src/{n}" for n in names)]
    of_file: dict[str, list[str]] = {name: [] for name in names}
    for mutant in json.loads(_said([*tool, "--list", "--json"])):
        of_file[mutant["file"].removeprefix("rust/core/src/")].append(mutant["name"])
    if sample is not None:
        drawn = [mutant for listed in of_file.values() for mutant in _drawn(sorted(listed), sample, seed)]
        tool += [f"--re=^{_escaped(mutant)}$" for mutant in drawn]
    tool += [
        f"--output={out}",
        "--profile=probe",
        "--cargo-arg=--lib",
        "--timeout=60",
        "--no-shuffle",
        "--colors=never",
    ]
    # cargo-mutants copies the tree; what it builds of others' crates is kept between runs. Tests draw the same
    # each time.
    variables = os.environ | {"CARGO_TARGET_DIR": str(ROOT / "target" / "mutants"), "PROPTEST_RNG_SEED": "1"}
    done = subprocess.run(tool, cwd=ROOT, env=variables, check=False)
    if done.returncode not in (0, 2, 3):  # all killed, some alive, some out of time
        raise SystemExit(f"cargo mutants failed with {done.returncode}")
    # What does not compile is no program.
    tallies = {n: Tally(n, len(listed), tested=0, killed=0, timed_out=0, alive=[]) for n, listed in of_file.items()}
    for outcome in json.loads((out / "mutants.out" / "outcomes.json").read_text())["outcomes"]:
        if outcome["scenario"] == "Baseline":
            continue
        mutant = outcome["scenario"]["Mutant"]
        tally = tallies[mutant["file"].removeprefix("rust/core/src/")]
        what = outcome["summary"]
        tally.generated -= what == "Unviable"
        tally.tested += what != "Unviable"
        tally.killed += what == "CaughtMutant"
        tally.timed_out += what == "Timeout"
        tally.alive += [_rust_survivor(mutant)] if what == "MissedMutant" else []
    return list(tallies.values())


def _rust_survivor(mutant: dict[str, Any]) -> Survivor:
    lines = (ROOT / mutant["file"]).read_text("utf-8").splitlines()
    start, end = mutant["span"]["start"], mutant["span"]["end"]
    before = " ".join(line.strip() for line in lines[start["line"] - 1 : end["line"]])
    first, last = lines[start["line"] - 1], lines[end["line"] - 1]
    after = first[: start["column"] - 1] + mutant["replacement"] + last[end["column"] - 1 :]
    return Survivor(mutant["file"], before, after.strip())


def python(name: str, sample: int | None, seed: int) -> Tally:
    """Mutants of a group of modules."""
    stage = BUILD / "python" / name
    shutil.rmtree(stage, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "corpus")
    shutil.copytree(ROOT / "python" / "amsdipole", stage / "src" / "amsdipole", ignore=ignored)
    shutil.copytree(ROOT / "tests", stage / "tests", ignore=ignored)
    modules, tests = PYTHON[name]
    files = [f"src/amsdipole/{module}" for module in modules]
    (stage / "pyproject.toml").write_text(_settings(files, tests))
    mutmut = [str(Path(sys.executable).with_name("mutmut"))]
    # A name that no mutant has: only to make the mutants and the list of tests by function.
    first = subprocess.run(
        [*mutmut, "run", "--max-children", "1", "none"], cwd=stage, capture_output=True, text=True, check=False
    )
    if "nothing matches" not in first.stdout + first.stderr:
        raise SystemExit(f"mutmut failed on {name}:\n{first.stdout[-4000:]}{first.stderr[-4000:]}")
    listed = sorted(key for file in files for key in _exit_codes(stage, file))
    chosen = _drawn(listed, sample, seed)
    if len(chosen) == len(listed):
        chosen = []  # all
    done = subprocess.run([*mutmut, "run", "--max-children", "1", *chosen], cwd=stage, check=False)
    if done.returncode != 0:
        raise SystemExit(f"mutmut failed on {name} with {done.returncode}")
    killed, late, alive = 0, 0, []
    for file in files:
        for key, code in _exit_codes(stage, file).items():
            if key not in (chosen or listed):
                continue
            if code in (*SURVIVED, *NO_TEST):
                alive.append(_python_survivor(mutmut, stage, key, file))
            elif code in TIMED_OUT:
                late += 1
            elif code is None:
                raise SystemExit(f"{key} was not tried")
            else:
                killed += 1
    return Tally(name, len(listed), killed + late + len(alive), killed, late, alive)


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


def _python_survivor(mutmut: list[str], stage: Path, key: str, file: str) -> Survivor:
    shown = _said([*mutmut, "show", key], cwd=stage).splitlines()
    changed = {
        sign: [x[1:].strip() for x in shown if x.startswith(sign) and not x.startswith(sign * 3)] for sign in "-+"
    }
    return Survivor(file.replace("src/", "python/"), " ".join(changed["-"]), " ".join(changed["+"]))


def _drawn(names: list[str], sample: int | None, seed: int) -> list[str]:
    if sample is None or sample >= len(names):
        return names
    return sorted(random.Random(seed).sample(names, sample))


def report() -> int:
    """Print what became of all mutants, and the survivors that nothing explains."""
    reasons = tomllib.loads((ROOT / "tools" / "surviving_mutants.toml").read_text("utf-8"))
    explained = {(m["file"], m["before"], m["after"]) for m in reasons.get("mutant", [])}
    tallies = []
    for file in sorted(BUILD.glob("*.json")):
        read = json.loads(file.read_text())
        read["alive"] = [Survivor(**s) for s in read["alive"]]
        tallies.append(Tally(**read))
    print(f"{'':20} generated  tested  killed  timed out  alive   share")
    for t in tallies:
        print(_row(t))
    if tallies:
        numbers = {n: sum(getattr(t, n) for t in tallies) for n in ("generated", "tested", "killed", "timed_out")}
        total = Tally(name="all", alive=[s for t in tallies for s in t.alive], **numbers)
        print(_row(total))
        unexplained = [s for s in total.alive if (s.file, s.before, s.after) not in explained]
        print(f"survivors explained: {len(total.alive) - len(unexplained)} of {len(total.alive)}")
        for survivor in unexplained:
            print(f"\n{survivor.file}\n  - {survivor.before}\n  + {_marked(survivor)}")
        return int(len(total.alive) >= 0.05 * total.tested or bool(unexplained))
    return 1


def _row(t: Tally) -> str:
    share = f"{100 * len(t.alive) / t.tested:6.1f} %" if t.tested else "     - "
    if t.tested < t.generated and t.tested:
        most = float(stats.beta.ppf(0.95, len(t.alive) + 1, t.tested - len(t.alive)))
        share += f", below {100 * most:.1f} % at 95 %"
    return f"{t.name:20} {t.generated:9} {t.tested:7} {t.killed:7} {t.timed_out:10} {len(t.alive):6} {share}"


def _marked(survivor: Survivor) -> str:
    parts = []
    for tag, _, _, a, b in difflib.SequenceMatcher(None, survivor.before, survivor.after, autojunk=False).get_opcodes():
        parts.append(survivor.after[a:b] if tag == "equal" else f"«{survivor.after[a:b]}»")
    return "".join(parts)


def _escaped(name: str) -> str:
    return "".join(c if c.isalnum() or c in " _/" else f"\\{c}" for c in name)


def _said(command: list[str], cwd: Path = ROOT) -> str:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
