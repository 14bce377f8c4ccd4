"""Exact live time by detector axis and cutoff class, and by the roll about it where asked: what a pass leaves."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import DataError
from amsdipole.sky import pixel_centers, vector_to_pixel

__all__ = ["AXIS_NSIDE", "UNIT_S", "LivetimeAxes", "LivetimeBudget", "joined_cells"]

UNIT_S = 2.0**-32  # unit of every sum of live time
AXIS_NSIDE = 256  # pixels of the detector axis, 0.23 deg wide: docs/design/axis-binning.md measures what it costs


@dataclass(frozen=True)
class LivetimeBudget:
    """Where the seconds of a mission went.

    Attributes
    ----------
    n_row : int
        Rows of the table.
    total_s : float
        Time that the rows span [s].
    live_s : float
        Live time that counts [s].
    n_by_cause : tuple of int, length 6
        Rows by what became of them, as `amsdipole.orbit.CAUSES`; they add up to `n_row`.
    livetime_units_by_cause : tuple of int, length 6
        Live time of those rows in units of 2^-32 s, before the selection.
    gap_s : float
        Time between the first row and the end of the last in which no row lies [s].
    """

    n_row: int
    total_s: float
    live_s: float
    n_by_cause: tuple[int, ...]
    livetime_units_by_cause: tuple[int, ...]
    gap_s: float


@dataclass(frozen=True)
class LivetimeAxes:
    """Exact live time by pixel of the detector's axis and cutoff class, with the mean axis of each.

    Attributes
    ----------
    frame : str
        Frame of the pixels: "galactic" or "earth_fixed".
    nside : int
        Resolution of the pixels.
    pixel : numpy.ndarray of int64, shape (n,)
        Pixel of each cell that holds live time, rising.
    cutoff_class : numpy.ndarray of uint8, shape (n,)
        Class of each cell, rising within a pixel and sector.
    units : numpy.ndarray of int64, shape (n,)
        Live time in units of 2^-32 s.
    moment : numpy.ndarray of int64, shape (n, 3)
        Live time times axis in the same units.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Energy bins that the classes count; n_class = n_bin + 1.
    budget : LivetimeBudget
        Where the seconds went.
    span_s : tuple of (float, float)
        Time intervals that were added, rising: the same seconds are not added twice.
    identity : str
        What was asked of each second: rule, cone, factor, weights. Only sums of one identity are merged.
    n_sector : int
        Sectors of the roll about the axis; 1 does not resolve it.
    sector : numpy.ndarray of uint8, shape (n,), optional
        Sector of each cell, rising within a pixel: where the detector's x direction points, counted from the east of
        the pixel's centre by its north. None without sectors.
    side_moment : numpy.ndarray of int64, shape (n, 3), optional
        Live time times x direction in units. None without sectors.
    """

    frame: str
    nside: int
    pixel: NDArray[np.int64]
    cutoff_class: NDArray[np.uint8]
    units: NDArray[np.int64]
    moment: NDArray[np.int64]
    energy_edge_gev: NDArray[np.float64]
    budget: LivetimeBudget
    span_s: tuple[tuple[float, float], ...]
    identity: str
    n_sector: int = 1
    sector: NDArray[np.uint8] | None = None
    side_moment: NDArray[np.int64] | None = None

    @property
    def n_class(self) -> int:
        """Number of classes: one more than there are bins."""
        return len(self.energy_edge_gev)

    def class_livetime_s(self) -> NDArray[np.float64]:
        """Live time of the mission in each class [s]."""
        total = np.zeros(self.n_class, dtype=np.int64)
        np.add.at(total, self.cutoff_class, self.units)  # livetime_axes and merged_axes keep the total below 2^63
        return np.asarray(total * UNIT_S)

    def open_livetime_s(self) -> NDArray[np.float64]:
        """Live time of the mission in which each energy bin is open, shape (n_bin,) [s]."""
        return np.cumsum(self.class_livetime_s())[:-1]

    def coarser(self, nside: int) -> "LivetimeAxes":
        """Join the pixels of axes to larger ones; sums, mean axes and mean rolls stay exact."""
        if nside >= self.nside:
            return self
        parent = vector_to_pixel(pixel_centers(self.nside)[self.pixel], nside)
        sector = self.sector
        if self.side_moment is not None:
            # Near a pole east is another direction in each small pixel: cells are sorted by the large one's.
            center = pixel_centers(nside)[parent]
            east = np.cross([0.0, 0.0, 1.0], center)
            x, y = ((self.side_moment * v).sum(axis=1) for v in (east, np.cross(center, east)))
            turn = np.arctan2(y, x) / (2.0 * np.pi) % 1.0
            sector = np.minimum(turn * self.n_sector, self.n_sector - 1).astype(np.uint8)
        return joined_cells(replace(self, nside=nside, pixel=parent, sector=sector))

    def without_roll(self) -> "LivetimeAxes":
        """Add up the sectors of the roll: bit for bit the sums of a pass that does not resolve it."""
        if self.sector is None:
            return self
        return joined_cells(replace(self, n_sector=1, sector=None, side_moment=None))

    def mean_axes(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Mean axis of each pixel, or pixel and sector, over all classes; its live time by class in units."""
        first = _starts(self._place())
        units = np.zeros((len(first), self.n_class), dtype=np.int64)
        row = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(self.pixel))))
        units[row, self.cutoff_class] = self.units
        return _direction(np.add.reduceat(self.moment, first, axis=0)), units

    def mean_sides(self) -> NDArray[np.float64]:
        """Mean x direction for each of `mean_axes`, made square to it."""
        first = _starts(self._place())
        axis = _direction(np.add.reduceat(self.moment, first, axis=0))
        return _square(np.add.reduceat(self._sides(), first, axis=0), axis)

    def weighted_axes(self, class_weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean axis of each pixel with classes weighted, and the weighted live time [s]; sectors are joined."""
        share = class_weight[self.cutoff_class]
        held = share > 0.0
        first, share = _starts(self.pixel[held]), share[held]
        weight = np.add.reduceat(self.units[held] * share, first) * UNIT_S
        return _direction(np.add.reduceat(self.moment[held] * share[:, None], first, axis=0)), weight

    def weighted_attitudes(
        self, class_weight: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Mean axis and x direction of each pixel and sector with classes weighted, and the weighted live time [s].

        Raises
        ------
        DataError
            The sums do not resolve the roll.
        """
        share = class_weight[self.cutoff_class]
        held = share > 0.0
        first, share = _starts(self._place()[held]), share[held]
        weight = np.add.reduceat(self.units[held] * share, first) * UNIT_S
        axis = _direction(np.add.reduceat(self.moment[held] * share[:, None], first, axis=0))
        return axis, _square(np.add.reduceat(self._sides()[held] * share[:, None], first, axis=0), axis), weight

    def _place(self) -> NDArray[np.int64]:
        return self.pixel if self.sector is None else self.pixel * self.n_sector + self.sector

    def _sides(self) -> NDArray[np.int64]:
        if self.side_moment is None:
            raise DataError("the sums of live time do not resolve the roll; n_sector above 1 is wanted in their pass")
        return self.side_moment


def joined_cells(axes: LivetimeAxes) -> LivetimeAxes:
    """Add up the cells that are of the same pixel, sector and class, and sort them.

    Parameters
    ----------
    axes : LivetimeAxes
        Cells in any order.

    Returns
    -------
    LivetimeAxes
        The same live time, each place once.
    """
    n_class = axes.n_class
    key, row = np.unique(axes._place() * n_class + axes.cutoff_class, return_inverse=True)
    columns = [axes.units[:, None], axes.moment] + ([] if axes.side_moment is None else [axes.side_moment])
    values = np.concatenate(columns, axis=1)
    sums = np.zeros((len(key), values.shape[1]), dtype=np.int64)
    np.add.at(sums, row, values)
    place, classes = np.divmod(key, n_class)
    pixel, sector = np.divmod(place, axes.n_sector)
    resolved = axes.side_moment is not None
    return replace(
        axes,
        pixel=pixel,
        cutoff_class=classes.astype(np.uint8),
        units=sums[:, 0].copy(),
        moment=sums[:, 1:4].copy(),
        sector=sector.astype(np.uint8) if resolved else None,
        side_moment=sums[:, 4:].copy() if resolved else None,
    )


def _starts(place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the cells of each place begin."""
    return np.flatnonzero(np.diff(place, prepend=-1))


def _direction(moment: NDArray[np.generic]) -> NDArray[np.float64]:
    out = np.asarray(moment, dtype=np.float64)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


def _square(moment: NDArray[np.generic], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction of the part of a moment that is square to an axis."""
    side = _direction(moment)
    side -= (side * axis).sum(axis=1, keepdims=True) * axis
    return _direction(side)
