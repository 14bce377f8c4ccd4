"""Reading a result that was kept."""

import os
from pathlib import Path
from typing import Any

from amsdipole._files import read_json
from amsdipole.errors import DataError
from amsdipole.report.folder import range_name
from amsdipole.sky import SkyMap, read_map

__all__ = ["FITS_VERSION", "range_maps", "read_document", "read_fits", "read_result", "result_path"]

FITS_VERSION = 2
"""What a ``fits.json`` holds; 2 gave it the errors of templates."""


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

    return _versioned(result_path(path), "result", FORMAT_VERSION)


def range_maps(path: str | os.PathLike[str], low_gev: float | None) -> tuple[SkyMap, SkyMap]:
    """Read the maps of a range of a result.

    Parameters
    ----------
    path : path-like
        Folder of a result, or its ``result.json``.
    low_gev : float or None
        Lower edge of the range; None where the result has no energies.

    Returns
    -------
    tuple of SkyMap
        Sum of weights, and what isotropy would give.

    Raises
    ------
    DataError
        There is no such range, or a map is missing or unreadable.
    """
    ranges = read_result(path)["ranges"]
    entry = next((r for r in ranges if r["energy_low_gev"] == low_gev), None)
    if entry is None:
        raise DataError(f"{path}: there is no range above {low_gev} GeV")
    cumulative = len({r["energy_high_gev"] for r in ranges}) == 1
    label = range_name(low_gev, None if cumulative else entry["energy_high_gev"])
    files = [result_path(path).parent / f"{kind}_{label}.fits" for kind in ("counts", "reference")]
    for file in files:
        if not file.is_file():
            raise DataError(f"{file}: the map of the result is not there")
    counts, reference = (read_map(file) for file in files)
    return counts, reference


def read_document(path: Path) -> dict[str, Any]:
    """Read what a command printed with ``--json``.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    dict
        Its contents.

    Raises
    ------
    DataError
        It cannot be read, or holds no JSON object.
    """
    document = read_json(path)
    if not isinstance(document, dict):
        raise DataError(f"{path}: holds no JSON object")
    return document


def read_fits(path: Path) -> dict[str, Any]:
    """Read the template fits that were kept beside weights.

    Parameters
    ----------
    path : pathlib.Path
        A ``fits.json``.

    Returns
    -------
    dict
        Its contents.

    Raises
    ------
    DataError
        It cannot be read, or is of another version.
    """
    return _versioned(path, "fits", FITS_VERSION)


def _versioned(file: Path, kind: str, version: int) -> dict[str, Any]:
    document = read_json(file)
    if not isinstance(document, dict) or document.get("format") != f"amsdipole-{kind}":
        raise DataError(f"{file}: not a {kind} of amsdipole")
    if document.get("format_version") != version:
        raise DataError(f"{file}: format_version {document.get('format_version')} is unknown; {version} is read")
    return document
