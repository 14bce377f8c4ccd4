"""The map that an isotropic flux would give."""

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.exposure.acceptance import AcceptanceCurve, TwoDiscs
from amsdipole.exposure.acceptance_table import AcceptanceTable, AngleTable
from amsdipole.exposure.axes import LivetimeAxes
from amsdipole.exposure.livetime import LivetimeCube
from amsdipole.exposure.pixel_window import AxisResponse, axis_response, pixel_radius
from amsdipole.models import Flux, flux_integral

__all__ = ["expected_counts", "expected_range", "exposure_map", "folded_axes", "range_reference"]


def expected_counts(
    cube: LivetimeCube, *, flux: Flux, acceptance: AcceptanceCurve, geometry: TwoDiscs | AngleTable | AcceptanceTable
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
    geometry : TwoDiscs, AngleTable or AcceptanceTable
        Shape of the acceptance against the angle to the axis, the same at all energies or by the energy bin.

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
    mu_bp = Omega_p sum_a g(n_p . a) T_ba integral_b Phi(E) A(E) dE, with T_ba the live time of axis a in which bin b is
    open, g the share of the acceptance per solid angle and Omega_p the pixel's solid angle. g is averaged over the size
    of the pixels, of the map and of the axis (`axis_response`), so that no event that the detector accepts can fall
    where nothing is expected.
    """
    axes, edge = cube.axes, cube.energy_edge_gev
    rate = flux_integral(lambda energy: flux(energy) * acceptance(energy), edge[:-1], edge[1:])
    pixel, axis = pixel_radius(cube.nside), pixel_radius(axes.nside)
    by_bin = isinstance(geometry, AcceptanceTable)
    solid_angle = 4.0 * np.pi / (12 * cube.nside**2)
    out = np.zeros((len(rate), 12 * cube.nside**2))
    live = axes.class_livetime_s()
    exposure = np.zeros(12 * cube.nside**2)
    for b in range(len(rate)):
        # Bins that open at the same time have the same exposure.
        if b == 0 or by_bin:
            shape = geometry.shape(flux, edge[b], edge[b + 1]) if isinstance(geometry, AcceptanceTable) else geometry
            response = axis_response(shape, pixel=pixel, axis=axis)
        if b == 0 or by_bin or live[b] > 0.0:
            exposure = exposure_map(axes, response, nside=cube.nside, energy_bin=b)
        out[b] = rate[b] * solid_angle * exposure
    return out


def exposure_map(axes: LivetimeAxes, response: AxisResponse, *, nside: int, energy_bin: int) -> NDArray[np.float64]:
    """Fold the live time in which an energy bin is open with a response.

    Parameters
    ----------
    axes : LivetimeAxes
        Live time by axis and cutoff class.
    response : AxisResponse
        Response against the angle between pixel and axis.
    nside : int
        Resolution of the map.
    energy_bin : int
        Energy bin.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside^2,)
        Live time times response in the frame of the axes [s times the response's unit].

    Raises
    ------
    RangeError
        `nside` is out of range.

    Notes
    -----
    Every pixel of axes stands at the mean axis of the seconds in which the bin is open: what is left out is of second
    order in the size of the pixels, and the response is averaged over it.
    """
    opened = (np.arange(axes.n_class) <= energy_bin).astype(np.float64)
    return folded_axes(*axes.weighted_axes(opened), response, nside=nside)


def expected_range(
    axes: LivetimeAxes,
    *,
    flux: Flux,
    acceptance: AcceptanceCurve,
    geometry: TwoDiscs | AngleTable | AcceptanceTable,
    low_gev: float,
    nside: int,
    matrix: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Fold the live time with acceptance and spectrum above an energy, in any frame.

    Parameters
    ----------
    axes : LivetimeAxes
        Live time by axis and cutoff class.
    flux : callable
        Isotropic flux against energy [1/(m^2 sr s GeV)].
    acceptance : AcceptanceCurve
        Acceptance against energy [m^2 sr].
    geometry : TwoDiscs, AngleTable or AcceptanceTable
        Shape of the acceptance against the angle to the axis, the same at all energies or by the energy bin.
    low_gev : float
        Lower edge of the first bin that counts [GeV].
    nside : int
        Resolution of the map.
    matrix : numpy.ndarray of float64, shape (3, 3), optional
        Rotation from the frame of the axes to that of the map; none keeps the frame.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside^2,)
        Expected events in each pixel.

    Raises
    ------
    RangeError
        An energy lies outside the acceptance, or `nside` is out of range.
    """
    edge = axes.energy_edge_gev
    rate = flux_integral(lambda energy: flux(energy) * acceptance(energy), edge[:-1], edge[1:])
    rate[edge[:-1] < low_gev] = 0.0
    pixel, axis = pixel_radius(nside), pixel_radius(axes.nside)
    solid_angle = 4.0 * np.pi / (12 * nside**2)
    if not isinstance(geometry, AcceptanceTable):
        weight = np.append(np.cumsum(rate[::-1])[::-1], 0.0)
        response = axis_response(geometry, pixel=pixel, axis=axis)
        return solid_angle * range_reference(axes, response, nside=nside, class_weight=weight, matrix=matrix)
    total = np.zeros(12 * nside**2)
    for b in np.flatnonzero(rate):
        response = axis_response(geometry.shape(flux, edge[b], edge[b + 1]), pixel=pixel, axis=axis)
        weight = np.where(np.arange(axes.n_class) <= b, rate[b], 0.0)
        total += solid_angle * range_reference(axes, response, nside=nside, class_weight=weight, matrix=matrix)
    return total


def range_reference(
    axes: LivetimeAxes,
    response: AxisResponse,
    *,
    nside: int,
    class_weight: NDArray[np.float64],
    matrix: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Fold the live time with a response, each cutoff class with a weight of its own: a range of energies in one fold.

    Parameters
    ----------
    axes : LivetimeAxes
        Live time by axis and cutoff class.
    response : AxisResponse
        Response against the angle between pixel and axis.
    nside : int
        Resolution of the map.
    class_weight : numpy.ndarray of float64, shape (n_class,)
        Weight of each class: the rate of the range where the class opens its bins, 0 where it opens none.
    matrix : numpy.ndarray of float64, shape (3, 3), optional
        Rotation from the axes' frame to that of the map; none keeps the frame.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside^2,)
        Live time times weight times response.

    Raises
    ------
    RangeError
        `nside` is out of range.
    """
    axis, weight = axes.weighted_axes(class_weight)
    if matrix is not None:
        axis = axis @ np.transpose(matrix)
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    return folded_axes(axis, weight, response, nside=nside)


def folded_axes(
    axis: NDArray[np.float64], weight: NDArray[np.float64], response: AxisResponse, *, nside: int
) -> NDArray[np.float64]:
    """Sum a response over axes at each pixel's centre.

    Parameters
    ----------
    axis : numpy.ndarray of float64, shape (n, 3)
        Unit vectors along which the detector's axis pointed.
    weight : numpy.ndarray of float64, shape (n,)
        Weight of each: live time [s], or live time times a rate.
    response : AxisResponse
        Response against the angle between pixel and axis.
    nside : int
        Resolution of the map.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside^2,)
        Weight times response; the same bits for any number of threads.

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        An axis is no unit vector, a weight is not finite, or `nside` is out of range.

    Examples
    --------
    >>> from amsdipole.exposure.pixel_window import AxisResponse
    >>> cap = AxisResponse(0.5, np.ones(2))
    >>> folded_axes(np.array([[0.0, 0.0, 1.0]]), np.array([2.0]), cap, nside=1).tolist()
    [2.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    return _core.folded_axes(
        floats("axis", axis, (None, 3)), floats("weight", weight, (None,)), nside, response.cos_least, response.value
    )
