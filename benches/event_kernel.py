"""The production kernel beside a fused numba kernel and a script of numpy, healpy and bincount.

    python benches/event_kernel.py [--events N] [--rounds N] [--single]

numba is not among the packages of the tests: `pip install numba` first.

All do the same work on the same million events, which are columns as tables hold them: refuse what is out of range
(events, seconds, and events outside the seconds), find the second, bin the energy, apply selection, field of view, live
time and cutoff, turn the direction to the galaxy, find the HEALPix pixel, look the purity up by energy bin, region and
response, multiply the weight of the event by it, add weights and their squares exactly, in units of 2^-32, to maps of
five energy bins, and keep the cut flow by energy bin. numba without refusals is shown beside it.

`plain` is the script that a user would write: whole columns, `searchsorted`, `digitize`, `einsum`, `cross`, `vec2pix`
and `bincount`; every step of the kernel, each once, those of the sky for the accepted events only. `chunks` does the
same in pieces that the cache holds, with products written out in the place of `einsum` and `cross`. Both leave out
what does not change a good batch: they say that something is bad and not which event, do not ask whether a sum could
overflow, and turn by the series of a rotation to its second order where the kernel goes to the fourth. What comes out
of all is compared before anything is timed.

One thread each; rounds are interleaved so that the ratios of a round see the same machine. Rates are medians per second
of processor time of the process, and of wall time; on a busy machine the first is the one to read.
"""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial

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
N_CUT = 7  # those of the kernel and one of a selection
N_FLOW = (N_BIN + 2) * N_CUT
UNITS = 2.0**32
MOST_S = 60.0  # longest live time of a row that the kernel takes
CHUNK = 16_384  # events that the script holds at a time: the fastest of powers of two from 2^11 to 2^20
Columns = dict[str, np.ndarray]
Sums = tuple[np.ndarray, ...]


