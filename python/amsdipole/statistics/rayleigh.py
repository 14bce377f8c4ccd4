"""First-harmonic (Rayleigh) analysis, and the dipole that a ground array makes of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import FitError, RangeError
from amsdipole.sky import icrs_to_galactic

__all__ = ["FirstHarmonic", "GroundDipole", "first_harmonic", "ground_dipole"]

HALF_PI = float(np.pi / 2.0)


@dataclass(frozen=True)
class FirstHarmonic:
    """Hold the first harmonic of a distribution of angles.

    Attributes
    ----------
    a, b : float
        Cosine and sine amplitudes.
    sum_weight : float
        Sum of the weights; it stands for the number of events in the error and the probability.
    """

    a: float
    b: float
    sum_weight: float

    @property
    def amplitude(self) -> float:
        """Amplitude ``r = sqrt(a**2 + b**2)``, biased upwards by the noise."""
        return float(np.hypot(self.a, self.b))

    @property
    def phase_rad(self) -> float:
        """Angle of the maximum, ``atan2(b, a)`` [rad], in [0, 2 pi)."""
        return float(np.arctan2(self.b, self.a) % (2.0 * np.pi))

    @property
    def sigma(self) -> float:
        """Error of a and of b, ``sqrt(2 / sum_weight)``."""
        return float(np.sqrt(2.0 / self.sum_weight))

    @property
    def p_value(self) -> float:
        """Chance of at least this amplitude from a uniform distribution, ``exp(-sum_weight r**2 / 4)``."""
        return float(np.exp(-0.25 * self.sum_weight * (self.a**2 + self.b**2)))


@dataclass(frozen=True, eq=False)
class GroundDipole:
    """Hold the dipole that two first harmonics make.

    Attributes
    ----------
    right_ascension, azimuth : FirstHarmonic
        Harmonics in right ascension and in the local azimuth.
    mean_cos_declination : float
        Weighted mean over the events.
    mean_sin_zenith : float
        Mean over an isotropic flux on a flat, fully efficient array.
    delta_perp, delta_z : float
        Component in the equatorial plane (not negative) and along the Earth's axis.
    sigma_perp, sigma_z : float
        Error of one component in the plane, and along the axis.
    rho_equatorial, rho_galactic : numpy.ndarray of float64, shape (3,)
        Dipole vector in the two frames.
    """

    right_ascension: FirstHarmonic
    azimuth: FirstHarmonic
    mean_cos_declination: float
    mean_sin_zenith: float
    delta_perp: float
    delta_z: float
    sigma_perp: float
    sigma_z: float
    rho_equatorial: NDArray[np.float64]
    rho_galactic: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Make the vectors read-only, so that a result cannot be altered after the fact."""
        self.rho_equatorial.setflags(write=False)
        self.rho_galactic.setflags(write=False)

    @property
    def delta(self) -> float:
        """Amplitude ``sqrt(delta_perp**2 + delta_z**2)``."""
        return float(np.hypot(self.delta_perp, self.delta_z))

    @property
    def declination_deg(self) -> float:
        """Declination of the dipole [deg]."""
        return float(np.degrees(np.arctan2(self.delta_z, self.delta_perp)))

    @property
    def glon_deg(self) -> float:
        """Galactic longitude of the dipole [deg], in [0, 360)."""
        return float(np.degrees(np.arctan2(self.rho_galactic[1], self.rho_galactic[0])) % 360.0)

    @property
    def glat_deg(self) -> float:
        """Galactic latitude of the dipole [deg]."""
        return float(np.degrees(np.arctan2(self.rho_galactic[2], np.hypot(*self.rho_galactic[:2]))))


def first_harmonic(angle_rad: ArrayLike, *, weight: ArrayLike | None = None) -> FirstHarmonic:
    """Return the first harmonic of a distribution of angles.

    Parameters
    ----------
    angle_rad : array_like of float, shape (n_event,)
        Right ascension, azimuth or any other angle [rad].
    weight : array_like of float, shape (n_event,), optional
        Weights in [0, inf), near 1, that make the exposure uniform in the angle; 1 if not given.

    Returns
    -------
    FirstHarmonic
        Amplitudes, phase, error and chance probability.

    Raises
    ------
    ShapeError
        The arrays have the wrong shape or differ in length.
    RangeError
        A value is not finite, or a weight is negative.
    FitError
        There are no events, or all weights are 0.

    Notes
    -----
    ``a = 2 / S sum_i w_i cos(angle_i)``, b with the sine, ``S = sum_i w_i``; ``P(>= r) = exp(-S r**2 / 4)``.
    With S for the number of events the weights must be near 1; the relative error is the variance of w.

    References
    ----------
    .. [1] Linsley 1975, Phys. Rev. Lett. 34, 1530, https://doi.org/10.1103/PhysRevLett.34.1530
    .. [2] Pierre Auger Collaboration 2017, Science 357, 1266, https://doi.org/10.1126/science.aan4338

    Examples
    --------
    >>> import numpy as np
    >>> found = first_harmonic(np.radians([90.0, 90.0, 270.0, 0.0, 180.0]))
    >>> round(found.amplitude, 6), round(found.phase_rad, 6), round(found.p_value, 4)
    (0.4, 1.570796, 0.8187)
    """
    angle = finite_floats("angle_rad", angle_rad, (None,))
    mass = _checked_weight(weight, len(angle))
    total = float(mass.sum())
    return FirstHarmonic(
        a=2.0 / total * float(mass @ np.cos(angle)), b=2.0 / total * float(mass @ np.sin(angle)), sum_weight=total
    )


