"""Null tests: what must vanish in any sky, each with its expected distribution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_distribution

from amsdipole._arrays import finite_floats
from amsdipole.errors import FitError, RangeError
from amsdipole.sky import galactic_to_icrs
from amsdipole.statistics.null_sample import ExposureMoments, NullSample
from amsdipole.statistics.toy_skies import toy_rng

__all__ = ["NULL_TESTS", "NullResult", "null_tests"]

Floats = NDArray[np.float64]

LEAST_EVENTS = 100.0  # effective: below, the sums are not Gaussian enough for a chi-squared
NULL_TESTS = (
    "ra_shift",
    "time_scramble",
    "earth_fixed",
    "geomagnetic",
    "port_starboard",
    "years",
    "random_weights",
)
_STEP = {name: i for i, name in enumerate(NULL_TESTS)}  # the toy of the generator: a test's numbers are its own


@dataclass(frozen=True)
class NullResult:
    """Hold one null test.

    Attributes
    ----------
    name : str
        One of `NULL_TESTS`.
    chi2 : float or None
        Distance from zero; its expected distribution is chi-squared with `dof`. None where the test does not apply.
    dof : int
        Degrees of freedom.
    p_value : float or None
        Chance of at least this distance.
    reason : str
        Why the test does not apply; empty where it does.
    """

    name: str
    chi2: float | None
    dof: int
    p_value: float | None
    reason: str = ""


def null_tests(
    sample: NullSample, moments: ExposureMoments, *, pole: ArrayLike, seed: int = 1
) -> tuple[NullResult, ...]:
    """Run all null tests on some events.

    Parameters
    ----------
    sample : NullSample
        The events, with the orientation of their seconds.
    moments : ExposureMoments
        What an isotropic flux would give, from the seconds alone.
    pole : array_like of float, shape (3,)
        Unit vector to the north geomagnetic pole in earth-fixed axes.
    seed : int, optional
        Seed of the random shifts and permutations.

    Returns
    -------
    tuple of NullResult
        In the order of `NULL_TESTS`.

    Raises
    ------
    ShapeError, RangeError
        An argument is out of range.
    FitError
        There are fewer than 100 effective events.

    Notes
    -----
    Every test compares a sum over events with its expectation under isotropy, ``s = sum p_i (b_i - <b>)``, by
    ``s^T V^-1 s`` with ``V = sum p_i**2 (b_i - <b>)(b_i - <b>)^T``. The expectations are exact sums over the seconds.

    - ra_shift: b the direction in equatorial axes after each event's right ascension is shifted at random. What is
      left is the distribution in declination: 3 degrees of freedom.
    - time_scramble: b the galactic direction when the events' seconds are permuted among those of an energy bin: 3.
    - earth_fixed: b the two equatorial components in axes that turn with the Earth, in which a dipole of the sky
      averages out over sidereal days; the one along the axis survives, and is left out: 2. Through an exposure that is
      not round it would move the other two as well: what of them follows the component along the axis is taken off,
      ``b - n_z <b n_z> / <n_z**2>`` with centred b and n_z.
    - geomagnetic: the two components across the geomagnetic axis and the five of second degree: 7. A cutoff that is
      not the same for events and seconds is an excess at the magnetic poles or the equator. What follows the component
      along the Earth's axis is taken off, as in earth_fixed.
    - port_starboard: the dipoles from the two halves of the field of view, less each other: 3.
    - years: the dipoles of the years, less their mean: 3 for each year but one.
    - random_weights: ``sum (p_i - <p>)(n_i - <n>)`` over the events, with the means of their energy bins, whose
      covariance when the weights are permuted within the bins is exact: 3.

    A dipole of the sky moves time_scramble and ra_shift (declination) as it moves the measurement; the others not, or
    in second order.

    References
    ----------
    .. [1] Fermi-LAT collaboration 2010, PRD 82, 092003, https://doi.org/10.1103/PhysRevD.82.092003 (shuffling)
    .. [2] Method of this package, section 4 (earth-fixed frames: only the equatorial components are a null test)
    """
    axis = finite_floats("pole", pole, (3,))
    if not abs(float(np.linalg.norm(axis)) - 1.0) < 1e-6:
        raise RangeError(f"pole = {axis.tolist()} has length {np.linalg.norm(axis)}; a unit vector is wanted")
    n_eff = float((sample.weight**2).sum())
    if n_eff < LEAST_EVENTS:
        raise FitError(f"n_eff = {n_eff:.3g} is below {LEAST_EVENTS:g}: too few events for a null test")
    galactic, earth = sample.galactic(), sample.earth()
    weight = sample.weight
    return (
        _ra_shift(galactic, weight, moments, toy_rng(seed, _STEP["ra_shift"])),
        _time_scramble(sample, moments, toy_rng(seed, _STEP["time_scramble"])),
        _compared("earth_fixed", earth[:, :2], moments.mean_earth()[:2], weight, beside=_along_axis(earth, moments)),
        _geomagnetic(earth, weight, moments, axis),
        _port_starboard(sample, galactic, moments),
        _years(sample, galactic, moments),
        _random_weights(galactic, weight, sample.group),
    )


def _compared(name: str, basis: Floats, mean: Floats, weight: Floats, beside: Floats | None = None) -> NullResult:
    away = (basis - mean) * weight[:, None]
    if beside is not None:
        part = beside * weight
        away -= np.outer(part, part @ away / (part @ part))
    return _judged(name, away.sum(axis=0), away.T @ away)


def _along_axis(earth: Floats, moments: ExposureMoments) -> Floats:
    """Return the components along the Earth's axis less their mean: what a dipole of the sky leaves in a day."""
    return np.asarray(earth[:, 2] - moments.mean_earth()[2])


