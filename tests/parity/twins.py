"""Call a kernel and its twin with the same arguments; compare values or refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np

from amsdipole import _core, _oracle
from amsdipole.errors import AmsDipoleError


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    """Return ("value", result) or ("refusal", class and place named)."""
    try:
        return "value", function(*arguments)
    except AmsDipoleError as error:
        return "refusal", (
            type(error).__name__,
            str(error).split(" = ")[0].split(" has length")[0].split(" does not")[0],
        )


def both(name: str, *arguments: Any) -> tuple[Any, Any] | None:
    """Results of kernel and twin, or None where both refuse alike."""
    ours, theirs = outcome(getattr(_core, name), *arguments), outcome(getattr(_oracle, name), *arguments)
    assert ours[0] == theirs[0], f"{name}: kernel {ours}, twin {theirs}"
    if ours[0] == "refusal":
        assert ours[1] == theirs[1], f"{name}: kernel refuses {ours[1]}, twin refuses {theirs[1]}"
        return None
    return ours[1], theirs[1]


def assert_close(name: str, *arguments: Any, tolerance: float, scale: float = 1.0) -> None:
    """Both give arrays that agree to `tolerance` times `scale`, or both refuse alike."""
    results = both(name, *arguments)
    if results is None:
        return
    ours, theirs = (r if isinstance(r, tuple) else (r,) for r in results)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)


def refusals(good: dict[str, Any], faults: dict[str, list[Any]]) -> list[tuple[str, list[Any]]]:
    """Argument lists that have one fault each, with the name of the argument at fault."""
    return [
        (name, [value if key == name else given for key, given in good.items()])
        for name, values in faults.items()
        for value in values
    ]
