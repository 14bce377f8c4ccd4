"""The seconds of a mission, and which of them are good, from a configuration."""

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import GoodSecondsConfig, SecondsConfig
from amsdipole.orbit import (
    SAA_LATITUDE_DEG,
    SAA_LONGITUDE_DEG,
    ElementSeconds,
    FileSeconds,
    SecondRule,
    SecondsSource,
    SelectedSeconds,
    builtin_iss_elements,
    read_elements,
)

__all__ = ["good_seconds", "seconds_source"]


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


def good_seconds(source: SecondsSource, good: GoodSecondsConfig, mounting: NDArray[np.float64]) -> SecondsSource:
    """Leave out the seconds that are not good.

    Parameters
    ----------
    source : SecondsSource
        All seconds.
    good : GoodSecondsConfig
        What a good second is.
    mounting : numpy.ndarray of float64, shape (3, 3)
        Detector to body: where the axis points.

    Returns
    -------
    SecondsSource
        The same rows, with live time where they are good; the source itself where nothing is asked.

    Raises
    ------
    RangeError
        A choice is out of range.
    """
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
