"""Files that are whole or absent."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from amsdipole.errors import DataError

__all__ = ["replacing", "sha256_of"]


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
