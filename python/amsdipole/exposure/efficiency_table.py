"""Efficiency by place, cutoff and time from a control sample, and what its intervals mean for the dipole."""

import hashlib
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.exposure.efficiency import EfficiencyMap, efficiency_map, efficiency_variations, geographic_pixel
from amsdipole.orbit import AxisRows, Navigator, SecondsSource, axis_rows
from amsdipole.orbit.seconds_columns import open_columns
from amsdipole.sky import pixel_centers

__all__ = ["CONTROL_COLUMNS", "EfficiencyTable", "control_efficiency", "efficiency_covariance", "row_efficiency"]

Floats = NDArray[np.float64]
CONTROL_COLUMNS = ("longitude_deg", "latitude_deg", "passed")


@dataclass(frozen=True, eq=False)
class EfficiencyTable:
    """Maps of the efficiency, one for each bin of time and of cutoff.

    Attributes
    ----------
    maps : tuple of EfficiencyMap
        One a bin, cutoffs within times; all of one resolution.
    time_edge_s : numpy.ndarray of float64, shape (n_time - 1,)
        Borders between the bins of time [s]; none for one bin.
    cutoff_edge_gv : numpy.ndarray of float64, shape (n_cutoff - 1,)
        Borders between the bins of cutoff [GV]; none for one bin.
    """

    maps: tuple[EfficiencyMap, ...]
    time_edge_s: Floats
    cutoff_edge_gv: Floats

    def __post_init__(self) -> None:
        """Check the borders."""
        for name in ("time_edge_s", "cutoff_edge_gv"):
            edge = finite_floats(name, getattr(self, name), (None,))
            if np.any(np.diff(edge) <= 0.0):
                raise DataError(f"{name} does not rise")
        wanted = (len(self.time_edge_s) + 1) * (len(self.cutoff_edge_gv) + 1)
        if len(self.maps) != wanted or len({m.nside for m in self.maps}) != 1:
            raise ShapeError(f"{len(self.maps)} maps; {wanted} of one resolution are wanted")

    @property
    def sha256(self) -> str:
        """Checksum of maps and borders: part of the identity of sums that they weigh."""
        whole = [m.value for m in self.maps] + [self.time_edge_s, self.cutoff_edge_gv]
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in whole)).hexdigest()

    @property
    def value(self) -> Floats:
        """Efficiency of every cell: maps one after the other."""
        return np.concatenate([m.value for m in self.maps])

    def cell(self, place: Floats, time_s: Floats, cutoff_gv: Floats) -> NDArray[np.int64]:
        """Give the cell of each row: bin of time, bin of cutoff, pixel."""
        i = np.searchsorted(self.time_edge_s, time_s, side="right")
        j = np.searchsorted(self.cutoff_edge_gv, cutoff_gv, side="right")
        n_pixel, nside = len(self.maps[0].value), self.maps[0].nside
        return np.asarray((i * (len(self.cutoff_edge_gv) + 1) + j) * n_pixel + geographic_pixel(place, nside=nside))


def row_efficiency(efficiency: EfficiencyMap | EfficiencyTable, row: AxisRows) -> Floats:
    """Give the efficiency of each row."""
    if isinstance(efficiency, EfficiencyMap):
        return efficiency.at(row.place)
    return efficiency.value[efficiency.cell(row.place, row.time_s, row.cutoff_gv)]


def control_efficiency(
    paths: "list[str | os.PathLike[str]]",
    *,
    nside: int,
    error_most: float = 0.01,
    time_edge_s: ArrayLike = (),
    cutoff_edge_gv: ArrayLike = (),
) -> EfficiencyTable:
    """Measure an efficiency with the files of a control sample.

    Parameters
    ----------
    paths : list of path-like
        Parquet, CSV or FITS: columns ``longitude_deg``, ``latitude_deg`` (geodetic, of the place where the event was
        seen), ``passed`` (1 or 0), and ``time_s``, ``cutoff_gv`` if there are bins of them. One row an event.
    nside : int
        Resolution of the geographic pixels, a power of two.
    error_most : float
        Greatest binomial error of a pixel: the rule of the smoothing, see `efficiency_map`.
    time_edge_s, cutoff_edge_gv : array_like of float
        Borders between bins; none makes one bin.

    Returns
    -------
    EfficiencyTable
        One map for each bin of time and cutoff, each smoothed within itself.

    Raises
    ------
    DataError
        A file is at fault, or a bin holds no control event.
    RangeError
        A value is not finite or out of range.
    """
    times, cutoffs = (
        finite_floats("time_edge_s", time_edge_s, (None,)),
        finite_floats("cutoff_edge_gv", cutoff_edge_gv, (None,)),
    )
    side = whole_number("nside", nside, low=1, high=64)
    n_pixel, n_bin = 12 * side**2, (len(times) + 1) * (len(cutoffs) + 1)
    total, passed = np.zeros((2, n_bin * n_pixel), dtype=np.int64)
    names = [*CONTROL_COLUMNS, *(["time_s"] if len(times) else []), *(["cutoff_gv"] if len(cutoffs) else [])]
    names_of = [os.fspath(path) for path in paths]
    for path in names_of:
        file = open_columns(path, {})
        for group in range(file.n_group):
            column = dict(zip(names, file.columns(group, names), strict=True))
            _check(column, file.where(group))
            i = np.searchsorted(times, column["time_s"], side="right") if len(times) else 0
            j = np.searchsorted(cutoffs, column["cutoff_gv"], side="right") if len(cutoffs) else 0
            place = np.column_stack([column["longitude_deg"], column["latitude_deg"]])
            cell = (i * (len(cutoffs) + 1) + j) * n_pixel + geographic_pixel(place, nside=side)
            total += np.bincount(cell, minlength=len(total))
            passed += np.bincount(cell[column["passed"] == 1.0], minlength=len(total))
    maps = []
    for k in range(n_bin):
        part = slice(k * n_pixel, (k + 1) * n_pixel)
        if not total[part].any():
            raise DataError(f"bin {k} of time and cutoff holds no control event ({', '.join(names_of)})")
        maps.append(efficiency_map(passed[part], total[part], error_most=error_most))
    return EfficiencyTable(tuple(maps), times, cutoffs)


