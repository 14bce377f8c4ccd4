"""The eccentric dipole: the dipole, off the Earth's centre, that fits the geomagnetic field best."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import number
from amsdipole.constants import EARTH_RADIUS_KM, SPEED_OF_LIGHT_M_S
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.igrf import GaussCoefficients, decimal_year, new_year_s

__all__ = ["EccentricDipole", "EccentricDipoleKnots", "dipole_of_date", "eccentric_dipole", "eccentric_dipole_knots"]

_SQRT_3: Final = float(np.sqrt(3.0))


@dataclass(frozen=True, eq=False)
class EccentricDipole:
    """Hold an eccentric dipole at one time, in the earth-fixed geocentric frame.

    Parameters
    ----------
    k_gv : float
        Størmer constant c B0 R [GV], with R = 6371.2 km.
    center_km : numpy.ndarray of float64, shape (3,)
        Centre of the dipole [km].
    pole : numpy.ndarray of float64, shape (3,)
        Unit vector along the dipole's axis, to the north geomagnetic pole.

    Notes
    -----
    +z of the frame is the Earth's rotation axis, +x is at longitude 0.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> round(eccentric_dipole(igrf14(), 2015.0).k_gv, 2)
    57.05
    """

    k_gv: float
    center_km: NDArray[np.float64]
    pole: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EccentricDipoleKnots:
    """Hold an eccentric dipole at each new year of an interval, in the earth-fixed geocentric frame.

    Parameters
    ----------
    time_s : numpy.ndarray of float64, shape (k,)
        1 January, 00:00 UTC, of successive years [s], Unix time; at least 2.
    k_gv : numpy.ndarray of float64, shape (k,)
        Størmer constant c B0 R [GV], with R = 6371.2 km.
    center_km : numpy.ndarray of float64, shape (k, 3)
        Centre of the dipole [km].
    pole : numpy.ndarray of float64, shape (k, 3)
        Unit vector along the dipole's axis, to the north geomagnetic pole.

    Notes
    -----
    The arrays are read-only. Between knots all three are linear in time; the errors are given in
    `eccentric_dipole_knots`.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> knots = eccentric_dipole_knots(igrf14(), 1.4e9, 1.4e9)
    >>> knots.k_gv.round(3)
    array([57.079, 57.048])
    """

    time_s: NDArray[np.float64]
    k_gv: NDArray[np.float64]
    center_km: NDArray[np.float64]
    pole: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Protect the arrays."""
        for array in (self.time_s, self.k_gv, self.center_km, self.pole):
            array.flags.writeable = False


def eccentric_dipole(coefficients: GaussCoefficients, decimal_year: float) -> EccentricDipole:
    """Find the eccentric dipole of a field at a time.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field, at least of degree 2.
    decimal_year : float
        Time as a decimal year, within the epochs of the field.

    Returns
    -------
    EccentricDipole
        Constant [GV], centre [km] and pole, earth-fixed and geocentric.

    Raises
    ------
    RangeError
        `decimal_year` is outside the epochs, a coefficient of degree 1 or 2 is absent, or degree 1 is zero.

    Notes
    -----
    With g, h of degree 1 and 2, B the length of (g11, h11, g10) and R = 6371.2 km::

        L0 = 2 g10 g20 + sqrt(3) (g11 g21 + h11 h21)
        L1 = -g11 g20 + sqrt(3) (g10 g21 + g11 g22 + h11 h22)
        L2 = -h11 g20 + sqrt(3) (g10 h21 - h11 g22 + g11 h22)
        E = (L0 g10 + L1 g11 + L2 h11) / 4 B**2
        (x, y, z) = R (L1 - g11 E, L2 - h11 E, L0 - g10 E) / 3 B**2

    The pole is ``-(g11, h11, g10) / B`` and the constant ``c B R``: the dipole has the moment and the axis of the
    centred one. Higher degrees are left out: where the vertical cutoff is highest, near 10 N 100 E on the ground, the
    dipole gives 16.9 GV and the whole field some 17.3 GV (method, section 2.3).

    References
    ----------
    .. [1] Fraser-Smith 1987, Rev. Geophys. 25, 1, https://doi.org/10.1029/RG025i001p00001

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> eccentric_dipole(igrf14(), 2015.0).center_km.round(1)
    array([-399.9,  351.8,  221.4])
    """
    value = coefficients.at(decimal_year)
    g10, g11, h11, g20, g21, h21, g22, h22 = (
        float(value[coefficients.index(degree, order)])
        for degree, order in ((1, 0), (1, 1), (1, -1), (2, 0), (2, 1), (2, -1), (2, 2), (2, -2))
    )
    axis = np.array([g11, h11, g10])
    b_squared = float(axis @ axis)
    if b_squared == 0.0:
        raise RangeError(f"{coefficients.model} has no dipole in {decimal_year}: g10, g11 and h11 are 0")
    moment = np.array(
        [
            -g11 * g20 + _SQRT_3 * (g10 * g21 + g11 * g22 + h11 * h22),  # L1
            -h11 * g20 + _SQRT_3 * (g10 * h21 - h11 * g22 + g11 * h22),  # L2
            2.0 * g10 * g20 + _SQRT_3 * (g11 * g21 + h11 * h21),  # L0
        ]
    )
    along = float(moment @ axis) / (4.0 * b_squared)  # E
    b = float(np.sqrt(b_squared))
    return EccentricDipole(
        k_gv=SPEED_OF_LIGHT_M_S * (b * 1e-9) * (EARTH_RADIUS_KM * 1e3) / 1e9,
        center_km=EARTH_RADIUS_KM * (moment - along * axis) / (3.0 * b_squared),
        pole=-axis / b,
    )


