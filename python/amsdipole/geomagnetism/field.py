"""The Earth's main magnetic field at any place and date of a model."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole import _core
from amsdipole._arrays import finite_floats, floats, number
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.places import earth_fixed_position, local_axes

__all__ = ["coefficients_at", "magnetic_field", "magnetic_field_geodetic"]


def coefficients_at(coefficients: GaussCoefficients, decimal_year: float) -> NDArray[np.float64]:
    """Give the Gauss coefficients of one date in the order of the kernels.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field against time, of degree 13 at most.
    decimal_year : float
        Date as a decimal year, within the epochs of the field.

    Returns
    -------
    numpy.ndarray of float64, shape (N (N + 2),)
        g10, g11, h11, g20, g21, h21, ... up to the highest degree N [nT]; zero where the model has none.

    Raises
    ------
    RangeError
        The date lies outside the epochs: nothing is extrapolated.
    DataError
        A degree is above 13.

    Notes
    -----
    Linear between epochs, as IAGA defines the field.

    References
    ----------
    .. [1] Alken et al. 2021, Earth Planets Space 73, 49, https://doi.org/10.1186/s40623-020-01288-x

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> coefficients_at(igrf14(), 2015.0)[:3]
    array([-29441.46,  -1501.77,   4795.99])
    """
    return _ordered(coefficients, coefficients.at(decimal_year))


def magnetic_field(
    position_km: ArrayLike, *, coefficients: GaussCoefficients, decimal_year: ArrayLike, loss_nt: float = 0.0
) -> NDArray[np.float64]:
    """Compute the magnetic field at earth-fixed positions.

    Parameters
    ----------
    position_km : array_like of float, shape (n, 3)
        Earth-fixed (geocentric Cartesian) positions [km], 3480 to 10^6 km from the centre.
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : array_like of float, shape () or (n,)
        Date of all points, or of each, within the epochs of the field.
    loss_nt : float
        Terms may be left out where all they can add is below ``loss_nt (6371.2 km / r)**2`` [nT]; 0 keeps all.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        Field in the same axes [nT].

    Raises
    ------
    ShapeError
        Shapes do not match.
    RangeError
        A position or a date outside its range, or not finite; a negative loss.
    DataError
        The field's degree is above 13.

    Notes
    -----
    B = -grad R sum (R/r)^(n+1) (g cos m phi + h sin m phi) P(n, m), Schmidt semi-normalised, R = 6371.2 km. The field
    is linear in the coefficients and these are linear between epochs, so points of many dates take the field at two.
    The bound on what is left out is rigorous: sum (n + 1) G_n (R/r)^(n+2), G_n^2 = sum_m g^2 + h^2.

    References
    ----------
    .. [1] Alken et al. 2021, Earth Planets Space 73, 49, https://doi.org/10.1186/s40623-020-01288-x
    .. [2] Cunningham 1970, Celestial Mechanics 2, 207, https://doi.org/10.1007/BF01229495

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> magnetic_field([[0.0, 0.0, 6371.2]], coefficients=igrf14(), decimal_year=2020.0).round(1)
    array([[ -1790.5,    114. , -56386.8]])
    """
    position = floats("position_km", position_km, (None, 3))
    loss = number("loss_nt", loss_nt, low=0.0)
    year = np.asarray(decimal_year)
    if year.ndim == 0:
        return _core.magnetic_field(position, coefficients_at(coefficients, float(year)), loss)
    years = finite_floats("decimal_year", decimal_year, (len(position),))
    epoch = coefficients.epoch
    if len(bad := np.flatnonzero((years < epoch[0]) | (years > epoch[-1]))):
        raise RangeError(f"decimal_year[{bad[0]}] = {years[bad[0]]} is outside [{epoch[0]}, {epoch[-1]}]")
    interval = np.clip(np.searchsorted(epoch, years, side="right") - 1, 0, len(epoch) - 2)
    out = np.empty_like(position)
    for i in np.unique(interval):
        here = np.flatnonzero(interval == i)
        share = ((years[here] - epoch[i]) / (epoch[i + 1] - epoch[i]))[:, None]
        ends = [
            _core.magnetic_field(position[here], _ordered(coefficients, coefficients.value_nt[j]), loss)
            for j in (i, i + 1)
        ]
        out[here] = (1.0 - share) * ends[0] + share * ends[1]
    return out


def magnetic_field_geodetic(
    longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
    altitude_km: ArrayLike,
    *,
    coefficients: GaussCoefficients,
    decimal_year: ArrayLike,
) -> NDArray[np.float64]:
    """Compute the northward, eastward and downward field at geodetic places.

    Parameters
    ----------
    longitude_deg : array_like of float, shape (n,)
        East longitude [deg].
    latitude_deg : array_like of float, shape (n,)
        Geodetic latitude [deg], -90 to 90.
    altitude_km : array_like of float, shape (n,)
        Altitude above WGS 84 [km].
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : array_like of float, shape () or (n,)
        Date of all points, or of each.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        X (north), Y (east) and Z (down) along the geodetic axes [nT].

    Raises
    ------
    ShapeError
        Lengths differ.
    RangeError
        A value is outside its range or not finite.
    DataError
        The field's degree is above 13.

    Notes
    -----
    As `magnetic_field` with every degree.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> magnetic_field_geodetic([12.5], [41.9], [0.0], coefficients=igrf14(), decimal_year=2020.0).round(0)
    array([[24529.,  1452., 39591.]])
    """
    position = earth_fixed_position(longitude_deg, latitude_deg, altitude_km)
    field = magnetic_field(position, coefficients=coefficients, decimal_year=decimal_year)
    east, north, up = local_axes(longitude_deg, latitude_deg).transpose(1, 0, 2)
    return np.column_stack([(field * north).sum(axis=1), (field * east).sum(axis=1), -(field * up).sum(axis=1)])


def _ordered(coefficients: GaussCoefficients, value_nt: NDArray[np.float64]) -> NDArray[np.float64]:
    """Order values of one date by degree, then g(n, 0), g(n, 1), h(n, 1), ..."""
    degree, order = coefficients.degree, coefficients.order
    top = int(degree.max(initial=0))
    if top > 13:
        raise DataError(f"{coefficients.model} has degree {top}; the kernels go to 13")
    if top < 1 or len(value_nt) != len(degree):
        raise ShapeError(f"{coefficients.model} has {len(value_nt)} values for {len(degree)} coefficients")
    out = np.zeros(top * (top + 2))
    place = degree * degree - 1 + np.where(order > 0, 2 * order - 1, np.where(order < 0, -2 * order, 0))
    out[place] = value_nt
    return out
