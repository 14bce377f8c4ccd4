"""Tables of traced cutoffs: reading between the points, files, and the choice in the configuration."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amsdipole.config import Config, config_from
from amsdipole.errors import ConfigError, DataError, RangeError
from amsdipole.exposure import livetime_axes
from amsdipole.geomagnetism import (
    CutoffTable,
    GaussCoefficients,
    cutoff_table,
    dipole_of_date,
    igrf14,
    read_cutoff_table,
    read_shc,
    shell_axes,
    write_cutoff_table,
)
from amsdipole.instrument import instrument

CONE = float(np.deg2rad(30.0))
SHARES = np.linspace(0.9, 1.2, 2 * 23 * 72).reshape(2, 23, 72)
TABLE = CutoffTable(
    np.linspace(-55.0, 55.0, 23),
    np.arange(0.0, 360.0, 5.0),
    SHARES,
    CONE,
    1,
    np.deg2rad(12.0001),
    0.9,
    410.0,
    2015.0,
    "IGRF 14",
)


def config(tmp_path: Path, **cutoff: Any) -> Config:
    document = {
        "name": "traced",
        "events": {"files": ["none.parquet"]},
        "output": {"folder": "out"},
        "seconds": {"start": "2015-06-01T00:00:00Z", "stop": "2015-06-01T03:00:00Z", "step_s": 10.0},
        "cutoff": cutoff,
    }
    return config_from(document, folder=tmp_path, source="test")


def test_the_table_is_read_at_its_points() -> None:
    rows, columns = (v.ravel() for v in np.meshgrid(TABLE.latitude_deg, TABLE.longitude_deg, indexing="ij"))
    for layer, northward in enumerate((False, True)):
        here, _ = shell_axes(rows, columns, altitude_km=410.0, tilt_rad=0.2, inclination_rad=1.2, northward=northward)
        inside = np.abs(rows) < 54.9
        velocity = np.tile([0.0, 0.0, 1.0 if northward else -1.0], (len(here), 1))
        found = TABLE.share_at(here[inside], velocity[inside])
        np.testing.assert_allclose(found, SHARES[layer].ravel()[inside], rtol=1e-9)


def test_a_place_beyond_the_table_is_refused() -> None:
    with pytest.raises(RangeError, match=r"position_km\[0\].*outside \[-55"):
        TABLE.share_at([[0.0, 0.0, 6800.0]], [[0.0, 0.0, 1.0]])


def test_a_file_holds_the_table(tmp_path: Path) -> None:
    write_cutoff_table(tmp_path / "t.npz", TABLE)
    read = read_cutoff_table(tmp_path / "t.npz")
    np.testing.assert_array_equal(read.share, TABLE.share)
    assert (read.half_angle_rad, read.charge_sign, read.tilt_rad) == (CONE, 1, TABLE.tilt_rad)
    (tmp_path / "bad.npz").write_bytes(b"none")
    with pytest.raises(DataError, match=r"bad\.npz"):
        read_cutoff_table(tmp_path / "bad.npz")


def test_a_coarse_table_meets_the_tracing_at_its_points() -> None:
    choices: dict[str, Any] = {"coefficients": igrf14(), "decimal_year": 2015.0, "charge_sign": 1}
    coarse = cutoff_table(**choices, half_angle_rad=CONE, latitude_max_deg=30.0, step_deg=60.0, n_halving=0)
    fine = cutoff_table(**choices, half_angle_rad=CONE, latitude_max_deg=30.0, step_deg=60.0, n_halving=1)
    assert fine.share.shape == (1, 3, 12)
    np.testing.assert_array_equal(fine.share[:, ::2, ::2], coarse.share)
    here, axis = shell_axes(
        np.zeros(1), np.zeros(1), altitude_km=410.0, tilt_rad=0.0, inclination_rad=0.9, northward=True
    )
    dipole = dipole_of_date(igrf14(), 2015.0)
    # The greatest vertical cutoffs of the world are 17 GV; 30 deg to the east adds a third (method 2.3).
    assert 12.0 < fine.cutoff_gv(here, [[0.0, 0.0, 1.0]], axis, dipole=dipole)[0] < 20.0


def test_traced_cutoffs_gate_seconds_and_exposure_alike(tmp_path: Path) -> None:
    write_cutoff_table(tmp_path / "t.npz", TABLE)
    stormer, traced = (instrument(config(tmp_path, **chosen)) for chosen in ({}, {"model": "traced", "table": "t.npz"}))
    rows = next(iter(stormer.seconds.blocks()))
    before, after = stormer.navigator(rows), traced.navigator(rows)
    share = after.cutoff_gv / before.cutoff_gv
    assert 0.9 <= share.min() < share.max() <= 1.2
    flat = replace(traced.navigator, table=replace(TABLE, share=np.ones_like(SHARES)))
    one = livetime_axes(stormer.seconds, stormer.navigator, frame="galactic", nside=16)
    other = livetime_axes(stormer.seconds, flat, frame="galactic", nside=16)
    np.testing.assert_allclose(one.open_livetime_s(), other.open_livetime_s(), rtol=1e-12)
    open_s = livetime_axes(traced.seconds, traced.navigator, frame="galactic", nside=16).open_livetime_s()
    counted = [(after.livetime_s[after.cutoff_class <= i]).sum() for i in range(len(open_s))]
    np.testing.assert_allclose(open_s, counted, rtol=1e-9)


def test_a_table_of_another_cone_is_refused(tmp_path: Path) -> None:
    write_cutoff_table(tmp_path / "t.npz", TABLE)
    with pytest.raises(ConfigError, match="cone_deg is 30; 40 is wanted"):
        instrument(config(tmp_path, model="traced", table="t.npz", cone_deg=40.0))
    with pytest.raises(ConfigError, match="charge_sign is 1; -1 is wanted"):
        instrument(config(tmp_path, model="traced", table="t.npz", charge_sign=-1))
    with pytest.raises(ConfigError, match="table goes with"):
        config(tmp_path, model="traced")


def own_field(tmp_path: Path, share: float) -> GaussCoefficients:
    """IGRF-14 with all coefficients smaller, as a file of a user's own and as numbers."""
    field = igrf14()
    late = field.epoch >= 2010.0
    head = f"# Own\n1 13 {late.sum()} 2 1\n{' '.join(map(str, field.epoch[late]))}\n"
    rows = [
        f"{n} {m} {' '.join(repr(float(v)) for v in values)}"
        for n, m, values in zip(field.degree, field.order, share * field.value_nt[late].T, strict=True)
    ]
    (tmp_path / "own.shc").write_text(head + "\n".join(rows) + "\n")
    return read_shc(tmp_path / "own.shc")


