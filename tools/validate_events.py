"""Long validations of the events part: what was asked, what is reached.

    python tools/validate_events.py [missions] [magic] [fits] [fractions] [parquet] [memory] [--missions N] [--events N]

Without names all but `memory` are run (`memory` counts --events events, 1e9 by default, in --folder). Each
prints a line for each thing that is asked; the exit code counts the failures. Measurements are shared with the tests.
"""

import argparse
import importlib.util
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from amsdipole import _core
from amsdipole.events import (
    CountsMaps,
    EventFiles,
    PurityLookup,
    PurityWeights,
    ResponseBins,
    count_events,
    purity_weights,
    regions,
    write_events,
)
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, builtin_iss_elements
from amsdipole.sky import teme_to_galactic

ROOT = Path(__file__).resolve().parents[1]
_failures: list[str] = []


def module(path: str) -> ModuleType:
    """Load a test module by its path."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "tests" / path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: no such test module")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their module up
    spec.loader.exec_module(loaded)
    return loaded


def say(what: str, asked: str, got: str, good: bool) -> None:
    """Print one result."""
    print(f"{'ok  ' if good else 'FAIL'} {what}: asked {asked}, got {got}", flush=True)
    if not good:
        _failures.append(what)


def percent(vector: np.ndarray) -> str:
    """Components in percent."""
    return ", ".join(f"{100 * v:.3f}" for v in vector)


def missions(choice: argparse.Namespace) -> None:
    """Purity weights, sWeights and the naive fit over many missions, with and without a dipole of the background."""
    test = module("physics/test_weighted_missions.py")
    n = choice.missions
    for label, rho in (("isotropic background", np.zeros(3)), ("background of 5 %", np.array([0.0, 0.0, -0.05]))):
        found = test.summary(n, 2026, rho)
        for way in ("purity", "sweights", "naive"):
            r = found[way]
            off = np.abs(r["mean"] - test.RHO) / r["mean_error"]
            got = (
                f"({percent(r['mean'])}) +- ({percent(r['mean_error'])}) % of ({percent(test.RHO)}) %, "
                f"off by {off.max():.1f} errors; recovered {r['gain']:.3f}; "
                f"pulls {np.round(r['pull_mean'], 3).tolist()}, widths {np.round(r['pull_width'], 3).tolist()}"
            )
            judged = way == "sweights" or (way == "purity" and not rho.any())
            # The largest of three components: 2.9 errors leave a chance of 1 %.
            good = not judged or (off.max() < 2.9 and (np.abs(r["pull_width"] - 1) < 0.15).all())
            asked = "unbiased, pulls N(0,1) within 0.1 (3 sigma of 200: 0.15)" if judged else "shown"
            say(f"missions, {label}, {way}", asked, got, good)
        warned = found["background"]["warned"]
        good = warned > 0.5 if rho.any() else warned < 0.05
        say(f"missions, {label}, warned", "mostly" if rho.any() else "1 %", f"{warned:.1%} of {n}", good)
    found = test.summary(max(20, n // 4), 2027, np.zeros(3), 1)["purity"]
    got = f"({percent(found['mean'])}) +- ({percent(found['mean_error'])}) %, recovered {found['gain']:.3f}"
    say("missions, purity by 12 regions", "shown: a true dipole moves regional purities", got, True)


def magic(choice: argparse.Namespace) -> None:
    """Random halves of the labelled MAGIC events."""
    shared = ROOT.parent / "shared" / "data"
    if not (shared / "magic04").is_dir():
        print("skip magic: public data are absent")
        return
    test = module("real/test_magic.py")
    pulls = test.splits(*test.read(shared), choice.splits, 7)
    mean, width = pulls.mean(axis=0), pulls.std(axis=0, ddof=1)
    say(f"magic, {choice.splits} splits, mean pull", "within 0.2 of 0", f"{mean[0]:.3f}", abs(mean[0]) < 0.2)
    say(f"magic, {choice.splits} splits, width", "0.85 to 1.15", f"{width[0]:.3f}", 0.85 <= width[0] <= 1.15)
    got = f"mean pull {mean[1]:.3f}, width {width[1]:.3f}"
    say("magic, sum of purity weights", "within its error of the true count", got, abs(mean[1]) < 0.2)


def fits(_: argparse.Namespace) -> None:
    """Thirty energy bins by twelve regions."""
    test = module("physics/test_weighted_missions.py")
    rng = np.random.default_rng(12)
    templates = np.tile(test.controls(rng)[:1], (30, 1, 1))
    share = templates[0] / templates[0].sum(axis=1, keepdims=True)
    counts = np.array([[rng.poisson(n * (0.8 * share[0] + 0.2 * share[1])) for _ in range(12)]
                       for n in np.geomspace(5000, 60, 30)]).astype(float)  # fmt: skip
    start = time.perf_counter()
    found = purity_weights(counts, templates, names=("positrons", "protons"))
    spent = time.perf_counter() - start
    n_fit = sum(fit is not None for row in found.fits for fit in row)
    n_valid = sum(fit.valid for row in found.fits for fit in row if fit is not None)
    say("fits, 30 x 12", "below 20 s", f"{spent:.1f} s", spent < 20)
    got = f"{n_valid} of {n_fit} converged, {len(found.fallback)} fallbacks named"
    say("fits, convergence", "all reported", got, n_fit - n_valid <= len(found.fallback))


def fractions(_: argparse.Namespace) -> None:
    """Sums of a million adversarial weights against Python's rational numbers."""
    rng, n = np.random.default_rng(11), 1_000_000
    kinds = [1e-12, -1e-9, 2.0**-33, 3 * 2.0**-33, -(2.0**-33), 0.1, 40.25, -41.7, 1 / 3, 60.5, -60.125]
    weight = rng.choice(kinds, n) * rng.choice([1.0, rng.uniform(0.5, 1)], n)
    args: list[Any] = [np.zeros(1), 1.0, np.eye(3)[None], np.zeros((1, 3)), np.ones(1), np.zeros(1, dtype=np.uint8)]
    unit = Fraction(1, 2**32)
    wanted = [sum(round(Fraction(w) / unit) for w in values.tolist()) for values in (weight, weight * weight)]
    bits = set()
    for threads, pieces, order in ((1, 1, False), (2, 7, True), (7, 13, True)):
        _core.set_threads(threads)
        sums = _core.Counts(1, np.array([1.0, 2.0]), -1.0)
        place = rng.permutation(n) if order else np.arange(n)
        for part in np.array_split(place, pieces):
            m = len(part)
            up = np.tile([[0.0, 0.0, 1.0]], (m, 1))
            sums.add(np.zeros(m), up, np.full(m, 1.5), np.ascontiguousarray(weight[part]), *args)
        bits.add((int(sums.units(0).sum()), int(sums.units(1).sum())))
    _core.set_threads(0)
    say("fractions, a million weights", "equal", f"{bits} and {tuple(wanted)}", bits == {tuple(wanted)})


