"""What all sections of a configuration have in common."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo

__all__ = ["Folder", "PathText", "Section"]

Folder = dict[str, Path]
"""Context of a validation: `{"folder": ...}` is where relative paths start from."""


class Section(BaseModel):
    """A table of the configuration: unknown keys, NaN and infinities are refused, and it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def _absolute(name: str, info: ValidationInfo) -> str:
    folder: Path | None = info.context["folder"] if info.context else None
    return name if folder is None else os.path.normpath(folder.resolve() / name)


PathText = Annotated[str, AfterValidator(_absolute)]
"""A path, relative to the folder of the configuration file; absolute once it is read."""