def navigation() -> Navigation:
    """Three days of AMS on the ISS, a row a second."""
    stop = START_S + N_SECOND
    rule = CutoffRule(factor=1.2, half_angle_rad=float(np.radians(30.0)), charge_sign=1)
    frame, dipole = teme_to_galactic(START_S, stop), eccentric_dipole_knots(igrf14(), START_S, stop)
    source = ElementSeconds(builtin_iss_elements(), START_S, stop, livetime_fraction=0.9)
    return Navigator(ams_mounting(), rule, EDGE, frame, dipole)(
        source.covering(START_S + np.array([0.0, N_SECOND - 0.5] * (N_SECOND // 2)))
    )


def candidates(n: int, kind: type) -> Columns:
    """Events of a falling spectrum in time order, some of them out of the field of view, with a response."""
    rng = np.random.default_rng(2026)
    cosine, phi = rng.uniform(0.88, 1.0, n), rng.uniform(0.0, 2.0 * np.pi, n)
    sine = np.sqrt(1.0 - cosine**2)
    columns = {
        "x": sine * np.cos(phi),
        "y": sine * np.sin(phi),
        "z": cosine,
        "energy_gev": 15.0 * (1.0 - rng.random(n)) ** (-1.0 / 2.2),
        "weight": np.ones(n),
        "response": rng.normal(0.7, 0.3, n),
    }
    return {
        "time_s": np.sort(rng.uniform(START_S, START_S + N_SECOND, n)),
        "failed": (rng.random(n) < 0.1).astype(np.uint8),
        **{name: column.astype(kind) for name, column in columns.items()},
    }


def ours(e: Columns, row: Navigation, sums: "_core.Counts", table: "_core.PurityTable") -> None:
    """The kernel."""
    sums.add(
        e["time_s"], (e["x"], e["y"], e["z"]), e["energy_gev"], e["weight"], row.time_s, row.step_s, row.rotation,
        row.rate, row.livetime_s, row.cutoff_class, e["failed"], e["response"], table,
    )  # fmt: skip


def refuse_seconds(row: Navigation) -> None:
    """What the kernel asks of the seconds."""
    good = np.diff(row.time_s).min() >= 0.99 * row.step_s and np.isfinite(row.time_s).all()
    good = good and np.isfinite(row.rotation).all() and np.isfinite(row.rate).all()
    good = good and (row.livetime_s >= 0.0).all() and (row.livetime_s <= MOST_S).all()
    if not (good and row.cutoff_class.max() <= N_BIN):
        raise ValueError("bad seconds")


def refuse_events(e: Columns, row: Navigation, second: np.ndarray) -> None:
    """What the kernel asks of events."""
    x, y, z = (e[axis].astype(np.float64, copy=False) for axis in "xyz")
    good = (np.abs(x * x + y * y + z * z - 1.0) <= 1e-6).all()
    good = good and (e["energy_gev"] > 0.0).all() and np.isfinite(e["energy_gev"]).all()
    good = good and (np.abs(e["weight"]) <= 1.0).all() and (e["failed"] <= 1).all() and np.isfinite(e["response"]).all()
    if not (good and (second >= 0).all() and (e["time_s"] < row.time_s[second] + row.step_s).all()):
        raise ValueError("bad events")


def added(cell: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exact sums in units of 2^-32: floats hold a million whole numbers of up to 2^32 each."""
    size = N_BIN * NPIX
    weight_units, weight2_units = np.rint(weight * UNITS), np.rint(weight * weight * UNITS)
    sums = np.bincount(cell, weight_units, size), np.bincount(cell, weight2_units, size)
    return sums[0].astype(np.int64), sums[1].astype(np.int64)


def first_cut(part: Columns, row: Navigation, second: np.ndarray, energy_bin: np.ndarray) -> np.ndarray:
    """Where each event ends: what is written last has the last word."""
    cut = np.full(len(second), 5)
    cut[energy_bin < row.cutoff_class[second]] = 4
    cut[row.livetime_s[second] <= 0.0] = 3
    cut[part["z"] < COS_LEAST] = 2
    cut[part["failed"] > 0] = 6
    cut[energy_bin >= N_BIN] = 1
    cut[energy_bin < 0] = 0
    return cut


def script(e: Columns, row: Navigation, region: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, ...]:
    """With NumPy and healpy, as well as they can: chunks in cache, cuts before the costly steps."""
    refuse_seconds(row)
    weight, weight2 = np.zeros(N_BIN * NPIX, dtype=np.int64), np.zeros(N_BIN * NPIX, dtype=np.int64)
    flow = np.zeros(N_FLOW, dtype=np.int64)
    for first in range(0, len(e["time_s"]), CHUNK):
        part = {name: column[first : first + CHUNK] for name, column in e.items()}
        second = np.searchsorted(row.time_s, part["time_s"], side="right") - 1
        refuse_events(part, row, second)
        energy_bin = np.searchsorted(EDGE, part["energy_gev"], side="right") - 1
        cut = first_cut(part, row, second, energy_bin)
        flow += np.bincount((energy_bin + 1) * N_CUT + cut, minlength=N_FLOW)
        kept = np.nonzero(cut == 5)[0]
        second, energy_bin = second[kept], energy_bin[kept]
        dx, dy, dz = (part[axis][kept] for axis in "xyz")
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
        response = part["response"][kept].astype(np.float64, copy=False)
        place = np.clip((response - LOW) * ((N_RESPONSE - 2) / (HIGH - LOW)) + 1.0, 0, N_RESPONSE - 1)
        w = part["weight"][kept] * value[energy_bin, region[pixel], place.astype(np.int64)]
        more = added(energy_bin * NPIX + pixel, w)
        weight += more[0]
        weight2 += more[1]
    return weight, weight2, flow


def plain(e: Columns, row: Navigation, region: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same as most would write it: whole columns, cuts as masks, no chunks."""
    refuse_seconds(row)
    second = np.searchsorted(row.time_s, e["time_s"], side="right") - 1
    refuse_events(e, row, second)
    energy_bin = np.digitize(e["energy_gev"], EDGE) - 1
    cut = first_cut(e, row, second, energy_bin)
    kept = cut == 5
    row_of, bin_of = second[kept], energy_bin[kept]
    direction = np.column_stack([e[axis][kept] for axis in "xyz"])
    at = np.einsum("nij,nj->ni", row.rotation[row_of], direction)
    turn = row.rate[row_of] * (e["time_s"][kept] - row.time_s[row_of])[:, None]
    first = np.cross(turn, at)
    at = at + first + 0.5 * np.cross(turn, first)
    pixel = healpy.vec2pix(NSIDE, *at.T)
    edges = np.linspace(LOW, HIGH, N_RESPONSE - 1)
    w = e["weight"][kept] * value[bin_of, region[pixel], np.digitize(e["response"][kept], edges)]
    flow = np.bincount((energy_bin + 1) * N_CUT + cut, minlength=N_FLOW)
    return *added(bin_of * NPIX + pixel, w), flow


def fused(checked: bool) -> Callable[..., bool]:
    """One numba loop with a branch at each cut, as one writes it; with the refusals of the kernel or without."""

    @numba.njit(cache=False)  # type: ignore[untyped-decorator]  # numba types it
    def seconds_good(start_s, step_s, rotation, rate, livetime, closed):  # type: ignore[no-untyped-def]  # numba types it
        good = True
        for i in range(len(start_s)):
            good &= i == 0 or start_s[i] - start_s[i - 1] >= 0.99 * step_s
            for j in range(3):
                good &= math.isfinite(rate[i, j])
                for k in range(3):
                    good &= math.isfinite(rotation[i, j, k])
            good &= livetime[i] >= 0.0 and livetime[i] <= MOST_S and closed[i] <= N_BIN
        return good

    @numba.njit(cache=False)  # type: ignore[untyped-decorator]  # numba types it
    def loop(  # type: ignore[no-untyped-def]  # numba types it
        time_s, axis_x, axis_y, axis_z, energy, given, failed, response, start_s, step_s, rotation, rate, livetime,
        closed, edge, nside, cos_least, region, value, low, high, weight, weight2, flow,
    ):  # fmt: skip
        good = True
        if checked:
            good = seconds_good(start_s, step_s, rotation, rate, livetime, closed)
        n_bin, npix = len(edge) - 1, 12 * nside * nside
        density = (value.shape[2] - 2) / (high - low)
        row = 0
        for i in range(len(time_s)):
            t = time_s[i]
            while row + 1 < len(start_s) and start_s[row + 1] <= t:
                row += 1
            while row > 0 and start_s[row] > t:
                row -= 1
            dx, dy, dz = np.float64(axis_x[i]), np.float64(axis_y[i]), np.float64(axis_z[i])
            if checked:
                good &= abs(dx * dx + dy * dy + dz * dz - 1.0) <= 1e-6
                good &= energy[i] > 0.0 and energy[i] < np.inf
                good &= abs(given[i]) <= 1.0 and failed[i] <= 1 and math.isfinite(response[i])
                good &= start_s[row] <= t and t < start_s[row] + step_s
            b = np.searchsorted(edge, energy[i], side="right") - 1
            if b < 0:
                flow[0, 0] += 1
                continue
            if b >= n_bin:
                flow[n_bin + 1, 1] += 1
                continue
            if failed[i]:
                flow[b + 1, 6] += 1
                continue
            if axis_z[i] < cos_least:
                flow[b + 1, 2] += 1
                continue
            if livetime[row] <= 0.0:
                flow[b + 1, 3] += 1
                continue
            if b < closed[row]:
                flow[b + 1, 4] += 1
                continue
            flow[b + 1, 5] += 1
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
            place = (np.float64(response[i]) - low) * density
            k = 0 if place < 0.0 else min(int(place), value.shape[2] - 2) + 1
            w = given[i] * value[b, region[pixel], k]
            weight[b * npix + pixel] += np.int64(np.rint(w * UNITS))
            weight2[b * npix + pixel] += np.int64(np.rint(w * w * UNITS))
        return good

    return loop


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
    parser.add_argument("--single", action="store_true", help="all columns but the time in single precision")
    choice = parser.parse_args()
    _core.set_threads(1)
    row, e = navigation(), candidates(choice.events, np.float32 if choice.single else np.float64)
    rng = np.random.default_rng(1)
    region = healpy.vec2pix(1, *pixel_centers(NSIDE).T).astype(np.int64)
    value = rng.uniform(0.0, 1.0, (N_BIN, N_REGION, N_RESPONSE))
    table, sums = _core.PurityTable(LOW, HIGH, region, value), _core.Counts(NSIDE, EDGE, COS_LEAST, 1)

    def with_numba(loop: Callable[..., bool], totals: Sums) -> Sums:
        if not loop(
            e["time_s"], e["x"], e["y"], e["z"], e["energy_gev"], e["weight"], e["failed"], e["response"], row.time_s,
            row.step_s, row.rotation, row.rate, row.livetime_s, row.cutoff_class, EDGE, NSIDE, COS_LEAST, region,
            value, LOW, HIGH, *totals[:2], totals[2].reshape(N_BIN + 2, N_CUT),
        ):  # fmt: skip
            raise ValueError("bad input")
        return totals

    def empty() -> Sums:
        return tuple(np.zeros(n, dtype=np.int64) for n in (N_BIN * NPIX, N_BIN * NPIX, N_FLOW))

    loops = {"numba": (fused(True), empty()), "unchecked": (fused(False), empty())}
    ways: dict[str, Callable[[], object]] = {
        "amsdipole": lambda: ours(e, row, sums, table),
        **{name: partial(with_numba, loop, totals) for name, (loop, totals) in loops.items()},
        "chunks": lambda: script(e, row, region, value),
        "plain": lambda: plain(e, row, region, value),
    }
    for way in ways.values():
        way()  # compilation, allocation
    kind = "single" if choice.single else "double"
    print(f"{choice.events} events in {kind} precision, {N_SECOND} seconds, nside {NSIDE}, {N_BIN} energy bins,")
    print(f"{N_REGION} regions, one thread")
    once = _core.Counts(NSIDE, EDGE, COS_LEAST, 1)
    ours(e, row, once, table)
    for name, theirs in (
        ("numba", with_numba(loops["numba"][0], empty())),
        ("chunks", script(e, row, region, value)),
        ("plain", plain(e, row, region, value)),
    ):
        print(f"amsdipole and {name}: {compared(once, theirs)}")
    spent = {name: np.empty((choice.rounds, 2)) for name in ways}
    for i in range(choice.rounds):
        for name, way in ways.items():
            spent[name][i] = timed(way)
    for name, times in spent.items():
        cpu, wall = choice.events / np.median(times, axis=0) / 1e6
        asked = " (asked: 40)" if name == "amsdipole" else ""
        print(f"{name:10} {cpu:7.2f} M events/s of processor time{asked}, {wall:7.2f} M events/s of wall time")
    print("numba: with the kernel's refusals, unchecked: without; chunks: the fastest script; plain: whole columns")
    for name, wanted in (("numba", "2"), ("unchecked", "shown"), ("chunks", "shown"), ("plain", "20")):
        ratio = np.median(spent[name][:, 0] / spent["amsdipole"][:, 0])
        print(f"amsdipole / {name}: {ratio:.1f} (asked: {wanted})")


def compared(sums: "_core.Counts", theirs: Sums) -> str:
    """Say how far the maps agree."""
    same = np.array_equal(sums.cut_flow_by_bin().ravel(), theirs[2].ravel())
    apart = [int((sums.units(which).ravel() != theirs[which]).sum()) for which in (0, 1)]
    said = f"cut flow by bin {'the same' if same else 'DIFFERENT'}"
    return f"{said}, {apart[0]} sums of weights and {apart[1]} of squares differ in {theirs[0].size} cells"


if __name__ == "__main__":
    main()
