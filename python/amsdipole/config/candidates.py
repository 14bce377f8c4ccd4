"""Sections about candidates: their cuts, template fits and weights."""

from typing import Literal, Self

from pydantic import Field, model_validator

from amsdipole.config._section import PathText, Section

__all__ = ["ControlConfig", "ResponseConfig", "SelectionConfig", "TemplatesConfig", "WeightsConfig"]


class SelectionConfig(Section):
    """Cuts on candidates; the cutoff is in [cutoff], for it gates seconds too."""

    charge_sign: Literal[1, -1] | None = Field(default=None, description="sign of rigidity_gv that is kept")
    ecal_least: float | tuple[tuple[float, float], ...] | None = Field(
        default=None, description="least ecal_estimator, or points (energy [GeV], least)"
    )
    quality: dict[str, tuple[float, float]] = Field(default_factory=dict, description="interval of each quality column")


class ResponseConfig(Section):
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


class ControlConfig(Section):
    """One control sample."""

    files: tuple[PathText, ...] = Field(default=(), description="event files; none: those of [events]")
    selection: SelectionConfig = SelectionConfig()


class TemplatesConfig(Section):
    """Template fits: control samples, one for each component, the signal first."""

    components: dict[str, ControlConfig] = Field(min_length=2, description="control sample of each component")
    responses: tuple[ResponseConfig, ...] = Field(default=(ResponseConfig(),), min_length=1, max_length=2)
    shape: Literal["histogram", "parametric"] = Field(
        default="histogram", description="parametric: Gaussian + Novosibirsk for the first, Novosibirsk for the others"
    )
    nside_region: int | None = Field(
        default=None, description="HEALPix patches with yields of their own; none: one sky"
    )
    edges_gev: tuple[float, ...] | None = Field(
        default=None, min_length=2, description="bins of the fits, where they are wider than those of [energy]"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.shape == "parametric" and len(self.responses) > 1:
            raise ValueError("shape = 'parametric' goes with one response")
        if self.nside_region is not None and self.nside_region not in (1, 2, 4, 8):
            raise ValueError(f"nside_region = {self.nside_region} is none of 1, 2, 4, 8")
        if len({response.column for response in self.responses}) != len(self.responses):
            raise ValueError("responses name one column twice")
        return self


class WeightsConfig(Section):
    """Weights by table: of a file of `amsdipole templates`, or made by the run itself from [templates]."""

    file: PathText | None = Field(default=None, description="weights.npz; none: the template fits are made first")
    method: Literal["purity", "sweights"] = "purity"
    check_background: bool = Field(
        default=True, description="whether the dipole of the backgrounds is fitted too, by their sWeights"
    )
