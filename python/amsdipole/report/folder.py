"""A folder of results that appears whole or not at all."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from amsdipole.errors import DataError
from amsdipole.report.result import check_output

__all__ = ["made_folder"]


@contextlib.contextmanager
def made_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder beside `folder`; rename it when the block ends well, remove it otherwise."""
    check_output(str(folder), overwrite=overwrite)
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