def _check(column: dict[str, Floats], where: str) -> None:
    limits = {"longitude_deg": (-360.0, 360.0), "latitude_deg": (-90.0, 90.0), "passed": (0.0, 1.0)}
    for name, values in column.items():
        low, high = limits.get(name, (-np.inf, np.inf))
        bad = ~(np.isfinite(values) & (values >= low) & (values <= high))
        if name == "passed":
            bad |= (values != 0.0) & (values != 1.0)
        if bad.any():
            i = int(bad.argmax())
            allowed = "0 or 1" if name == "passed" else f"[{low}, {high}]"
            raise RangeError(f"{name}[{i}] = {values[i]}; {allowed} is wanted ({where}, row {i})")


def efficiency_covariance(
    seconds: SecondsSource,
    navigator: Navigator,
    efficiency: EfficiencyTable,
    *,
    class_weight: ArrayLike,
    reference: Floats,
    mean_direction: ArrayLike,
    n_variation: int,
    rng: np.random.Generator,
) -> Floats:
    """Carry the intervals of an efficiency to the dipole.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission; a minute each is short enough.
    navigator : Navigator
        The instrument on its orbit.
    efficiency : EfficiencyTable
        The efficiency with its intervals.
    class_weight : array_like of float, shape (n_class,)
        Weight of each cutoff class: the rate of the range where it is open.
    reference : numpy.ndarray of float64, shape (12 nside^2,)
        Reference map of the range, for the fit's response.
    mean_direction : array_like of float, shape (3,)
        Mean of the directions in the detector over the acceptance; x and y are 0 where it does not depend on azimuth.
    n_variation : int
        Efficiencies drawn within the intervals, 2 or more.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray of float64, shape (3, 3)
        Covariance of (FB, EW, NS) by the efficiency alone.

    Raises
    ------
    DataError
        No row is live with the range open.
    RangeError, ShapeError
        A value is out of range.

    Notes
    -----
    A row adds its weight times the mean direction, turned into the sky, to the sum of directions, so that cells need
    but four sums, and a variation costs a product with them. The shift is M^-1 (<n>_varied - <n>), with M that of
    `reference`.
    """
    weight_of = finite_floats("class_weight", class_weight, (len(navigator.energy_edge_gev),))
    n_draw = whole_number("n_variation", n_variation, low=2, high=100_000)
    mean_in_detector = finite_floats("mean_direction", mean_direction, (3,))
    skew = bool(mean_in_detector[:2].any())
    n_cell = len(efficiency.value)
    total, moment = np.zeros(n_cell), np.zeros((n_cell, 3))
    for row in axis_rows(seconds, navigator, sides=skew):
        toward = row.sky * mean_in_detector[2]
        if skew:
            side = row.side("galactic")
            toward += side * mean_in_detector[0] + np.cross(row.sky, side) * mean_in_detector[1]
        weight = row.livetime_s * weight_of[row.cutoff_class]
        cell = efficiency.cell(row.place, row.time_s, row.cutoff_gv)
        total += np.bincount(cell, weights=weight, minlength=n_cell)
        for k in range(3):
            moment[:, k] += np.bincount(cell, weights=weight * toward[:, k], minlength=n_cell)
    if not total.sum() > 0.0:
        raise DataError("the exposure is zero: no second is live with the range open")
    center = pixel_centers(round((len(reference) / 12) ** 0.5))
    mean = reference @ center / reference.sum()
    spread = (center * reference[:, None]).T @ center / reference.sum() - np.outer(mean, mean)
    drawn = [efficiency_variations(m, n_draw, rng=rng) for m in efficiency.maps]
    nominal = (efficiency.value @ moment) / (efficiency.value @ total)
    shifts = []
    for k in range(n_draw):
        value = np.concatenate([variations[k].value for variations in drawn])
        shifts.append(np.linalg.solve(spread, (value @ moment) / (value @ total) - nominal))
    return np.asarray(np.cov(np.array(shifts).T))
