"""What thousands of shards cost besides the work: plan, handing out, status, merge.

python tools/validate.py production_coordination
"""

import hashlib
import importlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from amsdipole.events import CountsCells, CountsMaps, merged_counts_of
from amsdipole.producing import work_shard
from amsdipole.production import (
    Engine,
    Plan,
    ShardSums,
    counts_of,
    counts_sums,
    in_order,
    read_plan,
    read_shard,
    run_shards,
    shard_name,
    write_shard,
)
from amsdipole.production.engines import thread_pool
from amsdipole.threads import set_threads

Say = Callable[[str, str, str, bool], None]

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
productions: Any = importlib.import_module("productions")

# The greatest memory of resource.getrusage is that of the parent where it was greater before the child began.
_MEASURED = """
import re, sys, time
from amsdipole.cli import main
start = time.perf_counter()
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
took = time.perf_counter() - start
most_kib = int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
sys.stderr.write(f"\\n{took} {most_kib / 1024}")
"""


def measured(*words: object) -> tuple[float, float]:
    """Run a command in a process of its own: its time [s] and greatest memory [MiB]."""
    command = [sys.executable, "-c", _MEASURED, *map(str, words)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()[-1].split()
    return float(said[0]), float(said[1])


N_GROUP, N_DIFFERENT = 10, 10  # shards of a file, and files that differ; the others are these under other names
PER_SHARD = 10_000  # events
N_SECONDS = 100  # shards of seconds


def many_shards(folder: Path, n: int) -> Path:
    """Write events in n/10 files and 12 days of seconds, and plan about n shards."""
    n_file = (n - N_SECONDS) // N_GROUP
    files = ", ".join(f'"events{i}.parquet"' for i in range(n_file))
    rows = N_GROUP * PER_SHARD
    _ = productions.divided_mission(folder, n_event=N_DIFFERENT * rows, days=12, more=productions.SHORT)
    config = (folder / "config.toml").read_text().replace('"events.parquet"', files)
    (folder / "config.toml").write_text(config)
    table = pq.read_table(folder / "events.parquet")
    for i in range(n_file):
        if i < N_DIFFERENT:
            pq.write_table(table.slice(i * rows, rows), folder / f"events{i}.parquet", row_group_size=PER_SHARD)
        else:
            os.link(folder / f"events{i % N_DIFFERENT}.parquet", folder / f"events{i}.parquet")
    return folder / "plan.json"


def renumbered(raw: bytes, index: int) -> bytes:
    """Make the result of one shard that of another."""
    (length,) = struct.unpack("<Q", raw[8:16])
    header = {**json.loads(raw[16 : 16 + length]), "shard": index}
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join([raw[:8], struct.pack("<Q", len(text)), text, raw[16 + length : -32]])
    return body + hashlib.sha256(body).digest()


def nothing(_index: int) -> None:
    """Do no shard at all."""


def production_coordination(say: Say, n: int = 10_000) -> None:
    """What 10,000 shards cost besides the work: plan, handing out, status, merge."""
    # In memory, if that can be: what a disk makes of 10,000 small files is not asked here.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        folder = Path(name)
        start = time.perf_counter()
        plan_file, shards = many_shards(folder, n), folder / "plan-shards"
        words: dict[str, tuple[object, ...]] = {
            "plan": ("plan", folder / "config.toml", plan_file, "--events-per-shard", PER_SHARD),
            "status": ("status", plan_file, "--json"),
            "work, with all done": ("work", plan_file, "--quiet"),
            "merge, with the fits": ("merge", plan_file, "--quiet"),
        }
        words["plan"] = (*words["plan"], "--seconds-per-shard", 12 * 8640 // N_SECONDS)
        spent = {"plan": measured(*words["plan"])}
        plan = read_plan(plan_file)
        made: dict[int, bytes] = {}
        worked: list[float] = []
        for i, shard in enumerate(plan.shards):
            # Files are sorted by name; which of the different ones it is, its number says.
            like = 0 if shard.kind == "seconds" else N_GROUP * _different(shard.source) + shard.first // PER_SHARD
            if shard.kind == "seconds" or like not in made:
                begin = time.perf_counter()
                _ = work_shard(plan, i, shards, n_thread=1)
                worked += [time.perf_counter() - begin]
                made |= {} if shard.kind == "seconds" else {like: (shards / shard_name(i)).read_bytes()}
            else:
                (shards / shard_name(i)).write_bytes(renumbered(made[like], i))
        size = sum(file.stat().st_size for file in shards.iterdir())
        print(f"     made in {time.perf_counter() - start:.0f} s; results have {size / 1e6:.0f} MB", flush=True)
        print(f"     work of a shard: {1e3 * float(np.median(worked)):.0f} ms", flush=True)
        for what in list(words)[1:]:
            spent[what] = measured(*words[what])
        begin = time.perf_counter()
        _ = run_shards(nothing, range(len(plan.shards)), engine=Engine(partial(thread_pool, 2), 2))
        spent["handing out"] = time.perf_counter() - begin, 0.0
        for what, (took, memory) in spent.items():
            print(f"     {what}: {took:.1f} s" + (f", {memory:.0f} MiB" if memory else ""), flush=True)
        total, most = sum(took for took, _ in spent.values()), max(memory for _, memory in spent.values())
        got = f"{total:.1f} s, {most * 1.048576:.0f} MB"
        what = f"production_coordination, {len(plan.shards):,} shards of {len(plan.inputs):,} files, all five"
        say(what, "below 30 s and 500 MB", got, total < 30.0 and most * 1.048576 < 500.0)
        _denser(plan, shards)


def _different(source: str) -> int:
    return int(Path(source).stem.removeprefix("events")) % N_DIFFERENT


def _denser(plan: Plan, shards: Path) -> None:
    """Show how long a result takes to be merged that has more of the maps filled."""
    first = next(i for i, shard in enumerate(plan.shards) if shard.kind == "events")
    held = read_shard(shards / shard_name(first))
    (small,) = counts_of(held.facts, held.arrays)
    n_cell = small.shape[0] * small.shape[1]
    for share in (len(small.weight_units) / n_cell, 0.1, 0.3, 1.0):
        took, size = merging_time(small, share, shards / "denser")
        got = f"{size / 1e6:.2f} MB, {1e3 * took:.2f} ms to read, check and add a result"
        print(f"     {small.shape[0]} x {small.shape[1]} cells, {100 * share:.3g} % of them filled: {got}", flush=True)


def merging_time(like: CountsCells, share: float, folder: Path, n: int = 50) -> tuple[float, int]:
    """Time to read, check and add a result of which a share of the cells is filled [s], and its size [bytes]."""
    rng = np.random.default_rng(1)
    units = np.where(rng.random(like.shape) < share, rng.integers(1, 2**40, like.shape), 0)
    maps = CountsMaps(units, units, like.energy_edge_gev, like.cut_flow, like.cut_flow_by_bin)
    folder.mkdir(exist_ok=True)
    paths = [folder / shard_name(i) for i in range(n)]
    for i, path in enumerate(paths):
        write_shard(path, ShardSums("p" * 64, i, *counts_sums([maps])), overwrite=True)
    set_threads(0)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        _ = merged_counts_of(counts_of(sums.facts, sums.arrays) for sums in in_order(read_shard, paths))
        took.append((time.perf_counter() - start) / n)
    return float(np.median(took)), paths[0].stat().st_size


VALIDATIONS: dict[str, Callable[[Say], None]] = {"production_coordination": production_coordination}
