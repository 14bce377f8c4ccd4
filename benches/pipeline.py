"""From events to maps: our pipeline, its NumPy oracle, and a script of numpy, healpy and bincount.

    python benches/pipeline.py [--events N] [--rounds N]

All three do the same steps on the same million events of three days: navigate each second (attitude, cutoff, turn to
galactic axes), find each event's second, apply the cuts, turn the direction to the sky, find the pixel, add the
weight and its square to maps of five energy bins. One thread each. Ours takes the events in batches of the size that
`amsdipole count` takes by default; the script takes the chunks that suit it best. Rounds are interleaved, so that
ratios of one round see the same machine; medians over rounds are printed.
"""

import argparse
import os
import time
from collections.abc import Callable

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy: one core each

import healpy
import inputs
import numpy as np

from amsdipole import _core, _oracle
from amsdipole.orbit import Navigation, Navigator, Seconds
from amsdipole.sky import FrameKnots

Maps = tuple[np.ndarray, np.ndarray, np.ndarray]
Timed = tuple[float, float, Maps]  # navigation [s], counting [s], what came out
Way = Callable[[inputs.Events, Seconds, Navigator], Timed]
N_BIN, NPIX = len(inputs.ENERGY_EDGE_GEV) - 1, 12 * inputs.NSIDE**2
BATCH = 250_000  # events; what EventFiles takes by default
CHUNK = 16_384  # events that the script holds at a time: the fastest of powers of two from 2^11 to 2^20


def ours(events: inputs.Events, seconds: Seconds, navigator: Navigator) -> Timed:
    """Our pipeline: batches of events, each with the seconds that it needs."""
    navigation_s = counting_s = 0.0
    sums = _core.Counts(inputs.NSIDE, inputs.ENERGY_EDGE_GEV, inputs.COS_LEAST)
    for first in range(0, len(events.time_s), BATCH):
        part = events.part(slice(first, first + BATCH))
        spent, row = timed(lambda part=part: navigator(seconds.rows(between(seconds, part.time_s))))
        navigation_s += spent
        counting_s += timed(lambda part=part, row=row: add(sums, part, row))[0]
    return navigation_s, counting_s, (sums.units(0), sums.units(1), sums.cut_flow())


def between(seconds: Seconds, time_s: np.ndarray) -> slice:
    """Rows that hold rising times."""
    first, last = np.searchsorted(seconds.time_s, time_s[[0, -1]], side="right")
    return slice(int(first) - 1, int(last))


def add(sums: "_core.Counts | _oracle.Counts", events: inputs.Events, row: Navigation) -> None:
    """Count with the kernel or with its twin."""
    sums.add(
        events.time_s, events.direction, events.energy_gev, events.weight,
        row.time_s, row.step_s, row.rotation, row.rate, row.livetime_s, row.cutoff_class,
    )  # fmt: skip


def in_one_go(
    turn: Callable[[Navigator, Seconds], Navigation], count: Callable[[inputs.Events, Navigation], Maps]
) -> Way:
    """Navigate all seconds, then count all events."""

    def way(events: inputs.Events, seconds: Seconds, navigator: Navigator) -> Timed:
        navigation_s, row = timed(lambda: turn(navigator, seconds))
        counting_s, maps = timed(lambda: count(events, row))
        return navigation_s, counting_s, maps

    return way


def oracle_count(events: inputs.Events, row: Navigation) -> Maps:
    """Count with the twin."""
    sums = _oracle.Counts(inputs.NSIDE, inputs.ENERGY_EDGE_GEV, inputs.COS_LEAST)
    add(sums, events, row)
    return sums.units(0), sums.units(1), sums.cut_flow()


