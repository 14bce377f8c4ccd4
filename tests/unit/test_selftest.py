"""The look at an installation: it passes here, and a fault does not."""

import json

import numpy as np
from productions import amsdipole

from amsdipole import selftest


def test_all_is_well_here():
    said = json.loads(amsdipole("selftest", "--json").stdout)
    assert said["good"]
    assert len(said["checks"]) == 6


def test_a_fault_is_told(monkeypatch):
    monkeypatch.setattr(selftest, "upper_limit", lambda *_, **__: 3.5)
    said = amsdipole("selftest", code=1).stdout
    assert "FAIL upper limits at 2 sigma" in said
    assert "1 of 6 checks failed" in said


def test_bits_that_depend_on_threads_are_told(monkeypatch):
    one_pass = selftest.run

    def other(config):
        result = one_pass(config)
        if config.threads == 4:
            result.ranges[0].counts_map[0] = np.nextafter(result.ranges[0].counts_map[0], 1e9)
        return result

    monkeypatch.setattr(selftest, "run", other)
    assert "FAIL bits by 1 threads" in amsdipole("selftest", code=1).stdout
