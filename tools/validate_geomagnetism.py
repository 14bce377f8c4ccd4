"""Field, tracing, cutoffs and deflection: what was asked, what is reached.

    python tools/validate.py geomagnetism

or one of geomagnetism_field, _tracing, _world, _halving, _refusals, _dipole, _igrf, _ranges, _table and _speed.
Measurements are shared with the tests. _speed is benches/geomagnetism.py and wants ppigrf, chaosmagpy and gtracr.
"""

import importlib.util
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import config_from
from amsdipole.errors import RangeError
from amsdipole.far_dipole import range_response
from amsdipole.geomagnetism import (
    CutoffTable,
    cone_cutoffs,
    cutoff_table,
    dipole_of_date,
    igrf14,
    magnetic_field_geodetic,
    shell_axes,
)
from amsdipole.geomagnetism.deflection import orbit_response
from amsdipole.geomagnetism.trajectory import TracingLimits
from amsdipole.instrument import instrument

Say = Callable[[str, str, str, bool], None]

ROOT = Path(__file__).resolve().parents[1]
CONE_RAD = float(np.deg2rad(40.0))
INCLINATION_RAD = float(np.deg2rad(51.64))
YEAR = 2015.0
# Rigidity [GV] of the table of method 2.7: rotation for positive charge [deg], equatorial and axial factor.
RIGIDITIES = (16, 25, 40, 65, 100, 200, 500)
# Lowest energy [GeV] of a cumulative range of positrons, rotation [deg] and axial factor (method 2.7).
RANGES = ((16.0, 47.0, 0.44), (25.0, 34.0, 0.71), (40.0, 22.0, 0.88), (65.0, 14.0, 0.95), (100.0, 9.5, 0.98))
N_HALVING, N_TABLE = 40, 400  # points of the world and of the orbit


def module(path: str) -> ModuleType:
    """Load a test module by its path."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "tests" / path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: no such test module")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def field(say: Say) -> None:
    """The tables of igrf14syn, and half-way between epochs."""
    test = module("physics/test_field.py")
    data = ROOT.parent / "shared" / "data" / "igrf"
    for kind, worst_of in (("geocentric", test.geocentric_error_nt), ("geodetic", test.geodetic_error_nt)):
        table = np.loadtxt(data / f"IGRF14_test_{kind}.txt")
        table = table[table[:, 0] <= 2030.0]
        error = worst_of(table)
        old = table[:, 0] < 2025.0
        got = f"{error[old].max():.4f} nT in {old.sum()} rows, {(table[old, 2] == 0.0).sum()} of them on the pole"
        say(f"field, igrf14syn, {kind}, before 2025", "0.1 nT", got, bool(error[old].max() <= 0.1))
        # From 2025 on the tables take the secular variation, which the file holds as values of 2030.
        new = (table[:, 0] >= 2025.0) & (table[:, 0] <= 2030.0)
        got = f"{error[new].max():.4f} nT in {new.sum()} rows"
        say(f"field, igrf14syn, {kind}, 2025 to 2030", "0.1 nT", got,
            bool(error[new].max() <= 0.1))  # fmt: skip
    halfway = test.halfway_error_nt()
    say("field, half-way between epochs against the mean of both", "0.1 nT", f"{halfway:.1e} nT", halfway <= 0.1)


def tracing(say: Say) -> None:
    """Conservation, the way back, Størmer's formula."""
    test = module("physics/test_tracing.py")
    worst = test.momentum_error()
    say("tracing, |p| over 5 paths in IGRF-14", "1e-9", f"{worst:.1e}", worst <= 1e-9)
    place_km, turn = test.return_errors()
    say("tracing, back and then forward", "0.1 km and 1e-3 rad", f"{place_km:.4f} km, {turn:.1e} rad",
        place_km < 0.1 and turn < 1e-3)  # fmt: skip
    for sign in (1, -1):
        worst = max(test.stormer_errors(sign))
        say(f"tracing, Størmer in a pure dipole, charge {sign:+d}", "1e-3", f"{worst:.1e}", worst <= 1e-3)


def world(say: Say) -> None:
    """The grid of Smart and Shea at epoch 1995."""
    test = module("physics/test_tracing.py")
    lon, lat, wanted = test.grid_points(test.smart_and_shea(), 120)
    found = test.vertical_cutoffs(lon, lat, penumbra_step_gv=None)
    gap = found.effective_gv - wanted
    what = f"world, Smart and Shea 1995, {len(gap)} points of {wanted.min():.2f} to {wanted.max():.2f} GV"
    rms, worst = float(np.sqrt((gap**2).mean())), float(np.abs(gap).max())
    say(what + ", rms", "0.06 GV", f"{rms:.3f} GV", rms <= 0.06)
    say(what + ", worst", "0.2 GV", f"{worst:.3f} GV", worst <= 0.2)


