"""Null tests of a mission: its events against its seconds, and isotropic toys through the same seconds."""

from collections.abc import Callable
from typing import Any

from scipy.stats import kstest

from amsdipole._arrays import number, whole_number
from amsdipole.config import Config
from amsdipole.errors import ConfigError
from amsdipole.instrument import instrument
from amsdipole.null_events import null_events
from amsdipole.null_mission import MissionNulls, mission_nulls
from amsdipole.orbit import stepped
from amsdipole.statistics import NULL_TESTS, ClassMoments, NullResult, NullSample, drawn_sample, null_tests, toy_rng

__all__ = ["MissionNulls", "mission_nulls", "run_nulls"]

Progress = Callable[[str, int, int], None]

TOY_SPREAD = 2**32  # draws and tests of a toy have generators of their own


def run_nulls(
    config: Config,
    *,
    low_gev: float | None = None,
    n_toy: int = 0,
    toy_events: int = 20_000,
    seed: int = 1,
    step_s: float = 0.0,
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
    step_s : float, optional
        Time that a row of the expectation stands for [s], where the seconds are made from element sets: it is the sum
        over rows that lie so far apart. Events keep the rows that they fell in: longer ones would give them the live
        time of another place, and miss those that fell in rows that begin in the South Atlantic. All rows if 0.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict
        Numbers as JSON takes them.

    Raises
    ------
    ConfigError
        The configuration has no orbit, or weights that are no purities, or `low_gev` is no edge.
    DataError
        An event lies in no second or in one that the exposure does not have, or a table is at fault.
    FitError
        There are too few events.
    """
    if config.seconds is None:
        raise ConfigError("null tests want a mission in orbit: the configuration has no [seconds]")
    if config.weights is not None and config.weights.method != "purity":
        raise ConfigError(f"weights.method = {config.weights.method!r}: null tests want 'purity', never negative")
    whole_number("n_toy", n_toy, low=0, high=1_000_000)
    number("step_s", step_s, low=0.0)
    whole_number("toy_events", toy_events, low=1000, high=10_000_000)
    parts = instrument(config)
    low = config.energy.ranges_gev[0] if low_gev is None else low_gev
    mission = mission_nulls(parts, low)
    n_row = stepped(parts.seconds, step_s).n_row
    sample = null_events(config, mission, progress=progress)
    report = progress if progress is not None else _silent
    moments = mission.moments(lambda done: report("exposure", done, n_row), step_s=step_s)
    results = null_tests(sample, moments.opened(mission.sum_weight(sample)), pole=mission.pole, seed=seed)
    document: dict[str, Any] = {
        "format": "amsdipole-nulls",
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
    """Run the tests on isotropic toys, and test that the p-values are uniform.

    Weights are purities of which the least falls from 0.8 to 0.5 with energy, so that they go with the cutoff as well.
    """
    rows, weight, navigation = mission.toy_rows()
    classes = ClassMoments.of(mission.view, [(rows, navigation.livetime_s, navigation.cutoff_class)])
    n_bin = len(mission.bin_weight) - 1
    found: dict[str, list[float]] = {name: [] for name in NULL_TESTS}
    for toy in range(n_toy):
        rng = toy_rng(seed, TOY_SPREAD + toy)
        drawn = drawn_sample(rows, weight, mission.cosine, mission.acceptance, n_event, rng)
        energy_bin = mission.energy_bins(navigation.cutoff_class[drawn.row], rng)
        purity = 1.0 - (0.2 + 0.3 * energy_bin / n_bin) * rng.random(n_event)
        sample = NullSample(rows, drawn.row, drawn.direction, purity, energy_bin)
        moments = classes.opened(mission.sum_weight(sample))
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


def _silent(stage: str, done: int, total: int) -> None:
    pass
