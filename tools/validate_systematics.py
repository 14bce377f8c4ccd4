"""What `amsdipole systematics` must hold: variations of kept sums in seconds, those of a pass in less than the pass.

python tools/validate.py exposure_systematics
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import validate_azimuth
from numpy.typing import NDArray

from amsdipole.config import read_config
from amsdipole.constants import AMS_MOUNTING_DEG
from amsdipole.exposure import livetime_axes
from amsdipole.exposure_systematics import systematics_report
from amsdipole.geomagnetism import CutoffTable, igrf14, write_cutoff_table
from amsdipole.instrument import instrument

Floats = NDArray[np.float64]
Say = Callable[[str, str, str, bool], None]

# A turn of the orbit's plane at one second, the rows of the reference; the study makes its own of 3 s.
CONFIG = """
name = "72 days"
[seconds]
source = "elements"
start = "2013-05-19T00:00:00Z"
stop = "2013-07-30T00:00:00Z"
[events]
files = ["none.parquet"]
[output]
folder = "out"
[map]
nside = 64
[energy]
edges_gev = [16.0, 25.0, 40.0, 65.0, 100.0, 500.0]
ranges_gev = [16.0, 25.0]
[efficiency]
files = ["control.csv"]
nside = 4
"""


def control(path: Path) -> None:
    """A control sample of a million events all over the orbit, its efficiency from 0.7 in the south to 0.9."""
    rng = np.random.default_rng(12)
    latitude, longitude = (
        np.degrees(np.arcsin(rng.uniform(-0.78, 0.78, 1_000_000))),
        rng.uniform(-180.0, 180.0, 1_000_000),
    )
    passed = (rng.random(len(latitude)) < 0.8 + 0.1 * np.sin(np.radians(latitude))).astype(np.int64)
    rows = {"longitude_deg": longitude, "latitude_deg": latitude, "passed": passed}
    pyarrow.csv.write_csv(pa.table(rows), path)


def shares(path: Path) -> None:
    """A table of traced cutoffs that are Størmer's, but for a wave of 5 % in longitude: what a pass with one costs."""
    longitude = np.arange(0.0, 360.0, 10.0)
    share = 1.0 + 0.05 * np.cos(np.radians(longitude)) * np.ones((2, 13, 1))
    tilt = float(np.radians(AMS_MOUNTING_DEG))
    latitude = np.linspace(-60.0, 60.0, 13)
    write_cutoff_table(
        path, CutoffTable(latitude, longitude, share, np.radians(30.0), 1, tilt, 0.9, 400.0, 2014.0, igrf14().model)
    )


def acceptance(path: Path) -> None:
    """An area that depends on energy, angle and azimuth: skew at 10 GeV, even and narrower at 1000 GeV."""
    shape = validate_azimuth.skew()
    even = shape.mean.area[:, None] * np.linspace(0.6, 1.0, len(shape.cos_zenith))[:, None]
    area = np.stack([shape.area, np.repeat(even, shape.area.shape[1], axis=1)])
    energy, cosine, azimuth = np.meshgrid(
        [10.0, 1000.0], shape.cos_zenith, np.degrees(shape.azimuth_rad), indexing="ij"
    )
    rows = {"energy_gev": energy, "cos_zenith": cosine, "azimuth_deg": azimuth, "area_m2": np.maximum(area, 0.0)}
    pyarrow.csv.write_csv(pa.table({name: column.ravel() for name, column in rows.items()}), path)


def exposure_systematics(say: Say) -> None:
    """Variations over 72 days, made and from the sums that were kept, for two discs and a table with azimuth."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        control(folder / "control.csv")
        shares(folder / "traced.npz")
        acceptance(folder / "area.csv")
        path = folder / "config.toml"
        path.write_text(CONFIG)
        config = read_config(path)
        parts = instrument(config)
        start = time.perf_counter()
        livetime_axes(parts.seconds, parts.navigator, efficiency=parts.efficiency)
        passed = time.perf_counter() - start
        store, traced = folder / "sums", str(folder / "traced.npz")
        made = systematics_report(config, store=store, traced=traced)
        for row in made["shifts"]:
            rho = " ".join(f"{c.upper()} {1e4 * v:+.2f}" for c, v in row["rho"].items())
            # Over 72 days a fold takes as long as the pass: `exposure_variation` judges a pass, over a year.
            asked = f"a figure; the pass of the mission takes {passed:.1f} s" if row["passes"] else "5 s"
            origin = "a pass" if row["passes"] else "from sums"
            say(f"> {row['energy_low_gev']:g} GeV, {row['variation']}, {origin}", asked,
                f"{row['time_s']:.2f} s; shift {rho}, length {1e4 * row['delta']:.2f}, in 1e-4",
                bool(row["passes"]) or row["time_s"] < 5.0)  # fmt: skip
        again = systematics_report(config, store=store, traced=traced)
        alike = [row["rho"] for row in made["shifts"]] == [row["rho"] for row in again["shifts"]]
        longest = max(row["time_s"] for row in again["shifts"])
        n_pass = sum(row["passes"] for row in again["shifts"])
        say("the study again from its sums", "no pass, each in 5 s, the same bits",
            f"{n_pass} passes, sums read in {again['nominal']['made_s']:.1f} s, {longest:.2f} s at most, "
            f"{'the same' if alike else 'DIFFERENT'}", longest < 5.0 and alike and not n_pass)  # fmt: skip
        path.write_text(CONFIG + '[detector]\nacceptance_file = "area.csv"\n')
        table = systematics_report(read_config(path), store=store, traced=traced)
        longest = max(row["time_s"] for row in table["shifts"])
        n_pass = sum(row["passes"] for row in table["shifts"])
        say("another acceptance, of energy, angle and azimuth, from the same sums", "no pass, each in 5 s",
            f"{n_pass} passes, {longest:.2f} s at most", longest < 5.0 and not n_pass)  # fmt: skip
        for kind, rows in (("two discs", made["shifts"]), ("the table", table["shifts"])):
            halves = [row for row in rows if row["variation"].endswith("half of the view")]
            got = ", ".join(
                f"> {r['energy_low_gev']:g} GeV {r['variation'].split()[0]} {r['delta']:.4f}" for r in halves
            )
            say(f"halves of the view of {kind}, delta", "a figure", got, True)


VALIDATIONS: dict[str, Callable[[Say], None]] = {f.__name__: f for f in (exposure_systematics,)}
