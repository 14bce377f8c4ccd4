"""What the two streams share: seconds, orientation, cutoff rule, acceptance and spectrum, from a configuration."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config, DetectorConfig, EfficiencyConfig, GoodSecondsConfig, SecondsConfig, SpectrumConfig
from amsdipole.constants import AMS_MOUNTING_DEG
from amsdipole.errors import ConfigError
from amsdipole.exposure import (
    AMS_LEPTON_ACCEPTANCE,
    AcceptanceCurve,
    AcceptanceTable,
    AngleTable,
    EfficiencyTable,
    TwoDiscs,
    control_efficiency,
    efficiency_covariance,
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
from amsdipole.models import Flux, electron_flux, flux_integral, positron_flux, power_law
from amsdipole.orbit import (
    SAA_LATITUDE_DEG,
    SAA_LONGITUDE_DEG,
    ElementSeconds,
    FileSeconds,
    Navigator,
    SecondRule,
    SecondsSource,
    SelectedSeconds,
    ams_mounting,
    builtin_iss_elements,
    read_elements,
    stepped,
)
from amsdipole.sky import teme_to_galactic

__all__ = ["Instrument", "efficiency_shifts", "gate_edges", "instrument", "seconds_source"]

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
    geometry : TwoDiscs or AngleTable
        Acceptance against angle; of a table, its average over all energies.
    flux : callable
        Spectrum.
    field : GaussCoefficients
        Field of the Earth against time.
    efficiency : EfficiencyTable, optional
        Efficiency by place; none is one everywhere.
    table : AcceptanceTable, optional
        Acceptance against energy and angle together, where it was given so.
    """

    seconds: SecondsSource
    navigator: Navigator
    acceptance: AcceptanceCurve
    geometry: TwoDiscs | AngleTable
    flux: Flux
    field: GaussCoefficients
    efficiency: EfficiencyTable | None = None
    table: AcceptanceTable | None = None


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
    seconds = _good_seconds(seconds_source(config.seconds), config.seconds.good, mounting)
    field = igrf14() if config.cutoff.field == "igrf14" else read_shc(config.cutoff.field)
    navigator = Navigator(
        mounting=mounting,
        rule=CutoffRule(config.cutoff.factor, float(np.radians(config.cutoff.cone_deg)), config.cutoff.charge_sign),
        energy_edge_gev=gate_edges(config),
        frame=teme_to_galactic(seconds.start_s, seconds.stop_s),
        dipole=eccentric_dipole_knots(field, seconds.start_s, seconds.stop_s),
        table=_traced(config, field),
    )
    flux, detector = _flux(config.spectrum), config.detector
    efficiency = _efficiency(config.efficiency)
    if detector.acceptance_file is not None:
        table = read_acceptance(detector.acceptance_file)
        shape = table.shape(flux, config.energy.edges_gev[0], config.energy.edges_gev[-1])
        return Instrument(seconds, navigator, table.curve, shape, flux, field, efficiency, table)
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


def seconds_source(config: SecondsConfig) -> SecondsSource:
    """Open the seconds of a mission, good and bad.

    Parameters
    ----------
    config : SecondsConfig
        Element sets or files.

    Returns
    -------
    SecondsSource
        The seconds.

    Raises
    ------
    DataError
        A file is missing or unreadable, or an element set is too old.
    """
    if config.source == "files":
        return FileSeconds(
            config.files,
            config.step_s,
            config.frame,
            config.columns,
            orientation=config.orientation,
            layout=config.layout,
            flags=config.flags,
        )
    elements = builtin_iss_elements() if config.elements == "iss" else read_elements(config.elements)
    if config.start is None or config.stop is None:
        raise AssertionError("the configuration was checked to have a start and a stop")
    law = config.attitude
    return ElementSeconds(
        elements,
        config.start.timestamp(),
        config.stop.timestamp(),
        step_s=config.step_s,
        angle_rad=(
            float(np.radians(law.yaw_deg)),
            float(np.radians(law.pitch_deg)),
            float(np.radians(law.roll_deg)),
        ),
        livetime_fraction=config.livetime_fraction,
        max_age_days=config.max_age_days,
    )


