"""The production kernel beside a fused numba kernel and a script of numpy, healpy and bincount.

    python benches/event_kernel.py [--events N] [--rounds N]

numba is not among the packages of the tests: `pip install numba` first.

All do the same steps on the same million events: find the second, bin the energy, apply selection, field of view,
live time and cutoff, turn the direction to the galaxy, find the HEALPix pixel, look the purity up by energy bin, region
and response, add the weight and its square to maps of five energy bins, and keep the cut flow. One thread each; rounds
are interleaved so that the ratios of a round see the same machine. Rates are medians per second of processor time of
the process, and of wall time; on a busy machine the first is the one to read.
"""

import argparse
import math
import time
from collections.abc import Callable

import healpy
import numba
import numpy as np

from amsdipole import _core
from amsdipole.exposure import ams_lepton_geometry
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigation, Navigator, ams_mounting, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic

EDGE = np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])
NSIDE, N_SECOND, START_S = 64, 3 * 86_400, 1_400_000_000.0
N_BIN, NPIX, N_REGION, N_RESPONSE = len(EDGE) - 1, 12 * NSIDE**2, 12, 102
LOW, HIGH = 0.0, 2.0
COS_LEAST = ams_lepton_geometry().cos_least
CHUNK = 16_384  # events that the script holds at a time: the fastest of powers of two from 2^11 to 2^20
Columns = dict[str, np.ndarray]


