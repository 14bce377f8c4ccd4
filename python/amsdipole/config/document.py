"""The whole configuration, and reading it."""

import os
import re
import reprlib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from amsdipole._files import read_bounded
from amsdipole.config._section import Folder, Section
from amsdipole.config.candidates import SelectionConfig, TemplatesConfig, WeightsConfig
from amsdipole.config.efficiency import EfficiencyConfig
from amsdipole.config.events import EnergyConfig, EventsConfig, SpectrumConfig
from amsdipole.config.mission import CutoffConfig, DetectorConfig, GroundConfig, SecondsConfig
from amsdipole.config.results import FitConfig, MapConfig, OutputConfig
from amsdipole.errors import ConfigError

__all__ = ["Config", "config_from", "read_config"]

MOST_BYTES = 1 << 20  # the template with all its comments has 12 KB
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
# The time that tomllib takes grows with the square of the parts of a key.
_DEEP = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*\.[ \t]*{_PART}){{40}}")


class Config(Section):
    """One analysis. Paths are relative to the folder of the configuration file."""

    name: str = Field(min_length=1)
    events: EventsConfig
    output: OutputConfig
    seconds: SecondsConfig | None = None
    ground: GroundConfig | None = None
    detector: DetectorConfig = DetectorConfig()
    cutoff: CutoffConfig = CutoffConfig()
    efficiency: EfficiencyConfig | None = None
    energy: EnergyConfig = EnergyConfig()
    spectrum: SpectrumConfig = SpectrumConfig()
    map: MapConfig = MapConfig()
    fit: FitConfig = FitConfig()
    selection: SelectionConfig = SelectionConfig()
    templates: TemplatesConfig | None = None
    weights: WeightsConfig | None = None
    threads: Annotated[int, Field(ge=0, le=1024)] = 0

    @model_validator(mode="after")
    def _one_exposure(self) -> Self:
        if (self.seconds is None) == (self.ground is None):
            raise ValueError("either [seconds] or [ground] is wanted: one of them gives the exposure")
        return self

    @model_validator(mode="after")
    def _efficiency_in_orbit(self) -> Self:
        if self.efficiency is not None and self.seconds is None:
            raise ValueError("[efficiency] goes with [seconds]")
        return self

    @model_validator(mode="after")
    def _candidates_in_orbit(self) -> Self:
        if self.weights is not None and self.weights.file is None and self.templates is None:
            raise ValueError("[weights] names no file, and there is no [templates] to make them from")
        if self.seconds is None and (self.weights is not None or self.selection != SelectionConfig()):
            raise ValueError("[selection] and [weights] go with [seconds], not with a list of sky directions")
        return self

    @model_validator(mode="after")
    def _templates_on_edges(self) -> Self:
        edges = self.templates.edges_gev if self.templates is not None else None
        if edges is not None:
            for i, edge in enumerate(edges):
                if edge not in self.energy.edges_gev:
                    raise ValueError(f"templates.edges_gev[{i}] = {edge} is no edge of [energy]")
            if list(edges) != sorted(set(edges)):
                raise ValueError("templates.edges_gev does not rise")
            if (edges[0], edges[-1]) != (self.energy.edges_gev[0], self.energy.edges_gev[-1]):
                raise ValueError("templates.edges_gev does not span the bins of [energy]")
        return self


def read_config(path: str | os.PathLike[str]) -> Config:
    """Read a configuration and make its paths absolute.

    Parameters
    ----------
    path : path-like
        TOML file.

    Returns
    -------
    Config
        Checked configuration; paths are taken relative to the folder of the file.

    Raises
    ------
    ConfigError
        The file is missing, no TOML, has an unknown key, lacks one, or a value is not allowed; every fault is named.

    Examples
    --------
    >>> read_config("/no/such/file.toml")
    Traceback (most recent call last):
        ...
    amsdipole.errors.ConfigError: /no/such/file.toml: no such file
    """
    file = Path(path)
    if not file.is_file():
        raise ConfigError(f"{file}: no such file")
    try:
        text = read_bounded(file, most=MOST_BYTES).decode()
        if (deep := _DEEP.search(text)) is not None:
            line = text.count("\n", 0, deep.start()) + 1
            raise ValueError(f"line {line} has a key of more than 40 parts")
        document = tomllib.loads(text)
    except (ValueError, RecursionError, OSError) as error:  # of TOML, of UTF-8, of numbers too long to read
        raise ConfigError(f"{file}: no readable TOML ({error})") from error
    return config_from(document, folder=file.parent, source=str(file))


def config_from(document: dict[str, Any], *, folder: Path, source: str) -> Config:
    """Check a document and make its paths absolute.

    Parameters
    ----------
    document : dict
        What the TOML says.
    folder : pathlib.Path
        Folder that relative paths start from.
    source : str
        What messages call the document.

    Returns
    -------
    Config
        Checked configuration.

    Raises
    ------
    ConfigError
        Every fault is named.
    """
    context: Folder = {"folder": folder}
    try:
        return Config.model_validate(document, context=context)
    except ValidationError as error:
        faults = "; ".join(_fault(entry) for entry in error.errors())
        raise ConfigError(f"{source}: {faults}") from None


# A value may be as long and as deep as a file can make it.
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 200
_SHORT.maxlist = _SHORT.maxdict = 20


def _fault(entry: Any) -> str:
    place = ".".join(str(part) for part in entry["loc"]) or "the document"
    if entry["type"] == "extra_forbidden":
        return f"{place} is an unknown key"
    if entry["type"] == "missing":
        return f"{place} is missing"
    found = "" if entry["type"] == "value_error" else f" = {_SHORT.repr(entry['input'])}"
    return f"{place}{found}: {entry['msg'].removeprefix('Value error, ')}"
