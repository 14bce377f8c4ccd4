"""The flux formulae fitted to published points, with the covariance of their parameters."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole.errors import FitError
from amsdipole.models.flux import ElectronFlux, PositronFlux, electron_flux, positron_flux
from amsdipole.models.flux_table import FluxTable
from amsdipole.models.spectrum import positive_energies

__all__ = ["CutoffEnergy", "FluxFit", "chi_squared", "cutoff_energy", "fit_electron_flux", "fit_positron_flux"]

Parameters = PositronFlux | ElectronFlux


@dataclass(frozen=True, eq=False)
class FluxFit:
    """Hold a fit of a flux formula.

    Attributes
    ----------
    parameters : PositronFlux or ElectronFlux
        Values at the minimum.
    names : tuple of str
        Names of the parameters, in the order of the covariance.
    covariance : numpy.ndarray of float64, shape (k, k)
        Covariance of the parameters, from the second derivatives.
    chi2 : float
        Chi squared at the minimum.
    n_point : int
        Points fitted.
    """

    parameters: Parameters
    names: tuple[str, ...]
    covariance: NDArray[np.float64]
    chi2: float
    n_point: int

    @property
    def dof(self) -> int:
        """Points less parameters."""
        return self.n_point - len(self.names)

    @property
    def error(self) -> NDArray[np.float64]:
        """Standard errors of the parameters, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    def flux(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Flux at the minimum [1/(m^2 sr s GeV)], of the shape of `energy_gev`."""
        return _formula(self.parameters)(energy_gev, parameters=self.parameters)

    def flux_error(self, energy_gev: ArrayLike) -> NDArray[np.float64]:
        """Give the standard error of the flux by the covariance, of the shape of `energy_gev`."""
        energy = positive_energies("energy_gev", energy_gev)
        values = np.array(astuple(self.parameters))
        slope = np.empty((len(values), *energy.shape))
        for i, step in enumerate(1e-3 * self.error):  # central differences: relative error 1e-7 of the slope
            up, down = values.copy(), values.copy()
            up[i], down[i] = up[i] + step, down[i] - step
            kind = type(self.parameters)
            difference = _flux_of(kind(*up), energy) - _flux_of(kind(*down), energy)
            slope[i] = difference / (2.0 * step)
        return np.asarray(np.sqrt(np.einsum("i...,ij,j...", slope, self.covariance, slope)))


@dataclass(frozen=True)
class CutoffEnergy:
    """Hold the cutoff energy of the source term of positrons.

    Attributes
    ----------
    energy_gev : float
        One over the fitted inverse [GeV].
    low_gev, high_gev : float
        Where chi squared is 1 above its minimum [GeV]; the upper one may be infinite.
    significance : float
        Standard deviations from no cutoff: the root of the difference of chi squared.
    chi2_without : float
        Chi squared of the best fit without a cutoff.
    """

    energy_gev: float
    low_gev: float
    high_gev: float
    significance: float
    chi2_without: float


def _flux_of(parameters: Parameters, energy_gev: ArrayLike) -> NDArray[np.float64]:
    """Flux of any of the two formulae [1/(m^2 sr s GeV)]."""
    return _formula(parameters)(energy_gev, parameters=parameters)


def chi_squared(table: FluxTable, parameters: Parameters) -> float:
    """Chi squared of a formula against points.

    Parameters
    ----------
    table : FluxTable
        The points.
    parameters : PositronFlux or ElectronFlux
        The formula.

    Returns
    -------
    float
        Sum of squared differences over squared total errors.

    Notes
    -----
    Errors are taken as independent from point to point; the systematic ones are not, and the tables do not say how.

    Examples
    --------
    >>> table = FluxTable([16.0], [3.0e-3], [1.0e-5])
    >>> round(chi_squared(table, PositronFlux()), 2)
    1.04
    """
    return float((((table.flux - _flux_of(parameters, table.energy_gev)) / table.error) ** 2).sum())


def fit_positron_flux(table: FluxTable) -> FluxFit:
    """Fit the diffuse term and the source term with its cutoff to a positron flux.

    Parameters
    ----------
    table : FluxTable
        The points.

    Returns
    -------
    FluxFit
        Values, covariance and chi squared.

    Raises
    ------
    FitError
        Fewer points than parameters, or the fit does not converge.

    Notes
    -----
    Least squares by MIGRAD and HESSE from the published values, with the total errors taken as independent.

    References
    ----------
    .. [1] Aguilar et al. 2019, Phys. Rev. Lett. 122, 041102, https://doi.org/10.1103/PhysRevLett.122.041102

    Examples
    --------
    >>> energy = np.geomspace(0.6, 900.0, 60)
    >>> flux = positron_flux(energy)
    >>> fit = fit_positron_flux(FluxTable(energy, flux, 0.02 * flux))
    >>> round(fit.parameters.gamma_source, 4)
    -2.58
    """
    return _fit(table, PositronFlux())[0]


def fit_electron_flux(table: FluxTable) -> FluxFit:
    """Fit two power laws and a turnover to an electron flux.

    Parameters
    ----------
    table : FluxTable
        The points.

    Returns
    -------
    FluxFit
        Values, covariance and chi squared.

    Raises
    ------
    FitError
        Fewer points than parameters, or the fit does not converge.

    Notes
    -----
    As for `fit_positron_flux`.

    References
    ----------
    .. [1] Aguilar et al. 2019, Phys. Rev. Lett. 122, 101101, https://doi.org/10.1103/PhysRevLett.122.101101

    Examples
    --------
    >>> energy = np.geomspace(1.0, 1200.0, 60)
    >>> flux = electron_flux(energy)
    >>> fit = fit_electron_flux(FluxTable(energy, flux, 0.02 * flux))
    >>> round(fit.parameters.gamma_b, 4)
    -3.14
    """
    return _fit(table, ElectronFlux())[0]


def cutoff_energy(table: FluxTable) -> CutoffEnergy:
    """Fit the cutoff energy of the source term of positrons, and ask whether there is one.

    Parameters
    ----------
    table : FluxTable
        Points of the positron flux.

    Returns
    -------
    CutoffEnergy
        Energy, interval and significance.

    Raises
    ------
    FitError
        As for `fit_positron_flux`.

    Notes
    -----
    The parameter is one over the energy, for which no cutoff is the value 0; its interval is by MINOS. The fit without
    a cutoff frees all other parameters.

    References
    ----------
    .. [1] Aguilar et al. 2019, Phys. Rev. Lett. 122, 041102, eq. 4 and the text below it

    Examples
    --------
    >>> energy = np.geomspace(0.6, 900.0, 60)
    >>> flux = positron_flux(energy)
    >>> cutoff = cutoff_energy(FluxTable(energy, flux, 0.02 * flux))
    >>> round(cutoff.energy_gev)
    813
    """
    name = "inverse_cutoff_per_gev"
    fit, minuit = _fit(table, PositronFlux())
    try:
        minuit.minos(name)
    except RuntimeError as error:
        raise FitError(f"the interval of {name} was not found ({error})") from error
    value, interval = minuit.values[name], minuit.merrors[name]
    slowest = value + interval.lower
    without, _ = _fit(table, PositronFlux(inverse_cutoff_per_gev=0.0), fixed=name)
    return CutoffEnergy(
        float(1.0 / value) if value > 0.0 else float("inf"),
        float(1.0 / (value + interval.upper)),
        float(1.0 / slowest) if slowest > 0.0 else float("inf"),
        float(np.sqrt(max(without.chi2 - fit.chi2, 0.0))),
        without.chi2,
    )


def _formula(parameters: Parameters) -> Callable[..., NDArray[np.float64]]:
    return positron_flux if isinstance(parameters, PositronFlux) else electron_flux


def _fit(table: FluxTable, start: Parameters, *, fixed: str | None = None) -> tuple[FluxFit, Any]:
    from iminuit import Minuit

    kind = type(start)
    names = tuple(f.name for f in fields(kind))
    free = len(names) - (fixed is not None)
    if len(table) <= free:
        raise FitError(f"{len(table)} points and {free} parameters: more points are wanted")

    def cost(*values: float) -> float:
        return chi_squared(table, kind(*values))

    minuit = Minuit(cost, *astuple(start), name=names)
    minuit.errordef = Minuit.LEAST_SQUARES
    for name in names:
        scale = abs(getattr(start, name)) or 1e-3
        minuit.errors[name] = 0.02 * scale
        if name in {"phi_gev", "c_diffuse", "c_source", "inverse_cutoff_per_gev", "c_a", "c_b"}:
            minuit.limits[name] = (0.0, None)
        elif name == "turnover_gev":
            minuit.limits[name] = (1e-3, None)
    if fixed is not None:
        minuit.fixed[fixed] = True
    minuit.migrad(ncall=20_000)
    minuit.hesse()
    if not minuit.valid:
        raise FitError(f"the flux fit to {len(table)} points does not converge (chi squared {minuit.fval:.4g})")
    covariance = np.asarray(minuit.covariance)
    return FluxFit(kind(*minuit.values), names, covariance, float(minuit.fval), len(table)), minuit
