"""What the exposure must hold, each figure printed beside the figure asked: `validate_exposure.py [name ...]`."""

import resource
import sys
import time
from collections.abc import Callable

import healpy
import numpy as np

from amsdipole.exposure import (
    EfficiencyMap,
    LivetimeCube,
    ams_lepton_geometry,
    dipole_shift,
    efficiency_map,
    efficiency_variations,
    exposure_map,
    livetime_axes,
    merged_axes,
    zenith_edges,
)
from amsdipole.exposure.pixel_window import axis_response, pixel_radius
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, axis_rows, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic
from amsdipole.threads import threads

START_S, NINE_YEARS_S = 1_305_763_200.0, 2.84e8
EDGES = np.geomspace(1.0, 32.0, 32)


def parts(length_s: float, edges: "np.typing.NDArray[np.float64]" = EDGES) -> tuple[ElementSeconds, Navigator]:
    stop_s = START_S + length_s
    seconds = ElementSeconds(builtin_iss_elements(), START_S, stop_s, livetime_fraction=0.71)
    rule = CutoffRule(1.2, float(np.radians(30.0)), 1)
    frame, dipole = teme_to_galactic(START_S, stop_s), eccentric_dipole_knots(igrf14(), START_S, stop_s)
    return seconds, Navigator(ams_mounting(), rule, edges, frame, dipole)


def say(what: str, asked: str, found: str) -> None:
    sys.stdout.write(f"{what:<58} asked {asked:<22} found {found}\n")
    sys.stdout.flush()


def clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> str:
    return f"{time.perf_counter() - start[0]:.1f} s wall, {time.process_time() - start[1]:.1f} s of processors"


