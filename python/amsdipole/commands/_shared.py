"""What commands have in common: options, and how they print."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "Confidence",
    "ConfigPath",
    "Counts",
    "Expected",
    "Figure",
    "Json",
    "Overwrite",
    "Quiet",
    "Squared",
    "Weighting",
    "components",
    "print_json",
    "print_text",
]

ConfigPath = Annotated[Path, typer.Argument(help="Configuration in TOML.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier files.")]
Counts = Annotated[Path, typer.Argument(help="Map of counts (sum of weights), FITS.", show_default=False)]
Expected = Annotated[Path, typer.Argument(help="Map that isotropy would give, FITS.", show_default=False)]
Squared = Annotated[Path | None, typer.Option(help="Map of the sum of squared weights, FITS.")]
Weighting = Annotated[str, typer.Option(help="What weights mean: purity or signal.")]
Confidence = Annotated[float, typer.Option(help="Confidence of the limits.")]
Figure = Annotated[Path | None, typer.Option(help="File for a figure (PNG or PDF).")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def print_text(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def print_json(document: Any) -> None:
    """Write a document as JSON to standard output."""
    print_text(json.dumps(document, indent=2, allow_nan=False))


def components(text: str) -> tuple[float, float, float]:
    """Read rho_EW,rho_NS,rho_FB from the text of an option."""
    try:
        ew, ns, fb = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: three numbers rho_EW,rho_NS,rho_FB are wanted") from None
    return ew, ns, fb
