import numpy as np
import pytest

from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.exposure import AMS_LEPTON_ACCEPTANCE, AcceptanceCurve, TwoDiscs, ams_lepton_geometry, zenith_edges
from amsdipole.sky import pixel_to_vector, vector_to_pixel


def coaxial_discs(r1: float, r2: float, distance: float) -> float:
    """Acceptance of two coaxial discs [m^2 sr], Sullivan 1971 (Nucl. Instrum. Meth. 95, 5), equation 8."""
    total = r1**2 + r2**2 + distance**2
    return float(np.pi**2 / 2.0 * (total - np.sqrt(total**2 - 4.0 * r1**2 * r2**2)))


@pytest.mark.parametrize(
    ("r1", "r2", "distance"), [(1, 1, 1), (0.5, 0.5, 3), (0.2, 1, 0.7), (1, 0.2, 0.7), (1, 1, 0.1)]
)
def test_the_acceptance_of_two_discs_is_that_of_sullivan(r1, r2, distance):
    # What the quadrature leaves, as it states: 1e-7, and 2e-6 for equal discs.
    assert TwoDiscs(r1, r2, distance).acceptance_m2_sr == pytest.approx(
        coaxial_discs(r1, r2, distance), rel=3e-6 if r1 == r2 else 3e-7
    )


def test_the_acceptance_of_the_model_of_ams_is_that_of_sullivan():
    g = ams_lepton_geometry()
    wanted = coaxial_discs(g.upper_radius_m, g.lower_radius_m, g.distance_m)
    assert g.acceptance_m2_sr == pytest.approx(wanted, rel=1e-6)


def test_the_area_is_that_of_a_monte_carlo():
    g = ams_lepton_geometry()
    rng = np.random.default_rng(1)
    n = 400_000
    radius, phi = g.upper_radius_m * np.sqrt(rng.random(n)), rng.uniform(0, 2 * np.pi, n)
    x, y = radius * np.cos(phi), radius * np.sin(phi)
    for cosine in (1.0, 0.98, 0.95, 0.92):
        shift = g.distance_m * np.sqrt(1 - cosine**2) / cosine
        share = np.mean((x + shift) ** 2 + y**2 < g.lower_radius_m**2)
        error = np.sqrt(share * (1 - share) / n) * np.pi * g.upper_radius_m**2 * cosine
        found = g.area_m2(cosine)[0]
        assert abs(found - share * np.pi * g.upper_radius_m**2 * cosine) < 4.0 * error + 1e-12


def test_discs_seen_from_above_have_the_area_of_the_smaller():
    assert TwoDiscs(1.0, 0.5, 2.0).area_m2(1.0)[0] == pytest.approx(np.pi * 0.25, rel=1e-15)


def test_nothing_is_seen_beyond_the_greatest_angle():
    g = TwoDiscs(1.0, 0.5, 2.0)
    assert g.cos_least == pytest.approx(np.cos(np.arctan(1.5 / 2.0)), rel=1e-15)
    assert g.area_m2(g.cos_least * (1 - 1e-9))[0] == pytest.approx(0.0, abs=1e-12)
    assert g.area_m2(g.cos_least * (1 + 1e-3))[0] > 0.0


def test_the_density_integrates_to_one():
    g = ams_lepton_geometry()
    edge = np.linspace(0.8, 1.0, 41)  # wider than the field of view
    assert (g.density_per_sr(edge) * np.diff(edge)).sum() * 2 * np.pi == pytest.approx(1.0, rel=1e-6)


def test_the_density_is_highest_along_the_axis():
    density = ams_lepton_geometry().density_per_sr(np.linspace(ams_lepton_geometry().cos_least, 1.0, 21))
    assert np.all(np.diff(density) >= 0)


def test_ams_sees_leptons_to_26_degrees():
    # Method, section 3.4: the ECAL limits e+ and e- to 25 to 27 deg.
    assert 25.0 < np.degrees(np.arccos(ams_lepton_geometry().cos_least)) < 27.0


