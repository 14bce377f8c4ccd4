from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from amsdipole.errors import DataError, FrameError
from amsdipole.exposure import (
    EfficiencyMap,
    ams_lepton_geometry,
    exposure_map,
    livetime_axes,
    livetime_cube,
    merged_axes,
    read_axes,
    write_axes,
    write_cube,
)
from amsdipole.exposure.pixel_window import axis_response, pixel_radius
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import (
    CAUSES,
    ElementSeconds,
    Navigator,
    SecondRule,
    SelectedSeconds,
    TableSeconds,
    ams_mounting,
    axis_rows,
    builtin_iss_elements,
)
from amsdipole.sky import teme_to_galactic
from amsdipole.threads import set_threads

START_S, LENGTH_S = 1.4e9, 6 * 3600.0
EDGES = np.array([16.0, 25.0, 40.0, 500.0])


def navigator() -> Navigator:
    frame = teme_to_galactic(START_S, START_S + LENGTH_S)
    dipole = eccentric_dipole_knots(igrf14(), START_S, START_S + LENGTH_S)
    return Navigator(ams_mounting(), CutoffRule(1.2, np.radians(25.0), 1), EDGES, frame, dipole)


def mission(first: float = 0.0, last: float = LENGTH_S) -> ElementSeconds:
    return ElementSeconds(builtin_iss_elements(), START_S + first, START_S + last, step_s=10.0, livetime_fraction=0.9)


def same(a, b) -> bool:
    fields = ("pixel", "cutoff_class", "units", "moment")
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in fields) and a.span_s == b.span_s


@pytest.fixture(scope="module")
def whole():
    return livetime_axes(mission(), navigator(), nside=64)


@pytest.mark.parametrize("frame", ["galactic", "earth_fixed"])
def test_a_mission_from_elements_and_its_table_give_the_same_bits(frame):
    table = TableSeconds(next(mission().blocks()))
    a, b = (livetime_axes(source, navigator(), nside=64, frame=frame) for source in (mission(), table))
    assert same(a, b)


class Pieces(TableSeconds):
    """A table that comes in blocks of 700 rows."""

    def blocks(self):
        for first in range(0, len(self.table), 700):
            yield self.table.rows(slice(first, first + 700))


@pytest.mark.parametrize("kind", ["elements", "table"])
@pytest.mark.parametrize("cuts", [(0, 2160), (0, 1, 2160), (0, 699, 700, 701, 2160), (0, 350, 1500, 2159, 2160)])
def test_rows_by_their_numbers_are_those_of_the_whole_mission(kind, cuts):
    source = mission() if kind == "elements" else Pieces(next(mission().blocks()))

    def columns(rows: tuple[int, int] | None) -> list[np.ndarray]:
        made = list(axis_rows(source, navigator(), rows=rows))
        return [np.concatenate([getattr(row, name) for row in made]) for name in ("time_s", "sky", "livetime_s")]

    parts = [columns(rows) for rows in pairwise(cuts)]
    assert [len(part[0]) for part in parts] == np.diff(cuts).tolist()
    for i, column in enumerate(columns(None)):
        np.testing.assert_array_equal(np.concatenate([part[i] for part in parts]), column)


def test_the_bits_do_not_depend_on_the_number_of_threads(whole):
    for n_thread in (1, 2, 7):
        set_threads(n_thread)
        assert same(livetime_axes(mission(), navigator(), nside=64), whole)
    set_threads(0)


def test_two_halves_merged_equal_the_whole(whole):
    halves = [livetime_axes(mission(*span), navigator(), nside=64) for span in ((0.0, 9000.0), (9000.0, LENGTH_S))]
    for order in (halves, halves[::-1]):
        merged = merged_axes(order)
        assert same(merged, whole)
        assert merged.budget == whole.budget


def test_the_same_half_twice_is_refused(whole):
    with pytest.raises(DataError, match="would be counted twice"):
        merged_axes([whole, whole])


def test_sums_made_otherwise_are_not_merged(whole):
    later = replace(whole, span_s=((whole.span_s[0][1], whole.span_s[0][1] + 1.0),), identity="other")
    with pytest.raises(DataError, match="identity"):
        merged_axes([whole, later])


def test_a_file_gives_back_the_same_integers(whole, tmp_path):
    write_axes(tmp_path / "axes.fits", whole)
    back = read_axes(tmp_path / "axes.fits")
    assert same(back, whole)
    assert (back.budget, back.identity, back.frame, back.nside) == (
        whole.budget, whole.identity, whole.frame, whole.nside,
    )  # fmt: skip
    np.testing.assert_array_equal(back.energy_edge_gev, EDGES)


