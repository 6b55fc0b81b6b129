"""The sandbox's clock: a given time source plus an offset that only grows; never reads the system clock itself."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Seconds since the epoch as the sandbox sees them.

    `read` gives real (or frozen) seconds; `advance` adds to them, so that reset windows, token ages and stamps move
    together when a test asks for it.
    """

    def __init__(self, read: Callable[[], float]) -> None:
        """Start at what `read` gives, with no offset."""
        self._read = read
        self._offset = 0.0

    def now(self) -> float:
        """Give the sandbox's present, in seconds since the epoch."""
        return self._read() + self._offset

    def advance(self, seconds: float) -> float:
        """Move the clock forward by `seconds` and give the new present; raise ValueError for a step back."""
        if not 0 <= seconds < float("inf"):
            message = f"the clock moves forward by a finite number of seconds, not by {seconds!r}"
            raise ValueError(message)
        self._offset += seconds
        return self.now()


def http_date(seconds: float) -> str:
    """Write `seconds` as an HTTP date (RFC 9110, section 5.6.7)."""
    return formatdate(int(seconds), usegmt=True)
