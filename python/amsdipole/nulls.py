"""Null tests of a mission: its events against its seconds, and isotropic toys through the same seconds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest

from amsdipole._arrays import whole_number
from amsdipole.config import Config
from amsdipole.counting import candidate_files, selection_of
from amsdipole.errors import ConfigError, DataError
from amsdipole.geomagnetism import EccentricDipoleKnots
from amsdipole.instrument import Instrument, instrument
from amsdipole.models import flux_integral
from amsdipole.orbit import Navigation, Seconds
from amsdipole.sky import FrameKnots, teme_to_earth_fixed, vector_in_frame
from amsdipole.statistics import (
    NULL_TESTS,
    ExposureMoments,
    FieldOfView,
    NullResult,
    NullSample,
    RowTable,
    drawn_sample,
    null_tests,
    toy_rng,
)

__all__ = ["MissionNulls", "mission_nulls", "run_nulls"]

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

N_COSINE = 400  # angles that stand for the acceptance: its moments are then good to 1e-5
MOST_TOY_ROWS = 400_000  # seconds that toys are drawn from: 60 MB
TOY_SPREAD = 2**32  # draws and tests of a toy have generators of their own


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
        back = self.parts.navigator.frame
        inverse = FrameKnots(back.time_s, np.ascontiguousarray(back.matrix.transpose(0, 2, 1)))
        earth = np.empty_like(found.rotation)
        for k in range(3):
            teme = vector_in_frame(found.time_s, np.ascontiguousarray(found.rotation[:, :, k]), inverse)
            earth[:, :, k] = teme_to_earth_fixed(found.time_s, teme)
        year = found.time_s.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
        table = RowTable(found.rotation, earth, year)
        return table, found.livetime_s * self.bin_weight[found.cutoff_class], found

    def moments(self, progress: Callable[[int], None] | None = None) -> ExposureMoments:
        """Sum over all seconds of the mission."""

        def parts() -> Iterator[tuple[RowTable, Floats]]:
            done = 0
            for block in self.parts.seconds.blocks():
                table, weight, _ = self.rows(block)
                done += len(block)
                if progress is not None:
                    progress(done)
                yield table, weight

        return ExposureMoments.of(self.view, parts())

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


def run_nulls(
    config: Config,
    *,
    low_gev: float | None = None,
    n_toy: int = 0,
    toy_events: int = 20_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run the null tests on the events of a configuration, and on toys if asked.

    Parameters
    ----------
    config : Config
        Configuration of a mission in orbit.
    low_gev : float, optional
        Lower edge of the energy range; the first of the configuration's ranges if not given.
    n_toy : int, optional
        Isotropic toys through the same seconds, whose p-values must be uniform; none if 0.
    toy_events : int, optional
        Events of a toy.
    seed : int, optional
        Seed of shifts, permutations and toys.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Numbers as JSON takes them.

    Raises
    ------
    ConfigError
        The configuration has no orbit or has weights by table, or `low_gev` is no edge.
    DataError
        An event lies in no second or in one that the exposure does not have, or a table is at fault.
    FitError
        There are too few events.
    """
    if config.seconds is None:
        raise ConfigError("null tests want a mission in orbit: the configuration has no [seconds]")
    if config.weights is not None:
        raise ConfigError("[weights]: null tests want the weight of each event in a column of its table")
    whole_number("n_toy", n_toy, low=0, high=1_000_000)
    whole_number("toy_events", toy_events, low=1000, high=10_000_000)
    parts = instrument(config)
    low = config.energy.ranges_gev[0] if low_gev is None else low_gev
    mission = mission_nulls(parts, low)
    n_row = parts.seconds.n_row
    sample = _events(config, mission, progress)
    report = progress if progress is not None else _silent
    moments = mission.moments(lambda done: report("exposure", done, n_row))
    results = null_tests(sample, moments, pole=mission.pole, seed=seed)
    document: dict[str, Any] = {
        "energy_low_gev": low,
        "n_event": len(sample.row),
        "n_eff": float((sample.weight**2).sum()),
        "seed": seed,
        "tests": [_entry(result) for result in results],
    }
    if n_toy:
        document["toys"] = toy_p_values(mission, n_toy=n_toy, n_event=toy_events, seed=seed, progress=report)
    return document


def toy_p_values(
    mission: MissionNulls, *, n_toy: int, n_event: int, seed: int, progress: Progress | None = None
) -> dict[str, Any]:
    """Run the tests on isotropic toys, weighted by purities from 0.5 to 1, and test that the p-values are uniform."""
    rows, weight, _ = mission.toy_rows()
    moments = ExposureMoments.of(mission.view, [(rows, weight)])
    found: dict[str, list[float]] = {name: [] for name in NULL_TESTS}
    for toy in range(n_toy):
        sample = drawn_sample(
            rows,
            weight,
            mission.cosine,
            mission.acceptance,
            n_event,
            toy_rng(seed, TOY_SPREAD + toy),
            purity=(0.5, 1.0),
        )
        for result in null_tests(sample, moments, pole=mission.pole, seed=seed + 1 + toy):
            if result.p_value is not None:
                found[result.name].append(result.p_value)
        if progress is not None:
            progress("toys", toy + 1, n_toy)
    return {
        "n_toy": n_toy,
        "n_event": n_event,
        "uniformity": [
            {"name": name, "n": len(p), "ks_p_value": float(kstest(p, "uniform").pvalue) if p else None}
            for name, p in found.items()
        ],
    }


def _entry(result: NullResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "chi2": result.chi2,
        "dof": result.dof,
        "expected": f"chi-squared with {result.dof} degrees of freedom",
        "p_value": result.p_value,
        "reason": result.reason,
    }


def _events(config: Config, mission: MissionNulls, progress: Progress | None) -> NullSample:
    """Read the events of the range that pass the cuts, with the orientation of their seconds."""
    cuts, events = selection_of(config.selection), candidate_files(config)
    edge = mission.parts.navigator.energy_edge_gev
    kept: list[tuple[Floats, Floats, NDArray[np.int64], Floats, Floats]] = []
    done = 0
    for batch in events.batches():
        done += len(batch.time_s)
        energy_bin = np.searchsorted(edge, batch.energy_gev, side="right") - 1
        inside = (energy_bin >= mission.first_bin) & (batch.energy_gev < edge[-1])
        inside &= batch.direction[:, 2] >= mission.parts.geometry.cos_least
        if cuts.names:
            inside &= cuts.failed({"energy_gev": batch.energy_gev, **batch.extra}) == 0
        if inside.any():
            time_s = batch.time_s[inside]
            try:
                rows = mission.parts.seconds.covering(time_s)
            except DataError as error:
                raise DataError(f"{error} ({batch.source})") from None
            table, _, navigation = mission.rows(rows)
            row = np.searchsorted(rows.time_s, time_s, side="right") - 1
            good = (energy_bin[inside] >= navigation.cutoff_class[row]) & (navigation.livetime_s[row] > 0.0)
            row = row[good]
            kept.append(
                (
                    table.rotation[row],
                    table.earth[row],
                    table.year[row],
                    batch.direction[inside][good],
                    batch.weights[inside][good],
                )
            )
        if progress is not None:
            progress("events", done, events.n_event)
    if not kept:
        raise DataError(f"no event above {edge[mission.first_bin]} GeV passes the cuts")
    rotation, earth, year, direction, weight = (np.concatenate(column) for column in zip(*kept, strict=True))
    return NullSample(RowTable(rotation, earth, year), np.arange(len(year)), direction, weight)


def _silent(stage: str, done: int, total: int) -> None:
    pass
