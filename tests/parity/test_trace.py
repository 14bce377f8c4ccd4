import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from test_igrf import coefficients
from twins import both, refusals

R = 6371.2
DIPOLE = np.array([-29404.8, -1450.9, 4652.5])


def limits(**change: float) -> tuple[float | int, ...]:
    given = {"escape": 25 * R, "floor": 20.0, "bound": 1e-6, "loss": 0.0, "path": 100 * R, "steps": 2000} | change
    return tuple(given.values())


def earth(rng: np.random.Generator) -> s.Floats:
    """A dipole like the Earth's with weak higher degrees."""
    g = coefficients(rng, 6) * 0.1
    g[:3] = DIPOLE
    return g


def starts(rng: np.random.Generator, n: int, low: float, high: float) -> tuple[s.Floats, s.Floats, s.Floats]:
    position = s.unit_vectors(rng, n) * rng.uniform(6500.0, 9000.0, (n, 1))
    rigidity = np.exp(rng.uniform(np.log(low), np.log(high), n)) * rng.choice([-1.0, 1.0], n)
    return position, s.unit_vectors(rng, n), rigidity


@given(s.rngs(), st.integers(0, 40), st.sampled_from([0.0, 1.0]))
def test_trajectories_agree(rng, n, loss):
    position, direction, rigidity = starts(rng, n, 15.0, 1000.0)
    ours, theirs = both("trace", position, direction, rigidity, earth(rng), *limits(loss=loss))
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
    # Near the cutoff rounding grows without bound; elsewhere it stays near 1e-12 of the length of the path.
    calm = theirs[4] <= 100
    assert calm.sum() >= 0.7 * n
    np.testing.assert_array_equal(ours[0][calm], theirs[0][calm])
    np.testing.assert_array_equal(ours[4][calm], theirs[4][calm])
    np.testing.assert_allclose(ours[1][calm], theirs[1][calm], atol=1e-7)
    np.testing.assert_allclose(ours[2][calm], theirs[2][calm], atol=2e-2)
    np.testing.assert_allclose(ours[3][calm], theirs[3][calm], atol=2e-2)


@given(s.rngs(), st.floats(0.3, 100.0))
def test_the_first_hundred_steps_agree_to_rounding(rng, rigidity):
    position, direction, _ = starts(rng, 1, 1.0, 2.0)
    arguments = (position[0], direction[0], rigidity, earth(rng), *limits(steps=102))
    ours, theirs = both("trajectory", *arguments)
    assert ours.shape == theirs.shape
    # Rounding is 1e-16 of a coordinate a step; a path that grazes the centre of the field magnifies it.
    np.testing.assert_allclose(ours[:-1, 4:], theirs[:-1, 4:], atol=1e-9)
    np.testing.assert_allclose(ours[:-1, :4], theirs[:-1, :4], rtol=0, atol=1e-4)


@given(s.rngs(), st.integers(0, 3), st.sampled_from([1, -1]), st.sampled_from([0.0, 2.0, 5.0, 100.0]))
def test_scans_agree(rng, n, sign, width):
    position, direction, _ = starts(rng, n, 1.0, 2.0)
    low, high = np.full(n, 20.0), np.full(n, 60.0)
    fast = limits(bound=1e-4, path=50 * R)
    ours, theirs = both("cutoff_scan", position, direction, sign, low, high, 2.0, width, DIPOLE, *fast)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


@given(s.rngs(), st.integers(0, 2), st.sampled_from([1, -1]))
def test_cones_agree(rng, n, sign):
    position, _, _ = starts(rng, n, 1.0, 2.0)
    cone = np.array([0, 0, 1, 1, 2])
    up = position / np.linalg.norm(position, axis=1, keepdims=True)
    direction = up[:, None, :] + 0.3 * rng.normal(size=(n, 5, 3))
    low, high = np.full(n, 20.0), np.full(n, 60.0)
    fast = limits(bound=1e-4, path=50 * R)
    ours, theirs = both("cone_cutoff", position, direction, cone, 3, sign, low, high, 0.1, DIPOLE, *fast)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.shape == (n, 3)


