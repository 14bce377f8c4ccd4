"""The map that an isotropic flux would give where directions are traced back through the Earth's field."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import whole_number
from amsdipole.errors import DataError
from amsdipole.exposure.acceptance import AcceptanceCurve
from amsdipole.exposure.acceptance_azimuth import AzimuthAcceptance
from amsdipole.exposure.acceptance_table import AcceptanceTable
from amsdipole.exposure.drawing import SpectrumQuantiles, drawn_directions
from amsdipole.exposure.efficiency_table import EfficiencyTable
from amsdipole.exposure.reference import Shape
from amsdipole.geomagnetism import GaussCoefficients, TracingLimits
from amsdipole.models import Flux, flux_integral
from amsdipole.orbit import Navigator, SecondsSource, asymptotic_directions
from amsdipole.sky import geodetic, teme_to_earth_fixed, vector_to_pixel

__all__ = ["BackTracedReference", "back_traced_reference"]

_CHUNK = 200_000  # arrivals drawn at a time: part of what a seed means

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BackTracedReference:
    """Expected events by energy bin and asymptotic pixel, from a finite sample of arrivals.

    Attributes
    ----------
    weight : numpy.ndarray of float64, shape (n_bin, npix)
        Expected events; the sample's size fixes how exactly.
    weight2 : numpy.ndarray of float64, shape (n_bin, npix)
        Sum of the squares of what each arrival contributes: the variance of `weight`.
    n_traced : int
        Arrivals that were traced.
    n_shut : int
        Those among them that did not leave the Earth's field; they are not in the maps.
    """

    weight: Floats
    weight2: Floats
    n_traced: int
    n_shut: int


def back_traced_reference(
    seconds: SecondsSource,
    navigator: Navigator,
    *,
    coefficients: GaussCoefficients,
    flux: Flux,
    acceptance: AcceptanceCurve,
    geometry: Shape | AcceptanceTable | AzimuthAcceptance,
    nside: int,
    first_bin: int,
    n_arrival: int,
    rng: np.random.Generator,
    efficiency: EfficiencyTable | None = None,
    limits: TracingLimits | None = None,
    progress: Callable[[int], None] | None = None,
) -> BackTracedReference:
    """Draw arrivals of an isotropic flux and trace them back.

    Parameters
    ----------
    seconds : SecondsSource
        Rows of the mission.
    navigator : Navigator
        The instrument on its orbit, with the cutoff rule.
    coefficients : GaussCoefficients
        Field of the Earth against time.
    flux : callable
        Isotropic flux against energy [1/(m^2 sr s GeV)].
    acceptance : AcceptanceCurve
        Acceptance against energy [m^2 sr].
    geometry : TwoDiscs, AngleTable, AzimuthAngles, AcceptanceTable or AzimuthAcceptance
        Shape of the acceptance against the angle to the axis, and azimuth about it, the same at all energies or by
        the energy bin.
    nside : int
        Resolution of the maps.
    first_bin : int
        Energy bins below this one are left out.
    n_arrival : int
        Arrivals drawn, of which those in open and live seconds are traced.
    rng : numpy.random.Generator
        Source of random numbers.
    efficiency : EfficiencyTable, optional
        Efficiency by place, time and cutoff.
    limits : TracingLimits, optional
        As for `amsdipole.geomagnetism.trace`.
    progress : callable, optional
        Called with the number of arrivals done.

    Returns
    -------
    BackTracedReference
        The same bits for any number of threads.

    Raises
    ------
    DataError
        No arrival is open.
    RangeError
        A time outside the field, or a choice out of range.

    Notes
    -----
    By Liouville's theorem an isotropic flux far from the Earth arrives as one in every direction that is open, so that
    arrivals drawn as for local directions, each put where it came from, are the exposure to the far sky. Times are
    uniform over the rows and weighted by live share and efficiency. Half of the arrivals go to energy bins by the flux,
    half to all bins alike, so that high ranges are known as well; a weight makes up for it.
    """
    n = whole_number("n_arrival", n_arrival, low=1, high=10**9)
    edge = navigator.energy_edge_gev
    first = whole_number("first_bin", first_bin, low=0, high=len(edge) - 2)
    rate = flux_integral(lambda energy: flux(energy) * acceptance(energy), edge[:-1], edge[1:])
    rate[:first] = 0.0
    share = 0.5 * rate / rate.sum() + 0.5 * (np.arange(len(rate)) >= first) / (len(rate) - first)
    span_s = seconds.n_row * seconds.step_s
    factor = np.divide(rate * span_s, share * n, out=np.zeros(len(rate)), where=share > 0.0)
    spectrum = SpectrumQuantiles.of(flux, acceptance, float(edge[0]), float(edge[-1]))
    up_to, chance = spectrum.up_to(edge), np.concatenate([[0.0], np.cumsum(share)])
    weight, weight2 = np.zeros((2, len(rate), 12 * nside**2))
    n_traced = n_shut = 0
    for done in range(0, n, _CHUNK):
        m = min(_CHUNK, n - done)
        start_s = seconds.row_start_s(rng.integers(0, seconds.n_row, m))
        inside, mixed, within, polar, turn = rng.random((5, m))
        time_s = np.minimum(start_s + inside * seconds.step_s, np.nextafter(start_s + seconds.step_s, -np.inf))
        energy_bin = np.clip(np.searchsorted(chance, mixed * chance[-1], side="right") - 1, first, len(rate) - 1)
        rows = seconds.covering(time_s)
        found = navigator(rows)
        row = np.searchsorted(rows.time_s, time_s, side="right") - 1
        value = factor[energy_bin] * found.livetime_s[row] / seconds.step_s
        if efficiency is not None:
            place = geodetic(teme_to_earth_fixed(rows.time_s[row], rows.position_km[row]))
            value *= efficiency.value[efficiency.cell(place, rows.time_s[row], found.cutoff_gv[row])]
        kept = np.flatnonzero((value > 0.0) & (energy_bin >= found.cutoff_class[row]))
        energy_bin, value = energy_bin[kept], value[kept]
        energy = spectrum.energy_gev(up_to[energy_bin] + within[kept] * (up_to[energy_bin + 1] - up_to[energy_bin]))
        sky, allowed = asymptotic_directions(
            rows,
            row[kept],
            time_s[kept],
            _drawn(geometry, flux, edge, energy_bin, polar[kept], turn[kept]),
            navigator.rule.charge_sign * energy,
            navigator=navigator,
            coefficients=coefficients,
            limits=limits,
        )
        cell = energy_bin[allowed] * (12 * nside**2) + vector_to_pixel(sky[allowed], nside)
        for total, part in ((weight, value[allowed]), (weight2, value[allowed] ** 2)):
            total += np.bincount(cell, weights=part, minlength=total.size).reshape(total.shape)
        n_traced, n_shut = n_traced + len(kept), n_shut + int((~allowed).sum())
        if progress is not None:
            progress(done + m)
    if not n_traced > n_shut:
        raise DataError("the exposure is zero: no arrival is live with an energy bin open")
    return BackTracedReference(weight, weight2, n_traced, n_shut)


def _drawn(
    geometry: Shape | AcceptanceTable | AzimuthAcceptance,
    flux: Flux,
    edge: Floats,
    energy_bin: NDArray[np.int64],
    polar: Floats,
    turn: Floats,
) -> Floats:
    if not isinstance(geometry, AcceptanceTable | AzimuthAcceptance):
        return drawn_directions(geometry, polar, turn)
    direction = np.empty((len(polar), 3))
    for b in np.unique(energy_bin):
        of_bin = energy_bin == b
        shape = geometry.shape(flux, float(edge[b]), float(edge[b + 1]))
        direction[of_bin] = drawn_directions(shape, polar[of_bin], turn[of_bin])
    return direction