def speed(length_s: float = NINE_YEARS_S) -> None:
    """Nine years at one second, field of view 40 deg, nside 64, 20 bins of zenith, 32 classes."""
    start = clock()
    seconds, navigator = parts(length_s)
    say("orbit from element sets", "its own line", since(start))
    start = clock()
    axes = livetime_axes(seconds, navigator)
    say(f"pass over {seconds.n_row:,} seconds, {threads()} threads", "", since(start))
    edge = zenith_edges(float(np.cos(np.radians(40.0))), 20, nside=64)
    total = clock()
    cube = LivetimeCube(axes, 64, edge)
    _ = cube.units
    say("cube from the sums", "all in 60 s", since(total))
    geometry = ams_lepton_geometry()
    start = clock()
    response = axis_response(geometry, pixel=pixel_radius(64), axis=pixel_radius(128))
    _ = exposure_map(axes.coarser(128), response, nside=64, energy_bin=20)
    say("variation from the stored sums, one range", "5 s", since(start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    say("greatest memory", "2 GB", f"{peak:.2f} GB")


def script(n_second: int = 2000) -> None:
    """The pass and spread against numpy and healpy: 500 directions a second, ten cutoff bins."""
    seconds, navigator = parts(86_400.0 * 10)
    rng = np.random.default_rng(1)
    row = next(axis_rows(seconds, navigator))
    ratios = []
    for turn in range(3):
        start = time.process_time()
        axes = livetime_axes(seconds, navigator)
        ours = (time.process_time() - start) / seconds.n_row
        start = time.process_time()
        total = np.zeros((10, healpy.nside2npix(64)))
        for first in range(turn * n_second, (turn + 1) * n_second, 200):
            axis = row.sky[first : first + 200]
            x = np.cross(axis, [0.0, 0.0, 1.0])
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            y = np.cross(axis, x)
            cosine = rng.uniform(np.cos(np.radians(40.0)), 1.0, (200, 500))
            phi = rng.uniform(0.0, 2.0 * np.pi, (200, 500))
            sine = np.sqrt(1.0 - cosine**2)
            v = cosine[..., None] * axis[:, None] + (sine * np.cos(phi))[..., None] * x[:, None]
            v += (sine * np.sin(phi))[..., None] * y[:, None]
            pixel = healpy.vec2pix(64, v[..., 0], v[..., 1], v[..., 2])
            group = np.minimum(row.cutoff_class[first : first + 200] // 4, 9)
            for k in np.unique(group):
                live = np.repeat(row.livetime_s[first : first + 200][group == k], 500)
                total[k] += np.bincount(pixel[group == k].ravel(), weights=live, minlength=total.shape[1])
        ratios.append((time.process_time() - start) / n_second / ours)
    say(
        "pass against numpy and healpy, processor time a second",
        "100 times",
        f"{np.median(ratios):.0f} times (median of 3)",
    )
    del axes


def merging() -> None:
    """Two halves against the whole."""
    seconds, navigator = parts(86_400.0)
    whole = livetime_axes(seconds, navigator)
    first, _ = parts(43_200.0)
    second = ElementSeconds(builtin_iss_elements(), START_S + 43_200.0, START_S + 86_400.0, livetime_fraction=0.71)
    merged = merged_axes([livetime_axes(part, navigator) for part in (second, first)])
    same = np.array_equal(merged.units, whole.units) and np.array_equal(merged.moment, whole.moment)
    say("two halves merged", "the whole, bit for bit", "the same" if same else "DIFFERENT")


def curve() -> None:
    """T(16 GeV) / T(plateau), cone of 30 deg, a year at 20 s."""
    stop_s = START_S + 365 * 86_400.0
    seconds = ElementSeconds(builtin_iss_elements(), START_S, stop_s, step_s=20.0, livetime_fraction=0.71)
    _, navigator = parts(stop_s - START_S, np.array([16.05, 25.0, 100.0, 500.0]))
    opened = livetime_axes(seconds, navigator, nside=64).open_livetime_s()
    say("T(16 GeV) / T(plateau), cone 30 deg", "0.69 within 15 %", f"{opened[0] / opened[-1]:.3f}")


def efficiency() -> None:
    """An efficiency that varies by 20 % from south to north: ignored, and corrected with a control sample."""
    stop_s = START_S + 365 * 86_400.0
    seconds = ElementSeconds(builtin_iss_elements(), START_S, stop_s, step_s=60.0, livetime_fraction=0.71)
    _, navigator = parts(stop_s - START_S, np.array([16.0, 25.0, 500.0]))
    center, rng, nside = pixel_centers(8), np.random.default_rng(5), 16
    true = np.asarray(0.8 + 0.1 * center[:, 2] + 0.05 * center[:, 0] * center[:, 1])
    control = rng.multinomial(2_400_000, np.full(len(true), 1.0 / len(true)))
    measured = efficiency_map(rng.binomial(control, true), control)
    geometry, sigma = ams_lepton_geometry(), float(np.sqrt(3.0 / 2.4e6))
    response = axis_response(geometry, pixel=pixel_radius(nside), axis=pixel_radius(64))

    def reference(chosen: EfficiencyMap | None) -> "np.typing.NDArray[np.float64]":
        axes = livetime_axes(seconds, navigator, nside=64, efficiency=chosen)
        return exposure_map(axes, response, nside=nside, energy_bin=1)

    data = reference(EfficiencyMap(true, true, true, np.zeros(len(true), dtype=np.int64)))
    ignored = np.abs(dipole_shift(reference(None), data)).max() / sigma
    corrected = reference(measured)
    left = np.abs(dipole_shift(corrected, data)).max() / sigma
    drawn = efficiency_variations(measured, 10, rng=rng)
    spread = np.std([dipole_shift(corrected, reference(chosen)) for chosen in drawn], axis=0).max() / sigma
    say("fake dipole of an efficiency that is ignored, 2.4e6 e-", "above 5 sigma", f"{ignored:.1f} sigma")
    say("left after correction with a control sample of 2.4e6", "covered by", f"{left:.3f} sigma")
    say("systematic reported from 10 variations", "the line above", f"{spread:.3f} sigma")


ALL: dict[str, Callable[[], None]] = {f.__name__: f for f in (merging, curve, efficiency, script, speed)}


def main() -> None:
    for name in sys.argv[1:] or list(ALL):
        if name not in ALL:
            sys.exit(f"{name!r} is unknown; one of {', '.join(ALL)} is wanted")
        ALL[name]()


if __name__ == "__main__":
    main()
