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
                TextColumn("{task.fields[rate]}"),
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
        """Say how far a stage is; a total of 0 is one that only the end tells."""
        if self._quiet:
            return
        now = time.monotonic()
        started = self._started.setdefault(stage, now)
        if self._bars is not None:
            known = total if total > 0 else None
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=known, rate="")
            self._bars.update(self._tasks[stage], completed=done, rate=_rate(done, now - started))
            return
        finished = 0 < total <= done
        if finished or now - self._said.get(stage, started) >= _LINE_EVERY_S:
            self._said[stage] = now
            of = f" of {total:,}" if total > 0 else ""
            parts = [_rate(done, now - started), _left(done, total, now - started)]
            more = ", ".join(part for part in parts if part)
            sys.stderr.write(f"{stage}: {done:,}{of}{f' ({more})' if more else ''}\n")
            sys.stderr.flush()


def _rate(done: int, elapsed_s: float) -> str:
    return f"{done / elapsed_s:,.0f}/s" if elapsed_s >= 0.5 and done else ""


def _left(done: int, total: int, elapsed_s: float) -> str:
    return f"{elapsed_s * (total - done) / done:.0f} s left" if elapsed_s >= 0.5 and 0 < done < total else ""
