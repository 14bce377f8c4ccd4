"""Efficiencies by place, time and cutoff from the files of a control sample, and what they do to an analysis."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from amsdipole.analysis import run
from amsdipole.config import read_config
from amsdipole.errors import DataError, RangeError
from amsdipole.exposure import control_efficiency, dipole_shift, efficiency_covariance, place_reference
from amsdipole.exposure.efficiency import EfficiencyMap, efficiency_variations
from amsdipole.exposure.pixel_window import PixelRadius, axis_response, pixel_radius
from amsdipole.instrument import instrument
from amsdipole.simulate import Mission, simulate_events

CONFIG = """
name = "two days"
[seconds]
source = "elements"
start = "2014-05-19T00:00:00Z"
stop = "2014-05-21T00:00:00Z"
step_s = 30.0
[events]
files = ["events.parquet"]
[output]
folder = "OUT"
[map]
nside = 8
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0]
"""
EFFICIENCY = '[efficiency]\nfiles = ["control.csv"]\nnside = 2\nn_variation = 200\nerror_most = 0.2\n'


def control(path, n: int = 4000, **spoil) -> str:
    rng = np.random.default_rng(3)
    latitude = rng.uniform(-51.0, 51.0, n)
    values = {
        "longitude_deg": rng.uniform(-180.0, 180.0, n),
        "latitude_deg": latitude,
        "passed": (rng.random(n) < 0.7 + 0.2 * (latitude > 0.0)).astype(float),
        "time_s": rng.uniform(1.4e9, 1.5e9, n),
        "cutoff_gv": rng.uniform(0.5, 20.0, n),
    }
    for name, (row, value) in spoil.items():
        values[name][row] = value
    pyarrow.csv.write_csv(pa.table(values), path)
    return str(path)


def test_a_control_sample_gives_the_efficiency_of_each_half_of_the_globe(tmp_path):
    table = control_efficiency([control(tmp_path / "c.csv")], nside=2, error_most=0.1)
    place = np.array([[10.0, 40.0], [10.0, -40.0]])
    found = table.value[table.cell(place, np.zeros(2), np.ones(2))]
    np.testing.assert_allclose(found, [0.9, 0.7], atol=0.06)  # 4000 events, 48 pixels: 0.05 each


def test_bins_of_time_and_cutoff_have_maps_of_their_own(tmp_path):
    path = control(tmp_path / "c.csv")
    table = control_efficiency([path], nside=1, time_edge_s=[1.45e9], cutoff_edge_gv=[5.0, 10.0])
    assert len(table.maps) == 6
    cells = table.cell(np.zeros((4, 2)), np.array([1.44e9, 1.44e9, 1.46e9, 1.46e9]), np.array([4.0, 6.0, 4.0, 12.0]))
    assert (cells // 12).tolist() == [0, 1, 3, 5]
    with pytest.raises(DataError, match="bin 1 of time and cutoff holds no control event"):
        control_efficiency([path], nside=1, time_edge_s=[2e9])


@pytest.mark.parametrize(("name", "value"), [("passed", 0.5), ("latitude_deg", 91.0), ("longitude_deg", np.nan)])
def test_control_events_out_of_range_are_refused_by_row(tmp_path, name, value):
    path = control(tmp_path / "c.csv", **{name: (17, value)})
    with pytest.raises((RangeError, DataError), match=rf"{name}.*c\.csv, row 17|row 17: column '{name}'"):
        control_efficiency([path], nside=1)


def test_sums_of_directions_give_the_covariance_that_maps_give(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    parts = instrument(read_config(tmp_path / "config.toml"))
    table = control_efficiency([control(tmp_path / "c.csv")], nside=2, error_most=0.2)
    weight = np.array([1.0, 0.4, 0.0])
    response = axis_response(parts.geometry, pixel=pixel_radius(8), axis=PixelRadius(0.0, 0.0))
    maps = place_reference(parts.seconds, parts.navigator, response, nside=8, nside_place=2, class_weight=weight)
    nominal = maps.reference(table.maps[0])
    drawn = efficiency_variations(table.maps[0], 100, rng=np.random.default_rng(5))
    wanted = np.cov(np.array([dipole_shift(nominal, maps.reference(e)) for e in drawn]).T)
    cosine = np.linspace(parts.geometry.cos_least, 1.0, 4001)
    density = parts.geometry.area_m2(cosine)
    found = efficiency_covariance(
        parts.seconds,
        parts.navigator,
        table,
        class_weight=weight,
        reference=nominal,
        mean_direction=[0.0, 0.0, (density * cosine).sum() / density.sum()],
        n_variation=100,
        rng=np.random.default_rng(5),
    )
    np.testing.assert_allclose(found, wanted, rtol=0.03, atol=0.01 * np.trace(wanted))  # pixels of 7 deg


def test_an_analysis_weighs_by_the_efficiency_and_carries_its_uncertainty(tmp_path):
    results = {}
    control(tmp_path / "control.csv")
    for name, text in (("plain", ""), ("efficient", EFFICIENCY)):
        (tmp_path / "config.toml").write_text(CONFIG.replace("OUT", name) + text)
        config = read_config(tmp_path / "config.toml")
        if name == "plain":
            parts = instrument(config)
            mission = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
            simulate_events(tmp_path / "events.parquet", mission, n_event=3000, rng=np.random.default_rng(1))
        results[name] = run(config).ranges[0]
    plain, efficient = results["plain"], results["efficient"]
    moved = dipole_shift(plain.reference_map, efficient.reference_map)
    assert np.linalg.norm(moved) > 0.02
    np.testing.assert_allclose(plain.fit.rho - efficient.fit.rho, moved, atol=0.02)
    grown = np.diag(efficient.fit.covariance) / np.diag(plain.fit.covariance)
    assert grown.min() > 0.9
    assert grown.max() > 1.02


def test_an_efficiency_of_one_changes_nothing():
    one = EfficiencyMap(np.ones(12), np.ones(12), np.ones(12), np.zeros(12, dtype=np.int64))
    drawn = efficiency_variations(one, 2, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(drawn[0].value, 1.0)


def test_axes_that_are_joined_over_a_place_shift_the_dipole_alike(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    parts = instrument(read_config(tmp_path / "config.toml"))
    value = 0.8 + 0.1 * np.sin(np.arange(48.0))
    weighed = EfficiencyMap(value, value, value, np.zeros(48, dtype=np.int64))
    shifts, live = [], []
    for axis_nside, radius in ((None, PixelRadius(0.0, 0.0)), (32, pixel_radius(32))):
        response = axis_response(parts.geometry, pixel=pixel_radius(8), axis=radius)
        maps = place_reference(
            parts.seconds, parts.navigator, response, nside=8, nside_place=2, class_weight=[1.0, 1.0, 0.0],
            axis_nside=axis_nside,
        )  # fmt: skip
        shifts.append(dipole_shift(maps.reference(), maps.reference(weighed)))
        live.append(maps.live_s)
    np.testing.assert_array_equal(live[0], live[1])
    # Cells of 1.8 deg smooth a map by what its own pixels of 7 deg do not see.
    np.testing.assert_allclose(shifts[0], shifts[1], atol=0.01 * np.linalg.norm(shifts[0]))