def oracle_navigate(navigator: Navigator, seconds: Seconds) -> Navigation:
    """The steps of `Navigator` with the kernels of the oracle."""
    rotation, rate = _oracle.detector_attitude(
        seconds.position_km, seconds.velocity_km_s, seconds.angle_rad, navigator.mounting
    )
    dipole, frame = navigator.dipole, navigator.frame
    cutoff = _oracle.stormer_cutoff(
        seconds.time_s,
        _oracle.teme_to_earth_fixed(seconds.time_s, seconds.position_km),
        _oracle.teme_to_earth_fixed(seconds.time_s, rotation[:, :, 2]),
        navigator.rule.half_angle_rad,
        navigator.rule.charge_sign,
        dipole.time_s, dipole.k_gv, dipole.center_km, dipole.pole,
    )  # fmt: skip
    classes = _oracle.cutoff_class(cutoff, navigator.rule.factor, navigator.energy_edge_gev)
    rotation, rate = _oracle.attitude_in_frame(seconds.time_s, rotation, rate, frame.time_s, frame.matrix)
    livetime = seconds.livetime_fraction * seconds.step_s
    return Navigation(seconds.time_s, seconds.step_s, rotation, rate, livetime, cutoff, classes)


def script_navigate(navigator: Navigator, seconds: Seconds) -> Navigation:
    """The same steps as a physicist writes them who knows NumPy well: columns, chunks, no validation."""
    rule, dipole, frame = navigator.rule, navigator.dipole, navigator.frame
    n = len(seconds)
    rotation, rate = np.empty((n, 3, 3)), np.empty((n, 3))
    cutoff = np.empty(n)
    pole, center = dipole.pole.mean(axis=0), dipole.center_km.mean(axis=0)  # three days: a constant dipole
    k_gv = float(dipole.k_gv.mean())
    for first in range(0, n, CHUNK):
        rows = slice(first, first + CHUNK)
        t = seconds.time_s[rows]
        px, py, pz = seconds.position_km[rows].T
        vx, vy, vz = seconds.velocity_km_s[rows].T
        hx, hy, hz = py * vz - pz * vy, pz * vx - px * vz, px * vy - py * vx
        r2 = px * px + py * py + pz * pz
        down, port = -1.0 / np.sqrt(r2), -1.0 / np.sqrt(hx * hx + hy * hy + hz * hz)
        zx, zy, zz = px * down, py * down, pz * down
        yx, yy, yz = hx * port, hy * port, hz * port
        local = np.empty((len(t), 3, 3))
        local[:, :, 0] = np.column_stack([yy * zz - yz * zy, yz * zx - yx * zz, yx * zy - yy * zx])
        local[:, :, 1] = np.column_stack([yx, yy, yz])
        local[:, :, 2] = np.column_stack([zx, zy, zz])
        body = _body(seconds.angle_rad[first]) @ navigator.mounting  # the attitude is constant
        turned = local @ body
        angle = _sidereal_angle(t)
        cos, sin = np.cos(angle), np.sin(angle)
        ax, ay, az = turned[:, 0, 2], turned[:, 1, 2], turned[:, 2, 2]
        cutoff[rows] = _cutoff(
            (cos * px + sin * py - center[0], cos * py - sin * px - center[1], pz - center[2]),
            (cos * ax + sin * ay, cos * ay - sin * ax, az), pole, k_gv, rule.charge_sign, rule.half_angle_rad,
        )  # fmt: skip
        matrix = _matrices(frame, t)
        rotation[rows] = matrix @ turned
        rate[rows] = (matrix @ (np.column_stack([hx, hy, hz]) / r2[:, None])[:, :, None])[:, :, 0]
    classes = np.searchsorted(navigator.energy_edge_gev[:-1], rule.factor * cutoff, side="left").astype(np.uint8)
    livetime = seconds.livetime_fraction * seconds.step_s
    return Navigation(seconds.time_s, seconds.step_s, rotation, rate, livetime, cutoff, classes)


def _body(angle: np.ndarray) -> np.ndarray:
    (sy, sp, sr), (cy, cp, cr) = np.sin(angle), np.cos(angle)
    roll = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    pitch = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    return np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ pitch @ roll


def _sidereal_angle(t: np.ndarray) -> np.ndarray:
    since = t - 946_728_000.0
    c = since / (86400.0 * 36525.0)
    second = 67310.54841 + 8640184.812866 * c + 0.093104 * c**2 - 6.2e-6 * c**3 + since % 86400.0
    return second / 86400.0 % 1.0 * (2.0 * np.pi)


