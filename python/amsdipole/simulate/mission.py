"""A mission in a box: events that a detector would record on its orbit, in the files that a mission would hand over."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError, RangeError
from amsdipole.events import write_events
from amsdipole.exposure import AcceptanceCurve, Shape, SpectrumQuantiles, drawn_directions
from amsdipole.geomagnetism import stormer_cutoff
from amsdipole.models import Flux
from amsdipole.orbit import Navigator, Seconds, SecondsSource
from amsdipole.sky import galactic_to_icrs, teme_to_earth_fixed, teme_to_gcrs, vector_in_frame
from amsdipole.sky.frames import FrameKnots

__all__ = ["Mission", "simulate_events"]

_CANDIDATES = 200_000  # drawn at a time: part of what a seed means


@dataclass(frozen=True)
class Mission:
    """What flies, and what it sees.

    Attributes
    ----------
    seconds : SecondsSource
        Where the detector is, and when it is live.
    navigator : Navigator
        The instrument on its orbit.
    flux : callable
        Isotropic flux against energy [1/(m^2 sr s GeV)].
    acceptance : AcceptanceCurve
        Acceptance against energy [m^2 sr].
    geometry : TwoDiscs, AngleTable or AzimuthAngles
        Shape of the acceptance against the angle to the axis, and azimuth about it.
    rho : numpy.ndarray of float64, shape (3,)
        Dipole of the flux in galactic axes (FB, EW, NS); its length is below 1.
    """

    seconds: SecondsSource
    navigator: Navigator
    flux: Flux
    acceptance: AcceptanceCurve
    geometry: Shape
    rho: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the dipole."""
        rho = finite_floats("rho", self.rho, (3,))
        if np.linalg.norm(rho) >= 1.0:
            raise RangeError(f"rho = {rho.tolist()} has the length {np.linalg.norm(rho)}; below 1 is wanted")
        object.__setattr__(self, "rho", rho)


