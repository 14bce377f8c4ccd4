"""Tracing against Størmer's dipole, itself in both senses of time, and the grid of Smart and Shea."""

import importlib.util
from importlib.metadata import PackageNotFoundError, files
from typing import Any

import numpy as np
import pytest

from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff_cone import AMS_CONES_RAD, cone_cutoffs
from amsdipole.geomagnetism.cutoff_scan import TracedCutoffs, traced_cutoffs
from amsdipole.geomagnetism.igrf import GaussCoefficients, igrf14
from amsdipole.geomagnetism.places import earth_fixed_position, local_axes
from amsdipole.geomagnetism.trajectory import ALLOWED, TRAPPED, TracingLimits, trace, trajectory

R = 6371.2


def axial_dipole(g10: float = -30_000.0) -> GaussCoefficients:
    values = np.array([[g10, 0.0, 0.0]] * 2)
    return GaussCoefficients(np.array([1900.0, 2030.0]), np.ones(3, int), np.array([0, 1, -1]), values, "dipole", "")


def momentum_error() -> float:
    """Greatest departure of |p| from its start over the paths of five rigidities."""
    worst = 0.0
    for rigidity in (1.0, 4.0, -4.0, 15.0, 100.0):
        path = trajectory([7000.0, 0, 0], [1.0, 1.0, 0.2], rigidity, coefficients=igrf14(), decimal_year=2015.0)
        worst = max(worst, float(np.abs(np.linalg.norm(path[:, 4:], axis=1) - 1.0).max()))
    return worst


def test_momentum_is_conserved() -> None:
    worst = momentum_error()
    print(f"|p| off by {worst:.1e}")
    assert worst < 1e-9


def test_stormers_integral_is_conserved_in_a_dipole() -> None:
    """In an axial dipole R r sin(theta) t_phi + K sin^2(theta) / r is exact; K = c B0 R."""
    exact = TracingLimits(error_bound=1e-10, loss_nt=0.0)
    k = 299_792_458.0 * R * 1e3 * 30_000e-9 / 1e9
    for rigidity in (12.0, -25.0, 60.0):
        start = {"coefficients": axial_dipole(), "decimal_year": 2000.0, "limits": exact}
        path = trajectory([7000.0, 0, 1000.0], [0.5, 0.3, 0.4], rigidity, **start)
        x, t = path[:, 1:4] / R, path[:, 4:]
        r = np.linalg.norm(x, axis=1)
        turn = x[:, 0] * t[:, 1] - x[:, 1] * t[:, 0]
        # Back in time the charge counts as its opposite.
        constant = rigidity * turn + k * (x[:, 0] ** 2 + x[:, 1] ** 2) / r**3
        assert np.ptp(constant) / np.abs(constant).max() < 1e-6


def stormer_errors(sign: int) -> list[float]:
    """In the equatorial plane of a dipole, well above the Earth, R_c = K / (r^2 (1 + sqrt(1 - Q cos g))^2).

    From the side of the lower cutoff Størmer's cone is the whole truth there: the Earth casts no shadow on the paths.
    """
    k = 299_792_458.0 * R * 1e3 * 30_000e-9 / 1e9
    r = 3.0
    limits = TracingLimits(
        floor_altitude_km=0.0, error_bound=1e-9, escape_radius_km=900_000.0, path_max_km=2e7, n_step_max=10**6
    )
    errors = []
    for angle in (60.0, 75.0, 90.0):  # from the zenith, towards the side of the lower cutoff
        sin = np.sin(np.deg2rad(angle))
        direction = [[np.cos(np.deg2rad(angle)), -sign * sin, 0.0]]
        expected = k / (r**2 * (1.0 + np.sqrt(1.0 + sin)) ** 2)
        found = traced_cutoffs(
            [[r * R, 0.0, 0.0]],
            direction,
            charge_sign=sign,
            coefficients=axial_dipole(),
            decimal_year=2000.0,
            low_gv=[0.9 * expected],
            high_gv=[1.1 * expected],
            step_gv=0.0005,
            limits=limits,
        )
        print(f"sign {sign} angle {angle}: traced {found.upper_gv[0]:.5f} Størmer {expected:.5f} GV")
        errors.append(abs(float(found.upper_gv[0]) / expected - 1.0))
    return errors


@pytest.mark.parametrize("sign", [1, -1])
def test_stormers_cutoff_is_met_where_it_is_exact(sign: int) -> None:
    assert max(stormer_errors(sign)) < 1e-3


def return_errors() -> tuple[float, float]:
    """Distance [km] and angle [rad] from its start of a trajectory that is traced back and then forward."""
    exact = TracingLimits(error_bound=1e-10, loss_nt=0.0)
    start, rigidity = np.array([5000.0, 3000.0, 4000.0]), 12.0
    there = trace([start], [start], [rigidity], coefficients=igrf14(), decimal_year=2015.0, limits=exact)
    assert there.outcome[0] == ALLOWED
    home = TracingLimits(
        error_bound=1e-10,
        loss_nt=0.0,
        path_max_km=float(there.path_km[0]),
        escape_radius_km=26.0 * R,
        floor_altitude_km=-50.0,
    )
    back = trajectory(
        there.position_km[0], -there.direction[0], -rigidity, coefficients=igrf14(), decimal_year=2015.0, limits=home
    )
    # Where the path has the length of the way there, between the two steps around it.
    length = back[:, 0]
    i = int(np.searchsorted(length, there.path_km[0] * (1 - 1e-12))) - 1
    span = length[i + 1] - length[i]
    u = (there.path_km[0] - length[i]) / span
    (a, b), (v, w) = back[i : i + 2, 1:4], span * back[i : i + 2, 4:]
    # Hermite's cubic through places and tangents of both.
    here = (1 + 2 * u) * (1 - u) ** 2 * a + u * (1 - u) ** 2 * v + u * u * (3 - 2 * u) * b + u * u * (u - 1) * w
    tangent = (6 * u * (1 - u) * (b - a) + (1 - u) * (1 - 3 * u) * v + u * (3 * u - 2) * w) / span
    gap, turn = here - start, tangent + start / np.linalg.norm(start)
    return float(np.linalg.norm(gap)), float(np.linalg.norm(turn))


