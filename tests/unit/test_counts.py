from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amsdipole.errors import DataError, OverflowedError, RangeError
from amsdipole.events import CUTS, Counts, EventFiles, count_events, write_events
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, FileSeconds, Navigator, ams_mounting, builtin_iss_elements, write_seconds
from amsdipole.report.counts_report import cut_flow_table
from amsdipole.sky import teme_to_galactic, vector_to_pixel

START_S, LENGTH_S = 1.4e9, 3600.0
EDGES = np.array([16.0, 25.0, 40.0, 500.0])
COS_LEAST = 0.9


@pytest.fixture(scope="module")
def navigator() -> Navigator:
    frame = teme_to_galactic(START_S, START_S + LENGTH_S)
    dipole = eccentric_dipole_knots(igrf14(), START_S, START_S + LENGTH_S)
    return Navigator(ams_mounting(), CutoffRule(1.2, float(np.radians(25.0)), 1), EDGES, frame, dipole)


@pytest.fixture(scope="module")
def mission() -> ElementSeconds:
    return ElementSeconds(builtin_iss_elements(), START_S, START_S + LENGTH_S, livetime_fraction=0.9)


def events(n: int = 3000, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    cosine, phi = rng.uniform(0.85, 1.0, n), rng.uniform(0, 2 * np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    return {
        "time_s": rng.uniform(START_S, START_S + LENGTH_S, n),
        "direction_x": sine * np.cos(phi),
        "direction_y": sine * np.sin(phi),
        "direction_z": cosine,
        "energy_gev": np.exp(rng.uniform(np.log(14), np.log(550), n)),
        "weight": rng.uniform(-0.1, 1.0, n),
    }


def files(path: Path, values: dict[str, np.ndarray], **choices: int) -> EventFiles:
    write_events(path, [values])
    return EventFiles((str(path),), **choices)


def test_events_are_counted_as_one_by_one(tmp_path, navigator, mission):
    values = events(500)
    maps = count_events(files(tmp_path / "e.parquet", values), mission, navigator, nside=16, cos_least=COS_LEAST)
    row = navigator(next(mission.blocks()))
    weights, flow = np.zeros((3, 3072)), dict.fromkeys(CUTS, 0)
    for i in range(500):
        k = int(values["time_s"][i] - START_S)
        energy_bin = int(np.searchsorted(EDGES, values["energy_gev"][i], side="right")) - 1
        if energy_bin < 0:
            flow["energy_below"] += 1
        elif energy_bin > 2:
            flow["energy_above"] += 1
        elif values["direction_z"][i] < COS_LEAST:
            flow["field_of_view"] += 1
        elif row.livetime_s[k] == 0:
            flow["dead_second"] += 1
        elif EDGES[energy_bin] < 1.2 * row.cutoff_gv[k]:
            flow["cutoff"] += 1
        else:
            flow["accepted"] += 1
            v = row.rotation[k] @ [values[f"direction_{axis}"][i] for axis in "xyz"]
            # One second turns by 1.1e-3 rad: the first order leaves 1e-6, far below a pixel of 3.7 deg.
            v = v + np.cross(row.rate[k], v) * (values["time_s"][i] - row.time_s[k])
            weights[energy_bin, vector_to_pixel([v], 16)[0]] += values["weight"][i]
    assert maps.cut_flow == flow
    assert all(flow[name] > 0 for name in flow if name != "dead_second")
    for b in range(3):
        np.testing.assert_allclose(maps.weights(slice(b, b + 1)), weights[b], atol=500 * 2.0**-32)


def test_the_cut_flow_accounts_for_every_event(tmp_path, navigator, mission):
    maps = count_events(files(tmp_path / "e.parquet", events()), mission, navigator, nside=4, cos_least=COS_LEAST)
    assert maps.n_event == sum(maps.cut_flow.values()) == 3000


def test_an_event_turns_with_the_detector_inside_its_second(navigator, mission):
    # Half a row of 60 s: the sky turns by 2 deg; rows of 1 s say where the axis points then.
    coarse, fine = (replace(mission, step_s=step) for step in (60.0, 1.0))
    axis = []
    for source in (coarse, fine):
        row = navigator(source.covering(np.array([START_S + 50.0])))
        sums = Counts(1024, np.array([1.0, 2.0]), -1.0)
        sums.add(
            np.array([START_S + 50.0]), np.array([[0.0, 0.0, 1.0]]), np.array([1.5]), np.ones(1),
            row.time_s, row.step_s, row.rotation, row.rate, np.ones(1), np.zeros(1, dtype=np.uint8),
        )  # fmt: skip
        axis.append(int(np.nonzero(sums.units(0)[0])[0][0]))
    # An eccentric orbit turns unevenly and J2 turns its plane: 50 s at a constant rate miss by some arcseconds; a
    # pixel of nside 1024 is 200 arcsec wide.
    assert axis[0] == axis[1]


def test_seconds_of_a_file_count_as_those_of_the_elements(tmp_path, navigator, mission):
    write_seconds(tmp_path / "s.parquet", mission.blocks())
    batch = files(tmp_path / "e.parquet", events())
    choices = {"nside": 16, "cos_least": COS_LEAST}
    a = count_events(batch, mission, navigator, **choices)
    b = count_events(batch, FileSeconds((str(tmp_path / "s.parquet"),)), navigator, **choices)
    np.testing.assert_array_equal(a.weight_units, b.weight_units)
    assert a.cut_flow == b.cut_flow


def test_sums_of_weights_and_squares_are_those_of_the_accepted(tmp_path, navigator, mission):
    values = events()
    values["weight"] = np.full(3000, 0.5)
    maps = count_events(files(tmp_path / "e.parquet", values), mission, navigator, nside=4, cos_least=COS_LEAST)
    accepted = maps.cut_flow["accepted"]
    assert (maps.weights().sum(), maps.weights2().sum()) == (0.5 * accepted, 0.25 * accepted)


def test_progress_is_told_in_events(tmp_path, navigator, mission):
    told: list[int] = []
    batch = files(tmp_path / "e.parquet", events(), batch_size=1000)
    count_events(batch, mission, navigator, nside=4, cos_least=COS_LEAST, progress=told.append)
    assert told == [1000, 2000, 3000]


@pytest.mark.parametrize("shift", [-LENGTH_S, LENGTH_S])
def test_an_event_outside_the_seconds_is_refused_with_its_row_and_file(tmp_path, navigator, mission, shift):
    values = events()
    values["time_s"][2017] += shift
    batch = files(tmp_path / "e.parquet", values, batch_size=1000)
    wanted = r"time_s\[2017\] = .* lies in no second of .*\(.*e\.parquet, row group 0, row 2017\)"
    with pytest.raises(DataError, match=wanted):
        count_events(batch, mission, navigator, nside=4, cos_least=COS_LEAST)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"nside": 12, "cos_least": 0.9}, r"nside = 12: a power of two from 1 to 8192 is wanted"),
        ({"nside": 0, "cos_least": 0.9}, r"nside = 0: a power of two from 1 to 8192 is wanted"),
        ({"nside": 4, "cos_least": 1.5}, r"cos_least = 1\.5 is outside \[-1, 1\]"),
        ({"nside": 4, "cos_least": np.nan}, r"cos_least = NaN is outside \[-1, 1\]"),
    ],
)
def test_a_bad_choice_is_refused_before_events_are_read(tmp_path, navigator, mission, choices, message):
    class Unread(EventFiles):
        def batches(self):
            raise AssertionError("the events were read")

    write_events(tmp_path / "e.parquet", [events(10)])
    with pytest.raises(RangeError, match=message):
        count_events(Unread((str(tmp_path / "e.parquet"),)), mission, navigator, **choices)


