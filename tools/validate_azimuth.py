"""What an acceptance that depends on azimuth must hold: sums in sectors of the roll against a direct sum, and costs.

python tools/validate.py exposure_azimuth exposure_azimuth_cost
"""

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import axis_binning
import numpy as np
import validate_exposure
from numpy.typing import NDArray

from amsdipole.exposure import (
    AzimuthAngles,
    ams_lepton_geometry,
    exposure_map,
    folded_attitudes,
    livetime_axes,
    merged_axes,
    plane_response,
    read_axes,
    write_axes,
)
from amsdipole.exposure.pixel_window import axis_response, pixel_radius
from amsdipole.orbit import ElementSeconds, Navigator, axis_rows
from amsdipole.sky import pixel_centers
from amsdipole.threads import set_threads

Floats = NDArray[np.float64]
Say = Callable[[str, str, str, bool], None]
N_SECTOR = (8, 24, 72)


def skew() -> AzimuthAngles:
    """AMS's two discs, more by 30 % on the port side's rim than in the middle, less on starboard, and oval by 15 %."""
    discs = ams_lepton_geometry()
    cosine = np.cos(np.linspace(np.arccos(discs.cos_least), 0.0, 201))
    cosine[-1] = 1.0
    azimuth = np.arange(72, dtype=np.float64) * (2.0 * np.pi / 72)
    out = np.sqrt((1.0 - cosine**2) / (1.0 - discs.cos_least**2))[:, None]
    area = discs.area_m2(cosine)[:, None] * (1.0 + 0.3 * out * np.cos(azimuth) + 0.15 * out**2 * np.cos(2.0 * azimuth))
    return AzimuthAngles(cosine, azimuth, area)


def direct_sum(seconds: ElementSeconds, navigator: Navigator, shape: AzimuthAngles, frame: str, nside: int) -> Floats:
    """Acceptance at each pixel's centre times live time, second by second, no attitude binned."""
    fine = plane_response(shape, pixel=None, axis=None, n_point=513)
    total = np.zeros(12 * nside**2)
    for row in axis_rows(seconds, navigator, sides=True):
        used = (row.livetime_s > 0.0) & (row.cutoff_class <= 0)
        axis, side = (np.ascontiguousarray(v[used]) for v in (row.axis(frame), row.side(frame)))
        total += folded_attitudes(axis, side, row.livetime_s[used], fine, nside=nside)
    return total


def by_numpy(seconds: ElementSeconds, navigator: Navigator, shape: AzimuthAngles, nside: int) -> Floats:
    """The same from the table itself by angles, without a plane and without a kernel that folds."""
    center = pixel_centers(nside)
    total = np.zeros(len(center))
    for row in axis_rows(seconds, navigator, sides=True):
        used = np.flatnonzero((row.livetime_s > 0.0) & (row.cutoff_class <= 0))
        for i in used:
            axis, side = row.sky[i], row.side("galactic")[i]
            seen = np.flatnonzero(center @ axis >= shape.cos_least)
            azimuth = np.arctan2(center[seen] @ np.cross(axis, side), center[seen] @ side)
            total[seen] += row.livetime_s[i] * shape.area_m2(np.minimum(center[seen] @ axis, 1.0), azimuth)
    return total / shape.acceptance_m2_sr


