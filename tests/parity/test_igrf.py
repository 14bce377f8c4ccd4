import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, refusals


def coefficients(rng: np.random.Generator, degree: int) -> s.Floats:
    """Random coefficients whose strength falls with the degree as the Earth's does."""
    return np.concatenate([3e4 * 0.3 ** (n - 1) * rng.normal(size=2 * n + 1) for n in range(1, degree + 1)])


def places(rng: np.random.Generator, n: int) -> s.Floats:
    return s.unit_vectors(rng, n) * np.exp(rng.uniform(np.log(6000.0), np.log(2e5), (n, 1)))


@given(s.rngs(), s.sizes, st.integers(1, 13), st.one_of(st.just(0.0), st.floats(1e-3, 1e3)))
def test_fields_agree(rng, n, degree, loss):
    position = places(rng, n)
    ours, theirs = both("magnetic_field", position, coefficients(rng, degree), loss)
    # The twin goes through angles; 1e5 nT is the size of the largest terms at the surface, 50 eps their rounding.
    scale = 1e5 * (6371.2 / np.linalg.norm(position, axis=1, keepdims=True)) ** 3
    assert ours.shape == theirs.shape == (n, 3)
    assert (np.abs(ours - theirs) <= 1e-13 * 50 * scale).all()


def test_bad_fields_are_refused_alike():
    rng = np.random.default_rng(5)
    g, position = coefficients(rng, 13), places(rng, 5000)
    good = {"position_km": position, "coefficients_nt": g, "loss_nt": 0.0}
    faults = {
        "position_km": [position * 1e3, position * 0.1, *(s.spoiled(position, bad, 0.9) for bad in s.BAD_FLOATS)],
        "coefficients_nt": [g[:-1], g[:0], *(s.spoiled(g, bad, 0.5) for bad in s.BAD_FLOATS)],
        "loss_nt": [-1.0, np.nan, np.inf],
    }
    for name, arguments in refusals(good, faults):
        assert both("magnetic_field", *arguments) is None, name