def _good_seconds(source: SecondsSource, good: GoodSecondsConfig, mounting: NDArray[np.float64]) -> SecondsSource:
    region = good.region_deg
    if good.south_atlantic:
        region = tuple(zip(SAA_LONGITUDE_DEG.tolist(), SAA_LATITUDE_DEG.tolist(), strict=True))
    rule = SecondRule(
        livetime_least=good.livetime_least,
        # Half a turn is no cut: pi itself, whatever the radians of 180 round to.
        zenith_most_rad=float(np.pi) if good.zenith_most_deg >= 180.0 else float(np.radians(good.zenith_most_deg)),
        interval_s=tuple((start.timestamp(), stop.timestamp()) for start, stop in good.intervals),
        region_deg=region,
        flag_mask=good.flag_mask,
    )
    return source if rule == SecondRule() else SelectedSeconds(source, rule, mounting)


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


def efficiency_shifts(
    config: Config, parts: Instrument, bins: slice, reference: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Give the shifts of the dipole that stand for the uncertainty of the efficiency.

    Parameters
    ----------
    config : Config
        Configuration.
    parts : Instrument
        What it describes.
    bins : slice
        Energy bins of the range.
    reference : numpy.ndarray of float64, shape (12 nside^2,)
        Reference map of the range.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (3,)
        Three shifts of (FB, EW, NS), of one standard error each; empty without ``[efficiency]``.

    Raises
    ------
    DataError
        No row is live with the range open.
    """
    if config.efficiency is None or parts.efficiency is None:
        return {}
    edge = parts.navigator.energy_edge_gev
    rate = flux_integral(lambda energy: parts.flux(energy) * parts.acceptance(energy), edge[:-1], edge[1:])
    chosen = np.zeros(len(rate))
    chosen[bins] = rate[bins]
    cosine = np.linspace(parts.geometry.cos_least, 1.0, 2001)
    middle, density = (cosine[1:] + cosine[:-1]) / 2.0, parts.geometry.density_per_sr(cosine)
    covariance = efficiency_covariance(
        stepped(parts.seconds, 60.0),
        parts.navigator,
        parts.efficiency,
        class_weight=np.append(np.cumsum(chosen[::-1])[::-1], 0.0),
        reference=reference,
        mean_cosine=float((density * middle).sum() / density.sum()),
        n_variation=config.efficiency.n_variation,
        rng=np.random.default_rng(config.efficiency.seed),
    )
    value, vector = np.linalg.eigh(covariance)
    shifts = (vector * np.sqrt(np.maximum(value, 0.0))).T[::-1]
    return {f"efficiency {i + 1}": shift for i, shift in enumerate(shifts)}


def _traced(config: Config, field: GaussCoefficients) -> CutoffTable | None:
    """Read the table of traced cutoffs, which must be of the cone and the field that the rule takes."""
    if config.cutoff.table is None:
        return None
    table, rule = read_cutoff_table(config.cutoff.table), config.cutoff
    cone = float(np.degrees(table.half_angle_rad))
    wanted = [("charge_sign", rule.charge_sign, table.charge_sign), ("cone_deg", rule.cone_deg, cone)]
    if isinstance(config.detector.mounting, str):
        tilt = AMS_MOUNTING_DEG if config.detector.mounting == "ams" else 0.0
        wanted.append(("tilt of the axis", tilt, float(np.degrees(table.tilt_rad))))
    for name, asked, found in wanted:
        if abs(asked - found) > 0.01:
            raise ConfigError(f"cutoff.table = {rule.table}: its {name} is {found:g}; {asked:g} is wanted")
    if table.model != field.model:
        raise ConfigError(f"cutoff.table = {rule.table}: its field is {table.model!r}; {field.model!r} is wanted")
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