def exposure_azimuth(say: Say, days: float = 30.0) -> None:
    """Every second and every pixel of the cone, folded with an acceptance of angle and azimuth, against the sums."""
    shape, nside = skew(), 64
    short, navigator = axis_binning.mission(1.0, 20.0)
    truth = by_numpy(short, navigator, shape, nside)
    found = direct_sum(short, navigator, shape, "galactic", nside)
    rms, most, _, dipole = axis_binning.compared(found, truth, nside)
    say("a day at 20 s, direct sum by the folding kernel against NumPy by angles", "within 1e-4",
        f"{most:.1e} at most, rms {rms:.1e}, dipole of the difference {dipole:.1e}", most < 1e-4)  # fmt: skip
    for frame, length in (("galactic", days), ("earth_fixed", days / 6.0)):
        seconds, navigator = axis_binning.mission(length, 1.0)
        clock = validate_exposure.Clock()
        truth = direct_sum(seconds, navigator, shape, frame, nside)
        direct = validate_exposure.text(clock.read())
        for n_sector in N_SECTOR:
            axes = livetime_axes(seconds, navigator, frame=frame, n_sector=n_sector)
            clock = validate_exposure.Clock()
            response = plane_response(shape, pixel=None, axis=pixel_radius(axes.nside))
            found = exposure_map(axes, response, nside=nside, energy_bin=0)
            spent = validate_exposure.text(clock.read())
            rms, most, share, dipole = axis_binning.compared(found, truth, nside)
            asked = n_sector == 24 and frame == "galactic"
            say(f"{length:g} days, {frame}, {n_sector} sectors of the roll, against a direct sum",
                "dipole below 1e-5" if asked else "a figure",
                f"{most:.1e} at most, rms {rms:.1e}, {share:.5f} within 1e-3, dipole {dipole:.1e}; "
                f"{len(axes.pixel):,} cells, fold {spent}, direct {direct}",
                not asked or dipole < 1e-5)  # fmt: skip
        plain = axis_response(shape.mean, pixel=None, axis=pixel_radius(256))
        found = exposure_map(axes.without_roll(), plain, nside=nside, energy_bin=0)
        rms, most, share, dipole = axis_binning.compared(found, truth, nside)
        say(f"{length:g} days, {frame}, azimuth ignored", "a figure", f"{most:.1e} at most, dipole {dipole:.1e}", True)


def same(a: object, b: object) -> bool:
    names = ("pixel", "sector", "cutoff_class", "units", "moment", "side_moment")
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in names)


def exposure_azimuth_cost(say: Say, length_s: float = validate_exposure.NINE_YEARS_S / 9.0) -> None:
    """Exact sums in sectors of the roll: the same bits, and what they cost beside sums without them, over a year."""
    days = 5 * 86_400.0
    seconds, navigator = validate_exposure.parts(days)
    whole = livetime_axes(seconds, navigator, n_sector=24)
    plain = livetime_axes(seconds, navigator)
    joined = whole.without_roll()
    alike = all(np.array_equal(getattr(joined, n), getattr(plain, n)) for n in ("pixel", "units", "moment"))
    say("sectors added up against a pass without them", "the same bits", "the same" if alike else "DIFFERENT", alike)
    made = []
    for n in (1, 2, 7):
        set_threads(n)
        made.append(livetime_axes(seconds, navigator, n_sector=24))
    set_threads(0)
    alike = all(same(m, whole) for m in made)
    say("1, 2 and 7 threads, with sectors", "the same bits", "the same" if alike else "DIFFERENT", alike)
    cuts = np.array([0.0, 1000.0, 86_400.0, 250_000.0, days])
    starts = [(validate_exposure.START_S + a, b - a) for a, b in itertools.pairwise(cuts)]
    chunks = [
        livetime_axes(validate_exposure.parts(length, start_s=start)[0], navigator, n_sector=24)
        for start, length in starts
    ]
    alike = all(same(merged_axes([chunks[i] for i in order]), whole) for order in ((0, 1, 2, 3), (3, 1, 0, 2)))
    say("four chunks merged in two orders, with sectors", "the same bits", "the same" if alike else "DIFFERENT", alike)
    with tempfile.TemporaryDirectory() as folder:
        write_axes(Path(folder) / "a.fits", whole)
        alike = same(read_axes(Path(folder) / "a.fits"), whole)
    say("written to FITS and read", "the same bits", "the same" if alike else "DIFFERENT", alike)
    seconds, navigator = validate_exposure.parts(length_s)
    for n_sector in (1, 24):
        clock = validate_exposure.Clock()
        axes = livetime_axes(seconds, navigator, n_sector=n_sector)
        spent = clock.read()
        with tempfile.TemporaryDirectory() as folder:
            write_axes(Path(folder) / "a.fits", axes)
            size = (Path(folder) / "a.fits").stat().st_size / 1e6
        what = f"pass over {seconds.n_row:,} seconds, 32 classes, {n_sector} sector{'s' if n_sector > 1 else ''}"
        say(what, "a figure", f"{validate_exposure.text(spent)}; {len(axes.pixel):,} cells, file {size:.0f} MB", True)


VALIDATIONS: dict[str, Callable[[Say], None]] = {f.__name__: f for f in (exposure_azimuth, exposure_azimuth_cost)}
