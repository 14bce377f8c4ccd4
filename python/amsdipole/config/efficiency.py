"""Section about the efficiency of the detector, measured with a control sample."""

from datetime import datetime

from pydantic import Field, field_validator

from amsdipole.config._section import PathText, Section
from amsdipole.config.mission import utc

__all__ = ["EfficiencyConfig"]


class EfficiencyConfig(Section):
    """An efficiency by geographic place, which weighs the live time and whose intervals go into the errors of rho."""

    files: tuple[PathText, ...] = Field(
        min_length=1, description="control sample: longitude_deg, latitude_deg, passed (0 or 1), and time_s, cutoff_gv"
    )
    nside: int = Field(default=8, description="resolution of the geographic pixels")
    error_most: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="greatest binomial error of a pixel; one that has more joins its neighbours",
    )
    time_edges: tuple[datetime, ...] = Field(default=(), description="borders between bins of time (UTC)")
    cutoff_edges_gv: tuple[float, ...] = Field(default=(), description="borders between bins of cutoff [GV]")
    n_variation: int = Field(default=100, ge=2, le=10_000, description="efficiencies drawn for the systematic error")
    seed: int = Field(default=1, ge=0, description="seed of the variations")

    @field_validator("nside")
    @classmethod
    def _power(cls, value: int) -> int:
        if value not in (1, 2, 4, 8, 16, 32, 64):
            raise ValueError("a power of two from 1 to 64 is wanted")
        return value

    @field_validator("time_edges")
    @classmethod
    def _in_utc(cls, value: tuple[datetime, ...]) -> tuple[datetime, ...]:
        return tuple(utc(time) for time in value)