def test_a_damaged_file_is_refused(whole, tmp_path):
    path = tmp_path / "axes.fits"
    write_axes(path, whole)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="no readable file of live times"):
        read_axes(path)
    path.write_bytes(bytes(data[: len(data) // 2]))
    with pytest.raises(DataError):
        read_axes(path)


def test_a_cube_stands_in_its_file_with_its_axes(tmp_path):
    from astropy.io import fits

    cube = livetime_cube(mission(), navigator(), nside=8, cos_edge=[0.9, 0.95, 1.0])
    write_cube(tmp_path / "cube.fits", cube)
    with fits.open(tmp_path / "cube.fits") as file:
        np.testing.assert_array_equal(file["CUBE"].data, cube.units)
        np.testing.assert_array_equal(file["ZENITH"].data["COS_EDGE"], [0.9, 0.95, 1.0])
    assert same(read_axes(tmp_path / "cube.fits"), cube.axes)


def test_the_budget_adds_up_to_all_rows(whole):
    rule = SecondRule(
        livetime_least=0.5,
        zenith_most_rad=float(np.radians(11.0)),
        interval_s=((START_S + 1000.0, START_S + LENGTH_S),),
        region_deg=((0.0, -60.0), (90.0, -60.0), (90.0, 60.0), (0.0, 60.0)),
    )
    loose = replace(rule, zenith_most_rad=float(np.radians(40.0)))
    source = SelectedSeconds(mission(), loose, ams_mounting())
    budget = livetime_axes(source, navigator(), nside=64).budget
    assert sum(budget.n_by_cause) == budget.n_row == 2160
    lost = dict(zip(CAUSES, budget.n_by_cause, strict=True))
    assert lost["interval"] == 100  # 1000 s in rows of 10 s
    assert all(lost[cause] > 0 for cause in ("good", "region", "not_live"))
    assert lost["zenith"] == lost["flags"] == 0
    assert sum(budget.livetime_units_by_cause) == sum(whole.budget.livetime_units_by_cause)
    assert budget.livetime_units_by_cause[0] == round(budget.live_s * 2**32)
    # The axis leans 12.0001 deg: a limit of 11 deg to the ellipsoid's vertical leaves almost nothing.
    with pytest.raises(DataError, match="the exposure is zero"):
        livetime_axes(SelectedSeconds(mission(), replace(rule, zenith_most_rad=0.1), ams_mounting()), navigator())


def test_events_and_exposure_select_the_same_seconds():
    rule = SecondRule(zenith_most_rad=float(np.radians(12.0)))
    source = SelectedSeconds(mission(), rule, ams_mounting())
    live = sum(float(block.livetime_fraction.sum()) * 10.0 for block in source.blocks())
    budget = livetime_axes(source, navigator(), nside=64).budget
    assert 0.0 < budget.live_s < 0.9 * LENGTH_S
    assert budget.live_s == pytest.approx(live, abs=1e-6)


def test_an_efficiency_weighs_each_second(whole):
    half = EfficiencyMap(np.full(12, 0.5), np.zeros(12), np.ones(12), np.zeros(12, dtype=np.int64))
    weighed = livetime_axes(mission(), navigator(), nside=64, efficiency=half)
    np.testing.assert_array_equal(2 * weighed.units, whole.units)


def test_coarser_axes_hold_the_same_livetime(whole):
    coarse = whole.coarser(8)
    assert coarse.units.sum() == whole.units.sum()
    np.testing.assert_array_equal(coarse.moment.sum(axis=0), whole.moment.sum(axis=0))
    np.testing.assert_array_equal(coarse.class_livetime_s(), whole.class_livetime_s())


def test_a_fold_agrees_with_the_sum_over_rows():
    from amsdipole.orbit import axis_rows
    from amsdipole.sky import pixel_centers

    geometry, center = ams_lepton_geometry(), pixel_centers(16)
    direct = np.zeros(len(center))
    for row in axis_rows(mission(), navigator()):
        for axis, live in zip(row.sky[row.cutoff_class == 0], row.livetime_s[row.cutoff_class == 0], strict=True):
            cosine = np.minimum(center @ axis, 1.0)
            seen = cosine > geometry.cos_least
            direct[seen] += live * geometry.area_m2(cosine[seen])
    direct /= geometry.acceptance_m2_sr
    axes = livetime_axes(mission(), navigator(), nside=256)
    found = exposure_map(axes, axis_response(geometry, pixel=None, axis=pixel_radius(256)), nside=16, energy_bin=0)
    # Six hours at ten seconds: each cell holds one row, so its disc is a blur that the rows do not have.
    assert np.abs(found - direct).max() < 2e-3 * direct.max()


def test_an_unknown_frame_is_refused():
    with pytest.raises(FrameError, match="frame = 'lunar'"):
        livetime_axes(mission(), navigator(), frame="lunar")