def navigation() -> Navigation:
    """Three days of AMS on the ISS, a row a second."""
    stop = START_S + N_SECOND
    rule = CutoffRule(factor=1.2, half_angle_rad=float(np.radians(30.0)), charge_sign=1)
    frame, dipole = teme_to_galactic(START_S, stop), eccentric_dipole_knots(igrf14(), START_S, stop)
    source = ElementSeconds(builtin_iss_elements(), START_S, stop, livetime_fraction=0.9)
    return Navigator(ams_mounting(), rule, EDGE, frame, dipole)(
        source.covering(START_S + np.array([0.0, N_SECOND - 0.5] * (N_SECOND // 2)))
    )


def candidates(n: int) -> Columns:
    """Events of a falling spectrum in time order, some of them out of the field of view, with a response."""
    rng = np.random.default_rng(2026)
    cosine, phi = rng.uniform(0.88, 1.0, n), rng.uniform(0.0, 2.0 * np.pi, n)
    sine = np.sqrt(1.0 - cosine**2)
    return {
        "time_s": np.sort(rng.uniform(START_S, START_S + N_SECOND, n)),
        "direction": np.column_stack([sine * np.cos(phi), sine * np.sin(phi), cosine]),
        "energy_gev": 15.0 * (1.0 - rng.random(n)) ** (-1.0 / 2.2),
        "weight": np.ones(n),
        "failed": (rng.random(n) < 0.1).astype(np.uint8),
        "response": rng.normal(0.7, 0.3, n),
    }


def ours(e: Columns, row: Navigation, sums: "_core.Counts", table: "_core.PurityTable") -> None:
    """The kernel."""
    sums.add(
        e["time_s"], e["direction"], e["energy_gev"], e["weight"], row.time_s, row.step_s, row.rotation, row.rate,
        row.livetime_s, row.cutoff_class, e["failed"], e["response"], table,
    )  # fmt: skip


def script(e: Columns, row: Navigation, region: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same with NumPy and healpy, as well as they can: chunks in cache, cuts before the costly steps."""
    weight, weight2, flow = np.zeros(N_BIN * NPIX), np.zeros(N_BIN * NPIX), np.zeros(7, dtype=np.int64)
    for first in range(0, len(e["time_s"]), CHUNK):
        part = {name: column[first : first + CHUNK] for name, column in e.items()}
        second = np.searchsorted(row.time_s, part["time_s"], side="right") - 1
        energy_bin = np.searchsorted(EDGE, part["energy_gev"], side="right") - 1
        cut = np.full(len(second), 5)
        cut[energy_bin < row.cutoff_class[second]] = 4
        cut[row.livetime_s[second] <= 0.0] = 3
        cut[part["direction"][:, 2] < COS_LEAST] = 2
        cut[part["failed"] > 0] = 6
        cut[energy_bin >= N_BIN] = 1
        cut[energy_bin < 0] = 0
        flow += np.bincount(cut, minlength=7)
        kept = np.nonzero(cut == 5)[0]
        second, energy_bin = second[kept], energy_bin[kept]
        dx, dy, dz = part["direction"][kept].T
        m = row.rotation.reshape(-1, 9)[second].T
        x = m[0] * dx + m[1] * dy + m[2] * dz
        y = m[3] * dx + m[4] * dy + m[5] * dz
        z = m[6] * dx + m[7] * dy + m[8] * dz
        wx, wy, wz = (row.rate[second] * (part["time_s"][kept] - row.time_s[second])[:, None]).T
        fx, fy, fz = wy * z - wz * y, wz * x - wx * z, wx * y - wy * x
        # One second of flight turns by 1e-3: the second order leaves 2e-10.
        x, y, z = (
            x + fx + 0.5 * (wy * fz - wz * fy),
            y + fy + 0.5 * (wz * fx - wx * fz),
            z + fz + 0.5 * (wx * fy - wy * fx),
        )
        pixel = healpy.vec2pix(NSIDE, x, y, z)
        place = np.clip((part["response"][kept] - LOW) * ((N_RESPONSE - 2) / (HIGH - LOW)) + 1.0, 0, N_RESPONSE - 1)
        w = value[energy_bin, region[pixel], place.astype(np.int64)]
        cell = energy_bin * NPIX + pixel
        weight += np.bincount(cell, w, N_BIN * NPIX)
        weight2 += np.bincount(cell, w * w, N_BIN * NPIX)
    return weight, weight2, flow


def plain(e: Columns, row: Navigation, region: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same as most would write it: whole columns, cuts as masks, no chunks."""
    second = np.searchsorted(row.time_s, e["time_s"], side="right") - 1
    energy_bin = np.digitize(e["energy_gev"], EDGE) - 1
    inside = np.clip(energy_bin, 0, N_BIN - 1)
    passed = np.full(len(second), 5)
    passed[energy_bin < row.cutoff_class[second]] = 4
    passed[row.livetime_s[second] <= 0.0] = 3
    passed[e["direction"][:, 2] < COS_LEAST] = 2
    passed[e["failed"] > 0] = 6
    passed[energy_bin >= N_BIN] = 1
    passed[energy_bin < 0] = 0
    kept = passed == 5
    at = np.einsum("nij,nj->ni", row.rotation[second[kept]], e["direction"][kept])
    turn = row.rate[second[kept]] * (e["time_s"][kept] - row.time_s[second[kept]])[:, None]
    first = np.cross(turn, at)
    at = at + first + 0.5 * np.cross(turn, first)
    pixel = healpy.vec2pix(NSIDE, *at.T)
    edges = np.linspace(LOW, HIGH, N_RESPONSE - 1)
    w = value[inside[kept], region[pixel], np.digitize(e["response"][kept], edges)]
    cell = inside[kept] * NPIX + pixel
    size = N_BIN * NPIX
    return np.bincount(cell, w, size), np.bincount(cell, w * w, size), np.bincount(passed, minlength=7)


@numba.njit(cache=False)
def all_good(time_s, direction, energy, weight, start_s, step_s):  # type: ignore[no-untyped-def]  # numba types it
    """The refusals of the kernel as one numba loop: unit directions, finite values in range, a second for each."""
    good, row = True, 0
    for i in range(len(time_s)):
        t = time_s[i]
        while row + 1 < len(start_s) and start_s[row + 1] <= t:
            row += 1
        while row > 0 and start_s[row] > t:
            row -= 1
        x, y, z = direction[i, 0], direction[i, 1], direction[i, 2]
        good &= abs(x * x + y * y + z * z - 1.0) <= 1e-6
        good &= energy[i] > 0.0 and energy[i] < np.inf
        good &= abs(weight[i]) <= 512.0
        good &= start_s[row] <= t and t < start_s[row] + step_s
    return good


@numba.njit(cache=False)
def fused(
    time_s, direction, energy, failed, response, start_s, rotation, rate, livetime, closed, edge, nside, cos_least,
    region, value, low, high, weight, weight2, flow,
):  # fmt: skip
    """One loop with a branch at each cut, as one writes it in numba; sums of floats, no checks of the input."""
    n_bin, npix = len(edge) - 1, 12 * nside * nside
    density = (value.shape[2] - 2) / (high - low)
    row = 0
    for i in range(len(time_s)):
        t = time_s[i]
        while row + 1 < len(start_s) and start_s[row + 1] <= t:
            row += 1
        while row > 0 and start_s[row] > t:
            row -= 1
        b = np.searchsorted(edge, energy[i], side="right") - 1
        if b < 0:
            flow[0] += 1
            continue
        if b >= n_bin:
            flow[1] += 1
            continue
        if failed[i]:
            flow[6] += 1
            continue
        if direction[i, 2] < cos_least:
            flow[2] += 1
            continue
        if livetime[row] <= 0.0:
            flow[3] += 1
            continue
        if b < closed[row]:
            flow[4] += 1
            continue
        flow[5] += 1
        dx, dy, dz = direction[i, 0], direction[i, 1], direction[i, 2]
        m = rotation[row]
        x = m[0, 0] * dx + m[0, 1] * dy + m[0, 2] * dz
        y = m[1, 0] * dx + m[1, 1] * dy + m[1, 2] * dz
        z = m[2, 0] * dx + m[2, 1] * dy + m[2, 2] * dz
        s = t - start_s[row]
        wx, wy, wz = rate[row, 0] * s, rate[row, 1] * s, rate[row, 2] * s
        fx, fy, fz = wy * z - wz * y, wz * x - wx * z, wx * y - wy * x
        gx, gy, gz = wy * fz - wz * fy, wz * fx - wx * fz, wx * fy - wy * fx
        x, y, z = x + fx + 0.5 * gx, y + fy + 0.5 * gy, z + fz + 0.5 * gz
        turn = math.atan2(y, x) * (2.0 / math.pi)
        if turn < 0.0:
            turn += 4.0
        z /= math.sqrt(x * x + y * y + z * z)
        za = abs(z)
        if za <= 2.0 / 3.0:
            across, up = nside * (0.5 + turn), nside * 0.75 * z
            falling, rising = int(across - up), int(across + up)
            ring = nside + 1 + falling - rising
            shift = 1 - (ring & 1)
            place = ((falling + rising - nside + shift + 1 + 8 * nside) >> 1) & (4 * nside - 1)
            pixel = 2 * nside * (nside - 1) + (ring - 1) * 4 * nside + place
        else:
            inside = turn - int(turn)
            reach = nside * math.sqrt(3.0 * (1.0 - za))
            ring = int(inside * reach) + int((1.0 - inside) * reach) + 1
            place = int(turn * ring)
            pixel = 2 * ring * (ring - 1) + place if z > 0 else npix - 2 * ring * (ring + 1) + place
        place = (response[i] - low) * density
        k = 0 if place < 0.0 else min(int(place), value.shape[2] - 2) + 1
        w = value[b, region[pixel], k]
        weight[b * npix + pixel] += w
        weight2[b * npix + pixel] += w * w


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Processor and wall seconds of a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    """Time and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    choice = parser.parse_args()
    _core.set_threads(1)
    row, e = navigation(), candidates(choice.events)
    rng = np.random.default_rng(1)
    region = healpy.vec2pix(1, *pixel_centers(NSIDE).T).astype(np.int64)
    value = rng.uniform(0.0, 1.0, (N_BIN, N_REGION, N_RESPONSE))
    table, sums = _core.PurityTable(LOW, HIGH, region, value), _core.Counts(NSIDE, EDGE, COS_LEAST, 1)
    weight, weight2, flow = np.zeros(N_BIN * NPIX), np.zeros(N_BIN * NPIX), np.zeros(7, dtype=np.int64)

    def with_numba() -> None:
        fused(
            e["time_s"], e["direction"], e["energy_gev"], e["failed"], e["response"], row.time_s, row.rotation,
            row.rate, row.livetime_s, row.cutoff_class, EDGE, NSIDE, COS_LEAST, region, value, LOW, HIGH,
            weight, weight2, flow,
        )  # fmt: skip

    def with_checks() -> None:
        if not all_good(e["time_s"], e["direction"], e["energy_gev"], e["weight"], row.time_s, row.step_s):
            raise ValueError("bad input")
        with_numba()

    ways = {
        "amsdipole": lambda: ours(e, row, sums, table),
        "numba": with_numba,
        "numba+": with_checks,
        "chunks": lambda: script(e, row, region, value),
        "plain": lambda: plain(e, row, region, value),
    }
    for way in ways.values():
        way()  # compilation, allocation
    sums = _core.Counts(NSIDE, EDGE, COS_LEAST, 1)
    ours(e, row, sums, table)
    compare(sums, script(e, row, region, value), choice.events)
    spent = {name: np.empty((choice.rounds, 2)) for name in ways}
    for i in range(choice.rounds):
        for name, way in ways.items():
            spent[name][i] = timed(way)
    for name, times in spent.items():
        cpu, wall = choice.events / np.median(times, axis=0) / 1e6
        print(f"{name:10} {cpu:7.2f} M events/s of processor time, {wall:7.2f} M events/s of wall time")
    print("numba+: with the kernel's refusals; chunks: the fastest script; plain: whole columns, no chunks")
    for name, wanted in (("numba", 2), ("numba+", 2), ("chunks", 20), ("plain", 20)):
        ratio = np.median(spent[name][:, 0] / spent["amsdipole"][:, 0])
        print(f"amsdipole / {name}: {ratio:.1f} (asked: {wanted})")


def compare(sums: "_core.Counts", theirs: tuple[np.ndarray, ...], n: int) -> None:
    """Say how far the maps agree."""
    weight = sums.units(0).ravel() * 2.0**-32
    apart = int((np.abs(weight - theirs[0]) > 1e-6).sum())
    same = np.array_equal(sums.cut_flow(), theirs[2])
    print(f"{n} events, {N_SECOND} seconds, nside {NSIDE}, {N_BIN} energy bins, {N_REGION} regions, one thread")
    print(f"against the script: cut flow {'the same' if same else 'DIFFERENT'}, {apart} of {weight.size} cells differ")


if __name__ == "__main__":
    main()
