"""Reference maps against folds written out: every cell of live time on every pixel of the finer grid."""

import re
from dataclasses import replace

import numpy as np
import pytest

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.exposure import (
    AcceptanceCurve,
    AcceptanceTable,
    AzimuthAcceptance,
    AzimuthAngles,
    LivetimeCube,
    expected_counts,
    exposure_map,
    spread_livetime,
    zenith_edges,
)
from amsdipole.exposure.acceptance_table import AngleTable
from amsdipole.exposure.axes import UNIT_S, LivetimeAxes, LivetimeBudget
from amsdipole.exposure.livetime import SPREAD_NSIDE, livetime_cube, spread_attitudes
from amsdipole.exposure.pixel_window import AxisResponse, axis_response, pixel_radius
from amsdipole.exposure.plane_response import PlaneResponse, plane_response
from amsdipole.exposure.reference import folded_attitudes, folded_axes, range_reference, shape_response
from amsdipole.models import power_law
from amsdipole.sky import pixel_centers, vector_to_pixel

EDGE = np.array([10.0, 20.0, 40.0])
CONE = AngleTable(np.array([0.8, 0.9, 1.0]), np.array([0.1, 0.4, 0.7]))
TURN = np.array([[0.0, -0.6, 0.8], [1.0, 0.0, 0.0], [0.0, 0.8, 0.6]])


