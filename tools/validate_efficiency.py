"""An efficiency that varies over the globe: what it fakes, what a control sample mends, what the Earth's frame shows.

python tools/validate.py exposure_efficiency exposure_earth
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from amsdipole.exposure import (
    AMS_LEPTON_ACCEPTANCE,
    EfficiencyMap,
    PlaceReference,
    ams_lepton_geometry,
    dipole_shift,
    efficiency_map,
    efficiency_variations,
    exposure_map,
    geographic_pixel,
    livetime_axes,
    place_reference,
)
from amsdipole.exposure.pixel_window import PixelRadius, axis_response, pixel_radius
from amsdipole.geomagnetism import CutoffRule, eccentric_dipole_knots, igrf14
from amsdipole.models import electron_flux, flux_integral
from amsdipole.orbit import ElementSeconds, Navigator, ams_mounting, builtin_iss_elements, detector_attitude
from amsdipole.simulate import Mission, simulate_events
from amsdipole.sky import (
    galactic_to_icrs,
    geodetic,
    pixel_centers,
    teme_to_earth_fixed,
    teme_to_galactic,
    vector_to_pixel,
)
from amsdipole.statistics import fit_dipole, toy_counts, with_shifts

Floats = NDArray[np.float64]
Say = Callable[[str, str, str, bool], None]

START_S, YEAR_S = 1_305_763_200.0, 365.25 * 86_400.0  # 2011-05-19
N_ELECTRON = 2_400_000  # the talk: electrons above 16 GeV
N_CONTROL = 2_400_000  # a control sample as large as what it judges
EDGES = np.array([16.0, 25.0, 500.0])
NSIDE, NSIDE_PLACE = 16, 8
GEOMETRY = ams_lepton_geometry()


def parts(step_s: float = 60.0, length_s: float = YEAR_S) -> tuple[ElementSeconds, Navigator]:
    stop_s = START_S + length_s
    seconds = ElementSeconds(builtin_iss_elements(), START_S, stop_s, step_s=step_s, livetime_fraction=0.71)
    rule = CutoffRule(1.2, float(np.radians(30.0)), 1)
    frame, dipole = teme_to_galactic(START_S, stop_s), eccentric_dipole_knots(igrf14(), START_S, stop_s)
    return seconds, Navigator(ams_mounting(), rule, EDGES, frame, dipole)


def true_efficiency() -> EfficiencyMap:
    """From 0.7 over the south pole to 0.9 over the north pole, and a wave in longitude."""
    center = pixel_centers(NSIDE_PLACE)
    value = np.asarray(0.8 + 0.1 * center[:, 2] + 0.05 * center[:, 0] * center[:, 1])
    return EfficiencyMap(value, value, value, np.zeros(len(value), dtype=np.int64))


def class_weight() -> Floats:
    """Rate of electrons above 16 GeV where the first bin is open, where the second is, and where none is."""
    rate = flux_integral(lambda e: electron_flux(e) * AMS_LEPTON_ACCEPTANCE(e), EDGES[:-1], EDGES[1:])
    return np.asarray(np.append(np.cumsum(rate[::-1])[::-1], 0.0) / rate.sum())


def by_place(frame: str = "galactic", weight: Floats | None = None, *, step_s: float = 60.0) -> PlaceReference:
    seconds, navigator = parts(step_s)
    response = axis_response(GEOMETRY, pixel=pixel_radius(NSIDE), axis=PixelRadius(0.0, 0.0))
    return place_reference(
        seconds,
        navigator,
        response,
        nside=NSIDE,
        nside_place=NSIDE_PLACE,
        class_weight=class_weight() if weight is None else weight,
        frame=frame,
    )


def control_sample(places: PlaceReference, rng: np.random.Generator) -> EfficiencyMap:
    """An efficiency measured with events that come where the detector is live."""
    total = rng.multinomial(N_CONTROL, places.live_s / places.live_s.sum())
    return efficiency_map(rng.binomial(total, true_efficiency().value), total)


def exposure_efficiency(say: Say, n_toy: int = 400, n_variation: int = 200) -> None:
    """Missions with an efficiency of 0.8 +- 0.1 from pole to pole: ignored, corrected, and its systematic."""
    rng = np.random.default_rng(20261125)
    places, true, center = by_place(), true_efficiency(), pixel_centers(NSIDE)
    truth = places.reference(true)
    ignored = places.reference()
    isotropic = (0.0, 0.0, 0.0)

    measured = control_sample(places, rng)
    seconds, navigator = parts()
    response = axis_response(GEOMETRY, pixel=pixel_radius(NSIDE), axis=pixel_radius(256))
    weighed = livetime_axes(seconds, navigator, efficiency=measured)
    passed = exposure_map(weighed, response, nside=NSIDE, energy_bin=1)
    direct = by_place(weight=np.array([1.0, 1.0, 0.0])).reference(measured)
    far = float(np.linalg.norm(dipole_shift(passed, direct)))
    say("maps by place against a pass weighed by the efficiency, dipole", "below 1e-4", f"{far:.1e}", far < 1e-4)

    drawn = [dipole_shift(places.reference(measured), places.reference(e))
             for e in efficiency_variations(measured, n_variation, rng=rng)]  # fmt: skip
    covariance = np.cov(np.array(drawn).T)
    fakes, pulls, wide, left = [], [], [], []
    for _ in range(n_toy):
        counts = toy_counts(truth, center, isotropic, N_ELECTRON, rng)
        found = control_sample(places, rng)
        fit = fit_dipole(counts, ignored, center)
        fakes.append(np.sqrt(fit.chi2))
        reference = places.reference(found)
        fit = fit_dipole(counts, reference, center)
        error = np.sqrt(np.diag(fit.covariance))
        pulls.append(fit.rho / error)
        wide.append(fit.rho / np.sqrt(np.diag(fit.covariance) + np.diag(covariance)))
        left.append(dipole_shift(reference, truth))
    least = float(np.min(fakes))
    say(f"an efficiency that is ignored, {n_toy} missions of {N_ELECTRON} e-", "above 5 sigma",
        f"{np.mean(fakes):.0f} sigma, {least:.0f} at least", least > 5.0)  # fmt: skip
    allowed = 4.0 / np.sqrt(n_toy)
    for name, values in (("statistical errors alone", pulls), ("with the reported systematic", wide)):
        mean, width = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
        good = bool(np.abs(mean).max() < allowed and np.abs(width - 1.0).max() < allowed / np.sqrt(2.0) + 0.02)
        say(f"pulls once a control sample of {N_CONTROL} corrects it, {name}",
            f"mean within {allowed:.2f}, width within {allowed / np.sqrt(2.0) + 0.02:.2f} of 1",
            ", ".join(f"{c} {m:+.3f} +- {w:.3f}" for c, m, w in zip(("FB", "EW", "NS"), mean, width, strict=True)),
            good)  # fmt: skip
    sigma = np.sqrt(3.0 / N_ELECTRON)
    rest, reported = np.sqrt(np.mean(np.square(left), axis=0)), np.sqrt(np.diag(covariance))
    say("what the correction leaves, rms of a component", "covered by what is reported",
        f"{np.array2string(rest / sigma, precision=3)}, reported {np.array2string(reported / sigma, precision=3)}",
        bool((rest < reported * 1.1).all()))  # fmt: skip
    shifts = {f"efficiency {k}": vector for k, vector in enumerate(_axes_of(covariance))}
    whole = with_shifts(fit, shifts)
    grown = np.sqrt(np.diag(whole.covariance) / np.diag(fit.covariance))
    say("errors of rho with the systematic, against statistics alone", "1 or more",
        np.array2string(grown, precision=4), bool((grown >= 1.0).all()))  # fmt: skip


def _axes_of(covariance: Floats) -> Floats:
    """Three shifts whose outer products add up to the covariance."""
    value, vector = np.linalg.eigh(covariance)
    return np.asarray((vector * np.sqrt(np.maximum(value, 0.0))).T)


def exposure_earth(say: Say, n_event: int = N_ELECTRON) -> None:
    """A dipole of the sky injected in a year of events, looked at from the turning Earth."""
    rho = np.array([0.03, -0.02, 0.02])
    seconds, navigator = parts(step_s=10.0)
    mission = Mission(seconds, navigator, electron_flux, AMS_LEPTON_ACCEPTANCE, GEOMETRY, rho)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        simulate_events(path, mission, n_event=n_event, rng=np.random.default_rng(7))
        table = pq.read_table(path, columns=["time_s", "direction_x", "direction_y", "direction_z", "energy_gev"])
    time_s, *direction, energy = (table.column(i).to_numpy() for i in range(5))
    passed, earth, place = _seen_from_earth(seconds, navigator, time_s, np.column_stack(direction), energy)
    earth, place = earth[passed], place[passed]
    center = pixel_centers(NSIDE)
    # The rows that the events are judged by: longer ones would take the cutoff's class elsewhere along the orbit.
    places = by_place("earth_fixed", step_s=10.0)
    pole = galactic_to_icrs()[2] @ rho
    rng = np.random.default_rng(8)
    lost = rng.random(len(earth)) < true_efficiency().value[geographic_pixel(place, nside=NSIDE_PLACE)]
    for name, used, reference in (
        ("every event", np.ones(len(earth), dtype=bool), places.reference()),
        ("efficiency that is corrected", lost, places.reference(true_efficiency())),
        ("efficiency that is ignored", lost, places.reference()),
    ):
        counts = np.bincount(vector_to_pixel(earth[used], NSIDE), minlength=len(center)).astype(np.float64)
        fit = fit_dipole(counts, reference, center)
        error = np.sqrt(np.diag(fit.covariance))
        equator, axial = fit.rho[:2] / error[:2], (fit.rho[2] - pole) / error[2]
        got = f"x, y = {equator[0]:+.1f}, {equator[1]:+.1f} sigma, z = {fit.rho[2]:+.4f} +- {error[2]:.4f}"
        got += f" (the sky's part along the pole is {pole:+.4f}: {axial:+.1f} sigma)"
        what = f"earth-fixed frame, sky dipole {np.linalg.norm(rho):.3f}, {used.sum()} e-, {name}"
        if name.endswith("ignored"):
            seen = float(np.abs([*equator, axial]).max())
            say(what, "shows up, above 5 sigma", got, seen > 5.0)
        else:
            say(what, "x and y within 3 sigma of 0", got, bool(np.abs(equator).max() < 3.0))


def _seen_from_earth(
    seconds: ElementSeconds, navigator: Navigator, time_s: Floats, direction: Floats, energy: Floats
) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Whether each event passes the cutoff rule, its earth-fixed direction, and the place where it was seen."""
    rows = seconds.covering(time_s)
    row = np.searchsorted(rows.time_s, time_s, side="right") - 1
    rotation, rate = detector_attitude(
        rows.position_km, rows.velocity_km_s, rows.angle_rad, mounting=navigator.mounting
    )
    navigation = navigator(rows)
    passed = (np.searchsorted(EDGES, energy, side="right") - 1 >= navigation.cutoff_class[row]) & (
        navigation.livetime_s[row] > 0.0
    )
    place = geodetic(teme_to_earth_fixed(rows.time_s, rows.position_km))[row]
    start = np.einsum("nij,nj->ni", rotation[row], direction)
    turn = rate[row] * (time_s - rows.time_s[row])[:, None]
    teme = start + np.cross(turn, start) + np.cross(turn, np.cross(turn, start)) / 2.0  # (10 s x 1.1e-3 / s)^3 / 6
    teme /= np.linalg.norm(teme, axis=1, keepdims=True)
    return passed, teme_to_earth_fixed(time_s, teme), place


VALIDATIONS: dict[str, Callable[[Say], None]] = {f.__name__: f for f in (exposure_efficiency, exposure_earth)}
