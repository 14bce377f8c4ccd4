"""A folder of results that appears whole or not at all, and what files in it are called."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from amsdipole.errors import DataError

__all__ = ["check_output", "made_folder", "range_name"]


@contextlib.contextmanager
def made_folder(folder: Path, *, overwrite: bool, mark: str = "result.json") -> Iterator[Path]:
    """Give a temporary folder beside `folder`; rename it when the block ends well, remove it otherwise."""
    check_output(str(folder), overwrite=overwrite, mark=mark)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield work
        work.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            folder.rename(old / folder.name)
            work.rename(folder)
            shutil.rmtree(old)
        else:
            work.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error})") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def range_name(low_gev: float | None, high_gev: float | None) -> str:
    """Name a range of energy in names of files: without an upper edge it is cumulative, without any it is all."""
    if low_gev is None:
        return "all"
    return f"above_{low_gev:g}_gev" if high_gev is None else f"from_{low_gev:g}_to_{high_gev:g}_gev"


def check_output(folder: str, *, overwrite: bool, mark: str = "result.json") -> None:
    """Refuse an output folder that cannot be made, before any work.

    Parameters
    ----------
    folder : str
        The folder.
    overwrite : bool
        Whether an earlier result there may be replaced.
    mark : str
        File by which an earlier result is known.

    Raises
    ------
    DataError
        It exists and may not be replaced, holds something that is no result, or its parent is missing or read-only.
    """
    target = Path(folder)
    if target.exists():
        if not overwrite:
            raise DataError(f"{target}: the folder exists already; choose another, or allow overwrite")
        if not (target / mark).is_file():
            raise DataError(f"{target}: the folder holds no earlier result; it is not replaced")
    if not target.parent.is_dir():
        raise DataError(f"{target.parent}: no such folder")
    if not os.access(target.parent, os.W_OK):
        raise DataError(f"{target.parent}: the folder cannot be written to")
