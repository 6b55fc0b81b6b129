"""Progress as a bar on a terminal; nothing here is imported where there is none."""

from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from progressive_capture.capture import report
from progressive_capture.operator.tally import Tally
from progressive_capture.operator.wording import clock_time


def can_draw(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can move its cursor."""
    console = Console(file=stream)
    return console.is_terminal and not console.is_dumb_terminal


class BarReporter:
    """Shows one bar for the repository at hand, with pace, budget and time left below it."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float]) -> None:
        """Draw on `stream`, a terminal; `monotonic` gives seconds."""
        self._monotonic = monotonic
        self._tally = Tally(monotonic)
        self._console = Console(file=stream, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[counts]}\n{task.fields[details]}"),
            console=self._console,
            transient=True,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("", total=None, counts="", details="")

    def begin(self, name: str) -> None:
        """Turn to a repository."""
        self._tally = Tally(self._monotonic, name)
        self._bar.reset(self._task, total=None, description=escape(name), counts="", details="starting")
        self._bar.start()

    def progress(self, step: report.Progress) -> None:
        """Move the bar."""
        self._tally.add(step)
        tally = self._tally
        self._bar.update(
            self._task,
            description=f"{escape(tally.name)} {tally.doing}",
            completed=tally.done,
            total=tally.total,
            counts=tally.counts(),
            details=tally.details(),
        )

    def waiting(self, until: datetime, why: str) -> None:
        """Show the end of a wait and its reason until the next step."""
        self._bar.update(self._task, details=escape(f"waiting until {clock_time(until)}: {why}"))

    def note(self, text: str) -> None:
        """Say it above the bar."""
        self._console.print(text, markup=False)

    def end(self) -> None:
        """Remove the bar and show the cursor again."""
        self._bar.stop()
