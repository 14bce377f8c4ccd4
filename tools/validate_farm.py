"""Where a production saturates, by a simulation of a farm.

python tools/validate.py production_farm
"""

import heapq
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from validate_coordination import merging_time
from validate_production_speed import big_production

from amsdipole.producing import make_plan, work_shard
from amsdipole.production import counts_of, write_plan

Say = Callable[[str, str, str, bool], None]

KILLED, STRAGGLERS, REQUEUE_S = 0.05, 0.01, 30.0
WORK_S = 1500 * 3600.0  # of one worker


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


_STARTED = """
import sys
from amsdipole.config import Config
from amsdipole.producing import prepared
from amsdipole.production import read_plan
plan = read_plan(sys.argv[1])
prepared(Config.model_validate(plan.config), plan.inputs)
"""


def measured_times(folder: Path) -> tuple[list[float], float, float]:
    """Measure one worker's time by event, shard by shard, that of its start, and that to merge a full result [s]."""
    config = big_production(folder, n_event=20_000_000, n_file=2)
    plan = make_plan(config, events_per_shard=2_000_000)
    write_plan(folder / "plan.json", plan)
    took = []
    for i, shard in enumerate(plan.shards):
        start = time.perf_counter()
        sums = work_shard(plan, i, folder / "shards", n_thread=1)
        if shard.kind == "events":
            took.append((time.perf_counter() - start) / shard.n_row)
            (like,) = counts_of(sums.facts, sums.arrays)
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", _STARTED, str(folder / "plan.json")], check=True)
    start_s = time.perf_counter() - begin
    return took[1:], start_s, merging_time(like, 1.0, folder / "full")[0]


def production_farm(say: Say) -> None:
    """Simulate up to 10,000 workers with 5 % kills and 1 % stragglers, by shard times that are measured here."""
    with tempfile.TemporaryDirectory() as name:
        took, start_s, merge_s = measured_times(Path(name))
    rate = 1.0 / float(np.median(took))
    spread = float(np.std(took) / np.median(took))
    got = f"{rate:.3g} events/s, spread {spread:.2f}, start {start_s:.1f} s, merge {1e3 * merge_s:.1f} ms a result"
    print(f"     measured: {got}; simulated: {WORK_S * rate:.2g} events", flush=True)
    rng = np.random.default_rng(20261126)
    alone, share = farm(1, [2.0] * 50, rng, killed=0.0, stragglers=0.0)
    say("production_farm, one worker without mishaps", "100 s, busy 100 %", f"{alone} s, {share}", alone == 100.0)
    busy: dict[tuple[float, int], float] = {}
    for minutes in (1.0, 3.0, 10.0):
        n_shard = round(WORK_S / (60.0 * minutes))
        times = [60.0 * minutes * t / float(np.median(took)) for t in rng.choice(took, n_shard)]
        for n_worker in (100, 300, 1_000, 3_000, 10_000):
            end, share = farm(n_worker, times, rng, start_s=start_s)
            busy[minutes, n_worker] = share
            print(
                f"     {n_shard:6d} shards of {minutes:4g} min, {n_worker:6d} workers: {end / 60.0:7.1f} min, "
                f"{100 * share:5.1f} % of the time of slots; {n_shard * merge_s / 60.0:4.1f} min to merge",
                flush=True,
            )
    # With fewer workers than shards by far, kills, stragglers and starts are all that is lost.
    mishaps = 1.0 / (1.0 + STRAGGLERS * 5.5 + 0.5 * KILLED + start_s / 180.0)
    got = f"{100 * busy[3.0, 100]:.1f} %"
    asked = f"{100 * mishaps:.1f} % within 3"
    say("production_farm, 100 workers, 3-min shards", asked, got, abs(busy[3.0, 100] - mishaps) < 0.03)


VALIDATIONS: dict[str, Callable[[Say], None]] = {"production_farm": production_farm}
