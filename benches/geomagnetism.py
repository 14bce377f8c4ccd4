"""Field, tracing and cutoffs beside their peers in one run: `python benches/geomagnetism.py`; one thread on each side.

Needs ppigrf, chaosmagpy and gtracr from PyPI (`pip install --group peers`); one that is absent is named and left out.
"""

import argparse
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole.geomagnetism.cutoff_scan import traced_cutoffs
from amsdipole.geomagnetism.field import magnetic_field
from amsdipole.geomagnetism.igrf import igrf14
from amsdipole.geomagnetism.trajectory import TracingLimits, trace

Floats = NDArray[np.float64]

# Name, latitude, longitude [deg].
PLACES = [
    ("Oulu", 65.05, 25.47),
    ("Rome", 41.86, 12.47),
    ("Jungfraujoch", 46.55, 7.98),
    ("Mexico City", 19.33, -99.18),
    ("Tsumeb", -19.2, 17.58),
    ("Haleakala", 20.71, -156.27),
]
GTRACR_RADIUS_KM = 6371.2  # its Earth is a sphere
ALTITUDE_KM = 45.0  # above our floor at every latitude although gtracr's Earth is a sphere
GTRACR_PATH_KM = 299_792.458  # it gives up after 1 s
GTRACR_FLOOR_KM = 38.0  # its floor is the sphere of the start; ours is the same on the equator, 21 km below on the pole
STEP_GV = 0.002  # of the scans of cutoffs, on both sides


def seconds(call: Callable[[], object], repeat: int) -> float:
    """Give the processor time of the best of several runs: other work on the machine counts for neither side."""
    best = np.inf
    for _ in range(repeat):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def field(repeat: int) -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    lon, theta, r = rng.uniform(-180, 180, n), np.rad2deg(np.arccos(rng.uniform(-1, 1, n))), rng.uniform(6380, 7200, n)
    st, ct, lo = np.sin(np.deg2rad(theta)), np.cos(np.deg2rad(theta)), np.deg2rad(lon)
    position = r[:, None] * np.column_stack([st * np.cos(lo), st * np.sin(lo), ct])
    coefficients = igrf14()
    ours = n / seconds(lambda: magnetic_field(position, coefficients=coefficients, decimal_year=2020.0), 5 * repeat)
    print(f"field: amsdipole                 {ours:12.0f} points/s")
    try:
        import ppigrf
    except ImportError:
        print("field: ppigrf is absent")
    else:
        m = 5000
        peer = m / seconds(lambda: ppigrf.igrf_gc(r[:m], theta[:m], lon[:m], datetime(2020, 1, 1)), repeat)
        print(f"field: ppigrf                    {peer:12.0f} points/s, ratio {ours / peer:8.1f} (asked 100)")
    try:
        from chaosmagpy.model_utils import synth_values
    except ImportError:
        print("field: chaosmagpy is absent")
    else:
        gauss = coefficients.at(2020.0)
        peer = n / seconds(lambda: synth_values(gauss, r, theta, lon), repeat)
        print(f"field: chaosmagpy                {peer:12.0f} points/s, ratio {ours / peer:8.1f} (asked 20)")


def directions(n: int) -> tuple[Floats, Floats]:
    """Azimuth in gtracr's sense (0 is south, 90 west) and zenith angle [deg], evenly over the sky above 60 degrees."""
    rng = np.random.default_rng(7)
    return rng.uniform(0.0, 360.0, n), np.rad2deg(np.arccos(rng.uniform(0.5, 1.0, n)))


def start_of(latitude: float, longitude: float, azimuth: Floats, zenith: Floats) -> tuple[Floats, Floats]:
    """Places and arrival directions on gtracr's sphere."""
    lat, lon, az, ze = (np.deg2rad(v) for v in (latitude, longitude, azimuth, zenith))
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.cross(up, east)
    level = np.sin(ze)[:, None] * (np.sin(az)[:, None] * east - np.cos(az)[:, None] * north)
    return up * (GTRACR_RADIUS_KM + ALTITUDE_KM), level + np.cos(ze)[:, None] * up


class Peer:
    """The tracer of gtracr 2.0 at 2020.0, as its class Trajectory sets it up, for many starts and rigidities."""

    def __init__(self) -> None:
        from gtracr import _libgtracr, constants, trajectory

        self.library, self.constants, self.module = _libgtracr, constants, trajectory
        self.field = (str(trajectory._DATA_DIR.resolve()), 2020.0)

    def start(self, latitude: float, longitude: float, azimuth: float, zenith: float) -> tuple[list[float], Floats]:
        """Place, and the unit momentum as one GV carries it."""
        one = self.module.Trajectory(
            latitude=latitude,
            longitude=longitude,
            zenith_angle=zenith,
            azimuth_angle=azimuth,
            rigidity=10.0,
            particle_altitude=ALTITUDE_KM,
            date="2020-01-01",
        )
        self.one = one
        six = np.asarray(one.particle_sixvector)
        return list(six[:3]), six[3:] / np.linalg.norm(six[3:])

    def tracer(self, *, lattice: bool = False) -> Any:
        """Its adaptive solver, rk45 with the tolerances it comes with, in its field itself or in a lattice of it."""
        particle = self.one.charge * self.constants.ELEMENTARY_CHARGE, self.one.mass * self.constants.KG_PER_GEVC2
        ends = self.one.start_alt, 10.0 * self.constants.EARTH_RADIUS, 1e-5, 100_000
        table = self.library.generate_igrf_table(*self.field) if lattice else ()
        return self.library.TrajectoryTracer(
            *table, *particle, *ends, *(() if lattice else "i"), self.field, "a", 1e-3, 1e-6
        )

    def allowed(self, tracer: Any, start: tuple[list[float], Floats], rigidity: Floats) -> NDArray[np.bool_]:
        place, momentum = start
        out = np.zeros(len(rigidity), bool)
        for i, r in enumerate(rigidity):
            tracer.reset()
            tracer.evaluate(0.0, place + list(momentum * (r * self.constants.KG_M_S_PER_GEVC)))
            out[i] = tracer.particle_escaped
        return out


