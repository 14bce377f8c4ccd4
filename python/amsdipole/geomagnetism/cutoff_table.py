"""Tables of traced cutoffs over a shell above the Earth, read between their points."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import floats
from amsdipole._files import read_arrays, replacing
from amsdipole.errors import DataError, RangeError
from amsdipole.geomagnetism.cutoff import stormer_cutoff
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipoleKnots

__all__ = ["CutoffTable", "read_cutoff_table", "write_cutoff_table"]

_FORMAT = "amsdipole-cutoff-table-1"
_ARRAYS = ("latitude_deg", "longitude_deg", "share")
_NUMBERS = ("half_angle_rad", "tilt_rad", "inclination_rad", "altitude_km", "decimal_year")


@dataclass(frozen=True, eq=False)
class CutoffTable:
    """Hold traced cutoffs over their Størmer values on a grid of geocentric latitude and longitude.

    Parameters
    ----------
    latitude_deg : numpy.ndarray of float64, shape (a,)
        Evenly spaced, rising geocentric latitudes [deg].
    longitude_deg : numpy.ndarray of float64, shape (b,)
        East longitudes of the grid [deg], evenly spaced from 0 to below 360.
    share : numpy.ndarray of float64, shape (c, a, b)
        Traced cutoff over the Størmer cutoff of the same place and cone. c is 1 where the cones stand about the zenith,
        2 where they are tilted to port: on the way south, on the way north.
    half_angle_rad : float
        Half angle of the cone [rad].
    charge_sign : int
        Sign of the charge.
    tilt_rad : float
        Angle of the cone's axis from the zenith to port of the motion [rad].
    inclination_rad : float
        Inclination of the orbit that gives the direction of the motion [rad].
    altitude_km : float
        Altitude of the shell [km].
    decimal_year : float
        Date of the field.
    model : str
        Name of the field's model.

    Raises
    ------
    DataError
        Shapes do not match, a grid is not even, or a share is not positive.

    Notes
    -----
    The share is interpolated linearly in both coordinates; the Størmer formula then brings in the height, the date and
    the axis of the moment. docs/geomagnetism.md has the error that was measured.

    Examples
    --------
    >>> flat = np.full((1, 2, 2), 1.1)
    >>> table = CutoffTable(np.array([-10.0, 10.0]), np.array([0.0, 180.0]), flat, 0.7, 1, 0.0, 0.9, 400.0, 2015.0, "")
    >>> table.share_at([[6778.137, 0.0, 0.0]], [[0.0, 7.0, 3.0]])
    array([1.1])
    """

    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    share: NDArray[np.float64]
    half_angle_rad: float
    charge_sign: int
    tilt_rad: float
    inclination_rad: float
    altitude_km: float
    decimal_year: float
    model: str

    def __post_init__(self) -> None:
        """Check that the arrays make a table."""
        a, b = len(self.latitude_deg), len(self.longitude_deg)
        layers = 1 if self.tilt_rad == 0.0 else 2
        if self.share.shape != (layers, a, b) or a < 2 or b < 2:
            raise DataError(f"share has shape {self.share.shape}; {(layers, a, b)} is wanted, two or more each way")
        gap = np.diff(self.latitude_deg)
        if not (gap > 0.0).all() or np.ptp(gap) > 1e-9 or np.abs(self.latitude_deg).max() > 90.0:
            raise DataError("latitude_deg: evenly spaced, rising latitudes within [-90, 90] are wanted")
        if np.abs(self.longitude_deg - 360.0 / b * np.arange(b)).max() > 1e-9:
            raise DataError("longitude_deg: evenly spaced longitudes from 0 to below 360 are wanted")
        if len(bad := np.argwhere(~((self.share > 0.0) & np.isfinite(self.share)))):
            raise DataError(f"share{bad[0].tolist()} = {self.share[tuple(bad[0])]} is not positive")

    @property
    def sha256(self) -> str:
        """Checksum of grid and shares: part of the identity of sums that they gate."""
        whole = (self.latitude_deg, self.longitude_deg, self.share, np.array([self.half_angle_rad, self.tilt_rad]))
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in whole)).hexdigest()

    def share_at(self, position_km: ArrayLike, velocity_km_s: ArrayLike) -> NDArray[np.float64]:
        """Read the share at positions of an orbit.

        Parameters
        ----------
        position_km : array_like of float, shape (n, 3)
            Earth-fixed positions [km], within the latitudes of the table.
        velocity_km_s : array_like of float, shape (n, 3)
            Velocities in any axes whose +z is the Earth's: their sense to north or south chooses the layer [km/s].

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            Traced over Størmer cutoff.

        Raises
        ------
        ShapeError
            Lengths differ.
        RangeError
            A position lies outside the latitudes of the table.

        Notes
        -----
        Bilinear.

        Examples
        --------
        >>> share = np.array([[[1.0, 1.0], [2.0, 2.0]]])
        >>> table = CutoffTable(np.array([0.0, 90.0]), np.array([0.0, 180.0]), share, 0.7, 1, 0.0, 0.9, 4e2, 2015.0, "")
        >>> table.share_at([[1.0, 0.0, 1.0]], [[0.0, 0.0, 1.0]])
        array([1.5])
        """
        position = floats("position_km", position_km, (None, 3))
        velocity = floats("velocity_km_s", velocity_km_s, (len(position), 3))
        latitude = np.rad2deg(np.arctan2(position[:, 2], np.hypot(position[:, 0], position[:, 1])))
        first, last = self.latitude_deg[0], self.latitude_deg[-1]
        if len(bad := np.flatnonzero(~((latitude >= first) & (latitude <= last)))):
            i = int(bad[0])
            raise RangeError(
                f"position_km[{i}] = {position[i]}: latitude {latitude[i]} is outside [{first}, {last}] deg"
            )
        a, b = len(self.latitude_deg), len(self.longitude_deg)
        up = (latitude - first) / (last - first) * (a - 1)
        row = np.minimum(up.astype(np.int64), a - 2)
        turn = np.rad2deg(np.arctan2(position[:, 1], position[:, 0])) % 360.0 / (360.0 / b)
        column = np.minimum(turn.astype(np.int64), b - 1)
        up, on = up - row, turn - column
        layer = (velocity[:, 2] > 0.0).astype(np.int64) if len(self.share) > 1 else 0
        corner = (np.int64(layer) * a + row) * b if np.ndim(layer) == 0 else (layer * a + row) * b
        following = (column + 1) % b
        flat = self.share.ravel()
        low = (1.0 - on) * flat[corner + column] + on * flat[corner + following]
        high = (1.0 - on) * flat[corner + b + column] + on * flat[corner + b + following]
        read: NDArray[np.float64] = (1.0 - up) * low + up * high
        return read

    def cutoff_gv(
        self, position_km: ArrayLike, velocity_km_s: ArrayLike, axis: ArrayLike, *, dipole: EccentricDipoleKnots
    ) -> NDArray[np.float64]:
        """Read the cutoff at positions.

        Parameters
        ----------
        position_km, velocity_km_s : array_like of float, shape (n, 3)
            As for `share_at`.
        axis : array_like of float, shape (n, 3)
            Earth-fixed unit vectors: the axes of the cones.
        dipole : EccentricDipoleKnots
            Dipole of the date, with 0.5 s within its knots, as `dipole_of_date` gives it.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            Cutoff [GV].

        Raises
        ------
        ShapeError
            Lengths differ.
        RangeError
            As for `share_at` and `stormer_cutoff`.

        Notes
        -----
        The share times the Størmer cutoff.

        Examples
        --------
        >>> from amsdipole.geomagnetism import dipole_of_date, igrf14
        >>> flat = np.full((1, 2, 2), 1.1)
        >>> grid = np.array([-10.0, 10.0]), np.array([0.0, 180.0])
        >>> table = CutoffTable(*grid, flat, 0.0, 1, 0.0, 0.9, 4e2, 2015.0, "")
        >>> here = [[6778.137, 0.0, 0.0]], [[0.0, 7.0, 3.0]], [[1.0, 0.0, 0.0]]
        >>> table.cutoff_gv(*here, dipole=dipole_of_date(igrf14(), 2015.0)).round(2)
        array([12.64])
        """
        position = floats("position_km", position_km, (None, 3))
        return self.share_at(position, velocity_km_s) * stormer_cutoff(
            np.full(len(position), 0.5),
            position,
            axis,
            dipole=dipole,
            charge_sign=self.charge_sign,
            half_angle_rad=self.half_angle_rad,
        )


def write_cutoff_table(path: str | Path, table: CutoffTable, *, overwrite: bool = False) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    path : str or pathlib.Path
        File to make, in NumPy's npz format.
    table : CutoffTable
        The table.
    overwrite : bool
        Whether an earlier file may be replaced.

    Raises
    ------
    DataError
        The file exists and may not be replaced, or cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> ones = np.ones((1, 2, 2))
    >>> table = CutoffTable(np.array([-10.0, 10.0]), np.array([0.0, 180.0]), ones, 0.7, 1, 0.0, 0.9, 4e2, 2015.0, "f")
    >>> with TemporaryDirectory() as folder:
    ...     write_cutoff_table(Path(folder) / "table.npz", table)
    ...     read_cutoff_table(Path(folder) / "table.npz").model
    'f'
    """
    about = {"format": _FORMAT, "model": table.model, "charge_sign": table.charge_sign}
    about |= {name: getattr(table, name) for name in _NUMBERS}
    arrays = {name: getattr(table, name) for name in _ARRAYS}
    with replacing(path, overwrite=overwrite) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)


def read_cutoff_table(path: str | Path) -> CutoffTable:
    """Read a table that `write_cutoff_table` wrote.

    Parameters
    ----------
    path : str or pathlib.Path
        File of a table.

    Returns
    -------
    CutoffTable
        The table.

    Raises
    ------
    DataError
        The file is missing, unreadable, or no table.

    Examples
    --------
    >>> read_cutoff_table("/no/such/table.npz")
    Traceback (most recent call last):
        ...
    amsdipole.errors.DataError: /no/such/table.npz: no such file
    """
    held = read_arrays(path)
    try:
        about = json.loads(str(held["about"]))
        latitude, longitude, share = (np.asarray(held[name], dtype=np.float64) for name in _ARRAYS)
        if about["format"] != _FORMAT:
            raise DataError(f"{path}: format {about['format']!r}; {_FORMAT!r} is wanted")
        cone, tilt, inclination, altitude, year = (float(about[name]) for name in _NUMBERS)
        sign, model = int(about["charge_sign"]), str(about["model"])
        return CutoffTable(latitude, longitude, share, cone, sign, tilt, inclination, altitude, year, model)
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: no readable cutoff table ({error})") from error
