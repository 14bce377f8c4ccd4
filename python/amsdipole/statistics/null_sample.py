"""Events with the orientation of their seconds, and what the seconds make of an isotropic flux."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.errors import FitError, RangeError, ShapeError

__all__ = ["ExposureMoments", "FieldOfView", "NullSample", "RowTable", "drawn_sample"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowTable:
    """Hold the orientation of some seconds.

    Attributes
    ----------
    rotation, earth : numpy.ndarray of float64, shape (n_row, 3, 3)
        Detector to galactic, and to earth-fixed axes.
    year : numpy.ndarray of int64, shape (n_row,)
        Year (UTC).
    """

    rotation: Floats
    earth: Floats
    year: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the shapes."""
        n = len(self.year)
        if self.rotation.shape != (n, 3, 3) or self.earth.shape != (n, 3, 3):
            raise ShapeError(f"{n} years with rotations of shapes {self.rotation.shape} and {self.earth.shape}")


@dataclass(frozen=True, eq=False)
class NullSample:
    """Hold events for null tests.

    Attributes
    ----------
    rows : RowTable
        Seconds.
    row : numpy.ndarray of int64, shape (n,)
        Second of each event.
    direction : numpy.ndarray of float64, shape (n, 3)
        Unit vectors in the detector; port is +x.
    weight : numpy.ndarray of float64, shape (n,)
        Weights, not negative.
    energy_bin : numpy.ndarray of int64, shape (n,), optional
        Energy bins. What is permuted among events is permuted within them, for the weights, and the seconds in which
        a bin is open, may go with energy. None takes all for one bin.
    """

    rows: RowTable
    row: NDArray[np.int64]
    direction: Floats
    weight: Floats
    energy_bin: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Check shapes and weights."""
        n = len(self.row)
        if self.direction.shape != (n, 3) or self.weight.shape != (n,):
            raise ShapeError(f"{n} rows with directions {self.direction.shape} and weights {self.weight.shape}")
        bad = ~(np.isfinite(self.weight) & (self.weight >= 0.0))
        if bad.any():
            i = int(bad.argmax())
            raise RangeError(f"weight[{i}] = {self.weight[i]} is outside [0, inf)")
        if self.energy_bin is not None and self.energy_bin.shape != (n,):
            raise ShapeError(f"{n} rows with energy bins of shape {self.energy_bin.shape}")

    @property
    def group(self) -> NDArray[np.int64]:
        """Energy bin of each event; 0 where none is given."""
        return np.zeros(len(self.row), dtype=np.int64) if self.energy_bin is None else self.energy_bin

    def galactic(self) -> Floats:
        """Return galactic directions."""
        return np.asarray(np.einsum("nij,nj->ni", self.rows.rotation[self.row], self.direction))

    def earth(self) -> Floats:
        """Return earth-fixed directions."""
        return np.asarray(np.einsum("nij,nj->ni", self.rows.earth[self.row], self.direction))


@dataclass(frozen=True, eq=False)
class FieldOfView:
    """Hold the moments of the acceptance in the detector, for port (x > 0) and starboard.

    Attributes
    ----------
    share : numpy.ndarray of float64, shape (2,)
        Shares of the acceptance; their sum is 1.
    mean : numpy.ndarray of float64, shape (2, 3)
        Mean direction of each half.
    square : numpy.ndarray of float64, shape (2, 3, 3)
        Mean of d d^T of each half.
    """

    share: Floats
    mean: Floats
    square: Floats

    @classmethod
    def round(cls, cosine: Floats, weight: Floats) -> "FieldOfView":
        """Make it for an acceptance that is round about the axis.

        Parameters
        ----------
        cosine : numpy.ndarray of float64, shape (n,)
            Cosines of the angle to the axis.
        weight : numpy.ndarray of float64, shape (n,)
            Acceptance at each.
        """
        shape = weight / weight.sum()
        sine2 = 1.0 - cosine**2
        across, along = float(shape @ np.sqrt(sine2)), float(shape @ cosine)
        mixed = float(shape @ (cosine * np.sqrt(sine2)))
        # Over half a turn, <cos> = 2 / pi, <cos**2> = <sin**2> = 1 / 2 and <sin> = <sin cos> = 0.
        mean, square = np.zeros((2, 3)), np.zeros((2, 3, 3))
        for half, sign in enumerate((1.0, -1.0)):
            mean[half] = [sign * 2.0 / np.pi * across, 0.0, along]
            square[half] = np.diag([0.5 * float(shape @ sine2)] * 2 + [float(shape @ cosine**2)])
            square[half, 0, 2] = square[half, 2, 0] = sign * 2.0 / np.pi * mixed
        return cls(np.array([0.5, 0.5]), mean, square)


@dataclass(frozen=True, eq=False)
class ExposureMoments:
    """Hold sums over the seconds: all that the null tests need of the exposure, without an error of sampling.

    Attributes
    ----------
    view : FieldOfView
        Acceptance in the detector.
    year : numpy.ndarray of int64, shape (n_year,)
        Years.
    weight : numpy.ndarray of float64, shape (n_year,)
        Expected events, on any scale.
    rotation, earth : numpy.ndarray of float64, shape (n_year, 3, 3)
        Sums of weight times orientation, to galactic and earth-fixed axes.
    product : numpy.ndarray of float64, shape (3, 3, 3, 3)
        Sum over all years of weight times ``E_ai E_bj``, with E the earth-fixed orientation.
    """

    view: FieldOfView
    year: NDArray[np.int64]
    weight: Floats
    rotation: Floats
    earth: Floats
    product: Floats

    @classmethod
    def of(cls, view: FieldOfView, parts: Iterable[tuple[RowTable, Floats]]) -> "ExposureMoments":
        """Add up seconds.

        Parameters
        ----------
        view : FieldOfView
            Acceptance in the detector.
        parts : iterable of (RowTable, numpy.ndarray)
            Seconds and the expected events of each, on one scale.

        Raises
        ------
        FitError
            No second expects an event.
        """
        sums: dict[int, list[Floats]] = {}
        product = np.zeros((9, 9))
        for rows, weight in parts:
            flat = rows.earth.reshape(-1, 9)
            product += (flat.T * weight) @ flat
            for year in np.unique(rows.year).tolist():
                mine = rows.year == year
                w = weight[mine]
                found = sums.setdefault(int(year), [np.zeros(()), np.zeros((3, 3)), np.zeros((3, 3))])
                found[0] = found[0] + w.sum()
                found[1] = found[1] + np.tensordot(w, rows.rotation[mine], axes=1)
                found[2] = found[2] + np.tensordot(w, rows.earth[mine], axes=1)
        years = sorted(year for year, found in sums.items() if found[0] > 0.0)
        if not years:
            raise FitError("no second expects an event: there is no exposure")
        expected, rotation, earth = (np.stack([sums[year][k] for year in years]) for k in range(3))
        return cls(view, np.array(years, dtype=np.int64), expected, rotation, earth, product.reshape(3, 3, 3, 3))

    @classmethod
    def combined(cls, parts: Sequence[tuple[float, "ExposureMoments"]]) -> "ExposureMoments":
        """Add up sums of the same acceptance, each times a factor.

        Parameters
        ----------
        parts : sequence of (float, ExposureMoments)
            Factors and sums; one or more.
        """
        year = np.unique(np.concatenate([part.year for _, part in parts]))
        weight, turns = np.zeros(len(year)), np.zeros((2, len(year), 3, 3))
        for factor, part in parts:
            at = np.searchsorted(year, part.year)
            weight[at] += factor * part.weight
            turns[0, at] += factor * part.rotation
            turns[1, at] += factor * part.earth
        product = sum(factor * part.product for factor, part in parts)
        return cls(parts[0][1].view, year, weight, turns[0], turns[1], np.asarray(product))

    def mean_galactic(self, *, year: int | None = None, half: int | None = None) -> Floats:
        """Return the mean galactic direction, of one year or half of the field of view if asked."""
        chosen = slice(None) if year is None else self.year == year
        turned = self.rotation[chosen].sum(axis=0) / self.weight[chosen].sum()
        return np.asarray(turned @ self._view_mean(half))

    def mean_earth(self) -> Floats:
        """Return the mean earth-fixed direction."""
        return np.asarray(self.earth.sum(axis=0) @ self._view_mean(None) / self.weight.sum())

    def square_earth(self) -> Floats:
        """Return the mean of n n^T in earth-fixed axes."""
        square = np.tensordot(self.view.share, self.view.square, axes=1)
        return np.asarray(np.einsum("aibj,ij->ab", self.product, square) / self.weight.sum())

    def _view_mean(self, half: int | None) -> Floats:
        return np.asarray(self.view.share @ self.view.mean if half is None else self.view.mean[half])


def drawn_sample(
    rows: RowTable,
    weight: Floats,
    cosine: Floats,
    acceptance: Floats,
    n_event: int,
    rng: np.random.Generator,
    *,
    purity: tuple[float, float] = (1.0, 1.0),
) -> NullSample:
    """Draw isotropic events from seconds.

    Parameters
    ----------
    rows : RowTable
        Seconds.
    weight : numpy.ndarray of float64, shape (n_row,)
        Expected events of each second, on any scale.
    cosine, acceptance : numpy.ndarray of float64, shape (n,)
        Acceptance against the cosine of the angle to the axis, as for `FieldOfView.round`: drawn are these angles.
    n_event : int
        Number of events.
    rng : numpy.random.Generator
        Source of the random numbers.
    purity : tuple of float, optional
        Range in which weights are uniform.

    Returns
    -------
    NullSample
        Events.
    """
    total = np.cumsum(weight)
    row = np.searchsorted(total, rng.random(n_event) * total[-1], side="right")
    shape = np.cumsum(acceptance)
    z = cosine[np.searchsorted(shape, rng.random(n_event) * shape[-1], side="right")]
    angle = rng.uniform(0.0, 2.0 * np.pi, n_event)
    sine = np.sqrt(1.0 - z**2)
    direction = np.stack([sine * np.cos(angle), sine * np.sin(angle), z], axis=1)
    return NullSample(rows, row, direction, rng.uniform(*purity, n_event))