def test_the_curve_is_that_of_the_method():
    # Method, section 3.4 (CIEMAT fAcc.root), cm^2 sr.
    table = {1: 403, 2: 449, 5: 471, 7: 474, 10: 473, 16: 465, 20: 459, 25: 452, 40: 434, 65: 415, 100: 401}
    table |= {200: 368, 300: 345, 500: 308, 700: 279, 1000: 234}
    np.testing.assert_allclose(AMS_LEPTON_ACCEPTANCE(list(table)), np.array(list(table.values())) * 1e-4, rtol=1e-15)


def test_the_curve_is_linear_in_the_logarithm_of_energy():
    curve = AcceptanceCurve(np.array([1.0, 100.0]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(curve([1.0, 10.0, 100.0]), [1.0, 2.0, 3.0])


@pytest.mark.parametrize("energy", [0.9, 1000.1, -1.0, np.nan])
def test_an_energy_outside_the_curve_is_refused_by_place_and_range(energy):
    with pytest.raises(
        RangeError, match=r"energy_gev\[1\] = .* is (outside the acceptance curve, \[1\.0, 1000\.0\]|not finite)"
    ):
        AMS_LEPTON_ACCEPTANCE([20.0, energy])


@pytest.mark.parametrize(
    ("energy", "acceptance", "kind", "message"),
    [
        ([1.0, 2.0], [1.0], ShapeError, "2 energies and 1 acceptances"),
        ([1.0], [1.0], ShapeError, "two or more pairs are wanted"),
        ([2.0, 1.0], [1.0, 1.0], DataError, r"energy_gev\[1\] does not rise"),
        ([1.0, 1.0], [1.0, 1.0], DataError, r"energy_gev\[1\] does not rise"),
        ([0.0, 1.0], [1.0, 1.0], RangeError, "above zero"),
        ([1.0, 2.0], [1.0, -1.0], RangeError, "not negative"),
        ([1.0, np.nan], [1.0, 1.0], RangeError, r"energy_gev\[1\] = nan is not finite"),
    ],
)
def test_a_bad_curve_is_refused(energy, acceptance, kind, message):
    with pytest.raises(kind, match=message):
        AcceptanceCurve(np.array(energy), np.array(acceptance))


@pytest.mark.parametrize("lengths", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, np.nan)])
def test_discs_without_size_are_refused(lengths):
    with pytest.raises(RangeError, match=r"(upper_radius_m|lower_radius_m|distance_m) = .* is outside \(0\.0, inf\)"):
        TwoDiscs(*lengths)


@pytest.mark.parametrize("cosine", [0.0, -0.5, 1.1])
def test_a_direction_from_below_is_refused(cosine):
    with pytest.raises(RangeError, match=r"cos_zenith outside \(0, 1\]"):
        ams_lepton_geometry().area_m2(cosine)


@pytest.mark.parametrize("choices", [(1.0, 5, 16), (-1.1, 5, 16), (0.5, 0, 16), (0.5, 1001, 16), (0.5, 5, 0)])
def test_bad_zenith_bins_are_refused(choices):
    with pytest.raises(RangeError, match=r"(cos_least|n_bin|nside) = .*"):
        zenith_edges(*choices[:2], nside=choices[2])


@pytest.mark.parametrize("nside", [8, 32, 128])
def test_zenith_bins_reach_every_pixel_of_which_a_corner_is_in_view(nside):
    # Of random directions at the rim of the field of view, no pixel's centre lies below the lowest edge.
    rng = np.random.default_rng(nside)
    axis, other = rng.normal(size=(2, 20_000, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    other -= (other * axis).sum(axis=1, keepdims=True) * axis
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    least = 0.9
    rim = least * axis + np.sqrt(1 - least**2) * other
    center = pixel_to_vector(vector_to_pixel(rim, nside), nside)
    binned = pixel_to_vector(vector_to_pixel(axis, 128), 128)
    edge = zenith_edges(least, 10, nside=nside)
    assert (center * binned).sum(axis=1).min() >= edge[0]
    assert edge[0] > least - 0.06 * 32 / nside  # and not needlessly wide: 2.1 deg of margin at nside 32


def test_bins_of_zenith_have_equal_solid_angles():
    np.testing.assert_allclose(np.diff(zenith_edges(0.8, 7, nside=32)), np.diff(zenith_edges(0.8, 7, nside=32))[0])
