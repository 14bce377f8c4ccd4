import numpy as np
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both, refusals


def knots(rng: np.random.Generator, n_segment: int) -> dict[str, object]:
    """Segments of random length with knots a minute apart that cover them."""
    start = 1.4e9 + np.concatenate([[0.0], np.cumsum(rng.uniform(30, 3000, n_segment))])
    first = np.floor(start[:-1] / 60.0) * 60.0
    count = (np.ceil((start[1:] - first) / 60.0) + 1).astype(np.int64)
    offset = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    position, velocity = s.orbit(rng, int(offset[-1]))
    return {
        "segment_start_s": start,
        "segment_offset": offset,
        "knot_start_s": first,
        "step_s": 60.0,
        "position_km": position,
        "velocity_km_s": velocity,
    }


@given(s.rngs(), s.sizes, st.integers(1, 20))
def test_states_agree(rng, n, n_segment):
    given_knots = knots(rng, n_segment)
    start = given_knots["segment_start_s"]
    time_s = rng.uniform(start[0], start[-1], n)
    ends = np.concatenate([start, start])[:n]
    time_s[: len(ends)] = ends
    # Times near 1.4e9 are rounded by 2e-7 s, alike in both; what is left are some roundings of 7000 km.
    assert_close("interpolated_states", time_s, *given_knots.values(), tolerance=1e-8)


def test_bad_knots_are_refused_alike():
    good = knots(np.random.default_rng(5), 3)
    start, n = good["segment_start_s"], len(good["position_km"])
    good = {"time_s": np.linspace(start[0], start[-1], 50), **good}
    faults = {
        "time_s": [np.array([start[0] - 1]), np.array([start[-1] + 1]), np.array([np.nan])],
        "segment_start_s": [start[::-1].copy(), start[:-1], s.spoiled(start, np.nan, 0.5), start + 1e5],
        "segment_offset": [
            np.array([0, 1, 2, n]),
            np.array([1, 5, 6, n]),
            np.array([0, 5, 9, n + 1]),
            np.array([0, n]),
        ],
        "knot_start_s": [good["knot_start_s"] + 1000, np.full(3, np.inf), np.zeros(0)],
        "step_s": [0.0, np.nan, -60.0, 1.0],
        "position_km": [np.full((n, 3), np.nan), np.ones((n - 1, 3))],
        "velocity_km_s": [np.full((n, 3), np.inf), np.ones((n - 1, 3))],
    }
    for name, arguments in refusals(good, faults):
        assert both("interpolated_states", *arguments) is None, name
