"""Make the shipped IGRF-14 coefficients from the PyPI package ppigrf: IAGA's file, byte for byte.

Use: ``pip install --no-deps ppigrf==2.1.0``, then ``python tools/make_igrf.py [output]``.
"""

import hashlib
import importlib.util
import sys
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "python/amsdipole/geomagnetism/data/IGRF14.shc"
HEADER = b"# IGRF 14\n"


def main() -> None:
    """Write the file and say what was written."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    raw = package_folder().joinpath("IGRF14.shc").read_bytes()
    if not raw.startswith(HEADER):
        raise SystemExit(f"IGRF14.shc of ppigrf starts with {raw[:20]!r}; {HEADER!r} is wanted")
    output.write_bytes(raw)
    print(f"{output}: {len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}")


def package_folder() -> Path:
    """Find the folder of ppigrf without importing it."""
    found = importlib.util.find_spec("ppigrf")
    if found is None or found.origin is None:
        raise SystemExit("ppigrf is absent: pip install --no-deps ppigrf==2.1.0")
    return Path(found.origin).parent


if __name__ == "__main__":
    main()
