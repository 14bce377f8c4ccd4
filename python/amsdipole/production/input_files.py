"""Input files as a plan knows them: size and the checksum of their ends, cheap enough for thousands of files."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amsdipole.errors import DataError

__all__ = ["InputFile", "check_unchanged", "input_file"]

END_BYTES = 1 << 16  # the footer of a Parquet file, which holds offsets and statistics of all that is before it


@dataclass(frozen=True)
class InputFile:
    """Tell a file from another of the same name.

    Attributes
    ----------
    path : str
        Where it is, as the configuration says.
    n_byte : int
        Its size.
    ends_sha256 : str
        Checksum of its first and last 64 KiB; of all of it where it is no longer than both.
    """

    path: str
    n_byte: int
    ends_sha256: str


def input_file(path: str) -> InputFile:
    """Look at a file.

    Parameters
    ----------
    path : str
        The file; ``file.root:tree`` is the file before the colon.

    Returns
    -------
    InputFile
        Its size and the checksum of its ends.

    Raises
    ------
    DataError
        It is missing or unreadable.
    """
    file = path.rpartition(":")[0] if ".root:" in path else path
    if not Path(file).is_file():
        raise DataError(f"{path}: no such file")
    try:
        with open(file, "rb") as stream:
            n_byte = os.fstat(stream.fileno()).st_size
            seen = hashlib.sha256(stream.read(END_BYTES))
            stream.seek(max(n_byte - END_BYTES, min(n_byte, END_BYTES)))
            seen.update(stream.read(END_BYTES))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return InputFile(path, n_byte, seen.hexdigest())


def check_unchanged(files: Iterable[InputFile]) -> None:
    """Refuse the first file that is not what it was.

    Parameters
    ----------
    files : iterable of InputFile
        What the files were.

    Raises
    ------
    DataError
        A file is missing, or its size or ends differ.
    """
    for was in files:
        now = input_file(was.path)
        if now.n_byte != was.n_byte:
            raise DataError(f"{was.path}: it has {now.n_byte} bytes; it had {was.n_byte} when the plan was made")
        if now.ends_sha256 != was.ends_sha256:
            raise DataError(f"{was.path}: it changed after the plan was made (its ends have another checksum)")
