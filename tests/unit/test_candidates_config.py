from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amsdipole.config import Config, config_from
from amsdipole.errors import ConfigError, DataError
from amsdipole.events import CountsMaps, EventFiles, write_events
from amsdipole.instrument import gate_edges


def config(**sections: Any) -> Config:
    document = {
        "name": "n",
        "seconds": {"start": "2011-05-19T00:00:00Z", "stop": "2011-05-20T00:00:00Z"},
        "events": {"files": ["e.parquet"]},
        "output": {"folder": "o"},
        **sections,
    }
    return config_from(document, folder=Path("/tmp"), source="test")


def test_differential_ranges_end_where_the_next_begins():
    energy = {"edges_gev": [16.0, 25.0, 40.0, 500.0], "ranges_gev": [16.0, 40.0]}
    assert config(energy=energy).energy.bounds_gev == ((16.0, 500.0), (40.0, 500.0))
    assert config(energy={**energy, "ranges": "differential"}).energy.bounds_gev == ((16.0, 40.0), (40.0, 500.0))


def test_ranges_of_maps_add_up_and_others_are_refused():
    flow = np.arange(15).reshape(5, 3)
    edge = np.array([16.0, 25.0, 40.0, 500.0])
    maps = CountsMaps(np.zeros((3, 12)), np.zeros((3, 12)), edge, {"energy_below": 0, "cutoff": 0, "accepted": 0}, flow)
    parts = [maps.range_cut_flow(*pair) for pair in ((16.0, 25.0), (25.0, 500.0))]
    whole = maps.range_cut_flow(16.0, 500.0)
    assert {name: sum(part[name] for part in parts) for name in whole} == whole == {"cutoff": 21, "accepted": 24}
    for low, high in ((17.0, 500.0), (16.0, 16.0), (40.0, 16.0), (16.0, 501.0), (500.0, 600.0)):
        with pytest.raises(ValueError, match="is no range between edges of bins"):
            maps.bins(low, high)


def test_a_gate_by_the_event_cuts_bins_where_a_cutoff_can_be():
    energy = {"edges_gev": [16.0, 25.0, 40.0, 500.0], "ranges_gev": [16.0]}
    assert gate_edges(config(energy=energy)).tolist() == [16.0, 25.0, 40.0, 500.0]
    edges = gate_edges(config(energy=energy, cutoff={"gate": "event"}))
    assert set(energy["edges_gev"]) <= set(edges.tolist())
    assert np.diff(np.log(edges))[:-1].max() <= 0.02 + 1e-9
    assert edges[-2:].tolist() == [40.0, 500.0]
    with pytest.raises(ConfigError, match="at most 255"):
        gate_edges(
            config(energy={"edges_gev": [1.0, 40.0], "ranges_gev": [1.0]}, cutoff={"gate": "event", "gate_step": 0.01})
        )


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"weights": {}}, "there is no .templates. to make them from"),
        ({"events": {"files": ["e"], "units": {"energy_gev": "m"}}}, "energy_gev: 'm' is no unit that turns into GeV"),
        ({"events": {"files": ["e"], "units": {"weight": "s"}}}, "weight has no unit"),
        ({"events": {"files": ["e"], "limits": {"chi2": [3.0, 2.0]}}}, "chi2: .3.0, 2.0. is no interval"),
        ({"templates": {"components": {"a": {}}}}, "components"),
        (
            {"templates": {"components": {"a": {}, "b": {}}, "edges_gev": [16.0, 17.5, 500.0]}},
            r"templates.edges_gev\[1\] = 17.5 is no edge",
        ),
        ({"templates": {"components": {"a": {}, "b": {}}, "edges_gev": [17.0, 500.0]}}, "does not span the bins"),
    ],
)
def test_a_section_that_contradicts_itself_is_refused(sections, message):
    with pytest.raises(ConfigError, match=message):
        config(**sections)


def columns(n: int = 20) -> dict[str, np.ndarray]:
    up = np.ones(n)
    energy = np.linspace(16_000.0, 90_000.0, n)
    return {"time_s": 1e9 + up, "direction_x": 0 * up, "direction_y": 0 * up, "direction_z": up, "energy_gev": energy,
            "chi2": np.arange(float(n))}  # fmt: skip


def test_units_are_turned_and_values_outside_their_limits_are_refused(tmp_path):
    path = str(tmp_path / "e.parquet")
    write_events(path, [columns()])
    (batch,) = EventFiles((path,), factor={"energy_gev": 1e-3}).batches()
    np.testing.assert_allclose(batch.energy_gev, columns()["energy_gev"] / 1000)
    limited = EventFiles((path,), limits={"chi2": (0.0, 12.0)}, batch_size=10)
    with pytest.raises(
        DataError, match=r"chi2\[13\] = 13.0 is outside \[0.0, 12.0\] \(.*e.parquet, row group 0, row 13\)"
    ):
        list(limited.batches())
    with pytest.raises(DataError, match="column 'chi3' is missing"):
        EventFiles((path,), limits={"chi3": (0.0, 12.0)})


def test_single_precision_columns_are_read_as_they_are(tmp_path):
    path = str(tmp_path / "e.parquet")
    write_events(path, [{name: c if name == "time_s" else c.astype(np.float32) for name, c in columns().items()}])
    (batch,) = EventFiles((path,)).batches()
    assert batch.energy_gev.dtype == np.float64
    np.testing.assert_allclose(batch.energy_gev, columns()["energy_gev"], rtol=1e-7)
