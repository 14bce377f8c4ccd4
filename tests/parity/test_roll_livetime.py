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
    axis = np.repeat(s.unit_vectors(rng, n), rng.integers(1, 4, n), axis=0)[:n]  # neighbours share cells
    side = np.cross(axis, s.unit_vectors(rng, n, special=False))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    classes = rng.integers(0, n_class, n).astype(np.uint8)
    return {"axis": axis, "side": side, "livetime_s": livetime, "cutoff_class": classes}


@given(
    s.rngs(),
    st.lists(s.sizes, max_size=3),
    st.sampled_from([1, 4, 64]),
    st.integers(1, 40),
    st.sampled_from([1, 7, 24]),
)
def test_livetimes_by_attitude_are_the_same(rng, batches, nside, n_class, n_sector):
    ours, theirs = (kernels.RollLivetime(nside, n_class, n_sector) for kernels in (_core, _oracle))
    for n in batches:
        batch = rows(rng, n, n_class)
        ours.add(*batch.values())
        theirs.add(*batch.values())
    # A side within rounding of the border of a sector may fall on either side: none of the random ones does.
    for a, b in zip(ours.sums(), theirs.sums(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("nside", "n_class", "n_sector"),
    [(3, 5, 2), (0, 5, 2), (8, 0, 2), (8, 256, 2), (8, 5, 0), (8, 5, 256), (2048, 5, 2)],
)
def test_a_bad_grid_is_refused_alike(nside, n_class, n_sector):
    assert both("RollLivetime", nside, n_class, n_sector) is None


def test_bad_rows_are_refused_alike_and_leave_nothing():
    good = rows(np.random.default_rng(4), 5000, 7)
    live, side = good["livetime_s"], good["side"]
    faults = {
        "axis": [s.spoiled(good["axis"], np.nan, 0.8), good["axis"][1:], good["axis"] * 1.1],
        "side": [s.spoiled(side, np.nan, 0.8), side[1:], side * 1.1, good["axis"]],
        "livetime_s": [s.spoiled(live, -1e-9, 0.5), s.spoiled(live, np.nan, 0.5), s.spoiled(live, 61.0, 0.5), live[1:]],
        "cutoff_class": [np.full(5000, 7, dtype=np.uint8), good["cutoff_class"][1:]],
    }
    for name, arguments in refusals(good, faults):
        kernel, twin = _core.RollLivetime(4, 7, 5), _oracle.RollLivetime(4, 7, 5)
        refused = outcome(kernel.add, *arguments)
        assert refused == outcome(twin.add, *arguments), name
        assert refused[0] == "refusal", name
        assert not len(kernel.sums()[0]), name
