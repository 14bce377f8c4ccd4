"""Kernels of geomagnetism beside their twins, one thread on both sides: `pytest benches --benchmark-enable`."""

import numpy as np
import pytest

from amsdipole import _core, _oracle
from amsdipole.geomagnetism.igrf import igrf14
from amsdipole.geomagnetism.trajectory import TracingLimits

N = 200
SIDES = {"kernel": _core, "twin": _oracle}
FUNCTIONS = ["magnetic_field", "trace", "trajectory", "cutoff_scan", "cone_cutoff"]


def cases() -> dict[str, tuple]:
    """Arguments of every kernel."""
    rng = np.random.default_rng(4)
    up = rng.normal(size=(N, 3))
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    here, field = 6780.0 * up, igrf14().at(2020.0)
    limits = TracingLimits(error_bound=1e-5).arguments()
    few, low, high = slice(0, 2), np.full(2, 20.0), np.full(2, 24.0)
    cone = np.stack([up[few], up[few] + [0.1, 0.0, 0.0]], axis=1)
    return {
        "magnetic_field": (here, field, 0.0),
        "trace": (here, up, np.full(N, 20.0), field, *limits),
        "trajectory": (here[0], up[0], 20.0, field, *limits),
        "cutoff_scan": (here[few], up[few], 1, low, high, 0.5, 1.0, field, *limits),
        "cone_cutoff": (here[few], cone, np.array([0, 1]), 2, 1, low, high, 0.05, field, *limits),
    }


@pytest.fixture(autouse=True)
def one_thread():
    _core.set_threads(1)
    yield
    _core.set_threads(0)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_geomagnetism(benchmark, name, side):
    benchmark.group = name
    benchmark.pedantic(getattr(SIDES[side], name), cases()[name], rounds=1 if side == "twin" else 20, iterations=1)
