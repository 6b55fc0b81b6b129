"""When an engine that gives no answer is left alone, and when it is asked again; a rule over times, no I/O."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

THRESHOLD: Final = 3
"""Requests without an answer, one after the other, that open the breaker: one or two are a hiccup."""

FIRST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(minutes=15)
"""How long the breaker stays open, doubled each time that the engine then gives no answer again. The longest is as
often as health is judged: an engine that is back is noticed within one window."""

TRIAL: Final = timedelta(minutes=1)
"""How long whoever tries the engine is waited for, before another may: it waits at most 15 s for an answer."""

_DOUBLINGS: Final = 10
"""More change nothing below the longest."""


class Phase(StrEnum):
    """Whether an engine is handed anything."""

    CLOSED = "closed"
    """It is."""
    OPEN = "open"
    """It is left alone."""
    HALF_OPEN = "half-open"
    """One process may try it."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered of an engine; the same for all processes."""

    failures: int = 0
    """Requests without an answer since the last one that had one."""
    trips: int = 0
    """Times that it opened since a job was last taken."""
    until: datetime | None = None
    """When the engine may be tried; None while nothing keeps anybody from it."""
    why: str | None = None
    """What the last request without an answer came to."""

    @property
    def is_down(self) -> bool:
        """Whether the engine is known to give no answer, and has not answered since."""
        return self.until is not None

    def phase(self, now: datetime) -> Phase:
        """Say whether anything is handed over at this moment."""
        if self.until is None:
            return Phase.CLOSED
        return Phase.OPEN if now < self.until else Phase.HALF_OPEN


def without_answer(breaker: Breaker, now: datetime, why: str) -> Breaker:
    """Count a request that had no answer; one that comes late, while the engine is left alone, changes nothing."""
    if breaker.failures >= THRESHOLD and breaker.phase(now) is Phase.OPEN:
        return breaker
    failures = min(breaker.failures + 1, THRESHOLD)
    if failures < THRESHOLD:
        return replace(breaker, failures=failures, why=why)
    span = min(FIRST * (1 << min(breaker.trips, _DOUBLINGS)), LONGEST)
    return Breaker(failures, breaker.trips + 1, now + span, why)


def on_trial(breaker: Breaker, now: datetime) -> Breaker:
    """Let one process try a half-open engine: a single request without an answer opens it anew, for longer.

    Raises:
        ValueError: it may not be tried now.
    """
    if breaker.phase(now) is not Phase.HALF_OPEN:
        raise ValueError(f"an engine that is {breaker.phase(now)} is not tried")
    return replace(breaker, failures=THRESHOLD - 1, until=now + TRIAL)


def on_probation(breaker: Breaker) -> Breaker:
    """Close after an answer that says only that the engine is there: the next silence opens it at once, for longer."""
    return breaker if not breaker.is_down else replace(breaker, failures=THRESHOLD - 1, until=None)


def with_answer(_breaker: Breaker) -> Breaker:
    """Close: the engine took or refused what it was given, so that it answers."""
    return Breaker()