def eccentric_dipole_knots(coefficients: GaussCoefficients, start_s: float, stop_s: float) -> EccentricDipoleKnots:
    """Find the eccentric dipole at each new year of an interval.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field, at least of degree 2.
    start_s, stop_s : float
        Interval to cover [s], Unix time (UTC), within the epochs of the field; `start_s` is not above `stop_s`.

    Returns
    -------
    EccentricDipoleKnots
        From the last new year that is not after `start_s` to the first that is not before `stop_s`; at least 2.

    Raises
    ------
    RangeError
        A time is not finite or outside the epochs, or the interval runs backwards.

    Notes
    -----
    The knots are the new years whatever the interval, so what is interpolated is a function of time only. Linear
    interpolation errs by at most 1e-5 GV in the constant, 0.001 km in the centre and 2e-7 in each component of the
    pole from 1900 to 2030 (largest differences at 20 times a year); a pole between knots is short of 1 by 1e-6 at most.

    References
    ----------
    .. [1] Fraser-Smith 1987, Rev. Geophys. 25, 1, https://doi.org/10.1029/RG025i001p00001

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> eccentric_dipole_knots(igrf14(), 1305763200.0, 1609459200.0).time_s[[0, -1]]  # 2011-05-19 to 2021-01-01
    array([1.2938400e+09, 1.6094592e+09])
    """
    start, stop = number("start_s", start_s), number("stop_s", stop_s)
    if start > stop:
        raise RangeError(f"start_s = {start} is above stop_s = {stop}")
    first_epoch, last_epoch = float(coefficients.epoch[0]), float(coefficients.epoch[-1])
    begin, end = (float(when) for when in decimal_year([start, stop]))
    for name, time, when in (("start_s", start, begin), ("stop_s", stop, end)):
        if not first_epoch <= when <= last_epoch:
            raise RangeError(f"{name} = {time}, in {when:.3f}, is outside [{first_epoch}, {last_epoch}] of the field")
    first = min(int(np.floor(begin)), int(np.ceil(last_epoch)) - 1)
    last = max(int(np.ceil(end)), first + 1)
    year = np.arange(first, last + 1, dtype=np.int64)
    dipole = [eccentric_dipole(coefficients, float(one)) for one in year]
    return EccentricDipoleKnots(
        time_s=new_year_s(year),
        k_gv=np.array([one.k_gv for one in dipole]),
        center_km=np.array([one.center_km for one in dipole]),
        pole=np.array([one.pole for one in dipole]),
    )


def dipole_of_date(coefficients: GaussCoefficients, decimal_year: float) -> EccentricDipoleKnots:
    """Give the dipole of one date as knots at 0 s and 1 s: eccentric, or centred where the field has degree 1 only.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.

    Returns
    -------
    EccentricDipoleKnots
        The same dipole at both knots.

    Raises
    ------
    RangeError
        The date lies outside the epochs.

    Notes
    -----
    With degree 1 alone L0 = L1 = L2 = 0 and the centre is the Earth's.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> dipole_of_date(igrf14(), 2015.0).k_gv.round(2)
    array([57.05, 57.05])
    """
    full = coefficients
    if int(coefficients.degree.max(initial=1)) < 2:
        degree, order = np.full(5, 2), np.array([0, 1, -1, 2, -2])
        full = GaussCoefficients(
            epoch=coefficients.epoch,
            degree=np.concatenate([coefficients.degree, degree]),
            order=np.concatenate([coefficients.order, order]),
            value_nt=np.hstack([coefficients.value_nt, np.zeros((len(coefficients.epoch), 5))]),
            model=coefficients.model,
            sha256=coefficients.sha256,
        )
    dipole = eccentric_dipole(full, decimal_year)
    return EccentricDipoleKnots(
        np.array([0.0, 1.0]), np.full(2, dipole.k_gv), np.tile(dipole.center_km, (2, 1)), np.tile(dipole.pole, (2, 1))
    )
