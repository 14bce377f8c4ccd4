"""What reading, counting and writing of events must hold, each figure beside the figure asked.

python tools/validate.py events_fractions events_bits events_parquet events_refusals events_interrupt events_simulate
python tools/validate.py events_memory     (1e9 events in one go, some minutes; EVENTS=2e8 in the environment for less)
"""

import itertools
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import validate_events
from numpy.typing import NDArray

from amsdipole.events import (
    Counts,
    CountsMaps,
    EventFiles,
    EventStream,
    PurityLookup,
    PurityWeights,
    ResponseBins,
    count_events,
    regions,
    write_events,
)
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, builtin_iss_elements
from amsdipole.sky import teme_to_galactic
from amsdipole.threads import set_threads

Say = Callable[[str, str, str, bool], None]
Columns = dict[str, NDArray[Any]]

START_S, STOP_S = 1.4e9, 1.4e9 + 86_400
COLUMNS = ["time_s", "direction_x", "direction_y", "direction_z", "energy_gev", "trd_lambda"]


def events_fractions(say: Say) -> None:
    """Sums of a million adversarial weights against Python's rational numbers."""
    rng, n = np.random.default_rng(11), 1_000_000
    kinds = [1e-12, -1e-9, 2.0**-33, 3 * 2.0**-33, -(2.0**-33), 0.1, 40.25, -41.7, 1 / 3, 60.5, -60.125]
    weight = rng.choice(kinds, n) * rng.choice([1.0, rng.uniform(0.5, 1)], n)
    args: list[Any] = [np.zeros(1), 1.0, np.eye(3)[None], np.zeros((1, 3)), np.ones(1), np.zeros(1, dtype=np.uint8)]
    unit = Fraction(1, 2**32)
    wanted = tuple(sum(round(Fraction(w) / unit) for w in values.tolist()) for values in (weight, weight * weight))
    found = set()
    for threads, pieces, order in ((1, 1, False), (2, 7, True), (7, 13, True)):
        set_threads(threads)
        sums = Counts(1, np.array([1.0, 2.0]), -1.0)
        place = rng.permutation(n) if order else np.arange(n)
        for part in np.array_split(place, pieces):
            m = len(part)
            up = np.tile([[0.0, 0.0, 1.0]], (m, 1))
            sums.add(np.zeros(m), up, np.full(m, 1.5), np.ascontiguousarray(weight[part]), *args)
        found.add((int(sums.units(0).sum()), int(sums.units(1).sum())))
    set_threads(2)
    got = ", ".join(f"{sums} * 2^-32" for sums in sorted(found))
    say("sums of a million weights and squares", f"{wanted} * 2^-32 by fractions.Fraction", got, found == {wanted})


def events_bits(say: Say) -> None:
    """The same bits for any threads, batches, files and order."""
    with tempfile.TemporaryDirectory() as folder:
        n, rng = 2_000_000, np.random.default_rng(8)
        whole = next(day(n, n))
        order = rng.permutation(n)
        shuffled = {name: column[order] for name, column in whole.items()}
        write_events(Path(folder, "whole.parquet"), [whole])
        for i, part in enumerate(np.array_split(np.arange(n), 3)):
            write_events(Path(folder, f"part{i}.parquet"), [{name: c[part] for name, c in shuffled.items()}])
        parts = [Path(folder, f"part{i}.parquet") for i in (2, 0, 1)]
        counted, bits = counter(), set()
        for threads, batch, paths in itertools.product(
            (1, 2, 7), (100_003, 250_000), ([Path(folder, "whole.parquet")], parts)
        ):
            set_threads(threads)
            maps = counted(*paths, batch_size=batch)
            bits.add((maps.weight_units.tobytes(), maps.weight2_units.tobytes(), tuple(maps.cut_flow.items())))
        set_threads(2)
    say("1, 2, 7 threads, two batch sizes, one file or three shuffled", "1 result", f"{len(bits)}", len(bits) == 1)


