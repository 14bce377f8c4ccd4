"""What of a plan is done."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amsdipole.errors import DataError
from amsdipole.production.in_order import in_order
from amsdipole.production.plan import Plan
from amsdipole.production.shard_file import shard_name, shard_owner

__all__ = ["ShardState", "shard_states"]

_TOGETHER = 32  # shards that a thread is given at a time: most results are small


@dataclass(frozen=True)
class ShardState:
    """Say how one shard stands.

    Attributes
    ----------
    index : int
        Number of the shard.
    state : {"done", "missing", "damaged", "foreign", "failed"}
        A valid file; none; a damaged one; one of another plan or shard; none, but a note why it could not be made.
    reason : str
        What is wrong; empty where nothing is.
    """

    index: int
    state: Literal["done", "missing", "damaged", "foreign", "failed"]
    reason: str = ""


def shard_states(plan: Plan, folder: str | os.PathLike[str], *, checked: bool = True) -> list[ShardState]:
    """Look at the result file of every shard.

    Parameters
    ----------
    plan : Plan
        The plan.
    folder : path-like
        Where its results are.
    checked : bool
        Whether every byte of every result is checked; without, for who reads them all later, only their beginnings are.

    Returns
    -------
    list of ShardState
        One for each shard, in order.

    Notes
    -----
    As many threads read and hash as kernels have.
    """
    identity, n = plan.identity, len(plan.shards)

    def states(first: int) -> list[ShardState]:
        return [_state(identity, index, Path(folder), checked) for index in range(first, min(n, first + _TOGETHER))]

    return [found for part in in_order(states, range(0, n, _TOGETHER)) for found in part]


def _state(identity: str, index: int, folder: Path, checked: bool) -> ShardState:
    path = folder / shard_name(index)
    if not path.is_file():
        note = path.with_suffix(".failed")
        if note.is_file():
            return ShardState(index, "failed", note.read_text(encoding="utf-8", errors="replace").strip()[:1000])
        return ShardState(index, "missing")
    try:
        owner, held = shard_owner(path, checked=checked)
    except DataError as error:
        return ShardState(index, "damaged", str(error))
    if owner != identity:
        return ShardState(
            index, "foreign", f"{path}: it belongs to the plan {owner[:16]}..., not to {identity[:16]}..."
        )
    if held != index:
        return ShardState(index, "foreign", f"{path}: it holds shard {held}")
    return ShardState(index, "done")
