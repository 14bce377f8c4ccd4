"""Toys and fits: many skies at once, iminuit on the same skies, one real map.

    python benches/sky_statistics.py [--skies N] [--rounds N]

10,000 skies of 1.8e5 events at nside 32 are drawn and fitted with full covariance; iminuit, with NumPy likelihood and
gradient, fits some of the same skies in the same run, alternating with ours. Times of two threads unless --threads says
otherwise; processor time is printed too, which a machine shared with others does not stretch.
"""

import argparse
import os
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy: iminuit's likelihood on one core

import numpy as np  # noqa: E402
from iminuit import Minuit  # noqa: E402

from amsdipole.sky import pixel_centers  # noqa: E402
from amsdipole.statistics import fit_components, fit_dipole, poisson_skies, sky_components  # noqa: E402
from amsdipole.threads import set_threads  # noqa: E402

NSIDE, N_EVENT, BATCH = 32, 180_000, 500
DIRECTION = pixel_centers(NSIDE)
REFERENCE = (1.0 + 0.3 * DIRECTION[:, 2] - 0.2 * DIRECTION[:, 0]) * (1.0 + 0.2 * DIRECTION[:, 1] ** 2)


def draw_and_fit(n_sky: int) -> tuple[float, float]:
    """Return seconds of the clock and of the processors for drawing and fitting."""
    wall, cpu = time.perf_counter(), time.process_time()
    expected = N_EVENT * REFERENCE / REFERENCE.sum()
    components = sky_components(REFERENCE, DIRECTION)
    for first in range(0, n_sky, BATCH):
        counts = poisson_skies(expected, seed=1, toys=range(first, min(first + BATCH, n_sky)))
        fit_components(counts, components)
    return time.perf_counter() - wall, time.process_time() - cpu


def minuit(counts: np.ndarray, *, with_gradient: bool, polish: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Fit a sky with iminuit: dipole and scale free, extended binned likelihood less its value for isotropy.

    Written so that nothing large cancels: rounding of the value would stop MIGRAD some 1e-6 of an error from the
    maximum.
    """
    shape = counts.sum() * REFERENCE / REFERENCE.sum()

    def cost(p: np.ndarray) -> float:
        more = np.maximum(p[0] - 1.0 + DIRECTION @ p[1:], -1.0 + 1e-15)
        return float(2.0 * ((shape - counts) @ more + counts @ (more - np.log1p(more))))

    def gradient(p: np.ndarray) -> np.ndarray:
        left = 2.0 * (shape - counts / np.maximum(p[0] + DIRECTION @ p[1:], 1e-300))
        return np.concatenate([[left.sum()], left @ DIRECTION])

    m = Minuit(cost, np.array([1.0, 0.0, 0.0, 0.0]), grad=gradient if with_gradient else None)
    m.errordef, m.strategy, m.tol = 1.0, 1, 1e-11 if with_gradient else 0.1
    m.migrad()
    m.hesse()
    if polish:
        m.migrad()  # once more, from the Hesse matrix: what its own estimate of the distance leaves
        m.hesse()
    p, c = np.array(m.values), np.array(m.covariance)
    jacobian = np.hstack([-p[1:, None] / p[0] ** 2, np.eye(3) / p[0]])
    return p[1:] / p[0], jacobian @ c @ jacobian.T


def against_minuit(n_sky: int, rounds: int, *, with_gradient: bool) -> tuple[float, float, float]:
    """Return the ratio of times per sky (median of rounds) and the worst gaps, in sigma and of the errors."""
    counts = poisson_skies(N_EVENT * REFERENCE / REFERENCE.sum(), seed=1, toys=range(20 * n_sky))
    components = sky_components(REFERENCE, DIRECTION)
    ratios, gap, error_gap = [], 0.0, 0.0
    for _ in range(rounds):
        start = time.process_time()
        fits = fit_components(counts, components)
        ours = (time.process_time() - start) / len(counts)
        start = time.process_time()
        theirs = [minuit(sky, with_gradient=with_gradient) for sky in counts[:n_sky]]
        ratios.append((time.process_time() - start) / n_sky / ours)
        if with_gradient:  # where it stops by itself is some 1e-6 of an error away: compared is the maximum, not timed
            theirs = [minuit(sky, with_gradient=True, polish=True) for sky in counts[:n_sky]]
        for i, (rho, covariance) in enumerate(theirs):
            gap = max(gap, float(np.abs((rho - fits.rho[i]) / fits.error[i]).max()))
            error_gap = max(error_gap, float(np.abs(np.sqrt(np.diag(covariance)) / fits.error[i] - 1.0).max()))
    return float(np.median(ratios)), gap, error_gap


def one_map(nside: int, rounds: int) -> float:
    """Return the median time [s] of one fit of a map, checks and goodness of fit included."""
    direction = pixel_centers(nside)
    reference = 1.0 + 0.3 * direction[:, 2]
    counts = poisson_skies(N_EVENT * reference / reference.sum(), seed=1, toys=[0])[0]
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        fit_dipole(counts, reference, direction)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skies", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    set_threads(chosen.threads)
    wall, cpu = draw_and_fit(chosen.skies)
    print(
        f"{chosen.skies} skies, nside {NSIDE}, drawn and fitted: {wall:.2f} s on the clock, {cpu:.2f} s of processors"
    )
    for with_gradient in (True, False):
        ratio, gap, error_gap = against_minuit(20, chosen.rounds, with_gradient=with_gradient)
        print(
            f"iminuit on the same skies, {'NumPy gradient, tol 1e-11' if with_gradient else 'as it comes'}: "
            f"{ratio:.0f} times our processor time; values within {gap:.1e} sigma, errors within {error_gap:.1e}"
        )
    for nside in (32, 64):
        print(f"one map, nside {nside}: {1e3 * one_map(nside, 20):.2f} ms")


if __name__ == "__main__":
    main()
