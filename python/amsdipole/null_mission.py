"""What null tests of a mission need: its seconds with their orientation, and the acceptance of a range."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import ConfigError
from amsdipole.exposure import AzimuthAngles
from amsdipole.geomagnetism import EccentricDipoleKnots
from amsdipole.instrument import Instrument
from amsdipole.models import flux_integral
from amsdipole.orbit import Navigation, Seconds, stepped
from amsdipole.sky import FrameKnots, geodetic, teme_to_earth_fixed, vector_in_frame
from amsdipole.statistics import ClassMoments, FieldOfView, NullSample, RowTable

__all__ = ["MissionNulls", "mission_nulls"]

Floats = NDArray[np.float64]

N_COSINE = 400  # angles that stand for the acceptance: its moments are then good to 1e-5
MOST_TOY_ROWS = 400_000  # seconds that toys are drawn from: 60 MB


@dataclass(frozen=True, eq=False)
class MissionNulls:
    """Hold what null tests of a mission need.

    Attributes
    ----------
    parts : Instrument
        The instrument on its orbit.
    first_bin : int
        First energy bin of the range.
    cosine, acceptance : numpy.ndarray of float64, shape (400,)
        Acceptance against the cosine of the angle to the axis.
    bin_weight : numpy.ndarray of float64, shape (n_bin + 1,)
        Expected rate of the range for each cutoff class.
    pole : numpy.ndarray of float64, shape (3,)
        North geomagnetic pole in the middle of the mission, earth-fixed.
    """

    parts: Instrument
    first_bin: int
    cosine: Floats
    acceptance: Floats
    bin_weight: Floats
    pole: Floats

    @property
    def view(self) -> FieldOfView:
        """Moments of the acceptance."""
        return FieldOfView.round(self.cosine, self.acceptance)

    def rows(self, seconds: Seconds) -> tuple[RowTable, Floats, Navigation]:
        """Navigate some seconds; return their orientation, expected events and navigation."""
        found = self.parts.navigator(seconds)
        if self.parts.efficiency is not None:  # the events have it, so the seconds must
            place = geodetic(teme_to_earth_fixed(seconds.time_s, seconds.position_km))
            cell = self.parts.efficiency.cell(place, found.time_s, found.cutoff_gv)
            found = replace(found, livetime_s=found.livetime_s * self.parts.efficiency.value[cell])
        back = self.parts.navigator.frame
        inverse = FrameKnots(back.time_s, np.ascontiguousarray(back.matrix.transpose(0, 2, 1)))
        earth = np.empty_like(found.rotation)
        for k in range(3):
            teme = vector_in_frame(found.time_s, np.ascontiguousarray(found.rotation[:, :, k]), inverse)
            earth[:, :, k] = teme_to_earth_fixed(found.time_s, teme)
        year = found.time_s.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
        table = RowTable(found.rotation, earth, year)
        return table, found.livetime_s * self.bin_weight[found.cutoff_class], found

    def moments(self, progress: Callable[[int], None] | None = None, *, step_s: float = 0.0) -> ClassMoments:
        """Sum over all seconds of the mission, by cutoff class, or over every k-th that stands for a step of time."""
        source = stepped(self.parts.seconds, step_s)

        def parts() -> Iterator[tuple[RowTable, Floats, NDArray[np.uint8]]]:
            done = 0
            for block in source.blocks():
                table, _, navigation = self.rows(block)
                done += len(block)
                if progress is not None:
                    progress(done)
                yield table, navigation.livetime_s, navigation.cutoff_class

        return ClassMoments.of(self.view, parts())

    def sum_weight(self, sample: NullSample) -> Floats:
        """Return the sum of the weights in each energy bin."""
        total = np.bincount(sample.group, weights=sample.weight, minlength=len(self.bin_weight) - 1)
        return total.astype(np.float64)

    def energy_bins(self, cutoff_class: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the energy bin of events by the spectrum, from the bins that their seconds open."""
        level = (1.0 - rng.random(len(cutoff_class))) * self.bin_weight[cutoff_class]
        return np.searchsorted(-self.bin_weight, -level, side="right") - 1

    def toy_rows(self, most: int = MOST_TOY_ROWS, *, offset_s: float = 0.0) -> tuple[RowTable, Floats, Navigation]:
        """Return every k-th second with live time, such that they are at most so many; later by an offset if asked."""
        source = self.parts.seconds
        step = max(1, -(-source.n_row // most))
        time_s = source.row_start_s(np.arange(0, source.n_row, step)) + 0.5 * source.step_s + offset_s
        time_s = time_s[time_s < source.stop_s - source.step_s]
        rows = source.covering(time_s)
        # `covering` may give the rows between as well.
        return self.rows(rows.rows(np.searchsorted(rows.time_s, time_s, side="right") - 1))


def mission_nulls(parts: Instrument, low_gev: float) -> MissionNulls:
    """Prepare null tests of the range from an energy on.

    Parameters
    ----------
    parts : Instrument
        The instrument on its orbit.
    low_gev : float
        Lower edge of the range; an edge of an energy bin.

    Returns
    -------
    MissionNulls
        What the tests need.

    Raises
    ------
    ConfigError
        `low_gev` is no edge of an energy bin.
    """
    if isinstance(parts.geometry, AzimuthAngles):
        raise ConfigError(
            "detector.acceptance_file depends on azimuth; the null tests want one by angle to the axis alone"
        )
    edge = parts.navigator.energy_edge_gev
    at = np.flatnonzero(edge[:-1] == low_gev)
    if not at.size:
        raise ConfigError(f"low_gev = {low_gev} is no lower edge of an energy bin: {edge[:-1].tolist()}")
    first = int(at[0])
    rate = flux_integral(lambda energy: parts.flux(energy) * parts.acceptance(energy), edge[:-1], edge[1:])
    rate[:first] = 0.0
    open_rate = np.append(np.cumsum(rate[::-1])[::-1], 0.0)
    bound = np.linspace(parts.geometry.cos_least, 1.0, N_COSINE + 1)
    cosine = 0.5 * (bound[1:] + bound[:-1])
    middle = 0.5 * (parts.seconds.start_s + parts.seconds.stop_s)
    pole = _pole(parts.navigator.dipole, middle)
    return MissionNulls(parts, first, cosine, parts.geometry.density_per_sr(bound), open_rate, pole)


def _pole(dipole: EccentricDipoleKnots, time_s: float) -> Floats:
    pole = np.array([np.interp(time_s, dipole.time_s, dipole.pole[:, k]) for k in range(3)])
    return np.asarray(pole / np.linalg.norm(pole))
