"""Tracing tables of cutoffs over a shell: a grid that is halved where the cutoff changes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole import _core
from amsdipole._arrays import number, whole_number
from amsdipole.errors import RangeError
from amsdipole.geomagnetism.cutoff import charge, stormer_cutoff
from amsdipole.geomagnetism.cutoff_cone import cone_cutoffs, edge_directions
from amsdipole.geomagnetism.cutoff_table import CutoffTable
from amsdipole.geomagnetism.eccentric_dipole import EccentricDipoleKnots, dipole_of_date
from amsdipole.geomagnetism.field import coefficients_at
from amsdipole.geomagnetism.igrf import GaussCoefficients
from amsdipole.geomagnetism.places import earth_fixed_position
from amsdipole.geomagnetism.trajectory import TracingLimits

__all__ = ["Progress", "cutoff_table", "shell_axes"]

Progress = Callable[[int, int], None]
Floats = NDArray[np.float64]

_RATIO = 0.004  # relative step of the search: a seventh of what the table shall err by
_SPACING_RAD = 0.02  # of directions along the edge; docs/design/cutoff-table.md
# Of 140 points of the orbit the greatest cutoff of a 40 deg cone stood at most 46 deg from magnetic east or west.
_SECTOR_RAD = float(np.deg2rad(60.0))
_REACH_RAD = 1.2  # from the zenith to the edge: a cone that reaches farther is searched all round
_ABOVE = 0.03  # part above the neighbours' cutoffs where a search begins
_ROUGH = (0.01, 0.15)  # ratio and spacing of the search that finds where to look


def cutoff_table(
    *,
    coefficients: GaussCoefficients,
    decimal_year: float,
    charge_sign: int,
    half_angle_rad: float,
    tilt_rad: float = 0.0,
    inclination_rad: float = float(np.deg2rad(51.64)),
    altitude_km: float = 410.0,
    latitude_max_deg: float = 55.0,
    step_deg: float = 5.0,
    n_halving: int = 3,
    tolerance: float = 0.01,
    limits: TracingLimits | None = None,
    progress: Progress | None = None,
) -> CutoffTable:
    """Trace the greatest cutoff over a cone at the points of a shell.

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
    tilt_rad : float
        Angle of the cone's axis from the zenith to port of the motion [rad]; 0 for a table that suits any motion.
    inclination_rad : float
        Inclination of the orbit [rad]; it gives the direction of the motion, due east beyond its latitudes.
    altitude_km : float
        Altitude of the shell above WGS 84 [km].
    latitude_max_deg : float
        Greatest geocentric latitude of the table [deg], a multiple of `step_deg`.
    step_deg : float
        Step of the grid in which every point is traced [deg], a divisor of 360.
    n_halving : int
        How often the grid is halved, 0 to 5.
    tolerance : float
        A cell is halved again where a traced point differs by more than this part from the mean of those around it;
        elsewhere new points are means.
    limits : TracingLimits, optional
        As for `trace`; by default with an error bound of 1e-5 and 5 nT of loss, 1e-4 of the field.
    progress : callable, optional
        Called with the points done and those to do in the present grid.

    Returns
    -------
    CutoffTable
        The table, in the finest grid.

    Raises
    ------
    RangeError
        A date, step or angle outside its range, or a cone that is shut at 200 GV.

    Notes
    -----
    The cutoff of a cone is continuous in the place, for bands of the penumbra move as the place does, but only if the
    directions on its edge stand closely: with few of them it jumps. The zenith is the geocentric one.

    Examples
    --------
    >>> from amsdipole.geomagnetism.igrf import igrf14
    >>> table = cutoff_table(
    ...     coefficients=igrf14(), decimal_year=2015.0, charge_sign=1, half_angle_rad=0.7, latitude_max_deg=10.0,
    ...     step_deg=20.0, n_halving=0,
    ... )
    >>> bool((np.abs(table.share - 1.0) < 0.5).all()), table.share.shape
    (True, (1, 2, 18))
    """
    step = number("step_deg", step_deg, low=0.5, high=90.0)
    most = number("latitude_max_deg", latitude_max_deg, low=step / 2, high=90.0)
    halvings = whole_number("n_halving", n_halving, low=0, high=5)
    part = number("tolerance", tolerance, low=0.0, high=1.0)
    if abs(360.0 / step - round(360.0 / step)) > 1e-9 or abs(2 * most / step - round(2 * most / step)) > 1e-9:
        raise RangeError(f"step_deg = {step} divides 360 or twice latitude_max_deg = {most} not evenly")
    shell = _Shell(
        coefficients,
        float(decimal_year),
        charge(charge_sign),
        number("half_angle_rad", half_angle_rad, low=1e-3, high=np.pi),
        number("tilt_rad", tilt_rad, low=-np.pi, high=np.pi),
        number("inclination_rad", inclination_rad, low=0.0, high=np.pi),
        number("altitude_km", altitude_km, low=100.0, high=50_000.0),
        limits or TracingLimits(error_bound=1e-5, loss_nt=5.0),
        progress or _silent,
    )
    latitude = np.linspace(-most, most, round(2 * most / step) + 1)
    longitude = step * np.arange(round(360.0 / step), dtype=np.float64)
    layers = []
    for northward in (False,) if shell.tilt_rad == 0.0 else (False, True):
        rows, columns = latitude, longitude
        share = shell.rough(rows, columns, northward)
        active = np.ones((len(rows) - 1, len(columns)), np.bool_)
        for _ in range(halvings):
            rows, columns, share, active = shell.halved(share, northward, active, part, most)
        layers.append(share)
    return CutoffTable(
        latitude_deg=rows,
        longitude_deg=columns,
        share=np.stack(layers),
        half_angle_rad=shell.half_angle_rad,
        charge_sign=shell.charge_sign,
        tilt_rad=shell.tilt_rad,
        inclination_rad=shell.inclination_rad,
        altitude_km=shell.altitude_km,
        decimal_year=shell.decimal_year,
        model=coefficients.model,
    )


def shell_axes(
    latitude_deg: Floats,
    longitude_deg: Floats,
    *,
    altitude_km: float,
    tilt_rad: float,
    inclination_rad: float,
    northward: bool,
) -> tuple[Floats, Floats]:
    """Give positions of a shell and the axes of a detector there.

    Parameters
    ----------
    latitude_deg, longitude_deg : numpy.ndarray of float64, shape (n,)
        Geocentric latitudes and east longitudes [deg].
    altitude_km : float
        Altitude above WGS 84 [km].
    tilt_rad : float
        Angle from the geocentric zenith to port of the motion [rad].
    inclination_rad : float
        Inclination of the orbit [rad].
    northward : bool
        Whether the motion goes north.

    Returns
    -------
    position_km, axis : numpy.ndarray of float64, shape (n, 3)
        Earth-fixed positions [km] and unit vectors.

    Raises
    ------
    RangeError
        A latitude outside [-90, 90] or a value that is not finite.

    Notes
    -----
    The altitude is that of the geodetic place of the same latitude: 0.05 km off at 400 km.

    Examples
    --------
    >>> _, axis = shell_axes(
    ...     np.zeros(1), np.zeros(1), altitude_km=400.0, tilt_rad=0.2, inclination_rad=0.9, northward=True
    ... )
    >>> axis.round(3)
    array([[ 0.98 , -0.156,  0.123]])
    """
    lat, lon = np.deg2rad(latitude_deg), np.deg2rad(longitude_deg)
    zenith = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.column_stack([-np.sin(lon), np.cos(lon), np.zeros_like(lon)])
    north = np.cross(zenith, east)
    geodetic = earth_fixed_position(longitude_deg, latitude_deg, np.full(len(lat), altitude_km))
    position = zenith * np.linalg.norm(geodetic, axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        eastward = np.clip(np.cos(inclination_rad) / np.cos(lat), -1.0, 1.0)[:, None]
    northing = np.sqrt(1.0 - eastward**2) * (1.0 if northward else -1.0)
    port = eastward * north - northing * east
    return position, np.cos(tilt_rad) * zenith + np.sin(tilt_rad) * port


def _silent(done: int, total: int) -> None:
    pass


@dataclass(frozen=True, eq=False)
class _Shell:
    coefficients: GaussCoefficients
    decimal_year: float
    charge_sign: int
    half_angle_rad: float
    tilt_rad: float
    inclination_rad: float
    altitude_km: float
    limits: TracingLimits
    progress: Progress

    @property
    def dipole(self) -> EccentricDipoleKnots:
        return dipole_of_date(self.coefficients, self.decimal_year)

    def places(self, latitude: Floats, longitude: Floats, northward: bool) -> tuple[Floats, Floats, Floats]:
        """Positions, axes and Størmer cutoffs."""
        position, axis = shell_axes(
            latitude,
            longitude,
            altitude_km=self.altitude_km,
            tilt_rad=self.tilt_rad,
            inclination_rad=self.inclination_rad,
            northward=northward,
        )
        stormer = stormer_cutoff(
            np.full(len(position), 0.5),
            position,
            axis,
            dipole=self.dipole,
            charge_sign=self.charge_sign,
            half_angle_rad=self.half_angle_rad,
        )
        return position, axis, stormer

    def rough(self, latitude: Floats, longitude: Floats, northward: bool) -> Floats:
        """Shares of a whole grid: a wide search over the whole cone, then a close one along its edge."""
        rows, columns = (v.ravel() for v in np.meshgrid(latitude, longitude, indexing="ij"))
        share = np.empty(len(rows))
        for block in _blocks(len(rows)):
            position, axis, stormer = self.places(rows[block], columns[block], northward)
            found = cone_cutoffs(
                position,
                axis,
                charge_sign=self.charge_sign,
                coefficients=self.coefficients,
                decimal_year=self.decimal_year,
                half_angle_rad=[self.half_angle_rad],
                ratio=_ROUGH[0],
                spacing_rad=_ROUGH[1],
                limits=self.limits,
            )[:, 0]
            if not np.isfinite(found).all():
                raise RangeError(f"half_angle_rad = {self.half_angle_rad}: the cone is not open at 200 GV")
            low = found / (1.0 + _ROUGH[0])
            close = self.along_edge(position, axis, low, 1.06 * low, fixed=True)
            share[block] = close / stormer
            self.progress(block.stop, len(rows))
        return share.reshape(len(latitude), len(longitude))

    def along_edge(self, position: Floats, axis: Floats, low: Floats, high: Floats, *, fixed: bool) -> Floats:
        """Greatest cutoff along the edge; `high` rises until open, and `low` falls until shut unless `fixed`."""
        gauss = coefficients_at(self.coefficients, self.decimal_year)
        east = np.cross(self.dipole.pole[0], position - self.dipole.center_km[0])
        sector = _SECTOR_RAD if self.half_angle_rad + abs(self.tilt_rad) <= _REACH_RAD else float(np.pi)
        directions = edge_directions(
            axis, self.charge_sign * east, self.half_angle_rad, spacing_rad=_SPACING_RAD, sector_rad=sector
        )
        cone = np.zeros(directions.shape[1], np.int64)
        low, high, out = low.copy(), high.copy(), np.full(len(low), np.inf)
        todo = np.arange(len(low))
        while len(todo):
            out[todo] = _core.cone_cutoff(
                position[todo],
                directions[todo],
                cone,
                1,
                self.charge_sign,
                low[todo],
                high[todo],
                _RATIO,
                gauss,
                *self.limits.arguments(),
            )[:, 0]
            shut = ~np.isfinite(out[todo])
            deep = ~shut & (out[todo] < low[todo] * (1.0 + 1.01 * _RATIO)) & (not fixed)
            high[todo[shut]] *= 1.1
            below = todo[deep]
            high[below], low[below] = out[below] * (1.0 + _RATIO), 0.9 * low[below]
            todo = todo[shut | deep]
        return out

    def halved(
        self, share: Floats, northward: bool, active: NDArray[np.bool_], tolerance: float, most: float
    ) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """Halve the grid: new points of active cells are traced, others are means; cells with good means rest."""
        n, m = share.shape
        rows, columns = np.linspace(-most, most, 2 * n - 1), 180.0 / m * np.arange(2 * m)
        i, j = (v.ravel() for v in np.meshgrid(np.arange(2 * n - 1), np.arange(2 * m), indexing="ij"))
        around = np.stack([share[a, b % m] for a in (i // 2, (i + 1) // 2) for b in (j // 2, (j + 1) // 2)])
        fine = around.mean(axis=0)
        cells = np.pad(active.repeat(2, axis=0).repeat(2, axis=1), ((1, 1), (0, 0)))
        touched = cells[:-1] | cells[1:]
        touched |= np.roll(touched, 1, axis=1)
        todo = np.flatnonzero(touched.ravel() & ((i % 2 == 1) | (j % 2 == 1)))
        surplus = np.zeros(len(fine))
        for block in _blocks(len(todo)):
            here = todo[block]
            position, axis, stormer = self.places(rows[i[here]], columns[j[here]], northward)
            low, high = around[:, here].min(axis=0) * stormer, around[:, here].max(axis=0) * stormer
            low, high = 0.94 * low, (1.0 + _ABOVE) * high
            traced = self.along_edge(position, axis, low, high, fixed=False) / stormer
            surplus[here] = np.abs(traced / fine[here] - 1.0)
            fine[here] = traced
            self.progress(block.stop, len(todo))
        field = surplus.reshape(2 * n - 1, 2 * m)
        most_of = np.maximum(field, np.roll(field, -1, axis=1))
        most_of = np.maximum(most_of, np.roll(most_of, -1, axis=1))[:, ::2]
        worst = np.maximum(np.maximum(most_of[:-1:2], most_of[1::2]), most_of[2::2])
        rough = active & (worst > tolerance)
        return rows, columns, fine.reshape(2 * n - 1, 2 * m), rough.repeat(2, axis=0).repeat(2, axis=1)


def _blocks(n: int, size: int = 256) -> list[slice]:
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]
