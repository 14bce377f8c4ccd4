"""What each particle looks like in the transition radiation detector, the calorimeter and the charge estimator."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amsdipole.models import Flux, electron_flux, positron_flux, power_law

__all__ = ["ELECTRON", "POSITRON", "PROTON", "Species"]


@dataclass(frozen=True)
class Species:
    """One kind of particle.

    Attributes
    ----------
    number : int
        What the column ``truth`` says.
    name : str
        Its name.
    charge_sign : int
        Sign of its charge.
    flux : callable
        Shape of its flux against energy.
    trd : tuple of float
        Mean and width of the Gaussian core, share, mean shift and width of the tail of ``trd_lambda``.
    ecal : tuple of float
        Mean and width of ``ecal_estimator``.
    """

    number: int
    name: str
    charge_sign: int
    flux: Flux
    trd: tuple[float, float, float, float, float]
    ecal: tuple[float, float]

    def responses(self, energy_gev: NDArray[np.float64], rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
        """Draw the columns that tell particles apart.

        Notes
        -----
        Invented numbers of plausible size, not those of a detector: electrons near 0.5 and protons near 1 in the TRD
        (method, section 1.3), a calorimeter estimator near 0.90 against 0.75, and a charge that is confused in 0.5 %
        of the particles at 16 GeV, in proportion to the energy, with an estimator near 0.3 instead of 0.8.
        """
        n = len(energy_gev)
        mean, width, share, shift, tail = self.trd
        in_tail, (apart, ecal, charge) = rng.random(n), rng.standard_normal((3, n))
        confused = rng.random(n) < np.minimum(0.3, 0.005 / 16.0 * energy_gev)
        return {
            "rigidity_gv": np.where(confused, -self.charge_sign, self.charge_sign) * energy_gev,
            "trd_lambda": np.where(in_tail < share, mean + shift + tail * apart, mean + width * apart),
            "ecal_estimator": self.ecal[0] + self.ecal[1] * ecal,
            "charge_confusion_lambda": np.where(confused, 0.3 + 0.15 * charge, 0.8 + 0.12 * charge),
            "truth": np.full(n, float(self.number)),
        }


POSITRON = Species(1, "positron", 1, positron_flux, (0.50, 0.09, 0.12, 0.10, 0.16), (0.90, 0.04))
PROTON = Species(2, "proton", 1, power_law(-2.85), (1.00, 0.13, 0.10, -0.10, 0.22), (0.75, 0.12))
ELECTRON = Species(3, "electron", -1, electron_flux, (0.50, 0.09, 0.12, 0.10, 0.16), (0.90, 0.04))
