"""What an engine may use a month, and what happens near and at that bound; counting is the store's."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from progressive_capture.domain.money import in_dollars

WARN_AT: Final = 0.8
"""Share of a quota from which on there is a warning: early enough to act within the month."""


class Mode(StrEnum):
    """What becomes of new jobs once a quota is reached."""

    WAIT = "wait"
    REROUTE = "reroute"
    """To the other processor, where the rollout opens it; else they wait."""
    ALLOW = "allow"


class Level(StrEnum):
    """How much of a quota is used."""

    OK = "ok"
    WARNING = "warning"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used, or will be."""

    runner_minutes: int = 0
    executions: int = 0
    cost_micro_usd: int = 0

    def __add__(self, other: Self) -> Self:
        """Sum of both."""
        return type(self)(
            self.runner_minutes + other.runner_minutes,
            self.executions + other.executions,
            self.cost_micro_usd + other.cost_micro_usd,
        )

    def __sub__(self, other: Self) -> Self:
        """Difference of both."""
        return type(self)(
            self.runner_minutes - other.runner_minutes,
            self.executions - other.executions,
            self.cost_micro_usd - other.cost_micro_usd,
        )


@dataclass(frozen=True, slots=True)
class Quota:
    """The bounds of one engine for a calendar month in UTC; None is no bound."""

    runner_minutes: int | None = None
    executions: int | None = None
    cost_micro_usd: int | None = None
    mode: Mode = Mode.WAIT


@dataclass(frozen=True, slots=True)
class Standing:
    """How near to its quota an engine is."""

    level: Level
    share: float
    """Of the fullest bound; 0 without bounds. The expected use of jobs under way is in it."""
    why: str
    mode: Mode

    @property
    def closes(self) -> bool:
        """Whether its lane is closed to new jobs, which may go to the other."""
        return self.level is Level.REACHED and self.mode is Mode.REROUTE

    @property
    def holds(self) -> bool:
        """Whether jobs routed to its lane wait."""
        return self.level is Level.REACHED and self.mode is Mode.WAIT


_Bound = tuple[int | None, int, str, Callable[[int], str]]
"""The bound, what is used of it, and how both are told."""


def standing(quota: Quota, used: Usage, expected: Usage) -> Standing:
    """Where an engine stands: `used` this month, and `expected` of what is dispatched or processing."""
    total = used + expected
    bounds: list[_Bound] = [
        (quota.runner_minutes, total.runner_minutes, "{} of {} runner minutes", str),
        (quota.executions, total.executions, "{} of {} executions", str),
        (quota.cost_micro_usd, total.cost_micro_usd, "{} of {}", in_dollars),
    ]
    shares = [
        (share_of(count, bound), f"{text.format(told(count), told(bound))} of this month are used or under way.")
        for bound, count, text, told in bounds
        if bound is not None
    ]
    share, why = max(shares, default=(0.0, "There is no quota."))
    return Standing(_level(share), share, why, quota.mode)


def share_of(count: int, bound: int) -> float:
    """How much of a bound is used; a bound of 0 is reached from the beginning."""
    return count / bound if bound > 0 else 1.0


def _level(share: float) -> Level:
    if share >= 1:
        return Level.REACHED
    return Level.WARNING if share >= WARN_AT else Level.OK
