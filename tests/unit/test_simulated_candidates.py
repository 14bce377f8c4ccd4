"""Simulated candidates: the quick arithmetic against that of every event for itself, and what a seed means."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from amsdipole.config import read_config
from amsdipole.instrument import Instrument, instrument
from amsdipole.simulate import ELECTRON, POSITRON, PROTON, CandidateSource, Mission, simulate_candidates
from amsdipole.simulate.candidates import row_views
from amsdipole.simulate.mission import _own_cutoff, _to_galactic
from amsdipole.sky import geodetic, teme_to_earth_fixed

CONFIG = """
name = "A day"
[seconds]
start = "2014-05-13T16:53:20Z"
stop = "2014-05-13T22:53:20Z"
[events]
files = ["none.parquet"]
[energy]
edges_gev = [16.0, 25.0, 500.0]
ranges_gev = [16.0]
[output]
folder = "results"
"""
RHO = np.array([0.3, -0.2, 0.4])
SHARE = {POSITRON: 0.6, PROTON: 0.3, ELECTRON: 0.1}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(CONFIG)
    return instrument(read_config(path))


@pytest.fixture
def mission(parts: Instrument) -> Mission:
    return Mission(parts.seconds, parts.navigator, POSITRON.flux, parts.acceptance, parts.geometry, RHO)


def test_what_a_row_sees_is_what_every_event_of_it_sees(mission):
    rng, n = np.random.default_rng(5), 20_000
    rows = mission.seconds.covering(mission.seconds.row_start_s(np.arange(0, 20_000, 7)))
    row = rng.integers(0, len(rows.time_s), n)
    time_s = rows.time_s[row] + rng.random(n) * rows.step_s
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    galactic = _to_galactic(rows, row, time_s, direction, mission.navigator.mounting)
    view = row_views(mission, rows)
    columns = tuple(direction.T)
    # Linear about the middle of a second: 1.5e-7 of a dipole of 0.54.
    np.testing.assert_allclose(view.excess(row, time_s, columns), galactic @ RHO, atol=2e-7)
    # The Earth turns by 7e-5 in a second, and the cutoff follows the angle to the east by less than its double.
    cutoff = _own_cutoff(mission, rows, row, time_s, galactic)
    np.testing.assert_allclose(view.cutoff_gv(row, time_s, columns), cutoff, rtol=3e-4)


def test_energies_follow_flux_times_acceptance_and_angles_the_geometry(mission):
    rng, n = np.random.default_rng(6), 200_000
    source = CandidateSource(mission)
    fine = np.geomspace(16.0, 500.0, 100_001)
    density = mission.flux(fine) * mission.acceptance(fine)
    total = np.concatenate([[0.0], np.cumsum(np.diff(fine) * (density[1:] + density[:-1]))])
    energy = source._energies(rng, n)
    assert stats.kstest(energy, lambda e: np.interp(e, fine, total / total[-1])).pvalue > 1e-3
    cosine = source._directions(rng, n)[2]
    edge = np.linspace(mission.geometry.cos_least, 1.0, 100_001)
    below = np.concatenate([[0.0], np.cumsum(mission.geometry.density_per_sr(edge) * np.diff(edge))])
    assert stats.kstest(cosine, lambda c: np.interp(c, edge, below / below[-1])).pvalue > 1e-3


def test_events_come_in_time_order_within_their_rows(mission):
    found = CandidateSource(mission).recorded(np.random.default_rng(7), 50_000, (100, 9_000))
    first, last = mission.seconds.row_start_s(np.array([100, 9_000]))
    assert (np.diff(found["time_s"]) >= 0).all()
    assert first <= found["time_s"].min()
    assert found["time_s"].max() < last
    assert CandidateSource(mission).recorded(np.random.default_rng(7), 0, (100, 9_000))["time_s"].shape == (0,)


def simulated(parts: Instrument, path, seed: int, group_size: int):
    rho = dict.fromkeys(SHARE, np.zeros(3))
    n = simulate_candidates(path, parts, share=SHARE, rho=rho, n_event=150_000, seed=seed, group_size=group_size)
    file = pq.ParquetFile(path)
    assert file.metadata.num_rows == n
    return file


def test_events_depend_on_the_seed_and_not_on_the_groups_they_are_written_in(parts, tmp_path):
    few = simulated(parts, tmp_path / "few.parquet", 3, 1_000_000)
    many = simulated(parts, tmp_path / "many.parquet", 3, 20_000)
    other = simulated(parts, tmp_path / "other.parquet", 4, 1_000_000)
    assert few.metadata.num_row_groups < many.metadata.num_row_groups
    table = few.read()
    assert table.equals(many.read())
    assert not table.equals(other.read())
    # 4 standard deviations of a Poisson number, and of the pilot's 0.2 % for each species.
    assert abs(table.num_rows - 150_000) < 4 * np.hypot(np.sqrt(150_000), 0.002 * 150_000)
    share = np.bincount(table.column("truth").to_numpy().astype(int), minlength=4)[1:] / table.num_rows
    assert share == pytest.approx([0.6, 0.3, 0.1], abs=0.01)


def test_progress_counts_what_is_written(parts, tmp_path):
    told: list[tuple[int, int]] = []
    n = simulate_candidates(
        tmp_path / "some.parquet", parts, share={POSITRON: 1.0}, rho={POSITRON: np.zeros(3)}, n_event=90_000, seed=1,
        group_size=20_000, progress=lambda *told_of: told.append(told_of),
    )  # fmt: skip
    assert told == sorted(told)
    assert told[-1] == (n, 90_000)


def test_an_efficiency_by_place_thins_events_where_the_detector_was(parts, tmp_path):
    drawn = {}
    for name, efficiency in (("all", None), ("north", lambda place: np.where(place[:, 1] > 0.0, 0.5, 1.0))):
        # Of each event of positive rigidity that is wanted one of negative comes too.
        n = simulate_candidates(
            tmp_path / name, parts, share={POSITRON: 1.0}, rho={POSITRON: np.zeros(3)}, n_event=20_000, seed=1,
            efficiency=efficiency, counted=lambda _, events: np.arange(len(events["time_s"])) % 2 == 0,
        )  # fmt: skip
        # 4 standard deviations: of a Poisson number, and of the pilot's, some thousand events in 2e5 candidates.
        assert abs(n - 40_000) < 4 * np.hypot(np.sqrt(40_000), 0.01 * 40_000)
        drawn[name] = pq.read_table(tmp_path / name).column("time_s").to_numpy()
    found = {}
    for name, time_s in drawn.items():
        rows = parts.seconds.covering(time_s)
        latitude = geodetic(teme_to_earth_fixed(rows.time_s, rows.position_km))[:, 1]
        north = latitude[np.searchsorted(rows.time_s, time_s, side="right") - 1] > 0.0
        found[name] = float(north.mean())
    # Halved in the north: p / 2 of p / 2 + 1 - p.
    assert found["north"] == pytest.approx(found["all"] / (2.0 - found["all"]), abs=4 * np.sqrt(0.5 / 40_000))
