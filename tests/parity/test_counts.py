from fractions import Fraction

import numpy as np
import pytest
import strategies as s
from hypothesis import given
from hypothesis import strategies as st
from twins import both, outcome, refusals

from amsdipole import _core, _oracle

EDGES = np.array([16.0, 25.0, 40.0, 65.0, 100.0, 500.0])


def seconds(rng: np.random.Generator, n: int) -> dict[str, object]:
    """Seconds with gaps, some of them dead."""
    return {
        "second_time_s": 1.4e9 + np.cumsum(rng.choice([1.0, 1.0, 1.0, 7.0, 5000.0], n)),
        "step_s": 1.0,
        "rotation": s.rotations(rng, n),
        "rate": s.unit_vectors(rng, n) * 1.1e-3,
        "livetime_s": rng.choice([0.0, 0.9], n),
        "cutoff_class": rng.integers(0, len(EDGES), n).astype(np.uint8),
    }


def events(rng: np.random.Generator, n: int, table: dict[str, object]) -> dict[str, object]:
    start = table["second_time_s"]
    row = rng.integers(0, max(len(start), 1), n)
    energy = rng.uniform(10, 600, n)
    on_edge = rng.random(n) < 0.2
    energy[on_edge] = rng.choice(EDGES, int(on_edge.sum()))
    return {
        "time_s": start[row] + rng.choice([0.0, 0.25, 0.999], n),
        "direction": s.unit_vectors(rng, n),
        "energy_gev": energy,
        "weight": rng.choice([0.0, 1.0, -0.37, 0.123456789, 60.5], n),
    }


@given(s.rngs(), st.lists(s.sizes, max_size=3), st.integers(1, 3000), st.sampled_from([1, 4, 32]), st.floats(-1, 1))
def test_counts_are_the_same(rng, batches, n_second, nside, cos_least):
    ours, theirs = _core.Counts(nside, EDGES, cos_least), _oracle.Counts(nside, EDGES, cos_least)
    for n in batches:
        table = seconds(rng, n_second)
        batch = {**events(rng, n, table), **table}
        ours.add(*batch.values())
        theirs.add(*batch.values())
    np.testing.assert_array_equal(ours.cut_flow(), theirs.cut_flow())
    assert ours.cut_flow().sum() == sum(batches)
    for which in (0, 1):
        np.testing.assert_array_equal(ours.units(which), theirs.units(which))


def test_sums_equal_exact_rational_sums_of_the_rounded_weights():
    rng = np.random.default_rng(11)
    n = 1_000_000
    weight = rng.choice([1e-12, -1e-9, 2.0**-33, 3 * 2.0**-33, 0.1, 40.25, -41.7, 1 / 3], n) * rng.uniform(0.5, 1, n)
    table = seconds(rng, 1)
    table["livetime_s"], table["cutoff_class"] = np.ones(1), np.zeros(1, dtype=np.uint8)
    counts = _core.Counts(1, EDGES, -1.0)
    up = np.tile([[0.0, 0.0, 1.0]], (n, 1))
    counts.add(np.full(n, table["second_time_s"][0]), up, np.full(n, 20.0), weight, *table.values())
    unit = Fraction(1, 2**32)
    exact = sum((round(Fraction(w) / unit) for w in weight.tolist()), 0)  # round() of a Fraction is ties-to-even
    assert int(counts.units(0).sum()) == exact


@pytest.mark.parametrize(
    "arguments", [(3, EDGES, 0.0), (4, EDGES[:1], 0.0), (4, EDGES[::-1].copy(), 0.0), (4, EDGES, 1.1)]
)
def test_bad_bins_are_refused_alike(arguments):
    assert both("Counts", *arguments) is None


