"""What the seconds make of an isotropic flux, by cutoff class: for events of any spectrum, whatever their weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole.errors import DataError, FitError, RangeError
from amsdipole.statistics.null_sample import ExposureMoments, FieldOfView, RowTable

__all__ = ["ClassMoments"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassMoments:
    """Hold sums over the seconds of each cutoff class: class c opens the energy bins from c on.

    Attributes
    ----------
    parts : mapping of int to ExposureMoments
        Sums of the live time of each class that has any.
    """

    parts: Mapping[int, ExposureMoments]

    @classmethod
    def of(cls, view: FieldOfView, rows: Iterable[tuple[RowTable, Floats, NDArray[np.uint8]]]) -> "ClassMoments":
        """Add up seconds.

        Parameters
        ----------
        view : FieldOfView
            Acceptance in the detector.
        rows : iterable of (RowTable, numpy.ndarray, numpy.ndarray)
            Seconds, the live time [s] and the cutoff class of each.

        Raises
        ------
        FitError
            No second is live.
        """
        found: dict[int, list[tuple[float, ExposureMoments]]] = {}
        for table, livetime_s, classes in rows:
            for c in np.unique(classes[livetime_s > 0.0]).tolist():
                mine = (classes == c) & (livetime_s > 0.0)
                part = RowTable(table.rotation[mine], table.earth[mine], table.year[mine])
                found.setdefault(int(c), []).append((1.0, ExposureMoments.of(view, [(part, livetime_s[mine])])))
        if not found:
            raise FitError("no second is live: there is no exposure")
        return cls({c: ExposureMoments.combined(found[c]) for c in sorted(found)})

    def opened(self, sum_weight: ArrayLike) -> ExposureMoments:
        """Put the classes together for events of which the weight in each energy bin is known.

        Parameters
        ----------
        sum_weight : array_like of float, shape (n_bin,)
            Sum of the weights of the events in each energy bin, not negative.

        Returns
        -------
        ExposureMoments
            What isotropic events of these weights make on average.

        Raises
        ------
        ShapeError, RangeError
            A sum is not finite or negative.
        DataError
            A bin has weight, and no second in which it is open.
        FitError
            There is no weight at all.

        Notes
        -----
        ``sum_b W_b <.>_b`` with <.>_b the mean over the seconds in which bin b is open. Neither the spectrum nor how
        the weights go with energy is taken from a model.
        """
        weight = finite_floats("sum_weight", sum_weight, (None,))
        if (weight < 0.0).any():
            i = int((weight < 0.0).argmax())
            raise RangeError(f"sum_weight[{i}] = {weight[i]} is outside [0, inf)")
        live = np.zeros(len(weight) + 1)
        for c, part in self.parts.items():
            live[c] = part.weight.sum()
        opened = np.cumsum(live)[:-1]
        shut = (weight > 0.0) & (opened == 0.0)
        if shut.any():
            i = int(shut.argmax())
            raise DataError(f"sum_weight[{i}] = {weight[i]}, but energy bin {i} is open in no second")
        rate = np.divide(weight, opened, out=np.zeros_like(weight), where=opened > 0.0)
        above = np.append(np.cumsum(rate[::-1])[::-1], 0.0)
        used = [(float(above[c]), part) for c, part in self.parts.items() if above[c] > 0.0]
        if not used:
            raise FitError("there is no weight in any energy bin")
        return ExposureMoments.combined(used)
