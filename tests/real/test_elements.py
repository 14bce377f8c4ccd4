"""The orbit against NASA's ephemeris, an AMS run, and the history that the shipped one is made from."""

import importlib.util
from pathlib import Path

import erfa
import numpy as np
import pytest
from numpy.typing import NDArray

from amsdipole.errors import DataError
from amsdipole.orbit.elements import ElementSets, builtin_iss_elements, read_elements
from amsdipole.orbit.knots import state_knots

SELECTION = Path(__file__).parents[3] / "shared/data/iss/iss_tle_daily_2011-05-19_2021-12-31.txt"


def resource(name: str) -> Path:
    """Find a file of astro-pi-replay without importing the package, which would load what it does not need."""
    found = importlib.util.find_spec("astro_pi_replay")
    if found is None or found.origin is None:
        pytest.skip("astro-pi-replay, a test dependency to be installed with --no-deps, is absent")
    return Path(found.origin).parent / "resources" / name


def whole_history() -> list[str]:
    """Lines of all element sets of the station."""
    return resource("iss.txt").read_text("ascii").splitlines()


def sets_of_july_2023(history: list[str], folder: Path) -> ElementSets:
    """Days 151 to 200 of 2023; the file repeats sets with one epoch, which the reader refuses: the last one stays."""
    sets = {line1[18:32]: (line1, line2) for line1, line2 in zip(history[::2], history[1::2], strict=True)}
    chosen = [line for epoch, pair in sets.items() if "23151" <= epoch[:5] < "23201" for line in pair]
    path = folder / "july_2023.tle"
    path.write_text("\n".join(chosen))
    return read_elements(path)


@pytest.fixture(scope="module")
def history() -> list[str]:
    return whole_history()


@pytest.fixture(scope="module")
def july_2023(history: list[str], tmp_path_factory: pytest.TempPathFactory) -> ElementSets:
    return sets_of_july_2023(history, tmp_path_factory.mktemp("orbit"))


def ephemeris() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times [s] and positions [km], EME2000, of NASA's ephemeris before the reboost of 2023-07-04 21:17 UTC."""
    rows = [
        line.split() for line in resource("ISS.OEM_J2K_EPH.txt").read_text("ascii").splitlines() if line[:2] == "20"
    ]
    time = np.array([np.datetime64(row[0], "ms").astype(np.int64) * 1e-3 for row in rows])
    position = np.array([[float(word) for word in row[1:4]] for row in rows])
    before = time < np.datetime64("2023-07-04T21:17", "s").astype(np.float64)
    return time[before], position[before]


def teme_to_eme2000(time: NDArray[np.float64], position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn TEME into EME2000: to earth-fixed by GMST 1982, back by the Earth rotation angle, then CIO to GCRS.

    UT1 is taken equal to UTC in both turns, which cancels; 69.184 s is TT - UTC in 2023. GCRS and EME2000 differ by
    23 mas, 0.8 m.
    """
    day = time / 86400.0
    turn = erfa.gmst82(2440587.5, day) - erfa.era00(2440587.5, day)
    # A turn by GMST to the earth-fixed frame and back by the Earth rotation angle is one turn by the difference.
    x = np.cos(turn) * position[:, 0] + np.sin(turn) * position[:, 1]
    y = -np.sin(turn) * position[:, 0] + np.cos(turn) * position[:, 1]
    celestial = np.stack([x, y, position[:, 2]], axis=1)
    matrix = erfa.c2i06a(2440587.5, day + 69.184 / 86400.0)
    return np.asarray(np.einsum("nji,nj->ni", matrix, celestial))


def distances_from_nasa_km(elements: ElementSets) -> NDArray[np.float64]:
    """Distances of the orbit from NASA's ephemeris at its times before the reboost [km]."""
    time, wanted = ephemeris()
    knots = state_knots(elements, float(time[0]), float(time[-1]))
    segment = np.searchsorted(knots.segment_start_s, time, side="right") - 1
    segment = np.minimum(segment, len(knots.knot_start_s) - 1)  # the last time ends the last segment
    row = knots.segment_offset[segment] + np.rint((time - knots.knot_start_s[segment]) / 60.0).astype(int)
    return np.asarray(np.linalg.norm(teme_to_eme2000(time, knots.position_km[row]) - wanted, axis=1))


def test_the_orbit_agrees_with_the_ephemeris_of_nasa(july_2023: ElementSets) -> None:
    distance = distances_from_nasa_km(july_2023)
    assert len(distance) > 400  # every 4 minutes of 33 hours
    assert np.median(distance) < 1.0  # 0.73 km in the README of the data
    assert distance.max() < 8.0  # 7.1 km there


def test_the_orbit_agrees_with_the_position_of_an_ams_run() -> None:
    # Method, section 3.2: position in the frame of date at 1437869812. The nearest set is 10 hours away; 8 km is
    # 1 s of flight.
    knots = state_knots(builtin_iss_elements(), 1437869812.0, 1437869813.0, step_s=1.0)
    assert np.linalg.norm(knots.position_km[0] - [-2211.35, -6407.54, 120.215]) < 10.0


def test_the_shipped_history_is_the_first_set_of_each_day(history: list[str]) -> None:
    sets = builtin_iss_elements()
    first: dict[str, tuple[str, str]] = {}
    for line1, line2 in zip(history[::2], history[1::2], strict=True):
        day = line1[18:23]
        if "11139" <= day <= "21365" and (day not in first or line1[18:32] < first[day][0][18:32]):
            first[day] = (line1, line2)
    assert sorted(first.values(), key=lambda pair: pair[0][18:32]) == list(zip(sets.line1, sets.line2, strict=True))


def test_the_shipped_history_is_the_selection_made_by_others() -> None:
    if not SELECTION.exists():
        pytest.skip(f"{SELECTION} is absent: the selection is read from outside the project")
    wanted, found = read_elements(SELECTION), builtin_iss_elements()
    assert (wanted.line1, wanted.line2) == (found.line1, found.line2)


def test_the_whole_history_is_refused_for_its_repeated_epochs() -> None:
    with pytest.raises(DataError, match=r"iss\.txt:\d+: the set has the epoch of the one in line \d+"):
        read_elements(resource("iss.txt"))
