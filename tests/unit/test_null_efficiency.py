"""Null tests weigh seconds as the reference does, efficiency included."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from amsdipole.config import config_from
from amsdipole.instrument import instrument
from amsdipole.nulls import mission_nulls
from amsdipole.orbit import axis_rows
from amsdipole.sky import geodetic, teme_to_earth_fixed


@pytest.fixture
def document(tmp_path: Path) -> dict[str, object]:
    """A day, and a control sample that passes half in the south and always in the north."""
    rng = np.random.default_rng(5)
    longitude, latitude = rng.uniform(-180.0, 180.0, 40_000), rng.uniform(-60.0, 60.0, 40_000)
    passed = ((latitude > 0.0) | (rng.random(40_000) < 0.5)).astype(float)
    columns = {"longitude_deg": longitude, "latitude_deg": latitude, "passed": passed}
    pq.write_table(pa.table(columns), tmp_path / "control.parquet")
    return {
        "name": "a day",
        "seconds": {"start": "2014-05-19T00:00:00Z", "stop": "2014-05-20T00:00:00Z", "step_s": 60.0},
        "events": {"files": ["none.parquet"]},
        "output": {"folder": "out"},
        "efficiency": {"files": ["control.parquet"], "nside": 4, "error_most": 0.1},
    }


def test_seconds_of_null_tests_have_the_efficiency_of_their_place(document: dict[str, object], tmp_path: Path) -> None:
    parts = instrument(config_from(document, folder=tmp_path, source="test"))
    bare = instrument(
        config_from({k: v for k, v in document.items() if k != "efficiency"}, folder=tmp_path, source="test")
    )
    block = next(iter(parts.seconds.blocks()))
    _, weight, found = mission_nulls(parts, 16.0).rows(block)
    _, without, _ = mission_nulls(bare, 16.0).rows(block)
    latitude = geodetic(teme_to_earth_fixed(block.time_s, block.position_km))[:, 1]
    live = without > 0.0
    ratio = weight[live] / without[live]
    # Pixels of nside 4 are 15 degrees wide: away from the equator they lie on one side of it. 40,000 events over 192
    # pixels make an efficiency of a half known to 0.035.
    np.testing.assert_array_equal(ratio[latitude[live] > 20.0], 1.0)
    np.testing.assert_allclose(ratio[latitude[live] < -20.0], 0.5, atol=0.15)
    # The exposure has the same rows: its live time times efficiency is what null tests take.
    row = next(iter(axis_rows(parts.seconds, parts.navigator)))
    cell = parts.efficiency.cell(row.place, row.time_s, row.cutoff_gv)
    np.testing.assert_allclose(found.livetime_s, row.livetime_s * parts.efficiency.value[cell], rtol=1e-12)
