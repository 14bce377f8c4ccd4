"""A quick look at whether what is installed works here: known numbers, exact sums, files."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amsdipole.analysis import run
from amsdipole.config import Config, config_from
from amsdipole.geomagnetism import EccentricDipoleKnots, GaussCoefficients, eccentric_dipole, stormer_cutoff
from amsdipole.instrument import instrument
from amsdipole.merging import merge_shards
from amsdipole.orbit import ams_mounting, detector_attitude
from amsdipole.producing import make_plan, work_shard
from amsdipole.report import Result
from amsdipole.simulate import Mission, simulate_events
from amsdipole.sky import attitude_in_frame, pixel_centers, read_map, teme_to_galactic, vector_to_pixel
from amsdipole.statistics import LimitMethod, upper_limit

__all__ = ["Check", "selftest"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What.
    asked, got : str
        What was asked, and what was found.
    good : bool
        Whether it is so.
    """

    name: str
    asked: str
    got: str
    good: bool


def selftest() -> Iterator[Check]:
    """Check the installation in some seconds, without a network.

    Yields
    ------
    Check
        One after the other; a fault of the installation may also raise.

    Notes
    -----
    The numbers are those of the tests of the project, which hold many more.
    """
    for check in (_frames, _cutoff, _pixels, _limits):
        yield check()
    with tempfile.TemporaryDirectory() as folder:
        yield from _mission(Path(folder))


def _frames() -> Check:
    # A run of AMS-02 by Aachen's coordinates.py: the first golden direction of tests/physics/test_frames.py.
    time_s, position = 1437869812.0, (-2211.35, -6407.54, 120.215)
    velocity, angle = (4.53558, -1.44619, 6.01593), (-0.0707434, -0.0324442, 0.0148007)
    rotation, rate = detector_attitude([position], [velocity], [angle], mounting=ams_mounting())
    rotation, _ = attitude_in_frame([time_s], rotation, rate, teme_to_galactic(time_s, time_s))
    x, y, z = rotation[0] @ (-0.386768, -0.463778, 0.797070)
    error = float(np.hypot(np.degrees(np.arctan2(y, x)) - 46.9148, np.degrees(np.arcsin(z)) - 10.3666))
    return Check("direction of an AMS run in the galaxy", "within 0.01 deg", f"{error:.4f} deg", error < 0.01)


def _cutoff() -> Check:
    # IGRF-13 at 2015.0 to second degree, and the vertical cutoff at 51.6 N, 0 E, 400 km: a row of
    # tests/physics/test_cutoff_golden.py.
    value = [-29441.46, -1501.77, 4795.99, -2445.88, 3012.20, -2845.41, 1676.35, -642.17]
    field = GaussCoefficients(
        epoch=np.array([2015.0, 2016.0]),
        degree=np.array([1, 1, 1, 2, 2, 2, 2, 2]),
        order=np.array([0, 1, -1, 0, 1, -1, 2, -2]),
        value_nt=np.array([value] * 2),
        model="IGRF 13",
        sha256="",
    )
    dipole = eccentric_dipole(field, 2015.0)
    knots = EccentricDipoleKnots(
        np.array([0.0, 1.0]), np.full(2, dipole.k_gv), np.tile(dipole.center_km, (2, 1)), np.tile(dipole.pole, (2, 1))
    )
    up = np.array([[np.cos(np.radians(51.6)), 0.0, np.sin(np.radians(51.6))]])
    found = float(stormer_cutoff([0.5], up * (6371.2 + 400.0), up, dipole=knots, charge_sign=1, half_angle_rad=0.0)[0])
    return Check("Størmer cutoff at 51.6 N", "2.025 GV within 0.002", f"{found:.4f} GV", abs(found - 2.025) < 0.002)


def _pixels() -> Check:
    wrong = sum(int((vector_to_pixel(pixel_centers(n), n) != np.arange(12 * n**2)).sum()) for n in (1, 32, 256))
    return Check("centres of HEALPix pixels lie in their pixels", "all of 798,732", f"{wrong} do not", wrong == 0)


def _limits() -> Check:
    # tests/physics/test_limits_golden.py, at 2 sigma.
    wanted: dict[LimitMethod, float] = {
        "flat_delta": 3.193, "proportional_delta": 3.667, "flat_rho": 3.998, "neyman": 3.244, "cls": 3.397,
    }  # fmt: skip
    worst = max(abs(upper_limit(2.0, 1.0, method=name) - value) for name, value in wanted.items())
    return Check("upper limits at 2 sigma, five methods", "within 1e-3", f"{worst:.1e}", worst < 1e-3)


def _mission(folder: Path) -> Iterator[Check]:
    """Fly for a day on the real orbit, and count by different threads and in shards."""
    document = {
        "name": "selftest",
        "seconds": {
            "source": "elements",
            "elements": "iss",
            "start": "2011-05-19T00:00:00Z",
            "stop": "2011-05-20T00:00:00Z",
            "step_s": 10.0,
        },
        "energy": {"ranges_gev": [16.0]},
        "fit": {"limits": ["flat_delta"]},
        "events": {"files": ["events.parquet"]},
        "output": {"folder": "results", "overwrite": True},
    }
    config = config_from(document, folder=folder, source="selftest")
    parts = instrument(config)
    mission = Mission(parts.seconds, parts.navigator, parts.flux, parts.acceptance, parts.geometry, np.zeros(3))
    simulate_events(config.events.files[0], mission, n_event=2000, rng=np.random.default_rng(2021))
    bits = {f"{n} threads": _bits(run(config.model_copy(update={"threads": n}))) for n in (1, 2, 4)}
    bits["3 shards"] = _bits(_in_shards(config, folder / "shards"))
    got = f"{len(set(bits.values()))} in {len(bits)}: {next(iter(bits.values()))[:16]}..."
    yield Check(f"bits by {', '.join(bits)}", "one SHA-256", got, len(set(bits.values())) == 1)
    written = read_map(folder / "results" / "counts_above_16_gev.fits").values.sum()
    counted = _in_shards(config, folder / "shards").ranges[0].counts_map.sum()
    yield Check("a map that is written and read", "its sum", f"{written:g} of {counted:g}", bool(written == counted))


def _in_shards(config: Config, folder: Path) -> Result:
    plan = make_plan(config, seconds_per_shard=4_320)
    for i in range(len(plan.shards)):
        _ = work_shard(plan, i, folder)
    return merge_shards(plan, folder)


def _bits(result: Result) -> str:
    found = result.ranges[0]
    numbers = np.concatenate([found.counts_map, found.reference_map, found.fit.rho, found.fit.covariance.ravel()])
    return hashlib.sha256(numbers.tobytes()).hexdigest()