def _cutoff(place: tuple, axis: tuple, pole: np.ndarray, k_gv: float, sign: int, cone: float) -> np.ndarray:
    x, y, z = place
    r2 = x * x + y * y + z * z
    ex, ey, ez = pole[1] * z - pole[2] * y, pole[2] * x - pole[0] * z, pole[0] * y - pole[1] * x
    e2 = ex * ex + ey * ey + ez * ez
    cos_east = np.clip(sign * (axis[0] * ex + axis[1] * ey + axis[2] * ez) / np.sqrt(e2), -1.0, 1.0)
    most = np.where(
        cos_east >= np.cos(cone), 1.0, cos_east * np.cos(cone) + np.sqrt(1.0 - cos_east * cos_east) * np.sin(cone)
    )
    c2 = e2 / r2
    root = 1.0 + np.sqrt(1.0 - most * c2 * np.sqrt(c2))
    return k_gv * c2 * c2 / (r2 / 6371.2**2 * root * root)


def _matrices(frame: FrameKnots, t: np.ndarray) -> np.ndarray:
    i = np.clip(np.searchsorted(frame.time_s, t, side="right") - 1, 0, len(frame.time_s) - 2)
    share = ((t - frame.time_s[i]) / (frame.time_s[i + 1] - frame.time_s[i]))[:, None, None]
    return frame.matrix[i] + (frame.matrix[i + 1] - frame.matrix[i]) * share


def script_checked_count(events: inputs.Events, row: Navigation) -> Maps:
    """The script with the refusals that the pipeline makes: the same steps, all of them."""
    good = bool((np.diff(row.time_s) >= 0.99 * row.step_s).all())
    for first in range(0, len(row.time_s), CHUNK):
        rows = slice(first, first + CHUNK)
        good &= bool(np.isfinite(row.rotation[rows]).all() and np.isfinite(row.rate[rows]).all())
        good &= bool(((row.livetime_s[rows] >= 0.0) & (row.livetime_s[rows] <= 60.0)).all())
        good &= bool((row.cutoff_class[rows] <= N_BIN).all())
    for first in range(0, len(events.time_s), CHUNK):
        part = events.part(slice(first, first + CHUNK))
        x, y, z = part.direction.T
        good &= bool((np.abs(x * x + y * y + z * z - 1.0) <= 1e-6).all() and np.isfinite(part.time_s).all())
        good &= bool(((part.energy_gev > 0.0) & (part.energy_gev < np.inf)).all())
        good &= bool((np.abs(part.weight) <= 512.0).all())
        second = np.searchsorted(row.time_s, part.time_s, side="right") - 1
        good &= bool(((second >= 0) & (part.time_s < row.time_s[second] + row.step_s)).all())
    if not good:
        raise ValueError("bad input")
    return script_count(events, row)


def script_count(events: inputs.Events, row: Navigation) -> Maps:
    """Chunks that stay in cache, cuts before the costly steps, columns instead of einsum, one bincount a map."""
    edge = inputs.ENERGY_EDGE_GEV
    weight, weight2 = np.zeros(N_BIN * NPIX), np.zeros(N_BIN * NPIX)
    flow = np.zeros(6, dtype=np.int64)
    for first in range(0, len(events.time_s), CHUNK):
        part = events.part(slice(first, first + CHUNK))
        second = np.searchsorted(row.time_s, part.time_s, side="right") - 1
        energy_bin = np.searchsorted(edge, part.energy_gev, side="right") - 1
        cut = np.full(len(second), 5)
        cut[energy_bin < row.cutoff_class[second]] = 4
        cut[row.livetime_s[second] <= 0.0] = 3
        cut[part.direction[:, 2] < inputs.COS_LEAST] = 2
        cut[energy_bin >= N_BIN] = 1
        cut[energy_bin < 0] = 0
        flow += np.bincount(cut, minlength=6)
        kept = np.nonzero(cut == 5)[0]
        second = second[kept]
        dx, dy, dz = part.direction[kept].T
        m = row.rotation.reshape(-1, 9)[second].T
        x = m[0] * dx + m[1] * dy + m[2] * dz
        y = m[3] * dx + m[4] * dy + m[5] * dz
        z = m[6] * dx + m[7] * dy + m[8] * dz
        wx, wy, wz = (row.rate[second] * (part.time_s[kept] - row.time_s[second])[:, None]).T
        # One second of flight turns by 1e-3: the second order leaves 2e-10.
        fx, fy, fz = wy * z - wz * y, wz * x - wx * z, wx * y - wy * x
        x, y, z = (
            x + fx + 0.5 * (wy * fz - wz * fy),
            y + fy + 0.5 * (wz * fx - wx * fz),
            z + fz + 0.5 * (wx * fy - wy * fx),
        )
        cell = energy_bin[kept] * NPIX + healpy.vec2pix(inputs.NSIDE, x, y, z)
        w = part.weight[kept]
        weight += np.bincount(cell, w, N_BIN * NPIX)
        weight2 += np.bincount(cell, w * w, N_BIN * NPIX)
    return weight.reshape(N_BIN, NPIX), weight2.reshape(N_BIN, NPIX), flow


