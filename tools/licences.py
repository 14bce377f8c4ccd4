"""List the licences of all crates that are compiled in and of all packages; refuse what is not allowed.

    python tools/licences.py

Crates are those that the compiled module contains (build and test tools excluded); packages are those that
`pip install amsdipole[all]` brings. The exit code counts what is not allowed.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]

# What may be compiled into the wheel; deny.toml has the same.
CRATES = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# Packages are installed beside this one and not part of it, so that weak copyleft does no harm.
PACKAGES = CRATES | {
    "CC0-1.0",
    "CNRI-Python",
    "HPND",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Python-2.0",
    "LGPL-2.1-or-later",
    "LGPL-3.0-or-later",
}
# Used at the edges, and absent on Windows without breaking the rest.
EXCEPTIONS = {"healpy": "GPL-2.0-only"}
# What packages say that state no SPDX expression, in their own words.
WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gplv2": "GPL-2.0-only",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.1-or-later",
    "historical permission notice and disclaimer (hpnd)": "HPND",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "psf": "PSF-2.0",
}


def allowed(expression: str, among: set[str]) -> bool:
    """Whether an SPDX expression can be met: one side of each OR, both sides of each AND."""
    expression = expression.replace("/", " OR ").strip()
    while expression.startswith("(") and _closes(expression) == len(expression) - 1:
        expression = expression[1:-1].strip()
    for word, meet in ((" OR ", any), (" AND ", all)):
        parts = _split(expression, word)
        if len(parts) > 1:
            return meet(allowed(part, among) for part in parts)
    return expression in among


def _closes(text: str) -> int:
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return i
    return -1


def _split(text: str, word: str) -> list[str]:
    """Split at a word outside all brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and text.startswith(word, i):
            parts.append(text[start:i])
            start = i + len(word)
    return [*parts, text[start:]]


def crates() -> dict[str, str]:
    """Licences of the crates that the module is compiled from."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    document = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    packages = {package["id"]: package for package in document["packages"]}
    nodes = {node["id"]: node for node in document["resolve"]["nodes"]}
    left = [id_ for id_, package in packages.items() if package["name"] == "amsdipole-py"]
    seen: set[str] = set()
    while left:
        id_ = left.pop()
        if id_ not in seen:
            seen.add(id_)
            left += [d["pkg"] for d in nodes[id_]["deps"] if any(k["kind"] is None for k in d["dep_kinds"])]
    return {f"{packages[i]['name']} {packages[i]['version']}": str(packages[i]["license"]) for i in seen}


def packages() -> dict[str, str]:
    """Licences of the packages that an installation with all extras brings."""
    found: dict[str, str] = {}
    left, seen = [("amsdipole", frozenset({"all"}))], set()
    while left:
        name, extras = left.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            found[f"{name} (not installed)"] = "unknown"
            continue
        if name != "amsdipole":
            found[f"{package.metadata['Name']} {package.version}"] = licence(package)
        for text in package.requires or []:
            wanted = Requirement(text)
            asked = [{"extra": extra} for extra in (extras or {""})]
            if wanted.marker is None or any(wanted.marker.evaluate(e) for e in asked):
                left.append((wanted.name, frozenset(wanted.extras)))
    return found


def licence(package: Distribution) -> str:
    """Licence of a package: its SPDX expression, else its classifiers, else its own words."""
    about = package.metadata
    if about["License-Expression"]:
        return str(about["License-Expression"])
    kinds = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if c.startswith("License :: ")]
    words = [k for k in kinds if k != "OSI Approved"] or [str(about["License"] or "unknown")]
    return " AND ".join(
        WORDS.get(w.strip().lower(), w.strip().splitlines()[0] if w.strip() else "unknown") for w in words
    )


def main() -> int:
    """List them all."""
    bad = []
    for what, found, among in (("crate", crates(), CRATES), ("package", packages(), PACKAGES)):
        for name, expression in sorted(found.items()):
            excepted = EXCEPTIONS.get(re.split(r"[ (]", name)[0]) == expression
            good = excepted or allowed(expression, among)
            print(f"{'ok  ' if good else 'FAIL'} {what} {name}: {expression}{' (excepted)' if excepted else ''}")
            if not good:
                bad.append(name)
        print(f"     {len(found)} {what}s")
    print(f"{len(bad)} not allowed")
    return min(len(bad), 100)


if __name__ == "__main__":
    sys.exit(main())