def parquet(choice: argparse.Namespace) -> None:
    """Parquet to maps against merely decoding the same columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        n = min(choice.events, 20_000_000)
        write(path, n)
        _core.set_threads(1)
        columns = ["time_s", "direction_x", "direction_y", "direction_z", "energy_gev", "trd_lambda"]
        counted = counter()
        decode, count = [], []
        for _ in range(3):
            begun = time.perf_counter(), time.process_time()
            for _ in pq.ParquetFile(path).iter_batches(1_000_000, columns=columns, use_threads=False):
                pass
            decode.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
            begun = time.perf_counter(), time.process_time()
            counted(path)
            count.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        _core.set_threads(0)
        best, raw = np.min(count, axis=0), np.min(decode, axis=0)
        got = f"{n / best[1] / 1e6:.1f} million a second of processor time, {n / best[0] / 1e6:.1f} of wall time"
        say("parquet to maps", "15 million events a second and core", got, n / best[1] >= 15e6)
        ratio = best[1] / raw[1]
        got = f"{ratio:.2f} times in processor time, {best[0] / raw[0]:.2f} in wall time"
        say("parquet to maps against decoding", "1.5 times", got, ratio <= 1.5)


def write(path: Path, n: int) -> None:
    """Events of one day in time order, by row groups of a million."""

    def groups() -> Iterator[dict[str, np.ndarray]]:
        n_group = -(-n // 1_000_000)
        for i in range(n_group):
            rng = np.random.default_rng([3, i])
            m = min(1_000_000, n - i * 1_000_000)
            cosine, phi = rng.uniform(0.9, 1.0, m), rng.uniform(0, 2 * np.pi, m)
            sine = np.sqrt(1 - cosine**2)
            # Single precision, as detectors store them, widened: the low bits compress away.
            short = [v.astype(np.float32).astype(float) for v in (sine * np.cos(phi), sine * np.sin(phi), cosine)]
            energy = (15.0 * (1.0 - rng.random(m)) ** (-1 / 2.2)).astype(np.float32).astype(float)
            yield {
                "time_s": 1.4e9 + 86_400.0 * np.sort((i + rng.random(m)) / n_group),
                "direction_x": short[0], "direction_y": short[1], "direction_z": short[2], "energy_gev": energy,
                "trd_lambda": rng.normal(0.6, 0.2, m).astype(np.float32).astype(float),
            }  # fmt: skip

    write_events(path, groups())


def counter() -> Callable[..., CountsMaps]:
    """Set up the instrument of a day, and give what counts its events with a table of weights."""
    start, stop, edge = 1.4e9, 1.4e9 + 86_400, np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])
    navigator = Navigator(
        ams_mounting(), CutoffRule(1.2, 0.5, 1), edge, teme_to_galactic(start, stop),
        eccentric_dipole_knots(igrf14(), start, stop),
    )  # fmt: skip
    value = np.random.default_rng(1).uniform(0, 1, (5, 12, 102))
    nothing = np.zeros((5, 3))
    weights = PurityWeights(value, "purity", (), {}, nothing, nothing, np.ones(5), np.zeros(5))
    lookup = PurityLookup(weights.table(0.0, 2.0, regions(32, 1)), (ResponseBins(),))
    seconds = ElementSeconds(builtin_iss_elements(), start, stop, livetime_fraction=0.9)

    def counted(*paths: Path, progress: Callable[[int], None] | None = None) -> CountsMaps:
        events = EventFiles(tuple(str(path) for path in paths), extra=("trd_lambda",))
        choices: dict[str, Any] = {"nside": 32, "cos_least": 0.9, "purity": lookup, "progress": progress}
        return count_events(events, seconds, navigator, **choices)

    return counted


def memory(choice: argparse.Namespace) -> None:
    """Count very many events in one go and look at the memory: files of 20 million, hard links to one of them."""
    each = min(choice.events, 20_000_000)
    n_file = max(1, choice.events // each)
    with tempfile.TemporaryDirectory(dir=choice.folder) as folder:
        first = Path(folder) / "events.parquet"
        write(first, each)
        paths = [first, *(Path(folder) / f"events_{i}.parquet" for i in range(1, n_file))]
        for path in paths[1:]:
            path.hardlink_to(first)
        counted, held = counter(), []
        start = time.perf_counter(), time.process_time()
        maps = counted(*paths, progress=lambda _: held.append(resident_gb()))
        spent, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    early, most = max(held[: len(held) // 10 + 1]), max(held)
    rate = f"{maps.n_event / spent / 1e6:.1f} M/s, {maps.n_event / worked / 1e6:.1f} M/s of processor time"
    got = f"{maps.n_event} events in {spent:.0f} s ({rate}), {most:.2f} GB at most, {early:.2f} in the first tenth"
    good = most < 1.0 and most < 1.1 * early and maps.n_event == each * n_file
    say("memory", "below 1 GB and flat", got, good)


def resident_gb() -> float:
    """Memory that the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e9


def main() -> None:
    """Run what is named."""
    ways = {f.__name__: f for f in (missions, magic, fits, fractions, parquet, memory)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=[*ways, []])
    parser.add_argument("--missions", type=int, default=200)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--events", type=int, default=1_000_000_000)
    parser.add_argument("--folder", default="/tmp")
    choice = parser.parse_args()
    for name in choice.what or [n for n in ways if n != "memory"]:
        ways[name](choice)
    raise SystemExit(len(_failures))


if __name__ == "__main__":
    main()
