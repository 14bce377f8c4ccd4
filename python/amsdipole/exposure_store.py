"""Sums of live time that are kept in a folder, so that a study of variations makes each pass once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amsdipole._files import read_json, replacing
from amsdipole.config import Config
from amsdipole.errors import DataError
from amsdipole.exposure import LivetimeAxes, read_axes, write_axes

__all__ = ["SumsStore", "study_key"]

_MANIFEST = "study.json"
_SECTIONS = ("seconds", "cutoff", "energy", "efficiency")


def study_key(config: Config, **choices: object) -> dict[str, Any]:
    """Say what sums of a study hang on.

    Parameters
    ----------
    config : Config
        Configuration.
    **choices
        Length of the rows, resolution, sectors and whatever else the passes are made with.

    Returns
    -------
    dict
        Sections of the configuration, the mounting, the size and time of the files that they name, and the choices.
    """
    document = config.model_dump(mode="json")
    key: dict[str, Any] = {name: document.get(name) for name in _SECTIONS}
    key["mounting"] = document["detector"]["mounting"]
    named = [] if config.seconds is None else [*config.seconds.files, config.seconds.elements]
    named += [] if config.efficiency is None else list(config.efficiency.files)
    named += [] if config.cutoff.table is None else [config.cutoff.table]
    key["files"] = {str(name): _stamp(Path(name)) for name in named if Path(name).is_file()}
    plain: dict[str, Any] = json.loads(json.dumps(key | choices))
    return plain


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


@dataclass(frozen=True)
class SumsStore:
    """A folder of sums.

    Attributes
    ----------
    folder : Path, optional
        Where they are; none keeps nothing.
    key : dict
        What they hang on, as `study_key` gives it.

    Raises
    ------
    DataError
        The folder holds the sums of another study.
    """

    folder: Path | None
    key: dict[str, Any]

    def __post_init__(self) -> None:
        """Open the folder, or make it."""
        if self.folder is None:
            return
        path = self.folder / _MANIFEST
        if path.is_file():
            held = read_json(path)
            if not isinstance(held, dict):
                raise DataError(f"{path}: holds no JSON object")
            other = [name for name in {*held, *self.key} if held.get(name) != self.key.get(name)]
            if other:
                raise DataError(
                    f"{path}: the sums in this folder were made with another {', '.join(sorted(other))}; choose "
                    "another folder, or remove it"
                )
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(path, overwrite=False) as temporary:
            Path(temporary).write_text(json.dumps(self.key, indent=1), encoding="utf-8")

    def sums(self, name: str, make: Callable[[], LivetimeAxes]) -> tuple[LivetimeAxes, bool]:
        """Read sums, or make and keep them.

        Parameters
        ----------
        name : str
            Name of the file, without suffix.
        make : callable
            The pass that makes them.

        Returns
        -------
        tuple of LivetimeAxes, bool
            The sums, and whether they were there.

        Raises
        ------
        DataError
            A file is damaged, or the pass fails.
        """
        if self.folder is None:
            return make(), False
        path = self.folder / f"livetime_{name}.fits"
        if path.is_file():
            return read_axes(path), True
        made = make()
        write_axes(path, made)
        return made, False
