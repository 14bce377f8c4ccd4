"""Validations of the null tests and of the cross-checks: uniform p-values, and a table of who sees what.

Run by `tools/validate.py`; each takes `say`, which prints what is asked and what is got.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Say = Callable[[str, str, str, bool], None]
Floats = NDArray[np.float64]

N_ELECTRON = 2_400_000  # the talk: the control sample of nine years
CAUGHT = 1e-4  # below it a fault is called caught: one in 1400 runs of seven tests by chance


def nulls(say: Say) -> None:
    """500 isotropic toys, and planted faults in the electrons of nine years."""
    from amsdipole.instrument import instrument
    from amsdipole.nulls import mission_nulls, toy_p_values
    from amsdipole.statistics import NULL_TESTS, ExposureMoments, NullSample, drawn_sample, null_tests
    from amsdipole.toy_exposure import ams_config

    mission = mission_nulls(instrument(ams_config(charge_sign=-1, step_s=5.0)), 16.0)
    for row in toy_p_values(mission, n_toy=500, n_event=20_000, seed=3)["uniformity"]:
        ks = row["ks_p_value"]
        say(f"nulls, {row['name']}, {row['n']} isotropic toys", "Kolmogorov-Smirnov above 0.01", f"{ks:.3f}", ks > 0.01)

    rows, weight, _ = mission.toy_rows()
    moments = ExposureMoments.of(mission.view, [(rows, weight)])
    found: dict[str, dict[str, float]] = {}
    for k, (fault, plant) in enumerate({"none": None, **FAULTS}.items()):
        table, expected, efficiency = rows, weight, None
        if plant is not None:
            table, expected, efficiency = plant(mission, rows, weight)
        sample = drawn_sample(
            table,
            expected,
            mission.cosine,
            mission.acceptance,
            N_ELECTRON,
            np.random.default_rng([11, k]),
            purity=(0.7, 1.0),
        )
        if efficiency is not None:
            sample = NullSample(sample.rows, sample.row, sample.direction, efficiency(sample))
        results = null_tests(sample, moments, pole=mission.pole, seed=7)
        found[fault] = {r.name: r.p_value for r in results if r.p_value is not None}
    lit = _lit_sample(mission, rows, weight, lambda n: 0.05 * n[:, 1], N_ELECTRON, np.random.default_rng([11, 99]))
    results = null_tests(lit, moments, pole=mission.pole, seed=7)
    sky = {r.name: 1.0 if r.p_value is None else r.p_value for r in results}
    found["no fault, but a dipole of 5 % in the sky"] = sky
    print(f"{'p-value of ' + format(N_ELECTRON, ',') + ' electrons':<42}" + "".join(f"{n:>15}" for n in NULL_TESTS))
    for fault, p in found.items():
        cells = "".join(f"{p[n]:>13.1e}{' *' if p[n] < CAUGHT else '  '}" for n in NULL_TESTS)
        print(f"{fault:<42}{cells}", flush=True)
    clean = min(found["none"].values())
    say("nulls, no fault", f"every p-value above {CAUGHT:g}", f"lowest {clean:.3g}", clean > CAUGHT)
    blind = {name: sky[name] for name in ("earth_fixed", "geomagnetic", "port_starboard", "years")}
    say(
        f"nulls, a dipole of 5 % in the sky is no fault to {', '.join(blind)}",
        f"every p-value above {CAUGHT:g}",
        f"lowest {min(blind.values()):.3g}",
        min(blind.values()) > CAUGHT,
    )
    for fault in FAULTS:
        who = [name for name, p in found[fault].items() if p < CAUGHT]
        say(f"nulls, fault: {fault}", "caught by at least one test", ", ".join(who) or "nobody", bool(who))


Planted = tuple[Any, Floats, Any]


def _cutoff(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Gate the events by a cutoff that is 1 % higher than that of the seconds."""
    from amsdipole.geomagnetism import cutoff_class

    _, _, navigation = mission.toy_rows()
    navigator = mission.parts.navigator
    mismatched = cutoff_class(navigation.cutoff_gv, navigator.energy_edge_gev, factor=1.01 * navigator.rule.factor)
    return rows, navigation.livetime_s * mission.bin_weight[mismatched], None


