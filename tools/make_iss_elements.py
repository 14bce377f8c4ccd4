"""Make the shipped history of the International Space Station from the PyPI package astro-pi-replay.

Use: ``pip install --no-deps astro-pi-replay==1.4.3``, then ``python tools/make_iss_elements.py [output]``.

The first set of each UTC day from 2011-05-19, when AMS began, to 2021-12-31; of several with the same epoch the one
that comes first in the package's file. The output is the same for every run with the same zlib.
"""

import gzip
import hashlib
import importlib.util
import io
import sys
from pathlib import Path

FIRST_DAY, LAST_DAY = "11139", "21365"  # yyddd of 2011-05-19 and 2021-12-31; text order is time order from 2000 to 2056
OUTPUT = Path(__file__).parents[1] / "python/amsdipole/orbit/data/iss_2011_2021.tle.gz"


def main() -> None:
    """Write the file and say what was written."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    text = daily_sets(package_folder().joinpath("resources", "iss.txt").read_text("ascii"))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as stream:
        stream.write(text.encode("ascii"))
    output.write_bytes(packed.getvalue())
    n_set = text.count("\n") // 2
    print(f"{output}: {n_set} sets, sha256 of the text {hashlib.sha256(text.encode('ascii')).hexdigest()}")


def package_folder() -> Path:
    """Find the folder of astro-pi-replay without importing it: it is not needed and has dependencies of its own."""
    found = importlib.util.find_spec("astro_pi_replay")
    if found is None or found.origin is None:
        raise SystemExit("astro-pi-replay is absent: pip install --no-deps astro-pi-replay==1.4.3")
    return Path(found.origin).parent


def daily_sets(history: str) -> str:
    """Choose the first set of each UTC day, with its lines as they are."""
    lines = history.splitlines()
    sets = sorted(zip(lines[::2], lines[1::2], strict=True), key=lambda pair: pair[0][18:32])
    chosen: dict[str, tuple[str, str]] = {}
    for line1, line2 in sets:
        day = line1[18:23]
        if FIRST_DAY <= day <= LAST_DAY:
            chosen.setdefault(day, (line1, line2))
    return "".join(f"{line1}\n{line2}\n" for line1, line2 in chosen.values())


if __name__ == "__main__":
    main()
