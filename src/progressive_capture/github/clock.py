"""The server's clock as its Date headers tell it, an offset to ours; no clock is read here but the given one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from progressive_capture.domain.scope import stamp

SECOND: Final = timedelta(seconds=1)


@dataclass(slots=True)
class _Bounds:
    """Between which offsets the server's clock runs ahead of ours: a Date has whole seconds and is met on the way."""

    low: timedelta
    high: timedelta

    def narrowed(self, other: "_Bounds") -> "_Bounds | None":
        low, high = max(self.low, other.low), min(self.high, other.high)
        return _Bounds(low, high) if low <= high else None


def utc_now() -> datetime:
    """Our own clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class ServerClock:
    """GitHub's time: never later than it truly is, so that what was read is never believed newer than it is.

    One Date that contradicts all before it is not believed; two in a row that agree are (somebody set a clock).
    """

    ours: Callable[[], datetime] = utc_now
    _bounds: _Bounds = field(default_factory=lambda: _Bounds(timedelta(0), timedelta(0)))
    _seen: bool = False
    _doubt: _Bounds | None = None
    _passed: timedelta | None = None
    """By how much at least it runs ahead of ours, as a stamp of somebody else tells."""

    def now(self) -> datetime:
        """The server's time now; ours until the first answer."""
        return self.at(self.ours())

    def at(self, ours: datetime) -> datetime:
        """The server's time when our clock showed `ours`."""
        return ours + self._bounds.low

    def stamp(self, ours: datetime) -> str:
        """The server's time when our clock showed `ours`, as ISO 8601 text with six digits."""
        return stamp(self.at(ours))

    def observe(self, date: datetime | None, sent: datetime, received: datetime) -> None:
        """Learn from one answer's Date; the other two are our own times around it."""
        if date is None:
            return
        sample = _Bounds(date - received, date + SECOND - sent)
        narrowed = self._bounds.narrowed(sample) if self._seen else sample
        if narrowed is None:
            narrowed = self._doubt.narrowed(sample) if self._doubt else None
            if narrowed is None:
                self._doubt = sample
                return
        self._bounds, self._seen, self._doubt = narrowed, True, None
        self._heed()

    def not_before(self, then: datetime) -> None:
        """Learn that GitHub's clock is past `then`, at which somebody who knew it better began a request.

        What is asked for from now on is newer, and must not be stamped as older than what came of that request.
        """
        ahead = then - self.ours()
        self._passed = ahead if self._passed is None else max(self._passed, ahead)
        if self._seen:
            self._heed()

    def _heed(self) -> None:
        """Believe the stamps of others as far as Dates do not contradict them."""
        if self._passed is not None and self._bounds.low < self._passed <= self._bounds.high:
            self._bounds = _Bounds(self._passed, self._bounds.high)
