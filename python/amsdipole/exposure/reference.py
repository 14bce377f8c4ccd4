"""The map that an isotropic flux would give."""

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import floats
from amsdipole.exposure.acceptance import AcceptanceCurve, TwoDiscs
from amsdipole.exposure.acceptance_azimuth import AzimuthAcceptance, AzimuthAngles
from amsdipole.exposure.acceptance_table import AcceptanceTable, AngleTable
from amsdipole.exposure.axes import LivetimeAxes
from amsdipole.exposure.livetime import LivetimeCube
from amsdipole.exposure.pixel_window import AxisResponse, axis_response, pixel_radius
from amsdipole.exposure.plane_response import PlaneResponse, plane_response
from amsdipole.models import Flux, flux_integral
from amsdipole.sky import summed_pixels

__all__ = [
    "FOLD_NSIDE",
    "Response",
    "Shape",
    "expected_counts",
    "exposure_map",
    "folded_attitudes",
    "folded_axes",
    "range_reference",
    "shape_response",
]

Response = AxisResponse | PlaneResponse
Shape = TwoDiscs | AngleTable | AzimuthAngles
FOLD_NSIDE = 64  # coarser references are sums of a fold at this: docs/design/reference-sum.md
COARSE_AXIS_NSIDE = 128  # 2.5e-7 in the dipole of a reference: docs/design/axis-binning.md
_BY_ENERGY = (AcceptanceTable, AzimuthAcceptance)


def shape_response(shape: Shape, *, nside: int, axis_nside: int) -> Response:
    """Average the acceptance over the pixels of a map for events and of the axes.

    Parameters
    ----------
    shape : TwoDiscs, AngleTable or AzimuthAngles
        Acceptance against the angle to the axis, or against that and azimuth.
    nside : int
        Resolution of the map.
    axis_nside : int
        Resolution of the axes' pixels.

    Returns
    -------
    AxisResponse or PlaneResponse
        The second for `AzimuthAngles`, to be folded with sums that resolve the roll.

    Raises
    ------
    RangeError
        A resolution is out of range.
    """
    pixel, axis = pixel_radius(nside), pixel_radius(axis_nside)
    if isinstance(shape, AzimuthAngles):
        return plane_response(shape, pixel=pixel, axis=axis)
    return axis_response(shape, pixel=pixel, axis=axis)


def expected_counts(
    cube: LivetimeCube,
    *,
    flux: Flux,
    acceptance: AcceptanceCurve,
    geometry: Shape | AcceptanceTable | AzimuthAcceptance,
) -> NDArray[np.float64]:
    """Fold the live time with acceptance and spectrum.

    Parameters
    ----------
    cube : LivetimeCube
        Live time by pixel, zenith and cutoff class, in the frame that it has.
    flux : callable
        Isotropic flux against energy [1/(m^2 sr s GeV)].
    acceptance : AcceptanceCurve
        Acceptance against energy [m^2 sr].
    geometry : TwoDiscs, AngleTable, AzimuthAngles, AcceptanceTable or AzimuthAcceptance
        Shape of the acceptance against the angle to the axis, and azimuth about it, the same at all energies or by the
        energy bin.

    Returns
    -------
    numpy.ndarray of float64, shape (n_bin, npix)
        Expected events of each energy bin in each pixel. A cumulative range is a sum of bins.

    Raises
    ------
    RangeError
        An energy lies outside the acceptance curve.
    DataError
        The acceptance depends on azimuth and the sums do not resolve the roll.

    Notes
    -----
    mu_bp = sum_q Omega_q sum_a g(n_q . a) T_ba integral_b Phi(E) A(E) dE, over the parts q of pixel p in a grid of at
    least nside 64, with T_ba the live time of axis a in which bin b is open, g the share of the acceptance per solid
    angle and Omega_q the solid angle. g is averaged over the size of the parts and of the axis (`shape_response`), so
    that no event that the detector accepts can fall where nothing is expected. One value a pixel, averaged over a disc,
    would miss the shape of coarse pixels: their dipole was wrong by 0.09 of the error of 1.8e5 events at nside 16.
    """
    fine = max(cube.nside, FOLD_NSIDE)
    axes, edge = cube.axes, cube.energy_edge_gev
    rate = flux_integral(lambda energy: flux(energy) * acceptance(energy), edge[:-1], edge[1:])
    solid_angle = 4.0 * np.pi / (12 * fine**2)
    out = np.zeros((len(rate), 12 * cube.nside**2))
    if isinstance(geometry, _BY_ENERGY):
        # A fold for every bin: axes of half a degree keep the price of the finer grid off.
        axes = axes.coarser(COARSE_AXIS_NSIDE) if fine > cube.nside else axes
        for b in range(len(rate)):
            shape = geometry.shape(flux, edge[b], edge[b + 1])
            response = shape_response(shape, nside=fine, axis_nside=axes.nside)
            opened = (np.arange(axes.n_class) <= b).astype(np.float64)
            folded = range_reference(axes, response, nside=fine, class_weight=opened, matrix=cube.matrix)
            out[b] = rate[b] * solid_angle * summed_pixels(folded, cube.nside)
        return out
    response = shape_response(geometry, nside=fine, axis_nside=axes.nside)
    live, exposure = axes.class_livetime_s(), np.zeros(12 * cube.nside**2)
    for b in range(len(rate)):
        # A bin is open where the one below is, and in the seconds of its own class.
        if live[b] > 0.0:
            own = (np.arange(axes.n_class) == b).astype(np.float64)
            folded = range_reference(axes, response, nside=fine, class_weight=own, matrix=cube.matrix)
            exposure = exposure + summed_pixels(folded, cube.nside)
        out[b] = rate[b] * solid_angle * exposure
    return out


