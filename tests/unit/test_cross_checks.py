"""Other references and estimators: answers by hand, and what each cannot see."""

import numpy as np
import pytest

from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.sky import pixel_centers, real_harmonics
from amsdipole.statistics import (
    BAND_PERCENTILES,
    NullSample,
    RowTable,
    angular_power,
    event_map,
    fit_dipole,
    fit_relative,
    iterative_sky,
    li_ma_map,
    poisson_skies,
    rate_weights,
    shuffled_reference,
)

NSIDE = 8
CENTER = pixel_centers(NSIDE)
REFERENCE = 1.0 + 0.3 * CENTER[:, 0]


def sky(n_event: float, flux: np.ndarray | float, toy: int = 0) -> np.ndarray:
    expected = REFERENCE * flux
    return poisson_skies(n_event * expected / expected.sum(), seed=21, toys=[toy])[0]


def test_the_relative_dipole_has_the_variance_of_both():
    pulls = []
    for toy in range(300):
        first, second = sky(5_000, 1.0 + CENTER @ [0.0, 0.1, 0.0], 2 * toy), sky(20_000, 1.0, 2 * toy + 1)
        fit = fit_relative(first, second, CENTER)
        pulls.append((fit.rho - [0.0, 0.1, 0.0]) / np.sqrt(np.diag(fit.covariance)))
    assert np.abs(np.mean(pulls, axis=0)).max() < 4 / 300**0.5
    assert np.std(pulls) == pytest.approx(1.0, abs=4 / 1800**0.5)
    wanted = 3 * (1 / 5_000 + 1 / 20_000)  # method, section 4, for a uniform exposure
    assert np.trace(fit.covariance) / 3 == pytest.approx(wanted, rel=0.1)


def test_the_relative_dipole_does_not_see_what_both_have():
    both = 1.0 + CENTER @ [0.2, 0.0, 0.1]
    fit = fit_relative(sky(200_000, both), sky(200_000, both, 1), CENTER)
    assert fit.p_value > 1e-3
    assert fit_dipole(sky(200_000, both), REFERENCE, CENTER).p_value < 1e-9


def test_the_power_of_isotropic_skies_lies_in_its_band():
    found = [angular_power(sky(20_000, 1.0, toy), REFERENCE, CENTER, l_max=4, n_toy=200, seed=toy) for toy in range(30)]
    p = np.array([power.p_value for power in found])
    assert 0.35 < p.mean() < 0.65
    assert found[0].band.shape == (len(BAND_PERCENTILES), 4)
    assert np.mean([power.power for power in found]) == pytest.approx(found[0].noise, rel=0.25)


def test_the_power_sees_a_quadrupole_in_its_degree():
    flux = 1.0 + 0.1 * real_harmonics(CENTER, 2)[:, 6]
    power = angular_power(sky(500_000, flux), REFERENCE, CENTER, l_max=3, n_toy=200)
    assert power.p_value[1] == pytest.approx(1 / 201)
    assert power.power[1] == pytest.approx(0.01 / 5, rel=0.15)  # sum a**2 / (2 l + 1), the exposure leaks some


def test_significance_of_a_disc_is_that_of_a_poisson_excess():
    counts = np.full(len(CENTER), 100.0)
    counts[300] += 50
    found = li_ma_map(counts, np.ones(len(CENTER)), CENTER, radius_rad=0.01)
    # By hand, mu = 100 + 50 / 768: sqrt(2 (150 ln(150 / mu) - (150 - mu))).
    mu = 100 + 50 / 768
    assert found[300] == pytest.approx((2 * (150 * np.log(150 / mu) - (150 - mu))) ** 0.5)
    assert int(found.argmax()) == 300
    wide = li_ma_map(counts, np.ones(len(CENTER)), CENTER, radius_rad=0.5)
    assert wide.max() < found.max()


