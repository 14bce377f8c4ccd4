"""The exposure that toy studies run through: nine years of AMS on the real orbit, made here and now."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amsdipole.config import Config, config_from
from amsdipole.exposure import expected_counts, livetime_cube, zenith_edges
from amsdipole.instrument import instrument

__all__ = ["ams_config", "ams_reference"]

STEP_S = 60.0  # rows of a minute: 1e-4 in the dipole of the map against rows of a second


def ams_config(*, charge_sign: int = 1, step_s: float = STEP_S, edges_gev: tuple[float, ...] | None = None) -> Config:
    """Return the configuration of nine years of AMS.

    Parameters
    ----------
    charge_sign : int, optional
        1 for positrons, -1 for electrons.
    step_s : float, optional
        Length of a row of the seconds [s].
    edges_gev : tuple of float, optional
        Edges of the energy bins [GeV], with those of the five ranges among them; the configuration's own if not given.

    Returns
    -------
    Config
        19 May 2011 to 19 May 2020 on the orbit of the ISS; its event file is not meant to exist.
    """
    document: dict[str, Any] = {
        "name": "Toy exposure",
        "seconds": {
            "source": "elements",
            "elements": "iss",
            "start": "2011-05-19T00:00:00Z",
            "stop": "2020-05-19T00:00:00Z",
            "step_s": step_s,
        },
        "cutoff": {"charge_sign": charge_sign},
        "spectrum": {"model": "ams_positrons" if charge_sign > 0 else "ams_electrons"},
        "events": {"files": ["none.parquet"]},
        "output": {"folder": "none"},
    }
    if edges_gev is not None:
        document["energy"] = {"edges_gev": list(edges_gev)}
    return config_from(document, folder=Path(), source="the toy exposure")


def ams_reference(
    *, nside: int, step_s: float = STEP_S, progress: Callable[[str, int, int], None] | None = None
) -> NDArray[np.float64]:
    """Return what isotropic positrons above 16 GeV would give in nine years of AMS.

    Parameters
    ----------
    nside : int
        Resolution, HEALPix RING, galactic.
    step_s : float, optional
        Length of a row of the seconds [s].
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    numpy.ndarray of float64, shape (12 nside**2,)
        Expected events.
    """
    parts = instrument(ams_config(step_s=step_s))
    n_row = parts.seconds.n_row
    cube = livetime_cube(
        parts.seconds,
        parts.navigator,
        nside=nside,
        cos_edge=zenith_edges(parts.geometry.cos_least, 20, nside=nside),
        progress=None if progress is None else lambda done: progress("exposure", done, n_row),
    )
    counts = expected_counts(cube, flux=parts.flux, acceptance=parts.acceptance, geometry=parts.geometry)
    return np.asarray(counts.sum(axis=0))