def test_a_trajectory_returns_on_itself() -> None:
    distance_km, turn = return_errors()
    assert distance_km < 0.1  # the cubic within a step
    assert turn < 1e-3


def test_opposite_charges_mirror_in_a_dipole() -> None:
    ends = trace(
        [[7000.0, 0, 0]] * 2,
        [[1.0, 0.3, 0.2], [1.0, -0.3, 0.2]],
        [20.0, -20.0],
        coefficients=axial_dipole(),
        decimal_year=2000.0,
    )
    np.testing.assert_allclose(ends.direction[0] * [1, -1, 1], ends.direction[1], atol=1e-12)


def test_a_trapped_particle_is_bounded_and_reported() -> None:
    limits = TracingLimits(path_max_km=1e6, n_step_max=50_000)
    ends = trace(
        [[12_000.0, 0, 0]], [[0.0, 1.0, 1.0]], [0.05], coefficients=axial_dipole(), decimal_year=2000.0, limits=limits
    )
    assert ends.outcome[0] == TRAPPED
    assert ends.n_step[0] <= 50_000


def test_a_cutoff_above_the_scan_says_so() -> None:
    found = traced_cutoffs(
        [[7000.0, 0, 0]],
        [[1.0, 0, 0]],
        charge_sign=1,
        coefficients=igrf14(),
        decimal_year=2015.0,
        low_gv=[1.0],
        high_gv=[3.0],
    )
    assert found.above[0]
    assert found.upper_gv[0] == np.inf == found.effective_gv[0]


def test_bad_starts_are_refused() -> None:
    choices: dict[str, Any] = {"coefficients": igrf14(), "decimal_year": 2015.0}
    for position, direction, rigidity in (
        ([[6300.0, 0, 0]], [[1.0, 0, 0]], [10.0]),
        ([[7000.0, 0, 0]], [[np.nan, 0, 0]], [10.0]),
        ([[7000.0, 0, 0]], [[1.0, 0, 0]], [0.0]),
    ):
        with pytest.raises(RangeError):
            trace(position, direction, rigidity, **choices)
    with pytest.raises(RangeError, match="2030"):
        trace([[7000.0, 0, 0]], [[1.0, 0, 0]], [10.0], coefficients=igrf14(), decimal_year=2031.0)


def test_wider_cones_have_higher_cutoffs() -> None:
    position = earth_fixed_position([0.0, 100.0], [30.0, 0.0], [400.0, 400.0])
    up = local_axes([0.0, 100.0], [30.0, 0.0])[:, 2]
    found = cone_cutoffs(position, up, charge_sign=-1, coefficients=igrf14(), decimal_year=2015.0, ratio=0.02)
    assert found.shape == (2, len(AMS_CONES_RAD))
    assert (np.diff(found, axis=1) >= 0.0).all()


def smart_and_shea() -> np.ndarray:
    """Effective vertical cutoffs [GV], 90 to -90 deg by 5, 0 to 360 deg by 15, epoch 1995 (PyPI crnpy)."""
    try:
        path = next(f for f in files("crnpy") or [] if f.name == "data.py").locate()
    except (PackageNotFoundError, StopIteration):
        pytest.skip("crnpy is absent: pip install --no-deps crnpy")
    spec = importlib.util.spec_from_file_location("crnpy_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return np.array(module.cutoff_rigidity)


def grid_points(grid: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Longitudes, latitudes and cutoffs of n points of the grid from 0.5 to 17.6 GV."""
    row, column = np.nonzero((grid[:, :24] >= 0.5) & (grid[:, :24] <= 17.6))
    chosen = np.random.default_rng(0).permutation(len(row))[:n]
    row, column = row[chosen], column[chosen]
    return 15.0 * column, 90.0 - 5.0 * row, grid[row, column]


def vertical_cutoffs(lon: np.ndarray, lat: np.ndarray, **choices: Any) -> TracedCutoffs:
    position = earth_fixed_position(lon, lat, np.full(len(lon), 20.0))
    fixed: dict[str, Any] = {"charge_sign": 1, "coefficients": igrf14(), "decimal_year": 1995.0}
    return traced_cutoffs(position, local_axes(lon, lat)[:, 2], **fixed, **choices)


def test_effective_cutoffs_stay_when_the_error_bound_is_halved() -> None:
    lon, lat, _ = grid_points(smart_and_shea(), 3)
    one, half = (
        vertical_cutoffs(lon, lat, penumbra_step_gv=0.0002, limits=TracingLimits(error_bound=bound))
        for bound in (1e-6, 5e-7)
    )
    moved = np.abs(one.effective_gv - half.effective_gv)
    print(f"{len(moved)} points: worst {moved.max():.4f} GV")
    assert moved.max() < 0.01


def test_the_world_grid_of_smart_and_shea_is_met() -> None:
    lon, lat, wanted = grid_points(smart_and_shea(), 120)
    found = vertical_cutoffs(lon, lat, penumbra_step_gv=None)
    gap = found.effective_gv - wanted
    print(f"{len(gap)} points: rms {np.sqrt((gap**2).mean()):.4f} GV, worst {np.abs(gap).max():.3f} GV")
    assert np.sqrt((gap**2).mean()) <= 0.06
    assert np.abs(gap).max() <= 0.2
