"""A result in the YAML of HEPData."""

from pathlib import Path
from typing import Any

from amsdipole.errors import ConfigError, DataError
from amsdipole.report.folder import made_folder

__all__ = ["hepdata_documents", "write_hepdata"]

_COMPONENTS = ("ew", "ns", "fb")


def hepdata_documents(document: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Lay out a result as HEPData takes it.

    Parameters
    ----------
    document : dict
        Contents of ``result.json``.

    Returns
    -------
    list of dict
        Documents of ``submission.yaml``.
    dict of str to dict
        Tables by the name of their file.

    Raises
    ------
    DataError
        The result has no ranges of energy.

    References
    ----------
    .. [1] https://hepdata-submission.readthedocs.io
    """
    for entry in document["ranges"]:
        if entry["energy_low_gev"] is None:
            raise DataError(f"{document['name']}: its range has no energies; HEPData tables are by energy")
    tables = {
        "dipole.yaml": (
            "Dipole",
            "Components of the dipole, galactic, by energy range",
            _dipole(document),
        ),
        "covariance.yaml": ("Covariance", "Covariance of the components in each range", _covariance(document)),
        "limits.yaml": ("Limits", "Amplitude, p-value under isotropy and upper limits by method", _limits(document)),
    }
    versions = ", ".join(f"{name} {v}" for name, v in document["versions"].items())
    axes = document["components"]
    comment = (
        f"{document['name']}. Dipole rho in flux = 1 + rho.n, galactic coordinates: EW {axes['ew']}, NS {axes['ns']}, "
        f"FB {axes['fb']}. Directions: {axes['directions']}. Made with {versions}."
    )
    submission: list[dict[str, Any]] = [{"comment": comment}]
    submission += [
        {
            "name": name,
            "description": description,
            "keywords": [
                {"name": "observables", "values": ["DIPOLE"]},
                {"name": "phrases", "values": ["Cosmic rays", "Anisotropy"]},
            ],
            "data_file": file,
        }
        for file, (name, description, _) in tables.items()
    ]
    return submission, {file: table for file, (_, _, table) in tables.items()}


def write_hepdata(folder: Path, document: dict[str, Any], *, overwrite: bool) -> tuple[str, ...]:
    """Write a result as a HEPData submission, whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        Folder to make.
    document : dict
        Contents of ``result.json``.
    overwrite : bool
        Whether an earlier submission there may be replaced.

    Returns
    -------
    tuple of str
        Names of the files.

    Raises
    ------
    ConfigError
        PyYAML is not installed.
    DataError
        The folder exists, or the result has no ranges of energy.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise ConfigError("PyYAML is wanted for HEPData's files: pip install 'amsdipole[hepdata]'") from None
    submission, tables = hepdata_documents(document)
    if folder.exists() and not (overwrite and (folder / "submission.yaml").is_file()):
        raise DataError(f"{folder}: it exists already; choose another, or allow an earlier submission to be replaced")
    with made_folder(folder, overwrite=overwrite, mark="submission.yaml") as work:
        text = yaml.safe_dump_all(submission, sort_keys=False, allow_unicode=True, explicit_start=True)
        _ = (work / "submission.yaml").write_text(text, encoding="utf-8")
        for file, table in tables.items():
            _ = (work / file).write_text(yaml.safe_dump(table, sort_keys=False), encoding="utf-8")
    return ("submission.yaml", *tables)


def _energy(document: dict[str, Any]) -> list[dict[str, Any]]:
    values = [{"low": r["energy_low_gev"], "high": r["energy_high_gev"]} for r in document["ranges"]]
    return [{"header": {"name": "E", "units": "GEV"}, "values": values}]


def _column(name: str, values: list[dict[str, Any]], **qualifiers: str) -> dict[str, Any]:
    column: dict[str, Any] = {"header": {"name": name}, "values": values}
    if qualifiers:
        column["qualifiers"] = [{"name": key.replace("_", " "), "value": value} for key, value in qualifiers.items()]
    return column


def _dipole(document: dict[str, Any]) -> dict[str, Any]:
    ranges = document["ranges"]
    columns = []
    for c in _COMPONENTS:
        values = [{"value": r["rho"][c], "errors": [{"symerror": r["error"][c], "label": "stat"}]} for r in ranges]
        columns.append(_column(f"rho_{c.upper()}", values, estimator=ranges[0]["estimator"]))
    columns.append(_column("N_eff", [{"value": r["n_eff"]} for r in ranges]))
    return {"independent_variables": _energy(document), "dependent_variables": columns}


def _covariance(document: dict[str, Any]) -> dict[str, Any]:
    pairs = [(i, j) for i in range(3) for j in range(3)]
    axes = []
    for name, side in (("component 1", 0), ("component 2", 1)):
        axes.append({"header": {"name": name}, "values": [{"value": _COMPONENTS[p[side]].upper()} for p in pairs]})
    columns = [
        _column(
            "covariance",
            [{"value": r["covariance"][i][j]} for i, j in pairs],
            E=f"{r['energy_low_gev']:g}-{r['energy_high_gev']:g} GeV",
        )
        for r in document["ranges"]
    ]
    return {"independent_variables": axes, "dependent_variables": columns}


def _limits(document: dict[str, Any]) -> dict[str, Any]:
    ranges = document["ranges"]
    columns = [
        _column("delta_M", [{"value": r["delta_m"]} for r in ranges]),
        _column("p-value", [{"value": r["p_value"]} for r in ranges]),
    ]
    for i, limit in enumerate(ranges[0]["limits"]):
        method, level = limit["method"], f"{100 * limit['confidence']:g} %"
        found = [{"value": r["limits"][i]["delta_ul"]} for r in ranges]
        columns.append(_column("delta_UL", found, method=method, confidence=level))
        expected = [{"value": r["expected_limits"][i]["median"]} for r in ranges]
        columns.append(_column("expected delta_UL", expected, method=method, confidence=level))
    return {"independent_variables": _energy(document), "dependent_variables": columns}
