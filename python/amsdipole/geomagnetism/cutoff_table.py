"""Tables of traced cutoffs over a shell above the Earth, read between their points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import floats, number
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff import stormer_cutoff
from amsdipole.geomagnetism.cutoff_cone import cone_cutoffs
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipoleKnots, dipole_of_date
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.places import earth_fixed_position
from amsdipole.geomagnetism.trajectory import TracingLimits

__all__ = ["CutoffTable", "cutoff_table"]


@dataclass(frozen=True, eq=False)
class CutoffTable:
    """Hold traced cutoffs over their Størmer values on a grid of geocentric latitude and longitude.

    Parameters
    ----------
    latitude_deg : numpy.ndarray of float64, shape (a,)
        Rising geocentric latitudes [deg].
    longitude_deg : numpy.ndarray of float64, shape (b,)
        East longitudes of the grid [deg], evenly spaced from 0 to below 360.
    share : numpy.ndarray of float64, shape (a, b)
        Traced cutoff over the Størmer cutoff of the same place and cone.
    dipole : EccentricDipoleKnots
        Dipole of the Størmer cutoff, at 0 s and 1 s.
    half_angle_rad : float
        Half angle of the cone [rad].
    charge_sign : int
        Sign of the charge.
    altitude_km : float
        Altitude of the shell [km].
    decimal_year : float
        Date of the field.
    model : str
        Name of the field's model.

    Notes
    -----
    The share is interpolated linearly in both coordinates; the Størmer formula then brings in the height and the axis
    of the moment. The upper cutoff of a place jumps where bands of the penumbra open and shut, so the error falls with
    the step and not with its square: docs/geomagnetism.md has what was measured.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> table = CutoffTable(
    ...     np.array([-10.0, 10.0]), np.array([0.0, 180.0]), np.ones((2, 2)), dipole_of_date(igrf14(), 2015.0),
    ...     0.0, 1, 400.0, 2015.0, "IGRF 14",
    ... )
    >>> table.cutoff_gv([[6778.137, 0.0, 0.0]], [[1.0, 0.0, 0.0]]).round(2)
    array([11.49])
    """

    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    share: NDArray[np.float64]
    dipole: EccentricDipoleKnots
    half_angle_rad: float
    charge_sign: int
    altitude_km: float
    decimal_year: float
    model: str

    def cutoff_gv(self, position_km: ArrayLike, axis: ArrayLike) -> NDArray[np.float64]:
        """Read the cutoff at positions.

        Parameters
        ----------
        position_km : array_like of float, shape (n, 3)
            Earth-fixed positions [km], within the latitudes of the table.
        axis : array_like of float, shape (n, 3)
            Earth-fixed unit vectors: the axes of the cones.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            Cutoff [GV].

        Raises
        ------
        ShapeError
            Lengths differ.
        RangeError
            A position lies outside the latitudes of the table, too near or too far, or an axis is no unit vector.

        Notes
        -----
        Bilinear in the share; its error is measured in docs/geomagnetism.md.

        Examples
        --------
        >>> from amsdipole.geomagnetism.igrf import igrf14
        >>> table = CutoffTable(
        ...     np.array([-10.0, 10.0]), np.array([0.0, 180.0]), np.full((2, 2), 1.1), dipole_of_date(igrf14(), 2015.0),
        ...     0.0, 1, 400.0, 2015.0, "IGRF 14",
        ... )
        >>> table.cutoff_gv([[6778.137, 0.0, 0.0]], [[1.0, 0.0, 0.0]]).round(2)
        array([12.64])
        """
        position, towards = floats("position_km", position_km, (None, 3)), floats("axis", axis, (None, 3))
        stormer = stormer_cutoff(
            np.full(len(position), 0.5),
            position,
            towards,
            dipole=self.dipole,
            charge_sign=self.charge_sign,
            half_angle_rad=self.half_angle_rad,
        )
        latitude = np.rad2deg(np.arctan2(position[:, 2], np.hypot(position[:, 0], position[:, 1])))
        first, last = self.latitude_deg[0], self.latitude_deg[-1]
        if len(bad := np.flatnonzero((latitude < first) | (latitude > last))):
            i = int(bad[0])
            raise RangeError(
                f"position_km[{i}] = {position[i]}: latitude {latitude[i]} is outside [{first}, {last}] deg"
            )
        row = np.clip(np.searchsorted(self.latitude_deg, latitude, side="right") - 1, 0, len(self.latitude_deg) - 2)
        up = (latitude - self.latitude_deg[row]) / (self.latitude_deg[row + 1] - self.latitude_deg[row])
        n = len(self.longitude_deg)
        turn = np.rad2deg(np.arctan2(position[:, 1], position[:, 0])) % 360.0 / (360.0 / n)
        column = np.minimum(turn.astype(np.int64), n - 1)
        on, following = turn - column, (column + 1) % n
        low = (1.0 - on) * self.share[row, column] + on * self.share[row, following]
        high = (1.0 - on) * self.share[row + 1, column] + on * self.share[row + 1, following]
        share: NDArray[np.float64] = (1.0 - up) * low + up * high
        return share * stormer


def cutoff_table(
    *,
    coefficients: GaussCoefficients,
    decimal_year: float,
    charge_sign: int,
    half_angle_rad: float,
    altitude_km: float = 400.0,
    latitude_deg: Sequence[float] = tuple(range(-55, 56, 5)),
    longitude_step_deg: float = 5.0,
    ratio: float = 0.005,
    spacing_rad: float = 0.15,
    limits: TracingLimits | None = None,
) -> CutoffTable:
    """Trace the greatest cutoff over a cone about the zenith on a grid over a shell.

    Parameters
    ----------
    coefficients : GaussCoefficients
        Field against time.
    decimal_year : float
        Date, within the epochs of the field.
    charge_sign : int
        Sign of the charge, 1 or -1.
    half_angle_rad : float
        Half angle of the cone [rad].
    altitude_km : float
        Altitude of the shell above WGS 84 [km].
    latitude_deg : sequence of float, length a
        Rising latitudes of the rows [deg].
    longitude_step_deg : float
        Step in longitude [deg], a divisor of 360.
    ratio, spacing_rad : float
        As for `cone_cutoffs`.
    limits : TracingLimits, optional
        As for `trace`.

    Returns
    -------
    CutoffTable
        The table.

    Raises
    ------
    RangeError
        A date, step or angle outside its range, latitudes that do not rise, or a cone that is shut everywhere.

    Notes
    -----
    The zenith is the geocentric one. The default covers the orbit of the space station.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> table = cutoff_table(
    ...     coefficients=igrf14(), decimal_year=2015.0, charge_sign=1, half_angle_rad=0.7, latitude_deg=[0.0, 10.0],
    ...     longitude_step_deg=120.0, ratio=0.02,
    ... )
    >>> bool((np.abs(table.share - 1.0) < 0.3).all())
    True
    """
    step = number("longitude_step_deg", longitude_step_deg, low=0.1, high=180.0)
    n = round(360.0 / step)
    rows = np.asarray(latitude_deg, dtype=np.float64)
    if abs(n * step - 360.0) > 1e-9:
        raise RangeError(f"longitude_step_deg = {step} is no divisor of 360")
    if rows.ndim != 1 or len(rows) < 2 or not (np.diff(rows) > 0.0).all() or np.abs(rows).max() > 90.0:
        raise RangeError("latitude_deg: two or more latitudes that rise within [-90, 90] are wanted")
    columns: NDArray[np.float64] = np.arange(n, dtype=np.float64) * step
    latitude, longitude = (v.ravel() for v in np.meshgrid(rows, columns, indexing="ij"))
    # The zenith of a row is geocentric, its height that of the geodetic place: 0.05 km off at 400 km.
    geodetic = earth_fixed_position(longitude, latitude, np.full(len(latitude), altitude_km))
    radius = np.linalg.norm(geodetic, axis=1)
    lat, lon = np.deg2rad(latitude), np.deg2rad(longitude)
    zenith = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    position = zenith * radius[:, None]
    cutoff = cone_cutoffs(
        position,
        zenith,
        charge_sign=charge_sign,
        coefficients=coefficients,
        decimal_year=decimal_year,
        half_angle_rad=[half_angle_rad],
        ratio=ratio,
        spacing_rad=spacing_rad,
        limits=limits,
    )[:, 0]
    if not np.isfinite(cutoff).all():
        raise RangeError(f"half_angle_rad = {half_angle_rad}: the cone holds directions that are shut at 200 GV")
    dipole = dipole_of_date(coefficients, decimal_year)
    stormer = stormer_cutoff(
        np.full(len(position), 0.5),
        position,
        zenith,
        dipole=dipole,
        charge_sign=charge_sign,
        half_angle_rad=half_angle_rad,
    )
    return CutoffTable(
        latitude_deg=rows,
        longitude_deg=columns,
        share=(cutoff / stormer).reshape(len(rows), n),
        dipole=dipole,
        half_angle_rad=float(half_angle_rad),
        charge_sign=int(charge_sign),
        altitude_km=float(altitude_km),
        decimal_year=float(decimal_year),
        model=coefficients.model,
    )
