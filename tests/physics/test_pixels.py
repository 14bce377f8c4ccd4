"""Pixels against healpy: random directions, and those where kernels differ if they differ."""

import healpy
import numpy as np
import pytest
from numpy.typing import NDArray

from amsdipole.sky import pixel_centers, pixel_to_vector, vector_to_pixel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NSIDES = [2**order for order in range(14)]
# A direction is rounded by 2e-16, its height and azimuth by some 1e-15 each; in a corner as sharp as 30 deg a border
# that is so far away is met within this distance [rad].
BORDER = 1e-14


def random_directions(rng: np.random.Generator, n: int) -> Floats:
    """Uniform directions of length 1 to rounding."""
    vector = rng.normal(size=(n, 3))
    return np.asarray(vector / np.linalg.norm(vector, axis=1, keepdims=True))


def special_directions() -> dict[str, Floats]:
    """Directions on borders that all grids share, as exactly as doubles hold them and a rounding beside."""
    azimuth = np.concatenate([np.arange(0, 720) * (np.pi / 360.0), -np.arange(1, 720) * (np.pi / 360.0)])
    zero = np.zeros_like(azimuth)

    def at(z: float) -> Floats:
        rho = np.sqrt((1.0 - z) * (1.0 + z))
        return np.column_stack([rho * np.cos(azimuth), rho * np.sin(azimuth), zero + z])

    border = [np.nextafter(2.0 / 3.0, towards) for towards in (0.0, 1.0)] + [2.0 / 3.0]
    tiny = [0.0, 1e-300, 1e-20, 1e-16, 1e-9, 1e-3]
    signs = np.array([[a, b, c] for a in (1.0, -1.0) for b in (1.0, -1.0) for c in (1.0, -1.0)])
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.6, 0.0, 0.8]])
    return {
        "poles": np.concatenate([signs * [t, s, 1.0] for t in tiny for s in tiny]),
        "equator": np.concatenate([at(0.0), at(1e-16), at(-1e-16)]),
        "ring borders z = 2/3, -2/3": np.concatenate([at(s * z) for z in border for s in (1.0, -1.0)]),
        "dateline": np.concatenate([signs * [-1.0, t, z] for t in tiny for z in (0.0, 0.3, 2.0 / 3.0, 0.9, 10.0)]),
        "axes": np.concatenate([signs * axis for axis in axes]),
    }


def corner_directions(nside: int, rng: np.random.Generator, n_pixel: int) -> Floats:
    """Corners of pixels and points on their borders, as healpy computes them."""
    npix = 12 * nside**2
    pixel = np.arange(npix) if npix <= n_pixel else rng.choice(npix, n_pixel, replace=False)
    return np.asarray(healpy.boundaries(nside, pixel, step=4).transpose(0, 2, 1).reshape(-1, 3))


def compare(vector: Floats, nside: int) -> tuple[int, int]:
    """Count pixels that differ from healpy's, and those among them that lie farther from a border than rounding.

    A difference lies within rounding of a border if healpy itself gives our pixel once the direction is moved by
    `BORDER` towards the centre of that pixel.
    """
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    ours = vector_to_pixel(vector, nside)
    theirs = healpy.vec2pix(nside, *(vector / length).T)
    different = ours != theirs
    if not different.any():
        return 0, 0
    unit = vector[different] / length[different]
    inward = np.column_stack(healpy.pix2vec(nside, ours[different])) - unit
    moved = unit + BORDER * inward / np.linalg.norm(inward, axis=1, keepdims=True)
    beyond = healpy.vec2pix(nside, *moved.T) != ours[different]
    return int(different.sum()), int(beyond.sum())


@pytest.mark.parametrize("nside", NSIDES)
def test_random_directions_fall_in_the_pixels_of_healpy(nside):
    differing, beyond = compare(random_directions(np.random.default_rng([1, nside]), 200_000), nside)
    print(f"nside {nside}: {differing} of 200000 random directions differ from healpy, {beyond} beyond rounding")
    assert beyond == 0
    # A border takes 1e-15 nside of the sky on each side: 2e-6 of 200000 directions at 8192.
    assert differing <= 2


@pytest.mark.parametrize("nside", NSIDES)
@pytest.mark.parametrize("name", list(special_directions()))
def test_special_directions_differ_from_healpy_at_borders_only(name, nside):
    vector = special_directions()[name]
    differing, beyond = compare(vector, nside)
    print(f"nside {nside}, {name}: {differing} of {len(vector)} differ from healpy, {beyond} beyond rounding")
    assert beyond == 0