def test_a_sum_that_could_overflow_is_refused():
    sums = Counts(1, np.array([1.0, 2.0]), -1.0)
    n = 10_000  # squares of 512 are 2^18: 2^31 fit in a cell, which 8192 of them reach
    arguments = (
        np.zeros(n), np.tile([[0.0, 0.0, 1.0]], (n, 1)), np.full(n, 1.5), np.full(n, 512.0),
        np.zeros(1), 1.0, np.eye(3)[None], np.zeros((1, 3)), np.ones(1), np.zeros(1, dtype=np.uint8),
    )  # fmt: skip
    with pytest.raises(OverflowedError, match=r"^squared weight: a cell could exceed 2\^63 units of 2\^-32"):
        sums.add(*arguments)
    assert sums.cut_flow().sum() == 0


def test_the_table_of_the_cut_flow_adds_up_column_by_column():
    flows = [
        {"cutoff": 1_234_567, "accepted": 20_000, "dead_second": 3},
        {"cutoff": 0, "accepted": 7, "dead_second": 1},
    ]
    ranges = [
        {"energy_low_gev": low, "energy_high_gev": 500.0, "cut_flow": flow, "sum_weight": 0.5 * flow["accepted"]}
        for low, flow in zip((16.0, 25.5), flows, strict=True)
    ]
    head, *lines = cut_flow_table({"ranges": ranges}).splitlines()
    assert head.split() == ["cut", "16-500", "GeV", "25.5-500", "GeV"]
    rows = {line[:18].strip(): [float(cell.replace(",", "")) for cell in line[18:].split()] for line in lines}
    assert list(rows) == ["cutoff", "dead_second", "accepted", "all in range", "sum of weights"]
    for i, flow in enumerate(flows):
        assert {name: rows[name][i] for name in flow} == flow
        assert rows["all in range"][i] == sum(flow.values())
        assert rows["sum of weights"][i] == ranges[i]["sum_weight"]
    assert len({len(line) for line in (head, *lines)}) == 1