def test_bad_events_and_seconds_are_refused_alike_and_leave_nothing():
    rng = np.random.default_rng(8)
    table = seconds(rng, 5000)
    good = {**events(rng, 6000, table), **table}
    time_s, start = good["time_s"], good["second_time_s"]
    faults = {
        "time_s": [s.spoiled(time_s, bad, 0.7) for bad in (np.nan, np.inf, 0.0, 1e10, start[-1] + 1)] + [time_s[1:]],
        "direction": [s.spoiled(good["direction"], 3.0, 0.4), s.spoiled(good["direction"], np.nan, 0.4)],
        "energy_gev": [s.spoiled(good["energy_gev"], bad, 0.3) for bad in (0.0, -1.0, np.nan, np.inf)],
        "weight": [s.spoiled(good["weight"], bad, 0.3) for bad in (513.0, -513.0, np.nan)],
        "second_time_s": [
            start[::-1].copy(),
            s.spoiled(start, start[0], 0.5),
            s.spoiled(start, np.nan, 0.5),
            start[1:],
        ],
        "step_s": [0.0, 61.0, np.nan, 2.0],
        "rotation": [s.spoiled(good["rotation"], np.nan, 0.5)],
        "rate": [s.spoiled(good["rate"], np.nan, 0.5), good["rate"][1:]],
        "livetime_s": [s.spoiled(good["livetime_s"], bad, 0.5) for bad in (-0.1, np.nan, 61.0)],
        "cutoff_class": [np.full(5000, 6, dtype=np.uint8)],
    }
    for name, arguments in refusals(good, faults):
        kernel, twin = _core.Counts(4, EDGES, 0.5), _oracle.Counts(4, EDGES, 0.5)
        refused = outcome(kernel.add, *arguments)
        assert refused == outcome(twin.add, *arguments), name
        assert refused[0] == "refusal", name
        assert not kernel.cut_flow().any(), name


@given(s.rngs(), st.sampled_from([1, 2, 7]), st.sampled_from(["time_s", "energy_gev", "rotation"]), st.floats(0, 0.999))
def test_a_refused_batch_leaves_the_sums_as_they_were(rng, n_thread, spoilt, at):
    table = seconds(rng, 3000)
    table["rotation"] = table["rotation"] * rng.choice(
        [1.0, 1.0, 1.01]
    )  # what does not keep lengths counts all the same
    good = {**events(rng, 5000, table), **table}
    bad = {**good, spoilt: s.spoiled(good[spoilt], np.nan, at)}
    kernel, twin = _core.Counts(8, EDGES, 0.0), _oracle.Counts(8, EDGES, 0.0)
    _core.set_threads(n_thread)
    try:
        for batch in (good, bad, good):
            refused = outcome(kernel.add, *batch.values())
            assert refused == outcome(twin.add, *batch.values())
            assert (refused[0] == "refusal") == (batch is bad)
    finally:
        _core.set_threads(0)
    for which in (0, 1):
        np.testing.assert_array_equal(kernel.units(which), twin.units(which))
    np.testing.assert_array_equal(kernel.cut_flow(), twin.cut_flow())


