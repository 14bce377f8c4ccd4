"""Sections about events: where they are, their energies and spectrum."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from amsdipole.config._section import PathText, Section
from amsdipole.config._units import unit_factor

__all__ = ["EnergyConfig", "EventsConfig", "SpectrumConfig"]

# Bins of the AMS lepton flux (method, section 1.4) with the edges of the five ranges moved to 16, 25, 40, 65 and 100.
DEFAULT_EDGES_GEV = (
    16.0, 17.0, 17.98, 18.99, 20.04, 21.13, 22.25, 23.42, 25.0, 27.25, 28.68, 30.21, 31.82, 33.53, 35.36, 37.31, 40.0,
    41.61, 44.0, 46.57, 49.33, 52.33, 55.58, 59.13, 65.0, 67.3, 72.05, 77.37, 83.36, 90.19, 100.0, 107.34, 118.42,
    132.11, 148.81, 169.86, 197.69, 237.16, 290.0, 370.0, 500.0,
)  # fmt: skip


class EnergyConfig(Section):
    """Energy bins and the cumulative ranges made of them."""

    edges_gev: tuple[float, ...] = Field(default=DEFAULT_EDGES_GEV, min_length=2, max_length=255)
    ranges_gev: tuple[float, ...] = Field(
        default=(16.0, 25.0, 40.0, 65.0, 100.0), min_length=1, description="lower edges of the ranges"
    )
    ranges: Literal["cumulative", "differential"] = Field(
        default="cumulative", description="whether each range ends at the last edge, or where the next begins"
    )

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

    @property
    def bounds_gev(self) -> tuple[tuple[float, float], ...]:
        """Lower and upper edge of each range."""
        last = self.edges_gev[-1]
        upper = (last,) * len(self.ranges_gev) if self.ranges == "cumulative" else (*self.ranges_gev[1:], last)
        return tuple(zip(self.ranges_gev, upper, strict=True))


class SpectrumConfig(Section):
    """Spectrum by which the exposure is weighted."""

    model: Literal["ams_positrons", "ams_electrons", "power_law"] = "ams_positrons"
    index: float | None = Field(default=None, description="exponent of the power law, negative for a falling spectrum")

    @model_validator(mode="after")
    def _index_with_power_law(self) -> Self:
        if (self.index is not None) != (self.model == "power_law"):
            raise ValueError("index goes with model = 'power_law', and with nothing else")
        return self


class EventsConfig(Section):
    """The events: Parquet tables of an orbiting detector, or a list of sky directions."""

    files: tuple[PathText, ...] = Field(min_length=1)
    columns: dict[str, str | int] = Field(default_factory=dict, description="names, or numbers in text, of columns")
    units: dict[str, str] = Field(
        default_factory=dict, description="unit of a column of the files where it differs, as energy_gev = 'MeV'"
    )
    limits: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="interval that every value of a column must lie in, or the file is refused"
    )
    weighting: Literal["purity", "signal"] = Field(
        default="purity", description="what a weight means: see amsdipole.statistics.fit_dipole"
    )
    batch_size: int = Field(default=250_000, ge=1, le=100_000_000)

    @field_validator("units")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for column, unit in value.items():
            unit_factor(column, unit)
        return value

    @field_validator("limits")
    @classmethod
    def _rise(cls, value: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for column, (low, high) in value.items():
            if not low <= high:
                raise ValueError(f"{column}: [{low}, {high}] is no interval")
        return value
