"""Weights of all fits in one file, with what they are entered with."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole._files import replacing
from amsdipole.errors import DataError
from amsdipole.events.lookup import PurityLookup
from amsdipole.events.purity import PurityWeights, regions
from amsdipole.events.responses import ResponseBins, table_range

__all__ = ["WeightTables", "read_weights", "write_weights"]

FORMAT_VERSION = 1


@dataclass(frozen=True)
class WeightTables:
    """Purity weights and sWeights of the same fits, and what they are entered with.

    Attributes
    ----------
    bins : tuple of ResponseBins
        Responses.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Energy bins.
    nside_region : int or None
        Patches.
    purity, sweights : PurityWeights
        The weights.
    names : tuple of str
        Components.
    """

    bins: tuple[ResponseBins, ...]
    energy_edge_gev: NDArray[np.float64]
    nside_region: int | None
    purity: PurityWeights
    sweights: PurityWeights
    names: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Say what was found, as JSON takes it."""
        fits: list[dict[str, Any]] = []
        for b, row in enumerate(self.purity.fits):
            for r, fit in enumerate(row):
                place: dict[str, Any] = {"energy_bin": b, "energy_low_gev": float(self.energy_edge_gev[b]), "region": r}
                if fit is None:
                    fits.append({**place, "fitted": False})
                    continue
                fits.append(
                    {
                        **place,
                        "fitted": True,
                        "converged": fit.valid,
                        "yields": dict(zip(self.names, fit.yields.tolist(), strict=True)),
                        "errors": dict(zip(self.names, np.nan_to_num(fit.errors, nan=-1.0).tolist(), strict=True)),
                        "chi2": fit.chi2,
                        "dof": fit.dof,
                        "p_value": fit.p_value,
                        "unexplained": fit.n_unexplained,
                    }
                )
        return {
            "format": "amsdipole-weights",
            "format_version": FORMAT_VERSION,
            "components": list(self.names),
            "energy_edge_gev": self.energy_edge_gev.tolist(),
            "nside_region": self.nside_region,
            "responses": [{"column": b.column, "low": b.low, "high": b.high, "n_bin": b.n_bin} for b in self.bins],
            "fits": fits,
            "fallback": self.purity.fallback,
            "leak": self.purity.leak.tolist(),
            "shrinkage": self.purity.shrinkage.tolist(),
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
        text = json.dumps(tables.document(), allow_nan=False)
        np.savez_compressed(stream, purity=tables.purity.value, sweights=tables.sweights.value, document=np.array(text))


def read_weights(path: str, method: str, *, nside: int, energy_edge_gev: NDArray[np.float64]) -> PurityLookup:
    """Read the weights of a method for the counting kernel.

    Parameters
    ----------
    path : str
        File of `write_weights`.
    method : {"purity", "sweights"}
        Which weights.
    nside : int
        Resolution of the maps.
    energy_edge_gev : numpy.ndarray of float64, shape (n_bin + 1,)
        Energy bins of the maps; those of the file must be the same.

    Returns
    -------
    PurityLookup
        Table and responses.

    Raises
    ------
    DataError
        The file is missing or holds no weights, or its energy bins are others.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as content:
            document, value = json.loads(str(content["document"])), np.asarray(content[method])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: no readable file of weights ({error})") from error
    if document["energy_edge_gev"] != energy_edge_gev.tolist():
        raise DataError(f"{path}: its energy bins are not those of the configuration")
    bins = tuple(ResponseBins(**response) for response in document["responses"])
    nothing = np.zeros(len(value))
    weights = PurityWeights(
        value, "purity" if method == "purity" else "signal", (), document["fallback"], nothing[:, None], nothing
    )
    return PurityLookup(weights.table(*table_range(bins), regions(nside, document["nside_region"])), bins)