def timed(function: Callable[[], object]) -> tuple[float, object]:
    """Seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def main() -> None:
    """Run all rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    choice = parser.parse_args()
    events, seconds, navigator = inputs.events(choice.events), inputs.seconds(), inputs.navigator()
    _core.set_threads(1)
    ways: dict[str, tuple[Way, int]] = {
        "amsdipole": (ours, choice.rounds),
        "script": (in_one_go(script_navigate, script_checked_count), choice.rounds),
        "unchecked": (in_one_go(script_navigate, script_count), choice.rounds),
        "oracle": (in_one_go(oracle_navigate, oracle_count), max(1, choice.rounds // 3)),
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    results: dict[str, Maps] = {}
    for i in range(choice.rounds):
        for name, (way, rounds) in ways.items():
            if i < rounds:
                *times, results[name] = way(events, seconds, navigator)
                spent[name].append((times[0], times[1]))
    report(spent, results, choice.events, len(seconds))


def report(spent: dict[str, list[tuple[float, float]]], results: dict[str, Maps], n_event: int, n_second: int) -> None:
    """Print medians, ratios of the same round, and how far the maps agree."""
    print(f"{n_event} events, {n_second} seconds, nside {inputs.NSIDE}, {N_BIN} energy bins, one thread")
    print("script: numpy, healpy and bincount in chunks, with the pipeline's refusals; unchecked: without them")
    print(f"{'':12}{'navigation':>22}{'counting':>22}{'together':>22}")
    for name, rounds in spent.items():
        navigation, counting = np.median(np.array(rounds), axis=0)
        both = float(np.median([a + b for a, b in rounds]))
        print(
            f"{name:12}{n_second / navigation / 1e6:12.2f} M rows/s {n_event / counting / 1e6:10.2f} M events/s"
            f"{n_event / both / 1e6:11.2f} M events/s"
        )
    for name in ("script", "unchecked", "oracle"):
        pairs = list(zip(spent["amsdipole"], spent[name], strict=False))
        ratio = [np.median([f(b) / f(a) for a, b in pairs]) for f in (lambda p: p[0], lambda p: p[1], sum)]
        print(f"amsdipole / {name}: navigation {ratio[0]:.1f}, counting {ratio[1]:.1f}, together {ratio[2]:.1f}")
    ours = results["amsdipole"]
    same = all(np.array_equal(a, b) for a, b in zip(ours, results["oracle"], strict=True))
    print(f"maps of the oracle: {'the same bits' if same else 'DIFFERENT'}")
    moved = int(np.abs(ours[2] - results["script"][2]).sum()) // 2
    cells = np.abs(ours[0] * 2.0**-32 - results["script"][0])
    print(
        f"maps of the script: {moved} events cut otherwise, {int((cells > 1e-6).sum())} of {cells.size} cells differ "
        f"by more than 1e-6 (constant dipole, second order in the turn)"
    )
    kept = int(ours[2][5])
    print(f"cut flow: {dict(zip(_cuts(), ours[2].tolist(), strict=True))}; accepted {kept / n_event:.3f}")


def _cuts() -> tuple[str, ...]:
    return ("energy_below", "energy_above", "field_of_view", "dead_second", "cutoff", "accepted")


if __name__ == "__main__":
    main()