def _ripple(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Let the efficiency of the events vary over the Earth by 1 %, twice around the equator."""
    x, y, _ = rows.earth[:, :, 2].T
    return rows, weight * (1.0 + 0.01 * np.cos(2.0 * np.arctan2(y, x))), None


def _tilt(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Let the efficiency of the events vary by 1 % from north to south."""
    return rows, weight * (1.0 + 0.01 * rows.earth[:, 2, 2]), None


def _sign(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Turn the sign of the galactic y axis of the events."""
    from amsdipole.statistics import RowTable

    return RowTable(rows.rotation * np.array([1.0, -1.0, 1.0])[:, None], rows.earth, rows.year), weight, None


def _offset(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Give the events the orientation of a minute later; those that fall on seconds without live time are lost."""
    from amsdipole.statistics import RowTable

    late, live, _ = mission.toy_rows(offset_s=60.0)
    n = min(len(live), len(weight))
    return RowTable(late.rotation[:n], late.earth[:n], late.year[:n]), np.where(live[:n] > 0, weight[:n], 0.0), None


def _purity(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Let the purity vary by 1 % from north to south while the events do not."""
    return rows, weight, lambda sample: sample.weight * 0.9 * (1.0 + 0.01 * sample.rows.earth[sample.row][:, 2, 2])


def _year(mission: Any, rows: Any, weight: Floats) -> Planted:
    """Let the efficiency lean by 2 % towards port in one year."""
    from amsdipole.statistics import RowTable

    turn = np.eye(3)
    angle = np.radians(2.0)
    turn[0, 0] = turn[2, 2] = np.cos(angle)
    turn[0, 2], turn[2, 0] = np.sin(angle), -np.sin(angle)
    bad = rows.year == 2015
    rotation = rows.rotation.copy()
    rotation[bad] = rotation[bad] @ turn
    return RowTable(rotation, rows.earth, rows.year), weight, None


FAULTS: dict[str, Callable[[Any, Any, Floats], Planted]] = {
    "cutoff of events 1 % above that of seconds": _cutoff,
    "efficiency ripple of 1 % in longitude": _ripple,
    "efficiency 1 % from north to south": _tilt,
    "sign of EW": _sign,
    "time offset of 60 s": _offset,
    "purity 1 % from north to south": _purity,
    "detector turned by 2 deg to port in 2015": _year,
}


def references(say: Say) -> None:
    """What each reference and estimator sees, on the same toy events."""
    from amsdipole.instrument import instrument
    from amsdipole.nulls import mission_nulls
    from amsdipole.sky import galactic_to_icrs, pixel_centers, real_harmonics
    from amsdipole.toy_exposure import ams_config

    mission = mission_nulls(instrument(ams_config(step_s=5.0)), 16.0)
    rows, weight, _ = mission.toy_rows(20_000)
    size = 0.03
    to_galactic = galactic_to_icrs().T
    equator, axis = to_galactic @ [1.0, 0.0, 0.0], to_galactic @ [0.0, 0.0, 1.0]
    lit: dict[str, tuple[Callable[[Floats], Floats], Floats | None]] = {
        "nothing": (lambda n: np.zeros(len(n)), None),
        "dipole 3 % on the celestial equator": (lambda n: size * n @ equator, equator),
        "dipole 3 % along the Earth's axis": (lambda n: size * n @ axis, axis),
        "quadrupole 5 %": (lambda n: 0.05 * np.sqrt(4 * np.pi / 5) * real_harmonics(n, 2)[:, 6], None),
    }
    place = rows.earth[:, :, 2]
    latitude = place @ mission.pole
    bad: dict[str, Floats] = {
        "efficiency 5 % in longitude": 1.0 + 0.05 * place[:, 0],
        "efficiency 5 % in magnetic latitude": 1.0 + 0.05 * (1.5 * latitude**2 - 0.5),
        "efficiency 5 % in time (a slope over the years)": 1.0 + 0.05 * np.linspace(-1.0, 1.0, len(rows.year)),
    }
    tools = _Estimators(mission, rows, weight, latitude, pixel_centers(16))
    table: dict[str, dict[str, float]] = {}
    for k, (name, (flux, along)) in enumerate(lit.items()):
        sample = _lit_sample(mission, rows, weight, flux, 1_000_000, np.random.default_rng([3, k]))
        table[name] = tools(sample, None if along is None else along / size, seed=k)
    for k, (name, efficiency) in enumerate(bad.items()):
        sample = _lit_sample(
            mission, rows, weight * efficiency, lit["nothing"][0], 1_000_000, np.random.default_rng([4, k])
        )
        table[name] = tools(sample, None, seed=10 + k, efficiency=efficiency)
    names = list(next(iter(table.values())))
    print("share of the dipole that comes back; where none was put in, delta_M in units of its isotropic median")
    print(f"{'1e6 events':<48}" + "".join(f"{n:>15}" for n in names))
    for name, row in table.items():
        print(f"{name:<48}" + "".join(f"{row[n]:>15.2f}" for n in names), flush=True)
    print(f"events outside the drawn reference: at most {tools.beyond} of a sample")
    both = [table[n] for n in list(lit)[1:3]]
    for name, wanted, within in (("absolute", 1.0, 0.2), ("relative", 1.0, 0.3), ("iterative", 1.0, 0.3)):
        worst = max(abs(row[name] - wanted) for row in both)
        say(
            f"references, {name}, dipoles of 3 %",
            f"{wanted:g} within {within:g}",
            f"off by {worst:.3f}",
            worst < within,
        )
    lost = max(row["shuffled"] for row in both)
    say(
        "references, shuffled times take the dipole into the reference",
        "less than 0.5 comes back",
        f"{lost:.3f}",
        lost < 0.5,
    )
    seen = table["quadrupole 5 %"]["p(C_2)"]
    say(
        "references, the power spectrum sees a quadrupole of 5 %",
        "p(C_2) of 0.001 (1000 toys)",
        f"{seen:.4f}",
        seen < 2e-3,
    )


def _lit_sample(
    mission: Any, rows: Any, weight: Floats, flux: Callable[[Floats], Floats], n: int, rng: np.random.Generator
) -> Any:
    """Draw events of a sky with a structure of at most 20 %."""
    from amsdipole.statistics import NullSample, drawn_sample

    sample = drawn_sample(rows, weight, mission.cosine, mission.acceptance, int(1.35 * n), rng)
    kept = np.flatnonzero(rng.random(len(sample.row)) * 1.2 < 1.0 + flux(sample.galactic()))[:n]
    return NullSample(rows, sample.row[kept], sample.direction[kept], sample.weight[kept])


class _Estimators:
    """All estimators on the same events."""

    def __init__(self, mission: Any, rows: Any, weight: Floats, latitude: Floats, unit: Floats) -> None:
        from amsdipole.statistics import drawn_sample, event_map

        self.mission, self.rows, self.weight, self.unit = mission, rows, weight, unit
        self.place = np.floor(20 * (latitude + 1.0)).astype(np.int64)
        many = drawn_sample(rows, weight, mission.cosine, mission.acceptance, 20_000_000, np.random.default_rng(1))
        self.reference = event_map(many, 16)
        self.beyond = 0

    def __call__(
        self, sample: Any, along: Floats | None, *, seed: int, efficiency: Floats | None = None
    ) -> dict[str, float]:
        from amsdipole.statistics import (
            angular_power,
            drawn_sample,
            event_map,
            fit_relative,
            li_ma_map,
            rate_weights,
            shuffled_reference,
        )

        # The drawn reference ends where a pixel was missed 2e7 times: the fits are on what it holds, and say how much.
        counts = np.where(self.reference > 0.0, event_map(sample, 16), 0.0)
        self.beyond = max(self.beyond, len(sample.row) - int(counts.sum()))
        by_rate = rate_weights(self.weight, self.place, self.place[sample.row], sample.weight)
        rng = np.random.default_rng([9, seed])
        many = drawn_sample(self.rows, by_rate, self.mission.cosine, self.mission.acceptance, 20_000_000, rng)
        # The other species: isotropic, with the same faults.
        bent = self.weight if efficiency is None else self.weight * efficiency
        other = drawn_sample(self.rows, bent, self.mission.cosine, self.mission.acceptance, 1_000_000, rng)
        day = (sample.row // 6).astype(np.int64)  # rows are 4 hours apart
        daily = shuffled_reference(sample, nside=16, window=day, seed=seed)
        fits = {
            "absolute": self._against(counts, self.reference),
            "shuffled": self._against(counts, shuffled_reference(sample, nside=16, seed=seed)),
            "shuffled daily": self._against(counts, daily),
            "by rate": self._against(counts, event_map(many, 16)),
            "iterative": self._against(counts, self._iterative(sample)),
        }
        out = {name: self._number(fit.rho, fit.sigma, along) for name, fit in fits.items()}
        relative = fit_relative(counts, event_map(other, 16), self.unit)
        out["relative"] = self._number(relative.rho, float(np.sqrt(np.trace(relative.covariance) / 3.0)), along)
        power = angular_power(counts, self.reference, self.unit, l_max=3, seed=seed)
        out["p(C_1)"], out["p(C_2)"] = float(power.p_value[0]), float(power.p_value[1])
        out["Li-Ma max"] = float(np.abs(li_ma_map(counts, self.reference, self.unit, radius_rad=np.radians(30))).max())
        return out

    def _against(self, counts: Floats, reference: Floats) -> Any:
        from amsdipole.statistics import fit_dipole

        seen = reference > 0.0
        return fit_dipole(np.where(seen, counts, 0.0), reference, self.unit)

    def _number(self, rho: Floats, sigma: float, along: Floats | None) -> float:
        if along is None:
            return float(np.linalg.norm(rho)) / (1.538 * sigma)
        return float(rho @ along)

    def _iterative(self, sample: Any) -> Floats:
        from amsdipole.sky import vector_to_pixel
        from amsdipole.statistics import iterative_sky

        n_ring, n_sector = 4, 12
        low = self.mission.cosine[0]
        ring = np.clip(((sample.direction[:, 2] - low) / (1.0 - low) * n_ring).astype(np.int64), 0, n_ring - 1)
        angle = np.arctan2(sample.direction[:, 1], sample.direction[:, 0]) % (2.0 * np.pi)
        sector = np.minimum((angle / (2.0 * np.pi) * n_sector).astype(np.int64), n_sector - 1)
        cosine = low + (np.arange(n_ring) + 0.5) / n_ring * (1.0 - low)
        middle = (np.arange(n_sector) + 0.5) / n_sector * 2.0 * np.pi
        sine = np.sqrt(1.0 - cosine**2)
        local = np.stack(
            [
                np.outer(sine, np.cos(middle)).ravel(),
                np.outer(sine, np.sin(middle)).ravel(),
                np.repeat(cosine, n_sector),
            ],
            axis=1,
        )
        sky = np.einsum("tij,lj->tli", self.rows.rotation, local)
        pixel = vector_to_pixel(sky.reshape(-1, 3) / np.linalg.norm(sky.reshape(-1, 3), axis=1)[:, None], 16)
        found = iterative_sky(
            sample.row,
            ring * n_sector + sector,
            pixel.reshape(len(self.rows.year), -1),
            npix=len(self.unit),
            n_iteration=60,
            tolerance=0.01,
        )
        return found.reference


VALIDATIONS: dict[str, Callable[[Say], None]] = {f.__name__: f for f in (nulls, references)}
