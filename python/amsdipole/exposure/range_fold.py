"""Reference maps of a range of energies, of any rule for what opens when and of any part of the field of view."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from amsdipole._arrays import indices
from amsdipole.exposure.acceptance import AcceptanceCurve, TwoDiscs
from amsdipole.exposure.acceptance_azimuth import AzimuthAcceptance, AzimuthAngles
from amsdipole.exposure.acceptance_table import AcceptanceTable, AngleTable
from amsdipole.exposure.axes import LivetimeAxes
from amsdipole.exposure.pixel_window import axis_response, pixel_radius
from amsdipole.exposure.plane_response import plane_response
from amsdipole.exposure.reference import FOLD_NSIDE, Response, Shape, range_reference
from amsdipole.models import Flux, flux_integral
from amsdipole.sky import summed_pixels

__all__ = ["RangeFold", "range_fold"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RangeFold:
    """What an acceptance and a spectrum make of live time above an energy.

    Attributes
    ----------
    rate : numpy.ndarray of float64, shape (n_bin,)
        Rate of each energy bin [1/s]; 0 below the range.
    shapes : tuple of TwoDiscs, AngleTable or AzimuthAngles
        Shape of the acceptance in each energy bin, or one for all bins.
    acceptance_m2_sr : tuple of float
        Acceptance of which each shape is taken as a share [m^2 sr].
    """

    rate: Floats
    shapes: tuple[Shape, ...]
    acceptance_m2_sr: tuple[float, ...]
    _responses: dict[tuple[tuple[int, ...], int, int], Response] = field(default_factory=dict, repr=False)

    def __call__(
        self,
        axes: LivetimeAxes,
        *,
        nside: int,
        last_class: NDArray[np.int64] | None = None,
        matrix: Floats | None = None,
    ) -> Floats:
        """Fold live time.

        Parameters
        ----------
        axes : LivetimeAxes
            Live time by axis and cutoff class.
        nside : int
            Resolution of the map.
        last_class : numpy.ndarray of int64, shape (n_bin,), optional
            Last class in which each energy bin is open, -1 for none; by default its own number, which is so where the
            classes count the energy bins.
        matrix : numpy.ndarray of float64, shape (3, 3), optional
            Rotation from the frame of the axes to that of the map; none keeps the frame.

        Returns
        -------
        numpy.ndarray of float64, shape (12 nside^2,)
            Expected events in each pixel.

        Raises
        ------
        ShapeError
            There is not one last class for each bin.
        RangeError
            `nside` is out of range.
        DataError
            The acceptance depends on azimuth and the sums do not resolve the roll.

        Notes
        -----
        Classes in which the same bins are open share one response, the sum of those of their bins, so that bins which
        are open all the time cost one fold together. Coarser maps than nside 64 are sums of a fold at that.
        """
        own = np.arange(len(self.rate))
        last = own if last_class is None else indices("last_class", last_class, (len(own),))
        opened = (np.arange(axes.n_class)[:, None] <= last) & (self.rate > 0.0)
        groups: dict[tuple[int, ...], Floats] = {}
        if len(self.shapes) == 1:
            groups[(0,)] = opened @ self.rate
        else:
            for one, held in enumerate(opened):
                bins = tuple(np.flatnonzero(held).tolist())
                if bins:
                    groups.setdefault(bins, np.zeros(axes.n_class))[one] = self.rate[held].sum()
        fine = max(nside, FOLD_NSIDE)
        total = np.zeros(12 * fine**2)
        for bins, weight in groups.items():
            if weight[axes.cutoff_class].any():
                response = self._response(bins, fine, axes.nside)
                total += range_reference(axes, response, nside=fine, class_weight=weight, matrix=matrix)
        return summed_pixels(4.0 * np.pi / (12 * fine**2) * total, nside)

    def half(self, toward_rad: float) -> "RangeFold":
        """Keep the half of the view whose azimuth in the detector lies within a quarter turn of an angle [rad].

        Two opposite halves add up to the whole.
        """
        shapes = tuple(_with_azimuth(shape).half(toward_rad) for shape in self.shapes)
        return replace(self, shapes=shapes, _responses={})

    def _response(self, bins: tuple[int, ...], nside: int, axis_nside: int) -> Response:
        """Response of some bins together, each by its share of their rate."""
        key = (bins, nside, axis_nside)
        if key not in self._responses:
            shape, scale = self.shapes[0], self.acceptance_m2_sr[0]
            if len(self.shapes) > 1:
                share = self.rate[list(bins)] / self.rate[list(bins)].sum()
                parts = [(self.shapes[b], part / self.acceptance_m2_sr[b]) for b, part in zip(bins, share, strict=True)]
                shape, scale = _added(parts), 1.0
            pixel, axis = pixel_radius(nside), pixel_radius(axis_nside)
            self._responses[key] = (
                plane_response(shape, pixel=pixel, axis=axis, scale_m2_sr=scale)
                if isinstance(shape, AzimuthAngles)
                else axis_response(shape, pixel=pixel, axis=axis)
            )
        return self._responses[key]


def range_fold(
    *,
    flux: Flux,
    acceptance: AcceptanceCurve,
    geometry: Shape | AcceptanceTable | AzimuthAcceptance,
    energy_edge_gev: Floats,
    low_gev: float,
) -> RangeFold:
    """Prepare the folding of a range of energies.

    Parameters
    ----------
    flux : callable
        Isotropic flux against energy [1/(m^2 sr s GeV)].
    acceptance : AcceptanceCurve
        Acceptance against energy [m^2 sr].
    geometry : TwoDiscs, AngleTable, AzimuthAngles, AcceptanceTable or AzimuthAcceptance
        Shape of the acceptance, the same at all energies or by the energy bin.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Edges of the energy bins [GeV].
    low_gev : float
        Lower edge of the first bin that counts [GeV].

    Returns
    -------
    RangeFold
        To be called with sums of live time.

    Raises
    ------
    RangeError
        An energy lies outside the acceptance.
    """
    edge = energy_edge_gev
    rate = flux_integral(lambda energy: flux(energy) * acceptance(energy), edge[:-1], edge[1:])
    rate[edge[:-1] < low_gev] = 0.0
    if isinstance(geometry, AcceptanceTable | AzimuthAcceptance):
        shapes: tuple[Shape, ...] = tuple(geometry.shape(flux, low, high) for low, high in pairwise(edge.tolist()))
    else:
        shapes = (geometry,)
    return RangeFold(rate, shapes, tuple(shape.acceptance_m2_sr for shape in shapes))


def _added(parts: list[tuple[Shape, float]]) -> AngleTable | AzimuthAngles:
    """Sum of shapes of one table, each times a factor."""
    first = parts[0][0]
    if isinstance(first, TwoDiscs):
        raise AssertionError("shapes that differ by energy come from a table")
    area = sum(shape.area * factor for shape, factor in parts if not isinstance(shape, TwoDiscs))
    return replace(first, area=np.asarray(area))


def _with_azimuth(shape: Shape) -> AzimuthAngles:
    if isinstance(shape, AzimuthAngles):
        return shape
    if isinstance(shape, AngleTable):
        cosine, area = shape.cos_zenith, shape.area
    else:
        # Evenly in angle: between 401 points the two discs are straight to 1e-5 of their area.
        cosine = np.cos(np.linspace(np.arccos(shape.cos_least), 0.0, 401))
        cosine[-1] = 1.0
        area = shape.area_m2(cosine)
    azimuth = np.array([0.0, 0.5, 1.0, 1.5]) * np.pi
    return AzimuthAngles(cosine, azimuth, np.repeat(area[:, None], len(azimuth), axis=1))
