"""Seconds that are at fault: refused, or accounted for, each message shown.

python tools/validate.py exposure_refusals
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from amsdipole.errors import AmsDipoleError
from amsdipole.exposure import livetime_axes
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import (
    ElementSeconds,
    FileSeconds,
    Navigator,
    SecondRule,
    SelectedSeconds,
    ams_mounting,
    builtin_iss_elements,
)
from amsdipole.orbit.seconds_file import QUATERNION_COLUMNS, SECONDS_COLUMNS
from amsdipole.sky import teme_to_galactic

Floats = NDArray[np.float64]
Say = Callable[[str, str, str, bool], None]

START_S, N_ROW, ROW = 1_437_869_812.0, 600, 217


def table() -> dict[str, Floats]:
    """Ten minutes of the ISS."""
    rows = next(ElementSeconds(builtin_iss_elements(), START_S, START_S + N_ROW).blocks())
    values = [rows.time_s, rows.livetime_fraction, *rows.position_km.T, *rows.velocity_km_s.T, *rows.angle_rad.T]
    found = dict(zip(SECONDS_COLUMNS, values, strict=True))
    return found | dict(zip(QUATERNION_COLUMNS, np.tile([0.0, 0.0, 0.0, 1.0], (N_ROW, 1)).T, strict=True))


def navigator() -> Navigator:
    stop_s = START_S + N_ROW
    frame, dipole = teme_to_galactic(START_S, stop_s), eccentric_dipole_knots(igrf14(), START_S, stop_s)
    return Navigator(ams_mounting(), CutoffRule(1.2, 0.5, 1), np.array([16.0, 25.0, 500.0]), frame, dipole)


def exposure_refusals(say: Say) -> None:
    """What design.md 5 asks of live times, gaps, duplicates, reversed time, quaternions and an empty selection."""
    good, rows = table(), np.arange(N_ROW)

    def live(value: float) -> dict[str, Floats]:
        return good | {"livetime_fraction": np.where(rows == ROW, value, 1.0)}

    def order(which: NDArray[np.int64]) -> dict[str, Floats]:
        return {name: column[which] for name, column in good.items()}

    swapped = np.r_[0:ROW, ROW + 1, ROW, ROW + 2 : N_ROW]
    spoiled: list[tuple[str, dict[str, Floats], str]] = [
        ("live time of 1.2", live(1.2), "livetime_fraction[217] = 1.2"),
        ("live time of -0.1", live(-0.1), "livetime_fraction[217] = -0.1"),
        ("live time that is no number", live(np.nan), "livetime_fraction[217] = nan"),
        ("a second that is there twice", order(np.sort(np.append(rows, ROW))), "repeats"),
        ("time that goes back", order(swapped), "lies before"),
        ("all time reversed", order(rows[::-1]), "lies before"),
        ("a table without rows", order(rows[:0]), "has no rows"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seconds.parquet"
        for what, values, wanted in spoiled:
            _refused(say, what, wanted, partial(_summed, path, values))
        bent = good | {"quaternion_w": np.where(rows == ROW, 0.9, 1.0)}
        _refused(say, "a quaternion that is not unit", "quaternion[217]", lambda: _summed(path, bent, quaternion=True))
        whole = _summed(path, good)
        gap = _summed(path, {n: np.delete(c, np.s_[100:150]) for n, c in good.items()})
        got = f"{gap[0]:g} s in gaps, {gap[1]} rows, {whole[2] - gap[2]:g} s of live time less"
        say("a gap of 50 s", "accounted for", got, gap[:2] == (50.0, N_ROW - 50) and whole[2] - gap[2] == 50.0)
        _refused(say, "a selection that leaves nothing", "exposure is zero",
                 lambda: _summed(path, good, rule=SecondRule(zenith_most_rad=0.01)))  # fmt: skip
    mission = ElementSeconds(builtin_iss_elements(), START_S, START_S + N_ROW)
    rule = SecondRule(zenith_most_rad=float(np.radians(40.0)), interval_s=((START_S + 100.0, START_S + 500.0),))
    budget = livetime_axes(SelectedSeconds(mission, rule, ams_mounting()), navigator(), nside=64).budget
    all_units = sum(livetime_axes(mission, navigator(), nside=64).budget.livetime_units_by_cause)
    rows_sum, units_sum = sum(budget.n_by_cause), sum(budget.livetime_units_by_cause)
    say("the budget's rows and live time add up to all, units of 2^-32 s", f"{N_ROW} and {all_units}",
        f"{rows_sum} and {units_sum}", rows_sum == N_ROW and units_sum == all_units)  # fmt: skip


def _summed(
    path: Path, values: dict[str, Floats], *, quaternion: bool = False, rule: SecondRule | None = None
) -> tuple[float, int, float]:
    """Gaps, rows and live time of a file's sums."""
    pq.write_table(pa.table(values), path)
    source = FileSeconds((str(path),), orientation="quaternion" if quaternion else "angles")
    seconds = source if rule is None else SelectedSeconds(source, rule, ams_mounting())
    budget = livetime_axes(seconds, navigator(), nside=64).budget
    return budget.gap_s, budget.n_row, budget.live_s


def _refused(say: Say, what: str, wanted: str, call: Callable[[], object]) -> None:
    try:
        call()
    except AmsDipoleError as error:
        message = str(error)
        place = message.find("(/")
        short = message if place < 0 else message[:place] + "(" + message[place:].split("/")[-1]
        say(what, f"refused, naming {wanted!r}", short, wanted in message)
    else:
        say(what, "refused", "TAKEN", False)


VALIDATIONS: dict[str, Callable[[Say], None]] = {"exposure_refusals": exposure_refusals}
