"""The report of a result, its figures, and what is exported of it."""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hepdata_validator.data_file_validator import DataFileValidator
from hepdata_validator.submission_file_validator import SubmissionFileValidator
from missions import small_mission
from page_rules import faults

from amsdipole.commands.report import export, report
from amsdipole.config import read_config
from amsdipole.config.toml_text import toml_text
from amsdipole.errors import DataError, ShapeError
from amsdipole.report.drawn import Drawn
from amsdipole.report.hepdata import hepdata_documents
from amsdipole.report.html_report import report_page
from amsdipole.report.model_report import model_document
from amsdipole.report.published import PUBLISHED_LIMITS
from amsdipole.report.reading import read_result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a small simulated mission."""
    made = tmp_path_factory.mktemp("demo")
    small_mission(made, n_event=5000, stop="2011-08-19T00:00:00Z", step_s=30.0)
    return made / "results"


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return report_page([folder], also=[model_document(read_result(folder), turn=False)]).html


def test_the_page_keeps_every_rule(html: str) -> None:
    assert faults(html) == []
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (' lang="en"', "", "no language"),
        ("<h2", "<h4", "levels of headings"),
        ("</h2>", "</h3>", "HTML"),
        ("<caption>", "<b>", "HTML"),
        ('<th scope="col">', "<th>", "without a scope"),
        ('<img alt="', '<img title="', "without alt"),
        ("color: #222", "color: #888", "contrast"),
        ('href="data:,"', 'href="https://example.org/icon"', "a request"),
    ],
)
def test_the_rules_see_a_fault(html: str, old: str, new: str, fault: str) -> None:
    assert old in html
    assert any(fault in found for found in faults(html.replace(old, new)))


def test_the_report_tells_the_numbers_of_the_result(folder: Path, html: str) -> None:
    entry = read_result(folder)["ranges"][0]
    assert f"{100 * entry['delta_m']:.3f}" in html
    assert f"{100 * entry['limits'][0]['delta_ul']:.3f}" in html
    assert read_result(folder)["inputs"][0]["sha256"] in html


def test_the_configuration_in_the_report_is_the_one_that_ran(folder: Path, tmp_path: Path) -> None:
    config = read_result(folder)["config"]
    path = tmp_path / "config.toml"
    path.write_text(toml_text(config))
    assert read_config(path).model_dump(mode="json") == config


def test_every_figure_comes_with_its_numbers(folder: Path) -> None:
    figures = report_page([folder]).figures
    assert {f.name for f in figures} >= {"rho_against_energy", "delta_against_energy", "limits_beside_published"}
    assert len({f.name for f in figures}) == len(figures)
    for drawn in figures:
        table = list(csv.DictReader(io.StringIO(drawn.csv())))
        columns = json.loads(drawn.json())["columns"]
        assert len(table) == len(next(iter(columns.values()))) > 0
    counts = next(f for f in figures if f.name == "counts_above_16_gev")
    assert np.isclose(sum(counts.columns["counts"]), read_result(folder)["ranges"][0]["sum_weight"])


def test_columns_out_of_step_are_refused() -> None:
    with pytest.raises(ShapeError, match="lengths"):
        Drawn("x", "x", None, {"a": [1], "b": [1, 2]})  # type: ignore[arg-type]  # no figure is needed to be refused


def test_text_of_a_user_is_escaped(folder: Path, tmp_path: Path) -> None:
    document = read_result(folder) | {"name": "<script>alert(1)</script> & more"}
    for file in folder.glob("*.fits"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "result.json").write_text(json.dumps(document))
    html = report_page([tmp_path]).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_missing_map_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text((folder / "result.json").read_text())
    with pytest.raises(DataError, match=r"counts_above_16_gev.fits: the map"):
        report_page([tmp_path])


@pytest.mark.parametrize(("text", "message"), [("{", "JSON"), ("{}", "not a result")])
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_result(tmp_path)


def test_fits_of_another_version_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "results"
    _ = shutil.copytree(folder, copy)
    (copy / "templates").mkdir()
    _ = (copy / "templates" / "fits.json").write_text('{"format": "amsdipole-fits", "fits": []}')
    with pytest.raises(DataError, match=r"fits\.json: format_version None is unknown; 2 is read"):
        _ = report_page([copy])


def test_the_command_does_not_write_over_a_report(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        report([folder], out=target)
    assert target.read_text() == "mine"


def test_hepdata_takes_the_export(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "hepdata"
    export(folder, hepdata=out)
    submission = SubmissionFileValidator()
    assert submission.validate(file_path=str(out / "submission.yaml")), submission.get_messages()
    tables = [f for f in out.glob("*.yaml") if f.name != "submission.yaml"]
    assert len(tables) == 3
    for file in tables:
        data = DataFileValidator()
        assert data.validate(file_path=str(file)), (file, data.get_messages())


def test_hepdata_holds_the_components_with_their_errors(folder: Path) -> None:
    document = read_result(folder)
    _, tables = hepdata_documents(document)
    column: dict[str, Any] = tables["dipole.yaml"]["dependent_variables"][0]
    assert column["header"]["name"] == "rho_EW"
    assert [v["value"] for v in column["values"]] == [r["rho"]["ew"] for r in document["ranges"]]
    assert [v["errors"][0]["symerror"] for v in column["values"]] == [r["error"]["ew"] for r in document["ranges"]]


def test_every_published_limit_has_a_source() -> None:
    assert all(row.source and 0.0 < row.delta_ul < 1.0 for row in PUBLISHED_LIMITS)
    assert all(re.search(r"\d", row.source) for row in PUBLISHED_LIMITS)