@given(s.rngs(), s.sizes, st.sampled_from([np.float64, np.float32]), st.booleans())
def test_columns_of_either_precision_count_as_in_the_twin(rng, n, kind, weighted):
    table = seconds(rng, 300)
    batch = {**events(rng, n, table), **table}
    batch["direction"] = tuple(np.ascontiguousarray(axis.astype(kind)) for axis in batch["direction"].T)
    batch["energy_gev"] = batch["energy_gev"].astype(kind)
    batch["weight"] = rng.uniform(-1.0, 1.0, n).astype(kind) if weighted else None
    batch["failed"], batch["response"] = np.zeros(n, dtype=np.uint8), rng.normal(0.5, 1.0, n).astype(kind)
    given_table = purity_table(rng, 8, 3, 12)
    found = []
    for kernels in (_core, _oracle):
        counts = kernels.Counts(8, EDGES, 0.1)
        counts.add(*batch.values(), kernels.PurityTable(*given_table))
        found.append((counts.units(0), counts.units(1), counts.cut_flow_by_bin()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_columns_and_rows_of_directions_give_the_same_bits():
    rng = np.random.default_rng(4)
    table = seconds(rng, 300)
    batch = {**events(rng, 5000, table), **table}
    rows, columns = _core.Counts(8, EDGES, 0.1), _core.Counts(8, EDGES, 0.1)
    rows.add(*batch.values())
    columns.add(*{**batch, "direction": tuple(axis.copy() for axis in batch["direction"].T)}.values())
    np.testing.assert_array_equal(rows.units(0), columns.units(0))
    np.testing.assert_array_equal(rows.cut_flow(), columns.cut_flow())


def test_bad_columns_are_refused_alike():
    rng = np.random.default_rng(8)
    table = seconds(rng, 50)
    good = {**events(rng, 600, table), **table}
    x, y, z = (np.ascontiguousarray(axis.astype(np.float32)) for axis in good["direction"].T)
    good |= {"direction": (x, y, z), "energy_gev": good["energy_gev"].astype(np.float32), "weight": None}
    faults = {
        "direction": [(s.spoiled(x, 3.0, 0.4), y, z), (x, y, s.spoiled(z, np.nan, 0.9)), (x, y[1:], z), (x[1:], y, z)],
        "energy_gev": [s.spoiled(good["energy_gev"], bad, 0.3) for bad in (0.0, -1.0, np.nan, np.inf)],
        "weight": [np.full(600, 513.0, dtype=np.float32), np.ones(599, dtype=np.float32)],
    }
    for name, arguments in refusals(good, faults):
        kernel, twin = _core.Counts(4, EDGES, 0.5), _oracle.Counts(4, EDGES, 0.5)
        refused = outcome(kernel.add, *arguments)
        assert refused == outcome(twin.add, *arguments), name
        assert refused[0] == "refusal", name
        assert not kernel.cut_flow().any(), name


def one_second(rng: np.random.Generator) -> dict[str, object]:
    """A live second in which every bin is open."""
    return {**seconds(rng, 1), "livetime_s": np.ones(1), "cutoff_class": np.zeros(1, dtype=np.uint8)}


def test_a_batch_after_which_a_cell_could_overflow_is_refused_and_undone():
    table = one_second(np.random.default_rng(5))
    n = 8_192  # squares of 512 are 2^50 units each: so many in one cell would be 2^63
    up, time_s = np.tile([[0.0, 0.0, 1.0]], (n, 1)), np.full(n, table["second_time_s"][0])
    counts = _core.Counts(1, EDGES, -1.0)
    counts.add(time_s[1:], up[1:], np.full(n - 1, 20.0), np.full(n - 1, 512.0), *table.values())
    before = counts.units(1)
    with pytest.raises(OverflowError, match="squared weight"):
        counts.add(time_s, up, np.full(n, 200.0), np.full(n, 512.0), *table.values())
    np.testing.assert_array_equal(counts.units(1), before)
    assert int(before.max()) == (n - 1) * 2**50


def test_a_batch_is_added_where_the_cells_have_room_although_all_weights_together_would_not_fit():
    table = one_second(np.random.default_rng(5))
    n = 8_192 // 3
    up, time_s = np.tile([[0.0, 0.0, 1.0]], (n, 1)), np.full(n, table["second_time_s"][0])
    counts = _core.Counts(1, EDGES, -1.0)
    for energy_gev in (20.0, 30.0, 50.0, 80.0, 200.0):
        counts.add(time_s, up, np.full(n, energy_gev), np.full(n, 512.0), *table.values())
    assert counts.units(1).max(axis=1).tolist() == [n * 2**50] * 5
    assert int(counts.cut_flow()[5]) == 5 * n


@given(s.rngs(), st.sampled_from([1, 2, 7]))
def test_bits_do_not_depend_on_threads_batches_or_order(rng, n_thread):
    table = seconds(rng, 500)
    batch = events(rng, 9000, table)
    whole = _core.Counts(8, EDGES, 0.0)
    whole.add(*batch.values(), *table.values())
    order = rng.permutation(9000)
    pieces = _core.Counts(8, EDGES, 0.0)
    _core.set_threads(n_thread)
    try:
        for part in np.array_split(order, 5):
            pieces.add(*(np.ascontiguousarray(column[part]) for column in batch.values()), *table.values())
    finally:
        _core.set_threads(0)
    for which in (0, 1):
        np.testing.assert_array_equal(whole.units(which), pieces.units(which))
    np.testing.assert_array_equal(whole.cut_flow(), pieces.cut_flow())


def purity_table(rng: np.random.Generator, nside: int, n_region: int, n_response: int) -> tuple[object, ...]:
    """Arguments of a table with random regions."""
    region = rng.integers(0, n_region, 12 * nside**2)
    region[0] = n_region - 1
    return -0.5, 1.5, region, rng.uniform(-0.3, 1.2, (len(EDGES) - 1, n_region, n_response))


@given(s.rngs(), s.sizes, st.sampled_from([1, 8]), st.integers(1, 12), st.integers(3, 40), st.integers(0, 4))
def test_looked_up_weights_and_selections_are_the_same(rng, n, nside, n_region, n_response, n_selection):
    table = seconds(rng, 300)
    given_table = purity_table(rng, nside, n_region, n_response)
    batch = {**events(rng, n, table), **table}
    batch["weight"] = rng.choice([0.0, 1.0, -0.37, 0.9], n)
    batch["failed"] = (rng.integers(0, n_selection + 1, n) * rng.integers(0, 2, n)).astype(np.uint8)
    batch["response"] = rng.choice([-0.5, 1.5, -1e300, 1e300, 0.499999], n) + rng.uniform(-1e-3, 2.0, n)
    found = []
    for kernels in (_core, _oracle):
        counts = kernels.Counts(nside, EDGES, 0.1, n_selection)
        counts.add(*batch.values(), kernels.PurityTable(*given_table))
        found.append((counts.units(0), counts.units(1), counts.cut_flow(), counts.cut_flow_by_bin()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert found[0][3].sum() == n


def test_bad_tables_selections_and_responses_are_refused_alike():
    rng = np.random.default_rng(3)
    low, high, region, value = purity_table(rng, 2, 3, 6)
    for arguments in (
        (high, low, region, value),
        (np.nan, high, region, value),
        (low, np.inf, region, value),
        (low, high, region - 1, value),
        (low, high, region[:0], value),
        (low, high, region + 1, value),
        (low, high, region, value[:, :, :2].copy()),
        (low, high, region, value * np.nan),
        (low, high, region, value[:0]),
    ):
        assert both("PurityTable", *arguments) is None
    table = seconds(rng, 50)
    good = {
        **events(rng, 200, table),
        **table,
        "failed": np.zeros(200, dtype=np.uint8),
        "response": rng.normal(size=200),
    }
    good["weight"] = np.ones(200)
    faults = {
        "failed": [np.full(200, 2, dtype=np.uint8), np.zeros(199, dtype=np.uint8)],
        "response": [good["response"][1:], s.spoiled(good["response"], np.nan, 0.5), None],
        "weight": [np.full(200, 1.5)],
    }
    for name, arguments in refusals(good, faults):
        refused = [
            outcome(kernels.Counts(2, EDGES, 0.1, 1).add, *arguments, kernels.PurityTable(low, high, region, value))
            for kernels in (_core, _oracle)
        ]
        assert refused[0] == refused[1], name
        assert refused[0][0] == "refusal", name
    other = [k.PurityTable(low, high, region[:12], value) for k in (_core, _oracle)]
    refused = [
        outcome(k.Counts(2, EDGES, 0.1, 1).add, *good.values(), t) for k, t in zip((_core, _oracle), other, strict=True)
    ]
    assert refused[0][0] == "refusal"
    assert refused[0][1] == refused[1][1]


def on_borders(rng: np.random.Generator, n: int, nside: int) -> np.ndarray:
    """Directions on the borders of pixels or from 1e-16 to a hundredth of a pixel away from them, to either side."""
    away = rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-16, -2, n) * (rng.random(n) > 0.1)
    whole = rng.integers(0, 5 * nside, n) + away
    along = rng.random(n)
    # Belt: nside (1/2 + quarter turns) -+ 3/4 nside z is a whole number on a border.
    z = rng.uniform(-2 / 3, 2 / 3, n)
    turn = whole / nside - 0.5 + rng.choice([-0.75, 0.75], n) * z
    # Caps: rings from the pole times the part of a quarter turn, or what is left of it.
    cap = rng.random(n) < 0.5
    edge = np.minimum(np.abs(whole % nside) / np.maximum(along, 1e-12), nside)
    drop = (edge / nside) ** 2 / 3
    z[cap] = (rng.choice([-1.0, 1.0], n) * (1.0 - drop))[cap]
    turn[cap] = (rng.integers(0, 4, n) + np.where(rng.random(n) < 0.5, along, 1.0 - along))[cap]
    rho = np.sqrt(np.where(cap, drop * (2.0 - drop), (1.0 - z) * (1.0 + z)))
    angle = turn * (np.pi / 2)
    return np.ascontiguousarray(np.stack([rho * np.cos(angle), rho * np.sin(angle), z], axis=1))


@given(s.rngs(), st.sampled_from([1, 2, 8, 64, 256]))
def test_events_on_borders_of_pixels_fall_where_the_twin_and_healpy_say(rng, nside):
    healpy = pytest.importorskip("healpy")
    n = 2000
    direction = on_borders(rng, n, nside)
    # Roundings differ: within 1e-12 of a border each may say what it says. Those events weigh nothing.
    pixel = healpy.vec2pix(nside, *direction.T)
    weight = np.ones(n)
    for step in np.eye(3) * 1e-12:
        for moved in (direction + step, direction - step):
            weight[healpy.vec2pix(nside, *moved.T) != pixel] = 0.0
    # One second in which the axes of the detector are those of the sky: the kernel turns nothing.
    still = (np.zeros(1), 1.0, np.eye(3)[None], np.zeros((1, 3)), np.ones(1), np.zeros(1, dtype=np.uint8))
    wanted = np.bincount(pixel, weight, minlength=12 * nside**2)
    for module in (_core, _oracle):
        sums = module.Counts(nside, np.array([1.0, 2.0]), -1.0)
        sums.add(np.zeros(n), direction, np.ones(n), weight, *still)
        np.testing.assert_array_equal(sums.units(0)[0] / 2.0**32, wanted)
    assert 0.1 * n < weight.sum() < n