def ground_dipole(
    right_ascension_rad: ArrayLike,
    declination_rad: ArrayLike,
    azimuth_rad: ArrayLike,
    *,
    latitude_rad: float,
    zenith_max_rad: float,
    weight: ArrayLike | None = None,
) -> GroundDipole:
    """Combine the harmonics in right ascension and azimuth to a dipole vector.

    Parameters
    ----------
    right_ascension_rad, declination_rad : array_like of float, shape (n_event,)
        Equatorial coordinates of the events [rad]; declination in [-pi/2, pi/2].
    azimuth_rad : array_like of float, shape (n_event,)
        Local azimuth [rad], counter-clockwise from the east, so that the north is at pi/2.
    latitude_rad : float
        Geographic latitude of the array [rad], in (-pi/2, pi/2).
    zenith_max_rad : float
        Largest zenith angle of the selection [rad], in (0, pi/2].
    weight : array_like of float, shape (n_event,), optional
        Weights in [0, inf), near 1, that correct the exposure; 1 if not given.

    Returns
    -------
    GroundDipole
        Vector, components, errors and the harmonics they come from.

    Raises
    ------
    ShapeError
        The arrays have the wrong shape or differ in length.
    RangeError
        A value is outside its range or not finite.
    FitError
        There are no events, all weights are 0, or every event is at a celestial pole.

    Notes
    -----
    ``delta_perp = r / <cos dec>`` with r from the right ascension, ``delta_z = b / (cos(lat) <sin zenith>)``
    with b from the azimuth, to first order in the dipole and without a quadrupole. ``<cos dec>`` is the weighted
    mean over the events. The zenith angle is not asked for: ``<sin zenith> = 2/3 sin(zenith_max)``, the mean
    over an isotropic flux on a flat array of full efficiency, whose density is ``sin(zenith) cos(zenith)``.

    References
    ----------
    .. [1] Pierre Auger Collaboration 2017, Science 357, 1266, https://doi.org/10.1126/science.aan4338
    .. [2] Pierre Auger Collaboration 2020, ApJ 891, 142, https://doi.org/10.3847/1538-4357/ab7236

    Examples
    --------
    >>> import numpy as np
    >>> found = ground_dipole(
    ...     np.radians([100.0, 100.0, 280.0]), np.radians([-60.0, 60.0, 60.0]), np.radians([0.0, 180.0, 270.0]),
    ...     latitude_rad=np.radians(-35.2), zenith_max_rad=np.radians(80.0),
    ... )
    >>> round(found.delta_perp, 4), round(found.delta_z, 4)
    (1.3333, -1.2427)
    """
    angle = finite_floats("right_ascension_rad", right_ascension_rad, (None,))
    n_event = len(angle)
    declination = finite_floats("declination_rad", declination_rad, (n_event,))
    azimuth = finite_floats("azimuth_rad", azimuth_rad, (n_event,))
    latitude = number("latitude_rad", latitude_rad, low=-HALF_PI, high=HALF_PI, open_low=True, open_high=True)
    zenith_max = number("zenith_max_rad", zenith_max_rad, low=0.0, high=HALF_PI, open_low=True)
    beyond = np.abs(declination) > HALF_PI
    if beyond.any():
        i = int(beyond.argmax())
        raise RangeError(f"declination_rad[{i}] = {declination[i]} is outside [{-HALF_PI}, {HALF_PI}]")
    mass = _checked_weight(weight, n_event)
    across, around = first_harmonic(angle, weight=mass), first_harmonic(azimuth, weight=mass)
    mean_cos = float(mass @ np.cos(declination)) / across.sum_weight
    if mean_cos < 1e-9:  # the harmonic in right ascension says nothing of events that sit on a pole
        raise FitError(f"the mean of cos(declination) is {mean_cos}: every event is at a celestial pole")
    mean_sin = 2.0 / 3.0 * float(np.sin(zenith_max))
    lever = float(np.cos(latitude)) * mean_sin
    vector = np.array([across.a / mean_cos, across.b / mean_cos, around.b / lever])
    return GroundDipole(
        right_ascension=across,
        azimuth=around,
        mean_cos_declination=mean_cos,
        mean_sin_zenith=mean_sin,
        delta_perp=across.amplitude / mean_cos,
        delta_z=around.b / lever,
        sigma_perp=across.sigma / mean_cos,
        sigma_z=around.sigma / lever,
        rho_equatorial=vector,
        rho_galactic=icrs_to_galactic() @ vector,
    )


def _checked_weight(weight: ArrayLike | None, n_event: int) -> NDArray[np.float64]:
    mass = np.ones(n_event) if weight is None else finite_floats("weight", weight, (n_event,))
    if (mass < 0.0).any():
        i = int((mass < 0.0).argmax())
        raise RangeError(f"weight[{i}] = {mass[i]} is outside [0, inf)")
    if not float(mass.sum()) > 0.0:
        raise FitError(f"{n_event} events with a total weight of {mass.sum()}: there is no harmonic")
    return mass
