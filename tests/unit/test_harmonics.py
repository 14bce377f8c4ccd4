from math import factorial

import healpy
import numpy as np
import pytest
from scipy.special import lpmv

from amsdipole.errors import RangeError, ShapeError
from amsdipole.sky import (
    dipole_from_harmonics,
    dipole_from_power,
    harmonics_from_dipole,
    pixel_centers,
    power_from_dipole,
    real_harmonics,
)


def unit_vectors(n: int, seed: int) -> np.ndarray:
    v = np.random.default_rng(seed).normal(size=(n, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    special = [[0, 0, 1], [0, 0, -1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [-1, -0.0, 0]]
    return np.concatenate([v, np.array(special, dtype=float)])


def by_definition(vector: np.ndarray, l: int, m: int) -> np.ndarray:  # noqa: E741
    """Y_lm from associated Legendre functions, whose Condon-Shortley phase (-1)^m is taken out."""
    phi = np.arctan2(vector[:, 1], vector[:, 0])
    k = abs(m)
    norm = np.sqrt((2 * l + 1) / (4 * np.pi) * factorial(l - k) / factorial(l + k))
    legendre = (-1) ** k * norm * lpmv(k, l, vector[:, 2])
    if m == 0:
        return legendre
    return np.sqrt(2) * legendre * (np.cos(k * phi) if m > 0 else np.sin(k * phi))


def test_harmonics_are_those_of_the_definition():
    vector = unit_vectors(300, 1)
    found = real_harmonics(vector, 10)
    for l in range(11):  # noqa: E741
        for m in range(-l, l + 1):
            # theta = arccos(z) keeps 1e-8 of a rounding near the poles; harmonics of degree 10 slope by some 10.
            np.testing.assert_allclose(
                found[:, l * (l + 1) + m], by_definition(vector, l, m), atol=1e-7, err_msg=(l, m)
            )


def test_the_lowest_harmonics_are_their_cartesian_forms():
    v = unit_vectors(300, 2)
    x, y, z = v.T
    # Blanco et al. 1997, table 1.
    wanted = np.column_stack(
        [
            np.full(len(v), np.sqrt(1 / (4 * np.pi))),
            *(np.sqrt(3 / (4 * np.pi)) * c for c in (y, z, x)),
            np.sqrt(15 / (4 * np.pi)) * x * y,
            np.sqrt(15 / (4 * np.pi)) * y * z,
            np.sqrt(5 / (16 * np.pi)) * (3 * z**2 - 1),
            np.sqrt(15 / (4 * np.pi)) * x * z,
            np.sqrt(15 / (16 * np.pi)) * (x**2 - y**2),
        ]
    )
    np.testing.assert_allclose(real_harmonics(v, 2), wanted, atol=3e-8)  # arccos near the poles


def test_harmonics_are_orthonormal():
    y = real_harmonics(pixel_centers(64), 6)
    gram = y.T @ y * (4 * np.pi / len(y))
    # The sum over HEALPix centres errs by some (l / nside)^2 / 10 without ring weights.
    np.testing.assert_allclose(gram, np.eye(49), atol=1e-3)


def test_the_dipole_of_coefficients_is_the_dipole_of_the_map_that_they_make():
    a_1m = np.array([0.03, -0.01, 0.02])
    centers = pixel_centers(16)
    relative = 1.0 + real_harmonics(centers, 1)[:, 1:] @ a_1m
    np.testing.assert_allclose(relative, 1.0 + centers @ dipole_from_harmonics(a_1m), atol=1e-9)


def test_components_are_east_west_north_south_forward_backward():
    # Method, section 5.1: rho_EW from a_1-1, rho_NS from a_10, rho_FB from a_11; vectors are (FB, EW, NS).
    factor = np.sqrt(3 / (4 * np.pi))
    np.testing.assert_allclose(dipole_from_harmonics([1, 0, 0]), [0, factor, 0])
    np.testing.assert_allclose(dipole_from_harmonics([0, 1, 0]), [0, 0, factor])
    np.testing.assert_allclose(dipole_from_harmonics([0, 0, 1]), [factor, 0, 0])


def test_dipole_and_coefficients_are_inverse():
    rho = np.random.default_rng(3).normal(size=3)
    np.testing.assert_allclose(dipole_from_harmonics(harmonics_from_dipole(rho)), rho, rtol=1e-15)


def test_power_is_the_mean_square_of_the_coefficients():
    rho = np.array([0.01, -0.02, 0.03])
    wanted = (harmonics_from_dipole(rho) ** 2).sum() / 3
    assert power_from_dipole(float(np.linalg.norm(rho))) == pytest.approx(wanted, rel=1e-14)


def test_power_agrees_with_anafast():
    rho = np.array([0.1, -0.2, 0.05])
    c_1 = healpy.anafast(1.0 + pixel_centers(32) @ rho, lmax=2)[1]
    # healpy iterates its quadrature three times: 1e-6 is left at nside 32.
    assert dipole_from_power(float(c_1)) == pytest.approx(np.linalg.norm(rho), rel=1e-5)


def test_no_vectors_give_no_rows():
    assert real_harmonics(np.zeros((0, 3)), 3).shape == (0, 16)


@pytest.mark.parametrize("bad", [[0.0, 0.0, 1.1], [0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
def test_a_vector_that_is_not_of_unit_length_is_refused_by_place(bad):
    with pytest.raises(RangeError, match=r"vector\[1\] = .* has length .*; a unit vector is wanted"):
        real_harmonics([[0.0, 0.0, 1.0], bad], 1)


def test_a_vector_that_is_not_finite_is_refused_by_place():
    with pytest.raises(RangeError, match=r"vector\[1, 2\] = nan is not finite"):
        real_harmonics([[0.0, 0.0, 1.0], [0.0, 1.0, np.nan]], 1)


@pytest.mark.parametrize("l_max", [-1, 65, 1.0, True])
def test_a_degree_that_is_not_0_to_64_is_refused(l_max):
    with pytest.raises(RangeError, match=r"l_max = .* is no whole number in \[0, 64\]"):
        real_harmonics([[0.0, 0.0, 1.0]], l_max)


@pytest.mark.parametrize("function", [dipole_from_harmonics, harmonics_from_dipole])
def test_other_than_three_components_are_refused(function):
    with pytest.raises(ShapeError, match=r"has shape \(2,\); \(3,\) is wanted"):
        function([1.0, 2.0])


@pytest.mark.parametrize("function", [dipole_from_power, power_from_dipole])
def test_a_negative_amplitude_is_refused(function):
    with pytest.raises(RangeError, match=r"= -0\.1 is outside \[0\.0, inf\)"):
        function(-0.1)
