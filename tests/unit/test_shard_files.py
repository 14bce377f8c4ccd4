"""Result files of shards: the same bytes for the same sums, and nothing that is not what was written."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from amsdipole.errors import DataError
from amsdipole.events import CountsMaps, merged_counts_of
from amsdipole.production import ShardSums, counts_of, counts_sums, read_shard, write_shard
from amsdipole.production.shard_file import shard_owner


def sums(**arrays: np.ndarray) -> ShardSums:
    return ShardSums("p" * 64, 3, {"kind": "events", "n": 12}, arrays)


def small(path: Path) -> bytes:
    write_shard(path, sums(weight=np.array([1, 0, -(2**62)]), edge=np.array([16.0, 25.0])))
    return path.read_bytes()


@given(
    hnp.arrays(np.int64, hnp.array_shapes(min_dims=0, min_side=0)),
    hnp.arrays(np.float64, hnp.array_shapes(min_side=0), elements={"allow_nan": False}),
    st.integers(0, 10**6),
)
def test_what_is_written_is_read(tmp_path_factory, units, values, index):
    path = tmp_path_factory.mktemp("shard") / "x"
    write_shard(path, ShardSums("plan", index, {"a": [1, None, "x"]}, {"units": units, "values": values}))
    found = read_shard(path)
    assert (found.plan, found.index, found.facts) == ("plan", index, {"a": [1, None, "x"]})
    for name, array in (("units", units), ("values", values)):
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


def test_the_same_sums_give_the_same_bytes(tmp_path):
    first, second = small(tmp_path / "a"), small(tmp_path / "b")
    assert first == second


def test_every_flipped_bit_is_refused(tmp_path):
    good, path = small(tmp_path / "good"), tmp_path / "bad"
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        with pytest.raises(DataError, match=r"shard|damaged"):
            read_shard(path)


def test_every_truncation_and_every_byte_more_is_refused(tmp_path):
    good, path = small(tmp_path / "good"), tmp_path / "bad"
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(DataError):
            read_shard(path)
    path.write_bytes(good + b"\0")
    with pytest.raises(DataError, match="checksum"):
        read_shard(path)


def signed(header: dict[str, object], *blocks: bytes) -> bytes:
    """Make a file whose checksum is right, whatever it holds."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"AMSDSHD2" + struct.pack("<Q", len(text)) + text + b"".join(blocks)
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("entry", "block"),
    [
        ({"dtype": "<i8", "shape": [1 << 40]}, b""),
        ({"dtype": "<i8", "shape": [1 << 62, 1 << 62]}, b""),
        ({"dtype": "<i8", "shape": [0, 1 << 62, 1 << 62]}, b""),
        ({"dtype": "<i8", "shape": [1]}, bytes(16)),  # more than it says
        ({"dtype": "<i8", "shape": [2]}, bytes(8)),
        ({"dtype": "|u1", "shape": [3]}, bytes(3)),  # not filled up
        ({"dtype": "|u1", "shape": [3]}, b"\1\1\1\0\0\0\0\1"),  # filled up with what is no zero
        ({"dtype": "|O", "shape": [1]}, bytes(8)),
        ({"dtype": "<i8", "shape": [-1]}, bytes(8)),
        ({"dtype": "<i8", "shape": [1.0]}, bytes(8)),
    ],
)
def test_what_a_header_says_is_bounded(tmp_path, entry, block):
    path = tmp_path / "x"
    entry = {"name": "a", **entry}
    path.write_bytes(signed({"plan": "", "shard": 0, "facts": {}, "arrays": [entry]}, block))
    with pytest.raises(DataError, match="no readable result"):
        read_shard(path)


def test_the_beginning_of_a_file_says_whose_it_is(tmp_path):
    path = tmp_path / "x"
    good = small(path)
    assert shard_owner(path) == shard_owner(path, checked=False) == ("p" * 64, 3)
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert shard_owner(path, checked=False) == ("p" * 64, 3)
    with pytest.raises(DataError, match="damaged"):
        shard_owner(path)
    for bad in (good[:60], good[:8] + b"\xff" * 8 + good[16:], good[:8] + bytes(8) + good[16:], b"x" + good[1:]):
        path.write_bytes(bad)
        with pytest.raises(DataError):
            shard_owner(path, checked=False)


def test_an_array_that_is_named_twice_is_refused(tmp_path):
    entry = {"name": "a", "dtype": "<i8", "shape": [1]}
    header = {"plan": "", "shard": 0, "facts": {}, "arrays": [entry, entry]}
    (tmp_path / "x").write_bytes(signed(header, bytes(16)))
    with pytest.raises(DataError, match="no readable result"):
        read_shard(tmp_path / "x")


