"""The demonstration: simulate a mission, then analyse its files like a user's."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amsdipole._files import replacing
from amsdipole.analysis import Progress, run
from amsdipole.config import Config, config_from
from amsdipole.errors import DataError
from amsdipole.instrument import instrument
from amsdipole.report import Result
from amsdipole.simulate import Mission, simulate_events

__all__ = ["DemoSize", "run_demo"]


@dataclass(frozen=True)
class DemoSize:
    """How large the simulated mission is.

    Attributes
    ----------
    n_event : int
        Positrons above 16 GeV that pass the cutoff rule.
    stop : str
        End of the mission (UTC); it starts on 2011-05-19.
    step_s : float
        Length of a row of the seconds [s].
    """

    n_event: int = 180_000
    stop: str = "2020-05-19T00:00:00Z"
    step_s: float = 5.0


QUICK = DemoSize(n_event=20_000, stop="2012-05-19T00:00:00Z", step_s=10.0)


def run_demo(
    folder: str | os.PathLike[str],
    *,
    inject: tuple[float, float, float] = (0.0, 0.0, 0.0),
    seed: int = 2021,
    size: DemoSize | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Simulate positrons on the real orbit of the ISS, write them to files, and analyse the files.

    Parameters
    ----------
    folder : path-like
        Folder for ``config.toml``, ``events.parquet`` and the results; made if it does not exist.
    inject : tuple of float, length 3
        Dipole of the simulated flux (rho_EW, rho_NS, rho_FB).
    seed : int
        Seed of the simulation.
    size : DemoSize, optional
        How large the mission is; nine years and 1.8e5 positrons by default.
    overwrite : bool
        Whether the files of an earlier demonstration may be replaced.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    Result
        What was found; the same is in ``results/result.json``.

    Raises
    ------
    DataError
        The folder holds an earlier demonstration and may not be overwritten, or cannot be written.
    RangeError
        The dipole is not shorter than 1.
    """
    target, chosen = Path(folder), size or DemoSize()
    if not overwrite:
        for name in ("config.toml", "events.parquet", "results"):
            if (target / name).exists():
                raise DataError(f"{target / name}: it exists already; choose another folder, or allow overwrite")
    config = _config(target, chosen, overwrite=overwrite)
    parts = instrument(config)
    ew, ns, fb = inject
    mission = Mission(
        parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.array([fb, ew, ns])
    )
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{target}: cannot be made ({error.strerror})") from error
    simulate_events(
        config.events.files[0],
        mission,
        n_event=chosen.n_event,
        rng=np.random.default_rng(seed),
        overwrite=overwrite,
        progress=_stage(progress, "simulation", chosen.n_event),
    )
    with replacing(target / "config.toml", overwrite=overwrite) as temporary:
        Path(temporary).write_text(_TEMPLATE.format(**_choices(chosen), inject=inject, seed=seed), encoding="utf-8")
    return run(config, progress=progress)


def _stage(progress: Progress | None, stage: str, total: int) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda done: progress(stage, done, total)


def _choices(size: DemoSize) -> dict[str, Any]:
    return {"stop": size.stop, "step_s": size.step_s}


def _config(folder: Path, size: DemoSize, *, overwrite: bool) -> Config:
    document: dict[str, Any] = {
        "name": "Simulated AMS positrons",
        "seconds": {"source": "elements", "elements": "iss", "start": "2011-05-19T00:00:00Z", **_choices(size)},
        "events": {"files": ["events.parquet"]},
        "output": {"folder": "results", "overwrite": overwrite},
    }
    return config_from(document, folder=folder, source="the demonstration")


_TEMPLATE = """\
# The simulated mission of `amsdipole demo`: analyse it again with `amsdipole run config.toml`.
# Simulated with the dipole (EW, NS, FB) = {inject} and the seed {seed}.
name = "Simulated AMS positrons"

[seconds]
source = "elements"            # made from two-line elements, with the live time zero over the South Atlantic
elements = "iss"
start = "2011-05-19T00:00:00Z"
stop = "{stop}"
step_s = {step_s}

[events]
files = ["events.parquet"]

[output]
folder = "results"
overwrite = true
"""
