"""Progress as plain lines, for logs and pipes; nothing here knows a terminal."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TextIO

from progressive_capture.capture.report import Progress
from progressive_capture.operator.tally import Tally
from progressive_capture.operator.wording import clock_time

EVERY: Final = 5.0
"""Seconds between two lines of the same phase, and between two waits."""


class PlainReporter:
    """Writes a line when a phase begins, and then at most one every five seconds."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float]) -> None:
        """Write to `stream`; `monotonic` gives seconds."""
        self._stream = stream
        self._monotonic = monotonic
        self._tally = Tally(monotonic)
        self._next_progress = 0.0
        self._next_wait = 0.0

    def begin(self, name: str) -> None:
        """Turn to a repository."""
        self._tally = Tally(self._monotonic, name)

    def progress(self, step: Progress) -> None:
        """Write a line when one is due."""
        phase_began = self._tally.add(step)
        now = self._monotonic()
        if phase_began or now >= self._next_progress:
            self._next_progress = now + EVERY
            self._write(self._tally.sentence())

    def waiting(self, until: datetime, why: str) -> None:
        """Say the end of a wait and its reason."""
        now = self._monotonic()
        if now >= self._next_wait:
            self._next_wait = now + EVERY
            self._write(f"waiting until {clock_time(until)}: {why}")

    def note(self, text: str) -> None:
        """Say it."""
        self._write(text)

    def end(self) -> None:
        """Leave nothing behind: each line is whole."""

    def _write(self, text: str) -> None:
        self._stream.write(f"{self._tally.name}: {text}\n" if self._tally.name else f"{text}\n")
        self._stream.flush()
