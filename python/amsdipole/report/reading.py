"""Reading a result that was kept."""

import json
import os
from pathlib import Path
from typing import Any

from amsdipole.errors import DataError

__all__ = ["read_result", "result_path"]


def result_path(path: str | os.PathLike[str]) -> Path:
    """Find ``result.json``: a folder of results, or the file itself.

    Parameters
    ----------
    path : path-like
        Folder or file.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    DataError
        There is none.
    """
    file = Path(path) / "result.json" if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise DataError(f"{path}: no result.json is there")
    return file


def read_result(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the numbers of a result.

    Parameters
    ----------
    path : path-like
        Folder of a result, or its ``result.json``.

    Returns
    -------
    dict
        Its contents.

    Raises
    ------
    DataError
        There is no such file, it is no JSON, or it is no result of a version that is known.
    """
    from amsdipole.report.result import FORMAT_VERSION

    file = result_path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read as JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != "amsdipole-result":
        raise DataError(f"{file}: not a result of amsdipole")
    if document.get("format_version") != FORMAT_VERSION:
        raise DataError(f"{file}: format_version {document.get('format_version')} is unknown; {FORMAT_VERSION} is read")
    return document
