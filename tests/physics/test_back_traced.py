"""A dipole far from the Earth, put into a mission through the deflection, and found again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amsdipole.analysis import run
from amsdipole.back_traced import back_traced
from amsdipole.config import Config, config_from
from amsdipole.errors import ConfigError
from amsdipole.events import write_events
from amsdipole.geomagnetism import trace
from amsdipole.instrument import Instrument, instrument
from amsdipole.orbit import asymptotic_directions
from amsdipole.simulate import CandidateSource, Mission
from amsdipole.sky import galactic_to_icrs, teme_to_earth_fixed
from amsdipole.threads import set_threads
from amsdipole.weighting import weighted_maps

FAR = np.array([0.15, -0.25, 0.2])  # FB, EW, NS
ORDER = ("fb", "ew", "ns")


def config(folder: Path, **fit: Any) -> Config:
    document = {
        "name": "back",
        "events": {"files": ["events.parquet"]},
        "output": {"folder": "out", "overwrite": True},
        "seconds": {"start": "2015-06-01T00:00:00Z", "stop": "2015-08-01T00:00:00Z", "step_s": 10.0},
        "energy": {"edges_gev": [16.0, 20.0, 25.0, 32.0, 40.0, 60.0], "ranges_gev": [16.0]},
        "fit": {"directions": "back_traced", "n_arrival": 300_000, **fit},
    }
    return config_from(document, folder=folder, source="test")


def injected(parts: Instrument, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Isotropic arrivals kept by 1 + d . a: a by way of the Earth's turn alone, with nothing of the frames' kernels."""
    mission = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    drawn = CandidateSource(mission).recorded(rng, n, (0, parts.seconds.n_row))
    order = np.argsort(drawn["time_s"])
    drawn = {name: column[order] for name, column in drawn.items()}
    time_s = drawn["time_s"]
    rows = parts.seconds.covering(time_s)
    row = np.searchsorted(rows.time_s, time_s, side="right") - 1
    # What the rule shuts is not traced: it is cut in any case.
    gate = np.searchsorted(parts.navigator.energy_edge_gev, drawn["energy_gev"], side="right") - 1
    kept = np.flatnonzero(gate >= parts.navigator(rows).cutoff_class[row])
    drawn, row, time_s = {name: column[kept] for name, column in drawn.items()}, row[kept], time_s[kept]
    local = np.column_stack([drawn[f"direction_{axis}"] for axis in "xyz"])
    rotation, _ = parts.navigator.attitude(rows)  # 10 s of an orbit: 0.6 deg at the end of a row
    ends = trace(
        teme_to_earth_fixed(time_s, rows.position_km[row]),
        teme_to_earth_fixed(time_s, np.einsum("nij,nj->ni", rotation[row], local)),
        drawn["energy_gev"],
        coefficients=parts.field,
        decimal_year=2015.5,
    )
    # Earth rotation angle (IERS Conventions 2010, equation 5.15); the poles of the Earth and of ICRS are taken for one.
    turn = 2.0 * np.pi * (0.7790572732640 + 1.00273781191135448 * (time_s / 86400.0 + 2440587.5 - 2451545.0))
    x, y, z = ends.direction.T
    icrs = np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), z])
    chance = (1.0 + icrs @ galactic_to_icrs() @ FAR) / (1.0 + np.linalg.norm(FAR))
    take = (ends.outcome == 1) & (rng.random(len(chance)) < chance)
    return {name: column[take] for name, column in drawn.items()}


def test_an_injected_far_dipole_is_found_without_bias(tmp_path: Path) -> None:
    chosen = config(tmp_path)
    columns = injected(instrument(chosen), 150_000, np.random.default_rng(5))
    write_events(tmp_path / "events.parquet", [columns])
    entry = run(chosen).document()["ranges"][0]
    local, found = entry["rho"], entry["back_traced_dipole"]
    assert found["n_event"] > 30_000
    assert found["n_event_shut"] == 0
    pull = [(found["rho"][name] - wanted) / found["error"][name] for name, wanted in zip(ORDER, FAR, strict=True)]
    print(found["n_event"], found["rho"], found["error"], pull, local)
    assert np.abs(pull).max() < 3.5  # three normal numbers: 0.14 %
    # 300,000 arrivals against some 65,000 events: the reference adds little.
    assert max(found["error_of_reference"].values()) < 0.5 * max(found["error"].values())
    # The local dipole is turned by some 50 deg and its part along the Earth's axis suppressed (method 2.7).
    away = np.array([local[name] for name in ORDER]) - FAR
    assert np.linalg.norm(away) > 10.0 * max(found["error"].values())


def test_the_sums_do_not_depend_on_threads_or_batches(tmp_path: Path) -> None:
    chosen = config(tmp_path, n_arrival=20_000)
    parts = instrument(chosen)
    columns = injected(parts, 40_000, np.random.default_rng(6))
    write_events(tmp_path / "events.parquet", [columns])
    found = []
    for threads, batch_size in ((1, 250_000), (2, 700)):
        set_threads(threads)
        other = chosen.model_copy(update={"events": chosen.events.model_copy(update={"batch_size": batch_size})})
        found.append(back_traced(other, parts, weighted_maps(other, parts)))
    set_threads(0)
    np.testing.assert_array_equal(found[0].counts.maps.weight_units, found[1].counts.maps.weight_units)
    np.testing.assert_array_equal(found[0].reference.weight, found[1].reference.weight)
    assert found[0].reference.n_shut <= 0.001 * found[0].reference.n_traced


def test_at_high_rigidity_directions_stay(tmp_path: Path) -> None:
    parts = instrument(config(tmp_path))
    rows = parts.seconds.covering(parts.seconds.row_start_s(np.array([0, 1000])))
    time_s = rows.time_s[[0]] + 4.0
    sky, allowed = asymptotic_directions(
        rows, np.array([0]), time_s, np.array([[0.0, 0.0, 1.0]]), np.array([1e8]), navigator=parts.navigator,
        coefficients=parts.field,
    )  # fmt: skip
    navigation = parts.navigator(rows)
    axis, rate = navigation.rotation[0, :, 2], navigation.rate[0]
    # 1e8 GV is bent by some 1e-7 rad; the second order of the turn is 1e-5.
    np.testing.assert_allclose(sky[0], axis + 4.0 * np.cross(rate, axis), atol=2e-5)
    assert allowed[0]


def test_weights_by_region_are_refused(tmp_path: Path) -> None:
    chosen = config(tmp_path)

    class Tables:
        nside_region = 2

    class Maps:
        tables = Tables()

    weighted = chosen.model_copy(update={"weights": object()})
    with pytest.raises(ConfigError, match="regions of nside 2"):
        back_traced(weighted, instrument(chosen), Maps())
