"""Files that are whole or absent."""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError

__all__ = ["read_arrays", "read_bounded", "read_json", "replacing", "sha256_of"]

TEXT_MOST_BYTES = 1 << 28  # ten million rows; longer tables are Parquet
JSON_MOST_BYTES = 1 << 28  # a result has some 100 KB
ARRAYS_MOST_BYTES = 1 << 32  # the finest table of cutoffs has 20 MB


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], *, overwrite: bool) -> Iterator[str]:
    """Give a temporary name beside `path`; sync and rename it when the block ends well, remove it otherwise."""
    target = Path(path)
    if target.exists() and not overwrite:
        raise DataError(f"{target}: the file exists already")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror})") from error
    try:
        yield temporary
        _sync(temporary)
        Path(temporary).chmod(0o666 & ~_umask())
        os.replace(temporary, target)
        _sync(os.fspath(target.parent))
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error})") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def read_bounded(path: str | os.PathLike[str], *, most: int) -> bytes:
    """Read a file whole, which is refused where it is larger than any of its kind; OSError is the caller's."""
    with open(path, "rb") as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise DataError(f"{os.fspath(path)}: more than {most} bytes, which no such file has")
    return raw


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a document; one that is unreadable, too large or too deep is refused."""
    try:
        return json.loads(read_bounded(path, most=JSON_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{os.fspath(path)}: cannot be read as JSON ({error})") from error


def read_arrays(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays of a NumPy archive, never a pickle; whatever is wrong with it is one refusal."""
    name = os.fspath(path)
    if not Path(path).is_file():
        raise DataError(f"{name}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(item.file_size for item in archive.infolist())
        if total > ARRAYS_MOST_BYTES:
            raise DataError(f"{name}: arrays of {total} bytes; at most {ARRAYS_MOST_BYTES} are read")
        with np.load(path, allow_pickle=False) as held:
            return {key: held[key] for key in held.files}
    except Exception as error:  # whatever a damaged archive makes of the readers of zip and NumPy
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name}: no readable archive of arrays ({type(error).__name__}: {error})") from error


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """Return the mask for new files, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Checksum of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
