"""Versions in one place, and what the distribution says of itself."""

import importlib.util
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def licences():
    spec = importlib.util.spec_from_file_location("licences", ROOT / "tools" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_that_of_the_workspace_everywhere():
    assert version("amsdipole") == VERSION
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dynamic"]
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text()
    assert f'version: "{VERSION}"' in (ROOT / "conda" / "recipe.yaml").read_text()
    for manifest in (ROOT / "rust").glob("*/Cargo.toml"):
        assert tomllib.loads(manifest.read_text())["package"]["version"] == {"workspace": True}


def test_the_extra_all_has_all():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = extras.pop("all")
    assert set(re.fullmatch(r"amsdipole\[(.*)\]", named)[1].split(",")) == set(extras)


def test_the_conda_recipe_asks_for_what_the_package_asks_for():
    recipe = yaml.safe_load(re.sub(r"\$\{\{.*?\}\}", "x", (ROOT / "conda" / "recipe.yaml").read_text()))
    conda = {re.sub("-base", "", text.split()[0]): text.split()[-1] for text in recipe["requirements"]["run"]}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    ours = dict(re.match(r"([a-z0-9]+)(>=[0-9.]+)", text).groups() for text in wanted)
    assert conda == ours | {"python": ">=3.11"}


@pytest.mark.parametrize("name", ["test.yml", "wheels.yml"])
def test_workflows_are_yaml_and_give_few_permissions(name):
    document = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    assert document["permissions"] == {"contents": "read"}
    writing = {job for job, what in document["jobs"].items() if "write" in str(what.get("permissions", ""))}
    assert writing <= {"publish"}
    for what in document["jobs"].values():
        for step in what["steps"]:
            assert "uses" in step or "run" in step


def test_cargo_deny_allows_what_the_list_of_licences_allows():
    assert set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"]) == licences().CRATES


def test_expressions_of_licences_are_understood():
    tool = licences()
    among = {"MIT", "Zlib"}
    for text in ("MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND Zlib", "(MIT)", "(MIT) OR (GPL-3.0)"):
        assert tool.allowed(text, among), text
    for text in ("GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND GPL-3.0", "GPL-3.0 OR LGPL-2.1", ""):
        assert not tool.allowed(text, among), text
