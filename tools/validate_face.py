"""What the command line, report and exports must hold: `validate.py face`."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable

Say = Callable[[str, str, str, bool], None]


def best(command: list[str]) -> tuple[float, str]:
    """Least processor time of five runs [s], which is what an idle core takes, and what the clock said."""
    found = []
    for _ in range(5):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        _ = subprocess.run(command, check=True, capture_output=True)
        clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock))
    taken, clock = min(found)
    return taken, f"{taken:.2f} s of processor, {clock:.2f} s by the clock, with the interpreter"


def start(say: Say) -> None:
    """Time of an import and of the help."""
    taken, said = best([sys.executable, "-c", "import amsdipole"])
    say("face, import amsdipole", "below 0.3 s", said, taken < 0.3)
    taken, said = best([sys.executable, "-m", "amsdipole", "--help"])
    say("face, amsdipole --help", "below 0.6 s", said, taken < 0.6)


VALIDATIONS = {"face_start": start}
