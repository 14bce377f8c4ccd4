"""Acceptance from a table of energies and angles."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from amsdipole.config import read_config
from amsdipole.errors import DataError, RangeError
from amsdipole.exposure import LivetimeCube, TwoDiscs, expected_counts, livetime_axes, read_acceptance, zenith_edges
from amsdipole.exposure.acceptance_table import AcceptanceTable
from amsdipole.instrument import instrument

DISCS = TwoDiscs(0.41, 0.34, 0.45)
ENERGY = np.array([10.0, 50.0, 1000.0])


def grid(n: int = 400) -> np.ndarray:
    cosine = np.linspace(DISCS.cos_least, 1.0, n)
    return np.append(cosine[:-1], 1.0)


def table(path, scale=(1.0, 1.0, 1.0), **spoil) -> str:
    cosine = grid()
    values = {
        "energy_gev": np.repeat(ENERGY, len(cosine)),
        "cos_zenith": np.tile(cosine, len(ENERGY)),
        "area_m2": np.concatenate([s * DISCS.area_m2(cosine) for s in scale]),
    }
    for name, (row, value) in spoil.items():
        values[name][row] = value
    pyarrow.csv.write_csv(pa.table(values), path)
    return str(path)


def test_a_table_of_two_discs_is_the_two_discs(tmp_path):
    found = read_acceptance(table(tmp_path / "a.csv", (1.0, 2.0, 1.0)))
    wanted = DISCS.acceptance_m2_sr * np.array([1.0, 2.0, 1.0])
    np.testing.assert_allclose(found.curve(ENERGY), wanted, rtol=1e-4)
    shape = found.shape(lambda e: e**-3.0, 20.0, 40.0)
    edge = np.linspace(DISCS.cos_least, 1.0, 21)
    np.testing.assert_allclose(shape.density_per_sr(edge), DISCS.density_per_sr(edge), rtol=2e-3, atol=1e-4)
    assert 2.0 * np.pi * (shape.density_per_sr(edge) * np.diff(edge)).sum() == pytest.approx(1.0, rel=1e-9)


def test_a_shape_that_changes_with_energy_is_averaged_by_the_spectrum():
    cosine = np.array([0.5, 0.9, 1.0])
    wide, narrow = np.array([1.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0])
    found = AcceptanceTable(np.array([10.0, 1000.0]), cosine, np.array([wide, narrow]))
    soft, hard = found.shape(lambda e: e**-4.0, 10.0, 1000.0), found.shape(lambda e: e**-0.5, 10.0, 1000.0)
    assert soft.area[0] > 0.9
    assert hard.area[0] < 0.35
    with pytest.raises(RangeError, match="is outside the table of acceptance"):
        found.shape(lambda e: e**-3.0, 5.0, 20.0)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"area_m2": (17, -0.1)}, r"area_m2\[0, 17\] = -0\.1 is outside \[0, inf\)"),
        ({"area_m2": (17, np.nan)}, "not finite|null"),
        ({"cos_zenith": (17, 0.123)}, "is there 0 times; once is wanted|is there"),
        ({"energy_gev": (0, -1.0)}, "is there"),
    ],
)
def test_a_table_at_fault_is_refused(tmp_path, spoil, message):
    with pytest.raises((DataError, RangeError), match=message):
        read_acceptance(table(tmp_path / "a.csv", **spoil))


def test_a_mission_with_a_table_expects_what_one_with_two_discs_does(tmp_path):
    table(tmp_path / "area.csv")
    text = """
name = "a day"
[seconds]
source = "elements"
start = "2014-05-19T00:00:00Z"
stop = "2014-05-20T00:00:00Z"
step_s = 30.0
[events]
files = ["none.parquet"]
[output]
folder = "out"
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0]
[detector]
"""
    curve = f"[[10.0, {DISCS.acceptance_m2_sr}], [1000.0, {DISCS.acceptance_m2_sr}]]"
    discs = f"acceptance = {curve}\nupper_radius_m = 0.41\nlower_radius_m = 0.34\ndistance_m = 0.45\n"
    maps = []
    for detector in ('acceptance_file = "area.csv"\n', discs):
        (tmp_path / "config.toml").write_text(text + detector)
        parts = instrument(read_config(tmp_path / "config.toml"))
        axes = livetime_axes(parts.seconds, parts.navigator, nside=64)
        shape = parts.table or parts.geometry
        cube = LivetimeCube(axes, 16, zenith_edges(parts.geometry.cos_least, 20, nside=16))
        maps.append(expected_counts(cube, flux=parts.flux, acceptance=parts.acceptance, geometry=shape).sum(axis=0))
    np.testing.assert_allclose(maps[0], maps[1], rtol=0.0, atol=2e-3 * maps[1].max())
