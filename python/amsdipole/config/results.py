"""Sections about results: maps, fit and limits, output."""

from typing import Literal

from pydantic import Field, field_validator

from amsdipole.config._section import PathText, Section

__all__ = ["FitConfig", "MapConfig", "OutputConfig"]

LimitName = Literal["cls", "flat_delta", "proportional_delta", "flat_rho", "neyman", "feldman_cousins"]


class MapConfig(Section):
    """Galactic maps."""

    nside: int = 32

    @field_validator("nside")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if not 1 <= value <= 8192 or value & (value - 1):
            raise ValueError(f"nside = {value} is no power of two from 1 to 8192")
        return value


class FitConfig(Section):
    """Estimator and limits."""

    estimator: Literal["likelihood", "score"] = "likelihood"
    limits: tuple[LimitName, ...] = Field(default=("cls", "flat_delta"), min_length=1)
    confidence: float = Field(default=0.95, gt=0, lt=1)
    directions: Literal["local", "forward_folded", "back_traced"] = Field(
        default="local",
        description="'local' reports the dipole of local directions; 'forward_folded' also the one far away, "
        "'back_traced' also that of directions traced back to far away",
    )
    n_arrival: int = Field(
        default=1_000_000,
        ge=10_000,
        le=10**9,
        description="arrivals of an isotropic flux that make the reference of 'back_traced'",
    )


class OutputConfig(Section):
    """Where results go."""

    folder: PathText
    overwrite: bool = False
