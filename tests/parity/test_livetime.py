import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, outcome, refusals

from amsdipole import _core, _oracle


def rows(rng: np.random.Generator, n: int, n_class: int) -> dict[str, object]:
    livetime = rng.uniform(0, 1, n)
    livetime[rng.random(n) < 0.2] = 0.0
    return {
        "rotation": s.rotations(rng, n),
        "rate": s.unit_vectors(rng, n) * rng.uniform(0, 1.2e-3, (n, 1)),
        "offset_s": 0.5,
        "livetime_s": livetime,
        "cutoff_class": rng.integers(0, n_class, n).astype(np.uint8),
    }


@given(s.rngs(), st.lists(s.sizes, max_size=3), st.sampled_from([1, 4, 64]), st.integers(1, 40))
def test_livetimes_by_axis_are_the_same(rng, batches, nside, n_class):
    ours, theirs = _core.AxisLivetime(nside, n_class), _oracle.AxisLivetime(nside, n_class)
    for n in batches:
        batch = rows(rng, n, n_class)
        ours.add(*batch.values())
        theirs.add(*batch.values())
    a, b = ours.units(), theirs.units()
    assert a.dtype == b.dtype == np.int64
    np.testing.assert_array_equal(a.sum(axis=0), b.sum(axis=0))
    # An axis within rounding of a pixel border may fall on either side: none of the random ones does.
    np.testing.assert_array_equal(a, b)


@given(s.rngs(), st.integers(0, 40), st.sampled_from([1, 2, 4, 8]), st.integers(1, 5), st.integers(1, 9), st.booleans())
def test_cubes_are_the_same(rng, n, nside, n_class, n_zenith, full):
    axis = s.unit_vectors(rng, n, special=False)
    units = rng.integers(0, 2**40, (n, n_class)) * (rng.random((n, n_class)) < 0.5)
    edges = np.sort(rng.uniform(-1, 1, n_zenith + 1))
    if full:
        edges[-1] = 1.0
    ours, theirs = both("livetime_cube", axis, units, nside, edges)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("nside", "n_class"), [(3, 5), (0, 5), (8, 0), (8, 256)])
def test_a_bad_grid_is_refused_alike(nside, n_class):
    assert both("AxisLivetime", nside, n_class) is None


def test_bad_rows_are_refused_alike_and_leave_nothing():
    good = rows(np.random.default_rng(4), 5000, 7)
    live = good["livetime_s"]
    faults = {
        "rotation": [s.spoiled(good["rotation"], np.nan, 0.8), good["rotation"][1:]],
        "rate": [s.spoiled(good["rate"], np.inf, 0.2), good["rate"][1:]],
        "offset_s": [-0.1, 61.0, np.nan],
        "livetime_s": [s.spoiled(live, -1e-9, 0.5), s.spoiled(live, np.nan, 0.5), s.spoiled(live, 61.0, 0.5), live[1:]],
        "cutoff_class": [np.full(5000, 7, dtype=np.uint8), good["cutoff_class"][1:]],
    }
    for name, arguments in refusals(good, faults):
        kernel, twin = _core.AxisLivetime(4, 7), _oracle.AxisLivetime(4, 7)
        refused = outcome(kernel.add, *arguments)
        assert refused == outcome(twin.add, *arguments), name
        assert refused[0] == "refusal", name
        assert not kernel.units().any(), name


def test_bad_cubes_are_refused_alike():
    good = {
        "axis": s.unit_vectors(np.random.default_rng(6), 9),
        "units": np.ones((9, 2), dtype=np.int64),
        "nside": 4,
        "cos_edge": np.array([0.7, 0.9, 1.0]),
    }
    faults = {
        "axis": [good["axis"] * 2, s.spoiled(good["axis"], np.nan, 0.5), good["axis"][1:]],
        "units": [np.full((9, 2), -1), np.full((9, 2), 2**62)],
        "nside": [0, 5],
        "cos_edge": [np.array([0.5]), np.array([0.9, 0.9]), np.array([0.9, 1.1]), np.array([0.9, np.nan])],
    }
    for name, arguments in refusals(good, faults):
        assert both("livetime_cube", *arguments) is None, name