def test_a_field_of_ones_own_makes_the_cutoffs(tmp_path: Path) -> None:
    field = own_field(tmp_path, 0.5)
    usual, own = instrument(config(tmp_path)), instrument(config(tmp_path, field="own.shc"))
    rows = next(iter(usual.seconds.blocks()))
    # Cutoffs go with the strength of the field; the file's epochs are those of IGRF-14.
    np.testing.assert_allclose(own.navigator(rows).cutoff_gv, 0.5 * usual.navigator(rows).cutoff_gv, rtol=1e-12)
    assert own.field.sha256 == field.sha256


def test_a_field_that_does_not_reach_the_mission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.shc").write_text("# Old\n1 1 2 2 1\n1900 1905\n1 0 -3e4 -3e4\n1 1 0 0\n1 -1 0 0\n")
    with pytest.raises(RangeError, match="1905"):
        instrument(config(tmp_path, field="old.shc"))
    with pytest.raises(DataError, match=r"none\.shc"):
        instrument(config(tmp_path, field="none.shc"))


def test_a_table_of_another_field_is_refused(tmp_path: Path) -> None:
    own_field(tmp_path, 1.0)
    write_cutoff_table(tmp_path / "t.npz", TABLE)
    with pytest.raises(ConfigError, match="its field is 'IGRF 14'; 'Own' is wanted"):
        instrument(config(tmp_path, model="traced", table="t.npz", field="own.shc"))
