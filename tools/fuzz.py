"""Give damaged files to every parser of ours: each must be refused or taken, within a second.

    python tools/fuzz.py [targets] [--executions 100000] [--seed 1] [--keep FOLDER]

A mutant that raises anything but an error of amsdipole, prints, or twice takes longer than a second (once, a busy
machine may stop it) is a finding: it is printed, and kept with --keep. The mutants of a seed are the same everywhere.
`tests/corpus` holds what was found once; its files are replayed by the tests and mutated here.
"""

import argparse
import contextlib
import hashlib
import io
import json
import logging
import random
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from amsdipole import _core
from amsdipole.config import read_config
from amsdipole.config.template import config_template
from amsdipole.errors import AmsDipoleError
from amsdipole.events import ResponseBins, WeightTables, read_weights, write_weights
from amsdipole.events.sky_table import read_sky_events
from amsdipole.geomagnetism import CutoffTable, read_cutoff_table, read_shc, write_cutoff_table
from amsdipole.models.flux_table import read_flux_table
from amsdipole.models.sources import read_pulsars
from amsdipole.orbit import builtin_iss_elements
from amsdipole.orbit.elements import read_elements
from amsdipole.production import InputFile, Plan, Shard, ShardSums, read_plan, read_shard, write_plan, write_shard
from amsdipole.report.reading import read_result
from amsdipole.sky import SkyMap, read_map, write_map

SAID = io.StringIO()
logging.getLogger().addHandler(logging.StreamHandler(SAID))  # what a parser says to the log, it prints
ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
MOST_S = 1.0
MOST_MEMORY = 6 << 30  # what a small file may make this process ask for, all told


@dataclass(frozen=True)
class Target:
    """A parser, files that it takes, and what makes a mutant pass its first check."""

    parse: Callable[[Path], object]
    seeds: tuple[bytes, ...]
    mend: Callable[[bytes], bytes] = bytes


def _written(write: Callable[[Path], object], suffix: str = "") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        _ = write(path)
        return path.read_bytes()


def _shard() -> bytes:
    arrays = {"units": np.arange(-4, 4), "edge": np.array([16.0, 25.0]), "class": np.zeros((2, 3), dtype=np.uint8)}
    return _written(lambda path: write_shard(path, ShardSums("p" * 64, 3, {"kind": "events"}, arrays)))


def _signed(mutant: bytes) -> bytes:
    """Give a result file the right checksum, so that what is behind it is reached."""
    return mutant[:-32] + hashlib.sha256(mutant[:-32]).digest()


def _plan() -> bytes:
    plan = Plan({"a": [1, 2.5]}, "k", (InputFile("x", 3, "0"),), (Shard("events", "x", 0, 3),))
    return _written(lambda path: write_plan(path, plan))


def _identified(mutant: bytes) -> bytes:
    """Give a plan the identity that it should have, where it still is one."""
    try:
        document = json.loads(mutant)
        rows = tuple(Shard(*row) for row in document["shards"])
        files = tuple(InputFile(**file) for file in document["inputs"])
        document["identity"] = Plan(document["config"], document["kernel"], files, rows).identity
        return json.dumps(document).encode()
    except Exception:  # it is none: that is for the parser to say
        return mutant


def _elements() -> bytes:
    sets = builtin_iss_elements()
    return "".join(f"{sets.line1[i]}\n{sets.line2[i]}\n" for i in range(3)).encode()


def _weights() -> bytes:
    bins = ResponseBins("trd_lambda", 0.0, 2.0, 3)
    value = {name: np.full((2, 1, bins.n_cell), 0.5) for name in ("purity", "sweights", "background")}
    document = {"responses": [asdict(bins)], "energy_edge_gev": [16.0, 25.0, 500.0], "nside_region": None}
    tables = WeightTables((bins,), np.array([16.0, 25.0, 500.0]), None, value, document)
    return _written(lambda path: write_weights(str(path), tables), ".npz")


