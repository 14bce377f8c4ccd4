"""Maps have the same bits for any number of threads, any batches, any order of files; kernels survive a fork."""

import multiprocessing
import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from amsdipole import _core
from amsdipole.events import CountsMaps, EventFiles, count_events, write_events
from amsdipole.exposure import LivetimeCube, livetime_cube
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, builtin_iss_elements
from amsdipole.sky import teme_to_galactic, vector_to_pixel
from amsdipole.threads import set_threads, threads

START_S, LENGTH_S = 1.4e9, 4 * 3600.0
STOP_S = START_S + LENGTH_S
EDGES = np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])
N_EVENT, N_FILE = 40_000, 4  # each file is more than one chunk of the kernels, each thread has some

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def all_threads_again() -> Iterator[None]:
    yield
    set_threads(0)


@pytest.fixture(scope="module")
def navigator() -> Navigator:
    rule = CutoffRule(1.2, float(np.radians(30.0)), 1)
    dipole = eccentric_dipole_knots(igrf14(), START_S, STOP_S)
    return Navigator(ams_mounting(), rule, EDGES, teme_to_galactic(START_S, STOP_S), dipole)


@pytest.fixture(scope="module")
def mission() -> ElementSeconds:
    return ElementSeconds(builtin_iss_elements(), START_S, STOP_S, livetime_fraction=0.87)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files with events in no order, whose weights have all their bits in use."""
    folder: Path = tmp_path_factory.mktemp("events")
    rng = np.random.default_rng(1)
    out = []
    for i in range(N_FILE):
        n = N_EVENT // N_FILE
        cosine, phi = rng.uniform(0.89, 1.0, n), rng.uniform(0, 2 * np.pi, n)
        sine = np.sqrt(1 - cosine**2)
        batch = {
            "time_s": rng.uniform(START_S, STOP_S, n),
            "direction_x": sine * np.cos(phi),
            "direction_y": sine * np.sin(phi),
            "direction_z": cosine,
            "energy_gev": np.exp(rng.uniform(np.log(15), np.log(600), n)),
            "weight": rng.uniform(-0.3, 1.0, n),
        }
        write_events(folder / f"{i}.parquet", [batch])
        out.append(str(folder / f"{i}.parquet"))
    return out


def counted(paths: list[str], mission: ElementSeconds, navigator: Navigator, batch_size: int = 1_000_000) -> CountsMaps:
    files = EventFiles(tuple(paths), batch_size=batch_size)
    return count_events(files, mission, navigator, nside=16, cos_least=0.9)


def cube(mission: ElementSeconds, navigator: Navigator) -> LivetimeCube:
    return livetime_cube(mission, navigator, nside=8, cos_edge=np.linspace(0.88, 1.0, 9))


@pytest.fixture(scope="module")
def one_thread(paths: list[str], mission: ElementSeconds, navigator: Navigator) -> CountsMaps:
    set_threads(1)
    return counted(paths, mission, navigator)


def assert_same_counts(a: CountsMaps, b: CountsMaps) -> None:
    np.testing.assert_array_equal(a.weight_units, b.weight_units)
    np.testing.assert_array_equal(a.weight2_units, b.weight2_units)
    assert a.cut_flow == b.cut_flow


def test_events_reach_many_cells(one_thread):
    # Otherwise the next tests would say little.
    assert np.count_nonzero(one_thread.weight_units) > 5000
    assert one_thread.cut_flow["accepted"] > 20_000


@pytest.mark.parametrize("n_thread", [1, 2, 7])
def test_counts_have_the_same_bits_for_any_number_of_threads(one_thread, paths, mission, navigator, n_thread):
    set_threads(n_thread)
    assert threads() == n_thread
    assert_same_counts(counted(paths, mission, navigator), one_thread)


@pytest.mark.parametrize("n_thread", [1, 2, 7])
@pytest.mark.parametrize("batch_size", [997, 8192, 33_333])
def test_counts_have_the_same_bits_for_any_batches(one_thread, paths, mission, navigator, batch_size, n_thread):
    set_threads(n_thread)
    assert_same_counts(counted(paths, mission, navigator, batch_size), one_thread)


def test_batches_of_one_event_give_the_same_bits(tmp_path, paths, mission, navigator):
    head = next(EventFiles((paths[0],), batch_size=60).batches())
    columns = {"time_s": head.time_s, "energy_gev": head.energy_gev, "weight": head.weight}
    columns |= {f"direction_{axis}": head.direction[:, i] for i, axis in enumerate("xyz")}
    write_events(tmp_path / "few.parquet", [columns])
    few = [str(tmp_path / "few.parquet")]
    assert_same_counts(counted(few, mission, navigator, 1), counted(few, mission, navigator))


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 3, 0, 2)])
@pytest.mark.parametrize("n_thread", [1, 2, 7])
def test_counts_have_the_same_bits_for_any_order_of_files(one_thread, paths, mission, navigator, order, n_thread):
    set_threads(n_thread)
    assert_same_counts(counted([paths[i] for i in order], mission, navigator, 9999), one_thread)


def test_a_sum_of_floats_would_not_have_the_same_bits(paths):
    # The test above can fail: the weights are such that their float sum depends on the order.
    weight = np.concatenate([batch.weight for batch in EventFiles(tuple(paths)).batches()])
    assert sum(weight.tolist()) != sum(weight[::-1].tolist())


@pytest.mark.parametrize("n_thread", [2, 7])
def test_the_livetime_cube_has_the_same_bits_for_any_number_of_threads(mission, navigator, n_thread):
    set_threads(1)
    one = cube(mission, navigator)
    set_threads(n_thread)
    many = cube(mission, navigator)
    np.testing.assert_array_equal(many.units, one.units)
    np.testing.assert_array_equal(many.class_livetime_s, one.class_livetime_s)


@pytest.mark.parametrize("n_thread", [2, 7])
def test_navigation_has_the_same_bits_for_any_number_of_threads(mission, navigator, n_thread):
    block = next(mission.blocks())
    set_threads(1)
    one = navigator(block)
    set_threads(n_thread)
    many = navigator(block)
    for name in ("rotation", "rate", "cutoff_gv", "cutoff_class", "livetime_s"):
        np.testing.assert_array_equal(getattr(many, name), getattr(one, name), err_msg=name)


def busy_vectors() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(100_000, 3))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.parametrize("n_thread", [1, 2, 7])
def test_a_kernel_works_in_a_forked_child(n_thread):
    set_threads(n_thread)
    wanted = vector_to_pixel(busy_vectors(), 64)  # the pool of the parent has run
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forking with threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            same = np.array_equal(vector_to_pixel(busy_vectors(), 64), wanted)
            code = 0 if same and threads() == n_thread else 2
        finally:
            os._exit(code)
    limit = time.monotonic() + 30.0
    while time.monotonic() < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            break
        time.sleep(0.01)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child hung in a kernel")
    np.testing.assert_array_equal(vector_to_pixel(busy_vectors(), 64), wanted)  # and the parent goes on


def child_pixels(seed: int) -> np.ndarray:
    return vector_to_pixel(np.random.default_rng(seed).normal(size=(50_000, 3)), 32)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_kernels_work_in_a_pool_of_forked_processes():
    set_threads(2)
    wanted = [child_pixels(seed) for seed in range(4)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found = pool.map_async(child_pixels, range(4)).get(timeout=60)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n_thread", [-1, 1025, 2.0, True])
def test_a_number_of_threads_out_of_range_is_refused(n_thread):
    with pytest.raises(ValueError, match=r"n_thread = .* is no whole number in \[0, 1024\]"):
        set_threads(n_thread)


def test_the_kernel_refuses_too_many_threads_itself():
    with pytest.raises(ValueError, match=r"threads = 1025 is outside \[0, 1024\]"):
        _core.set_threads(1025)
