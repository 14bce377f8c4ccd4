"""Sections about the mission: its seconds, its detector, its cutoff rule."""

from datetime import UTC, datetime
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from amsdipole.config._section import PathText, Section

__all__ = ["AttitudeConfig", "CutoffConfig", "DetectorConfig", "GoodSecondsConfig", "GroundConfig", "SecondsConfig"]


class AttitudeConfig(Section):
    """Constant attitude of the body against the local vertical [deg]."""

    yaw_deg: float = Field(default=0.0, ge=-180, le=180)
    pitch_deg: float = Field(default=0.0, ge=-180, le=180)
    roll_deg: float = Field(default=0.0, ge=-180, le=180)


class GoodSecondsConfig(Section):
    """Which seconds count, for events and exposure alike; the budget says what each cut costs."""

    livetime_least: float = Field(default=0.0, ge=0, le=1, description="least live share of a row; AMS: 0.5")
    zenith_most_deg: float = Field(
        default=180.0, gt=0, le=180, description="greatest angle of the detector's axis to the vertical; AMS: 40"
    )
    south_atlantic: bool = Field(default=False, description="whether seconds over the South Atlantic are left out")
    region_deg: tuple[tuple[float, float], ...] = Field(
        default=(), description="corners (longitude, latitude) of a region to leave out, in place of the South Atlantic"
    )
    intervals: tuple[tuple[datetime, datetime], ...] = Field(
        default=(), description="times (UTC) of which one must hold the second; none: all"
    )
    flag_mask: int = Field(default=0, ge=0, le=2**62, description="quality flags of which none may be set")

    @field_validator("intervals")
    @classmethod
    def _in_utc(cls, value: tuple[tuple[datetime, datetime], ...]) -> tuple[tuple[datetime, datetime], ...]:
        for i, (start, stop) in enumerate(value):
            if utc(stop) <= utc(start):
                raise ValueError(f"intervals[{i}] ends at {stop.isoformat()}, not after it starts")
        return tuple((utc(start), utc(stop)) for start, stop in value)

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        if self.south_atlantic and self.region_deg:
            raise ValueError("either south_atlantic or region_deg")
        if len(self.region_deg) in (1, 2):
            raise ValueError(f"region_deg has {len(self.region_deg)} corners; three or more are wanted")
        return self


def utc(value: datetime) -> datetime:
    """Read a time without a zone as UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SecondsConfig(Section):
    """The seconds of the mission: made from element sets, or read from Parquet, CSV or FITS files."""

    source: Literal["elements", "files"] = "elements"
    elements: Literal["iss"] | PathText = Field(
        default="iss",
        union_mode="left_to_right",
        description="'iss' for the history shipped, or a file of two-line elements",
    )
    start: datetime | None = Field(default=None, description="first second (UTC); with source = 'elements'")
    stop: datetime | None = Field(default=None, description="end of the last second (UTC)")
    step_s: float = Field(default=1.0, gt=0, le=60, description="length of a row [s]; all of it counts as its start")
    attitude: AttitudeConfig = AttitudeConfig()
    livetime_fraction: float = Field(
        default=0.71, ge=0, le=1, description="live share outside the South Atlantic polygon; with source = 'elements'"
    )
    max_age_days: float = Field(default=4.0, gt=0, description="greatest distance to an element set's epoch [d]")
    files: tuple[PathText, ...] = ()
    frame: Literal["teme", "gcrs", "earth_fixed"] = "teme"
    columns: dict[str, str] = Field(default_factory=dict, description="names of columns where the files differ")
    orientation: Literal["angles", "quaternion"] = Field(
        default="angles", description="what the files give: yaw, pitch, roll, or a quaternion to the axes of `frame`"
    )
    layout: Literal["columns", "ft2"] = Field(
        default="columns", description="'ft2': spacecraft files as the Fermi-LAT's, cut into rows of step_s"
    )
    flags: str | None = Field(default=None, description="the files' column of quality flags")
    good: GoodSecondsConfig = GoodSecondsConfig()

    @field_validator("start", "stop")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return None if value is None else utc(value)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "elements":
            if self.start is None or self.stop is None:
                raise ValueError("start and stop are wanted with source = 'elements'")
            if self.stop <= self.start:
                raise ValueError(f"stop = {self.stop.isoformat()} is not after start = {self.start.isoformat()}")
            if self.files:
                raise ValueError("files goes with source = 'files'")
            if self.layout != "columns" or self.orientation != "angles" or self.flags is not None:
                raise ValueError("layout, orientation and flags go with source = 'files'")
        elif not self.files:
            raise ValueError("files is wanted with source = 'files'")
        if self.good.flag_mask and self.flags is None:
            raise ValueError("good.flag_mask asks for quality flags; flags names no column of them")
        if self.layout == "ft2" and (self.flags is not None or self.columns or self.orientation != "angles"):
            raise ValueError("layout = 'ft2' fixes columns and orientation, and has no flags")
        return self


class DetectorConfig(Section):
    """How the detector is mounted and what it sees; mounting = 'spacecraft': along the axes of the spacecraft."""

    mounting: Literal["ams", "zenith", "spacecraft"] | tuple[tuple[float, float, float], ...] = "ams"
    acceptance: Literal["ams_leptons"] | tuple[tuple[float, float], ...] = Field(
        default="ams_leptons", description="'ams_leptons', or pairs of energy [GeV] and acceptance [m^2 sr]"
    )
    acceptance_file: PathText | None = Field(
        default=None,
        description="table of energy_gev, cos_zenith, area_m2 (, azimuth_deg); in place of acceptance and two discs",
    )
    upper_radius_m: float = Field(default=0.8526, gt=0)
    lower_radius_m: float = Field(default=0.3667, gt=0)
    distance_m: float = Field(default=2.5, gt=0)
    n_zenith_bin: int = Field(default=40, ge=1, le=1000)
    n_roll_sector: int = Field(
        default=24, ge=2, le=255, description="sectors of the roll that live time keeps if the acceptance has azimuths"
    )

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


class CutoffConfig(Section):
    """The one cutoff rule: a bin is open from factor times the greatest cutoff of a cone upwards."""

    factor: float = Field(default=1.2, ge=0, le=100)
    cone_deg: float = Field(default=30.0, ge=0, le=180, description="half angle about the detector axis")
    charge_sign: Literal[1, -1] = 1
    model: Literal["stormer", "traced"] = Field(
        default="stormer", description="Størmer's formula in the eccentric dipole, or cutoffs traced through the field"
    )
    table: PathText | None = Field(
        default=None, description="table of traced cutoffs, as 'amsdipole cutoff table' makes it; with model = 'traced'"
    )
    field: Literal["igrf14"] | PathText = Field(
        default="igrf14",
        union_mode="left_to_right",
        description="field of the Earth, for cutoffs and deflection: 'igrf14', or an .shc file of one's own",
    )
    gate: Literal["bin", "event"] = Field(
        default="bin", description="what the cutoff is compared with: the lower edge of the bin, or the event's energy"
    )
    gate_step: float = Field(
        default=0.02, ge=0.005, le=0.5, description="relative step to which the energy is known; with gate = 'event'"
    )

    @model_validator(mode="after")
    def _table_of_traced(self) -> Self:
        if (self.model == "traced") != (self.table is not None):
            raise ValueError("table goes with model = 'traced', and is wanted there")
        return self


class GroundConfig(Section):
    """A ground array: its exposure is analytic, and its harmonics are analysed too."""

    latitude_deg: float = Field(ge=-90, le=90)
    zenith_max_deg: float = Field(gt=0, le=90)