def simulate_events(
    path: str | os.PathLike[str],
    mission: Mission,
    *,
    n_event: int,
    rng: np.random.Generator,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Simulate events and write them to a Parquet file in time order.

    Parameters
    ----------
    path : path-like
        File to make.
    mission : Mission
        What flies, and what it sees.
    n_event : int
        Events that pass the cutoff rule; those that the cutoff alone lets through and the rule cuts come on top.
    rng : numpy.random.Generator
        Source of all randomness.
    overwrite : bool
        Whether an existing file may be replaced.
    progress : callable, optional
        Called with the number of events done.

    Returns
    -------
    int
        Number of events written.

    Raises
    ------
    RangeError
        `n_event` is out of range.
    DataError
        Hardly any candidate is accepted (no live second, or no energy above the cutoff), or the file exists.

    Notes
    -----
    Candidates are drawn uniformly in time, by flux times acceptance in energy and by the acceptance in angle, and kept
    with the probability of being live, of the injected flux 1 + rho.n, and if their energy exceeds the Størmer cutoff
    of their own direction. Directions go to the sky by matrices in NumPy, not by the kernels that count them.
    """
    whole_number("n_event", n_event, low=1, high=50_000_000)
    kept: list[dict[str, NDArray[np.float64]]] = []
    done, tried = 0, 0
    while done < n_event:
        batch, passed = _candidates(mission, rng)
        tried += _CANDIDATES
        total = np.cumsum(passed)
        if done + (total[-1] if len(total) else 0) >= n_event:
            last = int(np.searchsorted(total, n_event - done)) + 1
            batch = {name: column[:last] for name, column in batch.items()}
            passed = passed[:last]
        kept.append(batch)
        done += int(passed.sum())
        if tried >= 100 * _CANDIDATES and done < tried * 1e-6:
            raise DataError(f"of {tried} candidates {done} were accepted; is any second live, any energy above cutoff?")
        if progress is not None:
            progress(done)
    columns = {name: np.concatenate([batch[name] for batch in kept]) for name in kept[0]}
    order = np.argsort(columns["time_s"], kind="stable")
    return write_events(path, _row_groups({n: c[order] for n, c in columns.items()}), overwrite=overwrite)


def _row_groups(columns: dict[str, NDArray[np.float64]]) -> Iterator[dict[str, NDArray[np.float64]]]:
    for start in range(0, len(columns["time_s"]), 1_000_000):
        yield {name: column[start : start + 1_000_000] for name, column in columns.items()}


def _candidates(mission: Mission, rng: np.random.Generator) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
    """Draw candidates; return those recorded, and whether each passes the cutoff rule."""
    source, edge = mission.seconds, mission.navigator.energy_edge_gev
    n = _CANDIDATES
    time_s = _times(source, rng, n)
    energy = _energies(mission, edge, rng, n)
    direction = drawn_directions(mission.geometry, rng.random(n), rng.random(n))
    live, sky, trd, ecal = rng.random(n), rng.random(n), rng.normal(0.5, 0.09, n), rng.normal(0.9, 0.04, n)
    rows = source.covering(time_s)
    row = np.searchsorted(rows.time_s, time_s, side="right") - 1
    navigation = mission.navigator(rows)
    galactic = _to_galactic(rows, row, time_s, direction, mission.navigator.mounting)
    keep = live < rows.livetime_fraction[row]
    keep &= sky * (1.0 + np.linalg.norm(mission.rho)) < 1.0 + galactic @ mission.rho
    keep &= energy >= _own_cutoff(mission, rows, row, time_s, galactic)
    energy_bin = np.searchsorted(edge, energy, side="right") - 1
    passed = energy_bin >= navigation.cutoff_class[row]
    sign = mission.navigator.rule.charge_sign
    columns = {
        "time_s": time_s,
        "direction_x": direction[:, 0],
        "direction_y": direction[:, 1],
        "direction_z": direction[:, 2],
        "energy_gev": energy,
        "rigidity_gv": sign * energy,
        "trd_lambda": trd,
        "ecal_estimator": ecal,
    }
    return {name: column[keep] for name, column in columns.items()}, passed[keep]


def _times(source: SecondsSource, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw times uniformly over the rows."""
    start_s = source.row_start_s(rng.integers(0, source.n_row, n))
    step_s = source.step_s
    return np.minimum(start_s + rng.random(n) * step_s, np.nextafter(start_s + step_s, -np.inf))


def _energies(mission: Mission, edge: NDArray[np.float64], rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draw energies by flux times acceptance."""
    drawn = SpectrumQuantiles.of(mission.flux, mission.acceptance, edge[0], edge[-1])
    return drawn.energy_gev(rng.random(n) * drawn.total[-1])


def _to_galactic(
    rows: Seconds,
    row: NDArray[np.int64],
    time_s: NDArray[np.float64],
    direction: NDArray[np.float64],
    mounting: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Galactic unit vectors, with the local vertical carried along the orbit from the start of each second."""
    position, velocity = rows.position_km[row], rows.velocity_km_s[row]
    momentum = np.cross(position, velocity)
    angle = np.linalg.norm(momentum, axis=1) / (position**2).sum(axis=1) * (time_s - rows.time_s[row])
    y = -momentum / np.linalg.norm(momentum, axis=1, keepdims=True)
    z0 = -position / np.linalg.norm(position, axis=1, keepdims=True)
    z = np.cos(angle)[:, None] * z0 + np.sin(angle)[:, None] * np.cross(-y, z0)
    body = direction @ mounting.T
    (yaw, pitch, roll) = rows.angle_rad[row].T
    bx, by, bz = body.T
    by, bz = by * np.cos(roll) - bz * np.sin(roll), by * np.sin(roll) + bz * np.cos(roll)
    bx, bz = bx * np.cos(pitch) + bz * np.sin(pitch), -bx * np.sin(pitch) + bz * np.cos(pitch)
    bx, by = bx * np.cos(yaw) - by * np.sin(yaw), bx * np.sin(yaw) + by * np.cos(yaw)
    teme = bx[:, None] * np.cross(y, z) + by[:, None] * y + bz[:, None] * z
    gcrs = vector_in_frame(time_s, teme, teme_to_gcrs(float(time_s.min()), float(time_s.max())))
    galactic = gcrs @ galactic_to_icrs()
    return np.asarray(galactic / np.linalg.norm(galactic, axis=1, keepdims=True))


def _own_cutoff(
    mission: Mission,
    rows: Seconds,
    row: NDArray[np.int64],
    time_s: NDArray[np.float64],
    galactic: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Cutoff of each event's own direction at the place of its second [GV]."""
    frame = mission.navigator.frame
    back = FrameKnots(frame.time_s, np.ascontiguousarray(frame.matrix.transpose(0, 2, 1)))
    teme = vector_in_frame(time_s, galactic, back)
    return stormer_cutoff(
        time_s,
        teme_to_earth_fixed(rows.time_s[row], rows.position_km[row]),
        teme_to_earth_fixed(time_s, teme),
        dipole=mission.navigator.dipole,
        charge_sign=mission.navigator.rule.charge_sign,
    )
