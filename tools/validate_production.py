"""Productions: the same bits by every division and engine, and nothing lost to killed workers or damaged files.

python tools/validate.py production_bits production_kills production_killed_runs production_damage
"""

import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from amsdipole.analysis import run
from amsdipole.config import Config, read_config
from amsdipole.errors import DataError
from amsdipole.merging import merge_shards
from amsdipole.producing import work_shard
from amsdipole.production import Plan, read_plan, read_shard, shard_name, shard_states

Say = Callable[[str, str, str, bool], None]

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the small productions of the tests
productions: Any = importlib.import_module("productions")

N_EVENT, N_GROUP, N_ROW = 19_200, 192, 25_920  # groups that 3 and 64 divide
COMMAND = [sys.executable, "-m", "amsdipole"]
SHARDS, THREADS, ENGINES = (1, 2, 3, 8, 64), (1, 2, 4), ("threads", "processes", "dask", "mpi")


def digest(folder: Path) -> str:
    """One checksum of all maps and of all of result.json but where and by what it was made."""
    document = json.loads((folder / "result.json").read_text())
    numbers = {key: value for key, value in document.items() if key not in ("config", "inputs", "versions")}
    whole = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode())
    for path in sorted(folder.glob("*.fits")):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def divided(folder: Path, n: int) -> Path:
    """Make a plan of n shards of events and n of seconds."""
    plan = folder / f"plan{n}.json"
    rows = ("--events-per-shard", str(-(-N_EVENT // n)), "--seconds-per-shard", str(-(-N_ROW // n)))
    subprocess.run([*COMMAND, "plan", folder / "config.toml", plan, *rows], check=True, capture_output=True)
    return plan


@contextmanager
def dask_address() -> Iterator[str]:
    """Start two workers of dask."""
    distributed: Any = importlib.import_module("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield str(cluster.scheduler_address)


def engine_words(engine: str, address: str) -> tuple[list[str], list[str]]:
    """Give what stands before and behind the command."""
    if engine == "mpi":
        return [str(Path(sys.executable).with_name("mpiexec")), "-n", "2"], ["--engine", "mpi"]
    if engine == "dask":
        return [], ["--engine", "dask", "--scheduler", address]
    return [], ["--engine", engine, "--workers", "2"]


def production_bits(say: Say) -> None:
    """One SHA-256 of maps and numbers over shards, threads and engines."""
    with tempfile.TemporaryDirectory() as name, dask_address() as address:
        folder = Path(name)
        _ = productions.divided_mission(folder, n_event=N_EVENT, more=productions.SHORT)
        events = pq.read_table(folder / "events.parquet").slice(0, N_EVENT)  # it has those, too, that are cut away
        pq.write_table(events, folder / "events.parquet", row_group_size=N_EVENT // N_GROUP)
        _ = run(read_config(folder / "config.toml"))
        results = folder / "results"
        wanted = digest(results)
        print(f"     one pass: {wanted}", flush=True)
        found: dict[str, int] = {}
        for n in SHARDS:
            plan = divided(folder, n)
            n_shard = {kind: sum(s.kind == kind for s in read_plan(plan).shards) for kind in ("events", "seconds")}
            if set(n_shard.values()) != {n}:
                say("production_bits, division", f"{n} shards of each kind", str(n_shard), False)
            for engine in ENGINES:
                for threads in THREADS:
                    shards = folder / "shards"
                    before, behind = engine_words(engine, address)
                    words = ["work", str(plan), "--folder", str(shards), "--threads", str(threads), "--quiet"]
                    subprocess.run([*before, *COMMAND, *words, *behind], check=True, capture_output=True)
                    shutil.rmtree(results)
                    _ = merge_shards(read_plan(plan), shards)
                    shutil.rmtree(shards)
                    found[digest(results)] = found.get(digest(results), 0) + 1
        n_run = len(SHARDS) * len(THREADS) * len(ENGINES)
        got = ", ".join(f"{key[:16]}... {n} times" for key, n in found.items())
        what = f"production_bits, {{1, 2, 3, 8, 64}} shards x {{1, 2, 4}} threads x {{{', '.join(ENGINES)}}}"
        say(what, f"the SHA-256 of one pass {n_run} times", got, found == {wanted: n_run})


def shards_digest(plan: Plan, folder: Path) -> str:
    """One checksum of all results of shards."""
    return hashlib.sha256(b"".join((folder / shard_name(i)).read_bytes() for i in range(len(plan.shards)))).hexdigest()


def killed(words: list[str], shards: Path, n: int, after_s: float) -> bool:
    """Start a command and kill it with all of its processes; whether it was still there.

    That is some time after n shards are done, and so anywhere in the work, however busy the machine is.
    """
    worker = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while worker.poll() is None and sum(1 for _ in shards.glob("shard-*.amsd")) < n:
        time.sleep(0.002)
    try:
        _ = worker.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        _ = worker.wait()
        return True
    return False


def moment(rng: np.random.Generator, n: int) -> tuple[int, float]:
    """Draw how many of n shards are done, and the time [s] after it; one in ten falls into the start-up."""
    if rng.random() < 0.1:
        return 0, rng.uniform(0.0, 1.5)
    return int(rng.integers(0, n + 1)), rng.uniform(0.0, 0.05)


def small_plan(folder: Path) -> Path:
    """Make a day of a mission, and its plan of some 45 shards."""
    _ = productions.divided_mission(folder, n_event=3000, days=1, group=75, more=productions.SHORT)
    rows = ("--events-per-shard", "75", "--seconds-per-shard", "3000")
    plan = folder / "plan.json"
    subprocess.run([*COMMAND, "plan", folder / "config.toml", plan, *rows], check=True, capture_output=True)
    return plan


def production_kills(say: Say, n: int = 160) -> None:
    """Workers killed at random points, and what becomes of the production when it is resumed."""
    with tempfile.TemporaryDirectory() as name:
        plan_file = small_plan(Path(name))
        plan, whole = read_plan(plan_file), Path(name) / "whole"
        for i in range(len(plan.shards)):
            _ = work_shard(plan, i, whole)
        _killed_workers(say, plan_file, shards_digest(plan, whole), np.random.default_rng(20261126), n)


def production_killed_runs(say: Say, n: int = 40) -> None:
    """Runs killed at random points, and what they give when they are run again."""
    with tempfile.TemporaryDirectory() as name:
        config = read_config(small_plan(Path(name)).with_name("config.toml"))
        _killed_runs(say, config, np.random.default_rng(20261127), n)


def _killed_workers(say: Say, plan_file: Path, wanted: str, rng: np.random.Generator, n: int) -> None:
    plan, shards = read_plan(plan_file), plan_file.with_name("shards")
    planned = {kind: sum(s.n_row for s in plan.shards if s.kind == kind) for kind in ("events", "seconds")}
    wrong = lost = twice = torn = n_killed = 0
    done = []
    for i in range(n):
        words = [*COMMAND, "work", str(plan_file), "--folder", str(shards), "--quiet", "--workers", str(1 + i % 2)]
        n_killed += killed(words, shards, *moment(rng, len(plan.shards)))
        states = [state.state for state in shard_states(plan, shards)]
        done.append(states.count("done"))
        torn += states.count("damaged") + states.count("foreign")
        for index, state in enumerate(states):
            if state != "done":
                _ = work_shard(plan, index, shards)
        counted = {"events": 0, "seconds": 0}
        for index, shard in enumerate(plan.shards):
            facts = read_shard(shards / shard_name(index)).facts
            events = shard.kind == "events"
            counted[shard.kind] += sum(k for _, k in facts["cut_flow"][0]) if events else facts["budget"]["n_row"]
        lost += any(counted[kind] < planned[kind] for kind in counted)
        twice += any(counted[kind] > planned[kind] for kind in counted)
        wrong += shards_digest(plan, shards) != wanted
        shutil.rmtree(shards)
    midway = sum(0 < k < len(plan.shards) for k in done)
    got = f"{wrong} wrong, {lost} lost, {twice} counted twice, {torn} torn files; {n_killed} were still at work, "
    got += f"{midway} with some of {len(plan.shards)} shards done"
    good = wrong == lost == twice == torn == 0 and midway > n // 5
    say(f"production_kills, {n} times `work` killed and resumed", "0 wrong, 0 lost, 0 twice, 0 torn", got, good)


_RUN = """
import sys
from amsdipole import resuming
from amsdipole.cli import main
resuming.EVENTS_PER_SHARD, resuming.SECONDS_PER_SHARD = 75, 3000
sys.argv = ["amsdipole", "run", sys.argv[1], "--quiet"]
main()
"""


def _killed_runs(say: Say, config: Config, rng: np.random.Generator, n: int) -> None:
    results = Path(config.output.folder)
    kept_in, n_shard = results.with_name(".results.shards"), len(read_plan(results.with_name("plan.json")).shards)
    words = [sys.executable, "-c", _RUN, str(results.with_name("config.toml"))]
    subprocess.run(words, check=True, capture_output=True)
    wanted, wrong, n_killed, kept, torn = digest(results), 0, 0, 0, 0
    for _ in range(n):
        shutil.rmtree(results)
        n_killed += killed(words, kept_in, *moment(rng, n_shard))
        kept += kept_in.exists()
        if results.exists():
            torn += digest(results) != wanted
        else:
            subprocess.run(words, check=True, capture_output=True)
        wrong += digest(results) != wanted
        shutil.rmtree(kept_in, ignore_errors=True)
    got = f"{wrong} wrong, {torn} torn; {n_killed} were still at work, {kept} with shards to go on from"
    good = wrong == torn == 0 and kept > n // 5
    say(f"production_kills, {n} times `run` killed and run again", "0 wrong, 0 torn", got, good)


def production_thousand_kills(say: Say) -> None:
    """Both, a thousand times in all; two hours on a busy machine."""
    production_kills(say, 800)
    production_killed_runs(say, 200)


def production_damage(say: Say) -> None:
    """Every flipped bit and every truncation of a small result, and some of a real one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards: Any = importlib.import_module("unit.test_shard_files")
        _damaged(say, "a small file", shards.small(folder / "small"), folder / "bad", 1)
        _ = productions.divided_mission(folder, n_event=300, days=1, more=productions.SHORT)
        plan = folder / "plan.json"
        subprocess.run([*COMMAND, "plan", folder / "config.toml", plan], check=True, capture_output=True)
        _ = work_shard(read_plan(plan), 0, folder / "shards")
        _damaged(say, "a result", (folder / "shards" / shard_name(0)).read_bytes(), folder / "bad", 37)


def _damaged(say: Say, what: str, good: bytes, path: Path, step: int) -> None:
    def taken(content: bytes) -> bool:
        path.write_bytes(content)
        try:
            _ = read_shard(path)
        except DataError:
            return False
        return True

    flips = range(0, 8 * len(good), step)
    n_flip = 0
    for bit in flips:
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        n_flip += taken(bytes(bad))
    cuts = range(0, len(good), step)
    n_cut = sum(taken(good[:length]) for length in cuts)
    every = "every" if step == 1 else f"every {step}th"
    got = f"{n_flip} of {len(flips):,} flips and {n_cut} of {len(cuts):,} truncations taken"
    say(f"production_damage, {what}, {every} bit and length", "none taken", got, n_flip == n_cut == 0 and taken(good))


def production_interrupt(say: Say, n: int = 20) -> None:
    """How long Ctrl-C takes to end a command with two workers, as a terminal sends it, and what is left."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan, shards = small_plan(folder), folder / "shards"
        took: dict[str, list[float]] = {"threads": [], "processes": []}
        left = 0
        for engine in ("threads", "processes") * (n // 2):
            words = [*COMMAND, "work", str(plan), "--folder", str(shards), "--engine", engine, "--workers", "2", "-q"]
            worker = subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)
            while not any(shards.glob("shard-*.amsd")):
                time.sleep(0.002)
            start = time.monotonic()
            os.killpg(worker.pid, signal.SIGINT)
            if worker.wait() == 130:
                took[engine].append(time.monotonic() - start)
            left += sum(not path.name.startswith("shard-") for path in shards.iterdir())
            shutil.rmtree(shards)
        for engine, times in took.items():
            got = f"at most {max(times):.2f} s, median {np.median(times):.2f} s in {len(times)} of {n // 2} times"
            what = f"production_interrupt, Ctrl-C with two {engine}"
            say(what, "below 1 s", got, max(times) < 1.0 and len(times) > n // 4)
        say("production_interrupt, temporary files", "none", str(left), left == 0)


BY_NAME_ALONE: dict[str, Callable[[Say], None]] = {"production_thousand_kills": production_thousand_kills}
VALIDATIONS: dict[str, Callable[[Say], None]] = {
    "production_bits": production_bits,
    "production_kills": production_kills,
    "production_killed_runs": production_killed_runs,
    "production_damage": production_damage,
    "production_interrupt": production_interrupt,
}
