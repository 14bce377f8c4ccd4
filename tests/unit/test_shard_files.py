"""Result files of shards: the same bytes for the same sums, and nothing that is not what was written."""

import hashlib
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from amsdipole.errors import DataError
from amsdipole.production import ShardSums, read_shard, write_shard


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
    body = b"AMSDSHD1" + struct.pack("<Q", len(text)) + text + b"".join(blocks)
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("entry", "block"),
    [
        ({"dtype": "<i8", "shape": [1 << 40]}, zlib.compress(b"")),
        ({"dtype": "<i8", "shape": [1]}, zlib.compress(bytes(1 << 20))),  # more than it says
        ({"dtype": "<i8", "shape": [2]}, zlib.compress(bytes(8))),
        ({"dtype": "|O", "shape": [1]}, zlib.compress(bytes(8))),
        ({"dtype": "<i8", "shape": [-1]}, zlib.compress(bytes(8))),
        ({"dtype": "<i8", "shape": [1]}, b"no deflated bytes"),
    ],
)
def test_what_a_header_says_is_bounded(tmp_path, entry, block):
    path = tmp_path / "x"
    entry = {"name": "a", "n_byte": len(block), **entry}
    path.write_bytes(signed({"plan": "", "shard": 0, "facts": {}, "arrays": [entry]}, block))
    with pytest.raises(DataError, match="no readable result"):
        read_shard(path)


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
