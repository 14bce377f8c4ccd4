"""Weights of all fits in one file, with what they are entered with."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amsdipole._arrays import finite_floats
from amsdipole._files import read_arrays, replacing
from amsdipole.errors import DataError, RangeError, ShapeError
from amsdipole.events.lookup import PurityLookup
from amsdipole.events.purity import PurityTable, PurityWeights, regions
from amsdipole.events.responses import ResponseBins, table_range
from amsdipole.events.template_fit import TemplateFit
from amsdipole.sky import vector_to_pixel

__all__ = ["Method", "WeightTables", "read_weights", "weight_tables", "write_weights"]

FORMAT_VERSION = 1
Method = Literal["purity", "sweights", "background"]


@dataclass(frozen=True)
class WeightTables:
    """Weights by energy bin, region and cell, and what they are entered with.

    Attributes
    ----------
    bins : tuple of ResponseBins
        Responses.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Energy bins.
    nside_region : int or None
        Patches.
    value : dict of str to numpy.ndarray of float64, shape (n_bin, n_region, n_cell)
        By method: purities, sWeights of the signal, and sWeights of all backgrounds together.
    document : dict
        Fits, fallbacks and leak, as JSON takes them.
    fits : tuple of tuple of TemplateFit or None
        Fit of each energy bin and region; empty where the tables were read from a file.
    """

    bins: tuple[ResponseBins, ...]
    energy_edge_gev: NDArray[np.float64]
    nside_region: int | None
    value: dict[str, NDArray[np.float64]]
    document: dict[str, Any]
    fits: tuple[tuple[TemplateFit | None, ...], ...] = ()

    def lookup(self, method: Method, *, nside: int, energy_edge_gev: NDArray[np.float64]) -> PurityLookup:
        """Make what the counting kernel looks weights up in.

        Parameters
        ----------
        method : {"purity", "sweights", "background"}
            Which weights.
        nside : int
            Resolution of the maps.
        energy_edge_gev : numpy.ndarray of float64, shape (n + 1,)
            Energy bins of the maps; each must lie in one bin of the weights.

        Returns
        -------
        PurityLookup
            Table and responses.

        Raises
        ------
        DataError
            A bin of the maps lies in no bin of the weights.
        """
        edge = self.energy_edge_gev
        place = np.searchsorted(edge, energy_edge_gev[:-1], side="right") - 1
        inside = (place >= 0) & (energy_edge_gev[1:] <= edge[np.minimum(place + 1, len(edge) - 1)])
        if not inside.all():
            i = int(np.argmin(inside))
            low, high = energy_edge_gev[i : i + 2].tolist()
            raise DataError(f"the energy bin from {low:g} to {high:g} GeV lies in no energy bin of the weights")
        value = np.ascontiguousarray(self.value[method][place])
        region = np.ascontiguousarray(regions(nside, self.nside_region))
        return PurityLookup(PurityTable(*table_range(self.bins), region, value), self.bins)

    def weights(
        self, method: Method, *, energy_gev: ArrayLike, direction: ArrayLike, responses: Mapping[str, ArrayLike]
    ) -> NDArray[np.float64]:
        """Look up the weights of single events, as the counting kernel does.

        Parameters
        ----------
        method : {"purity", "sweights", "background"}
            Which weights.
        energy_gev : array_like of float, shape (n,)
            Energies [GeV], within the bins of the weights.
        direction : array_like of float, shape (n, 3)
            Galactic directions.
        responses : mapping of str to array_like of float, shape (n,)
            The columns of the responses.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            Weights.

        Raises
        ------
        ShapeError
            A column is missing, or lengths differ.
        RangeError
            A value is not finite, or an energy is outside the bins.
        """
        energy = finite_floats("energy_gev", energy_gev, (None,))
        edge = self.energy_edge_gev
        place = np.searchsorted(edge, energy, side="right") - 1
        outside = (place < 0) | (place >= len(edge) - 1)
        if outside.any():
            i = int(outside.argmax())
            raise RangeError(f"energy_gev[{i}] = {energy[i]} is outside [{edge[0]}, {edge[-1]})")
        unit = finite_floats("direction", direction, (len(energy), 3))
        region = 0 if self.nside_region is None else vector_to_pixel(unit, self.nside_region)
        cell = np.zeros(len(energy), dtype=np.int64)
        for bins in self.bins:
            if bins.column not in responses:
                raise ShapeError(f"column {bins.column!r} is missing; the weights need it")
            cell = cell * bins.n_cell + bins.cell(finite_floats(bins.column, responses[bins.column], (len(energy),)))
        return np.asarray(self.value[method][place, region, cell])


def weight_tables(
    bins: tuple[ResponseBins, ...],
    energy_edge_gev: NDArray[np.float64],
    nside_region: int | None,
    *,
    purity: PurityWeights,
    sweights: PurityWeights,
    background: PurityWeights,
) -> WeightTables:
    """Put the weights of the same fits together.

    Parameters
    ----------
    bins, energy_edge_gev, nside_region
        As in `WeightTables`.
    purity, sweights, background : PurityWeights
        The weights; the fits that are reported are those of `purity`.

    Returns
    -------
    WeightTables
        Weights and their document.
    """
    value = {"purity": purity.value, "sweights": sweights.value, "background": background.value}
    names = next(fit.names for row in purity.fits for fit in row if fit is not None)
    document = {
        "format": "amsdipole-weights",
        "format_version": FORMAT_VERSION,
        "components": list(names),
        "energy_edge_gev": energy_edge_gev.tolist(),
        "nside_region": nside_region,
        "responses": [{"column": b.column, "low": b.low, "high": b.high, "n_bin": b.n_bin} for b in bins],
        "fits": [
            _fit_entry(purity, energy_edge_gev, b, r) for b, row in enumerate(purity.fits) for r in range(len(row))
        ],
        "fallback": {**purity.fallback, **sweights.fallback},
        "leak": [
            {
                "energy_low_gev": float(energy_edge_gev[b]),
                "found": purity.leak[b].tolist(),
                "noise": purity.leak_noise[b].tolist(),
                "gain": float(purity.gain[b]),
            }
            for b in range(len(energy_edge_gev) - 1)
        ],
        "shrinkage": purity.shrinkage.tolist(),
    }
    return WeightTables(bins, energy_edge_gev, nside_region, value, document, purity.fits)


def _fit_entry(weights: PurityWeights, edge: NDArray[np.float64], b: int, r: int) -> dict[str, Any]:
    fit = weights.fits[b][r]
    place: dict[str, Any] = {"energy_bin": b, "energy_low_gev": float(edge[b]), "region": r}
    if fit is None:
        return {**place, "fitted": False, "converged": False}
    errors = [e if np.isfinite(e) else None for e in fit.errors.tolist()]
    return {
        **place,
        "fitted": True,
        "converged": fit.valid,
        "yields": dict(zip(fit.names, fit.yields.tolist(), strict=True)),
        "errors": dict(zip(fit.names, errors, strict=True)),
        "chi2": fit.chi2,
        "dof": fit.dof,
        "p_value": fit.p_value,
        "unexplained": fit.n_unexplained,
    }


def write_weights(path: str | os.PathLike[str], tables: WeightTables, *, overwrite: bool = False) -> None:
    """Write weights to a file of NumPy arrays, whole or not at all.

    Parameters
    ----------
    path : path-like
        File to make; what the arrays mean stands in it as JSON.
    tables : WeightTables
        The weights.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DataError
        The file exists and `overwrite` is false, or it cannot be written.
    """
    with replacing(path, overwrite=overwrite) as temporary, open(temporary, "wb") as stream:
        text = json.dumps(tables.document, allow_nan=False)
        np.savez_compressed(
            stream,
            document=np.array(text),
            purity=tables.value["purity"],
            sweights=tables.value["sweights"],
            background=tables.value["background"],
        )


def read_weights(path: str) -> WeightTables:
    """Read a file of `write_weights`.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    WeightTables
        The weights.

    Raises
    ------
    DataError
        The file is missing or holds no weights, or arrays that are not finite or run out of step.
    """
    content = read_arrays(path)
    try:
        document = json.loads(str(content["document"]))
        value = {name: np.asarray(content[name], dtype=np.float64) for name in get_args(Method)}
        bins = tuple(ResponseBins(**response) for response in document["responses"])
        edge, nside_region = np.array(document["energy_edge_gev"], dtype=np.float64), document["nside_region"]
    except Exception as error:  # whatever a damaged archive makes of NumPy's and Python's readers is one refusal
        raise DataError(f"{path}: no readable file of weights ({error})") from error
    n_region = 1 if nside_region is None else 12 * nside_region**2
    shape = (len(edge) - 1, n_region, int(np.prod([b.n_cell for b in bins])))
    for name, array in value.items():
        if array.shape != shape or not np.isfinite(array).all():
            raise DataError(f"{path}: {name} has shape {array.shape}; finite numbers of shape {shape} are wanted")
    return WeightTables(bins, edge, nside_region, value, document)