def gtracr(what: str) -> Peer | None:
    try:
        return Peer()
    except ImportError:
        print(f"{what}: gtracr is absent")
        return None


def cutoffs() -> None:
    """Effective vertical cutoffs by one scan for both sides, from 1 GV below our lower to 1 GV above our upper one."""
    peer = gtracr("cutoffs")
    if peer is None:
        return
    limits = TracingLimits(
        escape_radius_km=10.0 * 6371.2, floor_altitude_km=GTRACR_FLOOR_KM, path_max_km=GTRACR_PATH_KM
    )
    choices = {"charge_sign": 1, "coefficients": igrf14(), "decimal_year": 2020.0, "limits": limits}
    worst = 0.0
    for name, latitude, longitude in PLACES:
        position, up = start_of(latitude, longitude, np.zeros(1), np.zeros(1))
        first = traced_cutoffs(position[None], up, step_gv=0.01, penumbra_step_gv=None, **choices)
        low, high = np.maximum(first.lower_gv - 1.0, 0.1), first.upper_gv + 1.0
        ours = traced_cutoffs(position[None], up, step_gv=STEP_GV, low_gv=low, high_gv=high, **choices)
        start = peer.start(latitude, longitude, 0.0, 0.0)
        scan = STEP_GV * np.arange(np.ceil(low[0] / STEP_GV), np.floor(high[0] / STEP_GV) + 1.0)
        open_ = peer.allowed(peer.tracer(), start, scan)
        last_shut = int(np.flatnonzero(~open_)[-1])
        effective = scan[last_shut] + STEP_GV - STEP_GV * np.count_nonzero(open_[:last_shut])
        gap = float(ours.effective_gv[0] - effective)
        worst = max(worst, abs(gap))
        print(
            f"cutoffs: {name:12s} ours {ours.effective_gv[0]:7.3f} GV, gtracr rk45 {effective:7.3f} GV, gap {gap:+.3f}"
        )
    print(f"cutoffs: {len(PLACES)} places, 2020.0, step {STEP_GV} GV, worst gap {worst:.3f} GV (asked 0.1)")


def tracing(repeat: int, n_direction: int) -> None:
    peer = gtracr("tracing")
    rigidity = np.arange(5.0, 55.1, 5.0)
    azimuth, zenith = directions(n_direction)
    coefficients = igrf14()
    # Both start at the same place of gtracr's sphere, are free at 10 radii and give up after 1 s: the same paths.
    total = {"ours": 0.0, "peer": 0.0, "table": 0.0}
    for name, latitude, longitude in PLACES:
        position, towards = start_of(latitude, longitude, azimuth, zenith)
        m = len(rigidity) * n_direction
        many = np.tile(position, (m, 1))
        arrivals, scan = np.repeat(towards, len(rigidity), axis=0), np.tile(rigidity, n_direction)
        line = [f"tracing: {name:12s}"]
        for escape, label in ((10.0, "10 R"), (25.0, "25 R")):
            limits = TracingLimits(escape_radius_km=escape * 6371.2, floor_altitude_km=0.0, path_max_km=GTRACR_PATH_KM)
            choices = {"coefficients": coefficients, "decimal_year": 2020.0, "limits": limits}
            took = seconds(partial(trace, many, arrivals, scan, **choices), 3 * repeat)
            line.append(f"ours to {label} {m / took:9.0f}/s")
            if escape == 10.0:
                ours = took
                allowed = trace(many, arrivals, scan, **choices).outcome == 1
        if peer is not None:
            starts = [peer.start(latitude, longitude, az, ze) for az, ze in zip(azimuth, zenith, strict=True)]
            direct, table = peer.tracer(), peer.tracer(lattice=True)
            answer = np.zeros(m, bool)

            def scans(tracer: Any, starts: list[Any] = starts, answer: NDArray[np.bool_] = answer) -> None:
                answer[:] = np.concatenate([peer.allowed(tracer, start, rigidity) for start in starts])

            took = {"table": seconds(partial(scans, table), repeat), "peer": seconds(partial(scans, direct), repeat)}
            total["ours"] += ours
            for key, value in took.items():
                total[key] += value
            line.append(f"gtracr rk45 {m / took['peer']:6.0f}/s ratio {took['peer'] / ours:5.1f}")
            line.append(f"its table {m / took['table']:6.0f}/s ratio {took['table'] / ours:5.1f}")
            line.append(f"same outcome {np.mean(answer == allowed):.3f}")
        print("  ".join(line))
    if total["peer"]:
        print(f"tracing: all places, ratio to gtracr rk45 {total['peer'] / total['ours']:.1f} (asked 10)")
        print(f"tracing: all places, ratio to its table mode {total['table'] / total['ours']:.1f} (asked 2)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--directions", type=int, default=1000)
    parser.add_argument("--only", choices=("field", "tracing", "cutoffs"))
    chosen = parser.parse_args()
    _core.set_threads(1)
    parts = {
        "field": lambda: field(chosen.repeat),
        "tracing": lambda: tracing(chosen.repeat, chosen.directions),
        "cutoffs": cutoffs,
    }
    for part in parts if chosen.only is None else (chosen.only,):
        parts[part]()


if __name__ == "__main__":
    main()
