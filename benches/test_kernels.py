"""Every kernel beside its twin on the same rows: `pytest benches --benchmark-enable`, a group a kernel, one thread."""

import inputs
import numpy as np
import pytest

from amsdipole import _core, _oracle
from amsdipole.exposure import zenith_edges
from amsdipole.orbit import SAA_LATITUDE_DEG, SAA_LONGITUDE_DEG, Navigation, builtin_iss_elements, state_knots

N_ROW, N_AXIS = 50_000, 300  # rows a call; the twin of the cube walks axes in Python


def cases() -> dict[str, tuple]:
    """Arguments of every kernel that is a function."""
    seconds, navigator = inputs.seconds().rows(slice(0, N_ROW)), inputs.navigator()
    row = navigator(seconds)
    rng = np.random.default_rng(1)
    vector = rng.normal(size=(N_ROW, 3))
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    pixel = _core.vector_to_pixel(vector, inputs.NSIDE)
    fixed = _core.teme_to_earth_fixed(seconds.time_s, seconds.position_km)
    place = _core.geodetic(fixed)
    rotation, rate = _core.detector_attitude(
        seconds.position_km, seconds.velocity_km_s, seconds.angle_rad, navigator.mounting
    )
    axis = _core.teme_to_earth_fixed(seconds.time_s, np.ascontiguousarray(rotation[:, :, 2]))
    frame, dipole, rule = navigator.frame, navigator.dipole, navigator.rule
    knots = state_knots(builtin_iss_elements(), inputs.START_S, inputs.START_S + N_ROW)
    units = rng.integers(0, 2**40, (N_AXIS, 6))
    side = np.cross(vector[:N_AXIS], vector[N_AXIS : 2 * N_AXIS])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    return {
        "vector_to_pixel": (vector, inputs.NSIDE),
        "pixel_to_vector": (pixel, inputs.NSIDE),
        "teme_to_earth_fixed": (seconds.time_s, seconds.position_km),
        "earth_fixed_to_teme": (seconds.time_s, fixed),
        "geodetic": (fixed,),
        "detector_attitude": (seconds.position_km, seconds.velocity_km_s, seconds.angle_rad, navigator.mounting),
        "navigation": (
            seconds.time_s, seconds.position_km, seconds.velocity_km_s, seconds.angle_rad, navigator.mounting,
            frame.time_s, frame.matrix, navigator.rule.half_angle_rad, navigator.rule.charge_sign,
            dipole.time_s, dipole.k_gv, dipole.center_km, dipole.pole,
        ),
        "attitude_in_frame": (seconds.time_s, rotation, rate, frame.time_s, frame.matrix),
        "vector_in_frame": (seconds.time_s, seconds.position_km, frame.time_s, frame.matrix),
        "interpolated_states": (
            seconds.time_s, knots.segment_start_s, knots.segment_offset, knots.knot_start_s, knots.step_s,
            knots.position_km, knots.velocity_km_s,
        ),
        "inside_polygon": (
            np.ascontiguousarray(place[:, 0]), np.ascontiguousarray(place[:, 1]), SAA_LONGITUDE_DEG, SAA_LATITUDE_DEG,
        ),
        "stormer_cutoff": (
            seconds.time_s, fixed, axis, rule.half_angle_rad, rule.charge_sign,
            dipole.time_s, dipole.k_gv, dipole.center_km, dipole.pole,
        ),
        "cutoff_class": (row.cutoff_gv, rule.factor, inputs.ENERGY_EDGE_GEV),
        "poisson_counts": (rng.random((50, 768)), np.full(768, 14.6)),
        "maximum_slopes": (
            *2 * (rng.poisson(14.6, (50, 768)).astype(float),), _core.pixel_to_vector(np.arange(768), 8), np.eye(3) / 3,
            np.ones(50), np.zeros((3, 3)),
        ),
        "axes_at": (rotation, rate, 0.5),
        "folded_axes": (vector[:N_AXIS].copy(), np.ones(N_AXIS), 16, inputs.COS_LEAST, np.linspace(0.0, 1.0, 4097)),
        "folded_attitudes": (
            vector[:N_AXIS].copy(), side, np.ones(N_AXIS), 16, inputs.COS_LEAST, np.linspace(0.0, 1.0, 4097),
            np.ones((257, 257)),
        ),
        "orbit_axes": (
            seconds.time_s, knots.segment_start_s, knots.segment_offset, knots.knot_start_s, knots.step_s,
            knots.position_km, knots.velocity_km_s, np.zeros(3), navigator.mounting, 0.5, frame.time_s, frame.matrix,
            rule.half_angle_rad, rule.charge_sign, dipole.time_s, dipole.k_gv, dipole.center_km, dipole.pole,
        ),
        "livetime_cube": (
            vector[:N_AXIS].copy(), np.zeros((0, 3)), units, 16, zenith_edges(inputs.COS_LEAST, 20, nside=16), 1,
        ),
    }  # fmt: skip


