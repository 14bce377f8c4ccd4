"""Which seconds are good: flags, first cuts, rules that make no sense, and spans of a mission."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.orbit import (
    CAUSES,
    ElementSeconds,
    SecondRule,
    SelectedSeconds,
    TableSeconds,
    ams_mounting,
    builtin_iss_elements,
)
from amsdipole.orbit.selection import causes, narrowed

START_S = 1_437_869_812.0  # one element set serves the half hour that follows
NAMES = list(CAUSES)


def mission(length_s: float = 600.0, step_s: float = 10.0) -> ElementSeconds:
    return ElementSeconds(
        builtin_iss_elements(),
        START_S,
        START_S + length_s,
        step_s=step_s,
        livetime_fraction=0.9,
    )


def rows_of(source) -> tuple[np.ndarray, np.ndarray]:
    blocks = list(source.blocks())
    time_s, live = (np.concatenate([getattr(b, name) for b in blocks]) for name in ("time_s", "livetime_fraction"))
    return time_s[live > 0.0], live[live > 0.0]


def found(rule: SecondRule | None, flags: np.ndarray | None = None) -> list[str]:
    """Causes of six rows: of live shares 0.9, 0.4, 0, 0.9, 0.9, 0.9, the fourth of which looks to the side."""
    place = np.tile([0.0, 0.0, 400.0], (6, 1))
    place[4] = [30.0, 10.0, 400.0]
    axis = np.tile([1.0, 0.0, 0.0], (6, 1))
    axis[3] = [0.0, 1.0, 0.0]
    axis[4] = [np.cos(np.radians(10)) * np.cos(np.radians(30)), np.cos(np.radians(10)) * 0.5, np.sin(np.radians(10))]
    live = np.array([0.9, 0.4, 0.0, 0.9, 0.9, 0.9])
    made = causes(rule, 100.0 + np.arange(6.0), live, place, axis, 2.0, flags)
    np.testing.assert_allclose(made.live_s, 2.0 * live)
    np.testing.assert_array_equal(made.livetime_s, np.where(made.cause == 0, made.live_s, 0.0))
    return [NAMES[cause] for cause in made.cause]


def test_the_first_cut_that_a_row_fails_is_its_cause():
    assert found(None) == ["good", "good", "not_live", "good", "good", "good"]
    rule = SecondRule(livetime_least=0.5, zenith_most_rad=0.7)
    assert found(rule) == ["good", "livetime", "not_live", "zenith", "good", "good"]
    rule = replace(rule, region_deg=((20.0, 0.0), (40.0, 0.0), (40.0, 20.0), (20.0, 20.0)))
    assert found(rule) == ["good", "livetime", "not_live", "zenith", "region", "good"]
    rule = replace(rule, interval_s=((100.0, 102.0), (103.0, 105.0)))
    assert found(rule) == ["good", "livetime", "interval", "zenith", "region", "interval"]


def test_rows_with_a_flag_of_the_mask_are_left_out():
    flags = np.array([0, 1, 2, 4, 6, 8])
    assert found(SecondRule(flag_mask=6), flags) == ["good", "good", "flags", "flags", "flags", "good"]
    # Time comes before flags.
    rule = SecondRule(flag_mask=6, interval_s=((100.0, 104.0),))
    assert found(rule, flags) == ["good", "good", "flags", "flags", "interval", "interval"]
    assert found(SecondRule(), flags) == ["good", "good", "not_live", "good", "good", "good"]
    with pytest.raises(DataError, match=r"^flag_mask = 6 asks for quality flags; the seconds have none$"):
        found(SecondRule(flag_mask=6))


def test_selected_rows_keep_their_times_and_lose_their_live_time():
    table = next(mission().blocks())
    flagged = replace(table, flags=np.arange(len(table.time_s)) % 4)
    selected = SelectedSeconds(TableSeconds(flagged), SecondRule(flag_mask=2), ams_mounting())
    (block,) = selected.blocks()
    np.testing.assert_array_equal(block.time_s, table.time_s)
    np.testing.assert_array_equal(block.livetime_fraction, np.where(flagged.flags & 2, 0.0, 0.9))
    assert (selected.n_row, selected.step_s, selected.start_s) == (60, 10.0, START_S)
    with pytest.raises(DataError, match="a selection already"):
        SelectedSeconds(selected, SecondRule(), ams_mounting())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval_s": ((3.0, 4.0), (2.0, 2.0))}, r"interval_s\[1\] = \(2\.0, 2\.0\) is empty"),
        ({"region_deg": ((0.0, 0.0), (1.0, 1.0))}, r"region_deg has 2 corners; three or more are wanted"),
        ({"flag_mask": -1}, r"flag_mask = -1 is no whole number in \[0, 4611686018427387904\]"),
        ({"livetime_least": 1.5}, r"livetime_least = 1\.5 is outside \[0\.0, 1\.0\]"),
        ({"zenith_most_rad": 0.0}, r"zenith_most_rad = 0\.0 is outside \(0\.0, "),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(RangeError, match=f"^{message}"):
        SecondRule(**options)


@pytest.mark.parametrize("span", [(0.0, 600.0), (100.0, 300.0), (95.0, 303.0), (-50.0, 40.0), (590.0, 900.0)])
def test_a_span_of_a_mission_has_the_rows_that_start_in_it(span):
    span_s = (START_S + span[0], START_S + span[1])
    time_s, _ = rows_of(mission())
    wanted = time_s[(time_s >= span_s[0]) & (time_s < span_s[1])]
    part = narrowed(mission(), span_s, ams_mounting())
    np.testing.assert_allclose(rows_of(part)[0], wanted, atol=1e-6)
    # Other rows are not made.
    assert part.n_row == len(wanted)
    table = TableSeconds(next(mission().blocks()))
    np.testing.assert_array_equal(rows_of(narrowed(table, span_s, ams_mounting()))[0], wanted)


def test_a_span_narrows_what_is_selected_already():
    rule = SecondRule(interval_s=((START_S, START_S + 100.0), (START_S + 300.0, START_S + 500.0)), livetime_least=0.5)
    selected = SelectedSeconds(mission(), rule, ams_mounting())
    part = narrowed(selected, (START_S + 50.0, START_S + 400.0), ams_mounting())
    assert part.rule.livetime_least == 0.5
    wanted = START_S + np.array([*range(50, 100, 10), *range(300, 400, 10)], dtype=float)
    np.testing.assert_allclose(rows_of(part)[0], wanted, atol=1e-6)
    with pytest.raises(RangeError, match=r"has nothing in common with the intervals"):
        narrowed(selected, (START_S + 150.0, START_S + 250.0), ams_mounting())


def test_spans_that_touch_share_no_row():
    edges = START_S + np.array([0.0, 133.3, 260.0, 600.0])
    parts = [rows_of(narrowed(mission(), (a, b), ams_mounting()))[0] for a, b in pairwise(edges)]
    np.testing.assert_allclose(np.concatenate(parts), rows_of(mission())[0], atol=1e-6)


def test_flags_of_another_length_are_refused():
    with pytest.raises(ShapeError, match=r"^flags has 3 rows; time_s has 60 "):
        replace(next(mission().blocks()), flags=np.zeros(3, dtype=np.int64))
