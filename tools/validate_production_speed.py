"""What a production costs beside one pass, and how it scales.

python tools/validate.py production_overhead production_scaling
"""

import importlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from amsdipole.analysis import run
from amsdipole.config import Config, read_config
from amsdipole.merging import merge_shards
from amsdipole.producing import make_plan, work_shard
from amsdipole.production import write_plan

Say = Callable[[str, str, str, bool], None]

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
productions: Any = importlib.import_module("productions")
forget = importlib.import_module("amsdipole.producing")._forget

N_EVENT = int(float(os.environ.get("AMSDIPOLE_EVENTS", "1e8")))
N_SIMULATED = 1_000_000  # each stands for several of one time: a sum does not become faster by that


def big_production(folder: Path, *, n_event: int, n_file: int, more: str = "") -> Config:
    """Write events to one file, which other names share, and 12 days of seconds."""
    text = productions.CONFIG.format(stop="2011-05-31T00:00:00Z", step_s=1.0).replace("overwrite = true\n", "")
    files = ", ".join(f'"events{i}.parquet"' for i in range(n_file))
    text = text.replace('"events.parquet"', files) + productions.SHORT + more
    (folder / "config.toml").write_text(text)
    _ = productions.divided_mission(folder, n_event=N_SIMULATED, days=12)
    (folder / "config.toml").write_text(text)
    table = pq.read_table(folder / "events.parquet").slice(0, N_SIMULATED)
    n_time = n_event // n_file // N_SIMULATED
    edge = np.linspace(0, N_SIMULATED, n_time + 1, dtype=np.int64)
    with pq.ParquetWriter(folder / "events0.parquet", table.schema) as writer:
        for first, stop in pairwise(edge.tolist()):
            # In the order of time, as files of an experiment are: what holds in a second is computed once.
            writer.write_table(table.take(np.repeat(np.arange(first, stop), n_time)))
    os.sync()  # nothing is written while times are taken
    for i in range(1, n_file):
        os.link(folder / "events0.parquet", folder / f"events{i}.parquet")
    return read_config(folder / "config.toml")


def production_overhead(say: Say) -> None:
    """Plan, shards and merge beside one pass, in one process, taken in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = big_production(folder, n_event=N_EVENT, n_file=2)
        ratio, busy, took = [], [], []
        for _ in range(5):
            forget()  # a process begins with nothing
            start, used = time.perf_counter(), time.process_time()
            once = run(config).document()
            middle, used_once = time.perf_counter(), time.process_time() - used
            shutil.rmtree(config.output.folder)
            again, used = time.perf_counter(), time.process_time()
            plan = make_plan(config)
            for i in range(len(plan.shards)):
                _ = work_shard(plan, i, folder / "shards")
            merged = merge_shards(plan, folder / "shards").document()
            end, used_again = time.perf_counter(), time.process_time() - used
            shutil.rmtree(config.output.folder)
            shutil.rmtree(folder / "shards")
            busy.append(used_again / used_once)
            if merged != once:
                say("production_overhead, numbers", "those of one pass", "others", False)
            took.append(middle - start)
            ratio.append((end - again) / (middle - start))
        more = ", ".join(f"{100 * (r - 1):+.1f}" for r in busy)
        print(f"     in processor time, which other programs do not change: {more} %", flush=True)
        n = sum(table.num_rows for table in (pq.read_metadata(f) for f in config.events.files))
        got = (
            f"{100 * (float(np.median(ratio)) - 1):+.1f} % (rounds {', '.join(f'{100 * (r - 1):+.1f}' for r in ratio)})"
        )
        got += f" of {np.median(took):.1f} s, in {len(plan.shards)} shards"
        say(
            f"production_overhead, {n:.0e} events and 12 days of seconds",
            "below 5 %",
            got,
            float(np.median(ratio)) < 1.05,
        )


def timed(*commands: list[str]) -> tuple[float, float]:
    """Run commands at a time, till the last has ended: time, and time of their processors [s]."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    started = [subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL) for words in commands]
    codes = [one.wait() for one in started]
    if any(codes):
        raise SystemExit(f"{commands} gave {codes}")
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# Arithmetic in the nearest caches, for what the machine itself gives to two.
_HASHED = "import hashlib, sys\nfor _ in range(int(sys.argv[1])):\n    hashlib.sha256(bytes(16384)).digest()"


def production_scaling(say: Say) -> None:
    """`amsdipole work` by one worker and by two, each a process with one thread, in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n_file = 32
        n_event = n_file * (N_EVENT // 5)
        plan = make_plan(big_production(folder, n_event=n_event, n_file=n_file))
        shards = [shard for shard in plan.shards if shard.kind == "events"]
        plans = {"work": shards, "start": [replace(shard, stop=shard.first + 1000) for shard in shards[:2]]}
        rounds = []
        for i in range(3):
            for what, some in plans.items():
                write_plan(folder / f"{what}.json", replace(plan, shards=tuple(some)), overwrite=True)
                words = ["-m", "amsdipole", "work", str(folder / f"{what}.json"), "--threads=1", "-q", "--folder"]
                rounds += [timed([*words, str(folder / f"{what}{i}-{n}"), "--workers", str(n)]) for n in (1, 2)]
    plain, _ = timed(["-c", _HASHED, "600000"])
    beside, _ = timed(*[["-c", _HASHED, "300000"]] * 2)
    took, busy = np.array(rounds).reshape(3, 4, 2).transpose(2, 0, 1)  # by round: work of one and two, starts of both
    start = np.median(took[:, 2:], axis=0)
    print(f"     starts, which are in what follows: {start[0]:.1f} s of one, {start[1]:.1f} s of two", flush=True)
    one, two = np.median(took[:, 0]), np.median(took[:, 1])
    # What two wait for each other's memory would be time of their processors.
    alone, both = np.median(busy[:, 0] - busy[:, 2]), np.median(busy[:, 1] - busy[:, 3])
    got = f"{alone:.1f} s by one, {busy[:, 0].mean() / took[:, 0].mean():.2f} of a processor; {both:.1f} s by two"
    print(f"     time of processors without starts: {got} together", flush=True)
    print(f"     hashing in the nearest cache: two processes are {plain / beside:.2f} times one", flush=True)
    ratio = took[:, 0] / took[:, 1]
    got = f"{np.median(ratio):.2f} (rounds {', '.join(f'{r:.2f}' for r in ratio)})"
    print(f"     starts included: {got}; {one:.1f} s and {two:.1f} s", flush=True)
    # Workers of a production work for hours; their starts are taken out here, for these rounds take half a minute.
    ratio = (took[:, 0] - start[0]) / (took[:, 1] - start[1])
    got = f"{np.median(ratio):.2f} (rounds {', '.join(f'{r:.2f}' for r in ratio)};"
    got += f" {one - start[0]:.1f} s and {two - start[1]:.1f} s for {n_event:.1e} events in {n_file} shards)"
    say("production_scaling, two processes on two cores", "1.8 times one or more", got, float(np.median(ratio)) >= 1.8)


VALIDATIONS: dict[str, Callable[[Say], None]] = {
    "production_overhead": production_overhead,
    "production_scaling": production_scaling,
}
