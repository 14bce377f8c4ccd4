"""A configuration to start from, with every key, its default and what it means."""

import textwrap
from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic.fields import FieldInfo

from amsdipole.config._section import Section
from amsdipole.config.document import Config
from amsdipole.config.toml_text import toml_value

__all__ = ["config_template"]

# What has no default that could be run, by section and key.
_ASKED: Final = {
    ("", "name"): "My analysis",
    ("events", "files"): ("events.parquet",),
    ("output", "folder"): "results",
    ("seconds", "source"): "elements",
    ("seconds", "start"): "2011-05-19T00:00:00Z",
    ("seconds", "stop"): "2020-05-19T00:00:00Z",
}
_ALWAYS: Final = ("seconds",)  # other sections without a default are of their own kind of analysis: the schema has them


def config_template() -> str:
    """Write a configuration of a mission in orbit with every key.

    Returns
    -------
    str
        TOML: what has to be chosen as a value to change, the rest as comments that show defaults.

    Notes
    -----
    Made from the models that read a configuration, so that it cannot fall behind them.

    Examples
    --------
    >>> "# factor = 1.2" in config_template()
    True
    """
    lines = [
        "# A configuration of amsdipole. Lines that begin with '# ' and a key show a default: uncomment to change."
    ]
    lines += [
        "# Check it with `amsdipole validate`, run it with `amsdipole run`; `amsdipole config schema` has it all.",
        "",
    ]
    lines += _keys(Config, "")
    for name, field in Config.model_fields.items():
        kind = _section_of(field.annotation)
        if kind is not None and (field.default is not None or name in _ALWAYS):
            lines += ["", *_comment(kind.__doc__), f"[{name}]", *_keys(kind, name)]
    return "\n".join(lines) + "\n"


def _keys(kind: type[Section], section: str) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        if _section_of(field.annotation) is not None:
            continue
        asked = _ASKED.get((section, name))
        if asked is not None:
            yield _line(name, asked, field)
            continue
        default = field.get_default(call_default_factory=True)
        if field.default_factory is not None or default is None or default in ((), {}):
            yield f"# {name}: none by default{_meaning(field)}"
        else:
            yield f"# {_line(name, default, field)}"


def _line(name: str, value: Any, field: FieldInfo) -> str:
    return f"{name} = {toml_value(value)}{_meaning(field)}"


def _meaning(field: FieldInfo) -> str:
    return f"  # {field.description}" if field.description else ""


def _comment(text: str | None) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap((text or "").strip().splitlines()[0], 118)]


def _section_of(annotation: Any) -> type[Section] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None
