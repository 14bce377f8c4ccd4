"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

__all__ = ["ProgressReport"]

_LINE_EVERY_S = 10.0


class ProgressReport:
    """Show stages with their rate and remaining time on standard error; call it with stage, done and total."""

    def __init__(self, *, quiet: bool) -> None:
        """Choose bars or lines by whether standard error is a terminal."""
        self._quiet = quiet
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._said: dict[str, float] = {}
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say how far a stage is."""
        if self._quiet:
            return
        if self._bars is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total)
            self._bars.update(self._tasks[stage], completed=done)
            return
        now = time.monotonic()
        started = self._started.setdefault(stage, now)
        if done >= total or now - self._said.get(stage, started) >= _LINE_EVERY_S:
            self._said[stage] = now
            sys.stderr.write(f"{stage}: {done:,} of {total:,}{_rate(done, total, now - started)}\n")
            sys.stderr.flush()


def _rate(done: int, total: int, elapsed_s: float) -> str:
    if elapsed_s < 0.5 or not done:
        return ""
    left = "" if done >= total else f", {elapsed_s * (total - done) / done:.0f} s left"
    return f" ({done / elapsed_s:,.0f}/s{left})"
