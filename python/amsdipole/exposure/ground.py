"""The exposure of a ground array that is fully efficient up to a zenith angle."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import RangeError

__all__ = ["ground_exposure"]

HALF_PI = float(np.pi / 2.0)
UNIT_TOLERANCE = 1e-6  # float32 direction tables keep unit length to some 1e-7


def ground_exposure(
    direction_equatorial: ArrayLike, *, latitude_rad: float, zenith_max_rad: float
) -> NDArray[np.float64]:
    """Return the relative exposure of a ground array.

    Parameters
    ----------
    direction_equatorial : array_like of float, shape (n, 3)
        Unit vectors in the equatorial frame (z is the north celestial pole).
    latitude_rad : float
        Geographic latitude of the array [rad], in [-pi/2, pi/2].
    zenith_max_rad : float
        Largest zenith angle of the selection [rad], in (0, pi/2].

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Relative exposure; 0 where the direction never rises above the largest zenith angle.

    Raises
    ------
    ShapeError
        `direction_equatorial` is not of shape (n, 3).
    RangeError
        An argument is outside its range, or a direction is not a finite unit vector.

    Notes
    -----
    ``omega = cos(lat) cos(dec) sin(alpha_m) + alpha_m sin(lat) sin(dec)`` with ``alpha_m = arccos(xi)``, 0 where
    xi > 1, pi where xi < -1, ``xi = (cos(zenith_max) - sin(lat) sin(dec)) / (cos(lat) cos(dec))``: half the
    integral of cos(zenith) over the hour angle while the direction is in view. It assumes a flat array, full
    efficiency, and running time uniform in sidereal time.

    References
    ----------
    .. [1] Sommers 2001, Astropart. Phys. 14, 271, section 2, https://doi.org/10.1016/S0927-6505(00)00130-4

    Examples
    --------
    >>> import numpy as np
    >>> poles = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]
    >>> ground_exposure(poles, latitude_rad=np.radians(-35.2), zenith_max_rad=np.radians(80.0)).round(4)
    array([0.    , 0.7985, 1.8109])
    """
    unit = finite_floats("direction_equatorial", direction_equatorial, (None, 3))
    latitude = number("latitude_rad", latitude_rad, low=-HALF_PI, high=HALF_PI)
    zenith_max = number("zenith_max_rad", zenith_max_rad, low=0.0, high=HALF_PI, open_low=True)
    length = np.linalg.norm(unit, axis=1)
    bad = np.abs(length - 1.0) > UNIT_TOLERANCE
    if bad.any():
        i = int(bad.argmax())
        raise RangeError(f"direction_equatorial[{i}] has length {length[i]}; 1 within {UNIT_TOLERANCE} is wanted")
    axial = np.sin(latitude) * unit[:, 2]
    radial = np.cos(latitude) * np.hypot(unit[:, 0], unit[:, 1])
    above = np.cos(zenith_max) - axial
    # At a pole `radial` is 0: the ratio is not taken there, the direction is always or never in view.
    cosine = np.where(above > 0.0, 1.0, -1.0)
    rises = np.abs(above) < radial
    cosine[rises] = above[rises] / radial[rises]
    hour_angle = np.arccos(cosine)
    exposure: NDArray[np.float64] = radial * np.sin(hour_angle) + hour_angle * axial
    # Just inside the edge the two terms cancel and may round to -1e-17.
    return np.maximum(exposure, 0.0)
