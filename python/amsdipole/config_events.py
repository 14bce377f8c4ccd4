"""Sections of the configuration that select and weight events."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["ResponseConfig", "SelectionConfig", "TemplatesConfig", "WeightsConfig"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class SelectionConfig(_Model):
    """Cuts on candidates; the cutoff is in [cutoff], for it gates seconds too."""

    charge_sign: Literal[1, -1] | None = Field(default=None, description="sign of rigidity_gv that is kept")
    ecal_least: float | tuple[tuple[float, float], ...] | None = Field(
        default=None, description="least ecal_estimator, or points (energy [GeV], least)"
    )
    quality: dict[str, tuple[float, float]] = Field(default_factory=dict, description="interval of each quality column")


class ResponseConfig(_Model):
    """Bins of one response; a cell below and one above them are kept too."""

    column: str = "trd_lambda"
    low: float = 0.0
    high: float = 2.0
    n_bin: int = Field(default=50, ge=6, le=10_000)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low = {self.low} is not below high = {self.high}")
        return self


class TemplatesConfig(_Model):
    """Template fits: control samples, one for each component, the signal first."""

    components: dict[str, tuple[str, ...]] = Field(min_length=2, description="event files of each control sample")
    responses: tuple[ResponseConfig, ...] = Field(default=(ResponseConfig(),), min_length=1, max_length=2)
    shape: Literal["histogram", "parametric"] = Field(
        default="histogram", description="parametric: Gaussian + Novosibirsk for the first, Novosibirsk for the others"
    )
    nside_region: int | None = Field(
        default=None, description="HEALPix patches with yields of their own; none: one sky"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.shape == "parametric" and len(self.responses) > 1:
            raise ValueError("shape = 'parametric' goes with one response")
        if self.nside_region is not None and self.nside_region not in (1, 2, 4, 8):
            raise ValueError(f"nside_region = {self.nside_region} is none of 1, 2, 4, 8")
        return self


class WeightsConfig(_Model):
    """Weights by table, as `amsdipole templates` makes it."""

    file: str
    method: Literal["purity", "sweights"] = "purity"
