import numpy as np
import pytest

from amsdipole.errors import FitError, ShapeError
from amsdipole.exposure import (
    dipole_shift,
    efficiency_map,
    efficiency_variations,
    geographic_pixel,
    reference_dipole,
    shift_table,
)
from amsdipole.sky import pixel_centers

CENTER = pixel_centers(16)


def test_a_dipole_in_an_even_exposure_shifts_rho_by_itself():
    rho = np.array([0.01, -0.02, 0.03])
    varied = 1.0 + CENTER @ rho
    np.testing.assert_allclose(dipole_shift(np.ones(len(CENTER)), varied), rho, atol=1e-12)
    np.testing.assert_allclose(reference_dipole(varied), rho, atol=2e-5)  # centres as nodes at nside 16


def test_the_shift_is_what_the_fit_finds():
    from amsdipole.statistics import fit_dipole

    rng = np.random.default_rng(7)
    nominal = 100.0 * (1.0 + 0.5 * CENTER[:, 2] + 0.2 * CENTER[:, 0]) * (CENTER[:, 2] > -0.9)
    varied = nominal * (1.0 + 0.02 * np.cos(3.0 * CENTER[:, 1]) + 0.01 * rng.random(len(CENTER)))
    fit = fit_dipole(varied, nominal, CENTER, estimator="score")
    np.testing.assert_allclose(dipole_shift(nominal, varied), fit.rho, atol=1e-9)


def test_bad_maps_are_refused():
    even = np.ones(len(CENTER))
    with pytest.raises(ShapeError, match="12 is wanted"):
        dipole_shift(np.ones(12), even)
    with pytest.raises(FitError, match="empty"):
        dipole_shift(even, 0.0 * even)
    with pytest.raises(FitError, match="empty"):
        reference_dipole(0.0 * even)


def test_each_variation_has_its_row():
    rows = shift_table(np.ones(12), {"none": lambda: np.full(12, 2.0)})
    assert [row.name for row in rows] == ["none"]
    assert rows[0].delta < 1e-15


def test_an_efficiency_is_smoothed_only_where_counts_are_few():
    total = np.full(768, 10_000)
    total[:4] = 3
    found = efficiency_map((0.8 * total).astype(int), total, error_most=0.01)
    assert (found.level[4:] == 0).all()
    assert (found.level[:4] > 0).all()
    assert np.all((found.low < found.value) & (found.value < found.high))


def test_an_efficiency_s_intervals_cover_the_truth():
    rng = np.random.default_rng(11)
    total = np.full(3072, 2000)
    found = efficiency_map(rng.binomial(total, 0.8), total)
    covered = np.mean((found.low <= 0.8) & (found.high >= 0.8))
    # Clopper-Pearson covers at least its content: 0.683, and 0.70 for 2000 counts.
    assert 0.66 < covered < 0.75


def test_variations_scatter_as_the_intervals_say():
    total = np.full(192, 5000)
    found = efficiency_map(np.full(192, 4000), total)
    drawn = np.array([v.value for v in efficiency_variations(found, 400, rng=np.random.default_rng(3))])
    # The binomial error of 4000 of 5000 is 0.00566.
    assert drawn.std() == pytest.approx(0.00566, rel=0.03)


def test_bad_control_samples_are_refused():
    with pytest.raises(ShapeError):
        efficiency_map([1] * 11, [1] * 11)
    with pytest.raises(ValueError, match=r"passed\[3\] = 5 is outside \[0, total\[3\] = 4\]"):
        efficiency_map([1, 1, 1, 5] + [1] * 8, [4] * 12)
    with pytest.raises(ValueError, match="control sample is empty"):
        efficiency_map([0] * 12, [0] * 12)


def test_the_north_pole_lies_in_the_first_ring():
    assert geographic_pixel(np.array([[10.0, 89.9]]), nside=8)[0] in range(4)