def _cutoffs() -> bytes:
    latitude, longitude = np.linspace(-52.0, 52.0, 5), np.arange(0.0, 360.0, 40.0)
    share = np.full((2, 5, 9), 0.7)
    table = CutoffTable(latitude, longitude, share, 0.5, 1, 0.2, 0.9, 400.0, 2015.0, "IGRF-14")
    return _written(lambda path: write_cutoff_table(path, table), ".npz")


def _config() -> tuple[bytes, ...]:
    return (config_template().encode(), *(path.read_bytes() for path in sorted((ROOT / "examples").glob("*.toml"))))


def _events(path: Path) -> object:
    """Take the bytes of a file as columns of events, and count them."""
    raw = path.read_bytes()
    n = min(len(raw) // 48, 64)
    column = np.frombuffer(raw[: 48 * n], dtype="<f8").reshape(6, n).copy()
    counts = _core.Counts(4, np.array([16.0, 25.0, 500.0]), 0.9)
    rows = 1_400_000_000.0 + np.arange(4.0)
    turned = np.tile(np.eye(3), (4, 1, 1))
    rate, live, classes = np.zeros((4, 3)), np.ones(4), np.zeros(4, dtype=np.uint8)
    direction = np.ascontiguousarray(column[1:4].T)
    counts.add(column[0], direction, column[4], column[5], rows, 1.0, turned, rate, live, classes)
    return counts.units(0), counts.cut_flow()


def _event_columns() -> bytes:
    rng = np.random.default_rng(5)
    n = 16
    vector = rng.normal(size=(3, n))
    vector[2] = 30.0
    columns = [1_400_000_000.0 + np.sort(rng.uniform(0, 4, n)), *(vector / np.linalg.norm(vector, axis=0))]
    return np.array([*columns, rng.uniform(16, 500, n), np.ones(n)]).tobytes()


def _text(text: str) -> tuple[bytes, ...]:
    return (text.encode(),)


def _sky(path: Path) -> object:
    return read_sky_events(str(path), {"ra_deg": 1, "dec_deg": 2})


def _result(path: Path) -> object:
    return read_result(path)


def _map_bytes() -> bytes:
    return _written(lambda path: write_map(path, SkyMap(np.arange(12.0), "galactic")), ".fits")


TARGETS: dict[str, Callable[[], Target]] = {
    "shard": lambda: Target(read_shard, (_shard(),), _signed),
    "plan": lambda: Target(read_plan, (_plan(),), _identified),
    "elements": lambda: Target(read_elements, (_elements(),)),
    "shc": lambda: Target(
        read_shc,
        _text("# Dipole\n1 1 2 2 1\n2000 2005\n1 0 -3e4 -2.9e4\n1 1 0 0\n1 -1 0 0\n"),
    ),
    "config": lambda: Target(read_config, _config()),
    "events": lambda: Target(_events, (_event_columns(),)),
    "sky": lambda: Target(_sky, _text("# ra dec\n10.0 20.0\n350.5, -80\n")),
    "flux": lambda: Target(read_flux_table, _text("#Columns: x, y, stat, syst\n1.0 2.0 0.3 0.3 0.4 0.4\n")),
    "pulsars": lambda: Target(
        read_pulsars, _text("name,distance_kpc,age_kyr,glon_deg,glat_deg,spin_down_erg_s\nX,0.3,200,195,4,3e34\n")
    ),
    "weights": lambda: Target(lambda path: read_weights(str(path)), (_weights(),)),
    "cutoffs": lambda: Target(read_cutoff_table, (_cutoffs(),)),
    "result": lambda: Target(_result, _text('{"format": "amsdipole-result", "format_version": 1, "ranges": []}')),
    "map": lambda: Target(read_map, (_map_bytes(),)),
}
TOKENS = (
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"0" * 40,
    b"9" * 30,
    b"9" * 5000,
    b"[" * 2000,
    b"\x00",
    b"\xff\xfe",
    b"\n",
    b"",
    struct.pack("<Q", 2**63),
    struct.pack("<d", float("nan")),
    struct.pack("<d", 1e308),
    b'{"a":' * 500,
    b"\x1f\x8b",
)


def mutant(seeds: tuple[bytes, ...], rng: random.Random) -> bytes:
    """Damage one of the seeds in one to six ways."""
    made = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        kind, at = rng.randrange(8), rng.randrange(len(made) + 1)
        end = min(len(made), at + rng.choice((1, 1, 2, 8, 32, 300)))
        if kind == 0 and at < len(made):
            made[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(made):
            made[at] = rng.randrange(256)
        elif kind == 2:
            del made[at:end]
        elif kind == 3:
            made[at:at] = made[at:end]
        elif kind == 4:
            made[at:end] = rng.choice(TOKENS)
        elif kind == 5:
            made[at:at] = rng.randbytes(rng.choice((1, 2, 8)))
        elif kind == 6:
            other = rng.choice(seeds)
            start = rng.randrange(len(other) + 1)
            made[at:end] = other[start : start + end - at]
        elif kind == 7 and rng.random() < 0.2:
            del made[at:]
    return bytes(made)


def tried(target: Target, content: bytes, path: Path) -> tuple[str, float]:
    """Parse one file: "taken", "refused", or what else was raised; and the time that it took [s]."""
    path.write_bytes(content)
    start = time.perf_counter()
    try:
        with contextlib.redirect_stdout(SAID), contextlib.redirect_stderr(SAID):
            _ = target.parse(path)
        found = "taken"
    except AmsDipoleError:
        found = "refused"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic of the compiled module is no Exception
        found = f"{type(error).__name__}: {error}"[:300]
    took = time.perf_counter() - start
    if said := SAID.getvalue():
        found = f"printed: {said}"[:300]
        _ = SAID.seek(0), SAID.truncate()
    return found, took


def corpus(name: str) -> dict[str, bytes]:
    """Files that were findings once."""
    return {path.name: path.read_bytes() for path in sorted((CORPUS / name).glob("*"))}


def campaign(name: str, n: int, seed: int, keep: Path | None, *, most_s: float = MOST_S) -> int:
    """Try mutants of one target; the number of findings."""
    target, rng = TARGETS[name](), random.Random(f"{name} {seed}")
    seeds = (*target.seeds, *corpus(name).values())
    count, findings, slowest = {"taken": 0, "refused": 0}, {}, 0.0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "x"
        for seed_file in target.seeds:
            if tried(target, seed_file, path)[0] not in ("taken", "refused"):
                raise SystemExit(f"{name}: a file that is whole is not read: {tried(target, seed_file, path)[0]}")
        for _ in range(n):
            content = mutant(seeds, rng)
            if rng.random() < 0.8:
                content = target.mend(content)
            found, took = tried(target, content, path)
            if took >= most_s:
                found, took = tried(target, content, path)
            slowest = max(slowest, took)
            if found in count and took < most_s:
                count[found] += 1
                continue
            what = found if found not in count else f"{took:.1f} s"
            kind = what.split(":")[0] + what[-40:]
            if kind not in findings:
                findings[kind] = what
                label = hashlib.sha256(content).hexdigest()[:12]
                print(f"FINDING {name} {label}: {what}", flush=True)
                if keep is not None:
                    (keep / name).mkdir(parents=True, exist_ok=True)
                    (keep / name / label).write_bytes(content)
    print(
        f"{'ok  ' if not findings else 'FAIL'} {name}: {n:,} executions, {count['taken']:,} taken, "
        f"{count['refused']:,} refused, {len(findings)} findings; the slowest took {1e3 * slowest:.0f} ms",
        flush=True,
    )
    return len(findings)


def main() -> int:
    """Run campaigns; the exit code counts the findings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}; all without one")
    parser.add_argument("--executions", type=lambda text: int(float(text)), default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for what is found")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of {', '.join(TARGETS)}")
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    start, n_finding = time.perf_counter(), 0
    for name in names:
        n_finding += campaign(name, options.executions, options.seed, options.keep)
    total = options.executions * len(names)
    print(f"{total:,} executions in {time.perf_counter() - start:.0f} s, {n_finding} findings")
    return min(n_finding, 100)


if __name__ == "__main__":
    sys.exit(main())
