"""Cuts on candidates before they are counted: charge sign, quality, ECAL estimator, cutoff by the event."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, number
from amsdipole.errors import RangeError, ShapeError

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """Cuts in the order in which they are made.

    Attributes
    ----------
    charge_sign : int or None
        Sign of ``rigidity_gv`` that is kept, 1 or -1; None keeps both.
    quality : Mapping of str to tuple of float
        Interval [low, high] of each quality column that is kept.
    ecal_least : float, array_like of float of shape (n, 2), or None
        Least ``ecal_estimator``; or points (energy [GeV], least estimator), straight in log E between them and
        constant beyond; None does not cut.

    Raises
    ------
    ShapeError
        The points are no pairs.
    RangeError
        A value is not finite, energies do not rise or are not above 0, an interval is empty, or the sign is neither
        1 nor -1.

    Notes
    -----
    The cutoff is not made here: it gates seconds and events by one rule, in the kernel
    (see docs/design/cutoff-rule.md).

    Examples
    --------
    >>> cuts = Selection(charge_sign=1, ecal_least=0.8)
    >>> cuts.failed({"energy_gev": [20.0] * 3, "rigidity_gv": [20.0, -20.0, 20.0], "ecal_estimator": [0.9, 0.9, 0.1]})
    array([0, 1, 2], dtype=uint8)
    """

    charge_sign: int | None = None
    quality: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    ecal_least: "float | tuple[tuple[float, float], ...] | None" = None

    def __post_init__(self) -> None:
        """Check the choices."""
        if self.charge_sign not in (None, 1, -1):
            raise RangeError(f"charge_sign = {self.charge_sign!r} is neither 1 nor -1")
        for name, (low, high) in self.quality.items():
            if not low <= high:
                raise RangeError(f"quality {name}: [{low}, {high}] is no interval")
        if self.ecal_least is not None:
            self._ecal_points()

    @property
    def names(self) -> tuple[str, ...]:
        """What each cut is called, in order."""
        sign = ("charge_sign",) if self.charge_sign is not None else ()
        ecal = ("ecal_estimator",) if self.ecal_least is not None else ()
        return (*sign, *self.quality, *ecal)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the cuts need beside the energy."""
        sign = ("rigidity_gv",) if self.charge_sign is not None else ()
        ecal = ("ecal_estimator",) if self.ecal_least is not None else ()
        return (*sign, *self.quality, *ecal)

    def failed(self, columns: Mapping[str, ArrayLike]) -> NDArray[np.uint8]:
        """Give the number from 1 of the first cut that each event fails; 0 where it fails none.

        Parameters
        ----------
        columns : Mapping of str to array_like of float, shape (n,)
            ``energy_gev`` and `columns`; finite.

        Returns
        -------
        numpy.ndarray of uint8, shape (n,)
            Numbers of cuts, in the order of `names`.

        Raises
        ------
        ShapeError
            A column is missing or runs out of step.
        RangeError
            A value is not finite.
        """
        energy = finite_floats("energy_gev", columns["energy_gev"], (None,))
        values = {}
        for name in self.columns:
            if name not in columns:
                raise ShapeError(f"column {name!r} is missing; the selection needs it")
            values[name] = finite_floats(name, columns[name], (len(energy),))
        bad = []
        if self.charge_sign is not None:
            bad.append(np.sign(values["rigidity_gv"]) != self.charge_sign)
        bad += [(values[name] < low) | (values[name] > high) for name, (low, high) in self.quality.items()]
        if self.ecal_least is not None:
            bad.append(values["ecal_estimator"] < self.least_ecal(energy))
        failed = np.zeros(len(energy), dtype=np.uint8)
        for i in range(len(bad), 0, -1):
            failed[bad[i - 1]] = i
        return failed

    def least_ecal(self, energy_gev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Least ECAL estimator at each energy."""
        energy, least = self._ecal_points()
        return np.asarray(np.interp(np.log(energy_gev), np.log(energy), least))

    def _ecal_points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if isinstance(self.ecal_least, (int, float)):
            return np.ones(1), np.array([number("ecal_least", self.ecal_least)])
        points = finite_floats("ecal_least", np.array(self.ecal_least, dtype=float), (None, 2))
        if not len(points) or points[0, 0] <= 0 or (np.diff(points[:, 0]) <= 0).any():
            raise RangeError("ecal_least: points whose energies rise from above 0 are wanted")
        return points[:, 0], points[:, 1]
