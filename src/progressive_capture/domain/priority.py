"""Who is served first: the level of a job and the number that claims are ordered by; waiting in line is the store's."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Trigger


class PriorityLevel(StrEnum):
    """How urgent a job is, from the most urgent; claims are ordered by `score`, since these names sort otherwise."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


NEWLY_TRACKED: Final = timedelta(hours=24)
"""How long a repository that somebody began to track counts as critical. Source: the original system's newly-tracked
boost."""

LAST_IN_LINE: Final = 0
"""The priority of a job that was re-routed to a lane it was not meant for: below every score."""

LEVEL_POINTS: Final[Mapping[PriorityLevel, int]] = {
    PriorityLevel.CRITICAL: 150,
    PriorityLevel.HIGH: 40,
    PriorityLevel.MEDIUM: 20,
    PriorityLevel.LOW: 10,
}
"""Critical weighs more than all the rest together, so that nothing overtakes it. Source: the original system's
prioritisation, whose new repositories score 150."""

SIZE_POINTS: Final[Mapping[Category, int]] = {
    Category.TEST: 30,
    Category.SMALL: 30,
    Category.MEDIUM: 20,
    Category.LARGE: 15,
    Category.ENTERPRISE: 10,
}
"""Small repositories are done soon. Source: as `LEVEL_POINTS`, whose four sizes are small, medium, large and xl."""

TRIGGER_POINTS: Final[Mapping[Trigger, int]] = {
    Trigger.MANUAL: 20,
    Trigger.WEBHOOK: 20,
    Trigger.AUTOMATIC: 10,
    Trigger.REPAIR: 10,
    Trigger.SCHEDULED: 5,
}
"""Source: as `LEVEL_POINTS`; it knows manual, automatic and scheduled. A webhook tells of somebody at work now, as a
manual request does; a repair is asked for by a program, as an automatic one."""

BUSY: Final = 500
ACTIVE: Final = 100
"""Pull requests a month. Source: as `LEVEL_POINTS`."""

BUSY_POINTS: Final = 10
ACTIVE_POINTS: Final = 5

HIGHEST: Final = max(LEVEL_POINTS.values()) + max(SIZE_POINTS.values()) + max(TRIGGER_POINTS.values()) + BUSY_POINTS
"""No score is above this one."""


def level_of(asked: PriorityLevel | None, first_tracked_at: datetime | None, now: datetime) -> PriorityLevel:
    """The level of a job: critical for a repository tracked less than 24 hours ago, else as asked, else medium."""
    if first_tracked_at is not None and now - first_tracked_at < NEWLY_TRACKED:
        return PriorityLevel.CRITICAL
    return asked or PriorityLevel.MEDIUM


def score(
    level: PriorityLevel, category: Category | None, trigger: Trigger, pull_requests_a_month: float | None
) -> int:
    """The priority of a job, higher first; always above `LAST_IN_LINE`, and any critical one above all others.

    A repository that is not categorised yet counts as one of the largest, and as quiet when its activity is unknown.
    """
    return (
        LEVEL_POINTS[level]
        + SIZE_POINTS[category or Category.ENTERPRISE]
        + TRIGGER_POINTS[trigger]
        + _activity_points(pull_requests_a_month or 0)
    )


def _activity_points(pull_requests_a_month: float) -> int:
    if pull_requests_a_month > BUSY:
        return BUSY_POINTS
    return ACTIVE_POINTS if pull_requests_a_month > ACTIVE else 0