def turning(n_row: int, seed: int) -> RowTable:
    """Detector axes anywhere, as those of an orbit in precession."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(n_row, 3, 3)))
    q[np.linalg.det(q) < 0, :, 0] *= -1
    return RowTable(q, q, np.full(n_row, 2012))


def cone(rng: np.random.Generator, n: int) -> np.ndarray:
    z, phi = 1.0 - 0.3 * rng.random(n), rng.uniform(0, 2 * np.pi, n)
    return np.stack([np.sqrt(1 - z**2) * np.cos(phi), np.sqrt(1 - z**2) * np.sin(phi), z], axis=1)


@pytest.fixture(scope="module")
def lit() -> NullSample:
    """Events of a dipole of 30 % along z, through seconds of unequal rate."""
    rng = np.random.default_rng(3)
    rows = turning(500, 1)
    rate = np.linspace(0.5, 1.5, 500)
    row = rng.choice(500, 200_000, p=rate / rate.sum())
    sample = NullSample(rows, row, cone(rng, 200_000), np.ones(200_000))
    kept = rng.random(200_000) * 1.3 < 1.0 + 0.3 * sample.galactic()[:, 2]
    return NullSample(rows, row[kept], sample.direction[kept], sample.weight[kept])


def test_shuffled_times_lose_what_is_wider_than_the_field_of_view(lit):
    reference = shuffled_reference(lit, nside=NSIDE, n_shuffle=10)
    assert reference.sum() == pytest.approx(len(lit.row))
    fit = fit_dipole(np.where(reference > 0, event_map(lit, NSIDE), 0), reference, CENTER)
    assert 0.0 < fit.rho[2] < 0.2  # half is gone: the rates of the seconds took it


def test_times_are_exchanged_within_their_window_only(lit):
    window = lit.row // 50
    one = shuffled_reference(lit, nside=NSIDE, n_shuffle=2, window=np.zeros_like(window))
    assert one.sum() == pytest.approx(len(lit.row))
    alone = shuffled_reference(lit, nside=NSIDE, n_shuffle=2, window=lit.row.astype(np.int64))
    np.testing.assert_allclose(alone, event_map(lit, NSIDE))  # a window of one second changes nothing


def test_the_iteration_finds_the_dipole_that_shuffling_loses(lit):
    rng = np.random.default_rng(5)
    cells = cone(rng, 40)
    nearest = (lit.direction @ cells.T).argmax(axis=1)
    sky_of_cells = np.einsum("tij,lj->tli", lit.rows.rotation, cells)
    pixel = (sky_of_cells.reshape(-1, 3) @ CENTER.T).argmax(axis=1).reshape(500, 40)
    found = iterative_sky(lit.row, nearest, pixel, npix=len(CENTER), n_iteration=100, tolerance=1e-3)
    assert found.acceptance.sum() == pytest.approx(1.0)
    assert found.rate.sum() == pytest.approx((found.reference).sum())
    counts = np.bincount(pixel[lit.row, nearest], minlength=len(CENTER)).astype(float)
    fit = fit_dipole(counts, found.reference, CENTER)
    assert fit.rho[2] == pytest.approx(0.3, abs=0.03)
    rates = found.rate / found.rate.mean()
    assert np.corrcoef(rates, np.linspace(0.5, 1.5, 500))[0, 1] > 0.95


def test_rates_by_place_follow_the_events():
    weight = rate_weights(np.array([1.0, 2.0, 0.0, 1.0]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), np.ones(4))
    np.testing.assert_allclose(weight, [1.0, 2.0, 0.0, 1.0])


def test_bad_input_is_refused():
    counts, good = sky(1000, 1.0), np.ones(len(CENTER))
    hole = good.copy()
    hole[int(counts.argmax())] = 0.0
    index = np.zeros((2, 2), dtype=np.int64)
    event = np.array([0, 1])
    for call, error, message in (
        (lambda: fit_relative(-counts, counts, CENTER), RangeError, "first"),
        (lambda: fit_relative(counts * 0, counts, CENTER), FitError, "first has 0"),
        (lambda: fit_relative([5.0], [5.0], [[0, 0, 1.0]]), FitError, "three components"),
        (lambda: angular_power(counts, hole, CENTER, n_toy=100), DataError, "reference is 0"),
        (lambda: angular_power(counts * 0, good, CENTER, n_toy=100), FitError, "nothing to measure"),
        (lambda: angular_power(counts, good, CENTER, l_max=99), RangeError, "l_max"),
        (lambda: li_ma_map(counts, good * 0, CENTER, radius_rad=0.1), RangeError, "no exposure"),
        (lambda: li_ma_map(counts, good, CENTER, radius_rad=4.0), RangeError, "radius_rad"),
        (lambda: iterative_sky(event + 5, event, index, npix=3), RangeError, "time_bin"),
        (lambda: iterative_sky(event[:0], event[:0], index, npix=3), FitError, "no events"),
        (lambda: rate_weights(np.zeros(2), event, event, np.ones(2)), FitError, "no live time"),
    ):
        with pytest.raises(error, match=message):
            call()
