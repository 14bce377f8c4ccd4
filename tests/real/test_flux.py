"""The flux formulae against the published AMS-02 tables, and their integrals."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from amsdipole.errors import RangeError, ShapeError
from amsdipole.models.flux import (
    ElectronFlux,
    PositronFlux,
    electron_flux,
    flux_integral,
    positron_flux,
    power_law,
)

TABLES = Path(__file__).parents[3] / "shared/data/ams_flux"


def table(particle: str) -> NDArray[np.float64]:
    """Rigidity [GV], flux, and total error of each point; skip where the table is absent."""
    path = TABLES / f"AMS-02_{particle}_rigidity.txt"
    if not path.exists():
        pytest.skip(f"{path} is absent: the flux tables are read from outside the project")
    rigidity, flux, stat, _, syst, _ = np.loadtxt(path).T  # errors are given twice, downwards and upwards
    return np.array([rigidity, flux, np.hypot(stat, syst)])


def chi_squared(flux: Callable[..., NDArray[np.float64]], points: NDArray[np.float64]) -> float:
    """Chi squared with energy taken equal to rigidity: charge 1, and a mass that is nothing at these energies."""
    rigidity, value, error = points
    return float((((value - flux(rigidity)) / error) ** 2).sum())


def test_the_positron_formula_fits_the_published_points() -> None:
    # Method, section 8.1: 37.9 for 74 points. Rounding of the published gamma alone moves it from 36.1 to 40.1.
    points = table("e+")
    assert points.shape[1] == 74
    assert chi_squared(positron_flux, points) == pytest.approx(37.9, abs=1.0)


def test_the_electron_formula_fits_the_published_points_above_1_gv() -> None:
    points = table("e-")
    points = points[:, points[0] > 1.0]
    assert points.shape[1] == 72
    assert chi_squared(electron_flux, points) == pytest.approx(40.4, abs=0.1)  # method, section 8.1


def test_the_tables_can_tell_positrons_without_the_cutoff() -> None:
    def uncut(energy: NDArray[np.float64]) -> NDArray[np.float64]:
        return positron_flux(energy, parameters=PositronFlux(inverse_cutoff_per_gev=0.0))

    points = table("e+")
    assert chi_squared(uncut, points) > chi_squared(positron_flux, points) + 16.0  # four sigma for one parameter


def test_the_positron_fraction_is_the_published_one() -> None:
    # Method, section 8.1 (SSDC table): 5.8 % at 16 GeV, 7.9 % at 40 GeV, 10.7 to 11.4 % at 100 GeV.
    energy = np.array([16.0, 40.0, 100.0])
    fraction = positron_flux(energy) / (positron_flux(energy) + electron_flux(energy))
    np.testing.assert_allclose(fraction, [0.058, 0.079, 0.1105], atol=0.004)


@pytest.mark.parametrize("flux", [positron_flux, electron_flux, power_law(-3.0)])
@pytest.mark.parametrize(("low", "high"), [(16.0, 500.0), (1.0, 1000.0), (0.1, 1e4), (100.0, 100.001)])
def test_an_integral_is_exact_to_1e_12(flux: Callable[..., NDArray[np.float64]], low: float, high: float) -> None:
    wanted = quad(
        lambda x: float(flux(np.exp(x)) * np.exp(x)), np.log(low), np.log(high), epsabs=0.0, epsrel=1e-13, limit=500
    )[0]
    # log(high / low) of the narrow interval keeps 1e-11 of its relative precision.
    assert float(flux_integral(flux, low, high)) == pytest.approx(wanted, rel=1e-12 if high > 2 * low else 1e-10)


def test_a_power_law_integrates_to_its_formula() -> None:
    low, high = np.array([1.0, 16.0, 25.0]), np.array([[500.0], [1000.0]])
    np.testing.assert_allclose(flux_integral(power_law(-3.0), low, high), (low**-2 - high**-2) / 2.0, rtol=1e-13)


def test_integrals_of_neighbours_add_up() -> None:
    parts = flux_integral(positron_flux, [16.0, 25.0, 40.0, 65.0, 100.0], [25.0, 40.0, 65.0, 100.0, 500.0])
    assert parts.sum() == pytest.approx(float(flux_integral(positron_flux, 16.0, 500.0)), rel=1e-13)


def test_an_empty_interval_has_no_flux() -> None:
    assert flux_integral(electron_flux, 16.0, 16.0) == 0.0


def test_nine_years_give_the_counts_of_the_method() -> None:
    # Method, section 5.4: 1.97e5 positrons and 2.72e6 electrons from 16 to 500 GeV, with the acceptance of 3.4 and the
    # exposure time of 2.5; here both are interpolated linearly in log E, which is good to some per cent.
    gev = np.array([16.0, 20.0, 25.0, 40.0, 65.0, 100.0, 200.0, 300.0, 500.0])
    m2_sr = np.array([465, 459, 452, 434, 415, 401, 368, 345, 308]) * 1e-4
    time_gev, time_s = np.array([16.05, 18.99, 20.04, 22.25, 25.0]), np.array([13.2, 16.6, 17.6, 18.9, 19.09]) * 1e7

    def rate(flux: Callable[..., NDArray[np.float64]]) -> float:
        edge = np.geomspace(16.0, 500.0, 400)
        middle = np.log(np.sqrt(edge[1:] * edge[:-1]))
        weight = np.interp(middle, np.log(gev), m2_sr) * np.interp(middle, np.log(time_gev), time_s)
        return float((flux_integral(flux, edge[:-1], edge[1:]) * weight).sum())

    assert rate(positron_flux) == pytest.approx(1.97e5, rel=0.03)
    assert rate(electron_flux) == pytest.approx(2.72e6, rel=0.03)


@pytest.mark.parametrize("flux", [positron_flux, electron_flux, power_law(-3.0)])
@pytest.mark.parametrize("energy", [0.0, -1.0, np.nan, np.inf])
def test_an_energy_that_is_not_positive_is_refused(flux: Callable[..., NDArray[np.float64]], energy: float) -> None:
    with pytest.raises(RangeError, match=r"energy_gev\[1\]"):
        flux([1.0, energy])


def test_an_interval_that_runs_backwards_is_refused() -> None:
    with pytest.raises(RangeError, match=r"low_gev\[1\] = 3.0 is above high_gev\[1\] = 2.0"):
        flux_integral(positron_flux, [1.0, 3.0], 2.0)


def test_ends_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(ShapeError, match="do not broadcast"):
        flux_integral(positron_flux, [1.0, 2.0], [3.0, 4.0, 5.0])


def test_a_flux_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="flux has shape"):
        flux_integral(lambda energy: energy[:1].sum(keepdims=True), 1.0, 2.0)


@pytest.mark.parametrize("wrong", [{"phi_gev": -0.1}, {"c_source": np.nan}, {"gamma_source": np.inf}])
def test_positron_parameters_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RangeError, match=next(iter(wrong))):
        PositronFlux(**wrong)


@pytest.mark.parametrize("wrong", [{"turnover_gev": 0.0}, {"c_a": -1.0}, {"gamma_turnover": np.nan}])
def test_electron_parameters_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RangeError, match=next(iter(wrong))):
        ElectronFlux(**wrong)


def test_a_power_law_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(power_law(-3.0))) == power_law(-3.0)
