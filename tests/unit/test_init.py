"""The configuration that a user starts from."""

import re
from pathlib import Path

import pytest

from amsdipole.commands.analysis import init
from amsdipole.config import read_config
from amsdipole.config.template import config_template
from amsdipole.errors import DataError


def test_the_configuration_to_start_from_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    init(path)
    assert read_config(path).cutoff.factor == 1.2


def test_its_comments_are_the_defaults(tmp_path: Path) -> None:
    bare, full = tmp_path / "bare.toml", tmp_path / "full.toml"
    bare.write_text(config_template())
    # A commented key and its value become a key, all others stay comments.
    full.write_text(re.sub(r"^# (\w+ = )", r"\1", config_template(), flags=re.M))
    assert full.read_text() != bare.read_text()
    assert read_config(full) == read_config(bare)


def test_an_earlier_configuration_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        init(path)
    assert path.read_text() == "mine"
