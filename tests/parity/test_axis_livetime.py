import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import assert_close, both, outcome, refusals

from amsdipole import _core, _oracle


def rows(rng: np.random.Generator, n: int, n_class: int) -> dict[str, object]:
    livetime = rng.uniform(0, 1, n)
    livetime[rng.random(n) < 0.2] = 0.0
    axis = np.repeat(s.unit_vectors(rng, n), rng.integers(1, 4, n), axis=0)[:n]  # neighbours share cells
    return {"axis": axis, "livetime_s": livetime, "cutoff_class": rng.integers(0, n_class, n).astype(np.uint8)}


@given(s.rngs(), st.lists(s.sizes, max_size=3), st.sampled_from([1, 4, 64]), st.integers(1, 40))
def test_livetimes_by_axis_are_the_same(rng, batches, nside, n_class):
    ours, theirs = _core.AxisLivetime(nside, n_class), _oracle.AxisLivetime(nside, n_class)
    for n in batches:
        batch = rows(rng, n, n_class)
        ours.add(*batch.values())
        theirs.add(*batch.values())
    # An axis within rounding of a pixel border may fall on either side: none of the random ones does.
    for a, b in zip(ours.sums(), theirs.sums(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@given(s.rngs(), s.sizes, st.sampled_from([0.0, 0.5, 60.0]))
def test_axes_are_carried_alike(rng, n, offset_s):
    rate = s.unit_vectors(rng, n) * rng.uniform(0, 1.2e-3, (n, 1))
    # The series leaves out |rate time|^5 / 120: 2e-8 for a minute.
    assert_close("axes_at", s.rotations(rng, n), rate, offset_s, tolerance=2e-8 if offset_s > 1 else 1e-14)


@pytest.mark.parametrize(("nside", "n_class"), [(3, 5), (0, 5), (8, 0), (8, 256), (4096, 200)])
def test_a_bad_grid_is_refused_alike(nside, n_class):
    assert both("AxisLivetime", nside, n_class) is None


def test_bad_rotations_are_refused_alike():
    rng = np.random.default_rng(3)
    good = {"rotation": s.rotations(rng, 9), "rate": np.zeros((9, 3)), "offset_s": 0.5}
    faults = {
        "rotation": [s.spoiled(good["rotation"], np.nan, 0.8)],
        "rate": [s.spoiled(good["rate"], np.inf, 0.2), good["rate"][1:]],
        "offset_s": [-0.1, 61.0, np.nan],
    }
    for name, arguments in refusals(good, faults):
        ours, theirs = outcome(_core.axes_at, *arguments), outcome(_oracle.axes_at, *arguments)
        assert ours[0] == theirs[0] == "refusal", name
        assert ours[1][0] == theirs[1][0], name


def test_bad_rows_are_refused_alike_and_leave_nothing():
    good = rows(np.random.default_rng(4), 5000, 7)
    live = good["livetime_s"]
    faults = {
        "axis": [s.spoiled(good["axis"], np.nan, 0.8), good["axis"][1:], good["axis"] * 1.1],
        "livetime_s": [s.spoiled(live, -1e-9, 0.5), s.spoiled(live, np.nan, 0.5), s.spoiled(live, 61.0, 0.5), live[1:]],
        "cutoff_class": [np.full(5000, 7, dtype=np.uint8), good["cutoff_class"][1:]],
    }
    for name, arguments in refusals(good, faults):
        kernel, twin = _core.AxisLivetime(4, 7), _oracle.AxisLivetime(4, 7)
        refused = outcome(kernel.add, *arguments)
        assert refused == outcome(twin.add, *arguments), name
        assert refused[0] == "refusal", name
        assert not len(kernel.sums()[0]), name
