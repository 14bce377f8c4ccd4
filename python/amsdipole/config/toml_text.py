"""A configuration as TOML, as it is read."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["toml_text", "toml_value"]


def toml_text(document: Mapping[str, Any]) -> str:
    """Write a nested mapping as TOML; what is None is left out, for TOML has no such value.

    Parameters
    ----------
    document : mapping
        Strings, numbers, booleans, lists of these, and mappings.

    Returns
    -------
    str
        TOML.

    Examples
    --------
    >>> print(toml_text({"name": "x", "cutoff": {"factor": 1.2, "gate": None}}))
    name = "x"
    <BLANKLINE>
    [cutoff]
    factor = 1.2
    <BLANKLINE>
    """
    return "\n".join(_lines(document, ())) + "\n"


def _lines(document: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {k: v for k, v in document.items() if v is not None and not isinstance(v, Mapping)}
    lines = []
    if path:
        lines += ["", f"[{'.'.join(_key(p) for p in path)}]"]
    lines += [f"{_key(name)} = {toml_value(value)}" for name, value in plain.items()]
    for name, value in document.items():
        if isinstance(value, Mapping):
            lines += _lines(value, (*path, name))
    return lines


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else json.dumps(name)


def toml_value(value: Any) -> str:
    """Write one value as TOML."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(v) for v in value if v is not None) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {toml_value(v)}" for k, v in value.items() if v is not None) + "}"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers and booleans are the same in both
