"""Physical inputs: the poles, the equator, the dateline, no rows, one row, several chunks."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Floats = NDArray[np.float64]

sizes = st.one_of(st.sampled_from([0, 1, 2, 4095, 4096, 4097]), st.integers(0, 300))
seeds = st.integers(0, 2**32 - 1)
nsides = st.integers(0, 13).map(lambda order: 2**order)
times = st.floats(1.3e9, 1.7e9)

SPECIAL = np.array(
    [
        [0.0, 0.0, 1.0],
        [0.0, 0.0, -1.0],
        [1.0, 0.0, 0.0],
        [-1.0, 0.0, 0.0],
        [-1.0, -0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, -1.0, 0.0],
        [-1.0, 1e-300, 0.0],
        [-1.0, -1e-17, 0.0],
        [1.0, -1e-300, 0.0],
        [0.6, 0.0, 0.8],
        [1e-9, 1e-9, 1.0],
    ]
)


@st.composite
def rngs(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(seeds))


def unit_vectors(rng: np.random.Generator, n: int, *, special: bool = True) -> Floats:
    """Random directions; some of them are poles, axes and the dateline."""
    v = rng.normal(size=(n, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    if special and n:
        chosen = rng.random(n) < 0.1
        v[chosen] = SPECIAL[rng.integers(0, len(SPECIAL), int(chosen.sum()))]
        v /= np.linalg.norm(v, axis=1, keepdims=True)
    return v


def orbit(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Positions [km] and velocities [km/s] of low orbits of any inclination."""
    up = unit_vectors(rng, n)
    along = np.cross(up, unit_vectors(rng, n, special=False))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return up * rng.uniform(6600, 7000, (n, 1)), along * rng.uniform(7.0, 8.0, (n, 1))


def rotations(rng: np.random.Generator, n: int) -> Floats:
    """Random rotations, shape (n, 3, 3)."""
    q = rng.normal(size=(n, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.ascontiguousarray(np.array(rows).transpose(2, 0, 1))


def spoiled(values: Floats, bad: float, at: float) -> Floats:
    """Copy with one element replaced; `at` in [0, 1) picks it."""
    out = values.copy()
    flat = out.reshape(-1)
    flat[int(at * flat.size)] = bad
    return out


BAD_FLOATS = [np.nan, np.inf, -np.inf]
