"""What a command works at: its streams, and the way to wired works; what is done with them stands in each command."""

import asyncio
import getpass
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar

from progressive_capture.capture.report import Reporter
from progressive_capture.github.clock import utc_now
from progressive_capture.operator.stopping import Stop, leave_at_once, listening
from progressive_capture.operator.tables import folded

if TYPE_CHECKING:
    from progressive_capture.settings import Settings
    from progressive_capture.wiring import Wired

T = TypeVar("T")


class Display(Reporter, Protocol):
    """A reporter that has one repository at a time to show."""

    def begin(self, name: str) -> None:
        """Turn to a repository."""

    def end(self) -> None:
        """Leave the terminal as it was."""


class Wire(Protocol):
    """Makes the works from settings, for as long as the context lasts."""

    def __call__(
        self,
        settings: "Settings",
        *,
        create: bool,
        reporter: Reporter,
        pause: Callable[[float], Awaitable[None]],
        stopping: Callable[[], bool],
    ) -> AbstractAsyncContextManager["Wired"]:
        """Open everything; close it at the end."""
        ...


def person() -> str:
    """Name the user of this machine who runs the program; by number where the machine has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a command writes, and how it gets at the works."""

    out: TextIO
    err: TextIO
    wire: Wire
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], datetime] = utc_now
    leave: Callable[[], None] = leave_at_once
    """Ends the process when somebody asks to stop a second time."""
    inp: TextIO = field(default_factory=lambda: sys.stdin)
    """Where answers to questions come from."""
    who: Callable[[], str] = person
    """Who asks, for the audit."""

    @property
    def has_terminal(self) -> bool:
        """Whether there is somebody to ask."""
        return self.inp.isatty() and self.err.isatty()

    def ask(self, question: str) -> str:
        """Read the answer to a question; an empty one at the end of the input."""
        self.err.write(question)
        self.err.flush()
        return self.inp.readline()

    def say(self, text: str) -> None:
        """Write lines for whoever asked, on a terminal none longer than it is wide."""
        if self.out.isatty():
            text = folded(text, shutil.get_terminal_size().columns)
        self.put(text)

    def put(self, document: str) -> None:
        """Write what a program reads."""
        self.out.write(document + "\n")

    def warn(self, text: str) -> None:
        """Write a line beside the answer."""
        self.err.write(text + "\n")

    def display(self) -> Display:
        """A bar on a terminal, plain lines elsewhere."""
        if self.err.isatty():
            from progressive_capture.operator.progress_bar import BarReporter, can_draw  # noqa: PLC0415 - brings Rich

            if can_draw(self.err):
                return BarReporter(self.err, self.monotonic)
        from progressive_capture.operator.progress_plain import PlainReporter  # noqa: PLC0415 - as above

        return PlainReporter(self.err, self.monotonic)


@dataclass(frozen=True, slots=True)
class Shift:
    """The time in which a command has works at hand."""

    works: "Wired"
    display: Display
    stop: Stop


def work(
    desk: Desk, settings: "Settings", task: Callable[[Shift], Awaitable[T]], *, create: bool, logs: bool = False
) -> T:
    """Run a task with the works wired, and SIGINT and SIGTERM heard.

    Args:
        desk: where it is run.
        settings: as read.
        task: what is done.
        create: whether a database that does not exist is made.
        logs: whether its log is all that it shows.
    """
    from progressive_capture.operator.logs import configure, say  # noqa: PLC0415 - not needed for --help

    known = settings.secret_texts
    configure(desk.err, debug=settings.debug, style=settings.log_format, working=logs, known=known)

    async def shift() -> T:
        display = desk.display()
        note = say if logs else display.note

        def leave() -> None:
            display.end()
            desk.leave()

        stop = Stop(lambda: note("Stopping after this page; once more stops at once."), leave)
        with listening(stop):
            wired = desk.wire(settings, create=create, reporter=display, pause=stop.pause, stopping=stop.requested)
            async with wired as works:
                try:
                    return await task(Shift(works, display, stop))
                finally:
                    display.end()

    return asyncio.run(shift())


def at_store(desk: Desk, settings: "Settings", task: Callable[["Wired"], T], *, create: bool) -> T:
    """Run a task that asks nothing but the database; see `work`."""

    async def aside(shift: Shift) -> T:
        return await asyncio.to_thread(task, shift.works)

    return work(desk, settings, aside, create=create)
