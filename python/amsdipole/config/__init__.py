"""The configuration of an analysis: TOML into checked models, unknown keys refused."""

from amsdipole.config._units import unit_factor
from amsdipole.config.candidates import (
    ControlConfig,
    ResponseConfig,
    SelectionConfig,
    TemplatesConfig,
    WeightsConfig,
)
from amsdipole.config.document import Config, config_from, read_config
from amsdipole.config.efficiency import EfficiencyConfig
from amsdipole.config.events import EnergyConfig, EventsConfig, SpectrumConfig
from amsdipole.config.mission import (
    AttitudeConfig,
    CutoffConfig,
    DetectorConfig,
    GoodSecondsConfig,
    GroundConfig,
    SecondsConfig,
)
from amsdipole.config.results import FitConfig, MapConfig, OutputConfig

__all__ = [
    "AttitudeConfig",
    "Config",
    "ControlConfig",
    "CutoffConfig",
    "DetectorConfig",
    "EfficiencyConfig",
    "EnergyConfig",
    "EventsConfig",
    "FitConfig",
    "GoodSecondsConfig",
    "GroundConfig",
    "MapConfig",
    "OutputConfig",
    "ResponseConfig",
    "SecondsConfig",
    "SelectionConfig",
    "SpectrumConfig",
    "TemplatesConfig",
    "WeightsConfig",
    "config_from",
    "read_config",
    "unit_factor",
]