def _judged(name: str, total: Floats, covariance: Floats) -> NullResult:
    if not np.linalg.eigvalsh(covariance)[0] > 1e-12 * np.trace(covariance):
        return NullResult(name, None, len(total), None, "the events do not determine its covariance")
    chi2 = float(total @ np.linalg.solve(covariance, total))
    return NullResult(name, chi2, len(total), float(chi2_distribution.sf(chi2, len(total))))


def _ra_shift(galactic: Floats, weight: Floats, moments: ExposureMoments, rng: np.random.Generator) -> NullResult:
    turn = galactic_to_icrs()
    equatorial = galactic @ turn.T
    shift = rng.uniform(0.0, 2.0 * np.pi, len(galactic))
    cosine, sine = np.cos(shift), np.sin(shift)
    x, y, z = equatorial.T
    shifted = np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=1)
    return _compared("ra_shift", shifted, np.array([0.0, 0.0, (turn @ moments.mean_galactic())[2]]), weight)


def _time_scramble(sample: NullSample, moments: ExposureMoments, rng: np.random.Generator) -> NullResult:
    order = np.argsort(sample.group, kind="stable")
    row = np.empty_like(sample.row)
    row[order] = sample.row[np.lexsort((rng.random(len(order)), sample.group))]
    scrambled = NullSample(sample.rows, row, sample.direction, sample.weight)
    return _compared("time_scramble", scrambled.galactic(), moments.mean_galactic(), sample.weight)


def _geomagnetic(earth: Floats, weight: Floats, moments: ExposureMoments, pole: Floats) -> NullResult:
    x = np.cross([0.0, 0.0, 1.0], pole)
    norm = float(np.linalg.norm(x))
    x = x / norm if norm > 1e-9 else np.array([1.0, 0.0, 0.0])
    turn = np.stack([x, np.cross(pole, x), pole])
    magnetic = earth @ turn.T
    square = turn @ moments.square_earth() @ turn.T
    basis = np.concatenate([magnetic[:, :2], _second_degree(magnetic[:, :, None] * magnetic[:, None, :])], axis=1)
    mean = np.concatenate([(turn @ moments.mean_earth())[:2], _second_degree(square[None])[0]])
    return _compared("geomagnetic", basis, mean, weight, beside=_along_axis(earth, moments))


def _second_degree(product: Floats) -> Floats:
    """Return the five independent parts of n n^T less its trace."""
    return np.stack(
        [
            product[:, 2, 2] - 1.0 / 3.0,
            product[:, 0, 0] - product[:, 1, 1],
            product[:, 0, 1],
            product[:, 0, 2],
            product[:, 1, 2],
        ],
        axis=1,
    )


def _dipole(direction: Floats, weight: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Return the score estimate of a dipole and its covariance."""
    away = direction - mean
    information = (away.T * weight**2) @ away
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return inverse @ (weight @ away), inverse


def _port_starboard(sample: NullSample, galactic: Floats, moments: ExposureMoments) -> NullResult:
    found = []
    for half, inside in enumerate((sample.direction[:, 0] > 0.0, sample.direction[:, 0] <= 0.0)):
        if (sample.weight[inside] ** 2).sum() < LEAST_EVENTS:
            return NullResult("port_starboard", None, 3, None, "fewer than 100 events in one half")
        found.append(_dipole(galactic[inside], sample.weight[inside], moments.mean_galactic(half=half)))
    (port, port_covariance), (starboard, starboard_covariance) = found
    return _judged("port_starboard", port - starboard, port_covariance + starboard_covariance)


def _years(sample: NullSample, galactic: Floats, moments: ExposureMoments) -> NullResult:
    year = sample.rows.year[sample.row]
    used = [y for y in moments.year.tolist() if (sample.weight[year == y] ** 2).sum() >= LEAST_EVENTS]
    if len(used) < 2:
        return NullResult("years", None, 0, None, "fewer than two years with 100 events")
    found = [_dipole(galactic[year == y], sample.weight[year == y], moments.mean_galactic(year=y)) for y in used]
    inverse = [np.linalg.inv(covariance) for _, covariance in found]
    mean = np.linalg.solve(sum(inverse), sum(i @ rho for i, (rho, _) in zip(inverse, found, strict=True)))
    chi2 = sum(float((rho - mean) @ i @ (rho - mean)) for i, (rho, _) in zip(inverse, found, strict=True))
    dof = 3 * (len(used) - 1)
    return NullResult("years", chi2, dof, float(chi2_distribution.sf(chi2, dof)))


def _random_weights(galactic: Floats, weight: Floats, group: NDArray[np.int64]) -> NullResult:
    total, covariance = np.zeros(3), np.zeros((3, 3))
    for g in np.unique(group):
        mine = group == g
        if np.ptp(weight[mine]) == 0.0:  # one event, or nothing to permute
            continue
        away = weight[mine] - weight[mine].mean()
        centred = galactic[mine] - galactic[mine].mean(axis=0)
        total += away @ centred
        # Of a sum over a random pairing: both are centred, and n - 1 pairs are free.
        covariance += float(away @ away) * (centred.T @ centred) / (len(away) - 1)
    if not covariance.any():
        return NullResult("random_weights", None, 3, None, "all weights are the same")
    return _judged("random_weights", total, covariance)