def halving(say: Say, n_point: int = N_HALVING) -> None:
    """Effective cutoffs at an error bound and at half of it."""
    test = module("physics/test_tracing.py")
    lon, lat, _ = test.grid_points(test.smart_and_shea(), n_point)
    one, half = (test.vertical_cutoffs(lon, lat, limits=TracingLimits(error_bound=bound)) for bound in (1e-6, 5e-7))
    moved = np.abs(one.effective_gv - half.effective_gv)
    got = f"{moved.max():.4f} GV, rms {np.sqrt((moved**2).mean()):.4f} GV"
    say(f"halving, effective cutoffs of {n_point} points, 1e-6 to 5e-7", "0.01 GV", got, bool(moved.max() <= 0.01))
    for name, a, b in (("upper", one.upper_gv, half.upper_gv), ("lower", one.lower_gv, half.lower_gv)):
        moved = np.abs(a - b)
        print(f"     halving, {name} cutoffs: median {np.median(moved):.4f}, 90 % {np.quantile(moved, 0.9):.4f}, "
              f"worst {moved.max():.3f} GV (single spikes of the penumbra: docs/design/tracing.md)")  # fmt: skip


def refusals(say: Say) -> None:
    """What ends or begins outside the model says so."""
    test = module("physics/test_tracing.py")
    for what, call in (
        ("a trapped particle is bounded and reported", test.test_a_trapped_particle_is_bounded_and_reported),
        ("a cutoff above the scan says so", test.test_a_cutoff_above_the_scan_says_so),
        ("bad starts, rigidities, directions and dates", test.test_bad_starts_are_refused),
    ):
        try:
            call()
        except AssertionError as error:
            say(f"refusals, {what}", "holds", str(error).splitlines()[0], False)
        else:
            say(f"refusals, {what}", "holds", "holds", True)
    try:
        magnetic_field_geodetic([0.0], [0.0], [0.0], coefficients=igrf14(), decimal_year=2031.0)
    except RangeError as error:
        say("refusals, the year 2031", "refused", str(error), True)
    else:
        say("refusals, the year 2031", "refused", "a field", False)


def dipole(say: Say) -> None:
    """Rotation and suppression in a tilted dipole, for both charges."""
    test = module("physics/test_deflection.py")
    table = {row[0]: row[1:] for row in test.TABLE}
    for sign in (1, -1):
        for rigidity in RIGIDITIES:
            cone = float(np.deg2rad(25.0))
            found = orbit_response(sign * rigidity, n=40_000, rng=np.random.default_rng(8), decimal_year=YEAR,
                                   coefficients=test.tilted_dipole(), cutoff_half_angle_rad=cone)  # fmt: skip
            turned = float(np.rad2deg(found.rotation_rad))
            got = f"{turned:+.1f} +- {np.rad2deg(found.rotation_error_rad):.1f} deg"
            got += f", equatorial {found.equatorial:.3f}, axial {found.axial:+.3f}"
            if rigidity >= 40:
                ratio = abs(turned) / (13.2 * 100 / rigidity)
                say(f"dipole, {sign * rigidity:+d} GV against 13.2 deg x 100 GV / R", "within 5 %",
                    f"{100 * (ratio - 1):+.1f} %", abs(ratio - 1) <= 0.05)  # fmt: skip
            if rigidity in table:
                turn, equatorial, axial = table[rigidity]
                # The table's digits, its errors, and at 25 GV the cutoff rule, which it does not spell out.
                good = abs(turned - sign * turn) < (0.8 if rigidity > 25 else 2.0)
                good &= abs(found.equatorial - equatorial) < 0.015 and abs(found.axial - axial) < 0.015
                wanted = f"{sign * turn:+g} deg, {equatorial:g}, {axial:g}"
                say(f"dipole, method 2.7 at {sign * rigidity:+d} GV", wanted, got, bool(good))
            else:
                say(f"dipole, method 2.7 at {sign * rigidity:+d} GV", "57 to 68 deg, axial 0 within 0.03", got,
                    57.0 < abs(turned) < 68.0 and abs(found.axial) < 0.03)  # fmt: skip


def igrf(_: Say) -> None:
    """The table of the documentation, in IGRF-14 beside the tilted dipole."""
    test = module("physics/test_deflection.py")
    print("     | R [GV] | rotation, tilted dipole | equatorial | axial | rotation, IGRF-14 | equatorial | axial |")
    for rigidity in RIGIDITIES:
        cells = [f"{rigidity}"]
        for coefficients in (test.tilted_dipole(), igrf14()):
            found = orbit_response(float(rigidity), n=40_000, rng=np.random.default_rng(8), coefficients=coefficients,
                                   decimal_year=YEAR, cutoff_half_angle_rad=float(np.deg2rad(25.0)))  # fmt: skip
            cells += [f"{np.rad2deg(found.rotation_rad):.1f}", f"{found.equatorial:.3f}", f"{found.axial:.3f}"]
        print(f"     | {' | '.join(cells)} |", flush=True)


