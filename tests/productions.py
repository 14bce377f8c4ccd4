"""A small mission that is divided into shards, and commands on it."""

import contextlib
import hashlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq
from missions import CONFIG

from amsdipole.cli import main
from amsdipole.config import read_config
from amsdipole.instrument import instrument
from amsdipole.production import shard_name
from amsdipole.simulate import Mission, simulate_events

# One range and one method: what takes long after a merge is what every analysis does, not what these tests ask about.
SHORT = """
[energy]
ranges_gev = [16.0]

[fit]
limits = ["flat_delta"]
"""


@dataclass(frozen=True)
class Said:
    """What a command printed."""

    stdout: str
    stderr: str


def amsdipole(*arguments: object, code: int = 0) -> Said:
    """Run a command in this process, which starts faster than one of its own."""
    out, err, found = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["amsdipole", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            found = end.code or 0
    assert found == code, err.getvalue() + out.getvalue()
    return Said(out.getvalue(), err.getvalue())


def divided_mission(folder: Path, *, n_event: int = 3000, days: int = 3, group: int = 400, more: str = "") -> Path:
    """Write config.toml, and events.parquet in several row groups."""
    text = CONFIG.format(stop=f"2011-05-{19 + days:02d}T00:00:00Z", step_s=10.0).replace("overwrite = true\n", "")
    (folder / "config.toml").write_text(text + more)
    config = read_config(folder / "config.toml")
    parts = instrument(config)
    mission = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    simulate_events(config.events.files[0], mission, n_event=n_event, rng=np.random.default_rng(2021))
    pq.write_table(pq.read_table(folder / "events.parquet"), folder / "events.parquet", row_group_size=group)
    return folder


def bytes_of(folder: Path) -> str:
    """Give one checksum of all results of shards."""
    files = [folder / shard_name(i) for i in range(1000)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()
