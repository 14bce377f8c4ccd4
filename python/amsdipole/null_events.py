"""Events for null tests: with the orientation of their seconds and their weights. Composition only."""

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config
from amsdipole.counting import Progress, candidate_files, selection_of
from amsdipole.errors import DataError
from amsdipole.null_mission import MissionNulls
from amsdipole.statistics import NullSample, RowTable
from amsdipole.weighting import config_weights

__all__ = ["null_events"]

Floats = NDArray[np.float64]


def null_events(config: Config, mission: MissionNulls, *, progress: Progress | None = None) -> NullSample:
    """Read the events of a range that pass the cuts, with the orientation of their seconds and their weights.

    Parameters
    ----------
    config : Config
        Configuration of a mission in orbit.
    mission : MissionNulls
        The range, and what orients its seconds.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    NullSample
        One row an event; weights are purities by the tables of ``[weights]``, or those of the event files.

    Raises
    ------
    DataError
        A table is at fault, an event lies in no second, or none passes.
    RangeError
        A weight is negative.
    """
    edge = mission.parts.navigator.energy_edge_gev
    tables = config_weights(config, mission.parts, progress=progress)
    if tables is not None:
        # Refuses bins of the maps that lie in none of the weights'.
        tables.lookup("purity", nside=config.map.nside, energy_edge_gev=mission.parts.navigator.energy_edge_gev)
    responses = () if tables is None else tuple(bins.column for bins in tables.bins)
    cuts, events = selection_of(config.selection), candidate_files(config, responses)
    kept: list[tuple[Floats, Floats, NDArray[np.int64], Floats, Floats, NDArray[np.int64]]] = []
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
            row, chosen = row[good], np.flatnonzero(inside)[good]
            direction, weight = batch.direction[chosen], batch.weights[chosen]
            if tables is not None:
                weight = tables.weights(
                    "purity",
                    energy_gev=batch.energy_gev[chosen],
                    direction=np.einsum("nij,nj->ni", table.rotation[row], direction),
                    responses={name: batch.extra[name][chosen] for name in responses},
                )
            kept.append((table.rotation[row], table.earth[row], table.year[row], direction, weight, energy_bin[chosen]))
        if progress is not None:
            progress("events", done, events.n_event)
    if not kept:
        raise DataError(f"no event above {edge[mission.first_bin]} GeV passes the cuts")
    rotation, earth, year, direction, weight, bins = (np.concatenate(column) for column in zip(*kept, strict=True))
    return NullSample(RowTable(rotation, earth, year), np.arange(len(year)), direction, weight, bins)
