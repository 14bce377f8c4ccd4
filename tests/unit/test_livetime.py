import numpy as np
import pytest

from amsdipole.errors import DataError, OverflowedError, RangeError, ShapeError
from amsdipole.exposure import EfficiencyMap, LivetimeCube, livetime_axes, livetime_cube, spread_livetime
from amsdipole.exposure.axes import UNIT_S
from amsdipole.exposure.axis_pass import AxisLivetime
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.orbit import ElementSeconds, Navigator, TableSeconds, ams_mounting, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic

START_S, LENGTH_S = 1.4e9, 6 * 3600.0
EDGES = np.array([16.0, 25.0, 40.0, 500.0])
COS_EDGE = np.linspace(0.85, 1.0, 7)


def navigator(factor: float = 1.2) -> Navigator:
    frame = teme_to_galactic(START_S, START_S + LENGTH_S)
    dipole = eccentric_dipole_knots(igrf14(), START_S, START_S + LENGTH_S)
    return Navigator(ams_mounting(), CutoffRule(factor, np.radians(25.0), 1), EDGES, frame, dipole)


def mission(step_s: float = 10.0, livetime: float = 0.9) -> ElementSeconds:
    return ElementSeconds(
        builtin_iss_elements(), START_S, START_S + LENGTH_S, step_s=step_s, livetime_fraction=livetime
    )


@pytest.fixture(scope="module")
def cube() -> LivetimeCube:
    return livetime_cube(mission(), navigator(), nside=16, cos_edge=COS_EDGE)


def test_all_livetime_is_accounted_for(cube):
    live = sum(float((block.livetime_fraction * block.step_s).sum()) for block in mission().blocks())
    # Each of 2160 rows is rounded to 2^-32 s.
    assert cube.budget.live_s == pytest.approx(live, abs=2160 * UNIT_S)
    assert cube.class_livetime_s.sum() == pytest.approx(live, abs=2160 * UNIT_S)
    assert (cube.budget.n_row, cube.budget.total_s) == (2160, LENGTH_S)


def test_each_pixel_has_the_livetime_of_the_axes_that_see_it(cube):
    # The mean over pixels is the mission's live time times the share of the sphere in view.
    seen = cube.units.sum() * UNIT_S / len(cube.units)
    share = (1.0 - COS_EDGE[0]) / 2.0
    # nside 16 counts centres in a cone of 32 deg: 1 % where the rim cuts pixels 3.7 deg wide, averaged over axes.
    assert seen == pytest.approx(cube.budget.live_s * share, rel=3e-3)


def test_a_bin_is_open_in_the_classes_up_to_its_own(cube):
    for b in range(3):
        np.testing.assert_array_equal(cube.livetime_s(b), cube.units[:, :, : b + 1].sum(axis=2) * UNIT_S)
    assert np.all(np.diff(cube.open_livetime_s()) >= 0)


def test_a_higher_energy_is_open_longer_and_closed_near_the_geomagnetic_equator(cube):
    open_s = cube.open_livetime_s()
    assert open_s[0] < open_s[1] <= open_s[2] == pytest.approx(cube.budget.live_s)


def test_a_factor_of_zero_opens_everything():
    cube = livetime_cube(mission(60.0), navigator(0.0), nside=4, cos_edge=COS_EDGE)
    assert cube.class_livetime_s[1:].sum() == 0.0


def test_the_cube_does_not_depend_on_how_rows_come_in_blocks(cube):
    table = next(mission().blocks())

    class Pieces(TableSeconds):
        def blocks(self):
            for first in range(0, len(self.table), 101):
                yield self.table.rows(slice(first, first + 101))

    pieces = livetime_cube(Pieces(table), navigator(), nside=16, cos_edge=COS_EDGE)
    np.testing.assert_array_equal(pieces.units, cube.units)


def test_the_sums_of_a_cube_are_made_with_its_choices():
    half = EfficiencyMap(np.full(12, 0.5), np.zeros(12), np.ones(12), np.zeros(12, dtype=np.int64))
    made = livetime_cube(mission(60.0), navigator(), nside=4, cos_edge=COS_EDGE, n_sector=4, efficiency=half).axes
    wanted = livetime_axes(mission(60.0), navigator(), n_sector=4, efficiency=half)
    assert made.n_sector == 4
    np.testing.assert_array_equal(made.units, wanted.units)
    np.testing.assert_array_equal(made.sector, wanted.sector)
    plain = livetime_cube(mission(60.0), navigator(), nside=4, cos_edge=COS_EDGE)
    assert (plain.axes.n_sector, plain.axes.sector) == (1, None)
    assert made.units.sum() == pytest.approx(plain.axes.units.sum() / 2, rel=1e-6)


