"""How a person's wish to stop reaches a capture: once after the page, twice at once; no page is known here."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from progressive_capture.domain.errors import ExitCode

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def leave_at_once() -> None:
    """End this process without waiting for threads; what was not committed is undone by the database."""
    os._exit(ExitCode.INTERRUPTED)


class Stop:
    """A request to stop, made by a signal, asked for by whoever works."""

    def __init__(self, first: Callable[[], None], second: Callable[[], None]) -> None:
        """Call `first` when asked once (work goes on to the end of its page), and `second` when asked again."""
        self._asked = asyncio.Event()
        self._first = first
        self._second = second
        self.exit_code = ExitCode.INTERRUPTED
        """What a program ends with that was asked by the signal that came first."""

    def requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked.is_set()

    def ask(self, number: int = signal.SIGINT) -> None:
        """Ask to stop, as this signal does."""
        again = self.requested()
        if not again and number == signal.SIGTERM:
            self.exit_code = ExitCode.TERMINATED
        self._asked.set()
        if again:
            self._second()
        else:
            self._first()

    async def pause(self, seconds: float) -> None:
        """Sleep, but wake at once when asked to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)


@contextmanager
def listening(stop: Stop) -> Iterator[None]:
    """Let SIGINT and SIGTERM ask for the stop, inside a running event loop of the main thread."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.ask, number)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