def test_bad_traces_are_refused_alike():
    rng = np.random.default_rng(6)
    position, direction, rigidity = starts(rng, 50, 5.0, 50.0)
    names = ("escape_radius_km", "floor_altitude_km", "error_bound", "loss_nt", "path_max_km", "n_step_max")
    good = {"position_km": position, "direction": direction, "rigidity_gv": rigidity, "coefficients_nt": DIPOLE}
    good |= dict(zip(names, limits(), strict=True))
    faults = {
        "position_km": [position * 0.9, position * 1e3, s.spoiled(position, np.nan, 0.5), position[:9]],
        "direction": [s.spoiled(direction, np.nan, 0.5), np.zeros((50, 3)), direction[:9]],
        "rigidity_gv": [s.spoiled(rigidity, 0.0, 0.5), s.spoiled(rigidity, np.nan, 0.5), rigidity[:9]],
        "coefficients_nt": [DIPOLE[:2], DIPOLE * np.nan],
        "escape_radius_km": [6000.0, np.nan, 1e7],
        "floor_altitude_km": [-1e4, np.nan, 1e5],
        "error_bound": [0.0, 1.0, np.nan],
        "loss_nt": [-1.0, np.nan],
        "path_max_km": [0.0, np.nan],
        "n_step_max": [0, -5],
    }
    for name, arguments in refusals(good, faults):
        assert both("trace", *arguments) is None, name
    single = {**good, "position_km": position[0], "direction": direction[0], "rigidity_gv": 10.0}
    faults |= {
        "position_km": [position[0] * 0.5, position[0] * np.nan],
        "direction": [np.zeros(3), np.full(3, np.nan)],
        "rigidity_gv": [0.0, np.nan],
    }
    for name, arguments in refusals(single, faults):
        assert both("trajectory", *arguments) is None, name


def test_bad_scans_are_refused_alike():
    rng = np.random.default_rng(7)
    position, direction, _ = starts(rng, 20, 5.0, 50.0)
    low, high = np.full(20, 50.0), np.full(20, 60.0)
    good = {"position_km": position, "direction": direction, "charge_sign": 1, "low_gv": low, "high_gv": high}
    good |= {"step_gv": 5.0, "width_gv": 5.0, "coefficients_nt": DIPOLE} | dict(zip("abcdef", limits(), strict=True))
    faults = {
        "position_km": [position * 0.9, position[:3]],
        "direction": [direction * np.nan, direction[:3]],
        "charge_sign": [0, 2],
        "low_gv": [low * 0, low[:3], low * np.nan, low * 2],
        "high_gv": [high * np.inf, high[:3]],
        "step_gv": [0.0, np.nan, 1e-6],
        "width_gv": [-1.0, np.nan],
        "coefficients_nt": [DIPOLE[:1]],
    }
    for name, arguments in refusals(good, faults):
        assert both("cutoff_scan", *arguments) is None, name
    cones = np.tile(direction[:, None, :], (1, 2, 1))
    good = {"position_km": position, "direction": cones, "cone": np.array([0, 1]), "n_cone": 2, "charge_sign": 1}
    good |= {"low_gv": low, "high_gv": high, "ratio": 0.1, "coefficients_nt": DIPOLE}
    good |= dict(zip("abcdef", limits(), strict=True))
    faults = {
        "position_km": [position * 0.9, position[:3]],
        "direction": [cones * np.nan, cones[:3]],
        "cone": [np.array([0, 2]), np.array([-1, 0]), np.array([0]), np.array([1, 1]), np.array([], dtype=np.int64)],
        "n_cone": [1, 0],
        "charge_sign": [0, 2],
        "low_gv": [low * 0, low[:3], low * np.nan, low * 2, -low],
        "high_gv": [high * np.inf, high[:3]],
        "ratio": [0.0, np.nan, 2.0],
    }
    for name, arguments in refusals(good, faults):
        assert both("cone_cutoff", *arguments) is None, name
