"""Shards by threads, processes, dask and MPI: the same bytes, and no worker's death loses or spoils any."""

import importlib.util
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from productions import amsdipole, bytes_of, divided_mission

from amsdipole.errors import DataError
from amsdipole.production import Engine, open_engine, read_plan, run_shards, shard_name
from amsdipole.production.engines import process_pool, thread_pool
from amsdipole.production.stopping import Stopped, check_stopped

# A second is asked, and production_interrupt of tools/validate.py measures it; a machine that tests share is slower.
SOON_S = 10.0
MPIEXEC = Path(sys.executable).with_name("mpiexec")

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="dask.distributed is not installed (extra dask)"
)
needs_mpi = pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or not MPIEXEC.exists(),
    reason="mpi4py is not installed (extra mpi), or there is no mpiexec beside this Python",
)


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """Plan of nine shards, and the checksum of their results by one process."""
    folder = divided_mission(tmp_path_factory.mktemp("engines"), days=1)
    plan = folder / "plan.json"
    amsdipole("plan", folder / "config.toml", plan, "--events-per-shard", 700, "--seconds-per-shard", 2_500)
    amsdipole("work", plan, "--quiet", "--folder", folder / "alone")
    return plan, bytes_of(folder / "alone")


@pytest.fixture(autouse=True)
def handlers():
    """Leave the handling of signals as it was."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_give_the_same_bytes(production, tmp_path, threads):
    plan, once = production
    amsdipole(
        "work", plan, "--engine", "threads", "--workers", 2, "--threads", threads, "--folder", tmp_path / "r", "-q"
    )
    assert bytes_of(tmp_path / "r") == once


def test_processes_give_the_same_bytes(production, tmp_path):
    plan, once = production
    amsdipole("work", plan, "--engine", "processes", "--workers", 2, "--folder", tmp_path / "r", "-q")
    assert bytes_of(tmp_path / "r") == once


@needs_dask
def test_dask_gives_the_same_bytes_though_a_worker_is_killed(production, tmp_path):
    from distributed import LocalCluster

    plan, once = production
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        first = cluster.scheduler_info["workers"]
        pids = [cluster.workers[i].process.process.pid for i in cluster.workers]
        assert len(first) == 2

        def kill():
            while not any((tmp_path / "r").glob("shard-*.amsd")):
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        amsdipole(
            "work", plan, "--engine", "dask", "--scheduler", cluster.scheduler_address, "--folder", tmp_path / "r", "-q"
        )
        killer.join()
    assert bytes_of(tmp_path / "r") == once


@needs_dask
def test_an_address_without_a_scheduler_is_refused(production):
    with (
        pytest.raises(DataError, match="no cluster of dask can be reached"),
        open_engine("dask", scheduler="nonsense://x"),
    ):
        pass


@needs_mpi
def test_two_ranks_of_mpi_give_the_same_bytes(production, tmp_path):
    plan, once = production
    words = ["-m", "amsdipole", "work", str(plan), "--engine", "mpi", "--folder", str(tmp_path / "r"), "--json", "-q"]
    done = subprocess.run([MPIEXEC, "-n", "2", sys.executable, *words], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"done": len(read_plan(plan).shards), "failed": []}
    assert bytes_of(tmp_path / "r") == once


def deadly(folder, index):
    """Do nothing but note it; shard 3 kills its process."""
    if index == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    (Path(folder) / str(index)).touch()


def killed_once(folder, index):
    """Kill the process of shard 2 the first time."""
    mark = Path(folder) / "killed"
    if index == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (Path(folder) / str(index)).touch()


def test_a_shard_that_kills_its_process_is_set_aside_and_the_rest_goes_on(tmp_path):
    failures = run_shards(partial(deadly, tmp_path), range(12), engine=Engine(partial(process_pool, 2), 2))
    assert [(f.index, f.kind) for f in failures] == [(3, "died")]
    assert sorted(int(p.name) for p in tmp_path.iterdir()) == [i for i in range(12) if i != 3]


def test_a_process_that_is_killed_once_loses_nothing(tmp_path):
    seen = []
    engine = Engine(partial(process_pool, 2), 2)
    assert run_shards(partial(killed_once, tmp_path), range(8), engine=engine, done=seen.append) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == [*map(str, range(8)), "killed"]
    assert seen == [*range(1, 9)]


def faulty(index):
    if index == 1:
        raise ZeroDivisionError("a fault of the code")


def test_a_fault_of_the_code_sets_a_shard_aside(tmp_path):
    assert [(f.index, f.reason) for f in run_shards(faulty, range(3))] == [
        (1, "ZeroDivisionError: a fault of the code")
    ]


def endless(folder, index):
    """Work until asked to stop; tell that it began, and that it unwound."""
    (Path(folder) / f"began{index}").touch()
    try:
        while True:
            check_stopped()
            time.sleep(0.01)
    finally:
        (Path(folder) / f"unwound{index}").touch()


@pytest.mark.parametrize("pool", [thread_pool, process_pool])
def test_an_interrupt_ends_workers_within_a_second_and_unwinds_them(tmp_path, pool):
    class Interrupted(BaseException):
        pass

    def interrupt(_signal, _frame):
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)

    def send():
        while len(list(tmp_path.glob("began*"))) < 2:
            time.sleep(0.01)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGUSR1)

    sent = []
    sender = threading.Thread(target=send)
    sender.start()
    try:
        with pytest.raises(Interrupted):
            run_shards(partial(endless, tmp_path), range(8), engine=Engine(partial(pool, 2), 2))
        assert time.monotonic() - sent[0] < SOON_S
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)
    assert len(list(tmp_path.glob("unwound*"))) == len(list(tmp_path.glob("began*"))) == 2
    assert multiprocessing.active_children() == []
    check_stopped()  # the flag is down again: this does not raise


def worker_with_a_result(production, folder, **streams):
    """Two processes at work on a plan, one of whose shards is done."""
    plan, _ = production
    words = ["-m", "amsdipole", "work", str(plan), "--workers", "2", "--folder", str(folder), "--quiet"]
    worker = subprocess.Popen([sys.executable, *words], start_new_session=True, **streams)
    end = time.monotonic() + 120.0
    while not any(folder.glob("shard-*.amsd")):
        assert worker.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    return worker


def test_ctrl_c_ends_the_command_soon_and_leaves_whole_files(production, tmp_path):
    worker = worker_with_a_result(production, tmp_path / "r", stderr=subprocess.PIPE)
    start = time.monotonic()
    os.killpg(worker.pid, signal.SIGINT)  # as a terminal sends it: to all of them
    said = worker.communicate(timeout=60)[1].decode()
    assert time.monotonic() - start < SOON_S
    if worker.returncode != 0:  # it may just have ended
        assert worker.returncode == 130
        assert said.strip().splitlines() == ["amsdipole: stopped by Ctrl-C; nothing was left half-written"]
    assert all(p.name.startswith("shard-") for p in (tmp_path / "r").iterdir())


def test_processes_end_with_a_parent_that_is_killed(production, tmp_path):
    # What the workers have open as well is at its end when the last of them has ended.
    worker = worker_with_a_result(production, tmp_path / "r", stdout=subprocess.PIPE)
    worker.kill()
    _ = worker.communicate(timeout=60)


def test_a_stop_is_no_ordinary_error():
    assert not issubclass(Stopped, Exception)


def test_the_scheduler_is_dasks(production):
    assert "--scheduler" in amsdipole("work", production[0], "--scheduler", "tcp://x", code=2).stderr


def test_a_result_that_is_there_is_not_made_again(production, tmp_path):
    plan, once = production
    amsdipole("work", plan, "--folder", tmp_path / "r", "-q")
    before = (tmp_path / "r" / shard_name(0)).stat().st_mtime_ns
    amsdipole("work", plan, "--folder", tmp_path / "r", "-q", "--engine", "threads", "--workers", 2)
    assert (tmp_path / "r" / shard_name(0)).stat().st_mtime_ns == before
    assert bytes_of(tmp_path / "r") == once
