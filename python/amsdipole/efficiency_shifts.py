"""The uncertainty of an efficiency as shifts of the dipole: composition only."""

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config
from amsdipole.exposure import AzimuthAngles, Shape, efficiency_covariance
from amsdipole.instrument import Instrument
from amsdipole.models import flux_integral
from amsdipole.orbit import stepped

__all__ = ["efficiency_shifts"]


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
    covariance = efficiency_covariance(
        stepped(parts.seconds, 60.0),
        parts.navigator,
        parts.efficiency,
        class_weight=np.append(np.cumsum(chosen[::-1])[::-1], 0.0),
        reference=reference,
        mean_direction=_mean_direction(parts.geometry),
        n_variation=config.efficiency.n_variation,
        rng=np.random.default_rng(config.efficiency.seed),
    )
    value, vector = np.linalg.eigh(covariance)
    shifts = (vector * np.sqrt(np.maximum(value, 0.0))).T[::-1]
    return {f"efficiency {i + 1}": shift for i, shift in enumerate(shifts)}


def _mean_direction(geometry: Shape) -> NDArray[np.float64]:
    """Mean of the directions in the detector that are accepted."""
    if isinstance(geometry, AzimuthAngles):
        return geometry.mean_direction
    cosine = np.linspace(geometry.cos_least, 1.0, 2001)
    middle, density = (cosine[1:] + cosine[:-1]) / 2.0, geometry.density_per_sr(cosine)
    return np.array([0.0, 0.0, (density * middle).sum() / density.sum()])
