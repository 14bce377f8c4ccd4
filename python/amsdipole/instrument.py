"""What the two streams share: seconds, orientation, cutoff rule, acceptance and spectrum, from a configuration."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config, DetectorConfig, EfficiencyConfig, SpectrumConfig
from amsdipole.constants import AMS_MOUNTING_DEG
from amsdipole.errors import ConfigError
from amsdipole.exposure import (
    AMS_LEPTON_ACCEPTANCE,
    AcceptanceCurve,
    AcceptanceTable,
    AzimuthAcceptance,
    EfficiencyTable,
    Shape,
    TwoDiscs,
    control_efficiency,
    read_acceptance,
)
from amsdipole.geomagnetism import (
    CutoffRule,
    CutoffTable,
    GaussCoefficients,
    eccentric_dipole_knots,
    igrf14,
    read_cutoff_table,
    read_shc,
)
from amsdipole.mission_seconds import good_seconds, seconds_source
from amsdipole.models import Flux, electron_flux, positron_flux, power_law
from amsdipole.orbit import (
    Navigator,
    SecondsSource,
    ams_mounting,
)
from amsdipole.sky import teme_to_galactic

__all__ = ["Instrument", "gate_edges", "instrument", "traced_cutoffs"]

# Størmer cutoff at 400 km over the magnetic equator, 57 degrees off the zenith to the east: 29 GV (method 2.2).
CUTOFF_MAX_GV = 30.0
N_BIN_MAX = 255  # a cutoff class is one byte


@dataclass(frozen=True)
class Instrument:
    """What events and exposure share.

    Attributes
    ----------
    seconds : SecondsSource
        The seconds of the mission.
    navigator : Navigator
        Orientation and cutoff rule.
    acceptance : AcceptanceCurve
        Acceptance against energy.
    geometry : TwoDiscs, AngleTable or AzimuthAngles
        Acceptance against angle, or angle and azimuth; of a table, its average over all energies.
    flux : callable
        Spectrum.
    field : GaussCoefficients
        Field of the Earth against time.
    efficiency : EfficiencyTable, optional
        Efficiency by place; none is one everywhere.
    table : AcceptanceTable or AzimuthAcceptance, optional
        Acceptance against energy and angles together, where it was given so.
    n_sector : int
        Sectors of the roll that sums of live time need: 1 where the acceptance does not depend on azimuth.
    """

    seconds: SecondsSource
    navigator: Navigator
    acceptance: AcceptanceCurve
    geometry: Shape
    flux: Flux
    field: GaussCoefficients
    efficiency: EfficiencyTable | None = None
    table: AcceptanceTable | AzimuthAcceptance | None = None
    n_sector: int = 1


def instrument(config: Config) -> Instrument:
    """Build what events and exposure share.

    Parameters
    ----------
    config : Config
        Configuration with ``[seconds]``.

    Returns
    -------
    Instrument
        Seconds, navigator, acceptance and spectrum.

    Raises
    ------
    DataError
        A file is missing or unreadable, or an element set is too old.
    RangeError
        The mission lies outside the years of the field model.
    """
    if config.seconds is None:
        raise AssertionError("only missions in orbit have an instrument")
    mounting = _mounting(config.detector)
    seconds = good_seconds(seconds_source(config.seconds), config.seconds.good, mounting)
    field = igrf14() if config.cutoff.field == "igrf14" else read_shc(config.cutoff.field)
    navigator = Navigator(
        mounting=mounting,
        rule=CutoffRule(config.cutoff.factor, float(np.radians(config.cutoff.cone_deg)), config.cutoff.charge_sign),
        energy_edge_gev=gate_edges(config),
        frame=teme_to_galactic(seconds.start_s, seconds.stop_s),
        dipole=eccentric_dipole_knots(field, seconds.start_s, seconds.stop_s),
        table=None if config.cutoff.table is None else traced_cutoffs(config, config.cutoff.table, field),
    )
    flux, detector = _flux(config.spectrum), config.detector
    efficiency = _efficiency(config.efficiency)
    if detector.acceptance_file is not None:
        table = read_acceptance(detector.acceptance_file)
        shape = table.shape(flux, config.energy.edges_gev[0], config.energy.edges_gev[-1])
        n_sector = detector.n_roll_sector if isinstance(table, AzimuthAcceptance) else 1
        return Instrument(seconds, navigator, table.curve, shape, flux, field, efficiency, table, n_sector)
    geometry = TwoDiscs(detector.upper_radius_m, detector.lower_radius_m, detector.distance_m)
    return Instrument(seconds, navigator, _acceptance(detector), geometry, flux, field, efficiency)


def gate_edges(config: Config) -> NDArray[np.float64]:
    """Give the edges of the bins that the cutoff gates, which events and exposure share.

    Parameters
    ----------
    config : Config
        Configuration.

    Returns
    -------
    numpy.ndarray of float64, shape (n + 1,)
        Those of ``[energy]``; with ``gate = "event"`` the bins that a cutoff can reach are cut into steps.

    Raises
    ------
    ConfigError
        The steps are more than 255.

    Notes
    -----
    A rule by the event is the limit of the rule by the bin for narrow bins. With bins it is one rule for events and
    seconds, exact in both; a step of 2 % is the resolution of the energy. See docs/design/cutoff-rule.md.
    """
    edges = config.energy.edges_gev
    if config.cutoff.gate == "bin":
        return np.array(edges)
    fine = [edges[:1]]
    for low, high in itertools.pairwise(edges):
        reached = low < config.cutoff.factor * CUTOFF_MAX_GV
        n = int(np.ceil(np.log(high / low) / config.cutoff.gate_step - 1e-9)) if reached else 1
        fine.append((*np.geomspace(low, high, n + 1)[1:-1].tolist(), high))
    made = np.concatenate(fine)
    if len(made) - 1 > N_BIN_MAX:
        raise ConfigError(
            f"cutoff.gate_step = {config.cutoff.gate_step} makes {len(made) - 1} bins; at most 255 can be"
        )
    return made


def _efficiency(config: EfficiencyConfig | None) -> EfficiencyTable | None:
    if config is None:
        return None
    return control_efficiency(
        list(config.files),
        nside=config.nside,
        error_most=config.error_most,
        time_edge_s=[time.timestamp() for time in config.time_edges],
        cutoff_edge_gv=config.cutoff_edges_gv,
    )


def traced_cutoffs(config: Config, path: str, field: GaussCoefficients) -> CutoffTable:
    """Read a table of traced cutoffs, which must be of the cone, charge and tilt that the configuration asks for.

    Parameters
    ----------
    config : Config
        Configuration.
    path : str
        File of the table.
    field : GaussCoefficients
        Field in which it must have been traced.

    Returns
    -------
    CutoffTable
        The table.

    Raises
    ------
    DataError
        The file is at fault.
    ConfigError
        The table is of another cone, charge, tilt or field.
    """
    table, rule = read_cutoff_table(path), config.cutoff
    cone = float(np.degrees(table.half_angle_rad))
    wanted = [("charge_sign", rule.charge_sign, table.charge_sign), ("cone_deg", rule.cone_deg, cone)]
    if isinstance(config.detector.mounting, str):
        tilt = AMS_MOUNTING_DEG if config.detector.mounting == "ams" else 0.0
        wanted.append(("tilt of the axis", tilt, float(np.degrees(table.tilt_rad))))
    for name, asked, found in wanted:
        if abs(asked - found) > 0.01:
            raise ConfigError(f"cutoff.table = {path}: its {name} is {found:g}; {asked:g} is wanted")
    if table.model != field.model:
        raise ConfigError(f"cutoff.table = {path}: its field is {table.model!r}; {field.model!r} is wanted")
    return table


def _mounting(config: DetectorConfig) -> NDArray[np.float64]:
    if config.mounting == "ams":
        return ams_mounting()
    if config.mounting == "zenith":  # x starboard, y ram, z up
        return np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    return np.eye(3) if config.mounting == "spacecraft" else np.array(config.mounting)


def _acceptance(config: DetectorConfig) -> AcceptanceCurve:
    if config.acceptance == "ams_leptons":
        return AMS_LEPTON_ACCEPTANCE
    points = np.array(config.acceptance)
    return AcceptanceCurve(points[:, 0], points[:, 1])


def _flux(config: SpectrumConfig) -> Flux:
    if config.index is not None:
        return power_law(config.index)
    return positron_flux if config.model == "ams_positrons" else electron_flux