def test_progress_is_told_in_rows():
    told: list[int] = []
    livetime_cube(mission(60.0), navigator(), nside=4, cos_edge=COS_EDGE, progress=told.append)
    assert told == [360]


def test_a_mission_that_is_never_live_is_refused():
    with pytest.raises(DataError, match="the exposure is zero: no second is live with an energy bin open"):
        livetime_cube(mission(livetime=0.0), navigator(), nside=4, cos_edge=COS_EDGE)


def test_a_mission_below_the_cutoff_throughout_is_refused():
    with pytest.raises(DataError, match="the exposure is zero"):
        livetime_cube(mission(60.0), navigator(100.0), nside=4, cos_edge=COS_EDGE)


@pytest.mark.parametrize("nside", [0, 3, 100, 16384])
def test_a_bad_nside_is_refused_before_the_seconds_are_read(nside):
    class Unread(ElementSeconds):
        def blocks(self):
            raise AssertionError("the seconds were read")

    seconds = Unread(builtin_iss_elements(), START_S, START_S + 60.0)
    with pytest.raises(RangeError, match=rf"nside = {nside}: a power of two from 1 to 8192 is wanted"):
        livetime_cube(seconds, navigator(), nside=nside, cos_edge=COS_EDGE)


@pytest.mark.parametrize(
    ("edges", "kind", "message"),
    [
        ([0.9], ShapeError, r"cos_edge has length 1; 2 or more is wanted"),
        ([0.9, 0.8], DataError, r"cos_edge\[1\] = 0\.8 does not come after cos_edge\[0\] = 0\.9"),
        ([0.9, 1.1], RangeError, r"cos_edge\[1\] = 1\.1 is outside \[-1, 1\]"),
        ([0.9, np.nan], RangeError, r"cos_edge\[1\] = nan is not finite"),
    ],
)
def test_bad_zenith_edges_are_refused(edges, kind, message):
    with pytest.raises(kind, match=message):
        livetime_cube(mission(60.0), navigator(), nside=4, cos_edge=edges)


def test_an_axis_is_spread_over_the_pixels_in_view_and_no_others():
    axis = np.array([0.6, 0.0, 0.8])
    units = spread_livetime([axis], [[5, 7]], nside=32, cos_edge=[0.9, 0.95, 1.0])
    cosine = pixel_centers(32) @ axis
    np.testing.assert_array_equal(units[:, 0, 0], 5 * ((cosine >= 0.9) & (cosine < 0.95)))
    np.testing.assert_array_equal(units[:, 1, 1], 7 * (cosine >= 0.95))


def test_no_axes_give_no_livetime():
    assert not spread_livetime(np.zeros((0, 3)), np.zeros((0, 2), dtype=np.int64), nside=2, cos_edge=[0.0, 1.0]).any()


@pytest.mark.parametrize(
    ("axis", "units", "kind", "message"),
    [
        ([[0.0, 0.0, 2.0]], [[1]], RangeError, r"axis\[0\] = \[0\.0, 0\.0, 2\.0\].*a unit vector is wanted"),
        ([[0.0, 0.0, np.nan]], [[1]], RangeError, r"axis\[0\] = .*NaN"),
        ([[0.0, 0.0, 1.0]], [[-1]], RangeError, r"units\[0\] = -1"),
        ([[0.0, 0.0, 1.0]], [[1], [1]], ShapeError, r"units has length 2; 1 is wanted"),
        ([[0.0, 0.0, 1.0]], [[1.5]], ShapeError, r"units has dtype float64; integers are wanted"),
        ([[0.0, 0.0, 1.0]] * 2, [[2**62], [2**62]], OverflowedError, r"units"),
    ],
)
def test_bad_axes_are_refused(axis, units, kind, message):
    with pytest.raises(kind, match=message):
        spread_livetime(axis, units, nside=2, cos_edge=[0.0, 1.0])


def test_a_second_of_livetime_is_2_to_32_units():
    sums = AxisLivetime(1, 1)
    sums.add(np.array([[0.0, 0.0, 1.0]]), np.array([0.75]), np.zeros(1, dtype=np.uint8))
    assert sums.sums()[2].sum() == 3 * 2**30
