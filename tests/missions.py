"""A small mission of positrons alone, as a user would hand it over: what tests of commands and reports run on."""

from pathlib import Path

import numpy as np

from amsdipole.analysis import run
from amsdipole.config import read_config
from amsdipole.instrument import instrument
from amsdipole.report import Result
from amsdipole.simulate import Mission, simulate_events

CONFIG = """\
name = "Simulated positrons"

[seconds]
source = "elements"
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


def small_mission(
    folder: Path,
    *,
    n_event: int,
    stop: str,
    step_s: float,
    inject: tuple[float, float, float] = (0.0, 0.0, 0.0),
    seed: int = 2021,
) -> Result:
    """Simulate, write config.toml and events.parquet, and analyse them; the dipole is (EW, NS, FB)."""
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(CONFIG.format(stop=stop, step_s=step_s))
    config = read_config(folder / "config.toml")
    parts = instrument(config)
    ew, ns, fb = inject
    mission = Mission(
        parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.array([fb, ew, ns])
    )
    simulate_events(config.events.files[0], mission, n_event=n_event, rng=np.random.default_rng(seed))
    return run(config)
