import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, refusals


@given(s.rngs(), s.sizes, st.integers(3, 60))
def test_insides_agree(rng, n, n_corner):
    # Corners at rising angles about a centre: a star-shaped polygon like the South Atlantic one.
    angle = np.sort(rng.uniform(0, 2 * np.pi, n_corner))
    radius = rng.uniform(5, 40, n_corner)
    corner = (radius * np.cos(angle) - 40, radius * np.sin(angle) - 20)
    ours, theirs = both("inside_polygon", rng.uniform(-180, 180, n), rng.uniform(-90, 90, n), *corner)
    np.testing.assert_array_equal(ours, theirs)


def test_bad_polygons_are_refused_alike():
    good = {
        "x": np.zeros(5),
        "y": np.zeros(5),
        "corner_x": np.array([0.0, 1.0, 0.0]),
        "corner_y": np.array([0.0, 0.0, 1.0]),
    }
    faults = {
        "x": [np.full(5, np.nan), np.zeros(4)],
        "y": [np.full(5, np.inf), np.zeros(6)],
        "corner_x": [np.array([0.0, 1.0]), np.array([0.0, np.nan, 1.0])],
        "corner_y": [np.array([0.0, 1.0]), np.array([0.0, np.nan, 1.0])],
    }
    for name, arguments in refusals(good, faults):
        assert both("inside_polygon", *arguments) is None, name
