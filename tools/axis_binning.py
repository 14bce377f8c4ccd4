"""Measure what binning the detector axis, the zenith and the pixels costs, against a direct sum on fine pixels."""

import sys

import numpy as np
from numpy.typing import NDArray

from amsdipole.exposure import ams_lepton_geometry, spread_livetime, zenith_edges
from amsdipole.exposure.livetime import UNIT_S
from amsdipole.exposure.pixel_window import PixelRadius, pixel_radius, smoothed_density
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic, vector_to_pixel

START_S = 1_305_763_200.0  # 2011-05-19
DAYS, STEP_S, FINE_NSIDE = 30, 20.0, 256


def mission() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Axis at the middle of each row, and its live time above 16 GeV in units."""
    stop_s = START_S + DAYS * 86_400.0
    seconds = ElementSeconds(builtin_iss_elements(), START_S, stop_s, STEP_S, livetime_fraction=0.71)
    navigator = Navigator(
        ams_mounting(),
        CutoffRule(1.2, float(np.radians(30.0)), 1),
        np.array([16.0, 500.0]),
        teme_to_galactic(START_S, stop_s),
        eccentric_dipole_knots(igrf14(), START_S, stop_s),
    )
    axes, units = [], []
    for block in seconds.blocks():
        row = navigator(block)
        turn = row.rate * STEP_S / 2.0
        axis = row.rotation[:, :, 2]
        axis = axis + np.cross(turn, axis) + 0.5 * np.cross(turn, np.cross(turn, axis))
        axes.append(axis / np.linalg.norm(axis, axis=1, keepdims=True))
        units.append(np.rint(row.livetime_s * (row.cutoff_class == 0) / UNIT_S).astype(np.int64))
    return np.concatenate(axes), np.concatenate(units)


def main() -> None:
    geometry = ams_lepton_geometry()
    axis, units = mission()
    edge = np.linspace(geometry.cos_least, 1.0, 401)
    fine = spread_livetime(axis, units[:, None], nside=FINE_NSIDE, cos_edge=edge)[:, :, 0]
    direct = (fine * UNIT_S) @ geometry.density_per_sr(edge)
    del fine
    out = sys.stdout.write
    out(f"{DAYS} days, {len(axis):,} rows; against a direct sum at nside {FINE_NSIDE} with 400 zenith bins\n")
    out(f"{'nside':>6} {'bins':>5} {'axis nside':>11} {'rms':>9} {'greatest':>9} {'dipole of difference':>21}\n")
    for nside in (32, 64):
        parent = vector_to_pixel(pixel_centers(FINE_NSIDE), nside)
        truth = np.bincount(parent, weights=direct) / (FINE_NSIDE // nside) ** 2
        held = truth > 0.01 * truth.mean()
        for n_bin in (20, 40):
            edge = zenith_edges(geometry.cos_least, n_bin, nside=nside)
            for axis_nside in (0, 128, 256):
                reference = folded(axis, units, axis_nside, nside, edge)
                reference *= truth.sum() / reference.sum()
                off = (reference - truth)[held] / truth[held]
                dipole = 3.0 * np.linalg.norm((reference - truth) @ pixel_centers(nside)) / truth.sum()
                label = str(axis_nside) if axis_nside else "none"
                out(f"{nside:>6} {n_bin:>5} {label:>11} {off.std():>9.1e} {np.abs(off).max():>9.1e} {dipole:>21.1e}\n")


def folded(
    axis: NDArray[np.float64], units: NDArray[np.int64], axis_nside: int, nside: int, edge: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Reference map with the axis binned at `axis_nside`, or with every row for itself (0)."""
    window = PixelRadius(0.0, 0.0)
    if axis_nside:
        pixel = vector_to_pixel(axis, axis_nside)
        summed = np.zeros(12 * axis_nside**2, dtype=np.int64)
        np.add.at(summed, pixel, units)
        used = summed > 0
        axis, units, window = pixel_centers(axis_nside)[used], summed[used], pixel_radius(axis_nside)
    cube = spread_livetime(axis, units[:, None], nside=nside, cos_edge=edge)[:, :, 0] * UNIT_S
    return np.asarray(cube @ smoothed_density(ams_lepton_geometry(), edge, pixel_radius(nside), window))


if __name__ == "__main__":
    main()
