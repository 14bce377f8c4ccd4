"""Sphinx: documentation of amsdipole, built without a network and with warnings as errors."""

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

sys.path.insert(0, str(Path(__file__).parent))
import conventions_figure

project = "amsdipole"
author = "The amsdipole developers"
release = version_of("amsdipole")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"  # browsers draw it: nothing is loaded from elsewhere
html_theme = "alabaster"
html_show_sourcelink = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the NumPy docstrings say types, with shapes and units
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = False  # types are text: their words are no links
napoleon_use_ivar = True
# ref.python: names of attributes are those of several classes; they are told apart by the class that they stand in
suppress_warnings = ["ref.footnote", "ref.python", "myst.xref_missing"]

conventions_figure.draw(Path(__file__).parent / "_static")
html_static_path = ["_static"]


def _references(app: Any, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    """Make references plain lists: numbered from 1 in every docstring, they would clash on one page."""
    lines[:] = [re.sub(r"^\.\. \[(\d+)\] ", r"* ", line).replace("]_", "]") for line in lines]
    lines[:] = [re.sub(r"(?<!`)\|(\w+)\|", r"\\|\1\\|", line) for line in lines]  # |m| is no substitution


def _inline(self: Any, node: Any) -> None:
    self.body.append(tex2mathml(node.astext(), as_block=False))
    raise SkipNode


def _block(self: Any, node: Any) -> None:
    self.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise SkipNode


def setup(app: Any) -> None:
    """Draw formulae, and put the hook before the one that reads NumPy docstrings."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _references, priority=100)
