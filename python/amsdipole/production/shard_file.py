"""Result files of shards: exact sums with a checksum over every byte."""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._files import replacing
from amsdipole.errors import DataError

__all__ = ["ShardSums", "read_shard", "shard_name", "shard_owner", "write_shard"]

KIND = b"AMSDSHD"
MAGIC = KIND + b"2"
CHECKSUM_BYTES = 32
MOST_BYTES = 1 << 32  # of a file, and so of all that is in it
MOST_HEADER_BYTES = 1 << 24
_DTYPES = ("<i8", "<f8", "|u1")
_LENGTH = struct.Struct("<Q")
_ALIGNED = 8  # every block begins at a multiple: arrays are used where they were read


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
    ``AMSDSHD2``, the length of the header (64 bits, little-endian), the header in canonical JSON, the arrays one after
    the other, and the SHA-256 of all of that. Header and arrays are filled up with spaces and zeros to multiples of
    eight bytes. Nothing is deflated: `counts_sums` leaves out cells that hold nothing, and what a library for deflating
    makes of the rest is not the same bytes on every machine. The file appears whole or not at all.
    """
    blocks, entries = [], []
    for name, values in sums.arrays.items():
        stored = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        if stored.dtype.str not in _DTYPES:
            raise AssertionError(f"{name}: {stored.dtype.str} is not stored")
        blocks += [stored.tobytes(), bytes(-stored.nbytes % _ALIGNED)]
        entries.append({"name": name, "dtype": stored.dtype.str, "shape": stored.shape})
    header = {"plan": sums.plan, "shard": sums.index, "facts": sums.facts, "arrays": entries}
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % _ALIGNED)
    seen = hashlib.sha256()
    with replacing(path, overwrite=overwrite) as temporary, open(temporary, "wb") as stream:
        for block in (MAGIC, _LENGTH.pack(len(text)), text, *blocks):
            seen.update(block)
            stream.write(block)
        stream.write(seen.digest())


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


def shard_owner(path: str | os.PathLike[str], *, checked: bool = True) -> tuple[str, int]:
    """Say whose result a file is, without making its arrays.

    Parameters
    ----------
    path : path-like
        File that `write_shard` made.
    checked : bool
        Whether every byte is checked all the same; without, for who reads it all later, only its beginning is read.

    Returns
    -------
    plan : str
        Identity of the plan.
    index : int
        Number of the shard.

    Raises
    ------
    DataError
        The file is missing or of another kind, or what is read of it is truncated, too long, or damaged in any bit.
    """
    body = _verified(path) if checked else memoryview(_read(path, header=True))
    try:
        header, _ = _header(body)
        return str(header["plan"]), _whole(header["shard"])
    except _UNREADABLE as error:
        raise _no_result(path, error) from error


_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)


def _no_result(path: str | os.PathLike[str], error: BaseException) -> DataError:
    return DataError(f"{os.fspath(path)}: no readable result of a shard ({type(error).__name__}: {error})")


def _verified(path: str | os.PathLike[str]) -> memoryview:
    """Give all of a file but its checksum, which is right."""
    whole = _read(path)
    body, checksum = memoryview(whole)[:-CHECKSUM_BYTES], whole[-CHECKSUM_BYTES:]
    if hashlib.sha256(body).digest() != checksum:
        raise DataError(f"{os.fspath(path)}: damaged or truncated, its checksum is wrong")
    return body


def _read(path: str | os.PathLike[str], *, header: bool = False) -> bytes:
    """Read a file that begins and is as long as results of shards are, or no more of it than its header."""
    name = os.fspath(path)
    if not Path(path).is_file():
        raise DataError(f"{name}: no such file")
    size = Path(path).stat().st_size
    least = len(MAGIC) + _LENGTH.size + CHECKSUM_BYTES
    if not least <= size <= MOST_BYTES:
        raise DataError(f"{name}: {size} bytes are no result of a shard; {least} to {MOST_BYTES} are")
    try:
        with open(path, "rb") as stream:
            found = stream.read(least - CHECKSUM_BYTES) if header else stream.read()
            if header:
                (length,) = _LENGTH.unpack(found[len(MAGIC) :])
                found += stream.read(min(length, MOST_HEADER_BYTES))
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror})") from error
    if not found.startswith(KIND):
        raise DataError(f"{name}: it is no result of a shard")
    if not found.startswith(MAGIC):
        raise DataError(f"{name}: it is the result of a shard in another format than {MAGIC.decode()}, or damaged")
    return found


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r}, where a whole number is wanted")
    return value


def _header(body: memoryview) -> tuple[dict[str, Any], int]:
    start = len(MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack(body[len(MAGIC) : start])
    if length > MOST_HEADER_BYTES or start + length > len(body):
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(bytes(body[start : start + length]))
    if not isinstance(header, dict):
        raise ValueError("a header that is no object")
    return header, start + length


def _parsed(body: memoryview) -> ShardSums:
    header, at = _header(body)
    arrays: dict[str, NDArray[Any]] = {}
    for entry in header["arrays"]:
        name, dtype, shape = str(entry["name"]), str(entry["dtype"]), tuple(map(_whole, entry["shape"]))
        if dtype not in _DTYPES or any(n < 0 for n in shape) or name in arrays:
            raise ValueError(f"array {entry}")
        n_byte = np.dtype(dtype).itemsize
        for n in shape:
            n_byte *= n
        filled = n_byte + -n_byte % _ALIGNED
        if filled > len(body) - at or any(body[at + n_byte : at + filled]):
            raise ValueError(f"array {entry} does not end within the file, with zeros behind it")
        values = np.frombuffer(body[at : at + n_byte], dtype=dtype).reshape(shape)
        arrays[name] = values.astype(np.dtype(dtype).newbyteorder("="), copy=False)
        at += filled
    if at != len(body):
        raise ValueError(f"{len(body) - at} bytes behind the last array")
    return ShardSums(str(header["plan"]), _whole(header["shard"]), dict(header["facts"]), arrays)
