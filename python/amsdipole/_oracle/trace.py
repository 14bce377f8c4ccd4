"""Twins of `trace.rs`: all trajectories step in one array, each with a step of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._oracle.check import Floats, all_directed, all_finite, all_good, same_length, within
from amsdipole._oracle.igrf import check_coefficients, reach, synthesis
from amsdipole.constants import EARTH_RADIUS_KM, WGS84_A_KM, WGS84_FLATTENING

FORBIDDEN, ALLOWED, TRAPPED = 0, 1, 2
BEND = 299_792_458.0 * 6_371_200.0 * 1e-18  # c [m/s] R [m] 1e-9 T/nT / (1e9 V/GV)
STEP_MAX = 0.5
GROWTH = (0.2, 4.0)
SAFETY = 0.9
ROUNDING = 1e-9

# Dormand and Prince 1980, table 2.
STAGES = [
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
ERROR = [71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]


@dataclass
class Tracer:
    """Field and limits in Earth radii."""

    coefficients_nt: Floats
    degree: int
    reaches: Floats
    weight: Floats
    escape2: float
    bound: float
    path_max: float
    n_step_max: int

    def field(self, x: Floats) -> Floats:
        return synthesis(self.coefficients_nt, self.degree, self.reaches, x)

    def height(self, x: Floats) -> Floats:
        return np.asarray((self.weight * x * x).sum(axis=-1) - 1.0)


def tracer(
    coefficients_nt: Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> Tracer:
    within("floor_altitude_km", floor_altitude_km, -100.0, 50_000.0)
    within("escape_radius_km", escape_radius_km, WGS84_A_KM + floor_altitude_km, 1e6)
    within("error_bound", error_bound, 1e-12, 1e-2)
    within("path_max_km", path_max_km, np.finfo(float).tiny, 1e9)
    within("n_step_max", n_step_max, 1, 10**9)
    degree = check_coefficients(coefficients_nt, loss_nt)
    across = EARTH_RADIUS_KM / (WGS84_A_KM + floor_altitude_km)
    along = EARTH_RADIUS_KM / (WGS84_A_KM * (1.0 - WGS84_FLATTENING) + floor_altitude_km)
    return Tracer(
        coefficients_nt,
        degree,
        reach(coefficients_nt, degree, loss_nt),
        np.array([across**2, across**2, along**2]),
        (escape_radius_km / EARTH_RADIUS_KM) ** 2,
        error_bound,
        path_max_km / EARTH_RADIUS_KM,
        n_step_max,
    )


def check_rigidity(name: str, rigidity_gv: Floats) -> None:
    all_finite(name, rigidity_gv)
    size = np.abs(rigidity_gv)
    all_good(name, rigidity_gv, (size >= 1e-3) & (size <= 1e9), "0.001 to 1e9 GV is wanted")


def check_starts(t: Tracer, position_km: Floats) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        x = position_km / EARTH_RADIUS_KM
        good = (t.height(x) >= -ROUNDING) & ((x * x).sum(axis=1) <= t.escape2)
    all_good("position_km", position_km, good, "below the floor or beyond the escape sphere")


Ends = tuple[NDArray[np.uint8], Floats, Floats, Floats, NDArray[np.int64]]


def trace(
    position_km: Floats,
    direction: Floats,
    rigidity_gv: Floats,
    coefficients_nt: Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> Ends:
    limits = (escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max)
    t = tracer(coefficients_nt, *limits)
    same_length("direction", len(direction), len(position_km))
    same_length("rigidity_gv", len(rigidity_gv), len(position_km))
    all_directed("direction", direction)
    check_rigidity("rigidity_gv", rigidity_gv)
    check_starts(t, position_km)
    return run(t, position_km, direction, rigidity_gv)[0]


def trajectory(
    position_km: Floats,
    direction: Floats,
    rigidity_gv: float,
    coefficients_nt: Floats,
    escape_radius_km: float,
    floor_altitude_km: float,
    error_bound: float,
    loss_nt: float,
    path_max_km: float,
    n_step_max: int,
) -> Floats:
    limits = (escape_radius_km, floor_altitude_km, error_bound, loss_nt, path_max_km, n_step_max)
    t = tracer(coefficients_nt, *limits)
    all_directed("direction", direction[None])
    check_rigidity("rigidity_gv", np.array([rigidity_gv]))
    check_starts(t, position_km[None])
    return run(t, position_km[None], direction[None], np.array([rigidity_gv]))[1]


def run(t: Tracer, position_km: Floats, direction: Floats, rigidity_gv: Floats) -> tuple[Ends, Floats]:
    """Give the ends of all trajectories, and the steps of the first."""
    n = len(position_km)
    outcome = np.zeros(n, np.uint8)
    end_x, end_t = np.zeros((n, 3)), np.zeros((n, 3))
    end_path, n_step = np.zeros(n), np.zeros(n, np.int64)
    x = position_km / EARTH_RADIUS_KM
    u = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    bend = (-BEND / rigidity_gv)[:, None]
    field = t.field(x)
    a = bend * np.cross(u, field)
    curvature = np.abs(bend[:, 0]) * np.linalg.norm(field, axis=1)
    step = STEP_MAX * np.linalg.norm(x, axis=1)
    turn = 2.0 * t.bound**0.2
    fast = curvature * step > turn
    step[fast] = turn / curvature[fast]
    path = np.zeros(n)
    alive = np.arange(n)
    seen = [np.concatenate([[0.0], x[0], u[0]])] if n else []
    while len(alive):
        new_x, new_u, new_a, error2 = one_step(t, x, u, a, step, bend)
        accepted = error2 <= 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = SAFETY / error2**0.09375
        factor = np.where(accepted, np.clip(wanted, *GROWTH), np.clip(np.nan_to_num(wanted, nan=GROWTH[0]), *GROWTH))
        path += np.where(accepted, step, 0.0)
        n_step[alive] += 1
        low = lowest(t, x, u, a, new_x, new_u, new_a, step, accepted) < -ROUNDING
        out = (new_x**2).sum(axis=1) > t.escape2
        ended = (accepted & (low | out)) | (path >= t.path_max) | (n_step[alive] >= t.n_step_max)
        keep = accepted[:, None]
        old = x, u, a
        x, u, a = np.where(keep, new_x, x), np.where(keep, new_u, u), np.where(keep, new_a, a)
        for i in np.flatnonzero(ended):
            j = alive[i]
            span = [(old[0][i], x[i]), (old[1][i], u[i]), (old[2][i], a[i])]
            outcome[j] = FORBIDDEN if accepted[i] and low[i] else ALLOWED if accepted[i] and out[i] else TRAPPED
            end_x[j], end_t[j], cut = cut_end(t, int(outcome[j]), span, float(step[i]))
            end_path[j] = path[i] - cut
        if n and alive[0] == 0 and accepted[0] and not ended[0]:
            seen.append(np.concatenate([[path[0]], x[0], u[0]]))
        step = np.minimum(step * factor, STEP_MAX * np.linalg.norm(x, axis=1))
        live = ~ended
        alive, x, u, a, step, bend, path = (v[live] for v in (alive, x, u, a, step, bend, path))
    if n:
        seen.append(np.concatenate([[end_path[0]], end_x[0], end_t[0]]))
    steps = np.array(seen[1:]).reshape(-1, 7)
    steps[:, :4] *= EARTH_RADIUS_KM
    return (outcome, end_t, end_x * EARTH_RADIUS_KM, end_path * EARTH_RADIUS_KM, n_step), steps


def one_step(
    t: Tracer, x: Floats, u: Floats, a: Floats, step: Floats, bend: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    h = step[:, None]
    tangents, turns = [u], [a]
    new_x, new_u = x, u
    for weights in STAGES:
        new_x = x + h * sum(w * k for w, k in zip(weights, tangents, strict=True))
        new_u = u + h * sum(w * k for w, k in zip(weights, turns, strict=True))
        with np.errstate(over="ignore", invalid="ignore"):
            turns.append(bend * np.cross(new_u, t.field(new_x)))
        tangents.append(new_u)
    miss_x = np.sum([w * k for w, k in zip(ERROR, tangents, strict=True)], axis=0)
    miss_u = np.sum([w * k for w, k in zip(ERROR, turns, strict=True)], axis=0)
    long = (new_u**2).sum(axis=1) - 1.0
    miss2 = step**2 * ((miss_x**2).sum(axis=1) / (x**2).sum(axis=1) + (miss_u**2).sum(axis=1)) + 0.25 * long**2
    shorter = (1.0 - long * (0.5 - 0.375 * long))[:, None]
    return new_x, new_u * shorter, turns[6] * shorter, miss2 / t.bound**2


def lowest(
    t: Tracer,
    x: Floats,
    u: Floats,
    a: Floats,
    new_x: Floats,
    new_u: Floats,
    new_a: Floats,
    step: Floats,
    accepted: NDArray[np.bool_],
) -> Floats:
    """F of the floor at the end of the step or at a perigee within, on the quintic through both ends."""
    begin, end = t.height(x), t.height(new_x)

    def form(p: Floats, q: Floats) -> Floats:
        return np.asarray((t.weight * p * q).sum(axis=1))

    slope, slope_end = 2 * step * form(x, u), 2 * step * form(new_x, new_u)
    bow = 2 * step**2 * (form(u, u) + form(x, a))
    bow_end = 2 * step**2 * (form(new_u, new_u) + form(new_x, new_a))
    turns = accepted & (slope < 0) & (slope_end > 0)
    out = end.copy()
    for i in np.flatnonzero(turns):
        curve = quintic(begin[i], end[i], slope[i], slope_end[i], bow[i], bow_end[i])
        at = slope[i] / (slope[i] - slope_end[i])
        for _ in range(3):
            moved = at - curve.deriv()(at) / curve.deriv(2)(at)
            at = moved if 0.0 < moved < 1.0 else at
        out[i] = min(curve(at), end[i])
    return out


def quintic(
    begin: float, end: float, slope: float, slope_end: float, bow: float, bow_end: float
) -> np.polynomial.Polynomial:
    """Polynomial of degree 5 on [0, 1] with value, slope and curvature given at both ends."""
    rows = [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 2, 0, 0, 0]]
    rows += [[1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4, 5], [0, 0, 2, 6, 12, 20]]
    return np.polynomial.Polynomial(np.linalg.solve(np.array(rows), [begin, slope, bow, end, slope_end, bow_end]))


def cut_end(t: Tracer, outcome: int, span: list[tuple[Floats, Floats]], step: float) -> tuple[Floats, Floats, float]:
    """Position and tangent where the last step crosses the floor or the escape sphere, and the path cut off."""
    (x0, x1), (u0, u1), (a0, a1) = span
    if outcome == TRAPPED:
        return x1, u1, 0.0
    curve = [quintic(x0[i], x1[i], step * u0[i], step * u1[i], step**2 * a0[i], step**2 * a1[i]) for i in range(3)]

    def value(at: float) -> float:
        x = np.array([c(at) for c in curve])
        return float(t.height(x) if outcome == FORBIDDEN else t.escape2 - (x**2).sum())

    at = 1.0
    if value(0.0) <= 0.0:
        at = 0.0
    elif value(1.0) <= 0.0:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if value(middle) > 0.0 else (low, middle)
        at = high
    tangent = np.array([c.deriv()(at) for c in curve]) if at < 1.0 else u1
    x = np.array([c(at) for c in curve]) if at < 1.0 else x1
    return x, tangent / np.linalg.norm(tangent), (1.0 - at) * step
