"""The configuration of an analysis: TOML into checked models, unknown keys refused."""

import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from amsdipole.config_events import SelectionConfig, TemplatesConfig, WeightsConfig
from amsdipole.errors import ConfigError

__all__ = [
    "AttitudeConfig",
    "Config",
    "CutoffConfig",
    "DetectorConfig",
    "EnergyConfig",
    "EventsConfig",
    "FitConfig",
    "GroundConfig",
    "MapConfig",
    "SecondsConfig",
    "read_config",
]

# Bins of the AMS lepton flux (method, section 1.4) with the edges of the five ranges moved to 16, 25, 40, 65 and 100.
DEFAULT_EDGES_GEV = (
    16.0, 17.0, 17.98, 18.99, 20.04, 21.13, 22.25, 23.42, 25.0, 27.25, 28.68, 30.21, 31.82, 33.53, 35.36, 37.31, 40.0,
    41.61, 44.0, 46.57, 49.33, 52.33, 55.58, 59.13, 65.0, 67.3, 72.05, 77.37, 83.36, 90.19, 100.0, 107.34, 118.42,
    132.11, 148.81, 169.86, 197.69, 237.16, 290.0, 370.0, 500.0,
)  # fmt: skip

LimitName = Literal["cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class AttitudeConfig(_Model):
    """Constant attitude of the body against the local vertical [deg]."""

    yaw_deg: float = Field(default=0.0, ge=-180, le=180)
    pitch_deg: float = Field(default=0.0, ge=-180, le=180)
    roll_deg: float = Field(default=0.0, ge=-180, le=180)


class SecondsConfig(_Model):
    """The seconds of the mission: made from element sets, or read from Parquet files."""

    source: Literal["elements", "files"] = "elements"
    elements: str = Field(default="iss", description="'iss' for the history shipped, or a file of two-line elements")
    start: datetime | None = Field(default=None, description="first second (UTC); with source = 'elements'")
    stop: datetime | None = Field(default=None, description="end of the last second (UTC)")
    step_s: float = Field(default=1.0, gt=0, le=60, description="length of a row [s]")
    attitude: AttitudeConfig = AttitudeConfig()
    livetime_fraction: float = Field(
        default=0.71, ge=0, le=1, description="live share outside the South Atlantic polygon; with source = 'elements'"
    )
    max_age_days: float = Field(default=4.0, gt=0, description="greatest distance to an element set's epoch [d]")
    files: tuple[str, ...] = ()
    frame: Literal["teme", "gcrs", "earth_fixed"] = "teme"
    columns: dict[str, str] = Field(default_factory=dict, description="names of columns where the files differ")

    @field_validator("start", "stop")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "elements":
            if self.start is None or self.stop is None:
                raise ValueError("start and stop are wanted with source = 'elements'")
            if self.stop <= self.start:
                raise ValueError(f"stop = {self.stop.isoformat()} is not after start = {self.start.isoformat()}")
            if self.files:
                raise ValueError("files goes with source = 'files'")
        elif not self.files:
            raise ValueError("files is wanted with source = 'files'")
        return self


class DetectorConfig(_Model):
    """How the detector is mounted and what it sees."""

    mounting: Literal["ams", "zenith"] | tuple[tuple[float, float, float], ...] = "ams"
    acceptance: Literal["ams_leptons"] | tuple[tuple[float, float], ...] = Field(
        default="ams_leptons", description="'ams_leptons', or pairs of energy [GeV] and acceptance [m^2 sr]"
    )
    upper_radius_m: float = Field(default=0.8526, gt=0)
    lower_radius_m: float = Field(default=0.3667, gt=0)
    distance_m: float = Field(default=2.5, gt=0)
    n_zenith_bin: int = Field(default=40, ge=1, le=1000)

    @field_validator("mounting")
    @classmethod
    def _rotation(cls, value: Any) -> Any:
        if not isinstance(value, str):
            matrix = np.array(value, dtype=float)
            if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-9):
                raise ValueError("a rotation of three rows of three numbers is wanted")
            if np.linalg.det(matrix) < 0:
                raise ValueError("the matrix mirrors; a rotation is wanted")
        return value


class CutoffConfig(_Model):
    """The one cutoff rule: a bin is open from factor times the greatest cutoff of a cone upwards."""

    factor: float = Field(default=1.2, ge=0, le=100)
    cone_deg: float = Field(default=30.0, ge=0, le=180, description="half angle about the detector axis")
    charge_sign: Literal[1, -1] = 1


