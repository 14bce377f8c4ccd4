"""Validations of many fits: speed against iminuit, toys on any number of workers, nested ranges.

Run by `tools/validate.py`; each takes `say`, which prints what is asked and what is got.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Say = Callable[[str, str, str, bool], None]

N_POSITRON = 180_000  # the talk: 1.8e5 positrons above 16 GeV in nine years
# Method 5.4: positrons above the lower edges of the five ranges in nine years.
ABOVE = np.array([180_000.0, 82_000.0, 33_000.0, 13_300.0, 5_700.0])


def skies(say: Say) -> None:
    """Time 10,000 toy skies, one map, and iminuit on the same skies; the script of the benches is the measurement."""
    from amsdipole.threads import set_threads

    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    if any(os.environ.get(name) != value for name, value in one.items()):
        # NumPy is here already, on all cores: threads that wait for each other would make iminuit look slow.
        command = [sys.executable, str(Path(__file__).with_name("validate.py")), "skies"]
        failed = subprocess.run(command, env={**os.environ, **one}, check=False).returncode
        say("skies, in a process of their own with BLAS on one core", "0 failed", f"{failed} failed", failed == 0)
        return
    bench = _bench()
    set_threads(2)
    wall, cpu = bench.draw_and_fit(10_000)
    say(
        "skies, 10,000 of nside 32 drawn and fitted with full covariance, two threads",
        "6 s",
        f"{wall:.2f} s on the clock, {cpu:.2f} s of processors",
        wall <= 6.0,
    )
    for with_gradient, what in ((True, "with a NumPy gradient, tolerance 1e-11"), (False, "as it comes")):
        ratio, gap, error_gap = bench.against_minuit(20, 3, with_gradient=with_gradient)
        say(f"skies, iminuit {what}, processor time", "50 times ours", f"{ratio:.0f} times", ratio >= 50.0)
        if with_gradient:
            # As it comes, iminuit stops some 1e-4 of an error from the maximum.
            say("skies, values against iminuit", "1e-6 of sigma", f"{gap:.1e}", gap <= 1e-6)
            say("skies, errors against iminuit's Hesse matrix", "1e-3", f"{error_gap:.1e}", error_gap <= 1e-3)
    for nside in (32, 64):
        time_ms = 1e3 * bench.one_map(nside, 20)
        say(f"skies, fit of one map, nside {nside}", "below 5 ms", f"{time_ms:.2f} ms", time_ms < 5.0)


def toy_seeds(say: Say) -> None:
    """A toy has the same bits alone, in a batch, and on one thread or two."""
    from amsdipole.sky import pixel_centers
    from amsdipole.statistics import fit_skies, poisson_skies
    from amsdipole.threads import set_threads

    unit = pixel_centers(16)
    expected = 180_000 * (1.0 + 0.3 * unit[:, 2]) / len(unit)
    found = []
    for threads, size in ((1, 200), (2, 200), (2, 37), (1, 1)):
        set_threads(threads)
        parts = [range(first, min(first + size, 200)) for first in range(0, 200, size)]
        drawn = np.concatenate([poisson_skies(expected, seed=7, toys=part) for part in parts])
        fits = [fit_skies(drawn[part.start : part.stop], expected, unit) for part in parts]
        found.append((drawn, np.concatenate([fit.rho for fit in fits])))
    set_threads(2)
    same = all((a == found[0][0]).all() and (b == found[0][1]).all() for a, b in found)
    say(
        "toys, 200 skies by 1 or 2 threads in batches of 200, 37 and 1",
        "the same bits",
        "same" if same else "differ",
        same,
    )


def ranges(say: Say) -> None:
    """Covariance of the five nested ranges against toys, and the law of the global p-value."""
    from scipy.stats import kstest

    from amsdipole.sky import pixel_centers
    from amsdipole.statistics import cumulative_ranges, fit_skies, poisson_skies
    from amsdipole.toy_exposure import ams_reference

    n_toy, n_global = 10_000, 400
    unit, shape = pixel_centers(16), ams_reference(nside=16)
    inside = ABOVE - np.append(ABOVE[1:], 0.0)
    reference = inside[:, None] * shape / shape.sum()
    drawn = np.stack([poisson_skies(r, seed=20 + k, toys=range(n_toy)) for k, r in enumerate(reference)])
    rho = np.concatenate([fit_skies(drawn[k:].sum(axis=0), reference[k:].sum(axis=0), unit).rho for k in range(5)], 1)
    predicted = cumulative_ranges(reference, reference, unit).covariance
    error = np.sqrt(np.diag(predicted))
    away = np.cov(rho.T) / np.outer(error, error) - predicted / np.outer(error, error)
    # The error of a correlation is at most 1 / sqrt(n), that of a variance sqrt(2 / n): 120 numbers within 4 errors.
    allowed = 4 * np.sqrt(2.0 / n_toy)
    correlation = (predicted / np.outer(error, error)).reshape(5, 3, 5, 3)
    mean = np.einsum("aibi->ab", correlation) / 3.0
    print("correlation of the ranges above 16, 25, 40, 65, 100 GeV:")
    for row in mean:
        print("     " + " ".join(f"{value:6.3f}" for value in row), flush=True)
    worst = float(np.abs(away).max())
    say(
        f"ranges, covariance of {n_toy} toys",
        f"within {allowed:.3f} of the errors squared",
        f"{worst:.3f}",
        worst < allowed,
    )
    value, independent = [], []
    for toy in range(n_global):
        found = cumulative_ranges(drawn[:, toy], reference, unit).global_p_value(n_toy=4000, seed=toy)
        value.append(found.value)
        independent.append(found.independent)
    ks = float(kstest(value, "uniform").pvalue)
    wrong = float(kstest(independent, "uniform").pvalue)
    say(
        f"ranges, global p-values of {n_global} isotropic toys are uniform",
        "Kolmogorov-Smirnov above 0.01",
        f"{ks:.3f} (if the ranges were called independent: {wrong:.1e})",
        ks > 0.01,
    )


def _bench() -> Any:
    path = Path(__file__).resolve().parents[1] / "benches" / "sky_statistics.py"
    spec = importlib.util.spec_from_file_location("sky_statistics", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: no such script")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


VALIDATIONS: dict[str, Callable[[Say], None]] = {f.__name__: f for f in (skies, toy_seeds, ranges)}
