"""Result files of shards: exact sums with a checksum over every byte."""

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._files import replacing
from amsdipole.errors import DataError

__all__ = ["ShardSums", "read_shard", "shard_name", "shard_owner", "write_shard"]

MAGIC = b"AMSDSHD1"
CHECKSUM_BYTES = 32
MOST_BYTES = 1 << 32  # of a file, and of an array in it
MOST_HEADER_BYTES = 1 << 24
_DTYPES = ("<i8", "<f8", "|u1")
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, eq=False)
class ShardSums:
    """What a shard came to.

    Attributes
    ----------
    plan : str
        Identity of the plan.
    index : int
        Number of the shard in it, from 0.
    facts : dict
        What is not an array: numbers, names.
    arrays : Mapping of str to numpy.ndarray
        Sums in int64, and what they are the sums of: int64, float64 or uint8.
    """

    plan: str
    index: int
    facts: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def shard_name(index: int) -> str:
    """Name of the result file of a shard."""
    return f"shard-{index:06d}.amsd"


def write_shard(path: str | os.PathLike[str], sums: ShardSums, *, overwrite: bool = False) -> None:
    """Write what a shard came to; the same sums give the same bytes.

    Parameters
    ----------
    path : path-like
        File to make.
    sums : ShardSums
        The sums.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and may not be replaced, or cannot be written.

    Notes
    -----
    ``AMSDSHD1``, the length of the header (64 bits, little-endian), the header in canonical JSON, the arrays deflated
    one after the other, and the SHA-256 of all of that. The file appears whole or not at all.
    """
    blocks, entries = [], []
    for name, values in sums.arrays.items():
        stored = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        if stored.dtype.str not in _DTYPES:
            raise AssertionError(f"{name}: {stored.dtype.str} is not stored")
        block = zlib.compress(stored.tobytes(), level=1)
        blocks.append(block)
        entries.append({"name": name, "dtype": stored.dtype.str, "shape": stored.shape, "n_byte": len(block)})
    header = {"plan": sums.plan, "shard": sums.index, "facts": sums.facts, "arrays": entries}
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    body = b"".join([MAGIC, _LENGTH.pack(len(text)), text, *blocks])
    with replacing(path, overwrite=overwrite) as temporary:
        Path(temporary).write_bytes(body + hashlib.sha256(body).digest())


def read_shard(path: str | os.PathLike[str]) -> ShardSums:
    """Read what a shard came to.

    Parameters
    ----------
    path : path-like
        File that `write_shard` made.

    Returns
    -------
    ShardSums
        The same sums.

    Raises
    ------
    DataError
        The file is missing, truncated, too long, damaged in any bit, or of another kind.
    """
    body = _verified(path)
    try:
        return _parsed(body)
    except _UNREADABLE as error:
        raise _no_result(path, error) from error


def shard_owner(path: str | os.PathLike[str]) -> tuple[str, int]:
    """Say whose result a file is, without making its arrays; every byte is checked all the same.

    Parameters
    ----------
    path : path-like
        File that `write_shard` made.

    Returns
    -------
    plan : str
        Identity of the plan.
    index : int
        Number of the shard.

    Raises
    ------
    DataError
        The file is missing, truncated, too long, damaged in any bit, or of another kind.
    """
    body = _verified(path)
    try:
        header, _ = _header(body)
        return str(header["plan"]), _whole(header["shard"])
    except _UNREADABLE as error:
        raise _no_result(path, error) from error


_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError, zlib.error)


def _no_result(path: str | os.PathLike[str], error: BaseException) -> DataError:
    return DataError(f"{os.fspath(path)}: no readable result of a shard ({type(error).__name__}: {error})")


def _verified(path: str | os.PathLike[str]) -> bytes:
    """Give all of a file but its checksum, which is right."""
    name = os.fspath(path)
    if not Path(path).is_file():
        raise DataError(f"{name}: no such file")
    size = Path(path).stat().st_size
    least = len(MAGIC) + _LENGTH.size + CHECKSUM_BYTES
    if not least <= size <= MOST_BYTES:
        raise DataError(f"{name}: {size} bytes are no result of a shard; {least} to {MOST_BYTES} are")
    try:
        whole = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror})") from error
    body, checksum = whole[:-CHECKSUM_BYTES], whole[-CHECKSUM_BYTES:]
    if not body.startswith(MAGIC):
        raise DataError(f"{name}: it is no result of a shard")
    if hashlib.sha256(body).digest() != checksum:
        raise DataError(f"{name}: damaged or truncated, its checksum is wrong")
    return body


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r}, where a whole number is wanted")
    return value


def _header(body: bytes) -> tuple[dict[str, Any], int]:
    start = len(MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack(body[len(MAGIC) : start])
    if length > MOST_HEADER_BYTES or start + length > len(body):
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(body[start : start + length])
    if not isinstance(header, dict):
        raise ValueError("a header that is no object")
    return header, start + length


def _parsed(body: bytes) -> ShardSums:
    header, at = _header(body)
    arrays = {}
    for entry in header["arrays"]:
        dtype, shape, n_byte = str(entry["dtype"]), tuple(map(_whole, entry["shape"])), _whole(entry["n_byte"])
        if dtype not in _DTYPES or any(n < 0 for n in shape) or not 0 <= n_byte <= len(body) - at:
            raise ValueError(f"array {entry}")
        wanted = np.dtype(dtype).itemsize
        for n in shape:
            wanted *= n
        if wanted > MOST_BYTES:
            raise ValueError(f"array {entry} of {wanted} bytes")
        inflate = zlib.decompressobj()
        # No more than is wanted is ever made, whatever the file holds.
        raw = inflate.decompress(body[at : at + n_byte], wanted + 1)
        if len(raw) != wanted or not inflate.eof or inflate.unused_data:
            raise ValueError(f"array {entry['name']!r} does not have the length that it says")
        arrays[str(entry["name"])] = (
            np.frombuffer(raw, dtype=dtype).reshape(shape).astype(np.dtype(dtype).newbyteorder("="))
        )
        at += n_byte
    if at != len(body):
        raise ValueError(f"{len(body) - at} bytes behind the last array")
    return ShardSums(str(header["plan"]), _whole(header["shard"]), dict(header["facts"]), arrays)
