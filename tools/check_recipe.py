"""Render the conda recipe by rattler-build's own reader, and compare it with what the package says of itself.

    python tools/check_recipe.py

Nothing is built or fetched: a build needs channels. The exit code counts the failures.
"""

import importlib
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Render, and compare."""
    rattler: Any = importlib.import_module("rattler_build")
    (variant,) = rattler.Stage0Recipe.from_file(str(ROOT / "conda" / "recipe.yaml")).render()
    recipe = variant.recipe.to_dict()
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    run = {re.sub("-base", "", text.split()[0]) for text in recipe["requirements"]["run"]} - {"python"}
    asked = {re.split(r"[><=; ]", text)[0] for text in ours["dependencies"]}
    checks = {
        "name": (recipe["package"]["name"], ours["name"]),
        "version": (recipe["package"]["version"], version),
        "packages": (sorted(run), sorted(asked)),
        "licence": (recipe["about"]["license"], ours["license"]),
        "files of licences": (recipe["about"]["license_file"], ours["license-files"]),
    }
    for what, (found, wanted) in checks.items():
        print(f"{'ok  ' if found == wanted else 'FAIL'} conda recipe, {what}: asked {wanted}, got {found}")
    print(f"     it builds with {', '.join(recipe['requirements']['build'] + recipe['requirements']['host'])}")
    return sum(found != wanted for found, wanted in checks.values())


if __name__ == "__main__":
    sys.exit(main())