@pytest.mark.parametrize("nside", NSIDES[:8])
def test_directions_where_the_polar_caps_begin_fall_in_pixels_that_touch_them(nside):
    # All corners at z = 2/3 and -2/3: there healpy 1.20 itself gives pixels that are two pixels away (at nside 8 pixel
    # 90 for azimuths of 112.5 deg), where rounding takes the ring of a cap beyond its last.
    azimuth = np.arange(8 * nside) * (np.pi / (4 * nside))
    for z in (2.0 / 3.0, np.nextafter(2.0 / 3.0, 1.0), -2.0 / 3.0, np.nextafter(-2.0 / 3.0, -1.0)):
        rho = np.sqrt((1.0 - z) * (1.0 + z))
        vector = np.column_stack([rho * np.cos(azimuth), rho * np.sin(azimuth), np.full(len(azimuth), z)])
        away = vector - pixel_to_vector(vector_to_pixel(vector, nside), nside)
        assert np.linalg.norm(away, axis=1).max() <= healpy.max_pixrad(nside) * (1 + 1e-12)


@pytest.mark.parametrize("nside", NSIDES)
def test_corners_and_borders_of_pixels_differ_from_healpy_within_rounding_only(nside):
    vector = corner_directions(nside, np.random.default_rng([2, nside]), 60)
    differing, beyond = compare(vector, nside)
    print(f"nside {nside}: {differing} of {len(vector)} corners and border points differ, {beyond} beyond rounding")
    assert beyond == 0


def test_a_wrong_pixel_would_be_noticed():
    vector = random_directions(np.random.default_rng(3), 1000)
    moved = vector + np.array([0.0, 0.0, 1e-3])  # a thousandth moves some across borders by far more than rounding
    assert (vector_to_pixel(moved, 64) != healpy.vec2pix(64, *vector.T)).any()


@pytest.mark.parametrize("nside", NSIDES)
def test_centres_are_those_of_healpy(nside):
    npix = 12 * nside**2
    rng = np.random.default_rng([4, nside])
    pixel = np.unique(
        np.concatenate([rng.integers(0, npix, 20_000), np.arange(min(npix, 500)), npix - 1 - np.arange(12)])
    )
    theirs = np.column_stack(healpy.pix2vec(nside, pixel))
    np.testing.assert_allclose(pixel_to_vector(pixel, nside), theirs, rtol=0, atol=3e-15)  # some roundings of 1


@pytest.mark.parametrize("nside", NSIDES)
def test_centres_lie_in_their_pixels(nside):
    pixel = np.random.default_rng([5, nside]).integers(0, 12 * nside**2, 20_000)
    np.testing.assert_array_equal(vector_to_pixel(pixel_to_vector(pixel, nside), nside), pixel)


def test_the_centres_of_a_grid_come_in_ring_order():
    np.testing.assert_array_equal(pixel_centers(16), pixel_to_vector(np.arange(3072), 16))


def test_the_length_of_a_vector_does_not_matter():
    vector = random_directions(np.random.default_rng(6), 10_000)
    np.testing.assert_array_equal(vector_to_pixel(vector * 2.0**40, 1024), vector_to_pixel(vector, 1024))


@pytest.mark.parametrize("nside", [0, -1, 3, 12, 100, 8191, 16384])
def test_an_nside_that_is_no_power_of_two_to_8192_is_refused(nside):
    # Python says "no whole number in [1, 8192]", the kernel "a power of two from 1 to 8192 is wanted".
    with pytest.raises(ValueError, match=rf"nside = {nside}\b.*8192"):
        vector_to_pixel([[0.0, 0.0, 1.0]], nside)


@pytest.mark.parametrize("nside", [2.0, "4", True, None])
def test_an_nside_that_is_no_integer_is_refused(nside):
    with pytest.raises(ValueError, match=r"nside = .* is no whole number in \[1, 8192\]"):
        vector_to_pixel([[0.0, 0.0, 1.0]], nside)


@pytest.mark.parametrize("bad", [[np.nan, 0.0, 1.0], [np.inf, 0.0, 0.0], [0.0, 0.0, 0.0]])
def test_a_vector_without_direction_is_refused_by_place(bad):
    with pytest.raises(ValueError, match=r"vector\[1\] = \[.*\].*a finite vector that is not zero is wanted"):
        vector_to_pixel([[0.0, 0.0, 1.0], bad], 4)


@pytest.mark.parametrize("pixel", [-1, 192, 2**40])
def test_a_pixel_that_is_not_on_the_grid_is_refused_by_place_and_range(pixel):
    with pytest.raises(ValueError, match=rf"pixel\[2\] = {pixel} is outside \[0, 192\)"):
        pixel_to_vector([0, 1, pixel], 4)