class EnergyConfig(_Model):
    """Energy bins and the cumulative ranges made of them."""

    edges_gev: tuple[float, ...] = Field(default=DEFAULT_EDGES_GEV, min_length=2, max_length=255)
    ranges_gev: tuple[float, ...] = Field(default=(16.0, 25.0, 40.0, 65.0, 100.0), min_length=1)

    @model_validator(mode="after")
    def _ranges_on_edges(self) -> Self:
        edges = self.edges_gev
        for i in range(1, len(edges)):
            if edges[i] <= edges[i - 1]:
                raise ValueError(f"edges_gev[{i}] = {edges[i]} does not rise above {edges[i - 1]}")
        if edges[0] <= 0:
            raise ValueError(f"edges_gev[0] = {edges[0]} is not above zero")
        for i, low in enumerate(self.ranges_gev):
            if low not in edges[:-1]:
                raise ValueError(f"ranges_gev[{i}] = {low} is no lower edge of a bin")
        if list(self.ranges_gev) != sorted(set(self.ranges_gev)):
            raise ValueError("ranges_gev does not rise")
        return self


class SpectrumConfig(_Model):
    """Spectrum by which the exposure is weighted."""

    model: Literal["ams_positrons", "ams_electrons", "power_law"] = "ams_positrons"
    index: float | None = Field(default=None, description="exponent of the power law, negative for a falling spectrum")

    @model_validator(mode="after")
    def _index_with_power_law(self) -> Self:
        if (self.index is not None) != (self.model == "power_law"):
            raise ValueError("index goes with model = 'power_law', and with nothing else")
        return self


class EventsConfig(_Model):
    """The events: Parquet tables of an orbiting detector, or a list of sky directions."""

    files: tuple[str, ...] = Field(min_length=1)
    columns: dict[str, str | int] = Field(default_factory=dict, description="names, or numbers in text, of columns")
    weighting: Literal["purity", "signal"] = Field(
        default="purity", description="what a weight means: see amsdipole.statistics.fit_dipole"
    )
    batch_size: int = Field(default=1_000_000, ge=1, le=100_000_000)


class GroundConfig(_Model):
    """A ground array: its exposure is analytic, and its harmonics are analysed too."""

    latitude_deg: float = Field(ge=-90, le=90)
    zenith_max_deg: float = Field(gt=0, le=90)


class MapConfig(_Model):
    """Galactic maps."""

    nside: int = 32

    @field_validator("nside")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if not 1 <= value <= 8192 or value & (value - 1):
            raise ValueError(f"nside = {value} is no power of two from 1 to 8192")
        return value


class FitConfig(_Model):
    """Estimator and limits."""

    estimator: Literal["likelihood", "score"] = "likelihood"
    limits: tuple[LimitName, ...] = Field(default=("cls", "flat_delta"), min_length=1)
    confidence: float = Field(default=0.95, gt=0, lt=1)


class OutputConfig(_Model):
    """Where results go."""

    folder: str
    overwrite: bool = False


class Config(_Model):
    """One analysis. Paths are relative to the folder of the configuration file."""

    name: str = Field(min_length=1)
    events: EventsConfig
    output: OutputConfig
    seconds: SecondsConfig | None = None
    ground: GroundConfig | None = None
    detector: DetectorConfig = DetectorConfig()
    cutoff: CutoffConfig = CutoffConfig()
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
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
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
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        faults = "; ".join(_fault(entry) for entry in error.errors())
        raise ConfigError(f"{source}: {faults}") from None

    def absolute(name: str) -> str:
        return os.path.normpath(folder.resolve() / name)

    update: dict[str, Any] = {
        "events": config.events.model_copy(update={"files": tuple(absolute(f) for f in config.events.files)}),
        "output": config.output.model_copy(update={"folder": absolute(config.output.folder)}),
    }
    if config.templates is not None:
        samples = {name: tuple(absolute(f) for f in files) for name, files in config.templates.components.items()}
        update["templates"] = config.templates.model_copy(update={"components": samples})
    if config.weights is not None:
        update["weights"] = config.weights.model_copy(update={"file": absolute(config.weights.file)})
    if config.seconds is not None:
        changed: dict[str, Any] = {"files": tuple(absolute(f) for f in config.seconds.files)}
        if config.seconds.elements != "iss":
            changed["elements"] = absolute(config.seconds.elements)
        update["seconds"] = config.seconds.model_copy(update=changed)
    return config.model_copy(update=update)


def _fault(entry: Any) -> str:
    place = ".".join(str(part) for part in entry["loc"]) or "the document"
    if entry["type"] == "extra_forbidden":
        return f"{place} is an unknown key"
    if entry["type"] == "missing":
        return f"{place} is missing"
    found = "" if entry["type"] == "value_error" else f" = {entry['input']!r}"
    return f"{place}{found}: {entry['msg'].removeprefix('Value error, ')}"
