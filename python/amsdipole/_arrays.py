"""What the friendly layer does before a kernel is called: strict conversion of array arguments."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole.errors import RangeError, ShapeError

__all__ = ["Shape", "finite_floats", "floats", "indices", "number", "whole_number"]

Shape = tuple[int | None, ...]


def floats(name: str, value: ArrayLike, shape: Shape) -> NDArray[np.float64]:
    """Convert to a contiguous float64 array of the given shape (`None` is any length), or refuse."""
    array = _numeric(name, value, kinds="fiu")
    _check_shape(name, array.shape, shape)
    return np.ascontiguousarray(array, dtype=np.float64)


def finite_floats(name: str, value: ArrayLike, shape: Shape) -> NDArray[np.float64]:
    """Convert as `floats`, and refuse a value that is not finite."""
    array = floats(name, value, shape)
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum()):  # what is not finite stays so in a sum, which is faster than a mask
            return array
    bad = ~np.isfinite(array)
    if bad.any():
        where = _element(bad)
        raise RangeError(f"{name}{list(where)} = {array[where]} is not finite")
    return array


def indices(name: str, value: ArrayLike, shape: Shape) -> NDArray[np.int64]:
    """Convert to a contiguous int64 array of the given shape, refusing anything that is not an integer."""
    array = _numeric(name, value, kinds="iu", wanted="integers")
    _check_shape(name, array.shape, shape)
    if array.dtype == np.uint64 and array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise RangeError(f"{name} holds {int(array.max())}, beyond the range of int64")
    return np.ascontiguousarray(array, dtype=np.int64)


def number(
    name: str,
    value: float,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """Return a float inside the given interval, or refuse."""
    found = float(value)
    below = found <= low if open_low else found < low
    above = found >= high if open_high else found > high
    if not np.isfinite(found) or below or above:
        left = "(" if open_low or low == -np.inf else "["
        right = ")" if open_high or high == np.inf else "]"
        raise RangeError(f"{name} = {found} is outside {left}{low}, {high}{right}")
    return found


def whole_number(name: str, value: int, *, low: int, high: int) -> int:
    """Return an integer inside [low, high], or refuse."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise RangeError(f"{name} = {value!r} is no whole number in [{low}, {high}]")
    return int(value)


def _numeric(name: str, value: ArrayLike, *, kinds: str, wanted: str = "numbers") -> NDArray[Any]:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ShapeError(f"{name} has masked elements; every element must be given")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ShapeError(f"{name} is ragged: {error}") from error
    if array.size == 0 and array.dtype.kind == "f":
        return array.astype(np.float64 if "f" in kinds else np.int64)
    if array.dtype.kind not in kinds:
        raise ShapeError(f"{name} has dtype {array.dtype}; {wanted} are wanted")
    return array


def _check_shape(name: str, found: Sequence[int], wanted: Shape) -> None:
    same = len(found) == len(wanted) and all(
        want is None or have == want for have, want in zip(found, wanted, strict=True)
    )
    if not same:
        text = ", ".join("n" if want is None else str(want) for want in wanted)
        comma = "," if len(wanted) == 1 else ""
        raise ShapeError(f"{name} has shape {tuple(found)}; ({text}{comma}) is wanted")


def _element(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))