def sums() -> dict[str, tuple]:
    """Constructor's and method's arguments of every kernel that is a sum."""
    seconds, navigator = inputs.seconds().rows(slice(0, N_ROW)), inputs.navigator()
    row, events = navigator(seconds), inputs.events(4 * N_ROW)
    held = events.time_s < row.time_s[-1] + row.step_s
    return {
        "AxisLivetime": (
            (128, 6),
            (_core.axes_at(row.rotation, row.rate, 0.5), row.livetime_s, row.cutoff_class),
        ),
        "RollLivetime": (
            (128, 6, 24),
            (
                _core.axes_at(row.rotation, row.rate, 0.5), np.ascontiguousarray(_sides(row)), row.livetime_s,
                row.cutoff_class,
            ),
        ),
        "Counts": (
            (inputs.NSIDE, inputs.ENERGY_EDGE_GEV, inputs.COS_LEAST),
            (
                events.time_s[held], events.direction[held], events.energy_gev[held], events.weight[held],
                row.time_s, row.step_s, row.rotation, row.rate, row.livetime_s, row.cutoff_class,
            ),
        ),
    }  # fmt: skip


def _sides(row: Navigation) -> np.ndarray:
    """Detector's x directions in the middle of rows: columns of the rotations, the axis' place taken by x."""
    return _core.axes_at(np.ascontiguousarray(row.rotation[:, :, [1, 2, 0]]), row.rate, 0.5)


FUNCTIONS = [
    "vector_to_pixel",
    "pixel_to_vector",
    "teme_to_earth_fixed",
    "earth_fixed_to_teme",
    "geodetic",
    "detector_attitude",
    "navigation",
    "attitude_in_frame",
    "vector_in_frame",
    "interpolated_states",
    "inside_polygon",
    "stormer_cutoff",
    "cutoff_class",
    "livetime_cube",
    "maximum_slopes",
    "poisson_counts",
    "axes_at",
    "folded_axes",
    "folded_attitudes",
    "orbit_axes",
]
SUMS = ["AxisLivetime", "RollLivetime", "Counts"]
TABLES = ["PurityTable"]
SIDES = {"kernel": _core, "twin": _oracle}


@pytest.fixture(scope="module")
def arguments() -> dict[str, tuple]:
    return cases() | sums()


@pytest.fixture(autouse=True)
def one_thread():
    _core.set_threads(1)
    yield
    _core.set_threads(0)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(benchmark, arguments, name, side):
    benchmark.group = name
    benchmark(getattr(SIDES[side], name), *arguments[name])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SUMS)
def test_sum(benchmark, arguments, name, side):
    benchmark.group = name
    new, add = arguments[name]
    sums = getattr(SIDES[side], name)(*new)
    benchmark.pedantic(sums.add, add, rounds=7, warmup_rounds=1)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", TABLES)
def test_counts_with_a_table(benchmark, arguments, name, side):
    benchmark.group = f"Counts with {name}"
    kernels = SIDES[side]
    new, add = arguments["Counts"]
    rng = np.random.default_rng(7)
    region = rng.integers(0, 12, 12 * inputs.NSIDE**2)
    table = getattr(kernels, name)(0.0, 2.0, region, rng.uniform(0.0, 1.0, (len(inputs.ENERGY_EDGE_GEV) - 1, 12, 102)))
    n = len(add[0])
    failed, response = np.zeros(n, dtype=np.uint8), rng.normal(0.7, 0.3, n)
    sums = kernels.Counts(*new, 1)
    benchmark.pedantic(sums.add, (*add, failed, response, table), rounds=7, warmup_rounds=1)