def axes(nside: int, n_sector: int = 1) -> LivetimeAxes:
    """Six cells: three pixels, of which one holds all three classes, each with an axis of its own."""
    rng = np.random.default_rng(nside)
    pixel = np.array([7, 7, 7, 40, 90, 90]) * (nside // 4) ** 2
    classes = np.array([0, 1, 2, 1, 0, 2], dtype=np.uint8)
    live_s = np.array([40.0, 25.0, 90.0, 60.0, 35.0, 80.0])
    axis = pixel_centers(nside)[pixel] + 0.3 / nside * rng.normal(size=(6, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    side = np.cross(axis, rng.normal(size=(6, 3)))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    units = np.rint(live_s / UNIT_S).astype(np.int64)
    resolved = n_sector > 1
    return LivetimeAxes(
        frame="galactic",
        nside=nside,
        pixel=pixel,
        cutoff_class=classes,
        units=units,
        moment=np.rint(units[:, None] * axis).astype(np.int64),
        energy_edge_gev=EDGE,
        budget=LivetimeBudget(6, 400.0, float(live_s.sum()), (6, 0, 0, 0, 0, 0), (int(units.sum()),) + (0,) * 5, 0.0),
        span_s=((0.0, 400.0),),
        identity="made by hand",
        n_sector=n_sector,
        sector=np.array([0, 1, 2, 0, 0, 1], dtype=np.uint8) if resolved else None,
        side_moment=np.rint(units[:, None] * side).astype(np.int64) if resolved else None,
    )


def seen(axis: np.ndarray, response: AxisResponse, nside: int) -> np.ndarray:
    """Response at every centre to one axis."""
    cosine = pixel_centers(nside) @ axis
    knot = np.linspace(response.cos_least, 1.0, len(response.value))
    return np.where(cosine < response.cos_least, 0.0, np.interp(cosine, knot, response.value))


def parents(fine: int, coarse: int) -> np.ndarray:
    return vector_to_pixel(pixel_centers(fine), coarse)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("matrix", [None, TURN])
@pytest.mark.parametrize("nside", [2, 64, 128])
def test_a_shape_that_all_energies_share_is_folded_class_by_class(nside, matrix):
    made = axes(128)
    cube = LivetimeCube(made, nside, zenith_edges(CONE.cos_least, 4, nside=nside), matrix=matrix)
    curve = AcceptanceCurve(np.array([5.0, 100.0]), np.array([0.03, 0.03]))
    found = expected_counts(cube, flux=power_law(-3.0), acceptance=curve, geometry=CONE)
    fine = max(nside, 64)
    response = axis_response(CONE, pixel=pixel_radius(fine), axis=pixel_radius(128))
    turned = (
        made.moment / np.linalg.norm(made.moment, axis=1, keepdims=True) @ (np.eye(3) if matrix is None else matrix.T)
    )
    for b in range(2):
        held = np.flatnonzero(made.cutoff_class <= b)
        exposure = sum(made.units[i] * UNIT_S * seen(turned[i], response, fine) for i in held)
        # Integral of E^-3 from edge to edge; solid angle of a fine pixel.
        rate = 0.03 * (EDGE[b] ** -2 - EDGE[b + 1] ** -2) / 2
        wanted = np.bincount(parents(fine, nside), rate * 4 * np.pi / (12 * fine**2) * exposure, 12 * nside**2)
        # The table is read at places that differ by rounding, some 1e-12 of it.
        np.testing.assert_allclose(found[b], wanted, rtol=1e-9, atol=1e-12 * wanted.max())


def test_a_class_counts_however_short_its_livetime_is():
    made = axes(128)
    curve = AcceptanceCurve(np.array([5.0, 100.0]), np.array([0.03, 0.03]))

    def counts(part: int) -> np.ndarray:
        short = replace(made, units=made.units // part, moment=made.moment // part)
        cube = LivetimeCube(short, 16, zenith_edges(CONE.cos_least, 4, nside=16))
        return expected_counts(cube, flux=power_law(-3.0), acceptance=curve, geometry=CONE)

    # From 85 s in the second class to a third of a second; whole units of 2^-32 s leave 1e-8 of the directions.
    np.testing.assert_allclose(256 * counts(256), counts(1), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("matrix", [None, TURN])
@pytest.mark.parametrize("nside", [2, 64])
def test_a_shape_of_its_own_is_folded_for_every_energy(nside, matrix):
    made = axes(256)
    area = np.array([[0.1, 0.4, 0.7], [0.2, 0.4, 0.4]])
    table = AcceptanceTable(np.array([10.0, 40.0]), CONE.cos_zenith, area)
    flux = power_law(-3.0)
    cube = LivetimeCube(made, nside, zenith_edges(CONE.cos_least, 4, nside=nside), matrix=matrix)
    found = expected_counts(cube, flux=flux, acceptance=table.curve, geometry=table)
    turn = np.eye(3) if matrix is None else matrix
    # Below nside 64 the axes are joined to pixels of half a degree.
    axis_nside = 128 if nside < 64 else 256
    place = parents(256, axis_nside)[made.pixel]
    plain = AcceptanceCurve(np.array([5.0, 100.0]), np.array([1.0, 1.0]))
    for b in range(2):
        shape = table.shape(flux, EDGE[b], EDGE[b + 1])
        response = axis_response(shape, pixel=pixel_radius(64), axis=pixel_radius(axis_nside))
        exposure = np.zeros(12 * 64**2)
        for p in np.unique(place):
            cells = (place == p) & (made.cutoff_class <= b)
            if cells.any():
                axis = turn @ unit(made.moment[cells].sum(axis=0))
                exposure += made.units[cells].sum() * UNIT_S * seen(axis, response, 64)
        wanted = np.bincount(parents(64, nside), exposure, 12 * nside**2)
        # The integral of flux times acceptance, from the same fold with a shape that all energies share.
        once = [
            expected_counts(cube, flux=flux, acceptance=curve, geometry=CONE)[b].sum() for curve in (table.curve, plain)
        ]
        rate = once[0] / once[1] * (EDGE[b] ** -2 - EDGE[b + 1] ** -2) / 2
        wanted *= rate * 4 * np.pi / (12 * 64**2)
        np.testing.assert_allclose(found[b], wanted, rtol=1e-9, atol=1e-12 * wanted.max())


def skewed() -> AzimuthAngles:
    azimuth = np.radians(np.arange(0.0, 360.0, 30.0))
    area = CONE.area[:, None] * (1.0 + 0.5 * np.array([1.0, 0.6, 0.0])[:, None] * np.cos(azimuth))
    return AzimuthAngles(CONE.cos_zenith, azimuth, area)


def seen_in_plane(axis: np.ndarray, side: np.ndarray, response: PlaneResponse, nside: int) -> np.ndarray:
    """Response at every centre to one attitude: along the plane by weights of the four points around."""
    centre = pixel_centers(nside)
    even = seen(axis, AxisResponse(response.cos_least, response.value), nside)
    held = even > 0
    radius = np.sqrt(2.0 * np.maximum(1.0 - centre[held] @ axis, 0.0))
    azimuth = np.arctan2(centre[held] @ np.cross(axis, side), centre[held] @ side)
    last, rim = len(response.pattern) - 1, np.sqrt(2.0 * (1.0 - response.cos_least))
    p, q = (0.5 * last * (1.0 + radius / rim * f(azimuth)) for f in (np.cos, np.sin))
    i, j = (np.clip(x.astype(int), 0, last - 1) for x in (p, q))
    s, t = p - i, q - j
    z = response.pattern
    even[held] *= (z[j, i] * (1 - s) + z[j, i + 1] * s) * (1 - t) + (z[j + 1, i] * (1 - s) + z[j + 1, i + 1] * s) * t
    return even


@pytest.mark.parametrize("matrix", [None, TURN])
def test_a_response_by_azimuth_is_folded_with_the_roll(matrix):
    made = axes(128, n_sector=3)
    cube = LivetimeCube(made, 2, zenith_edges(CONE.cos_least, 4, nside=2), matrix=matrix)
    curve = AcceptanceCurve(np.array([5.0, 100.0]), np.array([0.03, 0.03]))
    found = expected_counts(cube, flux=power_law(-3.0), acceptance=curve, geometry=skewed())
    response = plane_response(skewed(), pixel=pixel_radius(64), axis=pixel_radius(128))
    turn = np.eye(3) if matrix is None else matrix
    exposure = np.zeros((2, 12 * 64**2))
    for i in range(6):
        axis = unit(made.moment[i])
        side = unit(made.side_moment[i] / made.units[i] - (made.side_moment[i] / made.units[i] @ axis) * axis)
        part = made.units[i] * UNIT_S * seen_in_plane(turn @ axis, turn @ side, response, 64)
        exposure[made.cutoff_class[i] :] += part
    for b in range(2):
        rate = 0.03 * (EDGE[b] ** -2 - EDGE[b + 1] ** -2) / 2
        wanted = np.bincount(parents(64, 2), rate * 4 * np.pi / (12 * 64**2) * exposure[b], 48)
        np.testing.assert_allclose(found[b], wanted, rtol=1e-9, atol=1e-12 * wanted.max())


def test_a_table_by_azimuth_that_does_not_change_with_energy_is_its_shape():
    made, shape = axes(128, n_sector=3), skewed()
    table = AzimuthAcceptance(EDGE, shape.cos_zenith, shape.azimuth_rad, np.tile(shape.area, (3, 1, 1)))
    cube = LivetimeCube(made, 64, zenith_edges(CONE.cos_least, 4, nside=64))
    flux, curve = power_law(-3.0), AcceptanceCurve(np.array([5.0, 100.0]), np.array([0.03, 0.03]))
    by_table, by_shape = (expected_counts(cube, flux=flux, acceptance=curve, geometry=g) for g in (table, shape))
    np.testing.assert_allclose(by_table, by_shape, rtol=1e-9, atol=1e-12 * by_shape.max())


def test_a_response_by_azimuth_needs_sums_that_resolve_the_roll():
    cube = LivetimeCube(axes(128), 2, zenith_edges(CONE.cos_least, 4, nside=2))
    curve = AcceptanceCurve(np.array([5.0, 100.0]), np.array([0.03, 0.03]))
    with pytest.raises(DataError, match="do not resolve the roll"):
        expected_counts(cube, flux=power_law(-3.0), acceptance=curve, geometry=skewed())


def test_a_bin_is_exposed_in_the_classes_up_to_its_own():
    made, response = axes(128), AxisResponse(0.7, np.array([1.0, 2.0, 5.0]))
    for b in range(3):
        wanted = np.zeros(768)
        for p in np.unique(made.pixel):
            cells = (made.pixel == p) & (made.cutoff_class <= b)
            if cells.any():
                wanted += made.units[cells].sum() * UNIT_S * seen(unit(made.moment[cells].sum(axis=0)), response, 8)
        found = exposure_map(made, response, nside=8, energy_bin=b)
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_classes_count_by_their_weights():
    made, response = axes(128), AxisResponse(0.7, np.array([1.0, 2.0, 5.0]))
    weight = np.array([0.5, 0.0, 3.0])
    wanted = np.zeros(768)
    for p in np.unique(made.pixel):
        cells = (made.pixel == p) & (weight[made.cutoff_class] > 0)
        if cells.any():
            share = weight[made.cutoff_class[cells]]
            axis = unit((made.moment[cells] * share[:, None]).sum(axis=0))
            wanted += (made.units[cells] * share).sum() * UNIT_S * seen(TURN @ axis, response, 8)
    found = range_reference(made, response, nside=8, class_weight=weight, matrix=TURN)
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_the_response_is_averaged_over_the_pixels_that_it_is_folded_with():
    plain = shape_response(CONE, nside=32, axis_nside=128)
    wanted = axis_response(CONE, pixel=pixel_radius(32), axis=pixel_radius(128))
    assert isinstance(plain, AxisResponse)
    assert plain.cos_least == wanted.cos_least
    np.testing.assert_array_equal(plain.value, wanted.value)
    turned = shape_response(skewed(), nside=32, axis_nside=128)
    other = plane_response(skewed(), pixel=pixel_radius(32), axis=pixel_radius(128))
    assert isinstance(turned, PlaneResponse)
    assert turned.cos_least == other.cos_least
    np.testing.assert_array_equal(turned.value, other.value)
    np.testing.assert_array_equal(turned.pattern, other.pattern)
    with pytest.raises(RangeError, match="nside = 0"):
        shape_response(CONE, nside=0, axis_nside=128)
    with pytest.raises(RangeError, match="nside = 0"):
        shape_response(CONE, nside=32, axis_nside=0)


UP, X = np.array([[0.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]])
CAP = AxisResponse(0.5, np.ones(2))
AHEAD = PlaneResponse(0.5, np.ones(2), np.array([[0.0, 1.0], [0.0, 1.0]]))


@pytest.mark.parametrize(
    ("axis", "side", "weight", "response", "message"),
    [
        (UP[0], X, [1.0], AHEAD, "axis has shape (3,); (n, 3) is wanted"),
        (UP, X[0], [1.0], AHEAD, "side has shape (3,); (n, 3) is wanted"),
        (UP, X, 1.0, AHEAD, "weight has shape (); (n,) is wanted"),
        (UP, X, [1.0], PlaneResponse(0.5, np.ones((2, 2)), AHEAD.pattern), "response has shape (2, 2); (n,) is wanted"),
        (UP, X, [1.0], PlaneResponse(0.5, np.ones(2), np.ones(4)), "pattern has shape (4,); (n, n) is wanted"),
        (UP, X, [1.0, 2.0], AHEAD, "weight has length 2; 1 is wanted"),
    ],
)
def test_attitudes_that_cannot_be_folded_are_refused_by_name(axis, side, weight, response, message):
    with pytest.raises(ShapeError, match="^" + re.escape(message)):
        folded_attitudes(axis, side, weight, response, nside=1)


def test_axes_that_cannot_be_folded_are_refused_by_name():
    with pytest.raises(ShapeError, match=re.escape("axis has shape (3,); (n, 3) is wanted")):
        folded_axes(UP[0], [1.0], CAP, nside=1)
    with pytest.raises(ShapeError, match=re.escape("weight has shape (); (n,) is wanted")):
        folded_axes(UP, 1.0, CAP, nside=1)
    with pytest.raises(RangeError, match="nside = 3"):
        folded_axes(UP, [1.0], CAP, nside=3)


@pytest.mark.parametrize("matrix", [None, TURN])
def test_a_cube_is_spread_from_the_mean_axes_of_half_a_degree(matrix):
    made = axes(256, n_sector=3)
    cube = LivetimeCube(made, 8, np.array([0.7, 0.9, 1.0]), matrix=matrix)
    turn = np.eye(3) if matrix is None else matrix
    wanted = np.zeros((768, 2, 3), dtype=np.int64)
    place = parents(256, SPREAD_NSIDE)[made.pixel]
    for p in np.unique(place):
        cells = place == p
        cosine = pixel_centers(8) @ (turn @ unit(made.moment[cells].sum(axis=0)))
        for c in range(3):
            live = made.units[cells & (made.cutoff_class == c)].sum()
            wanted[:, 0, c] += live * ((cosine >= 0.7) & (cosine < 0.9))
            wanted[:, 1, c] += live * (cosine >= 0.9)
    np.testing.assert_array_equal(cube.units, wanted)
    np.testing.assert_array_equal(cube.livetime_s(0), wanted[:, :, 0] * UNIT_S)
    np.testing.assert_array_equal(cube.livetime_s(1), wanted[:, :, :2].sum(axis=2) * UNIT_S)
    np.testing.assert_allclose(cube.class_livetime_s, [75.0, 85.0, 170.0])
    np.testing.assert_allclose(cube.open_livetime_s(), [75.0, 160.0])
    assert cube.energy_edge_gev is made.energy_edge_gev
    assert cube.budget is made.budget


@pytest.mark.parametrize(("cos_least", "n_bin", "nside"), [(0.8, 3, 64), (0.0, 1, 1), (-0.99, 1000, 16)])
def test_zenith_edges_reach_beyond_the_view_by_both_pixels(cos_least, n_bin, nside):
    found = zenith_edges(cos_least, n_bin, nside=nside)
    angle = np.arccos(cos_least) + pixel_radius(nside).greatest + pixel_radius(128).greatest
    low = -1.0 if angle > np.pi else np.cos(angle)
    np.testing.assert_allclose(found, low + (1.0 - low) * np.arange(n_bin + 1) / n_bin, atol=1e-15)
    assert found[-1] == 1.0


def test_zenith_edges_that_make_no_sense_are_refused_by_name():
    for arguments, message in (
        ((1.0, 2, 8), "cos_least = 1.0 is outside [-1.0, 1.0)"),
        ((-1.1, 2, 8), "cos_least = -1.1 is outside [-1.0, 1.0)"),
        ((0.5, 0, 8), "n_bin = 0 is no whole number in [1, 1000]"),
        ((0.5, 1001, 8), "n_bin = 1001 is no whole number in [1, 1000]"),
        ((0.5, 2, 0), "nside = 0 is no whole number in [1, 8192]"),
    ):
        with pytest.raises(RangeError, match="^" + re.escape(message)):
            zenith_edges(arguments[0], arguments[1], nside=arguments[2])
    assert zenith_edges(-1.0, 1, nside=8).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axis": UP[0]}, "axis has shape (3,); (n, 3) is wanted"),
        ({"side": X[0]}, "side has shape (3,); (n, 3) is wanted"),
        ({"units": [5]}, "units has shape (1,); (n, n) is wanted"),
        ({"cos_edge": [[0.5, 1.0]]}, "cos_edge has shape (1, 2); (n,) is wanted"),
    ],
)
def test_attitudes_that_cannot_be_spread_are_refused_by_name(changes, message):
    given = {"axis": UP, "side": X, "units": [[5]], "cos_edge": [0.5, 1.0]} | changes
    arrays = [given.pop(name) for name in ("axis", "side", "units")]
    with pytest.raises(ShapeError, match="^" + re.escape(message)):
        spread_attitudes(*arrays, nside=1, n_azimuth=2, **given)


def test_attitudes_are_spread_by_the_azimuth_at_which_a_pixel_is_seen():
    found = spread_attitudes(UP, X, [[5, 0, 7]], nside=4, cos_edge=[0.0, 0.6, 1.0], n_azimuth=6)
    assert found.shape == (192, 2, 6, 3)
    for pixel, (x, y, z) in enumerate(pixel_centers(4)):
        wanted = np.zeros((2, 6, 3), dtype=int)
        if z >= 0.0:
            wanted[int(z >= 0.6), int(np.arctan2(y, x) % (2 * np.pi) / (np.pi / 3))] = [5, 0, 7]
        np.testing.assert_array_equal(found[pixel], wanted)
    plain = spread_livetime(UP, [[5, 0, 7]], nside=4, cos_edge=[0.0, 0.6, 1.0])
    np.testing.assert_array_equal(plain, found.sum(axis=2))


def test_a_bad_choice_is_refused_before_any_second_is_read():
    class Unread:
        def blocks(self):
            raise AssertionError("read")

    class Bins:
        energy_edge_gev = EDGE

    for edge, message in (([[0.5, 1.0]], "cos_edge has shape"), ([0.5, np.nan], r"cos_edge\[1\] = nan")):
        with pytest.raises((ShapeError, RangeError), match=message):
            livetime_cube(Unread(), Bins(), nside=8, cos_edge=edge)
    with pytest.raises(RangeError, match="nside = 3"):
        livetime_cube(Unread(), Bins(), nside=3, cos_edge=[0.5, 1.0])
    with pytest.raises(DataError, match="cos_edge"):
        livetime_cube(Unread(), Bins(), nside=8, cos_edge=[0.7, 0.5])
