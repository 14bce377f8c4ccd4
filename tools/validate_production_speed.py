"""What a production costs beside one pass, how it scales, and where it saturates.

python tools/validate.py production_overhead production_scaling production_coordination production_farm
"""

import hashlib
import heapq
import importlib
import json
import os
import resource
import shutil
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

from amsdipole.analysis import run
from amsdipole.config import Config, read_config
from amsdipole.merging import merge_shards
from amsdipole.producing import make_plan, work_file, work_shard
from amsdipole.production import Engine, Plan, read_shard, run_shards, shard_name, write_plan
from amsdipole.production.engines import process_pool, thread_pool

Say = Callable[[str, str, str, bool], None]

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
productions: Any = importlib.import_module("productions")

N_EVENT = int(float(os.environ.get("AMSDIPOLE_EVENTS", "1e8")))
N_SIMULATED = 1_000_000  # the rest repeats them: a sum does not become faster by that


def big_production(folder: Path, *, n_event: int, n_file: int, more: str = "") -> Config:
    """Write events to one file, which other names share, and 12 days of seconds."""
    text = productions.CONFIG.format(stop="2011-05-31T00:00:00Z", step_s=1.0).replace("overwrite = true\n", "")
    files = ", ".join(f'"events{i}.parquet"' for i in range(n_file))
    text = text.replace('"events.parquet"', files) + productions.SHORT + more
    (folder / "config.toml").write_text(text)
    _ = productions.divided_mission(folder, n_event=N_SIMULATED, days=12)
    (folder / "config.toml").write_text(text)
    table = pq.read_table(folder / "events.parquet").slice(0, N_SIMULATED)
    with pq.ParquetWriter(folder / "events0.parquet", table.schema) as writer:
        for _ in range(n_event // n_file // N_SIMULATED):
            writer.write_table(table)
    for i in range(1, n_file):
        os.link(folder / "events0.parquet", folder / f"events{i}.parquet")
    return read_config(folder / "config.toml")


def production_overhead(say: Say) -> None:
    """Plan, shards and merge beside one pass, in one process, taken in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = big_production(folder, n_event=N_EVENT, n_file=2)
        ratio, busy, took = [], [], []
        for _ in range(3):
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


def production_scaling(say: Say) -> None:
    """One worker and two, each a process with one thread, their starts included."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n_event = 16 * N_EVENT // 10
        config = big_production(folder, n_event=n_event, n_file=4)
        plan = make_plan(config)
        write_plan(folder / "plan.json", plan)
        events = [i for i, shard in enumerate(plan.shards) if shard.kind == "events"]
        took, busy = {}, {}
        for n in (1, 2):
            task = partial(work_file, str(folder / "plan.json"), str(folder / f"shards{n}"), 1)
            start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            failed = run_shards(task, events, engine=Engine(partial(process_pool, n), n))
            took[n], after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            busy[n] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            if failed:
                say("production_scaling, failures", "none", str(failed[0]), False)
        speedup = took[1] / took[2]
        print(f"     processor time: {busy[1]:.1f} s by one, {busy[2]:.1f} s by two together", flush=True)
        got = f"{speedup:.2f} ({took[1]:.1f} s and {took[2]:.1f} s for {n_event:.1e} events in {len(events)} shards)"
        say("production_scaling, two processes on two cores", "1.8 times one or more", got, speedup >= 1.8)


_MEASURED = """
import resource, sys, time
from amsdipole.cli import main
start = time.perf_counter()
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
took = time.perf_counter() - start
sys.stderr.write(f"\\n{took} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}")
"""


def measured(*words: object) -> tuple[float, float]:
    """Run a command in a process of its own: its time [s] and greatest memory [MiB]."""
    command = [sys.executable, "-c", _MEASURED, *map(str, words)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()[-1].split()
    return float(said[0]), float(said[1])


def many_shards(folder: Path, n: int) -> tuple[Path, Plan]:
    """Make a plan of n shards of 20 events and 100 of seconds, and results of all; those of events are alike."""
    _ = productions.divided_mission(folder, n_event=20 * n, group=20, more=productions.SHORT)
    table = pq.read_table(folder / "events.parquet").slice(0, 20 * (n - 100))
    pq.write_table(table, folder / "events.parquet", row_group_size=20)
    plan = folder / "plan.json"
    words = ("--events-per-shard", 20, "--seconds-per-shard", 260)
    took, memory = measured("plan", folder / "config.toml", plan, *words)
    print(f"     plan: {took:.1f} s, {memory:.0f} MiB", flush=True)
    return plan, importlib.import_module("amsdipole.production").read_plan(plan)


N_MADE = 50  # shards of events that are worked on; the others repeat them


def renumbered(raw: bytes, index: int) -> bytes:
    """Make the result of one shard that of another."""
    (length,) = struct.unpack("<Q", raw[8:16])
    header = {**json.loads(raw[16 : 16 + length]), "shard": index}
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
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
        plan_file, plan = many_shards(folder, n)
        shards = folder / "plan-shards"
        first = work_shard(plan, 0, shards)
        made = []
        for i, shard in enumerate(plan.shards):
            if shard.kind == "seconds" or i < N_MADE:
                _ = work_shard(plan, i, shards)
                made += [(shards / shard_name(i)).read_bytes()] if shard.kind == "events" else []
            else:
                (shards / shard_name(i)).write_bytes(renumbered(made[i % N_MADE], i))
        print(f"     made in {time.perf_counter() - start:.0f} s", flush=True)
        total, most = 0.0, 0.0
        for what, words in (
            ("plan", ("plan", folder / "config.toml", plan_file, "--overwrite", "--events-per-shard", 20)),
            ("status", ("status", plan_file, "--json")),
            ("work, with all done", ("work", plan_file, "--quiet")),
        ):
            more = ("--seconds-per-shard", 260) if what == "plan" else ()
            took, memory = measured(*words, *more)
            print(f"     {what}: {took:.1f} s, {memory:.0f} MiB", flush=True)
            total, most = total + took, max(most, memory)
        begin = time.perf_counter()
        _ = run_shards(nothing, range(len(plan.shards)), engine=Engine(partial(thread_pool, 2), 2))
        took = time.perf_counter() - begin
        print(f"     handing out: {took:.2f} s", flush=True)
        total += took
        merge, memory = measured("merge", plan_file, "--quiet")
        bins = first.arrays["weight_units_0"].shape
        print(f"     merge: {merge:.1f} s, {memory:.0f} MiB, maps of {bins[0]} x {bins[1]}", flush=True)
        got = f"{total:.1f} s, {most:.0f} MiB for {len(plan.shards):,} shards"
        say("production_coordination, plan, hand out, status", "below 30 s and 500 MB", got, total < 30 and most < 477)
        got = f"{merge:.1f} s, {memory:.0f} MiB"
        say("production_coordination, merge with fits", "below 30 s and 500 MB", got, merge < 30 and memory < 477)


KILLED, STRAGGLERS, REQUEUE_S = 0.05, 0.01, 30.0


def farm(
    n_worker: int,
    shard_s: list[float],
    rng: np.random.Generator,
    *,
    start_s: float = 0.0,
    killed: float = KILLED,
    stragglers: float = STRAGGLERS,
) -> tuple[float, float]:
    """Simulate a farm: time to the last result [s], and share of the slots' time that became results.

    A killed shard is queued again after half a minute; a straggler takes 3 to 10 times as long.
    """
    waiting = list(range(len(shard_s)))
    again: list[tuple[float, int]] = []
    free = [(0.0, i) for i in range(n_worker)]
    end = 0.0
    while waiting or again:
        now, worker = heapq.heappop(free)
        while again and again[0][0] <= now:
            waiting.append(heapq.heappop(again)[1])
        if not waiting:
            heapq.heappush(free, (again[0][0], worker))
            continue
        shard = waiting.pop()
        took = start_s + shard_s[shard] * (rng.uniform(3.0, 10.0) if rng.random() < stragglers else 1.0)
        if rng.random() < killed:
            took *= rng.random()
            heapq.heappush(again, (now + took + REQUEUE_S, shard))
        else:
            end = max(end, now + took)
        heapq.heappush(free, (now + took, worker))
    return end, sum(shard_s) / (end * n_worker)


def measured_times(folder: Path) -> tuple[list[float], float]:
    """Measure the time of one worker by event [s], shard by shard, and that to read a result [s]."""
    config = big_production(folder, n_event=20_000_000, n_file=2)
    plan = make_plan(config, events_per_shard=2_000_000)
    took = []
    for i, shard in enumerate(plan.shards):
        start = time.perf_counter()
        _ = work_shard(plan, i, folder / "shards", n_thread=1)
        if shard.kind == "events" and i > 0:
            took.append((time.perf_counter() - start) / shard.n_row)
    start = time.perf_counter()
    for i in range(len(plan.shards)):
        _ = read_shard(folder / "shards" / shard_name(i))
    return took, (time.perf_counter() - start) / len(plan.shards)


def production_farm(say: Say) -> None:
    """Simulate up to 10,000 workers with 5 % kills and 1 % stragglers, by shard times that are measured here."""
    with tempfile.TemporaryDirectory() as name:
        took, read_s = measured_times(Path(name))
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import amsdipole.producing"], check=True)
    start_s = time.perf_counter() - begin + 2.0  # and orbit, field and frames
    rate = 1.0 / float(np.median(took))
    spread = float(np.std(took) / np.median(took))
    print(f"     measured: {rate:.3g} events/s, spread {spread:.2f}, start {start_s:.1f} s, read {1e3 * read_s:.1f} ms")
    rng = np.random.default_rng(20261126)
    alone, share = farm(1, [2.0] * 50, rng, killed=0.0, stragglers=0.0)
    say("production_farm, one worker without mishaps", "100 s, busy 100 %", f"{alone} s, {share}", alone == 100.0)
    busy: dict[tuple[float, int], float] = {}
    for minutes in (1.0, 3.0, 10.0):
        n_shard = round(1e13 / (60.0 * minutes * rate))
        times = [60.0 * minutes * t / float(np.median(took)) for t in rng.choice(took, n_shard)]
        for n_worker in (100, 300, 1_000, 3_000, 10_000):
            end, share = farm(n_worker, times, rng, start_s=start_s)
            busy[minutes, n_worker] = share
            print(
                f"     {n_shard:6d} shards of {minutes:4g} min, {n_worker:6d} workers: {end / 60.0:7.1f} min, "
                f"{100 * share:5.1f} % of the time of slots; {n_shard * read_s / 60.0:4.1f} min to read for the merge",
                flush=True,
            )
    # With fewer workers than shards by far, kills, stragglers and starts are all that is lost.
    mishaps = 1.0 / (1.0 + STRAGGLERS * 5.5 + 0.5 * KILLED + start_s / 180.0)
    got = f"{100 * busy[3.0, 100]:.1f} %"
    asked = f"{100 * mishaps:.1f} % within 3"
    say("production_farm, 100 workers, 3-min shards", asked, got, abs(busy[3.0, 100] - mishaps) < 0.03)


VALIDATIONS: dict[str, Callable[[Say], None]] = {
    "production_overhead": production_overhead,
    "production_scaling": production_scaling,
    "production_coordination": production_coordination,
    "production_farm": production_farm,
}