def events_parquet(say: Say) -> None:
    """Parquet to maps against merely decoding the same columns, on one thread; the best of five."""
    n = int(float(os.environ.get("EVENTS", "1e7")))
    for kind, name in ((np.float32, "single precision, as simulate writes"), (np.float64, "double precision")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.parquet"
            write_events(path, ({c: v if c == "time_s" else v.astype(kind) for c, v in e.items()} for e in day(n)))
            set_threads(1)
            counted = counter()
            ways = (
                partial(decoded, path),
                partial(read, path),
                partial(read, path, located=True),
                partial(counted, path),
            )
            spent = np.min([[clocked(way) for way in ways] for _ in range(5)], axis=0)
            set_threads(2)
        raw, best = spent[0], spent[-1]
        got = f"{n / best[1] / 1e6:.1f} by time of processors, {n / best[0] / 1e6:.1f} by wall time with read-ahead"
        say(f"Parquet to maps, {name} [million events/s and core]", "15", got, bool(n / best[1] >= 15e6))
        got = f"{best[1] / raw[1]:.2f} by time of processors, {best[0] / raw[0]:.2f} by wall time"
        got += f"; decoding alone {n / raw[1] / 1e6:.1f} million events/s"
        say("the same over decoding the columns", "1.5 times", got, bool(best[1] / raw[1] <= 1.5))
        more = np.diff(spent[:, 1], prepend=0.0) / n * 1e9
        got = ", ".join(
            f"{name} {t:.1f}" for name, t in zip(("decoding", "reading", "seconds", "kernel"), more, strict=True)
        )
        say("time of processors by step [ns an event]", "shown", got, True)


def decoded(path: Path) -> None:
    """Decode the columns and let them go."""
    for _ in pq.ParquetFile(path).iter_batches(250_000, columns=COLUMNS, use_threads=False):
        pass


def read(path: Path, *, located: bool = False) -> None:
    """Read the events as the kernel gets them, and work out the seconds that they lie in, but count nothing."""
    navigator, seconds = instrument()
    for batch in EventFiles((str(path),), extra=("trd_lambda",)).batches(checked=False):
        if located:
            navigator(seconds.covering(batch.time_s))


def clocked(work: Callable[[], object]) -> tuple[float, float]:
    """Wall time and time of processors [s]."""
    begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def events_memory(say: Say) -> None:
    """Count very many events in one go and look at the memory: files of 20 million, hard links to one of them."""
    wanted = int(float(os.environ.get("EVENTS", "1e9")))
    each = min(wanted, 20_000_000)
    n_file = max(1, wanted // each)
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "events.parquet"
        write_events(first, day(each))
        paths = [first, *(Path(folder) / f"events_{i}.parquet" for i in range(1, n_file))]
        for path in paths[1:]:
            path.hardlink_to(first)
        counted, held = counter(), [resident_gb()]
        start = time.perf_counter(), time.process_time()
        maps = counted(*paths, progress=lambda _: held.append(resident_gb()))
        spent, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    early, most = max(held[: len(held) // 10 + 1]), max(held)
    rate = f"{maps.n_event / spent / 1e6:.1f} M/s, {maps.n_event / worked / 1e6:.1f} M/s and core"
    got = f"{maps.n_event:,} events in {spent:.0f} s ({rate}), {most:.2f} GB at most, {early:.2f} in the first tenth"
    good = most < 1.0 and most < 1.1 * early and maps.n_event == each * n_file
    say(f"{wanted:.0e} events in one go", "below 1 GB and flat", got, good)


def resident_gb() -> float:
    """Memory that the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e9


def day(n: int, group: int = 1_000_000) -> Iterator[Columns]:
    """Events of one day in time order, by row groups."""
    n_group = -(-n // group)
    for i in range(n_group):
        rng = np.random.default_rng([3, i])
        m = min(group, n - i * group)
        cosine, phi = rng.uniform(0.9, 1.0, m), rng.uniform(0, 2 * np.pi, m)
        sine = np.sqrt(1 - cosine**2)
        # Single precision, as detectors store them, widened: the low bits compress away.
        short = [v.astype(np.float32).astype(float) for v in (sine * np.cos(phi), sine * np.sin(phi), cosine)]
        energy = (15.0 * (1.0 - rng.random(m)) ** (-1 / 2.2)).astype(np.float32).astype(float)
        time_s = START_S + (STOP_S - START_S) * np.sort((i + rng.random(m)) / n_group)
        response = rng.normal(0.6, 0.2, m).astype(np.float32).astype(float)
        yield dict(zip(COLUMNS, (time_s, *short, energy, response), strict=True))


@cache
def instrument() -> tuple[Navigator, ElementSeconds]:
    """Give the instrument of a day and its seconds."""
    edge = np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])
    frame, dipole = teme_to_galactic(START_S, STOP_S), eccentric_dipole_knots(igrf14(), START_S, STOP_S)
    navigator = Navigator(ams_mounting(), CutoffRule(1.2, 0.5, 1), edge, frame, dipole)
    return navigator, ElementSeconds(builtin_iss_elements(), START_S, STOP_S, livetime_fraction=0.9)


def counter() -> Callable[..., CountsMaps]:
    """Set up what counts the events of a day with a table of weights."""
    navigator, seconds = instrument()
    value = np.random.default_rng(1).uniform(0, 1, (5, 12, 102))
    nothing = np.zeros((5, 3))
    weights = PurityWeights(value, "purity", (), {}, nothing, nothing, np.ones(5), np.zeros(5))
    lookup = PurityLookup(weights.table(0.0, 2.0, regions(32, 1)), (ResponseBins(),))

    def counted(
        *source: Path | EventStream, batch_size: int = 250_000, progress: Callable[[int], None] | None = None
    ) -> CountsMaps:
        events: EventFiles | EventStream
        if isinstance(source[0], EventStream):
            events = source[0]
        else:
            events = EventFiles(tuple(str(path) for path in source), batch_size=batch_size, extra=("trd_lambda",))
        choices: Any = {"nside": 32, "cos_least": 0.9, "purity": lookup, "progress": progress}
        return count_events(events, seconds, navigator, **choices)

    return counted


def events_formats(say: Say) -> None:
    """The same maps from every reader."""
    import pyarrow as pa
    import pyarrow.csv
    import uproot
    from astropy.table import Table

    values = next(day(200_000, 200_000))
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_events(here / "events.parquet", [values])
        pyarrow.csv.write_csv(pa.table(values), here / "events.csv")
        Table(values).write(here / "events.fits")
        with uproot.recreate(here / "tree.root") as file:
            file.mktree("events", dict.fromkeys(values, np.float64)).extend(values)
        with uproot.recreate(here / "ntuple.root") as file:
            file.mkrntuple("events", values)
        count = counter()
        reader = pa.RecordBatchReader.from_batches(pa.table(values).schema, pa.table(values).to_batches(30_000))
        found, rate = {}, {}
        streams = {
            "Arrow stream": reader,
            "foreign stream": validate_events.module("arrow_stream.py").ForeignTable(values, 30_000),
        }
        for name in ("events.parquet", "events.csv", "events.fits", "tree.root", "ntuple.root", *streams):
            begun = time.perf_counter()
            source = EventStream(streams[name], extra=("trd_lambda",)) if name in streams else here / name
            maps = count(source)
            rate[name] = 0.2 / (time.perf_counter() - begun)
            found[name] = maps.weight_units.tobytes(), tuple(maps.cut_flow.values())
    same = len(set(found.values())) == 1
    got = f"{len(set(found.values()))} (" + ", ".join(f"{n} {r:.1f} M/s" for n, r in rate.items()) + ")"
    say("distinct maps of one table in seven formats", "1", got, same)


def events_refusals(say: Say) -> None:
    """Damaged tables through the command line: what is said, and what is left."""
    test = validate_events.module("unit/test_event_refusals.py")
    for what, file, spoil, words in test.CASES:
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            spoil(here / file)
            (here / "config.toml").write_text(test.CONFIG.format(file=file))
            before = {path.name for path in here.iterdir()}
            command = [*COMMAND, "count", "config.toml", "maps", "--quiet"]
            done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
            left = {path.name for path in here.iterdir()} - before
        text = done.stderr.strip().replace(f"{here}/", "")
        named = all(word in text for word in words)
        good = done.returncode in (2, 3, 4) and named and not left and "\n" not in text
        got = f"{text!r}, left {sorted(left) or 'nothing'}"
        say(f"{what} in {file}", "refused by its place, nothing left", got, good)


def events_simulate(say: Say) -> None:
    """Simulation streams: memory does not grow with the number of events, and the rest of 1e9 is told."""
    sizes = (3_000_000, 20_000_000)
    held, rate, worked = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(CONFIG.replace("FILES", '"none.parquet"'))
        for n in sizes:
            begun = time.perf_counter()
            done = subprocess.Popen(
                [*COMMAND, "simulate", "config.toml", f"{n}.parquet", "--events", str(n), "--quiet"],
                cwd=folder, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            _, status, usage = os.wait4(done.pid, 0)
            rate.append(n / (time.perf_counter() - begun))
            held.append(usage.ru_maxrss / 1e6)
            worked.append(usage.ru_utime + usage.ru_stime)
            rows = pq.read_metadata(Path(folder, f"{n}.parquet")).num_rows if status == 0 else 0
            say(f"simulate --events {n:.0e}", "the number within 1 %", f"{rows:,}", abs(rows - n) < 0.01 * n)
    got = f"{held[0]:.2f} and {held[1]:.2f} GB; {rate[-1] / 1e6:.2f} M/s, so 1e9 in {1e9 / rate[-1] / 60:.0f} min"
    flat = held[1] < 1.0 and held[1] < 1.1 * held[0]
    say(f"simulate, memory at {sizes[0]:.0e} and {sizes[1]:.0e}", "flat, below 1 GB", got, flat)
    # What is added between the two sizes: start-up and pilot count once.
    each = (sizes[1] - sizes[0]) / (worked[1] - worked[0])
    say("simulate [million events/s and core]", "2", f"{each / 1e6:.2f}", each >= 2e6)


def events_interrupt(say: Say) -> None:
    """Ctrl-C while commands run: how long they take to end, and what they leave."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        files = ", ".join(f'"events_{i}.parquet"' for i in range(40))
        here.joinpath("config.toml").write_text(CONFIG.replace("FILES", files))
        write_events(here / "events.parquet", day(3_000_000))
        for i in range(40):
            here.joinpath(f"events_{i}.parquet").hardlink_to(here / "events.parquet")
        before = {path.name for path in here.iterdir()}
        for name, arguments in (
            ("count", ("count", "config.toml", "maps")),
            ("templates", ("templates", "config.toml", "fits")),
            ("run", ("run", "config.toml")),
            ("simulate", ("simulate", "config.toml", "made.parquet", "--events", "1e9")),
        ):
            work = subprocess.Popen([*COMMAND, *arguments], cwd=folder, stderr=subprocess.PIPE, text=True)
            time.sleep(5.0)
            running = work.poll() is None
            begun = time.perf_counter()
            work.send_signal(signal.SIGINT)
            _, text = work.communicate(timeout=60)
            spent = time.perf_counter() - begun
            left = {path.name for path in here.iterdir()} - before
            last = text.strip().splitlines()[-1] if text.strip() else ""
            got = f"{spent:.2f} s, left {sorted(left) or 'nothing'}, exit {work.returncode}, {last!r}"
            good = running and spent < 1.0 and not left and work.returncode == 130
            say(f"Ctrl-C in {name}", "below 1 s, nothing left, exit 130", got, good)


COMMAND = [sys.executable, "-m", "amsdipole"]
CONFIG = """
name = "A day of candidates"
[seconds]
start = "2014-05-13T16:53:20Z"
stop = "2014-05-14T16:53:20Z"
[events]
files = [FILES]
[energy]
edges_gev = [16.0, 25.0, 40.0, 65.0, 100.0, 500.0]
ranges_gev = [16.0, 25.0]
[map]
nside = 32
[templates]
components = { positrons = { files = ["events.parquet"] }, protons = { files = ["events_0.parquet"] } }
[weights]
method = "purity"
[output]
folder = "results"
"""


VALIDATIONS: dict[str, Callable[[Say], None]] = {
    f.__name__: f
    for f in (
        events_fractions, events_bits, events_formats, events_parquet, events_memory, events_refusals, events_interrupt,
        events_simulate,
    )
}  # fmt: skip