def exposure_map(axes: LivetimeAxes, response: Response, *, nside: int, energy_bin: int) -> NDArray[np.float64]:
    """Fold the live time in which an energy bin is open with a response.

    Parameters
    ----------
    axes : LivetimeAxes
        Live time by axis and cutoff class.
    response : AxisResponse or PlaneResponse
        Response against the angle between pixel and axis, or against place in the detector's plane.
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
    return range_reference(axes, response, nside=nside, class_weight=opened)


def range_reference(
    axes: LivetimeAxes,
    response: Response,
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
    response : AxisResponse or PlaneResponse
        Response against the angle between pixel and axis, or against place in the detector's plane.
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
    if isinstance(response, PlaneResponse):
        axis, side, weight = axes.weighted_attitudes(class_weight)
        return folded_attitudes(_turned(axis, matrix), _turned(side, matrix), weight, response, nside=nside)
    axis, weight = axes.weighted_axes(class_weight)
    return folded_axes(_turned(axis, matrix), weight, response, nside=nside)


def _turned(vector: NDArray[np.float64], matrix: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if matrix is None:
        return vector
    turned = vector @ np.transpose(matrix)
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True))


def folded_attitudes(
    axis: NDArray[np.float64],
    side: NDArray[np.float64],
    weight: NDArray[np.float64],
    response: PlaneResponse,
    *,
    nside: int,
) -> NDArray[np.float64]:
    """Sum a response that depends on azimuth over attitudes at each pixel's centre.

    Parameters
    ----------
    axis, side : numpy.ndarray of float64, shape (n, 3)
        Unit vectors along which the detector's axis and its x direction pointed.
    weight : numpy.ndarray of float64, shape (n,)
        Weight of each: live time [s], or live time times a rate.
    response : PlaneResponse
        Response against the place of the pixel in the detector.
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
        A vector is no unit vector or not square to the other, a weight is not finite, or `nside` is out of range.

    Examples
    --------
    >>> ahead = PlaneResponse(0.5, np.ones(2), np.array([[0.0, 1.0], [0.0, 1.0]]))  # rises along the detector's x
    >>> up, x = np.array([[0.0, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]])
    >>> folded_attitudes(up, x, np.array([1.0]), ahead, nside=1)[:4].round(3)
    array([0.789, 0.211, 0.211, 0.789])
    """
    return _core.folded_attitudes(
        floats("axis", axis, (None, 3)),
        floats("side", side, (None, 3)),
        floats("weight", weight, (None,)),
        nside,
        response.cos_least,
        floats("response", response.value, (None,)),
        floats("pattern", response.pattern, (None, None)),
    )


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
