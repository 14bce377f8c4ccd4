"""The map that an isotropic flux would give."""

import numpy as np
from numpy.typing import NDArray

from amsdipole.exposure.acceptance import AcceptanceCurve, TwoDiscs
from amsdipole.exposure.livetime import LivetimeCube
from amsdipole.exposure.pixel_window import pixel_radius, smoothed_density
from amsdipole.models import Flux, flux_integral

__all__ = ["expected_counts"]


def expected_counts(
    cube: LivetimeCube, *, flux: Flux, acceptance: AcceptanceCurve, geometry: TwoDiscs
) -> NDArray[np.float64]:
    """Fold the live time with acceptance and spectrum.

    Parameters
    ----------
    cube : LivetimeCube
        Live time by pixel, zenith and cutoff class.
    flux : callable
        Isotropic flux against energy [1/(m^2 sr s GeV)].
    acceptance : AcceptanceCurve
        Acceptance against energy [m^2 sr].
    geometry : TwoDiscs
        Shape of the acceptance against the angle to the axis.

    Returns
    -------
    numpy.ndarray of float64, shape (n_bin, npix)
        Expected events of each energy bin in each pixel. A cumulative range is a sum of bins.

    Raises
    ------
    RangeError
        An energy lies outside the acceptance curve.

    Notes
    -----
    mu_bp = Omega_p sum_z g_z T_bpz integral_b Phi(E) A(E) dE, with T_bpz the live time of the seconds in which bin b
    is open, g_z the share of the acceptance per solid angle and Omega_p the pixel's solid angle. g_z is averaged over
    the size of the pixels, of the map and of the axis (`smoothed_density`), so that no event that the detector accepts
    can fall where nothing is expected.
    """
    edge = cube.energy_edge_gev
    rate = flux_integral(lambda energy: flux(energy) * acceptance(energy), edge[:-1], edge[1:])
    density = smoothed_density(geometry, cube.cos_edge, pixel_radius(cube.nside), pixel_radius(cube.axis_nside))
    solid_angle = 4.0 * np.pi / len(cube.units)
    return np.stack([rate[b] * solid_angle * (cube.livetime_s(b) @ density) for b in range(len(rate))])
