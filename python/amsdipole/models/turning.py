"""The deflection response against rigidity, in galactic axes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats, whole_number
from amsdipole.errors import DataError, RangeError
from amsdipole.geomagnetism import igrf14, orbit_response
from amsdipole.models.spectrum import positive_energies
from amsdipole.sky import icrs_to_galactic

__all__ = ["DeflectionTable", "deflection_table"]

# Between these the elements are linear in 1 / R to 0.01, which is the error of 20,000 arrivals at 16 GV.
_RIGIDITY_GV: Final = (16.0, 17.0, 18.5, 20.0, 22.5, 25.0, 30.0, 40.0, 60.0, 100.0, 200.0, 1000.0)


@dataclass(frozen=True, eq=False)
class DeflectionTable:
    """Hold matrices from the dipole far from the Earth to the local one; call it with energies [GeV] of charge 1.

    Parameters
    ----------
    rigidity_gv : numpy.ndarray of float64, shape (n,)
        Rising magnitudes of rigidity [GV].
    matrix : numpy.ndarray of float64, shape (n, 3, 3)
        Matrix at each, in galactic axes (FB, EW, NS).
    charge_sign : int
        1 or -1.

    Raises
    ------
    ShapeError
        The shapes do not match.
    RangeError
        A value is not finite.
    DataError
        The rigidities do not rise, or are fewer than two.

    Notes
    -----
    Elements are read linearly in 1 / R.

    Examples
    --------
    >>> table = DeflectionTable(np.array([10.0, 100.0]), np.stack([np.zeros((3, 3)), np.eye(3)]), 1)
    >>> table([100.0])[0, 0]
    array([1., 0., 0.])
    """

    rigidity_gv: NDArray[np.float64]
    matrix: NDArray[np.float64]
    charge_sign: int

    def __post_init__(self) -> None:
        """Check the table."""
        rigidity = finite_floats("rigidity_gv", self.rigidity_gv, (None,))
        _ = finite_floats("matrix", np.reshape(self.matrix, (len(rigidity), -1)), (len(rigidity), 9))
        if len(rigidity) < 2 or np.any(np.diff(rigidity) <= 0.0) or rigidity[0] <= 0.0:
            raise DataError(f"rigidity_gv has {len(rigidity)} values; two or more that rise from above 0 are wanted")

    def __call__(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Read the matrices, shape of `energy_gev` and (3, 3); an energy outside the table is refused."""
        energy = positive_energies("energy_gev", energy_gev)
        low, high = self.rigidity_gv[0], self.rigidity_gv[-1]
        outside = np.flatnonzero((energy.ravel() < low) | (energy.ravel() > high))
        if len(outside):
            i = int(outside[0])
            raise RangeError(f"energy_gev[{i}] = {energy.flat[i]} is outside the deflection table, [{low}, {high}]")
        inverse = 1.0 / self.rigidity_gv
        at = np.clip(np.searchsorted(self.rigidity_gv, energy, side="right") - 1, 0, len(inverse) - 2)
        share = ((1.0 / energy - inverse[at]) / (inverse[at + 1] - inverse[at]))[..., None, None]
        return np.asarray((1.0 - share) * self.matrix[at] + share * self.matrix[at + 1])


def deflection_table(
    charge_sign: int,
    *,
    seed: int = 2021,
    n: int = 20_000,
    decimal_year: float = 2015.9,
    cutoff_factor: float = 1.2,
    cutoff_cone_deg: float = 30.0,
) -> DeflectionTable:
    """Trace arrivals over the orbit of the space station for a table of the response.

    Parameters
    ----------
    charge_sign : int
        1 or -1.
    seed : int
        Seed of the arrivals.
    n : int
        Arrivals at each rigidity, before the cutoff rule.
    decimal_year : float
        Date of the field; the middle of the nine years.
    cutoff_factor, cutoff_cone_deg : float
        The cutoff rule of the analysis.

    Returns
    -------
    DeflectionTable
        From 16 to 1000 GV.

    Raises
    ------
    RangeError
        A choice is out of range.

    Notes
    -----
    `orbit_response` at 12 rigidities, in IGRF-14 without an external field. Axes of date are taken for those of J2000,
    0.2 deg apart.

    References
    ----------
    .. [1] method, section 2.7

    Examples
    --------
    >>> table = deflection_table(1, n=2000)
    >>> bool(0.9 < np.linalg.norm(table([500.0])[0], 2) < 1.1)
    True
    """
    if charge_sign not in (1, -1):
        raise RangeError(f"charge_sign = {charge_sign} is not allowed; 1 and -1 are")
    rng = np.random.default_rng([whole_number("seed", seed, low=0, high=2**63 - 1), charge_sign + 1])
    turn = icrs_to_galactic()
    field = igrf14()
    matrix = [
        turn
        @ orbit_response(
            charge_sign * rigidity,
            n=n,
            rng=rng,
            coefficients=field,
            decimal_year=decimal_year,
            cutoff_factor=cutoff_factor,
            cutoff_half_angle_rad=float(np.deg2rad(cutoff_cone_deg)),
        ).matrix
        @ turn.T
        for rigidity in _RIGIDITY_GV
    ]
    return DeflectionTable(np.array(_RIGIDITY_GV), np.array(matrix), charge_sign)
