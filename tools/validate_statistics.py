"""Validations of the statistics, at full length: laws, coverage, pulls, resolution, multipoles, projection, refusals.

Run by `tools/validate.py`; each takes `say`, which prints what is asked and what is got.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Say = Callable[[str, str, str, bool], None]

N_POSITRON = 180_000  # the talk: 1.8e5 positrons above 16 GeV in nine years
COVARIANCE = np.array([[1.5, 0.3, 0.0], [0.3, 1.0, -0.2], [0.0, -0.2, 0.7]])
MEASURED = np.array([1.2, -1.6, 0.8])


def vector_limits(say: Say) -> None:
    """Limits with a general covariance against a million direct toys."""
    from amsdipole.statistics import LIMIT_METHODS, amplitude_cdf, vector_limit
    from amsdipole.statistics._ordering import AmplitudeOrdering

    n, tail = 1_000_000, 0.05
    rng = np.random.default_rng(20261125)
    noise = rng.multivariate_normal(np.zeros(3), COVARIANCE, n)
    x = float(np.linalg.norm(MEASURED))
    unit = MEASURED / x
    error = np.sqrt(tail * (1 - tail) / n)
    at_zero = float((np.linalg.norm(noise, axis=1) <= x).mean())
    for method in LIMIT_METHODS:
        limit = vector_limit(MEASURED, COVARIANCE, method=method)
        drawn = np.linalg.norm(noise + limit * unit, axis=1)
        if method in ("cls", "neyman"):
            got = float((drawn <= x).mean()) / (at_zero if method == "cls" else 1.0)
            allowed = 4 * error / (at_zero if method == "cls" else 1.0)
        elif method == "feldman_cousins":
            low, high = AmplitudeOrdering(COVARIANCE, unit, tail, limit).acceptance(limit)
            got = 1.0 - float(((drawn >= low) & (drawn <= high)).mean())
            allowed = 4 * error
            say(
                "vector limits, feldman_cousins, edge of the acceptance at the limit",
                f"the measured {x:.4f} within 0.002",
                f"{low:.4f}",
                abs(low - x) < 2e-3,
            )
        else:
            power = {"flat_delta": 0, "proportional_delta": 1, "flat_rho": 2}[method]
            size = np.linalg.norm(MEASURED + noise, axis=1)
            weight = size ** (power - 2.0)
            above = size > limit
            got = float(weight[above].sum() / weight.sum())
            allowed = 4 * float(np.sqrt(((above - got) ** 2 * weight**2).sum())) / float(weight.sum())
        say(
            f"vector limits, {method} = {limit:.4f}, tail of 1e6 toys",
            f"0.05 within {allowed:.1e} (4 errors)",
            f"{got:.5f}",
            abs(got - tail) <= allowed,
        )
    chance = float(amplitude_cdf([x], MEASURED[None], COVARIANCE)[0])
    got = float((np.linalg.norm(noise + MEASURED, axis=1) <= x).mean())
    error = np.sqrt(chance * (1 - chance) / n)
    say(
        "vector limits, law of the amplitude",
        f"{chance:.5f} within 4 x {error:.1e}",
        f"{got:.5f}",
        abs(got - chance) < 4 * error,
    )
    for variances in ((1.05, 1.0, 0.95), (1.5, 1.0, 0.7), (9.0, 2.0, 1.0)):
        for method in ("flat_delta", "cls", "neyman"):
            _expected_bands(say, np.diag(variances), method, rng)


def _expected_bands(say: Say, covariance: "Floats", method: Any, rng: np.random.Generator) -> None:
    """Count how many of 10,000 direct toys have limits below the edges of the expected bands."""
    from amsdipole.statistics import amplitude_cdf, expected_vector_limit
    from amsdipole.statistics.amplitude_law import ROWS, posterior_tails

    n, tail, wanted = 10_000, 0.05, np.array([0.025, 0.16, 0.5, 0.84, 0.975])
    expected = expected_vector_limit(covariance, method=method)
    (low68, high68), (low95, high95) = expected.band68, expected.band95
    edges = [low95, low68, expected.median, high68, high95]
    rho = rng.multivariate_normal(np.zeros(3), covariance, n)
    x = np.linalg.norm(rho, axis=1)
    below = np.zeros(len(edges))
    for first in range(0, n, ROWS):
        at = slice(first, first + ROWS)
        if method in ("cls", "neyman"):
            at_zero = amplitude_cdf(x[at], np.zeros_like(rho[at]), covariance) if method == "cls" else 1.0
            floor = tail * at_zero
        else:
            left_of = posterior_tails(rho[at], covariance, powers=(0,), spacing=1.2)
        for k, edge in enumerate(edges):
            # A limit is at or below an amplitude where no more than the tail is left beyond it.
            if method in ("cls", "neyman"):
                below[k] += (amplitude_cdf(x[at], edge * rho[at] / x[at, None], covariance) <= floor).sum()
            else:
                below[k] += (left_of(np.full(len(x[at]), edge))[0] <= tail).sum()
    # A limit of zero is met as often as the construction may err.
    wanted = np.where(np.array(edges) == 0.0, tail, wanted)
    worst = float((np.abs(below / n - wanted) / np.sqrt(wanted * (1.0 - wanted) / n)).max())
    say(
        f"vector limits, expected bands of {method}, variances {np.diag(covariance).tolist()}, {n} direct toys",
        ", ".join(f"{100.0 * share:g}" for share in wanted) + " % within 4 errors",
        " ".join(f"{100.0 * share:.2f}" for share in below / n) + f" %, at most {worst:.1f} errors off",
        worst < 4.0,
    )


def coverage(say: Say) -> None:
    """Coverage of every limit at 95 %, 10,000 toys through nine years of AMS at each of six amplitudes."""
    from amsdipole.report.statistics_report import coverage_document, coverage_table
    from amsdipole.toy_exposure import ams_reference

    document = coverage_document(
        ams_reference(nside=16),
        n_event=N_POSITRON,
        delta_sigma=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
        methods=None,
        confidence=0.95,
        n_toy=10_000,
        seed=2021,
    )
    print(coverage_table(document), flush=True)
    for row in document["coverage"]:
        # 36 numbers: one of them is beyond 3.2 errors by chance once in 20 times.
        allowed = 3.2 * max(row["binomial_error"], 1e-4)
        say(
            f"coverage, {row['method']} at {row['delta_sigma']:g} sigma",
            f"{row['theory']:.4f} within {allowed:.4f}",
            f"{row['coverage']:.4f}",
            abs(row["coverage"] - row["theory"]) <= allowed,
        )
    lowest = min(r["coverage"] for r in document["coverage"] if r["method"] == "flat_delta")
    say("coverage, flat_delta at its lowest", "0.945 within 0.008", f"{lowest:.4f}", abs(lowest - 0.945) < 8e-3)


def pulls(say: Say) -> None:
    """Pulls with weights over 10,000 toys."""
    from amsdipole.report.statistics_report import pulls_document
    from amsdipole.toy_exposure import ams_reference

    reference = ams_reference(nside=16)
    for weights in ("purity", "sweights"):
        found = pulls_document(
            reference, n_event=N_POSITRON, rho=(0.01, -0.02, 0.01), weights=weights, l_max=1, n_toy=10_000, seed=5
        )
        for row in found["pulls"]:
            got = f"width {row['width']:.4f}, sandwich {row['sandwich_width']:.4f}, mean {row['mean']:+.4f}"
            good = abs(row["width"] - 1.0) < 0.03 and abs(row["mean"]) < 0.04
            say(f"pulls, {weights}, {row['name']}", "width within 0.03 of 1, mean within 4 errors (0.04)", got, good)


def resolution(say: Say) -> None:
    """The same events through maps and references of nside 16 to 128, and without a map."""
    from amsdipole.exposure import LivetimeCube, expected_counts, livetime_axes, zenith_edges
    from amsdipole.instrument import instrument
    from amsdipole.nulls import mission_nulls
    from amsdipole.sky import pixel_centers
    from amsdipole.statistics import drawn_sample, event_map, fit_dipole, fit_events, toy_rng
    from amsdipole.toy_exposure import ams_config

    n_sample, nsides = 100, (16, 32, 64, 128)
    parts = instrument(ams_config(edges_gev=(16.0, 25.0, 40.0, 65.0, 100.0, 500.0)))
    axes = livetime_axes(parts.seconds, parts.navigator)
    references = {}
    for nside in nsides:
        cube = LivetimeCube(axes, nside, zenith_edges(parts.geometry.cos_least, 20, nside=nside))
        counts = expected_counts(cube, flux=parts.flux, acceptance=parts.acceptance, geometry=parts.geometry)
        references[nside] = counts.sum(axis=0)
    mission = mission_nulls(parts, 16.0)
    rows, weight, _ = mission.toy_rows()
    binned, single, sigma = [], [], 0.0
    for toy in range(n_sample):
        sample = drawn_sample(
            rows, weight, mission.cosine, mission.acceptance, N_POSITRON, toy_rng(8, toy), purity=(0.5, 1.0)
        )
        squared = type(sample)(sample.rows, sample.row, sample.direction, sample.weight**2)
        fits = [
            fit_dipole(event_map(sample, n), references[n], pixel_centers(n), sum_weight2=event_map(squared, n))
            for n in nsides
        ]
        sigma = fits[-1].sigma
        binned.append([fit.rho for fit in fits])
        if toy < 4:  # the reference has the resolution, the events have none
            galactic = sample.galactic()
            single.append([fit_events(galactic, references[n], weight=sample.weight).rho for n in nsides])
    away = (np.array(binned)[:, :-1] - np.array(binned)[:, -1:]) / sigma
    for k, nside in enumerate(nsides[:-1]):
        mean = float(np.abs(away[:, k].mean(axis=0)).max())
        scatter = float(away[:, k].std())
        # What a uniform displacement inside a pixel adds: its standard deviation over that of a component.
        predicted = float(np.sqrt(4 * np.pi / (12 * nside**2) / 12)) / 3**-0.5
        got = f"{mean:.4f} sigma (mean of {n_sample}); scatter of one sky {scatter:.3f}, {predicted:.3f} predicted"
        say(f"resolution, binned, nside {nside} against 128", "bias within 0.02 sigma", got, mean < 0.02)
        same = _reference_shift(references[nside], references[128]) / sigma
        say(
            f"resolution, the reference alone, nside {nside} against 128",
            "0.02 sigma",
            f"{same:.4f} sigma",
            same < 0.02,
        )
    worst = np.abs(np.array(single)[:, :-1] - np.array(single)[:, -1:]).max(axis=(0, 2)) / sigma
    for nside, shift in zip(nsides, worst, strict=False):
        say(
            f"resolution, unbinned, a reference of nside {nside} against 128, the worst of 4 skies",
            "0.02 sigma",
            f"{shift:.4f} sigma",
            shift < 0.02,
        )


def _reference_shift(coarse: "Floats", fine: "Floats") -> float:
    """Greatest component by which isotropic events of one reference are taken for a dipole against another."""
    from amsdipole.exposure import resolution_shift

    return float(np.abs(resolution_shift(coarse, fine)).max())


def multipoles(say: Say) -> None:
    """A quadrupole of 5 %: the dipole of the joint fit is unbiased, and l = 1 alone is not."""
    from amsdipole.sky import pixel_centers, real_harmonics
    from amsdipole.statistics import fit_components, fit_dipole, poisson_skies, sky_components
    from amsdipole.toy_exposure import ams_reference

    nside, n_toy = 16, 2000
    unit, reference = pixel_centers(nside), ams_reference(nside=nside)
    rho = np.array([0.01, 0.0, -0.01])
    quadrupole = np.sqrt(4 * np.pi / 5) * real_harmonics(unit, 2)[:, 4:9]
    worst_alone = 0.0
    for m in range(5):
        expected = reference * (1.0 + unit @ rho + 0.05 * quadrupole[:, m])
        expected *= 2.4e6 / expected.sum()  # electrons: the errors are a quarter of the positrons'
        skies = poisson_skies(expected, seed=40 + m, toys=range(n_toy))
        found = {}
        for l_max in (1, 2):
            fits = fit_components(skies, sky_components(reference, unit, l_max=l_max))
            found[l_max] = (fits.rho - rho).mean(axis=0) / fits.error[:, :3].mean(axis=0)
        worst_alone = max(worst_alone, float(np.abs(found[1]).max()))
        got = f"bias {np.abs(found[2]).max():.3f} sigma (l = 1 alone: {np.abs(found[1]).max():.2f} sigma)"
        say(
            f"multipoles, 5 % quadrupole m = {m - 2}, joint l = 1 + 2",
            f"bias within {4 / n_toy**0.5:.3f} sigma (4 errors of {n_toy} toys of 2.4e6 events)",
            got,
            bool(np.abs(found[2]).max() < 4 / n_toy**0.5),
        )
    say("multipoles, l = 1 alone", "biased by more than 1 sigma", f"{worst_alone:.2f} sigma", worst_alone > 1.0)
    one = fit_dipole(skies[0], reference, unit)
    joint = fit_dipole(skies[0], reference, unit, l_max=2)
    higher, covariance = joint.coefficient[3:], joint.coefficient_covariance[3:, 3:]
    chi2 = float(higher @ np.linalg.solve(covariance, higher))
    goodness = (one.pearson_chi2 - one.pearson_dof) / one.pearson_sigma
    got = f"chi2 of l = 2: {chi2:.0f} for 5; goodness of l = 1: {goodness:+.1f} sigma"
    say("multipoles, one sky says that l = 1 is not enough", "chi2 of l = 2 above 20.5 (p < 1e-3)", got, chi2 > 20.5)


def projection(say: Say) -> None:
    """The spread of delta_M by 2028."""
    from amsdipole.statistics import Change
    from amsdipole.statistics import projection as project

    when = [datetime(2028, 5, 19, tzinfo=UTC)]
    # The fold of the AMS flux, acceptance and exposure gives 1.97e5 in nine years, the data 1.8e5 (method, 5.4).
    for what, events in (("1.97e5 events in nine years, the fold", 1.97e5), ("1.8e5, the data", 1.8e5)):
        row = project(when, events_per_year=events / 9.0)[0]
        got = f"{100 * row.delta_m_spread:.3f} % (sigma {100 * row.sigma:.3f} %, limit {100 * row.limit.median:.2f} %)"
        good = abs(100 * row.delta_m_spread - 0.19) < 0.0105
        say(f"projection, spread of delta_M after 17 years, {what}", "near 0.19 % (0.01)", got, good)
    upgrade = [Change(datetime(2026, 6, 1, tzinfo=UTC), 3.0)]
    row = project(when, events_per_year=2e4, acceptance=upgrade)[0]
    wanted = 2e4 * (15.0 + 13.0 / 365.25 + 3.0 * (2.0 - 13.0 / 365.25))
    say(
        "projection, three times the acceptance from June 2026",
        f"{wanted:.4g} events within 0.2 %",
        f"{row.n_eff:.4g}",
        abs(row.n_eff / wanted - 1) < 2e-3,
    )


def refusals(say: Say) -> None:
    """What cannot be answered is refused with a reason, or answered; never NaN."""
    from amsdipole.errors import AmsDipoleError
    from amsdipole.sky import pixel_centers
    from amsdipole.statistics import cumulative_ranges, fit_bins, fit_dipole, fit_events, fit_skies, vector_limit

    unit = pixel_centers(8)
    ones = np.ones(len(unit))
    half = np.where(unit[:, 2] > 0.0, 1.0, 0.0)
    one = np.zeros(len(unit))
    one[5] = 1.0
    fits: dict[str, Callable[[Any, Any], Any]] = {
        "fit_dipole": lambda c, r: fit_dipole(c, r, unit),
        "fit_dipole, l_max 2": lambda c, r: fit_dipole(c, r, unit, l_max=2),
        "fit_skies": lambda c, r: fit_skies(c[None], r, unit),
        "fit_bins": lambda c, r: fit_bins(np.stack([c, c]), np.stack([r, r]), unit).common,
        "cumulative_ranges": lambda c, r: cumulative_ranges(np.stack([c, c]), np.stack([r, r]), unit),
        "fit_events": lambda c, r: fit_events(np.repeat(unit, np.maximum(c, 0).astype(int), axis=0), r),
    }
    cases: dict[str, tuple[Any, Any, bool]] = {
        "exposure zero over half the sky": (100 * half, half, True),
        "counts outside the exposure": (100 * ones, half, False),
        "exposure of one pixel": (100 * one, one, False),
        "counts in one pixel": (100 * one, ones, False),
        "negative counts": (ones - 2 * one, ones, False),
        "no counts": (0 * ones, ones, False),
        "N_eff below 3": (2 * one, ones, False),
    }
    for case, (counts, reference, answered) in cases.items():
        for name, call in fits.items():
            if case == "negative counts" and name == "fit_events":
                continue  # there are no negative events
            try:
                fit = call(counts, reference)
            except AmsDipoleError as error:
                say(f"refusals, {case}, {name}", "an answer or a reason", f"refused: {str(error)[:90]}", not answered)
                continue
            finite = bool(np.isfinite(fit.rho).all() and np.isfinite(fit.covariance).all())
            error_fb = float(np.sqrt(np.ravel(fit.covariance)[0]))
            say(
                f"refusals, {case}, {name}",
                "an answer or a reason",
                f"answered, error {error_fb:.3f}",
                finite and answered,
            )
    for name, matrix in (("singular", np.diag([1.0, 1.0, 0.0])), ("indefinite", np.diag([1.0, 1.0, -1.0]))):
        try:
            found = vector_limit([1.0, 0.0, 0.0], matrix, method="flat_delta")
        except AmsDipoleError as error:
            say(f"refusals, {name} covariance, vector_limit", "a reason", f"refused: {error}", True)
        else:
            say(f"refusals, {name} covariance, vector_limit", "a reason", f"answered {found}", False)


VALIDATIONS: dict[str, Callable[[Say], None]] = {
    f.__name__: f for f in (vector_limits, coverage, pulls, resolution, multipoles, projection, refusals)
}
