"""Files that are at fault on purpose, and what the source must not hold."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from amsdipole.errors import DataError
from amsdipole.orbit import two_line
from amsdipole.orbit.elements import read_elements

ROOT = Path(__file__).resolve().parents[2]


def _fuzz():
    spec = importlib.util.spec_from_file_location("fuzz", ROOT / "tools" / "fuzz.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


FUZZ = _fuzz()
FILES = [(name, file) for name in FUZZ.TARGETS for file in FUZZ.corpus(name)]


@pytest.mark.parametrize(("name", "file"), FILES, ids="/".join)
def test_a_file_that_is_at_fault_is_refused_at_once(name, file, tmp_path):
    found, took = FUZZ.tried(FUZZ.TARGETS[name](), FUZZ.corpus(name)[file], tmp_path / "x")
    assert found == "refused"
    assert took < 10 * FUZZ.MOST_S  # a machine that tests share is slower


@pytest.mark.parametrize("name", FUZZ.TARGETS)
def test_mutants_are_taken_or_refused(name, tmp_path):
    assert FUZZ.campaign(name, 300, 0, None, most_s=10 * FUZZ.MOST_S) == 0


@pytest.mark.parametrize("name", FUZZ.TARGETS)
def test_a_file_that_is_whole_is_taken(name, tmp_path):
    target = FUZZ.TARGETS[name]()
    assert {FUZZ.tried(target, seed, tmp_path / "x")[0] for seed in target.seeds} <= {"taken"} | (
        {"refused"} if name == "config" else set()  # the template names no events yet
    )


def test_elements_that_inflate_beyond_all_bounds_are_refused(tmp_path, monkeypatch):
    import gzip

    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(1000)))
    monkeypatch.setattr(two_line, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="inflates to more than 100 bytes"):
        read_elements(path)


def test_files_that_are_too_large_are_refused(tmp_path):
    from amsdipole._files import read_bounded

    (tmp_path / "x").write_bytes(bytes(101))
    assert len(read_bounded(tmp_path / "x", most=101)) == 101
    with pytest.raises(DataError, match="more than 100 bytes"):
        read_bounded(tmp_path / "x", most=100)


FORBIDDEN = re.compile(
    r"\b(import pickle|import dill|cloudpickle|marshal\.loads?|eval\(|exec\(|__import__|os\.system|shell=True"
    r"|allow_pickle=True|yaml\.load\(|numexpr|import requests|urllib\.request|import socket)"
)


def test_the_source_evaluates_nothing_of_a_user():
    sources = sorted((ROOT / "python").rglob("*.py"))
    assert len(sources) > 200
    found = [(path.name, line) for path in sources for line in path.read_text().splitlines() if FORBIDDEN.search(line)]
    assert found == []


def test_the_forbidden_is_found():
    for line in ("import pickle", "eval(text)", "np.load(path, allow_pickle=True)", "subprocess.run(x, shell=True)"):
        assert FORBIDDEN.search(line)
