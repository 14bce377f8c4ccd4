"""Measure what binning the detector axis costs against a direct sum: every second and every pixel of the cone."""

import argparse
import sys
import time

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole.exposure import LivetimeCube, ams_lepton_geometry, exposure_map, livetime_axes, zenith_edges
from amsdipole.exposure.pixel_window import axis_response, pixel_radius
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, axis_rows, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic

START_S = 1_305_763_200.0  # 2011-05-19
EDGES = np.array([16.0, 25.0, 500.0])
GEOMETRY = ams_lepton_geometry()
Floats = NDArray[np.float64]


def mission(days: float, step_s: float) -> tuple[ElementSeconds, Navigator]:
    stop_s = START_S + days * 86_400.0
    seconds = ElementSeconds(builtin_iss_elements(), START_S, stop_s, step_s, livetime_fraction=0.71)
    navigator = Navigator(
        ams_mounting(),
        CutoffRule(1.2, float(np.radians(30.0)), 1),
        EDGES,
        teme_to_galactic(START_S, stop_s),
        eccentric_dipole_knots(igrf14(), START_S, stop_s),
    )
    return seconds, navigator


def direct_sum(seconds: ElementSeconds, navigator: Navigator, nside: int, energy_bin: int) -> Floats:
    """Acceptance at each pixel's centre times live time, second by second, nothing binned."""
    cosine = np.linspace(GEOMETRY.cos_least, 1.0, 65_537)  # linear between them: 1e-9 of the greatest acceptance
    response = GEOMETRY.area_m2(cosine) / GEOMETRY.acceptance_m2_sr
    total = np.zeros(12 * nside**2)
    for row in axis_rows(seconds, navigator):
        used = (row.livetime_s > 0.0) & (row.cutoff_class <= energy_bin)
        total += _core.folded_axes(row.sky[used], row.livetime_s[used], nside, GEOMETRY.cos_least, response)
    return total


def compared(found: Floats, truth: Floats, nside: int) -> tuple[float, float, float, float]:
    """Rms and greatest relative difference where there is 1 % of the mean exposure; share within 1e-3; dipole."""
    held = truth > 0.01 * truth.mean()
    off = (found - truth)[held] / truth[held]
    dipole = 3.0 * np.linalg.norm((found / found.sum() - truth / truth.sum()) @ pixel_centers(nside))
    return float(off.std()), float(np.abs(off).max()), float((np.abs(off) < 1e-3).mean()), float(dipole)


def zenith_fold(cube: LivetimeCube, energy_bin: int) -> Floats:
    """The cube's own bins of cos(zenith), each with the mean acceptance over it."""
    return np.asarray(cube.livetime_s(energy_bin) @ GEOMETRY.density_per_sr(cube.cos_edge))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--step", type=float, default=1.0)
    parser.add_argument("--nside", type=int, default=64)
    parser.add_argument("--axis-nside", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--zenith-bins", type=int, nargs="*", default=[20])
    choice = parser.parse_args()
    out = sys.stdout.write
    seconds, navigator = mission(choice.days, choice.step)
    start = time.perf_counter()
    truth = direct_sum(seconds, navigator, choice.nside, 0)
    out(f"{choice.days:g} days, {seconds.n_row:,} rows, nside {choice.nside}, above 16 GeV, AMS's acceptance; ")
    out(f"direct sum {time.perf_counter() - start:.0f} s\n")
    out(f"{'folded from':<28} {'rms':>9} {'greatest':>9} {'within 1e-3':>12} {'dipole of difference':>21}\n")
    for axis_nside in choice.axis_nside:
        axes = livetime_axes(seconds, navigator, nside=axis_nside)
        response = axis_response(GEOMETRY, pixel=None, axis=pixel_radius(axis_nside))
        found = exposure_map(axes, response, nside=choice.nside, energy_bin=0)
        rows = [(f"axes, nside {axis_nside}", found)]
        if axis_nside == choice.axis_nside[0]:
            for n_bin in choice.zenith_bins:
                cube = LivetimeCube(axes, choice.nside, zenith_edges(GEOMETRY.cos_least, n_bin, nside=choice.nside))
                rows.append((f"axes, nside {axis_nside}, {n_bin} zenith bins", zenith_fold(cube, 0)))
        for label, values in rows:
            rms, most, share, dipole = compared(values, truth, choice.nside)
            out(f"{label:<28} {rms:>9.1e} {most:>9.1e} {share:>12.5f} {dipole:>21.1e}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
