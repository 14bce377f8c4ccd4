"""Candidates over a stretch of a mission, and which of them the detector records.

What needs the orbit is worked out once a row; an event costs a few products and two roots.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.constants import EARTH_RADIUS_KM
from amsdipole.exposure import drawn_azimuths
from amsdipole.geomagnetism import EccentricDipoleKnots
from amsdipole.orbit import Seconds
from amsdipole.simulate.mission import Mission
from amsdipole.sky import earth_fixed_to_teme, galactic_to_icrs, teme_to_earth_fixed, teme_to_gcrs, vector_in_frame
from amsdipole.sky.frames import FrameKnots

__all__ = ["CandidateSource", "RowViews", "row_views"]

_N_GRID = 4096  # points of the tables that energies and angles are drawn from
_DEPTH = 37.0  # natural logarithms that the smallest uniform number reaches: 53 ln 2 = 36.7
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RowViews:
    """What detectors of some rows see of the Earth's field and of a dipole, in their own axes.

    Attributes
    ----------
    middle_s : numpy.ndarray of float64, shape (n,)
        Time of the middle of each row [s].
    strength_gv : numpy.ndarray of float64, shape (n,)
        Størmer's cutoff times (1 + sqrt(1 - q cos^3))^2 at the place of the row [GV].
    cos3 : numpy.ndarray of float64, shape (n,)
        Third power of the cosine of the magnetic latitude, times the sign of the charge.
    east, east_rate : numpy.ndarray of float64, shape (3, n)
        Magnetic east at the middle of the row, and its change [1/s].
    rho, rho_rate : numpy.ndarray of float64, shape (3, n)
        The dipole at the middle of the row, and its change [1/s].

    Notes
    -----
    Linear in time about the middle: what is left out is 1.5e-7 of the vectors for rows of one second, 6e-4 for rows
    of a minute, and the Earth's turn within a row, 4e-5 for one second.
    """

    middle_s: Floats
    strength_gv: Floats
    cos3: Floats
    east: Floats
    east_rate: Floats
    rho: Floats
    rho_rate: Floats

    def cutoff_gv(self, row: NDArray[np.int64], time_s: Floats, direction: tuple[Floats, Floats, Floats]) -> Floats:
        """Cutoff of each direction [GV] (method, section 2.2)."""
        cos_east = _along(self.east, self.east_rate, row, time_s - self.middle_s[row], direction)
        root = 1.0 + np.sqrt(np.maximum(0.0, 1.0 - self.cos3[row] * cos_east))
        return np.asarray(self.strength_gv[row] / (root * root))

    def excess(self, row: NDArray[np.int64], time_s: Floats, direction: tuple[Floats, Floats, Floats]) -> Floats:
        """Component of the dipole along each direction."""
        return _along(self.rho, self.rho_rate, row, time_s - self.middle_s[row], direction)


def row_views(mission: Mission, rows: Seconds) -> RowViews:
    """Work out what the detector of a mission sees in some rows."""
    time_s, position = rows.time_s, rows.position_km
    momentum = np.cross(position, rows.velocity_km_s)
    size = np.linalg.norm(momentum, axis=1)
    turn = size / (position**2).sum(axis=1)  # of the local vertical, method section 3.2 [rad/s]
    half = turn * (0.5 * rows.step_s)
    y = -momentum / size[:, None]
    down = -position / np.linalg.norm(position, axis=1, keepdims=True)
    z = np.cos(half)[:, None] * down + np.sin(half)[:, None] * np.cross(-y, down)
    axes = (np.cross(y, z), y, z)

    def seen(local: tuple[Floats, Floats, Floats]) -> Floats:
        """From the local vertical to the detector: yaw, pitch and roll backwards, then the mounting."""
        (x, y, z), (yaw, pitch, roll) = local, rows.angle_rad.T
        x, y = x * np.cos(yaw) + y * np.sin(yaw), y * np.cos(yaw) - x * np.sin(yaw)
        x, z = x * np.cos(pitch) - z * np.sin(pitch), x * np.sin(pitch) + z * np.cos(pitch)
        y, z = y * np.cos(roll) + z * np.sin(roll), z * np.cos(roll) - y * np.sin(roll)
        return np.ascontiguousarray(mission.navigator.mounting.T @ np.stack([x, y, z]))

    def local(teme: Floats) -> tuple[Floats, Floats, Floats]:
        x, y, z = (np.einsum("ij,ij->i", axis, teme) for axis in axes)
        return x, y, z

    zero = np.zeros(len(time_s))
    spin = seen((zero, -turn, zero))
    strength, cos3, east = _magnetic(mission.navigator.dipole, time_s, teme_to_earth_fixed(time_s, position))
    east_seen = seen(local(earth_fixed_to_teme(time_s, east)))
    frame = teme_to_gcrs(float(time_s.min()), float(time_s.max()))
    back = FrameKnots(frame.time_s, np.ascontiguousarray(frame.matrix.transpose(0, 2, 1)))
    toward = np.tile(galactic_to_icrs() @ mission.rho, (len(time_s), 1))
    rho_seen = seen(local(vector_in_frame(time_s, toward, back)))
    return RowViews(
        time_s + 0.5 * rows.step_s,
        strength,
        mission.navigator.rule.charge_sign * cos3,
        east_seen,
        np.cross(east_seen, spin, axis=0),
        rho_seen,
        np.cross(rho_seen, spin, axis=0),
    )


class CandidateSource:
    """Draws the candidates of a mission.

    Parameters
    ----------
    mission : Mission
        What flies, and what it sees.
    """

    def __init__(self, mission: Mission) -> None:
        """Tabulate the quantiles of energies and angles."""
        self.mission = mission
        edge = mission.navigator.energy_edge_gev
        self._low, self._high = float(edge[0]), float(np.nextafter(edge[-1], 0.0))
        grid = np.linspace(np.log(edge[0]), np.log(edge[-1]), _N_GRID)
        density = mission.flux(np.exp(grid)) * mission.acceptance(np.exp(grid)) * np.exp(grid)
        above = np.concatenate([[0.0], np.cumsum(((density[1:] + density[:-1]) / 2.0)[::-1])])
        # Against the logarithm of the share above: straight for a power law, and fine at the rare end.
        share = np.exp(-np.linspace(0.0, _DEPTH, _N_GRID))
        self._log_energy = _Table(np.interp(share, above / above[-1], grid[::-1]))
        geometry = mission.geometry
        cosine = np.linspace(geometry.cos_least, 1.0, _N_GRID)
        total = np.concatenate([[0.0], np.cumsum(geometry.density_per_sr(cosine) * np.diff(cosine))])
        # Against the fourth root of the share below: the acceptance vanishes at the rim.
        self._cosine = _Table(np.interp(np.linspace(0.0, 1.0, _N_GRID) ** 4, total / total[-1], cosine))
        self._has_dipole = bool(np.any(mission.rho))
        self._most = 1.0 + float(np.linalg.norm(mission.rho))

    def recorded(self, rng: np.random.Generator, n: int, rows: tuple[int, int]) -> dict[str, Floats]:
        """Draw `n` candidates over a range of rows, and keep those that the detector records.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of all randomness.
        n : int
            Candidates.
        rows : tuple of int
            First row, and the one after the last.

        Returns
        -------
        dict of str to numpy.ndarray of float64
            ``time_s``, ``direction_x`` to ``direction_z`` and ``energy_gev``, in time order, of those that are live,
            drawn by the flux and above the cutoff of their own direction.
        """
        names = ("time_s", "direction_x", "direction_y", "direction_z", "energy_gev")
        if n == 0:
            return {name: np.zeros(0) for name in names}
        source, (first, last) = self.mission.seconds, rows
        place = np.sort(rng.random(n)) * (last - first)
        row = np.minimum(place.astype(np.int64), last - first - 1)
        begins = np.flatnonzero(np.diff(row, prepend=-1))
        start_s = source.row_start_s(first + row[begins])
        table = source.covering(start_s)
        held = np.searchsorted(table.time_s, start_s, side="right") - 1
        count = np.diff(begins, append=n)
        since = (place - row) * source.step_s
        row = np.repeat(held, count)
        # The cheap cut first: what follows is done for live candidates alone.
        kept = np.flatnonzero(rng.random(n) < table.livetime_fraction[row])
        row, since = row[kept], since[kept]
        end_s = np.nextafter(table.time_s + source.step_s, -np.inf)
        time_s = np.minimum(table.time_s[row] + since, end_s[row])
        direction = self._directions(rng, len(row))
        energy = self._energies(rng, len(row))
        view = row_views(self.mission, table)
        keep = energy >= view.cutoff_gv(row, time_s, direction)
        if self._has_dipole:
            keep &= rng.random(len(row)) * self._most < 1.0 + view.excess(row, time_s, direction)
        return {name: column[keep] for name, column in zip(names, (time_s, *direction, energy), strict=True)}

    def _energies(self, rng: np.random.Generator, n: int) -> Floats:
        """Draw by flux times acceptance."""
        depth = -np.log1p(-rng.random(n))
        return np.asarray(np.clip(np.exp(self._log_energy(depth * (1.0 / _DEPTH))), self._low, self._high))

    def _directions(self, rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats]:
        """Draw unit vectors in the detector by the shape of the acceptance."""
        cosine = self._cosine(np.sqrt(np.sqrt(rng.random(n))))
        azimuth = drawn_azimuths(self.mission.geometry, cosine, rng.random(n))
        sine = np.sqrt(1.0 - cosine * cosine)
        return sine * np.cos(azimuth), sine * np.sin(azimuth), cosine


class _Table:
    """Straight lines between values at equal steps over [0, 1]."""

    def __init__(self, value: Floats) -> None:
        self._value, self._slope = value[:-1].copy(), np.diff(value)

    def __call__(self, x: Floats) -> Floats:
        place = x * len(self._slope)
        cell = np.minimum(place.astype(np.int64), len(self._slope) - 1)
        return np.asarray(self._value[cell] + (place - cell) * self._slope[cell])


def _along(
    vector: Floats, rate: Floats, row: NDArray[np.int64], since_s: Floats, direction: tuple[Floats, Floats, Floats]
) -> Floats:
    """Scalar product of directions with a vector that changes with time."""
    total = np.zeros(len(row))
    for v, r, d in zip(vector, rate, direction, strict=True):
        total += (v[row] + r[row] * since_s) * d
    return total


def _magnetic(dipole: EccentricDipoleKnots, time_s: Floats, position_km: Floats) -> tuple[Floats, Floats, Floats]:
    """Numerator of the cutoff, cos^3 of the magnetic latitude and magnetic east of places in earth-fixed axes."""
    k_gv = np.interp(time_s, dipole.time_s, dipole.k_gv)
    center = np.column_stack([np.interp(time_s, dipole.time_s, c) for c in dipole.center_km.T])
    pole = np.column_stack([np.interp(time_s, dipole.time_s, c) for c in dipole.pole.T])
    pole /= np.linalg.norm(pole, axis=1, keepdims=True)
    up = position_km - center
    r_km = np.linalg.norm(up, axis=1)
    up /= r_km[:, None]
    east = np.cross(pole, up)
    cos_latitude = np.linalg.norm(east, axis=1)
    east /= np.maximum(cos_latitude, np.finfo(float).tiny)[:, None]
    return k_gv * cos_latitude**4 / (r_km / EARTH_RADIUS_KM) ** 2, cos_latitude**3, east
