"""Acceptance that depends on azimuth, and sums that resolve the roll."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.exposure import (
    AcceptanceTable,
    AzimuthAcceptance,
    AzimuthAngles,
    AzimuthCube,
    LivetimeCube,
    ams_lepton_geometry,
    drawn_directions,
    exposure_map,
    livetime_axes,
    livetime_axes_in,
    merged_axes,
    plane_response,
    range_fold,
    read_acceptance,
    read_axes,
    write_axes,
    write_cube,
)
from amsdipole.exposure.pixel_window import axis_response, pixel_radius
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.models import power_law
from amsdipole.orbit import ElementSeconds, Navigator, TableSeconds, ams_mounting, axis_rows, builtin_iss_elements
from amsdipole.sky import pixel_centers, teme_to_galactic
from amsdipole.threads import set_threads

START_S, LENGTH_S = 1.4e9, 6 * 3600.0
EDGES = np.array([16.0, 25.0, 40.0, 500.0])
CELLS = ("pixel", "sector", "cutoff_class", "units", "moment", "side_moment")
DISCS = ams_lepton_geometry()


def navigator() -> Navigator:
    frame = teme_to_galactic(START_S, START_S + LENGTH_S)
    dipole = eccentric_dipole_knots(igrf14(), START_S, START_S + LENGTH_S)
    return Navigator(ams_mounting(), CutoffRule(1.2, np.radians(25.0), 1), EDGES, frame, dipole)


def mission(first: float = 0.0, last: float = LENGTH_S) -> ElementSeconds:
    return ElementSeconds(builtin_iss_elements(), START_S + first, START_S + last, step_s=10.0, livetime_fraction=0.9)


def skew(amount: float = 0.4) -> AzimuthAngles:
    cosine = np.append(np.linspace(DISCS.cos_least, 1.0, 101)[:-1], 1.0)
    azimuth = np.radians(np.arange(0.0, 360.0, 10.0))
    out = np.sqrt((1.0 - cosine**2) / (1.0 - DISCS.cos_least**2))[:, None]
    return AzimuthAngles(cosine, azimuth, DISCS.area_m2(cosine)[:, None] * (1.0 + amount * out * np.cos(azimuth)))


def same(a, b) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in CELLS) and a.span_s == b.span_s


@pytest.fixture(scope="module")
def whole():
    return livetime_axes(mission(), navigator(), nside=64, n_sector=24)


@pytest.mark.parametrize("frame", ["galactic", "earth_fixed"])
def test_a_mission_from_elements_and_its_table_have_the_same_rolls(frame):
    table = TableSeconds(next(mission().blocks()))
    a, b = (livetime_axes(source, navigator(), nside=64, frame=frame, n_sector=24) for source in (mission(), table))
    assert same(a, b)


def test_sides_are_the_columns_of_the_rotations():
    rows = next(axis_rows(mission(), navigator(), sides=True))
    table = next(mission().blocks())
    navigation = navigator()(table)
    turned = navigation.rotation[:, :, 0] + np.cross(navigation.rate, navigation.rotation[:, :, 0]) * 5.0
    # First order of a turn by 0.0057: half its square is left.
    np.testing.assert_allclose(rows.sky_side, turned, atol=2e-5)


def test_sectors_added_up_are_the_sums_without_them(whole):
    plain, joined = livetime_axes(mission(), navigator(), nside=64), whole.without_roll()
    for name in ("pixel", "cutoff_class", "units", "moment"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(plain, name))
    assert plain.without_roll() is plain


def test_rolls_do_not_depend_on_the_number_of_threads(whole):
    for n_thread in (1, 2, 7):
        set_threads(n_thread)
        assert same(livetime_axes(mission(), navigator(), nside=64, n_sector=24), whole)
    set_threads(0)


def test_two_halves_with_rolls_merged_equal_the_whole(whole):
    spans = ((0.0, 9000.0), (9000.0, LENGTH_S))
    halves = [livetime_axes(mission(*span), navigator(), nside=64, n_sector=24) for span in spans]
    assert same(merged_axes(halves), whole)
    assert same(merged_axes(halves[::-1]), whole)
    with pytest.raises(DataError, match="n_sector = 8 differs from 24"):
        merged_axes([halves[0], livetime_axes(mission(*spans[1]), navigator(), nside=64, n_sector=8)])


def test_coarser_pixels_keep_live_time_and_moments(whole):
    coarse = whole.coarser(8)
    assert coarse.units.sum() == whole.units.sum()
    np.testing.assert_array_equal(coarse.side_moment.sum(axis=0), whole.side_moment.sum(axis=0))
    assert len(coarse.pixel) < len(whole.pixel)


def test_rolls_survive_a_file(whole, tmp_path):
    write_axes(tmp_path / "a.fits", whole)
    assert same(read_axes(tmp_path / "a.fits"), whole)


def test_an_even_acceptance_folds_as_one_without_azimuth(whole):
    even = skew(0.0)
    radius = pixel_radius(64)
    a = exposure_map(whole, plane_response(even, pixel=radius, axis=radius), nside=16, energy_bin=1)
    b = exposure_map(whole, axis_response(even.mean, pixel=radius, axis=radius), nside=16, energy_bin=1)
    # Axes are joined over rolls in one and not in the other, and the plane has points every 0.2 deg.
    np.testing.assert_allclose(a, b, atol=2e-3 * b.max())


def test_a_skew_acceptance_is_that_of_a_direct_sum(whole):
    shape, center = skew(), pixel_centers(16)
    direct = np.zeros(len(center))
    for row in axis_rows(mission(), navigator(), sides=True):
        for i in np.flatnonzero((row.livetime_s > 0.0) & (row.cutoff_class <= 1)):
            axis, side = row.sky[i], row.sky_side[i]
            azimuth = np.arctan2(center @ np.cross(axis, side), center @ side)
            direct += row.livetime_s[i] * shape.area_m2(np.minimum(center @ axis, 1.0), azimuth)
    direct /= shape.acceptance_m2_sr
    response = plane_response(shape, pixel=None, axis=pixel_radius(64))
    found = exposure_map(whole, response, nside=16, energy_bin=1)
    # Six hours in pixels of axes of 0.9 deg: two per cent of the greatest; azimuth ignored it would be some 40 %.
    np.testing.assert_allclose(found, direct, atol=2e-2 * direct.max())
    ignored = exposure_map(
        whole.without_roll(), axis_response(shape.mean, pixel=None, axis=pixel_radius(64)), nside=16, energy_bin=1
    )
    assert np.abs(ignored - direct).max() > 0.1 * direct.max()


def test_frames_are_turned_with_their_rolls(whole):
    shape, turn = skew(), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    fold = range_fold(flux=power_law(3.0), acceptance=_curve(), geometry=shape, energy_edge_gev=EDGES, low_gev=16.0)
    here, there = fold(whole, nside=32), fold(whole, nside=32, matrix=turn)
    center = pixel_centers(32)
    mean, turned = (m @ center / m.sum() for m in (here, there))
    # Two grids of 1.8 deg sample one map.
    np.testing.assert_allclose(turn @ mean, turned, atol=2e-4)


def _curve():
    return AzimuthAcceptance(
        np.array([10.0, 1000.0]), skew().cos_zenith, skew().azimuth_rad, np.stack([skew().area] * 2)
    ).curve


def test_an_acceptance_with_azimuth_wants_rolls():
    plain = livetime_axes(mission(), navigator(), nside=64)
    with pytest.raises(DataError, match="do not resolve the roll"):
        exposure_map(plain, plane_response(skew(), pixel=None, axis=None), nside=8, energy_bin=0)
    with pytest.raises(RangeError, match="n_sector"):
        livetime_axes(mission(), navigator(), n_sector=0)


def test_halves_add_up_to_the_view(whole):
    shape = skew()
    acceptance = shape.acceptance_m2_sr
    parts = [shape.half(toward) for toward in (0.0, np.pi)]
    maps = [
        exposure_map(
            whole,
            plane_response(part, pixel=pixel_radius(16), axis=pixel_radius(64), scale_m2_sr=acceptance),
            nside=16,
            energy_bin=1,
        )
        for part in parts
    ]
    view = exposure_map(
        whole, plane_response(shape, pixel=pixel_radius(16), axis=pixel_radius(64)), nside=16, energy_bin=1
    )
    # The halves stand on azimuths of half a degree.
    np.testing.assert_allclose(sum(maps), view, atol=2e-3 * view.max())


def test_the_cube_by_azimuth_adds_up_to_the_cube(whole, tmp_path):
    edge = np.array([0.9, 0.95, 1.0])
    # Rows whose roll is resolved stand at other mean axes: with all directions in the last bin the sums are the same.
    full = np.array([-1.0, 1.0])
    by_azimuth = AzimuthCube(whole, 8, full, 6).units.sum(axis=2)
    np.testing.assert_array_equal(by_azimuth, LivetimeCube(whole, 8, full).units)
    cube = AzimuthCube(whole, 8, edge, 6)
    assert cube.units.shape == (768, 2, 6, 4)
    assert cube.livetime_s(1).shape == (768, 2, 6)
    write_cube(tmp_path / "cube.fits", cube)
    from astropy.io import fits

    with fits.open(tmp_path / "cube.fits") as file:
        np.testing.assert_array_equal(file["CUBE"].data, cube.units)
        assert file["CUBE"].header["CTYPE2"] == "AZIMUTH"
        assert file["CUBE"].header["CDELT2"] == 60.0
    with pytest.raises(RangeError, match="entries"):
        AzimuthCube(replace(whole, energy_edge_gev=np.arange(1.0, 201.0)), 256, edge, 200)


def table(path, **spoil) -> str:
    cosine, azimuth, energy = np.array([0.8, 0.9, 1.0]), np.array([0.0, 120.0, 240.0]), np.array([10.0, 100.0])
    e, c, a = (v.ravel() for v in np.meshgrid(energy, cosine, azimuth, indexing="ij"))
    area = e * (1.0 + (1.0 - c) * np.cos(np.radians(a)))
    values = {"energy_gev": e, "cos_zenith": c, "azimuth_deg": a, "area_m2": area}
    for name, (row, value) in spoil.items():
        values[name][row] = value
    pyarrow.csv.write_csv(pa.table(values), path)
    return str(path)


def test_a_table_with_azimuths_is_read(tmp_path):
    found = read_acceptance(table(tmp_path / "a.csv"))
    assert isinstance(found, AzimuthAcceptance)
    assert found.area.shape == (2, 3, 3)
    shape = found.shape(power_law(3.0), 10.0, 100.0)
    assert shape.area_m2(0.8, 0.0) > shape.area_m2(0.8, np.pi)
    # Between 240 and 360 deg lies the first azimuth again.
    middle = (shape.area_m2(0.8, np.radians(240.0)) + shape.area_m2(0.8, 0.0)) / 2.0
    assert shape.area_m2(0.8, np.radians(300.0)) == pytest.approx(middle, rel=1e-12)
    assert isinstance(found.mean, AcceptanceTable)
    # Its mean over azimuth is the energy's own area, as the cosine adds up to nothing.
    np.testing.assert_allclose(found.mean.area, found.energy_gev[:, None] * np.ones(3), rtol=1e-12)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"area_m2": (1, -0.1)}, r"area_m2\[0, 0, 1\] = -0\.1 is outside \[0, inf\)"),
        ({"azimuth_deg": (0, 360.0)}, "is there 0 times|outside"),
        ({"area_m2": (7, 99.0)}, "along the axis differ"),
        ({"cos_zenith": (0, 0.85)}, "is there 0 times; once is wanted"),
    ],
)
def test_a_table_with_azimuths_at_fault_is_refused(tmp_path, spoil, message):
    with pytest.raises((DataError, RangeError), match=message):
        read_acceptance(table(tmp_path / "a.csv", **spoil))


def test_two_azimuths_are_too_few():
    with pytest.raises(ShapeError, match="3 or more"):
        AzimuthAcceptance(np.array([1.0, 2.0]), np.array([0.5, 1.0]), np.array([0.0, 1.0]), np.ones((2, 2, 2)))


def test_directions_are_drawn_by_azimuth():
    rng = np.random.default_rng(3)
    direction = drawn_directions(skew(), rng.random(200_000), rng.random(200_000))
    mean, wanted = direction.mean(axis=0), skew().mean_direction
    # The error of a mean of components of 0.2 is 5e-4; four of them.
    np.testing.assert_allclose(mean, wanted, atol=2e-3)
    assert wanted[0] > 0.02


def test_sums_in_two_frames_hold_the_same_time():
    made = livetime_axes_in(mission(), navigator(), nside=32, n_sector=12)
    assert made["galactic"].units.sum() == made["earth_fixed"].units.sum()