def ranges(say: Say) -> None:
    """The response of cumulative ranges by the spectrum of the positrons, as forward folding takes it."""
    span = {"start": "2015-06-01T00:00:00Z", "stop": "2015-06-02T00:00:00Z"}
    document = {"name": "ranges", "events": {"files": ["none"]}, "output": {"folder": "none"}, "seconds": span}
    config = config_from(document, folder=ROOT, source="validation")
    for low, turn, axial in RANGES:
        found = range_response(config, instrument(config), low, 500.0)
        turned = -float(np.rad2deg(found.rotation_rad))
        got = f"{turned:.1f} deg, axial {found.axial:.2f}"
        # IGRF-14 and a cone of 30 degrees here, a tilted dipole and 25 degrees there.
        good = abs(turned - turn) < 2.0 and abs(found.axial - axial) < 0.03
        say(f"ranges, e+ above {low:g} GeV, method 2.7", f"{turn:g} deg, axial {axial:g}, within 2 and 0.03", got, good)


def orbit_points(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random geocentric latitudes and longitudes [deg] of the orbit."""
    rng = np.random.default_rng(5)
    phase = rng.uniform(0.0, 2 * np.pi, n)
    return np.rad2deg(np.arcsin(np.sin(phase) * np.sin(INCLINATION_RAD))), rng.uniform(0.0, 360.0, n)


def direct_cutoffs(
    latitude: NDArray[np.float64], longitude: NDArray[np.float64], sign: int, *, ratio: float, spacing_rad: float
) -> NDArray[np.float64]:
    """Cutoffs of cones about the zenith by tracing at the place itself."""
    position, axis = shell_axes(latitude, longitude, altitude_km=410.0, tilt_rad=0.0, inclination_rad=INCLINATION_RAD,
                                northward=True)  # fmt: skip
    found = cone_cutoffs(position, axis, charge_sign=sign, coefficients=igrf14(), decimal_year=YEAR, ratio=ratio,
                         spacing_rad=spacing_rad, half_angle_rad=[CONE_RAD],
                         limits=TracingLimits(error_bound=1e-5))  # fmt: skip
    return np.asarray(found[:, 0])


def table_errors(table: CutoffTable, n: int) -> NDArray[np.float64]:
    """Relative gap between a table and direct tracing at random points of the orbit."""
    latitude, longitude = orbit_points(n)
    position, axis = shell_axes(latitude, longitude, altitude_km=410.0, tilt_rad=0.0, inclination_rad=INCLINATION_RAD,
                                northward=True)  # fmt: skip
    read = table.cutoff_gv(position, axis, axis, dipole=dipole_of_date(igrf14(), YEAR))
    return np.abs(read / direct_cutoffs(latitude, longitude, table.charge_sign, ratio=0.002, spacing_rad=0.02) - 1.0)


def table(say: Say, n_point: int = N_TABLE) -> None:
    """Both tables of the orbit's shell from 5 x 5 degrees, and their errors."""
    start = time.monotonic()
    tables = [
        cutoff_table(coefficients=igrf14(), decimal_year=YEAR, charge_sign=sign, half_angle_rad=CONE_RAD)
        for sign in (1, -1)
    ]
    took = time.monotonic() - start
    say(
        "table, 5 x 5 deg and finer where it bends, 40 deg cone, both signs",
        "10 min",
        f"{took / 60:.1f} min",
        took < 600,
    )
    for made in tables:
        error = table_errors(made, n_point)
        got = f"{100 * np.mean(error < 0.03):.1f} % (99 % of points within {100 * np.quantile(error, 0.99):.1f} %)"
        say(f"table, charge {made.charge_sign:+d}, within 3 % at {n_point} orbit points", "99 %", got,
            bool(np.mean(error < 0.03) >= 0.99))  # fmt: skip


def speed(say: Say) -> None:
    """Field and tracing beside their peers; the script prints what is asked."""
    script = str(ROOT / "benches" / "geomagnetism.py")
    done = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout
    print(done)
    for line in done.splitlines():
        if match := re.search(r"^(.*ratio.*?) ([0-9.]+) \(asked ([0-9.]+)\)", line):
            what, got, asked = match.groups()
            say(f"speed, {' '.join(what.split())}", f"{asked} times", got, float(got) >= float(asked))


VALIDATIONS: dict[str, Callable[[Say], None]] = {
    f"geomagnetism_{run.__name__}": run
    for run in (field, tracing, world, halving, refusals, dipole, igrf, ranges, table, speed)
}
