"""The plan of a production: what is analysed, by which configuration, divided into shards."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from amsdipole._files import replacing
from amsdipole.errors import DataError
from amsdipole.production.input_files import InputFile

__all__ = ["Plan", "Shard", "ShardKind", "read_plan", "write_plan"]

FORMAT = "amsdipole-plan"
FORMAT_VERSION = 1
MOST_BYTES = 1 << 30  # a plan of a million shards has a tenth of that

ShardKind = Literal["events", "seconds"]


@dataclass(frozen=True)
class Shard:
    """Name the rows that one result file stands for.

    Attributes
    ----------
    kind : {"events", "seconds"}
        Events of one file, or seconds of the mission.
    source : str
        The file; empty for seconds.
    first, stop : int
        Rows from the first on and before the second.
    """

    kind: ShardKind
    source: str
    first: int
    stop: int

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return self.stop - self.first


@dataclass(frozen=True)
class Plan:
    """What is to be done, in shards.

    Attributes
    ----------
    config : dict
        The whole configuration, with every default.
    kernel : str
        Version of the kernels, by which the sums are made.
    inputs : tuple of InputFile
        Every file that is read.
    shards : tuple of Shard
        They are disjoint, and together all events and all seconds.
    """

    config: dict[str, Any]
    kernel: str
    inputs: tuple[InputFile, ...]
    shards: tuple[Shard, ...]

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything above in canonical JSON: any other plan has another."""
        return hashlib.sha256(_canonical(self._body()).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """Give what the file holds."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, "identity": self.identity, **self._body()}

    def _body(self) -> dict[str, Any]:
        return {
            "config": self.config,
            "kernel": self.kernel,
            "inputs": [asdict(file) for file in self.inputs],
            "shards": [[shard.kind, shard.source, shard.first, shard.stop] for shard in self.shards],
        }


def write_plan(path: str | os.PathLike[str], plan: Plan, *, overwrite: bool = False) -> None:
    """Write a plan.

    Parameters
    ----------
    path : path-like
        File to make.
    plan : Plan
        The plan.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and may not be replaced, or cannot be written.
    """
    with replacing(path, overwrite=overwrite) as temporary:
        Path(temporary).write_text(json.dumps(plan.document(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_plan(path: str | os.PathLike[str]) -> Plan:
    """Read a plan.

    Parameters
    ----------
    path : path-like
        File that `write_plan` made.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    DataError
        The file is missing, of another kind or version, or is not what was written.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise DataError(f"{name}: no such file")
    if Path(path).stat().st_size > MOST_BYTES:
        raise DataError(f"{name}: {Path(path).stat().st_size} bytes are no plan; at most {MOST_BYTES} are read")
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise DataError(f"{name}: it is no plan of amsdipole")
        if document["format_version"] != FORMAT_VERSION:
            raise DataError(f"{name}: format_version = {document['format_version']}; {FORMAT_VERSION} is read")
        plan = Plan(
            document["config"],
            str(document["kernel"]),
            tuple(_input(f["path"], f["n_byte"], f["ends_sha256"]) for f in document["inputs"]),
            tuple(_shard(*row) for row in document["shards"]),
        )
        identity = plan.identity  # a number that is infinite has none
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name}: no readable plan ({type(error).__name__}: {error})") from error
    if identity != document.get("identity"):
        raise DataError(f"{name}: the plan was changed after it was made; its identity is {identity[:16]}...")
    return plan


def _input(path: Any, n_byte: Any, ends_sha256: Any) -> InputFile:
    if type(n_byte) is not int:
        raise ValueError(f"{path!r} of {n_byte!r} bytes is no file")
    return InputFile(str(path), n_byte, str(ends_sha256))


def _shard(kind: Any, source: Any, first: Any, stop: Any) -> Shard:
    rows = (first, stop)
    if kind not in get_args(ShardKind) or any(type(row) is not int for row in rows) or not 0 <= first < stop:
        raise ValueError(f"{[kind, source, first, stop]} is no shard")
    return Shard(kind, str(source), first, stop)


def _canonical(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