def test_another_version_of_the_format_is_named(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(small(path).replace(b"AMSDSHD2", b"AMSDSHD1"))
    with pytest.raises(DataError, match="another format than AMSDSHD2"):
        read_shard(path)


def maps(filled: int) -> CountsMaps:
    """Two energy bins of 12 pixels, of which some hold events; one weight is negative, one sum of weights is zero."""
    weight, weight2 = np.zeros(24, dtype=np.int64), np.zeros(24, dtype=np.int64)
    cell = np.random.default_rng(filled).permutation(24)[:filled]
    weight[cell], weight2[cell] = np.arange(-1, filled - 1), np.arange(1, filled + 1)
    flow = np.arange(8).reshape(4, 2)
    edge = np.array([1.0, 2.0, 4.0])
    return CountsMaps(weight.reshape(2, 12), weight2.reshape(2, 12), edge, {"cutoff": 3, "accepted": 4}, flow)


@pytest.mark.parametrize("filled", [0, 1, 2, 15, 16, 24])
def test_counts_come_back_from_the_cells_that_are_stored(tmp_path, filled):
    given = maps(filled)
    facts, arrays = counts_sums([given])
    assert ("cell_0" in arrays) == (filled < 16)  # below two thirds
    write_shard(tmp_path / "x", ShardSums("p", 0, facts, arrays))
    found = read_shard(tmp_path / "x")
    (merged,) = merged_counts_of([counts_of(found.facts, found.arrays)])
    for name in ("weight_units", "weight2_units", "energy_edge_gev", "cut_flow_by_bin"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(given, name), err_msg=name)
    assert merged.cut_flow == given.cut_flow


@given(st.lists(st.integers(0, 24), min_size=1, max_size=6))
def test_sums_of_cells_are_sums_of_maps(filled):
    parts = [maps(n) for n in filled]
    (merged,) = merged_counts_of(counts_of(*counts_sums([part])) for part in parts)
    np.testing.assert_array_equal(merged.weight_units, sum(part.weight_units for part in parts))
    np.testing.assert_array_equal(merged.weight2_units, sum(part.weight2_units for part in parts))
    assert merged.cut_flow == {"cutoff": 3 * len(parts), "accepted": 4 * len(parts)}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cell_0", [3, 3], "do not rise"),
        ("cell_0", [4, 3], "do not rise"),
        ("cell_0", [-1, 3], "cells -1 to 3 of maps of 24"),
        ("cell_0", [1, 24], "cells 1 to 24 of maps of 24"),
        ("cell_0", [1], "of int64"),
        ("weight_units_0", [1.0, 2.0], "of int64"),
        ("weight2_units_0", [1], "of int64"),
        ("cut_flow_by_bin_0", [[1, 2]], "cut flow"),
        ("energy_edge_gev", [1.0, 2.0], "edges of 2"),
    ],
)
def test_cells_that_are_none_are_refused(name, value, message):
    facts, arrays = counts_sums([maps(2)])
    with pytest.raises(DataError, match=message):
        counts_of(facts, {**arrays, name: np.array(value)})


@pytest.mark.parametrize("shape", [[0, 12], [2], [2, "x"], [1 << 20, 1 << 20], None])
def test_maps_of_an_impossible_shape_are_refused(shape):
    facts, arrays = counts_sums([maps(2)])
    with pytest.raises(DataError, match=r"maps of|no sums of events"):
        counts_of({**facts, "shape": shape}, arrays)
    with pytest.raises(DataError, match="no sums of events"):
        counts_of(facts, {})


def test_a_sum_of_cells_that_leaves_64_bits_is_refused():
    part = maps(2)
    part.weight_units[0, 0] = 2**62
    cells = counts_of(*counts_sums([part]))
    with pytest.raises(OverflowError, match="64 bits"):
        merged_counts_of([cells, cells])
    other = maps(2)
    other.weight_units[:] = 0
    other.weight_units[1, 1] = 2**62
    # Each cell keeps within 64 bits, though the greatest of both together do not.
    (merged,) = merged_counts_of([cells, counts_of(*counts_sums([other]))])
    assert merged.weight_units[0, 0] == merged.weight_units[1, 1] == 2**62


@pytest.mark.parametrize("header", [{}, {"arrays": 3}, {"plan": "", "shard": "x", "facts": {}, "arrays": []}])
def test_a_header_of_another_kind_is_refused(tmp_path, header):
    (tmp_path / "x").write_bytes(signed(header))
    with pytest.raises(DataError, match="no readable result"):
        read_shard(tmp_path / "x")


def test_missing_and_existing_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_shard(tmp_path / "none")
    _ = small(tmp_path / "a")
    with pytest.raises(DataError, match="exists already"):
        write_shard(tmp_path / "a", sums())
