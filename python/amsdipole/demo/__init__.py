"""The demonstration: simulate a mission of electrons and positrons, then analyse its files like a user's."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amsdipole.analysis import run
from amsdipole.counting import Progress
from amsdipole.demo.configs import SPECIES, config_document, species_config, write_config
from amsdipole.demo.files import write_control, write_mission, write_simulated
from amsdipole.demo.studies import write_studies
from amsdipole.errors import DataError, RangeError
from amsdipole.instrument import instrument
from amsdipole.report import Result
from amsdipole.report.html_report import write_report
from amsdipole.simulate import ELECTRON, POSITRON, PROTON

__all__ = ["QUICK", "SPECIES", "DemoSize", "run_demo"]


@dataclass(frozen=True)
class DemoSize:
    """How large the simulated mission is.

    Attributes
    ----------
    n_electron, n_positron, n_proton : float
        Expected particles from 16 to 500 GeV that pass the cutoff rule and the cuts of the analysis.
    n_confused : int
        Simulated electrons of confused charge, for their template.
    stop : str
        End of the mission (UTC); it starts on 2011-05-19.
    step_s : float
        Length of a row of the seconds [s].
    study_step_s : float
        Length of a row in the studies of systematics, and time between control events [s].
    control_error : float
        Greatest error of the efficiency of a pixel.
    field_step_deg : float
        Step of the map of traced cutoffs [deg].
    fit_edges_gev : tuple of float
        Bins of the template fits [GeV], each with some hundred events of every component.
    response_bins : tuple of int
        Bins of the TRD and of the charge-confusion response: so many that templates fill them.
    edges_gev : tuple of float
        Bins of energy [GeV]: about every other one of the AMS flux, for each that a cutoff reaches costs a fold.
    nside : int
        Resolution of the maps.
    """

    n_electron: float = 2.4e6
    n_positron: float = 1.8e5
    n_proton: float = 9e4
    n_confused: int = 60_000
    stop: str = "2020-05-19T00:00:00Z"
    step_s: float = 10.0
    study_step_s: float = 60.0
    control_error: float = 0.01
    field_step_deg: float = 15.0
    fit_edges_gev: tuple[float, ...] = (16.0, 20.04, 25.0, 40.0, 65.0, 100.0, 197.69, 500.0)
    response_bins: tuple[int, int] = (28, 14)
    edges_gev: tuple[float, ...] = (
        16.0, 17.98, 20.04, 22.25, 25.0, 28.68, 33.53, 40.0, 49.33, 65.0, 77.37, 100.0, 132.11, 197.69, 290.0, 500.0,
    )  # fmt: skip
    nside: int = 32


QUICK = DemoSize(
    n_electron=1e5,
    n_positron=2e4,
    n_proton=1e4,
    n_confused=20_000,
    stop="2012-05-19T00:00:00Z",
    step_s=30.0,
    control_error=0.02,
    field_step_deg=30.0,
    fit_edges_gev=(16.0, 20.04, 25.0, 40.0, 65.0, 500.0),
    response_bins=(14, 7),
    edges_gev=(16.0, 18.99, 20.04, 25.0, 40.0, 65.0, 100.0, 500.0),
    nside=16,
)
_FILES = ("events.parquet", "control.parquet", "simulated.parquet", "report.html", "figures", "studies")


def run_demo(
    folder: str | os.PathLike[str],
    *,
    inject: tuple[float, float, float] = (0.0, 0.0, 0.0),
    seed: int = 2021,
    size: DemoSize | None = None,
    species: Sequence[str] = SPECIES,
    studies: bool = True,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Result]:
    """Simulate a mission on the real orbit of the ISS, write its files, analyse both charges, and report.

    Parameters
    ----------
    folder : path-like
        Folder for files, results and report; made if it does not exist.
    inject : tuple of float, length 3
        Dipole of electrons and of positrons (rho_EW, rho_NS, rho_FB); protons are isotropic.
    seed : int
        Seed of the simulation.
    size : DemoSize, optional
        How large the mission is; nine years with the numbers of the talk by default.
    species : sequence of str, optional
        Which analyses are run; both without it.
    studies : bool, optional
        Whether systematics, null tests, models and projections are made, and the report of all.
    overwrite : bool
        Whether the files of an earlier demonstration may be replaced.
    progress : callable, optional
        Called with a stage's name, what is done and the total.

    Returns
    -------
    dict of str to Result
        What was found for "electrons" and "positrons"; the same is in ``result.json`` of their folders.

    Raises
    ------
    DataError
        The folder holds an earlier demonstration and may not be overwritten, or cannot be written.
    RangeError
        The dipole is not shorter than 1.

    Notes
    -----
    Both charges are in one file of events, as a detector records them, with protons and with charge confusion. The
    efficiency depends on the place; a control sample measures it. Of what the simulation knows only templates enter an
    analysis: those of electrons, and of electrons whose charge is confused, from events of their own.
    """
    target, chosen = Path(folder), size or DemoSize()
    report = progress if progress is not None else _silent
    if not np.linalg.norm(inject) < 1.0:
        raise RangeError(f"inject = {list(inject)} has the length {np.linalg.norm(inject)}; below 1 is wanted")
    if not overwrite:
        for name in (*_FILES, *(f"{s}.toml" for s in SPECIES), *SPECIES):
            if (target / name).exists():
                raise DataError(f"{target / name}: it exists already; choose another folder, or allow overwrite")
    documents = {
        s: config_document(
            s,
            stop=chosen.stop,
            step_s=chosen.step_s,
            control_error=chosen.control_error,
            fit_edges_gev=chosen.fit_edges_gev,
            response_bins=chosen.response_bins,
            edges_gev=chosen.edges_gev,
            nside=chosen.nside,
        )
        for s in species
    }
    _simulate(target, documents[species[0]], chosen, inject, seed, overwrite=overwrite, progress=report)
    truth = f"dipole (EW, NS, FB) = {inject} of electrons and positrons, none of protons; seed {seed}."
    found = {}
    for name, document in documents.items():
        write_config(target, name, document, truth=truth)
        found[name] = run(species_config(target, document), progress=_staged(report, name))
    if studies:
        more = write_studies(
            target / "studies",
            {name: species_config(target, document) for name, document in documents.items()},
            step_s=chosen.study_step_s,
            field_step_deg=chosen.field_step_deg,
            progress=report,
        )
        report("report", 0, 1)
        (target / "figures").mkdir(exist_ok=True)
        _ = write_report(
            target / "report.html",
            [target / name for name in documents],
            also=more,
            title="Dipole anisotropy of simulated electrons and positrons",
            command=_command(inject, seed),
            figures=target / "figures",
            overwrite=overwrite,
        )
        report("report", 1, 1)
    return found


def _simulate(
    target: Path,
    document: dict[str, Any],
    size: DemoSize,
    inject: tuple[float, float, float],
    seed: int,
    *,
    overwrite: bool,
    progress: Progress,
) -> None:
    """Write the three files that the mission hands over."""
    bare = {key: value for key, value in document.items() if key not in ("efficiency", "templates", "weights")}
    parts = instrument(species_config(target, bare))
    ew, ns, fb = inject
    rho = {ELECTRON: np.array([fb, ew, ns]), POSITRON: np.array([fb, ew, ns]), PROTON: np.zeros(3)}
    wanted = {ELECTRON: size.n_electron, POSITRON: size.n_positron, PROTON: size.n_proton}
    rng = np.random.default_rng(seed)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{target}: cannot be made ({error.strerror})") from error
    write_mission(
        target / "events.parquet", parts, wanted=wanted, rho=rho, rng=rng, overwrite=overwrite, progress=progress
    )
    write_simulated(target / "simulated.parquet", parts, n_confused=size.n_confused, rng=rng, overwrite=overwrite)
    write_control(target / "control.parquet", parts, step_s=size.study_step_s, rng=rng, overwrite=overwrite)


def _command(inject: tuple[float, float, float], seed: int) -> str:
    return f"amsdipole demo --inject {','.join(f'{c:g}' for c in inject)} --seed {seed}"


def _staged(progress: Progress, name: str) -> Progress:
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)


def _silent(stage: str, done: int, total: int) -> None:
    pass
